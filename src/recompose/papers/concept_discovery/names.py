"""The benchmarks of paper 4, their classes' factors, and the methods that generate, by their names."""

from collections.abc import Iterable, Mapping

from recompose.datasets.attribute_classes import COMPOSED

FACTORS = {"digits": ("digit", "colour", "background"), "faces": COMPOSED}
"""What a class of a benchmark, `<benchmark>_...`, combines (Tables 3 and 4)."""
METHODS = {
    "top1": "Top-1",
    "top3": "Top-3",
    "query_only": "Query-only",
    "poe": "PoE",
    "lora": "+ LoRA",
    "beyond": "beyond (ours)",
}
"""In the order of the rows of Tables 1 and 2; the last one is this project's."""
TEST = {"test": "test images"}
"""What stands in the place of a method's images: others of the class, which is what can be reached."""


def titled(methods: Iterable[str], last: Mapping[str, str] = TEST) -> dict[str, str]:
    """Methods by their titles, in the order of the tables: the known ones, those added by name, and the last.

    >>> titled(["mine", "test", "poe", "poe_prototypes"])
    {'poe': 'PoE', 'mine': 'mine', 'test': 'test images'}
    """
    there = set(methods)
    added = sorted(each for each in there - {*METHODS, *last, "queries"} if not each.endswith("_prototypes"))
    named = {**METHODS, **{each: each for each in added}, **last}
    return {each: title for each, title in named.items() if each in there}


REFERENCES = {"faithfulness": "Faithful.", "generalization": "General."}
"""What generated images are compared with: the queries themselves, or others of their class."""
METRICS = {"fid": "FID", "cosine": "Cosine (CLIP in print)", "precision": "Precision", "recall": "Recall", "f1": "F1"}
"""In the order of the columns. The paper's CLIP is a cosine of CLIP's features, ours of those named in every table."""
