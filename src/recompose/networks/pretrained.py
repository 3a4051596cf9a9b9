"""Pretrained models from a folder or, only where that was asked for, from the hub."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recompose.errors import RecomposeError


@contextmanager
def loading(key: str, model: str, download: bool, files: str) -> Iterator[None]:
    """Load a model inside the block; what goes wrong is told in a line with the key, and which files it takes.

    key: `<block>.<key>` of the configuration; whether the hub may be asked is the key `download` beside it.
    A token for models behind a login is HF_TOKEN of the environment, which the libraries read themselves. It stands in
    no message: they repeat one that is no valid header.
    """
    from transformers.utils import logging as of_transformers

    of_transformers.set_verbosity_error()  # before diffusers imports parts of it that want torchvision
    of_transformers.disable_progress_bar()

    from diffusers.utils import logging as of_diffusers

    of_diffusers.set_verbosity_error()
    of_diffusers.disable_progress_bar()
    try:
        yield
    except (MemoryError, ImportError):
        raise
    except Exception as error:  # the libraries raise whatever they trip over
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        if token := os.environ.get("HF_TOKEN", "").strip():
            reason = reason.replace(token, "HF_TOKEN")
        start = f"{key} = {model}"
        if Path(model).is_dir():
            raise RecomposeError(f"{start}: not a whole model ({reason}); the folder is to hold {files}") from error
        if download:
            raise RecomposeError(
                f"{start}: cannot be had from the hub ({reason}); for a model behind a login accept its conditions and"
                f" set HF_TOKEN, or name a folder with {files}"
            ) from error
        raise RecomposeError(
            f"{start}: not on this machine; name a folder with {files}, or set {key.rpartition('.')[0]}.download: true"
        ) from error
