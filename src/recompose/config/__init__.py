"""The configuration: its models, and how the files become one."""

from recompose.blocks import SCALES
from recompose.config.loading import ConfigError, block, load_config
from recompose.config.models import Config

__all__ = ["SCALES", "Config", "ConfigError", "block", "load_config"]
