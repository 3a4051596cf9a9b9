"""The configuration: its models, how the files become one, and the documents made from the models."""

from recompose.blocks import SCALES
from recompose.config.loading import ConfigError, block, load_config
from recompose.config.models import Config

__all__ = ["SCALES", "Config", "ConfigError", "block", "load_config"]
