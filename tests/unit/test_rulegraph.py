"""The rule graph of the README: what is drawn as one, and what is left out."""

import pytest

from recompose.workflow.rulegraph import merged, mermaid, step_of


@pytest.mark.parametrize(
    ("rule", "step"),
    [
        ("coupled_inference_figure2_part", ("coupled_inference", "cells, in batches")),
        ("coupled_inference_table_search_numbers", ("coupled_inference", "numbers")),
        ("weighted_composition_networks_11", ("weighted_composition", "networks")),
        ("feature_guidance_guided_network", ("feature_guidance", "networks")),
        ("feature_guidance_all_images", ("feature_guidance", "sets of images")),
        ("weighted_composition_distances", ("weighted_composition", "numbers")),
        ("weighted_composition_tables", ("weighted_composition", "tables and figures")),
        ("scorecard", ("", "scorecard")),
    ],
)
def test_rules_of_one_kind_are_one_step(rule: str, step: tuple[str, str]) -> None:
    assert step_of(rule) == step


def test_what_follows_from_other_arrows_is_left_out() -> None:
    paper = "coupled_inference"
    before = [(f"{paper}_figure2_part", f"{paper}_figure2_numbers"), (f"{paper}_figure2_numbers", "scorecard")]
    implied = [(f"{paper}_figure2_part", "scorecard"), (f"{paper}_figure2_numbers", f"{paper}_capacity_numbers")]
    graph = merged([*before, *implied, ("scorecard", "all")])
    cells, numbers, scorecard = (paper, "cells, in batches"), (paper, "numbers"), ("", "scorecard")
    assert graph == {cells: set(), numbers: {cells}, scorecard: {numbers}}
    assert "coupled_inference_numbers --> scorecard" in mermaid(graph)
