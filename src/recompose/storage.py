"""Files that are whole or not there: atomic writes, tidy reads, and what was measured on its way into them."""

import errno
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Any, TypeVar

import yaml

from recompose.errors import NotFinite, RecomposeError, require_finite

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from torch import Tensor

Item = TypeVar("Item")

FORMAT_VERSION = 1
"""The layout of a results tree. It goes up when files written earlier can no longer be read."""

# What a full, a read-only or a failing disk answers. Other errors are faults of the program.
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSALS = _FULL | {errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ENOTDIR, errno.EEXIST}


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path in the same folder; after the block it becomes `path` in one step.

    Whatever goes wrong inside the block, the old file stays as it was and no temporary remains. The
    temporary has one fixed name, so that what a kill leaves behind is overwritten by the next attempt.
    """
    path = Path(path)
    temporary = path.with_name(f".partial-{path.name}")  # the suffix stays: it tells writers the format
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            with open(temporary, "rb") as written:
                os.fsync(written.fileno())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        if error.errno not in _REFUSALS:
            raise
        raise RecomposeError(f"cannot write {path}: {os.strerror(error.errno).lower()}") from error


def is_its_own(path: Path) -> bool:
    """Whether a file is this person's, and no link to another one: changing its date changes nothing else.

    DVC may be told to link results to the objects of its cache, which others may share.
    """
    status = path.lstat()
    return S_ISREG(status.st_mode) and status.st_nlink == 1 and status.st_uid == os.geteuid()


def write_text(text: str, path: str | Path) -> None:
    """Write text as UTF-8 with Unix line ends."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(value: Any, path: str | Path) -> None:
    """Write a value as JSON that people can read and compare line by line."""
    write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", path)


def write_yaml(value: Any, path: str | Path) -> None:
    """Write a value as YAML, its keys in their own order."""
    write_text(yaml.safe_dump(value, sort_keys=False), path)


def write_tensors(content: "tuple[Mapping[str, Tensor], dict[str, str]]", path: str | Path) -> None:
    """Write tensors with their metadata as safetensors.

    By way of bytes in memory: safetensors' own files can be read by their owner alone, whatever the umask, and a disk
    that is full is told as for any other file.
    """
    from safetensors.torch import save

    tensors, metadata = content
    with atomic(path) as temporary:
        temporary.write_bytes(save(dict(tensors), metadata=metadata))


def write_csv(frame: "pd.DataFrame", path: str | Path) -> None:
    """Write a tidy frame. Ten digits: more than any measurement here, fewer than where machines disagree."""
    with atomic(path) as temporary:
        frame.to_csv(temporary, index=False, float_format="%.10g", lineterminator="\n")


PUBLISHED = "published"
"""The column of what the paper prints, which it does not of every row."""
KINDS = ("kind", "metric")
"""Columns that say what the other numbers of a row are: not every kind of rows has all of them."""
RESULTS = ("mean", "value")
"""Columns of what a row is about, which every one has."""


def write_numbers(frame: "pd.DataFrame", path: str | Path, *, index: Sequence[str] = ()) -> None:
    """Write what was measured. Raises NotFinite, with the row by its index columns, where that is no number.

    None may be infinite. Empty, not measured, may be what the paper prints; a column in all rows of a kind, if other
    rows have it and it is not the result itself; and one of a type that is made for it (pandas' Float64). Any other NaN
    came out of a computation.
    """
    for column in frame.select_dtypes("number"):
        empty = frame[column].isna()
        allowed = empty & (column == PUBLISHED or frame[column].dtype.name in ("Float64", "Int64"))
        for kind in (each for each in KINDS if each in frame and column not in RESULTS and not empty.all()):
            allowed |= empty.groupby(frame[kind]).transform("all")
        wrong = frame[(empty & ~allowed) | frame[column].isin([float("inf"), float("-inf")])]
        if len(wrong):
            first = {str(key): value for key, value in wrong.iloc[0].items()}
            place = ", ".join(f"{key} = {first[key]}" for key in index if key in first and key != column)
            where = f" where {place}" if place else ""
            raise NotFinite(f"{path}: {column} came out as {first[str(column)]}{where}, and is not kept")
    write_csv(frame, path)


def write_figure(figure: "Figure", path: str | Path) -> None:
    """Write a figure as .png or .svg, with equal bytes for equal content, whatever a person's matplotlibrc says."""
    import matplotlib

    # SVG names its elements by a salted hash and stamps the date; PNG names the version that wrote it.
    metadata = {"Date": None} if Path(path).suffix == ".svg" else {"Software": None}
    with atomic(path) as temporary, matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams["svg.hashsalt"] = "recompose"
        figure.savefig(temporary, dpi=150, metadata=metadata)
    figure.set_layout_engine("none")  # laid out once: another form of the same figure takes the layout over


def read_csv(path: str | Path, columns: Sequence[str] = ()) -> "pd.DataFrame":
    """Read a tidy frame that must have these columns."""
    import pandas as pd

    try:
        frame = pd.read_csv(path)
    except FileNotFoundError:
        raise RecomposeError(f"{path}: no such file") from None
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise RecomposeError(f"{path}: not a readable CSV file ({str(error).strip()})") from error
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        found = ", ".join(map(str, frame.columns))
        raise RecomposeError(f"{path}: missing column {', '.join(missing)}; it has {found}")
    return frame


def read_json(path: str | Path) -> Any:
    """Read a JSON file."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecomposeError(f"{path}: no such file") from None
    except ValueError as error:
        raise RecomposeError(f"{path}: not readable as JSON ({error}); delete it and run again") from error


def require_format(tree: str | Path) -> None:
    """Refuse a results tree of another format, before anything in it is overwritten; stamp a new one."""
    stamp = Path(tree) / ".format.json"
    if not stamp.exists():
        write_json({"format": FORMAT_VERSION}, stamp)
        return
    content = read_json(stamp)
    found = content.get("format") if isinstance(content, dict) else content
    if found != FORMAT_VERSION:
        raise RecomposeError(
            f"{tree} was written in format {found}, and this version writes format {FORMAT_VERSION}; "
            "move it away or delete it"
        )


@dataclass(frozen=True)
class Measured:
    """What an artifact came to: its numbers, tidy, and the images that its figure shows, with intensities in [0, 1]."""

    numbers: "pd.DataFrame"
    images: "dict[str, Tensor]" = field(default_factory=dict)
    unfinished: str = ""
    """why it must not be taken for a result"""

    def bytes(self) -> "dict[str, Tensor]":
        """The images as they are kept. Raises NotFinite where an intensity is not finite: no byte stands for it."""
        for name, images in self.images.items():
            require_finite(images, f"the images {name} are not finite")
        return {
            name: (255 * images.clamp(0, 1)).round().byte().cpu().contiguous() for name, images in self.images.items()
        }
