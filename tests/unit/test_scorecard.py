"""Claims are read strictly, and verdicts follow the numbers."""

import json
import math
import re
from itertools import combinations
from typing import get_args

import numpy as np
import pandas as pd
import pytest
import yaml
from made_up_results import CLAIMS, PAPERS, PUBLISHED, REAL, SLUG, copy_claims, edit, make_results

from recompose.config import Config
from recompose.errors import RecomposeError
from recompose.judgement.claims import Claim, load_papers
from recompose.judgement.estimates import LINES, Estimate, exact
from recompose.judgement.scorecard import (
    NEEDS_DATA,
    NOT_REPRODUCED,
    REPRODUCED,
    UNDECIDED,
    VERDICTS,
    Verdict,
    _verdict,
    granted,
    headlines,
    judge,
    markdown,
    score,
    summary,
)
from recompose.metrics.intervals import student_interval
from recompose.papers import papers
from recompose.papers.weighted_composition.names import SETTINGS
from recompose.storage import read_csv, write_csv

COLUMNS = [
    "paper", "id", "by", "where", "statement", "kind", "cell", "artifact", "quantity", "value", "ci_low", "ci_high",
    "published", "condition", "worst", "verdict", "note",
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
    told = {"id": "one", "statement": "It holds.", "where": "here", "quantity": "accuracy"}
    return Claim.model_validate(told | keys | asked)


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


@pytest.mark.parametrize("slug", PAPERS)
def test_no_two_claims_read_alike(slug):
    """A reader of the scorecard sees no identifiers."""
    claims = next(paper.claims for paper in load_papers(CLAIMS) if paper.slug == slug)
    assert len({(claim.statement, claim.where, claim.quantity) for claim in claims}) == len(claims)


def test_a_query_that_names_no_column_asks_for_the_artifacts_own(tmp_path):
    folder = copy_claims(tmp_path)
    path = folder / f"{SLUG}.yaml"
    content = yaml.safe_load(path.read_text())
    along = {"artifact": "figure6", "along": "codebook", "read": "rise", "spread": "none"}
    content["claims"].append(
        {"id": "one", "statement": "It holds.", "where": "here", "quantity": "accuracy", "kind": "trend", "at_least": 0}
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
        ({"tolerence": 1}, "claim figure3-rises.tolerence: Extra inputs are not permitted"),
        ({"kind": "number"}, "a claim of kind number lacks a key or has one too many"),
        ({"each": "method"}, "claim figure3-rises.each: Input should be a valid list"),
        ({"of": {"artifact": "figure3", "read": "rise"}}, "read: rise needs an axis"),
        ({"id": "figure3-saturates"}, "ids given twice: figure3-saturates"),
        ({"published": {"artifact": "table9"}}, "no published number with"),
        ({"requires": ["figure9"]}, "claims required but not there: figure9"),
        ({"of": {"artifact": "figur3", "along": "dimension", "read": "rise"}}, 'did you mean "figure3"?'),
        (
            {"of": {"artifact": "figur3", "value": "accuracy", "along": "dimension", "read": "rise"}},
            "figur3: no artifact",
        ),
    ],
)
def test_a_mistake_in_a_claim_is_named(tmp_path, change, message):
    folder = copy_claims(tmp_path)
    path = folder / f"{SLUG}.yaml"
    content = yaml.safe_load(path.read_text())
    next(entry for entry in content["claims"] if entry["id"] == "figure3-rises").update(change)
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
    card = score(results, CLAIMS, REAL)
    assert list(card.columns) == COLUMNS
    contrary = card.id.str.endswith("-asynchronous")  # the one point on which a paper and this project cannot both be
    assert set(card.verdict[~contrary]) == {REPRODUCED}
    assert set(card.verdict[contrary]) == {NOT_REPRODUCED}
    assert (card.ci_low <= card.value).all()
    assert (card.value <= card.ci_high).all()
    counted = summary(card, headlines(results, CLAIMS))
    assert set(counted) == set(PAPERS)
    groups = [group for paper in counted.values() for name, group in paper.items() if name != "headline"]
    assert sum(group["reproduced"] for group in groups) == len(card) - contrary.sum()
    assert counted[SLUG]["paper table cells"]["reproduced"] == 7 * 3 * 3
    json.dumps(counted)
    told = markdown(card)
    assert all(said.replace("|", "&#124;") in told for said in (*card.statement, *card.note))


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
        ("table1-als-k3-m4", "table1", {"accuracy": 0.4}, {"method": "als", "factors": 3, "superposed": 4}),
        (
            "table1-similarity-gain-synchronous",
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
        ("joint-capacity", "capacity", {"capacity": 40_000.0}, {"method": "joint_resonator", "factors": 3}),
        (
            "fidelity-similarity",
            "table1",
            {"accuracy": 0.4},
            {"method": "similarity", "factors": 4, "superposed": 8},
        ),
        (
            "capacity-similarity-k4-synchronous",
            "capacity",
            {"capacity": 14_000.0},
            {"method": "synchronous_similarity", "factors": 4},
        ),
        (
            "figure2-similarity-outperforms-baselines-synchronous",
            "figure2",
            {"accuracy": 0.1},
            {"method": "synchronous_similarity", "factors": 4},
        ),
        (
            "table1-latent_gaussian-outperforms-baselines-synchronous",
            "table1",
            {"accuracy": 0.3},
            {"method": "synchronous_latent_gaussian", "factors": 2},
        ),
        ("order-decides-similarity", "table1", {"accuracy": 0.1}, {"method": "similarity", "factors": 3}),
        ("table1-als-row", "table1", {"accuracy": 0.3}, {"method": "als", "factors": 3, "superposed": 4}),
        (
            "table1-similarity-cost-per-iteration",
            "table1",
            {"multiply_adds": 1.3e8},
            {"method": "similarity", "factors": 2, "superposed": 8},
        ),
        ("figure3-als-reliable", "figure3", {"accuracy": 0.01}, {"method": "als", "dimension": 1000}),
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
        ("figure6-gaussian-sde-solves", "figure6", {"sde": 0.025}, {"method": "gaussian"}),
        ("figure5-similarity-no-trend", "figure5", {"accuracy": 0.1}, {"method": "similarity", "steps": 100}),
        ("restarts-similarity-stochastic-or-not", "restarts", {"difference": 0.1}, {"method": "similarity"}),
        ("attention-resonator-special-case", "special_case", {"difference": 1e-3}, {"identity": "equation_26"}),
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


def test_below_the_scale_that_is_needed_the_number_is_measured_and_decides_nothing(results):
    card = score(results.rename(results.with_name("smoke")), CLAIMS, REAL)
    assert set(card.verdict) == {UNDECIDED}
    assert card.value.notna().all()
    assert card.note.str.contains("It needs scale|would decide|takes for granted").all()


def test_rows_that_a_smaller_scale_does_not_have_leave_it_undecided_and_are_named():
    stated = claim(kind="threshold", of={"artifact": "a", "rows": {"n": 9}, "spread": "none"}, at_least=0)
    read = frames(a=[{"n": 1, "accuracy": 1.0}])
    found = judge(stated, read, "smoke")
    assert found.verdict == UNDECIDED and "no rows with n = 9" in found.note
    with pytest.raises(RecomposeError, match="claim one: no rows with n = 9"):
        judge(stated, read, "small")


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.1, 0.5, REPRODUCED), (-0.5, -0.1, NOT_REPRODUCED), (-0.1, 0.5, UNDECIDED), (0.0, 0.5, UNDECIDED),
        (-0.5, 0.0, NOT_REPRODUCED),
    ],
)  # fmt: skip
def test_the_whole_interval_decides(low, high, expected):
    row = {"accuracy": (low + high) / 2, "ci_low": low, "ci_high": high}
    stated = claim(kind="threshold", of={"artifact": "a"}, at_least=0)
    # draws come close to the interval's ends and do not meet them: at the bound itself exact ends are needed
    assert _judged_by(stated, row) == expected
    equal = claim(kind="equivalence", of={"artifact": "a"}, tolerance=0.6)
    assert _judged_by(equal, row) == REPRODUCED
    assert _judged_by(equal.model_copy(update={"tolerance": 0.05}), row) in (UNDECIDED, NOT_REPRODUCED)


