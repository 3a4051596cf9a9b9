"""How much work the jobs of paper 4 are, from the settings alone: on a cluster they ask for time and memory by it.

Convolutions are counted. No torch: the workflow reads it.
"""

from recompose.artifacts import Work
from recompose.networks.diffusers_unet_operations import operations
from recompose.papers.concept_discovery.passes import parts
from recompose.papers.concept_discovery.settings import ConceptDiscovery, Discovery

ACTIVATIONS = 40
"""Numbers that training keeps for every channel and place of a level."""


def works(paper: ConceptDiscovery) -> dict[str, Work]:
    """The work of each network and of the jobs that ask it."""
    digits, faces = paper.digits, paper.faces
    pairs = len(digits.digit_colours) * len(digits.backgrounds) - len(set(digits.held_out))
    of_faces = _of_benchmark(paper, "faces", faces.combinations - faces.held_out, BITS)
    of_digits = _of_benchmark(paper, "digits", 10 * pairs, BITS_OF_DIGITS)
    pass_, held = _pass(paper, "digits"), _held(paper, "digits")
    explored, sampled = paper.digits_exploration, paper.digits_sampling.samples * paper.digits_sampling.steps
    found = evaluations(paper.digits_discovery)
    repeated = explored.queries * (found + sampled)
    searched = (digits.validation + digits.classes) * found
    searched += 2 * sampled * (explored.trials * digits.validation + 2 * digits.classes)
    return {
        **of_digits,
        **of_faces,
        "digits_ablation": Work(1e-12 * pass_ * 15 * repeated, 1, held),
        "digits_stability": Work(1e-12 * pass_ * explored.repeats * repeated, 1, held),
        "digits_search": Work(1e-12 * pass_ * searched, 1, held),
    }


BITS = 14
"""Classifiers of a judge of faces, each of a bit."""
BITS_OF_DIGITS = 15
"""Those of a judge of digits, as many as have its operations: 3 and twice 2 bits, and operations grow with squares."""


def _of_benchmark(paper: ConceptDiscovery, benchmark: str, seen: int, bits: int) -> dict[str, Work]:
    images, backbone, judge, discovery, sampling, distillation = (
        getattr(paper, f"{benchmark}{part}")
        for part in ("", "_backbone", "_judge", "_discovery", "_sampling", "_distillation")
    )
    pass_, held = _pass(paper, benchmark), _held(paper, benchmark)
    found = evaluations(discovery)
    sampled = 9 * sampling.samples * sampling.steps + distillation.pool * sampling.steps
    asked = 3 * found + sampled + 2 * seen * sampling.class_levels + 5 * distillation.pool * distillation.epochs
    judged = 30 * bits * images.size**2 * judge.width**2
    return {
        f"{benchmark}_backbone": Work(3e-12 * pass_ * backbone.batch * backbone.iterations, 0, held),
        f"{benchmark}_judge": Work(3e-12 * judged * judge.batch * judge.iterations, 0, 100),
        f"{benchmark}_samples": Work(1e-12 * pass_ * asked * images.classes * images.queries, 1, held),
        f"{benchmark}_seen": Work(1e-12 * pass_ * 12 * seen * sampling.steps, 1, held),
    }


def _pass(paper: ConceptDiscovery, benchmark: str) -> float:
    """Operations of an image's way through the network."""
    images, backbone = getattr(paper, benchmark), getattr(paper, f"{benchmark}_backbone")
    return operations(images.size, backbone.patch, backbone.widths, backbone.layers)


def _held(paper: ConceptDiscovery, benchmark: str) -> float:
    """Megabytes that training keeps."""
    images, backbone = getattr(paper, benchmark), getattr(paper, f"{benchmark}_backbone")
    places = (images.size / backbone.patch) ** 2
    return 4e-6 * ACTIVATIONS * float(backbone.batch * backbone.widths[0] * places)


def evaluations(discovery: Discovery) -> int:
    """How often the network is asked for the teacher of one query."""
    return sum(parts(discovery).values())
