"""Claims are read strictly, and verdicts follow the numbers."""

import json

import numpy as np
import pandas as pd
import pytest
import yaml
from made_up_results import CLAIMS, PAPERS, PUBLISHED, SLUG, copy_claims, edit, make_results

from recompose.errors import RecomposeError
from recompose.judgement.claims import Claim, load_papers
from recompose.judgement.estimates import LINES, exact
from recompose.judgement.scorecard import (
    NEEDS_DATA,
    NOT_REPRODUCED,
    NOT_TESTABLE,
    REPRODUCED,
    VERDICTS,
    headlines,
    judge,
    markdown,
    score,
    summary,
)
from recompose.papers import papers
from recompose.papers.weighted_composition.names import SETTINGS
from recompose.storage import read_csv, write_csv

COLUMNS = [
    "paper", "id", "by", "where", "statement", "kind", "artifact", "value", "ci_low", "ci_high", "published",
    "tolerance", "verdict", "note",
]  # fmt: skip


@pytest.fixture
def results(tmp_path):
    return make_results(tmp_path)


def verdict(results, name):
    paper = next(paper for paper in load_papers(CLAIMS) if paper.slug == SLUG)
    (stated,) = [claim for claim in paper.claims if claim.id == name]
    return judge(stated, lambda artifact: read_csv(results / SLUG / f"{artifact}.csv"), "paper").verdict


def frames(**artifacts):
    return {name: pd.DataFrame(rows) for name, rows in artifacts.items()}.__getitem__


def claim(**keys):
    """A claim about accuracies, unless its queries say otherwise."""
    asked = {name: {"value": "accuracy"} | keys[name] for name in ("of", "against") if name in keys}
    return Claim.model_validate({"id": "one", "statement": "It holds.", "where": "here"} | keys | asked)


def queries(paper):
    """All that the claims and the headline of a paper ask."""
    asked = [query for each in paper.claims for query in (each.of, each.against) if query]
    asked += [entry.of for entry in paper.headline.values()]
    return [*asked, *(query.minus for query in asked if query.minus)]


# -- The files


def test_every_claim_file_is_valid():
    for paper in load_papers(CLAIMS):
        assert paper.claims
        assert {query.artifact for query in queries(paper)} <= {each.name for each in papers()[paper.slug].artifacts}


def test_a_query_that_names_no_column_asks_for_the_artifacts_own(tmp_path):
    folder = copy_claims(tmp_path)
    path = folder / f"{SLUG}.yaml"
    content = yaml.safe_load(path.read_text())
    along = {"artifact": "figure6", "along": "codebook", "read": "rise", "spread": "none"}
    content["claims"].append(
        {"id": "one", "statement": "It holds.", "where": "here", "kind": "trend", "at_least": 0}
        | {"of": along | {"minus": {"artifact": "figure5", "read": "mean"}}}
        | {"against": {"artifact": "capacity", "read": "mean", "value": "ratio_to_resonator"}}
    )
    content["headline"] = {"number": {"of": {"artifact": "table_search"}, "each": []}}
    path.write_text(yaml.safe_dump(content))
    paper = next(paper for paper in load_papers(folder) if paper.slug == SLUG)
    stated = paper.claims[-1]
    assert (stated.of.value, stated.of.minus.value) == ("difference", "accuracy")
    assert stated.against.value == "ratio_to_resonator"
    assert paper.headline["number"].of.value == "validation_accuracy"
    assert all(query.value for paper in load_papers(CLAIMS) for query in queries(paper))


def test_papers_stand_in_the_order_of_their_numbers():
    assert [paper.slug for paper in load_papers(CLAIMS)] == list(papers())


def test_a_file_of_claims_of_no_paper_is_named(tmp_path):
    folder = copy_claims(tmp_path)
    (folder / f"{SLUG}.yaml").rename(folder / f"{SLUG}s.yaml")
    with pytest.raises(RecomposeError, match=f'{SLUG}s: no paper of this project; did you mean "{SLUG}"'):
        load_papers(folder)