def _judged_by(stated, row):
    """By an interval with exactly these ends."""
    found = Estimate(row["accuracy"], np.repeat([row["ci_low"], row["ci_high"]], 100))
    return _verdict(stated, found, stated.region)


def test_an_exact_number_may_lie_on_its_bound():
    read = frames(a=[{"accuracy": 1.0}])
    stated = claim(kind="threshold", of={"artifact": "a", "spread": "none"}, at_most=1)
    assert judge(stated, read, "small").verdict == REPRODUCED
    assert judge(stated.model_copy(update={"at_most": 0.999}), read, "small").verdict == NOT_REPRODUCED


@pytest.mark.parametrize(("value", "half", "times"), [(0.1, 0.2, 4), (-0.1, 0.3, 9), (0.05, 0.1, 4)])
def test_what_is_undecided_says_how_much_more_would_decide_it(value, half, times):
    """An interval shrinks with the square root of the number of runs."""
    stated = claim(kind="threshold", of={"artifact": "a"}, at_least=0)
    row = {"accuracy": value, "ci_low": value - half, "ci_high": value + half}
    found = judge(stated, frames(a=[row]), "small")
    assert found.verdict == UNDECIDED
    (told,) = map(int, re.findall(r"About (\d+) times as much data", found.note))
    assert abs(told - times) <= 1
    own = stated.model_copy(update={"decided_by": "Training as published would."})
    assert judge(own, frames(a=[row]), "small").note == "Training as published would."


