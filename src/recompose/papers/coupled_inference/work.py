"""How much work the artifacts of paper 1 are, from the settings alone. No torch: the workflow reads it.

Matrix products are counted: every method has the budget of the resonator's iterations, 2 K n D multiply-adds each for a
problem, and nearly all of them use it up. What they do between the products takes most of the time.
"""

from recompose.artifacts import Work
from recompose.papers.coupled_inference.hyperparameters import VARIANTS
from recompose.papers.coupled_inference.names import LABELS
from recompose.papers.coupled_inference.settings import CoupledInference, FixedSize, Trials
from recompose.papers.coupled_inference.sizes import SETS_AT_ONCE, codebook_size

STEPS = 20
"""T, which is searched for: 10 to 50."""
KEPT = 8
"""Estimates of a problem that a solver holds at a time."""


def works(paper: CoupledInference) -> dict[str, Work]:
    """The work of each artifact that measures something."""
    methods = len(LABELS) if paper.methods == "all" else len(paper.methods)
    table1, figure2, figure3, figure4 = paper.table1, paper.figure2, paper.figure3, paper.figure4
    of_table1 = [(k, codebook_size(table1.search_space, k), table1.dimension) for k in table1.factors]
    of_figure2 = [
        (k, codebook_size(space, k), figure2.dimension) for k in figure2.factors for space in figure2.search_spaces
    ]
    of_figure3 = [(figure3.factors, figure3.size, dimension) for dimension in figure3.dimensions]
    variants = len(VARIANTS)
    restarted = sum(figure4.restart_ratios) * max(figure4.restarts) * STEPS / figure4.iterations
    return {
        "table1": _work(table1, of_table1, methods * len(table1.superposed)),
        "figure2": _work(figure2, of_figure2, methods),
        "figure3": _work(figure3, of_figure3, methods),
        "figure4": _ablation(figure4, figure4.dimension, variants * restarted),
        "figure5": _ablation(paper.figure5, paper.figure5.dimension, variants * sum(paper.figure5.steps) / STEPS),
        "figure6": _ablation(paper.figure6, paper.figure6.dimension, 2 * variants),
        "restarts": _ablation(paper.restarts, paper.restarts.dimension, 2 * variants),
        "table_search": _ablation(paper.search, paper.search.dimension, 2 * variants),
    }


def _ablation(block: FixedSize, dimension: int, budgets: float) -> Work:
    return _work(block, [(block.factors, block.size, dimension)], budgets)


def _work(block: Trials, places: list[tuple[int, int, int]], budgets: float) -> Work:
    """So many budgets for every problem at each place: K factors, n vectors, D dimensions."""
    products = sum(4.0 * factors * size * dimension for factors, size, dimension in places)
    each = block.trials / block.codebook_sets
    held = max(factors * dimension * (size + KEPT * each) for factors, size, dimension in places)
    return Work(1e-12 * products * block.iterations * block.trials * budgets, 0, 4e-6 * SETS_AT_ONCE * held)
