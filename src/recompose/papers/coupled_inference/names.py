"""How the methods are named and in which order they stand, in every table and figure."""

from collections.abc import Iterable

PAPER = {
    "resonator": "RESONATOR",
    "attention_resonator": "ATTN. RESONATOR",
    "als": "ALS",
    "gaussian": "GAUSSIAN",
    "latent_gaussian": "LATENT GAUSSIAN",
    "similarity": "SIMILARITY",
    "latent_similarity": "LATENT SIMILARITY",
}
"""The paper's methods, in the order of its Table 1."""

BEYOND = {
    "synchronous_latent_gaussian": "SYNCHRONOUS LATENT GAUSSIAN",
    "synchronous_similarity": "SYNCHRONOUS SIMILARITY",
    "synchronous_latent_similarity": "SYNCHRONOUS LATENT SIMILARITY",
    "asynchronous_resonator": "ASYNCHRONOUS RESONATOR",
    "restarted_resonator": "RESTARTED RESONATOR",
    "joint_resonator": "JOINT RESONATOR (ours)",
}
"""Iterative methods that the paper lacks: its variants in the other order of update, and resonators; the last one is
this project's."""

LIMITS = {
    "meet_in_the_middle": "MEET IN THE MIDDLE",
    "exhaustive_subset": "EXHAUSTIVE, SUBSET",
    "exhaustive": "EXHAUSTIVE",
}
"""What a search that is not iterative reaches."""

IDENTITIES = {
    "remark_1": "Remark 1: Tweedie's estimate is one update of a modern Hopfield network",
    "equation_26": "Section 5.1: with Eq. 26 for the reverse ODE, the sampler is the attention resonator",
    "single_step": "The same without a replacement: similarity energy, one step, strong guidance",
}
"""What the table of the special case compares."""

LABELS = PAPER | BEYOND | LIMITS


def label(method: str) -> str:
    """The name that people read; that of a method unknown here is made from its key.

    >>> label("als"), label("my_solver")
    ('ALS', 'MY SOLVER')
    """
    return LABELS.get(method, method.replace("_", " ").upper())


def ordered(methods: Iterable[str]) -> list[str]:
    """The paper's methods, then those beyond it, then unknown ones, and the limits last.

    >>> ordered(["exhaustive", "my_solver", "als", "als"])
    ['als', 'my_solver', 'exhaustive']
    """
    present = set(methods)
    unknown = sorted(present - set(LABELS))
    return [method for method in [*PAPER, *BEYOND, *unknown, *LIMITS] if method in present]


def groups(methods: Iterable[str]) -> list[list[str]]:
    """The methods in the groups that a table separates: the paper's, those beyond it, the limits."""
    order = ordered(methods)
    split = [
        [method for method in order if method in PAPER],
        [method for method in order if method not in PAPER and method not in LIMITS],
        [method for method in order if method in LIMITS],
    ]
    return [group for group in split if group]