def test_what_a_group_tells_apart_never_overrides_a_query():
    """Each method against the resonator, not against itself."""
    read = frames(a=[{"method": "resonator", "accuracy": 1.0}, {"method": "als", "accuracy": 1.5}])
    of = {"artifact": "a", "rows": {"method": ["als"]}, "spread": "none"}
    against = {"artifact": "a", "rows": {"method": "resonator"}, "spread": "none"}
    stated = claim(kind="ordering", of=of, against=against, compare="ratio", each=["method"], at_most=1.2)
    with pytest.raises(RecomposeError, match=r"claim one: a\.csv: method = resonator is asked for and method = als"):
        judge(stated, read, "smoke")
    assert judge(stated.model_copy(update={"each": []}), read, "small").value == 1.5


@pytest.mark.parametrize(
    ("accuracy", "trials", "expected"),
    [(0.80, 200, REPRODUCED), (0.87, 200, REPRODUCED), (0.90, 200, NOT_REPRODUCED), (0.87, 2000, NOT_REPRODUCED),
     (0.84, 2000, REPRODUCED), (0.80, 20, UNDECIDED)],
)  # fmt: skip
def test_a_printed_accuracy_is_met_within_two_standard_errors_of_the_difference(accuracy, trials, expected):
    """The printed .8 of 200 trials has a standard error of .028."""
    half = 1.96 * (accuracy * (1 - accuracy) / trials) ** 0.5
    row = {"accuracy": accuracy, "ci_low": accuracy - half, "ci_high": accuracy + half}
    stated = claim(kind="number", of={"artifact": "a"}, published=0.8, published_trials=200)
    found = judge(stated, frames(a=[row]), "small")
    assert found.verdict == expected
    assert "two standard errors of the difference" in found.condition


