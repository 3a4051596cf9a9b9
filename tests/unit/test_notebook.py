"""The notebook runs on any scale's results, needs no network, and types no number."""

import re
import shutil

import nbformat
import pandas as pd
import pytest
from made_up_results import CLAIMS, ROOT, SLUG, add_artifacts, make_results

from recompose.errors import RecomposeError
from recompose.judgement.notebook import NOT_MADE, Reader, run_notebook
from recompose.judgement.scorecard import score
from recompose.papers import papers
from recompose.storage import read_csv, write_csv, write_json

NOTEBOOK = ROOT / "workflow/notebooks/coupled_inference.ipynb"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    tree = make_results(tmp_path_factory.mktemp("results"))
    add_artifacts(tree)
    return tree


@pytest.mark.slow
def test_it_becomes_one_offline_file(results, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    run_notebook(SLUG, results, tmp_path / "notebook.html", CLAIMS)
    page = (tmp_path / "notebook.html").read_text()
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)
    assert "<script" not in page
    assert page.count("<img") == 7
    assert "Traceback" not in page
    assert str(ROOT) not in page
    assert "read.claim(" not in page  # the code is hidden


def test_a_notebook_without_a_parameter_is_named(results, tmp_path, monkeypatch):
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells[1].source = "results = ''"
    (tmp_path / "workflow/notebooks").mkdir(parents=True)
    nbformat.write(notebook, tmp_path / "workflow/notebooks/coupled_inference.ipynb")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RecomposeError, match="no parameter claims in the cell tagged parameters"):
        run_notebook(SLUG, results, tmp_path / "notebook.html", CLAIMS)
    with pytest.raises(RecomposeError, match="no such notebook"):
        run_notebook("sami", results, tmp_path / "notebook.html", CLAIMS)


def test_it_is_committed_without_outputs():
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        assert cell.cell_type == "markdown" or (not cell.outputs and cell.execution_count is None)


def test_prose_types_no_measured_number():
    prose = " ".join(
        cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "markdown"
    )
    assert not re.search(r"(?<![\w.])0?\.\d\d", prose)


def test_the_reader_shows_numbers_and_claims_as_they_are(results):
    read = Reader(SLUG, results, CLAIMS)
    cell = {"method": "als", "factors": 4, "superposed": 8}
    assert read.number("table1", **cell) == "0.203 [0.197, 0.209]"
    assert read.number("table1", "multiply_adds", **cell) == "6e+07"
    assert read.number("table1", **cell | {"superposed": 16}) == "– (not measured at this scale)"
    assert read.claim("joint-accuracy").startswith("**reproduced**: Our JOINT RESONATOR")
    assert "63" not in read.claims("figure2")
    assert "Printed numbers: 63 reproduced." in read.claims("table1")
    with pytest.raises(RecomposeError, match="0 claims named joint"):
        read.claim("joint")
    with pytest.raises(RecomposeError, match="9 rows with"):
        read.number("table1", method="als")


def test_the_reader_judges_as_the_scorecard_does(results, tmp_path):
    write_csv(score(results, CLAIMS), tmp_path / "scorecard.csv")
    card = read_csv(tmp_path / "scorecard.csv")
    ours = Reader(SLUG, results, CLAIMS).card
    theirs = card[card.paper == SLUG].reset_index(drop=True)
    assert ours.id.tolist() == theirs.id.tolist()
    for column in ("verdict", "value", "ci_low", "ci_high", "cell"):
        pd.testing.assert_series_equal(ours[column], theirs[column], check_exact=True)


def test_where_no_claim_can_be_judged_that_is_said(tmp_path):
    """As where few artifacts were chosen."""
    read = Reader(SLUG, tmp_path / "smoke", CLAIMS)
    assert read.summary() == "The paper's sentences: none. This project's: none."
    assert read.claims("table1") == ""
    assert read.claim("joint-accuracy") == read.number("table1") == NOT_MADE


def test_the_reader_says_what_stands_in_for_the_data(results, tmp_path):
    """By the record of the images, of which there is none here: these are the project's own."""
    caption = papers()["sami"].artifact("table2").caption
    assert Reader("sami", results, CLAIMS).caption("table2").startswith(f"> {caption} Made on faces that are drawn")
    tree = shutil.copytree(results, tmp_path / results.name)
    record = {"settings": {"faces": {"source": "celeba"}}}
    write_json(record, tree / "sami/provenance/faces.safetensors.json")
    assert Reader("sami", tree, CLAIMS).caption("table2") == f"> {caption}"
