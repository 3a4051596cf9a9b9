"""Tables 1 and 2, as people read them."""

from collections.abc import Hashable
from typing import Any

import pandas as pd

from recompose.papers.sami.names import ASIDE, COMPARED, PARAMETERS, titled
from recompose.presentation.markdown import table_line, table_rule


def table1(frame: pd.DataFrame) -> str:
    """Rows parameters; columns the sets, as they run here and as printed."""
    sets = {"disks": "Disks", "celeba": "CelebA 64", "celeba_hq": "CelebA-HQ 256"}
    heads = [f"{title}, {kind}" for title in sets.values() for kind in ("here", "printed")]
    lines = [table_line(["Parameter", *heads]), table_rule(1 + len(heads), 0)]
    by = frame.set_index(["parameter", "set"])
    for parameter in dict.fromkeys(frame.parameter):
        cells = [by.loc[(parameter, each)] if (parameter, each) in by.index else None for each in sets]
        shown = ["" if cell is None else _either(cell[number], cell[words]) for cell in cells
                 for number, words in (("value", "run"), ("published", "printed"))]  # fmt: skip
        lines.append(table_line([PARAMETERS[parameter], *shown]))
    return "\n".join(lines) + (
        "\n\nWeights of the KL belong to a reduction, which the paper does not name: its numbers agree if those of the"
        " disks and CelebA-HQ are of a mean over pixels, and CelebA-64's of a sum.\n"
    )


def _either(number: float, words: object) -> str:
    return words if isinstance(words, str) else "" if pd.isna(number) else f"{number:g}"


def table2(frame: pd.DataFrame) -> str:
    """Rows methods; columns TAD, captured attributes and FID, here and as printed, and what a training took."""
    by = {(row["method"], row["metric"]): row for row in frame.to_dict("records")}
    lines = [table_line(["Method", *COMPARED.values()]), table_rule(1, len(COMPARED))]
    for method, name in titled([each for each in frame.method if each not in ASIDE]).items():
        cells = [_compared(by[method, each], each) if (method, each) in by else "" for each in COMPARED]
        lines.append(table_line([name, *cells]))
    return "\n".join(lines) + (
        f"\n\nIn brackets what is printed, of photographs and Inception's features, so of another scale. TAD and"
        f" attributes: of posterior means of {by['sami', 'tad']['n']:.0f} test images, by InfoDiffusion's protocol."
        f" FID: of {by['sami', 'fid']['n']:.0f} images to these, by the features by which our classifier of attributes"
        f" decides (right in {100 * by['judge', 'accuracy']['mean']:.0f} % of cases); training images are at"
        f" {by['training images', 'fid']['mean']:.1f}. SAMI's FID is of its denoiser alone, and then of images with"
        " latents of training images; baselines draw latents from the prior, AE and DiffAE, which have none, from a"
        " Gaussian fitted to those of training images. With 95 % intervals over images.\n"
    )


DIGITS = {"tad": 3}
"""Behind the point; else 1."""


def _compared(cell: dict[Hashable, Any], metric: str) -> str:
    mean, digits = cell["mean"], DIGITS.get(metric, 1)
    printed = "" if pd.isna(cell["published"]) else f"{cell['published']:.{digits}f}"
    if printed and isinstance(cell["deviation"], str):
        printed = f"{printed} {cell['deviation']}"
    if pd.isna(mean):
        return f"({printed})"
    if metric in ("images", "teraflop"):
        return f"{mean:,.0f}" if metric == "images" else f"{mean:.3g}"
    shown = f"{mean:.{digits}f} [{cell['ci_low']:.{digits}f}, {cell['ci_high']:.{digits}f}]"
    return f"{shown} ({printed})" if printed else shown
