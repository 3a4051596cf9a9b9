"""How often a discovery asks the network. No torch: the workflow reads it."""

from recompose.papers.concept_discovery.settings import Discovery

EARLY = {"ascent": "mean_shift", "iterations": 2}
"""What this project's method, `beyond`, changes of the discovery."""


def parts(discovery: Discovery) -> dict[str, int]:
    """How often the network is asked for the teacher of a query: in each `ascent`, with the estimate where it ends, and
    in the `probes` of Jacobians."""
    points = len(range(discovery.first, discovery.last + 1, discovery.every)) * discovery.starts
    return {"ascent": points * (discovery.iterations + 1), "probes": points * discovery.probes}