def test_a_paper_may_print_no_number(tmp_path):
    folder = copy_claims(tmp_path)
    (folder.parent / "published/feature_guidance.csv").unlink(missing_ok=True)
    whole, without = (load_papers(each)[-1] for each in (CLAIMS, folder))
    assert without.slug == "feature_guidance" and without == whole


@pytest.mark.parametrize("slug", PAPERS)
def test_what_a_part_of_a_paper_can_answer_is_asked(slug):
    """A claim is left out with an artifact that it asks, and with a claim that it takes for granted."""
    paper = next(paper for paper in load_papers(CLAIMS) if paper.slug == slug)
    names = {each.name for each in papers()[slug].artifacts}
    assert paper.about(names) == paper
    assert not paper.about([]).claims and not paper.about([]).headline
    for chosen in [{name} for name in names] + [names - {name} for name in names]:
        part = paper.about(chosen)
        ids = {each.id for each in part.claims}
        assert {query.artifact for query in queries(part)} <= chosen
        assert all(ids.issuperset(each.requires) for each in part.claims)


def test_published_numbers_of_table_1_are_complete_and_each_is_a_claim():
    published = pd.read_csv(PUBLISHED)
    cells = published[(published.artifact == "table1") & (published.quantity == "accuracy")]
    assert len(cells) == len(cells.drop_duplicates(["method", "factors", "superposed"])) == 7 * 3 * 3
    assert cells.value.between(0, 1).all()
    paper = next(paper for paper in load_papers(CLAIMS) if paper.slug == SLUG)
    stated = {claim.id: claim.published for claim in paper.claims}
    for cell in cells.itertuples():
        assert stated[f"table1-{cell.method}-k{cell.factors:g}-m{cell.superposed:g}"] == cell.value


def test_sentences_agree_with_the_table_they_speak_of():
    published = pd.read_csv(PUBLISHED).set_index(["quantity", "method", "factors", "superposed"]).value
    for method, factors, superposed in [("similarity", 3, 4), ("latent_gaussian", 2, 8)]:
        gain = published["gain_over_resonator", method, factors, superposed]
        ours, theirs = (published["accuracy", name, factors, superposed] for name in (method, "resonator"))
        assert ours / theirs - 1 == pytest.approx(gain, abs=0.004)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tolerence": 1}, "claim figure3-reliable.tolerence: Extra inputs are not permitted"),
        ({"kind": "number"}, "a claim of kind number lacks a key or has one too many"),
        ({"each": "method"}, "claim figure3-reliable.each: Input should be a valid list"),
        ({"of": {"artifact": "figure3", "read": "rise"}}, "read: rise needs an axis"),
        ({"id": "figure3-rises"}, "ids given twice: figure3-rises"),
        ({"published": {"artifact": "table9"}}, "no published number with"),
        ({"requires": ["figure9"]}, "claims required but not there: figure9"),
        (
            {"of": {"artifact": "figur3", "along": "dimension", "read": "rise"}},
            'figur3: no artifact of coupled_inference; did you mean "figure3"?',
        ),
    ],
)
def test_a_mistake_in_a_claim_is_named(tmp_path, change, message):
    folder = copy_claims(tmp_path)
    path = folder / f"{SLUG}.yaml"
    content = yaml.safe_load(path.read_text())
    next(entry for entry in content["claims"] if entry["id"] == "figure3-reliable").update(change)
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(RecomposeError) as error:
        load_papers(folder)
    assert message in str(error.value)
    assert str(path) in str(error.value)


def test_a_published_file_without_a_column_is_named(tmp_path):
    folder = copy_claims(tmp_path)
    path = folder.parent / "published" / f"{SLUG}.csv"
    pd.read_csv(path).drop(columns="quantity").to_csv(path, index=False)
    with pytest.raises(RecomposeError, match="missing column quantity"):
        load_papers(folder)


