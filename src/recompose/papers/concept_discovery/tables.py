"""The tables of paper 4, as people read them."""

import pandas as pd

from recompose.metrics.intervals import student_interval, wilson_interval
from recompose.papers.concept_discovery.names import METRICS, REFERENCES, titled
from recompose.presentation.markdown import table_line, table_rule

OTHERS = {"queries": "queries", "poe_prototypes": "prototypes of PoE", "beyond_prototypes": "prototypes of beyond"}


def comparison(frame: pd.DataFrame) -> str:
    """Rows methods; columns metrics against both references, mean and standard error."""
    by = frame.set_index(["method", "reference", "metric"])
    heads = [f"{METRICS[metric]}, {REFERENCES[reference]}" for metric in METRICS for reference in REFERENCES]
    lines = [table_line(["Method", *heads]), table_rule(1, len(heads))]
    for method, name in titled(frame.method).items():
        keys = [(method, reference, metric) for metric in METRICS for reference in REFERENCES]
        shown = [f"{by['mean'][key]:.1f} ± {by.error[key]:.1f}" for key in keys]
        printed = [f" ({by.published[key]:.1f})" if pd.notna(by.published[key]) else "" for key in keys]
        lines.append(table_line([name, *map("".join, zip(shown, printed, strict=True))]))
    return "\n".join(lines) + (
        f"\n\nMean and standard error over {int(frame.n.iloc[0])} held-out classes; all but FID in %. Features: those"
        " by which our classifier decides; in brackets what the paper prints, of Inception's and CLIP's features, so of"
        " another scale. Test images: others of the same class in the place of generated ones.\n"
    )


def share(frame: pd.DataFrame) -> str:
    """Rows methods; columns factors."""
    by = frame.set_index(["method", "quantity"])
    quantities = list(dict.fromkeys(frame.quantity))
    lines = [table_line(["Images", *quantities]), table_rule(1, len(quantities))]
    for method, name in {**titled(frame.method), **OTHERS}.items():
        cells = [by.loc[(method, quantity)] for quantity in quantities]
        shown = [f"{cell['mean']:.2f} [{cell['ci_low']:.2f}, {cell['ci_high']:.2f}]" for cell in cells]
        lines.append(table_line([name, *shown]))
    return "\n".join(lines) + (
        "\n\nShares of images that show each factor of the held-out class, and all, by the judge; distance: root mean"
        " square, to the query, of images in [-1, 1]. With 95 % intervals over the classes.\n"
    )


def trained_combination(frame: pd.DataFrame) -> str:
    """Rows guidance weights and the judge; columns factors."""
    quantities = list(dict.fromkeys(frame.quantity))
    lines = [table_line(["Samples", *quantities]), table_rule(1, len(quantities))]
    for group, rows in frame.groupby("group", sort=False):
        by = rows.set_index("quantity")
        shown = [f"{by['mean'][each]:.3f} [{by.ci_low[each]:.3f}, {by.ci_high[each]:.3f}]" for each in quantities]
        lines.append(table_line(["test images" if group == "judge" else group, *shown]))
    return "\n".join(lines) + (
        f"\n\nOver {int(frame.n.iloc[0])} seen classes, with 95 % intervals; w: weight of classifier-free guidance.\n"
    )


def cost(frame: pd.DataFrame) -> str:
    """Rows methods; columns what was counted."""
    names = {
        "evaluations": "score evaluations",
        "ascent": "ascents",
        "probes": "probes",
        "classes": "trained classes",
        "sampling": "sampling",
        "modes": "modes found",
        "level": "mean t of prototypes",
        "deviation": "deviation of the product",
        "bounded": "Jacobian out of bounds",
        "drift": "drift of the null branch",
    }
    by = frame.set_index(["method", "quantity"])["mean"]
    lines = [table_line(["Method", *names.values()]), table_rule(1, len(names))]
    for method, name in titled(frame.method).items():
        cells = [f"{by[method, each]:.4g}" if (method, each) in by.index else "" for each in names]
        lines.append(table_line([name, *cells]))
    return "\n".join(lines) + (
        "\n\nOf one query; means over the queries. The four columns after score evaluations are their parts: ascents to"
        " modes, probes of Jacobians, denoising under all trained classes, and sampling, which of LoRA is"
        " that of its pool, too.\n"
    )


