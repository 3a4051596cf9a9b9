"""The tables of paper 3, as people read them."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from recompose.papers.sami.names import ASIDE, COMPARED, ON_FACES, PARAMETERS, QUANTITIES, SCORES, titled
from recompose.presentation.markdown import table_line, table_rule


def disks(frame: pd.DataFrame) -> str:
    """Rows what was measured, and where."""
    lines = [table_line(["Quantity", "Of", "Value", "95 %"]), table_rule(2, 2)]
    for row in frame.fillna({"place": ""}).to_dict("records"):
        interval = f"[{row['ci_low']:.3g}, {row['ci_high']:.3g}]" if row["ci_low"] < row["ci_high"] else ""
        at = row["quantity"] in ("position", "spread", "uncertainty")
        of = f"background {row['place']}" if at else str(row["place"])
        lines.append(table_line([QUANTITIES[row["quantity"]], of, f"{row['mean']:.3g}", interval]))
    return "\n".join(lines) + "\n\nOn images that no network was trained on; the disk's intensity is .5.\n"


def faces(frame: pd.DataFrame) -> str:
    """Rows what was measured, attributes by how much samples keep of them."""
    lines = [table_line(["Quantity", "Of", "Value", "95 %"]), table_rule(2, 2)]
    for quantity, name in ON_FACES.items():
        rows = frame[frame.quantity == quantity].fillna({"place": ""})
        if quantity == "kept":
            rows = rows.sort_values("mean", ascending=False, kind="stable")
        for row in rows.to_dict("records"):
            interval = f"[{row['ci_low']:.3g}, {row['ci_high']:.3g}]" if row["ci_low"] < row["ci_high"] else ""
            of = str(row["place"]).replace("_", " ")
            lines.append(table_line([name, of, f"{row['mean']:.3g}", interval]))
    return "\n".join(lines) + "\n\nOn images that no network was trained on; intensities are in [0, 1].\n"


def theory(frame: pd.DataFrame) -> str:
    """Rows checks: the largest distance of what is found and what is expected."""
    names = {
        "score": "B.1's score, against automatic differentiation (relative)",
        "precision": "best precision of an axis",
        "switch": "noise at which an axis switches on",
        "reward": "L_2, which is 0 in the text",
        "count": "active latents of the linear VAE",
    }
    lines = [table_line(["Check", "Case", "cases", "largest distance"]), table_rule(2, 2)]
    for check, name in names.items():
        for case, rows in frame[frame["check"] == check].groupby("case", sort=False):
            apart = (rows.value - rows.expected).abs().max()
            lines.append(table_line([name, str(case), str(len(rows)), f"{apart:.2g}"]))
    for row in frame[frame["check"] == "roughness"].to_dict("records"):
        value = f"{row['value']:.3g} [{row['ci_low']:.3g}, {row['ci_high']:.3g}]"
        lines.append(table_line(["change of the Jacobian (value itself)", row["case"], "", value]))
    return "\n".join(lines) + "\n\nChange of the Jacobian: |J(x + d) - J(x)|^2 / (|d|^2 |J(x)|^2), mean over images.\n"


def dsprites(frame: pd.DataFrame) -> str:
    """Rows methods, columns scores: the mean, the deviation of repeats of the evaluation, and that of trainings."""
    lines = [table_line(["Method", *SCORES.values()]), table_rule(1, len(SCORES))]
    for method, rows in frame.groupby("method", sort=False):
        means, repeats = (rows[rows.training == which].set_index("quantity") for which in ("all", "repeats"))
        cells = [
            f"{means['mean'][quantity]:.3f} ± {repeats['std'][quantity]:.4f} ± {means['std'][quantity]:.4f}"
            for quantity in SCORES
        ]
        lines.append(table_line([str(method), *cells]))
    trainings = int(frame[frame.training == "all"].n.max())
    return "\n".join(lines) + (
        f"\n\nMean ± deviation of repeats of the evaluation ± deviation of {trainings} trainings. The paper's"
        " deviations are of repeats with one training. Scores of DCI are comparable for equal rounds of boosting.\n"
    )


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


def comparison(frame: pd.DataFrame) -> str:
    """Rows attributes; columns the judge, and how sure it is that a method's latents capture it."""
    of = frame[frame.metric == "attribute"]
    methods = titled(of.method)
    accuracy = frame[frame.metric == "accuracy"].set_index("of")
    by = of.set_index(["of", "method"])["mean"]
    lines = [table_line(["Attribute", "judge", *methods.values()]), table_rule(1, 1 + len(methods))]
    for name in accuracy.index:
        row = accuracy.loc[name]
        right = f"{row['mean']:.2f} [{row.ci_low:.2f}, {row.ci_high:.2f}]"
        shares = [by[name, method] for method in methods]
        lines.append(table_line([name.replace("_", " "), right, *(f"{each:.1f}" if each else "" for each in shares)]))
    return "\n".join(lines) + (
        "\n\nJudge: the share of test images of which it says rightly whether they have the attribute. Then the share"
        " of five folds in which one latent tells it (an area of .75 under the ROC curve), and no other attribute"
        " does.\n"
    )


def portraits(frame: pd.DataFrame) -> str:
    """Rows what was measured, and where; columns how the steps of the training were drawn."""
    names = {
        "error": "error of the noise, guided over unguided",
        "variability": "mean square deviation from the mean image",
        "identified": "samples nearest to their own image",
        "divergence": QUANTITIES["divergence"],
        "active": QUANTITIES["active"],
    }
    cases = {"oversampled": "high noise oversampled", "uniform": "uniform steps", "both": "the first over the second",
             "none": "without latents"}  # fmt: skip
    kept = frame.fillna({"place": ""})
    lines = [table_line(["Quantity", "Of", *cases.values()]), table_rule(2, 4)]
    for quantity, name in names.items():
        of_quantity = kept[kept.quantity == quantity]
        for place, rows in of_quantity.groupby("place", sort=False):
            cells = {row["case"]: _number(row) for row in rows.to_dict("records")}
            of = f"steps {place}" if quantity == "error" else str(place)
            lines.append(table_line([name, of, *[cells.get(case, "") for case in cases]]))
    return "\n".join(lines) + (
        "\n\nOn images that no network was trained on; the denoiser is frozen. The first over the second: of their"
        " guided errors, on the same noise.\n"
    )


def _number(row: Mapping[Hashable, Any]) -> str:
    interval = f" [{row['ci_low']:.3g}, {row['ci_high']:.3g}]" if row["ci_low"] < row["ci_high"] else ""
    return f"{row['mean']:.3g}{interval}"