# -- The verdicts


def test_a_perfect_reproduction_reproduces_everything(results):
    results = results.rename(results.with_name("paper"))
    card = score(results, CLAIMS)
    assert list(card.columns) == COLUMNS
    assert set(card.verdict) == {REPRODUCED}
    assert (card.ci_low <= card.value).all()
    assert (card.value <= card.ci_high).all()
    counted = summary(card, headlines(results, CLAIMS))
    assert set(counted) == set(PAPERS)
    assert sum(paper[by]["reproduced"] for paper in counted.values() for by in ("paper", "recompose")) == len(card)
    json.dumps(counted)
    assert all(statement.replace("|", "&#124;") in markdown(card) for statement in card.statement)


def test_the_headlines_are_the_numbers_of_the_results(results):
    found = headlines(results, CLAIMS)
    assert {slug: set(numbers) for slug, numbers in found.items()} == {
        paper.slug: set(paper.headline) for paper in load_papers(CLAIMS)
    }
    table1 = read_csv(results / SLUG / "table1.csv")
    means = table1.groupby("method").accuracy.mean().to_dict()
    assert found[SLUG]["table1_accuracy"] == pytest.approx(means)
    assert set(found["weighted_composition"]["naive_exact"]) == set(SETTINGS)


def test_a_headline_without_rows_is_left_out(results):
    capacity = results / SLUG / "capacity.csv"
    write_csv(read_csv(capacity).query("factors != 5"), capacity)
    assert set(headlines(results, CLAIMS)[SLUG]) == {"table1_accuracy"}


def test_the_scorecard_is_the_same_each_time(results):
    pd.testing.assert_frame_equal(score(results, CLAIMS), score(results, CLAIMS))


@pytest.mark.parametrize(
    ("name", "artifact", "change", "rows"),
    [
        ("table1-als-k3-m4", "table1", {"accuracy": 0.59}, {"method": "als", "factors": 3, "superposed": 4}),
        (
            "table1-similarity-gain",
            "table1",
            {"accuracy": 0.6},
            {"method": "resonator", "factors": 3, "superposed": 4},
        ),
        (
            "joint-accuracy",
            "table1",
            {"accuracy": 0.94},
            {"method": "joint_resonator", "factors": 4, "superposed": 8},
        ),
        (
            "joint-budget",
            "table1",
            {"multiply_adds": 7e7},
            {"method": "joint_resonator", "factors": 4, "superposed": 8},
        ),
        ("joint-capacity", "capacity", {"capacity": 80_000}, {"method": "joint_resonator", "factors": 3}),
        (
            "fidelity-similarity",
            "table1",
            {"accuracy": 0.4},
            {"method": "similarity", "factors": 4, "superposed": 8},
        ),
        ("capacity-similarity-k4", "capacity", {"capacity": 11_000}, {"method": "similarity", "factors": 4}),
        ("figure3-reliable", "figure3", {"accuracy": 0.1}, {"method": "als", "dimension": 1000}),
        (
            "figure4-gaussian-best-ratio",
            "figure4",
            {"accuracy": 1.0},
            {"method": "gaussian", "restart_ratio": 0.1},
        ),
        (
            "figure5-similarity-more-steps-not-better",
            "figure5",
            {"accuracy": 0.99},
            {"method": "similarity", "steps": 100},
        ),
        ("figure6-similarity-no-difference", "figure6", {"difference": 0.1}, {"method": "similarity"}),
        ("figure6-gaussian-ode-better", "figure6", {"difference": 0.0}, {"method": "gaussian"}),
        (
            "table-search-similarity-published-is-best",
            "table_search",
            {"validation_accuracy": 0.99},
            {"method": "similarity", "source": "tuned"},
        ),
    ],
)
def test_a_changed_number_turns_the_verdict(results, name, artifact, change, rows):
    assert verdict(results, name) == REPRODUCED
    edit(results, artifact, change, **rows)
    assert verdict(results, name) == NOT_REPRODUCED


