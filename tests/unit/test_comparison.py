"""Two results trees are compared by their rows, and every movement has a known answer."""

import json
import math
import re
import shutil
import sys

import pandas as pd
import pytest

from recompose.cli import main
from recompose.errors import RecomposeError
from recompose.judgement.comparison import UNLIKE, compare, render, text
from recompose.judgement.movements import Artifact, compare_frames
from recompose.papers import papers
from recompose.storage import write_csv, write_json

SLUG = "coupled_inference"
HALF = 1.96 * 0.01
"""Half an interval's width at a standard error of 0.01."""


def accuracies(*values, trials=100, half=HALF):
    rows = [
        {"method": "als", "factors": factors, "accuracy": value, "ci_low": value - half, "ci_high": value + half}
        for factors, value in enumerate(values, start=2)
    ]
    return pd.DataFrame(rows).assign(trials=trials)


REST = {"path": f"{SLUG}/table1.csv", "sha256": "one", "inputs": {}, "wall_seconds": 1.0}
"""What a record has besides."""


def moved(first, second, artifact, slug=SLUG) -> Artifact:
    """What became of the numbers of an artifact, whose places and own number the paper's table declares."""
    declared = papers()[slug].artifact(artifact)
    return compare_frames(first, second, artifact, declared.index, declared.value)


def scorecard(**verdicts):
    row = {"paper": SLUG, "statement": "Words.", "value": 0.5, "ci_low": 0.4, "ci_high": 0.6}
    return pd.DataFrame([{**row, "id": name.replace("_", "-"), "verdict": said} for name, said in verdicts.items()])


def make_tree(tree, frames, card=None, settings=None, **entry):
    for name, frame in frames.items():
        write_csv(frame, tree / SLUG / f"{name}.csv")
    write_csv(scorecard(one="reproduced", two="not reproduced") if card is None else card, tree / "scorecard.csv")
    settings = {"scale": "small", "table1": {"trials": 100}} if settings is None else settings
    made = {"paper": SLUG, "settings": settings, "commit": "0123456789abcdef", "dirty": False, "device": "cpu"}
    made |= {"versions": {"torch": "2.0"}} | entry
    write_json({"artifacts": {f"{SLUG}/{name}.csv": made for name in frames}}, tree / "manifest.json")
    return tree


@pytest.fixture
def before(tmp_path):
    return make_tree(tmp_path / "before", {"table1": accuracies(0.5, 0.6, 0.7)})


def test_identical_trees_say_that_nothing_moved(before, tmp_path):
    found = compare(before, shutil.copytree(before, tmp_path / "after"))
    assert (found.matched, found.changed, found.turned, found.settings) == (3, 0, [], [])
    assert all(artifact.same for artifact in found.artifacts)
    told = text(found)
    assert "0 of 3 rows in both trees changed" in told
    assert f"nothing moved (1): {SLUG}/table1" in told
    assert "0 of 2 in both trees have another verdict" in told
    assert "only in" not in told


def test_a_number_moves_by_standard_errors_of_both(before, tmp_path):
    step = 3 * math.hypot(0.01, 0.01)
    after = make_tree(tmp_path / "after", {"table1": accuracies(0.5, 0.6 - step, 0.7 + step / 3)})
    found = compare(before, after)
    (artifact,) = found.artifacts
    assert (artifact.matched, artifact.changed, artifact.alone, artifact.judged) == (3, 2, (0, 0), 3)
    assert artifact.beyond == {2: 1, 4: 0}
    assert UNLIKE not in text(found)
    assert artifact.largest.size == pytest.approx(-3)
    assert artifact.largest.place == "method = als, factors = 3"
    assert artifact.expected == pytest.approx({2: 3 * 0.0455, 4: 3 * 6.334e-5}, rel=1e-3)
    assert artifact.relative is None
    assert "-3.0 s.e.: accuracy 0.6 -> 0.5576 at method = als, factors = 3" in text(found)
    assert "1 of 3 numbers moved by more than 2 standard errors (0.1 by chance)" in text(found)


def test_an_interval_counts_on_the_side_that_faces_the_other_number():
    first = pd.DataFrame({"method": ["als"], "accuracy": [0.5], "ci_low": [0.0], "ci_high": [0.5 + HALF]})
    second = pd.DataFrame({"method": ["als"], "accuracy": [0.6], "ci_low": [0.6], "ci_high": [1.0]})
    assert moved(first, second, "table1").largest.size == pytest.approx(10)
    assert moved(second, first, "table1").largest.size == pytest.approx(-10)


