"""The tables stand as in the paper: its methods first, ours and the limits below."""

import pandas as pd
import pytest
from made_up_results import SLUG, edit, make_results

from recompose.judgement.page import parse_table
from recompose.papers.coupled_inference import tables
from recompose.papers.coupled_inference.names import LABELS, groups, label, ordered


@pytest.fixture
def results(tmp_path):
    return make_results(tmp_path)


def test_table1_shows_published_numbers_and_separates_groups(results):
    table = parse_table(tables.table1(pd.read_csv(results / SLUG / "table1.csv")))
    assert table.groups == [("", 1), ("K = 2", 3), ("K = 3", 3), ("K = 4", 3), ("", 1)]
    names = [row[0][0] if row else "" for row in table.rows]
    paper, ours, limits = groups(LABELS)
    assert names == [*map(label, paper), "", *map(label, ours), "", *map(label, limits)]
    rows = {row[0][0]: row for row in table.rows if row}
    assert rows["ATTN. RESONATOR"][9] == ("0.136 [0.13, 0.14]", "(0.136)")
    assert rows["JOINT RESONATOR (ours)"][1][1] == ""
    assert rows["RESONATOR"][-1] == ("60 M", "")


def test_a_method_without_a_cell_leaves_it_empty(results):
    frame = pd.read_csv(results / SLUG / "table1.csv")
    frame = frame[(frame.method != "meet_in_the_middle") | (frame.factors == 2)]
    rows = {row[0][0]: row for row in parse_table(tables.table1(frame)).rows if row}
    assert rows["MEET IN THE MIDDLE"][4] == ("", "")


def test_a_capacity_beyond_the_grid_is_marked(results):
    edit(results, "capacity", {"censored": "above"}, method="exhaustive", factors=5)
    edit(results, "capacity", {"censored": "below"}, method="als", factors=5)
    text = tables.capacity(pd.read_csv(results / SLUG / "capacity.csv"))
    rows = {row[0][0]: row for row in parse_table(text).rows if row}
    assert rows["EXHAUSTIVE"][5] == ("≥ 4\u202f000", "")
    assert rows["ALS"][5] == ("≤ 4\u202f000", "")
    assert rows["LATENT SIMILARITY"][6] == ("5.38×", "")


def test_table_search_has_a_row_per_configuration(results):
    table = parse_table(tables.table_search(pd.read_csv(results / SLUG / "table_search.csv")))
    assert len(table.rows) == 8
    assert table.headings[:4] == ["Model", "configuration", "validation accuracy", "eta"]


def test_an_unknown_method_stands_between_ours_and_the_limits():
    assert ordered(["exhaustive", "my_solver", "joint_resonator", "als"]) == [
        "als",
        "joint_resonator",
        "my_solver",
        "exhaustive",
    ]
    assert label("my_solver") == "MY SOLVER"
    assert groups(["exhaustive", "my_solver"]) == [["my_solver"], ["exhaustive"]]


def test_the_synchronous_variants_stand_below_the_papers_rows(results):
    rows = parse_table(tables.table1(pd.read_csv(results / SLUG / "table1.csv"))).rows
    names = [row[0][0] if row else "" for row in rows]
    below = names.index("") + 1
    assert names[below : below + 3] == [
        "SYNCHRONOUS LATENT GAUSSIAN",
        "SYNCHRONOUS SIMILARITY",
        "SYNCHRONOUS LATENT SIMILARITY",
    ]