def test_missing_rows_are_an_error_that_names_the_claim(results):
    path = results / SLUG / "table1.csv"
    frame = pd.read_csv(path)
    frame[frame.method != "exhaustive"].to_csv(path, index=False)
    with pytest.raises(RecomposeError, match=r"claim exhaustive-is-the-limit: no rows with method = exhaustive"):
        score(results, CLAIMS)


def test_two_rows_where_one_is_meant_are_an_error(results):
    path = results / SLUG / "table1.csv"
    frame = pd.read_csv(path)
    pd.concat([frame, frame.head(1)]).to_csv(path, index=False)
    with pytest.raises(RecomposeError, match=r"claim table1-resonator-k2-m2: 2 rows where one is meant"):
        score(results, CLAIMS)


def test_a_missing_number_is_an_error(results):
    edit(results, "table1", {"accuracy": None}, method="als", factors=2, superposed=2)
    with pytest.raises(RecomposeError, match="a number is missing in accuracy"):
        score(results, CLAIMS)


def test_a_missing_column_is_an_error(results):
    path = results / SLUG / "table1.csv"
    pd.read_csv(path).drop(columns="ci_low").to_csv(path, index=False)
    with pytest.raises(RecomposeError, match=r"table1.csv has no column ci_low"):
        score(results, CLAIMS)


def test_a_smaller_scale_than_needed_is_not_testable(results):
    card = score(results.rename(results.with_name("smoke")), CLAIMS)
    assert set(card.verdict) == {NOT_TESTABLE}
    assert card.value.isna().all()


def test_a_folder_that_is_no_scale_is_refused(tmp_path):
    with pytest.raises(RecomposeError, match="in a folder named smoke, small, paper"):
        score(tmp_path, CLAIMS)


def test_a_stand_in_needs_real_data():
    stated = claim(kind="threshold", of={"artifact": "a", "spread": "none"}, at_least=0, needs={"data": "celeba"})
    read = frames(a=[{"accuracy": 1.0}])
    assert judge(stated, read, "paper").verdict == NEEDS_DATA
    assert judge(stated, read, "paper", ["celeba"]).verdict == REPRODUCED
    assert set(VERDICTS) == {REPRODUCED, NOT_REPRODUCED, NOT_TESTABLE, NEEDS_DATA}


@pytest.mark.parametrize(
    ("censored", "bound", "expected"),
    [
        ("above", {"at_least": 3}, REPRODUCED),
        ("above", {"at_least": 5}, NOT_TESTABLE),
        ("above", {"at_most": 3}, NOT_REPRODUCED),
        ("below", {"at_least": 3}, NOT_TESTABLE),
        ("below", {"at_least": 5}, NOT_REPRODUCED),
        (None, {"at_least": 3}, REPRODUCED),
    ],
)
def test_a_capacity_beyond_the_grid_decides_only_what_it_can(censored, bound, expected):
    read = frames(c=[{"method": "a", "v": 4.0, "censored": censored}, {"method": "b", "v": 1.0, "censored": None}])
    stated = claim(
        kind="ordering",
        of={"artifact": "c", "rows": {"method": "a"}, "value": "v", "spread": "none"},
        against={"artifact": "c", "rows": {"method": "b"}, "value": "v", "spread": "none"},
        compare="ratio",
        **bound,
    )
    assert judge(stated, read, "small").verdict == expected


def test_the_interval_of_a_difference_is_that_of_independent_normals():
    row = {"ci_low": 0.4, "ci_high": 0.6}
    read = frames(a=[{"method": "x", "accuracy": 0.5, **row}, {"method": "y", "accuracy": 0.5, **row}])
    stated = claim(
        kind="equivalence",
        of={"artifact": "a", "rows": {"method": "x"}},
        against={"artifact": "a", "rows": {"method": "y"}},
        tolerance=0.05,
    )
    found = judge(stated, read, "small")
    assert (found.ci_low, found.ci_high) == pytest.approx((-0.1 * 2**0.5, 0.1 * 2**0.5), abs=0.01)
    significant = stated.model_copy(update={"significant": True})
    assert judge(significant, read, "paper").verdict == NOT_REPRODUCED
    assert judge(significant, read, "small").verdict == NOT_TESTABLE