def test_a_mean_without_interval_has_the_error_of_its_runs():
    first = pd.DataFrame({"method": ["als"], "mean": [1.0], "std": [0.3], "n": [9]})
    second = first.assign(mean=1.4, std=0.4, n=16)
    assert moved(first, second, "table1").largest.size == pytest.approx(0.4 / math.hypot(0.1, 0.1))


def test_a_number_without_uncertainty_moves_relatively():
    first = pd.DataFrame({"codebook": [0, 1, 2], "trials": 20, "ode": [0.5, 0.25, 0.125], "note": ["a", None, "c"]})
    second = first.assign(ode=[0.5, 0.5, 0.125 * (1 + 1e-8)], trials=40, note=["a", "b", "c"])
    found = moved(first, second, "figure6")
    assert (found.matched, found.changed, found.judged, found.largest) == (3, 1, 0, None)
    assert str(found.relative) == "+50 %: ode 0.25 -> 0.5 at codebook = 1"
    assert found.beside == {"trials": 3, "note": 1}


def test_an_interval_of_no_width_leaves_a_relative_movement():
    first, second = (accuracies(value, half=0) for value in (0.5, 0.25))
    found = moved(first, second, "table1")
    assert (found.judged, found.largest, found.relative.size) == (0, None, -0.5)


def test_a_number_that_becomes_undefined_has_moved_furthest():
    first = pd.DataFrame({"method": ["als", "resonator"], "capacity": [10.5, 20.5]})
    found = moved(first, first.assign(capacity=[float("nan"), 10.5]), "capacity")
    assert found.changed == 2
    assert str(found.relative) == "capacity 10.5 -> undefined at method = als"


def test_places_are_the_declared_columns():
    """Whether they hold fractions or text, wherever they stand; and no others, whatever they hold."""
    grid = pd.DataFrame({"density": 0.1, "setting": ["a"] * 4, "x": [0.5, 1.5] * 2, "y": [0.5, 0.5, 1.5, 1.5]})
    turned = grid.iloc[::-1].assign(density=[0.2, 0.1, 0.1, 0.1], setting="b")
    found = compare_frames(grid, turned, "figure1", ["x", "y"], "density")
    assert (found.matched, found.changed, found.alone) == (4, 1, (0, 0))
    assert str(found.relative) == "+50 %: density 0.1 -> 0.2 at x = 1.5, y = 1.5"
    assert found.beside == {"setting": 4}
    assert compare_frames(grid, turned, "figure1", ["setting", "x", "y"], "density").alone == (4, 4)
    means = pd.DataFrame({
        "samples": [100, "analytic"], "n": [5, 5], "floor": [0.1, 0.2], "geometric_mean": [1.5, 2.5],
        "ci_low": [1.4, 2.4], "ci_high": [1.6, 2.6],
    })  # fmt: skip
    found = moved(means, means.assign(n=8, floor=0.3), "particles", "weighted_composition")
    assert (found.matched, found.judged, found.beside) == (2, 2, {"n": 2, "floor": 2})


def test_a_declared_column_that_is_not_there_is_no_place():
    """Results of an earlier version may lack one."""
    first = accuracies(0.5, 0.6).assign(superposed=2)
    found = moved(first, first.drop(columns="superposed").assign(accuracy=[0.5, 0.7]), "table1")
    assert (found.matched, found.changed, found.columns) == (2, 1, (["superposed"], []))
    assert found.largest.place == "method = als, factors = 3"


@pytest.mark.parametrize("ratio", ["ratio", "ratio_to_resonator"])
def test_every_interval_has_its_number(ratio):
    first = pd.DataFrame({
        "method": ["als", "other"], "capacity": [100.0, 200.0], "ci_low": [90.0, 180.0], "ci_high": [110.0, 220.0],
        ratio: [1.5, 2.5], "ratio_ci_low": [1.4, 2.4], "ratio_ci_high": [1.6, 2.6],
    })  # fmt: skip
    found = moved(first, first.assign(**{ratio: [1.5, 2.7]}), "capacity")
    assert found.judged == 4
    assert found.largest.column == ratio


def test_rows_of_one_place_are_matched_in_order_if_there_are_as_many():
    rows = pd.DataFrame({"setting": ["f_id"] * 2, "difference": [0.5, 0.5]})
    assert moved(rows, rows, "grid", "weighted_composition").same
    found = moved(rows, rows.iloc[:1], "grid", "weighted_composition")
    assert (found.matched, found.alone) == (0, (2, 1))


def test_settings_are_those_of_the_artifact_that_is_there(before, tmp_path):
    after = shutil.copytree(before, tmp_path / "after")
    artifact = f"{SLUG}/table1.csv"
    made = json.loads((after / "manifest.json").read_text())["artifacts"][artifact]
    made["settings"]["table1"]["trials"] = 300
    write_json(REST | made, after / SLUG / "provenance/table1.csv.json")  # made since the manifest was written
    assert compare(before, after).settings == [(f"{SLUG}.table1.trials", "100", "300")]