def ablation(frame: pd.DataFrame) -> str:
    """Rows variants; columns what their samples and the product's mean show, how far samples are, and what it costs."""
    heads = ["samples all right", "mean all right", "distance", "score evaluations"]
    lines = [table_line(["Variant", *heads]), table_rule(1, len(heads))]
    for variant, rows in frame.groupby("variant", sort=False):
        of = {str(quantity): values["value"].to_numpy() for quantity, values in rows.groupby("quantity")}
        if "all" not in of:
            lines.append(table_line([str(variant), "no mode", *[""] * (len(heads) - 1)]))
            continue
        shares = [wilson_interval(of[quantity]) for quantity in ("all", "mean")]
        cells = [f"{mean:.2f} [{low:.2f}, {high:.2f}]" for mean, low, high in shares]
        lines.append(
            table_line([str(variant), *cells, f"{of['distance'].mean():.2f}", f"{of['evaluations'].mean():.0f}"])
        )
    return "\n".join(lines) + (
        f"\n\nOver {frame['class'].nunique()} queries, of a held-out class each: shares of samples, and of products'"
        " means, that show all factors by the judge, with 95 % intervals (Wilson's); distance of samples to the query,"
        " root mean square.\n"
    )


def searched_setting(frame: pd.DataFrame) -> str:
    """Rows the settings that did best on validation classes; the published and the best ones on held-out classes."""
    settings = ["base", "temperature", "prototypes"]
    tried = frame[frame.kind == "tried"].groupby("trial", sort=False)
    means = tried["value"].mean().sort_values(ascending=False, kind="stable")
    shown = [*means.index[:5], *([0] if 0 not in means.index[:5] else [])]
    lines = [table_line(["Trial", "w_0", "tau", "K", "validation", "held out"]), table_rule(1, 5)]
    for trial in shown:
        first = tried.get_group(trial).iloc[0]
        of_held_out = frame[(frame.kind != "tried") & (frame.trial == trial)]
        last = _with_interval(of_held_out["value"]) if len(of_held_out) else ""
        name = f"{trial}, published" if trial == 0 else f"{trial}, best" if trial == means.index[0] else str(trial)
        cells = [f"{first[key]:.3g}" for key in settings]
        lines.append(table_line([name, *cells, _with_interval(tried.get_group(trial)["value"]), last]))
    return "\n".join(lines) + (
        f"\n\nThe five best of {len(means)} trials, and the published settings: shares of samples of the product of"
        " experts with all factors right, by the judge, with 95 % intervals over the classes. Validation classes are"
        " held out too, and measured nowhere else.\n"
    )


def _with_interval(values: pd.Series) -> str:
    mean, low, high = student_interval(values.to_numpy())
    return f"{mean:.2f} [{low:.2f}, {high:.2f}]"


def repeat(frame: pd.DataFrame) -> str:
    """How alike repeated discoveries are."""
    names = {
        "prototypes": "share of prototypes in common",
        "modes": "share of modes in common",
        "mean": "distance of two products' means",
        "query": "distance of a mean from the query",
    }
    lines = [table_line(["Quantity", "mean", "least", "largest"]), table_rule(1, 3)]
    for quantity, name in names.items():
        values = frame[frame.quantity == quantity]["value"]
        lines.append(table_line([name, *(f"{each:.3f}" for each in (values.mean(), values.min(), values.max()))]))
    return "\n".join(lines) + "\n\nOver pairs of repeats of some queries; distances are root mean squares.\n"
