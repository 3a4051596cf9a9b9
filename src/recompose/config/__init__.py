"""The configuration: its models, how the files become one, and the documents made from the models."""

from recompose.config.loading import ConfigError, block, load_config
from recompose.config.models import SCALES, Config

__all__ = ["SCALES", "Config", "ConfigError", "block", "load_config"]