def test_chance_is_not_all_that_moves_numbers_of_another_configuration(before, tmp_path):
    settings = {"scale": "small", "table1": {"trials": 200}}
    found = compare(before, make_tree(tmp_path / "after", {"table1": accuracies(0.5, 0.6, 0.8)}, settings=settings))
    assert UNLIKE in text(found)
    assert UNLIKE in render(found)


def test_another_scale_is_counted_and_no_error(before, tmp_path):
    after = make_tree(
        tmp_path / "after",
        {"table1": accuracies(0.5, 0.6, 0.7, 0.8, trials=200).iloc[1:]},
        settings={"scale": "paper", "table1": {"trials": 200}},
        commit="fedcba9876543210",
        dirty=True,
    )
    found = compare(before, after)
    assert found.facts[:2] == [("scale", "small", "paper"), ("commit", "0123456789", "fedcba9876 (edited)")]
    assert found.settings == [(f"{SLUG}.table1.trials", "100", "200")]
    (artifact,) = found.artifacts
    assert (artifact.matched, artifact.changed, artifact.alone) == (2, 0, (1, 1))
    assert artifact.beside == {"trials": 2}
    told = text(found)
    assert "scale: small -> paper" in told
    assert "the same: device cpu, torch 2.0" in told
    assert "1 + 1" in told
    assert f"{SLUG}/table1: trials (2 rows)" in told


def test_artifacts_and_columns_of_one_tree_are_named(before, tmp_path):
    table = accuracies(0.5, 0.6, 0.7)
    after = make_tree(tmp_path / "after", {"table1": table.assign(new=1.5), "figure2": table})
    found = compare(before, after)
    assert found.only == ([], [f"{SLUG}/figure2"])
    assert found.artifacts[0].columns == ([], ["new"])
    assert f"Artifacts only in {after}: 1\n    {SLUG}/figure2" in text(found)
    assert "new (in the second only)" in text(found)
    assert compare(after, before).only == ([f"{SLUG}/figure2"], [])


def test_a_file_of_no_table_is_named_and_not_compared(before, tmp_path):
    """Neither its places nor its number are known; such files may be of another version."""
    shutil.copy(before / SLUG / "table1.csv", before / SLUG / "table9.csv")
    after = make_tree(tmp_path / "after", {"table1": accuracies(0.5, 0.6, 0.7), "table9": accuracies(0.9)})
    (after / SLUG / "notes.csv").write_text("not\x00readable")
    shutil.copy(after / SLUG / "notes.csv", before / SLUG)
    for found in (compare(before, after), compare(after, before)):
        assert found.unknown == [f"{SLUG}/notes", f"{SLUG}/table9"]
        assert [artifact.name for artifact in found.artifacts] == [f"{SLUG}/table1"]
        assert (found.only, found.changed) == (([], []), 0)
        assert f"No artifacts of this version, not compared: {SLUG}/notes, {SLUG}/table9\n" in text(found)
        assert f"{SLUG}/table9" in render(found)


def test_trees_without_a_common_artifact_are_no_error(before, tmp_path):
    found = compare(before, make_tree(tmp_path / "after", {"figure2": accuracies(0.5)}))
    assert found.artifacts == []
    assert "no artifact is in both trees" in text(found)
    assert "0 of 0 rows" in render(found)


def test_claims_turn_appear_and_vanish(before, tmp_path):
    card = scorecard(one="not reproduced", three="reproduced")
    found = compare(before, make_tree(tmp_path / "after", {"table1": accuracies(0.5, 0.6, 0.7)}, card))
    (claim,) = found.turned
    assert (claim["name"], claim["verdicts"]) == (f"{SLUG}/one", ("reproduced", "not reproduced"))
    assert (found.claims, found.claims_only) == (1, ([f"{SLUG}/two"], [f"{SLUG}/three"]))
    told = text(found)
    assert f"{SLUG}/one: reproduced 0.500 [0.400, 0.600] -> not reproduced 0.500 [0.400, 0.600]" in told
    assert "  reproduced -> not reproduced: 1\n" in told
    assert f"Claims only in {before}: 1\n    {SLUG}/two\n" in told


def test_a_long_list_is_cut_in_the_terminal_and_whole_on_the_page(before, tmp_path):
    names = [f"extra{number:02}" for number in range(30)]
    found = compare(before, make_tree(tmp_path / "after", {name: accuracies(0.5) for name in names}))
    assert "and 18 more; --output FILE.html shows all" in text(found)
    assert "extra29" not in text(found)
    assert all(name in render(found) for name in names)


