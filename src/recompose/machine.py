"""What this machine offers: memory and devices."""

from recompose.errors import RecomposeError

GIB = 2**30


def require_memory(needed: float, what: str) -> None:
    """Refuse work that would need more bytes of memory than there are, before it starts."""
    import psutil

    available = psutil.virtual_memory().available
    if needed > available:
        sizes = f"{needed / GIB:.1f} GiB of memory, and {available / GIB:.1f} GiB are free"
        raise RecomposeError(f"{what} needs {sizes}; make it smaller")


def resolve_device(device: str) -> str:
    """`auto` becomes `cuda` where there is one and `cpu` elsewhere; a missing `cuda` is said at once."""
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise RecomposeError("device = cuda: this machine has no CUDA device; use auto or cpu")
    return device