def test_one_case_that_contradicts_decides_whatever_the_others_leave_open():
    """A wide interval around a value that fits is worse than none, but less than a value that does not fit."""
    rows = [
        {"cell": 0, "accuracy": 0.5, "ci_low": -9.0, "ci_high": 9.0},
        {"cell": 1, "accuracy": -0.1, "ci_low": -0.2, "ci_high": 0.1},
    ]
    stated = claim(kind="threshold", of={"artifact": "a"}, each=["cell"], at_least=0, significant=True)
    found = judge(stated, frames(a=rows), "small")
    assert (found.verdict, found.value) == (NOT_REPRODUCED, -0.1)
    open_ = judge(stated, frames(a=rows[:1]), "small")
    assert open_.verdict == NOT_TESTABLE and "a larger scale has to decide" in open_.note


def test_the_worst_group_is_reported_and_exceptions_are_counted():
    read = frames(a=[{"cell": cell, "accuracy": value} for cell, value in enumerate([0.9, 0.2, 0.5])])
    stated = claim(kind="threshold", of={"artifact": "a", "spread": "none"}, each=["cell"], at_least=0.4)
    assert judge(stated, read, "small").value == 0.2
    excused = judge(stated.model_copy(update={"exceptions": 1}), read, "small")
    assert (excused.value, excused.verdict) == (0.5, REPRODUCED)
    assert "the worst case but 1: cell = 2" in excused.note


@pytest.mark.parametrize(
    ("read", "values", "expected"),
    [
        ("peak", [0.1, 0.9, 0.2], 2.0),
        ("peak", [0.9, 0.1, 0.9], 2.0),
        ("breadth", [1.0, 0.95, 0.5], 2 / 3),
        ("rise", [0.1, 0.9, 0.3], 0.2),
        ("worst_step", [0.1, 0.9, 0.3], -0.6),
        ("rank_correlation", [0.1, 0.2, 0.9], 1.0),
        ("rank_correlation", [0.5, 0.5, 0.5], 0.0),
        ("slowdown", [0.5, 0.92, 0.94], 0.4),
    ],
)
def test_what_is_read_off_a_line(read, values, expected):
    line = [exact(np.array([value])) for value in values]
    estimate = LINES[read](np.array([1.0, 2.0, 3.0]), line)
    assert estimate.value == pytest.approx(expected)
    assert estimate.interval == pytest.approx((expected, expected))


def test_a_line_that_never_gets_there_says_nothing():
    read = frames(a=[{"x": x, "accuracy": 0.1 * x} for x in range(4)])
    of = {"artifact": "a", "along": "x", "read": "slowdown", "spread": "none"}
    assert judge(claim(kind="trend", of=of, at_least=0), read, "small").verdict == NOT_TESTABLE


def test_methods_that_fail_alike_do_not_reproduce_an_equivalence(results):
    edit(results, "table1", {"accuracy": 0.1}, method="similarity", factors=3, superposed=2)
    card = score(results, CLAIMS).set_index("id")
    assert card.verdict["figure6-similarity-no-difference"] == NOT_REPRODUCED
    assert "table1-similarity-k3-m2" in card.note["figure6-similarity-no-difference"]
    assert card.verdict["figure6-latent_similarity-no-difference"] == REPRODUCED


def test_a_configuration_is_not_compared_with_itself(results):
    path = results / SLUG / "table_search.csv"
    frame = pd.read_csv(path)
    frame[frame.source == "published"].to_csv(path, index=False)
    with pytest.raises(RecomposeError, match=r"claim table-search-gaussian-published-is-best: no rows"):
        score(results, CLAIMS)