@pytest.mark.parametrize("missing", [["manifest.json"], ["scorecard.csv"], ["manifest.json", "scorecard.csv"]])
def test_what_a_tree_lacks_is_told_in_a_line(before, tmp_path, missing):
    after = shutil.copytree(before, tmp_path / "after")
    for name in missing:
        (after / name).unlink()
    with pytest.raises(RecomposeError) as refusal:
        compare(before, after)
    assert str(refusal.value).startswith(f"{after}: no {' and no '.join(missing)}; ")
    assert len(str(refusal.value).splitlines()) == 1


def test_a_tree_that_is_not_there_is_named(before, tmp_path):
    with pytest.raises(RecomposeError, match=f"^{tmp_path / 'nowhere'}: no such folder; "):
        compare(before, tmp_path / "nowhere")


def test_an_entry_that_is_not_whole_is_named(before, tmp_path):
    after = shutil.copytree(before, tmp_path / "after")
    write_json({"artifacts": {f"{SLUG}/table1.csv": "oops"}}, after / "manifest.json")
    with pytest.raises(RecomposeError, match=rf"manifest.json: the entry of {SLUG}/table1.csv is not whole"):
        compare(before, after)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda file: file.write_bytes(b""), r"table1.csv: not a readable CSV file"),
        (lambda file: file.write_bytes(b"\xff\xfe\x00"), r"table1.csv: not a readable CSV file"),
        (lambda file: file.write_text(file.read_text().replace("0.6,", "oops,")), r"column accuracy: 'oops' is no"),
        (lambda file: file.write_text(file.read_text().replace("0.6196", "oops")), r"column ci_high: 'oops' is no"),
    ],
)
def test_a_damaged_file_is_named(before, tmp_path, damage, told):
    after = shutil.copytree(before, tmp_path / "after")
    damage(after / SLUG / "table1.csv")
    for trees in ((before, after), (after, before)):
        with pytest.raises(RecomposeError, match=told) as refusal:
            compare(*trees)
        assert str(after / SLUG / "table1.csv") in str(refusal.value)


def test_an_unknown_verdict_is_named(before, tmp_path):
    after = make_tree(tmp_path / "after", {"table1": accuracies(0.5)}, scorecard(one="perhaps"))
    with pytest.raises(RecomposeError, match="unknown verdict 'perhaps'"):
        compare(before, after)


def test_a_file_without_rows_is_no_error(before, tmp_path):
    after = make_tree(tmp_path / "after", {"table1": accuracies(0.5).iloc[:0]})
    assert compare(before, after).artifacts[0].alone == (3, 0)


def test_the_page_escapes_every_text_and_loads_nothing(tmp_path):
    attack = "<script>alert('x')</script>"
    trees = []
    for number, said in enumerate(("reproduced", "not reproduced")):
        table = accuracies(0.5 + number / 10).assign(method=attack)
        trees.append(
            make_tree(
                tmp_path / f"<b>{number}",
                {"table1": table.assign(**{f"{attack[:8]}{number}": 1}), f"<i>{number}": table},
                scorecard(one=said).assign(statement=attack),
                settings={"scale": attack, "key": f"{attack}{number}"},
                device=attack,
                versions={attack: "1"},
            )
        )
    page = render(compare(*trees))
    assert not re.search(r"<script|<b>|<i>|@import|url\(|src=|https?:", page)
    assert "&lt;script&gt;" in page
    assert "default-src 'none'" in page


def test_the_command_tells_and_writes_and_leaves_the_trees_alone(before, tmp_path, monkeypatch, capsys):
    after = make_tree(tmp_path / "after", {"table1": accuracies(0.5, 0.6, 0.9)})
    files = sorted(tmp_path.rglob("*"))
    page = tmp_path / "diff.html"
    monkeypatch.setattr(sys, "argv", ["recompose", "diff", str(before), str(after), "--output", str(page)])
    with pytest.raises(SystemExit) as left:
        main()
    assert not left.value.code
    assert capsys.readouterr().out == text(compare(before, after))
    assert page.read_text() == render(compare(before, after))
    assert sorted(tmp_path.rglob("*")) == sorted([*files, page])


def test_the_command_refuses_what_was_edited(before, tmp_path, monkeypatch, capsys):
    after = shutil.copytree(before, tmp_path / "after")
    record = json.loads((after / "manifest.json").read_text())["artifacts"][f"{SLUG}/table1.csv"]
    write_json(REST | record | {"sha256": "another"}, after / SLUG / "provenance/table1.csv.json")
    monkeypatch.setattr(sys, "argv", ["recompose", "diff", str(before), str(after)])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    assert "table1.csv: changed since it was made" in capsys.readouterr().err
