"""The tables of rooms, as people read them."""

import pandas as pd

from recompose.papers.weighted_composition.rooms.names import OUTCOMES, SETTINGS
from recompose.presentation.markdown import table_line, table_rule


def rooms(frame: pd.DataFrame) -> str:
    """What samples show: rows settings, models and K; columns outcomes."""
    lines = [table_line(["Setting", "model", "K", *OUTCOMES.values(), "both, exact", "both, as the sentence says"])]
    lines.append(table_rule(2, 3 + len(OUTCOMES)))
    for row in frame.to_dict("records"):
        shown = [f"{row[each]:.2f} [{row[f'{each}_ci_low']:.2f}, {row[f'{each}_ci_high']:.2f}]" for each in OUTCOMES]
        known = [f"{row['exact_both']:.4f}", f"{row['variant_both']:.4f}"]
        lines.append(table_line([SETTINGS[row["setting"]].title, row["model"], row["particles"], *shown, *known]))
    return "\n".join(lines) + (
        "\n\nShares of samples by the judge, with 95 % intervals; all particles of a swarm are samples. X: the object"
        " beside the couch. Exact: the class weight of couch + X in what is composed, P^a1 P^a2 / P^0; as the sentence"
        " says: if the base held couch + X so rarely that the composition were nearly all couch + X.\n"
    )


def rooms_conditions(frame: pd.DataFrame) -> str:
    """How well networks know their own conditions: rows settings, models and conditions."""
    lines = [table_line(["Setting", "model", "condition", *OUTCOMES.values(), "most off", "error of the velocity"])]
    lines.append(table_rule(3, 2 + len(OUTCOMES)))
    for (setting, model, source), rows in frame.groupby(["setting", "model", "source"], sort=False):
        by = rows.set_index("outcome")
        shown = [f"{by['mean'][each]:.2f} ({by.exact[each]:.2f})" for each in OUTCOMES]
        last = [f"{rows.apart.max():.2f}", f"{rows.error.iloc[0]:.4f}"]
        lines.append(table_line([SETTINGS[str(setting)].title, model, source, *shown, *last]))
    return "\n".join(lines) + (
        f"\n\nShares among {int(frame.n.iloc[0])} samples of a condition by itself, by the judge, and the class weights"
        " of the condition in brackets. Error: mean square of predicted minus true velocity on images that no network"
        " was trained on, over equally many levels of the noise.\n"
    )


def rooms_accuracy(frame: pd.DataFrame) -> str:
    """How often the judge is right."""
    asked = {
        "couch": "is there a couch?",
        "table": "is there a table?",
        "painting": "is there a painting?",
        "intact": "is it a room? (of rooms)",
        "spoiled": "is it a room? (of spoiled ones)",
    }
    lines = [table_line(["Question", "accuracy", "images"]), table_rule(1, 2)]
    for row in frame.to_dict("records"):
        shown = f"{row['accuracy']:.4f} [{row['ci_low']:.4f}, {row['ci_high']:.4f}]"
        lines.append(table_line([asked[row["asked"]], shown, row["n"]]))
    return "\n".join(lines) + (
        "\n\nOn images that neither the judge nor a network was trained on, with 95 % intervals. Spoiled: double"
        " exposures, collages, distortions, coarse and fine noise.\n"
    )


def rooms_overlap(frame: pd.DataFrame) -> str:
    """How far two objects are from factorized."""
    quantities = {
        "places": "share of places in common",
        "pixels": "similarity, pixels",
        "features": "similarity, features",
    }
    there = [each for each in quantities if each in set(frame.quantity)]
    lines = [table_line(["Objects", *(quantities[each] for each in there)]), table_rule(1, len(there))]
    for (first, second), rows in frame.groupby(["first", "second"], sort=False):
        by = rows.set_index("quantity").value
        lines.append(table_line([f"{first}, {second}", *(f"{by[each]:.3f}" for each in there)]))
    return "\n".join(lines) + (
        "\n\nPlaces: sum of min(p, q) over the smaller sum, of how often a pixel shows either object. Similarity:"
        " absolute cosine between what either object adds to the mean of empty rooms, in pixels and in what the judge's"
        " classifiers see.\n"
    )
