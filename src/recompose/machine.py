"""What this machine offers: memory, devices, and whose code it would run."""

from pathlib import Path
from typing import Literal

from recompose.errors import RecomposeError

GIB = 2**30


def require_memory(needed: float, what: str) -> None:
    """Refuse work that would need more bytes of memory than there are, before it starts."""
    import psutil

    available = psutil.virtual_memory().available
    if needed > available:
        sizes = f"{needed / GIB:.1f} GiB of memory, and {available / GIB:.1f} GiB are free"
        raise RecomposeError(f"{what} needs {sizes}; make it smaller")


def require_own_source(folder: Path) -> None:
    """Refuse to work in a checkout of this project with the code of another one, which an environment has installed."""
    own = Path(__file__).resolve().parents[1]
    here = (folder / "src").resolve()
    if (here / "recompose" / "__init__.py").exists() and here != own:
        raise RecomposeError(
            f"the code that would run is that of {own.parent}, and this is {here.parent}; take this folder's"
            " environment: deactivate, make environment, . .venv/bin/activate"
        )


def resolve_device(device: str) -> str:
    """`auto` becomes `cuda` where there is one and `cpu` elsewhere; a missing `cuda` is said at once."""
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise RecomposeError("device = cuda: this machine has no CUDA device; use auto or cpu")
    return device


def resolve_precision(precision: Literal["auto", "fp32", "bf16"], device: str) -> Literal["fp32", "bf16"]:
    """`auto` becomes `bf16` where the device multiplies matrices of bfloat16 in units of their own, else `fp32`.

    A processor that PyTorch is told to use as one without (ATEN_CPU_CAPABILITY=avx2) counts as one without.
    """
    import torch

    if precision != "auto":
        return precision
    units = (
        torch.cuda.is_bf16_supported(including_emulation=False)
        if device == "cuda"
        else _amx() and torch.backends.cpu.get_cpu_capability() != "AVX2"
    )
    return "bf16" if units else "fp32"


def _amx() -> bool:
    """Whether this processor has AMX's tiles of bfloat16."""
    try:
        return "amx_bf16" in Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    except OSError:
        return False
