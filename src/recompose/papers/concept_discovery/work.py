"""How much work the jobs of paper 4 are, from the settings alone: on a cluster they ask for time and memory by it.

Convolutions are counted. No torch: the workflow reads it.
"""

from recompose.artifacts import Work
from recompose.networks.unet_operations import operations
from recompose.papers.concept_discovery.settings import ConceptDiscovery, Discovery

ACTIVATIONS = 40
"""Numbers that training keeps for every channel and place of a level."""


def works(paper: ConceptDiscovery) -> dict[str, Work]:
    """The work of each network and of the jobs that ask it."""
    size, backbone, judge = paper.digits.size, paper.digits_backbone, paper.digits_judge
    sampling, distillation = paper.digits_sampling, paper.digits_distillation
    pass_ = operations(size, backbone.patch, backbone.widths, backbone.layers)
    held = 4e-6 * ACTIVATIONS * backbone.batch * backbone.widths[0] * (size / backbone.patch) ** 2
    queries = paper.digits.classes * paper.digits.queries
    found = evaluations(paper.digits_discovery)
    seen = 10 * (len(paper.digits.digit_colours) * len(paper.digits.backgrounds) - len(set(paper.digits.held_out)))
    sampled = 9 * sampling.samples * sampling.steps + distillation.pool * sampling.steps
    asked = 3 * found + sampled + 2 * seen * sampling.class_levels + 5 * distillation.pool * distillation.epochs
    explored = paper.digits_exploration
    repeated = explored.queries * (found + sampling.samples * sampling.steps)
    return {
        "digits_backbone": Work(3e-12 * pass_ * backbone.batch * backbone.iterations, 0, held),
        "digits_judge": Work(3e-12 * 500 * size**2 * judge.width**2 * judge.batch * judge.iterations, 0, 100),
        "digits_samples": Work(1e-12 * pass_ * asked * queries, 1, held),
        "digits_ablation": Work(1e-12 * pass_ * 14 * repeated, 1, held),
        "digits_stability": Work(1e-12 * pass_ * explored.repeats * repeated, 1, held),
        "digits_seen": Work(1e-12 * pass_ * 12 * seen * sampling.steps, 1, held),
    }


def evaluations(discovery: Discovery) -> int:
    """How often the network is asked for the teacher of one query: ascents, their ends, and probes."""
    levels = len(range(discovery.first, discovery.last + 1, discovery.every))
    return levels * discovery.starts * (discovery.iterations + 2 + discovery.probes)