def test_a_row_of_printed_accuracies_is_judged_by_their_chi_square():
    def rows(shift):
        cells = [{"cell": each, "accuracy": 0.8 + shift, "published": 0.8} for each in range(9)]
        return [row | {"ci_low": row["accuracy"] - 0.055, "ci_high": row["accuracy"] + 0.055} for row in cells]

    of = {"artifact": "a", "value": "accuracy"}
    against = {"artifact": "a", "value": "published", "spread": "none"}
    stated = claim(kind="fit", of=of, against=against, each=["cell"], published_trials=200)
    close, far = (judge(stated, frames(a=rows(shift)), "small") for shift in (0.02, 0.08))
    assert (close.verdict, far.verdict) == (REPRODUCED, NOT_REPRODUCED)
    assert close.value == pytest.approx(9 * 0.02**2 / (2 * 0.028**2), rel=0.05)
    assert close.condition == "at most 16.9"  # of nine


def test_what_varies_is_resampled_and_pairs_are_paired():
    """The difference of two methods over the same sets varies less than either; over pairs of classes, by class."""
    level = np.random.default_rng(0).normal(size=12)
    rows = [{"method": method, "set": number, "accuracy": value + 0.1 * (method == "x")}
            for method in "xy" for number, value in enumerate(level)]  # fmt: skip
    x, y = ({"artifact": "a", "rows": {"method": method}, "over": ["set"], "read": "mean"} for method in "xy")
    found = judge(claim(kind="ordering", of=x, against=y, at_least=0), frames(a=rows), "small")
    assert (found.ci_low, found.ci_high) == pytest.approx((0.1, 0.1))
    alone = judge(claim(kind="threshold", of=y, at_least=0), frames(a=rows), "small")
    mean, low, high = student_interval(level)
    assert (alone.value, alone.ci_low, alone.ci_high) == pytest.approx((mean, low, high), abs=0.06)


def test_pairs_of_classes_are_resampled_by_class():
    """One class that is unlike the others moves all of its pairs at once: 45 pairs are not 45 observations."""
    effect = np.random.default_rng(1).normal(size=10)
    rows = [{"first": a, "second": b, "accuracy": effect[a] + effect[b]} for a, b in combinations(range(10), 2)]
    by_class = claim(kind="threshold", of={"artifact": "a", "over": ["first", "second"], "read": "mean"}, at_least=0)
    found = judge(by_class, frames(a=rows), "small")
    mean, low, high = student_interval(2 * effect)  # the mean over pairs is twice the mean over classes
    assert (found.value, found.ci_low, found.ci_high) == pytest.approx((mean, low, high), abs=0.2)


def test_of_one_thing_nothing_is_known():
    read = frames(a=[{"set": 3, "accuracy": 1.0}] * 4)
    stated = claim(kind="threshold", of={"artifact": "a", "over": ["set"], "read": "mean"}, at_least=0)
    with pytest.raises(RecomposeError, match="claim one: one 3 alone"):
        judge(stated, read, "small")


def test_rows_about_the_same_problems_have_one_error():
    rows = [{"x": x, "accuracy": 0.5, "ci_low": 0.4, "ci_high": 0.6} for x in range(16)]
    halves = []
    for spread in ("interval", "shared"):
        of = {"artifact": "a", "spread": spread, "read": "mean"}
        found = judge(claim(kind="threshold", of=of, at_least=0), frames(a=rows), "small")
        halves.append((found.ci_high - found.ci_low) / 2)
    assert halves == pytest.approx([0.1 / 4, 0.1], rel=0.05)


def test_a_columns_own_interval_is_taken():
    row = {"accuracy": 2.0, "ci_low": -9.0, "ci_high": 9.0, "accuracy_ci_low": 1.0, "accuracy_ci_high": 3.0}
    found = judge(claim(kind="threshold", of={"artifact": "a"}, at_least=0), frames(a=[row]), "small")
    assert (found.ci_low, found.ci_high) == pytest.approx((1, 3), abs=0.05)


def test_a_folder_that_is_no_scale_is_refused(tmp_path):
    with pytest.raises(RecomposeError, match="in a folder named smoke, small, paper"):
        score(tmp_path, CLAIMS)


