"""What the searches of a results tree found, put together as config/tuned keeps it."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from recompose.errors import RecomposeError
from recompose.papers.coupled_inference.hyperparameters import SEARCHED, TUNED_VERSION

Record = Mapping[str, Any]

_KEPT = ("hyperparameters", "validation_accuracy", "ci_low", "ci_high", "trial", "configurations")
_CHOICES = ("update", "jacobian", "projection", "centring")


def adopt(found: Mapping[str, Record], records: Mapping[str, Record]) -> tuple[dict[str, Any], pd.DataFrame]:
    """The winners with their provenance, and the best accuracy of every reading that was tried.

    found: what each variant's search wrote, records: its provenance. Refused unless all variants were searched, with
    the same settings.
    """
    missing = [variant for variant in SEARCHED if variant not in found]
    if missing:
        raise RecomposeError(f"{', '.join(missing)}: not searched; run `snakemake coupled_inference_search` first")
    searches = [result["search"] for result in found.values()]
    if any(search != searches[0] for search in searches):
        raise RecomposeError("the variants were searched with different settings; search anew")
    variants = {
        variant: {key: found[variant][key] for key in _KEPT}
        | {key: records[variant][key] for key in ("commit", "wall_seconds", "date")}
        for variant in SEARCHED
    }
    first = records[SEARCHED[0]]
    provenance = {
        "command": "snakemake coupled_inference_search",
        "versions": first["versions"],
        "device": first["device"],
        "search": searches[0],
    }
    rows = [
        {"method": variant}
        | {choice: row.get(choice) for choice in _CHOICES}
        | {"configurations": row["configurations"], "best_validation_accuracy": row["validation_accuracy"]}
        | {"sets_measured": row["sets"]}
        for variant in SEARCHED
        for row in found[variant]["readings"]
    ]
    return {"version": TUNED_VERSION, "provenance": provenance, "variants": variants}, pd.DataFrame(rows)
