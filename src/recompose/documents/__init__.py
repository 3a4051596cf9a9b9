"""Files of the repository that are made: from the configuration, the papers' tables, the reference results."""

from collections.abc import Callable
from pathlib import Path

from recompose.documents import configuration, targets, verdicts, work
from recompose.errors import RecomposeError
from recompose.storage import write_text

DOCUMENTS: dict[str, tuple[str, Callable[[], str]]] = {
    "defaults": ("config/scales/small.yaml", configuration.defaults),
    "schema": ("workflow/schemas/config.schema.json", configuration.schema),
    "reference": ("config/README.md", configuration.reference),
    "pipeline": ("dvc.yaml", targets.pipeline),
    "targets": ("docs/targets.md", targets.targets),
    "verdicts": ("README.md", verdicts.verdicts),
    "work": ("docs/scaling.md", work.work),
}


def write_document(name: str, check: bool = False, root: str | Path = ".") -> None:
    """Write one of the documents, or only check that it is what it is made from."""
    path, make = DOCUMENTS[name]
    if not check:
        write_text(make(), Path(root, path))
    elif not Path(root, path).exists() or Path(root, path).read_text(encoding="utf-8") != make():
        raise RecomposeError(f"{path} is not what it is made from; run: recompose config {name}")