def test_a_stand_in_needs_real_data():
    stated = claim(kind="threshold", of={"artifact": "a", "spread": "none"}, at_least=0, needs={"data": "celeba"})
    read = frames(a=[{"accuracy": 1.0}])
    found = judge(stated, read, "paper")
    assert (found.verdict, found.note) == (NEEDS_DATA, "It needs celeba.")
    assert (found.value, found.ci_low, found.ci_high, found.condition) == (1, 1, 1, "at least 0")  # it is shown
    assert judge(stated, read, "paper", ["drawn"]) == found
    assert judge(stated, read, "paper", ["celeba"]).verdict == REPRODUCED
    assert judge(stated, frames(a=[{"accuracy": -1.0}]), "paper", ["celeba"]).verdict == NOT_REPRODUCED
    assert set(VERDICTS) == {REPRODUCED, NOT_REPRODUCED, UNDECIDED, NEEDS_DATA}


def test_data_are_asked_for_before_a_scale():
    needs = {"data": "celeba", "scale": "paper"}
    stated = claim(kind="threshold", of={"artifact": "a", "spread": "none"}, at_least=0, needs=needs)
    read = frames(a=[{"accuracy": 1.0}])
    by_data = judge(stated, read, "small")
    assert (by_data.verdict, by_data.note, by_data.value) == (NEEDS_DATA, "It needs celeba.", 1)
    by_scale = judge(stated, read, "small", ["celeba"])
    assert (by_scale.verdict, by_scale.note, by_scale.value) == (UNDECIDED, "It needs scale paper.", 1)
    told = stated.model_copy(update={"decided_by": "Longer training would."})
    assert judge(told, read, "small").note == "It needs celeba."  # no training makes up for data
    assert judge(told, read, "small", ["celeba"]).note == "Longer training would."


def test_rows_and_numbers_that_stand_ins_do_not_have_are_named():
    of = {"artifact": "a", "rows": {"method": "als"}}
    read = frames(a=[{"method": "resonator", "accuracy": 1.0}])
    stated = claim(kind="threshold", of=of, at_least=0, needs={"data": "celeba"})
    assert judge(stated, read, "paper").verdict == NEEDS_DATA
    assert (
        judge(stated, read, "paper").note
        == "It needs celeba: here are no rows with method = als (a.csv, method = als)."
    )
    with pytest.raises(RecomposeError, match="no rows with method = als"):
        judge(stated, read, "paper", ["celeba"])
    line = {"artifact": "a", "along": "x", "read": "slowdown", "spread": "none"}
    unmet = claim(kind="trend", of=line, at_least=0, needs={"data": "celeba"})
    found = judge(unmet, frames(a=[{"x": x, "accuracy": 0.1 * x} for x in range(4)]), "paper")
    assert (found.verdict, found.note) == (NEEDS_DATA, "It needs celeba. The number is not defined on these results.")


def test_what_takes_for_granted_what_needs_real_data_needs_them_too():
    stated = claim(kind="threshold", of={"artifact": "a"}, at_least=0, requires=["other"])
    verdicts = {"one": Verdict(REPRODUCED, 1.0, note="So it is."), "other": Verdict(NEEDS_DATA)}
    found = granted(stated, verdicts)
    assert (found.verdict, found.value) == (NEEDS_DATA, 1.0)
    assert found.note == "It takes for granted what needs real data: other. So it is."
    assert granted(stated, verdicts | {"other": Verdict(REPRODUCED)}).verdict == REPRODUCED


def test_printed_numbers_of_celeba_and_dsprites_are_not_compared_with_those_of_drawn_images(results):
    """They are shown, beside what would decide them."""
    needing = {
        "table2-tad": "celeba", "table2-captured": "celeba", "faces-variability-of-images": "celeba",
        "faces-variability-of-samples": "celeba", "dsprites-modularity": "archive",
        "dsprites-disentanglement": "archive",
    }  # fmt: skip
    results = results.rename(results.with_name("paper"))
    card = score(results, CLAIMS, {"sami": {"drawn"}, "concept_discovery": {"celeba"}}).set_index("id")
    assert set(card.index[card.verdict == NEEDS_DATA]) == set(needing)
    for name, source in needing.items():
        assert card.note[name].endswith(f"It needs {source}.")
        assert card.value[name] == pytest.approx(card.published[name], abs=0.005)
        assert f"{card.value[name]:.3f}" in markdown(card.reset_index()), name
    some = score(results, CLAIMS, {"sami": {"drawn", "celeba"}}).set_index("id")
    assert set(some.index[some.verdict == NEEDS_DATA]) == {"dsprites-modularity", "dsprites-disentanglement"}
    counted = summary(card.reset_index(), headlines(results, CLAIMS))["sami"]
    assert counted["paper table cells"]["needs_real_data"] == 2
    assert counted["paper sentences"]["needs_real_data"] == 4


def test_the_data_that_claims_need_are_sources_of_their_papers():
    for paper in load_papers(CLAIMS):
        blocks = [getattr(getattr(Config(), paper.slug), name) for data in papers()[paper.slug].sets.values()
                  for name in data.reads]  # fmt: skip
        known = {value for block in blocks for key in ("source", "multi") if key in type(block).model_fields
                 for value in get_args(type(block).model_fields[key].annotation)}  # fmt: skip
        assert {claim.needs.data for claim in paper.claims} - {None} <= known


@pytest.mark.parametrize(
    ("censored", "bound", "expected"),
    [
        ("above", {"at_least": 3}, REPRODUCED),
        ("above", {"at_least": 5}, UNDECIDED),
        ("above", {"at_most": 3}, NOT_REPRODUCED),
        ("below", {"at_least": 3}, UNDECIDED),
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


def test_a_ratio_to_zero_is_not_defined():
    read = frames(a=[{"method": "x", "accuracy": 0.5}, {"method": "y", "accuracy": 0.0}])
    of, against = ({"artifact": "a", "rows": {"method": name}, "spread": "none"} for name in "xy")
    found = judge(claim(kind="ordering", of=of, against=against, compare="ratio", at_least=2), read, "small")
    assert (found.verdict, found.note) == (UNDECIDED, "The number is not defined on these results.")
    assert math.isnan(found.value)


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
    assert found.verdict == UNDECIDED


def test_one_case_that_contradicts_decides_whatever_the_others_leave_open():
    """A wide interval around a value that fits is worse than none, but less than a value that does not fit."""
    rows = [
        {"cell": 0, "accuracy": 0.5, "ci_low": -9.0, "ci_high": 9.0},
        {"cell": 1, "accuracy": -0.1, "ci_low": -0.2, "ci_high": -0.05},
    ]
    stated = claim(kind="threshold", of={"artifact": "a"}, each=["cell"], at_least=0)
    found = judge(stated, frames(a=rows), "small")
    assert (found.verdict, found.value) == (NOT_REPRODUCED, -0.1)
    open_ = judge(stated, frames(a=rows[:1]), "small")
    assert open_.verdict == UNDECIDED


def test_the_worst_group_is_reported_and_exceptions_are_counted():
    read = frames(a=[{"cell": cell, "accuracy": value} for cell, value in enumerate([0.9, 0.2, 0.5])])
    stated = claim(kind="threshold", of={"artifact": "a", "spread": "none"}, each=["cell"], at_least=0.4)
    assert judge(stated, read, "small").value == 0.2
    excused = judge(stated.model_copy(update={"exceptions": 1}), read, "small")
    assert (excused.value, excused.verdict) == (0.5, REPRODUCED)
    assert excused.worst == "cell = 2 (the worst but 1)"


@pytest.mark.parametrize(
    ("read", "values", "expected"),
    [
        ("peak", [0.1, 0.9, 0.2], 2.0),
        ("peak", [0.9, 0.1, 0.9], 2.0),
        ("breadth", [1.0, 0.95, 0.45], 0.55),
        ("breadth", [0.0, 1.0, 1.0], 0.55),
        ("rise", [0.1, 0.9, 0.3], 0.2),
        ("fitted_rise", [0.1, 0.9, 0.3], 0.2),
        ("fitted_rise", [0.5, 0.5, 0.5], 0.0),
        ("departure", [0.1, 0.5, 0.9], 0.0),
        ("departure", [0.1, 0.9, 0.3], (2 * 0.3**2 / 3) ** 0.5),
        ("rank_correlation", [0.1, 0.2, 0.9], 1.0),
        ("rank_correlation", [0.5, 0.5, 0.5], 0.0),
        ("slowdown", [0.5, 0.92, 0.94], 2 * (0.42 - 0.04 / (1 + 0.02 / 0.42))),
    ],
)
def test_what_is_read_off_a_line(read, values, expected):
    line = [exact(np.array([value])) for value in values]
    estimate = LINES[read](np.array([1.0, 2.0, 3.0]), line)
    assert estimate.value == pytest.approx(expected)
    assert estimate.interval == pytest.approx((expected, expected))


@pytest.mark.parametrize("read", ["peak", "breadth", "rise", "fitted_rise", "departure", "slowdown"])
def test_a_finer_grid_gives_the_same_answer(read):
    """Of a line that rises, stays and falls; the steps of the finer grid are an eighth of those of the coarse one."""
    found = []
    for points in (9, 65):
        axis = np.linspace(0, 8, points)
        line = [exact(np.array([value])) for value in np.interp(axis, [0, 4, 6, 8], [0.2, 0.95, 1.0, 0.9])]
        found.append(LINES[read](axis, line).value)
    assert found[1] == pytest.approx(found[0], abs=0.03)


def test_a_line_that_never_gets_there_says_nothing():
    read = frames(a=[{"x": x, "accuracy": 0.1 * x} for x in range(4)])
    of = {"artifact": "a", "along": "x", "read": "slowdown", "spread": "none"}
    assert judge(claim(kind="trend", of=of, at_least=0), read, "small").verdict == UNDECIDED


def test_methods_that_fail_alike_do_not_reproduce_an_equivalence(results):
    edit(results, "table1", {"accuracy": 0.1}, method="similarity", factors=3, superposed=2)
    card = score(results, CLAIMS).set_index("id")
    assert card.verdict["figure6-similarity-no-difference"] == NOT_REPRODUCED
    assert "solves-similarity" in card.note["figure6-similarity-no-difference"]
    assert card.verdict["figure6-latent_similarity-no-difference"] == REPRODUCED


def test_to_be_better_than_an_sde_that_does_not_work_is_no_reproduction(results):
    edit(results, "figure6", {"sde": 0.025}, method="gaussian")
    card = score(results, CLAIMS).set_index("id")
    assert card.verdict["figure6-gaussian-ode-better"] == NOT_REPRODUCED
    assert "figure6-gaussian-sde-solves" in card.note["figure6-gaussian-ode-better"]
    assert card.verdict["figure6-latent_gaussian-ode-better"] == REPRODUCED


def test_the_cost_of_each_method_is_compared_with_the_resonators(results):
    edit(results, "table1", {"multiply_adds": 92_400_000}, method="similarity", factors=2, superposed=8)
    card = score(results, CLAIMS).set_index("id")
    assert card.value["table1-similarity-cost-per-iteration"] == pytest.approx(1.54)
    assert card.worst["table1-similarity-cost-per-iteration"] == "factors = 2, superposed = 8 (the worst)"
    assert card.value["table1-gaussian-cost-per-iteration"] == 1


def test_a_configuration_is_not_compared_with_itself(results):
    path = results / SLUG / "table_search.csv"
    frame = pd.read_csv(path)
    frame[frame.source == "published"].to_csv(path, index=False)
    with pytest.raises(RecomposeError, match=r"claim table-search-gaussian-published-is-best: no rows"):
        score(results, CLAIMS)
