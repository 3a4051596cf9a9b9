"""What Snakemake knows of outputs goes where the outputs go."""

import os
import shutil
from pathlib import Path

import pytest
from snakemake.persistence import MetadataRecord
from snakemake.persistence.file import FilePersistence

from recompose.errors import RecomposeError
from recompose.storage import write_text
from recompose.workflow.metadata import NAME, entries, keep, take_over
from recompose.workflow.provenance import sha256_of

TREE = Path("results/small")
TABLE1 = TREE / "coupled_inference/table1.csv"
SCORECARD = TREE / "scorecard.csv"


def known(path: Path) -> MetadataRecord | None:
    return FilePersistence()._read_record(path.as_posix())


def is_incomplete(path: Path) -> bool:
    return bool(FilePersistence()._filter_incomplete_keys([path.as_posix()]))


def make(path: Path, text: str, settings: str, *inputs: Path) -> None:
    """What a run does: an output, and Snakemake's record of it."""
    write_text(text, path)
    checksums = {each.as_posix(): f"sha256:{sha256_of(each)}" for each in inputs}
    record = MetadataRecord(params=[settings], record_format_version=6, input_checksums=checksums)
    FilePersistence()._write_record(path.as_posix(), record)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder in which a run has ended."""
    monkeypatch.chdir(tmp_path)
    make(TABLE1, "method\n", "trials = 200")
    make(SCORECARD, "claim\n", "scale = small", TABLE1)
    write_text("{}", TABLE1.parent / "provenance/table1.csv.json")
    write_text("how it went", TREE / "logs/scorecard.log")
    keep(TREE)


def test_a_copy_stands_with_the_outputs_it_tells_of():
    (table1,) = entries(TABLE1.parent / NAME)
    (scorecard,) = entries(TREE / NAME)
    assert (table1["path"], scorecard["path"]) == (TABLE1.as_posix(), SCORECARD.as_posix())


def test_what_is_known_is_known_elsewhere(tmp_path, monkeypatch):
    before = known(TABLE1)
    (tmp_path / "clone").mkdir()
    shutil.copytree(TREE, tmp_path / "clone" / TREE)
    monkeypatch.chdir(tmp_path / "clone")
    assert known(TABLE1) is None
    assert take_over(TREE) == []
    assert known(TABLE1) == before


def test_outputs_from_elsewhere_are_older_than_every_source():
    (TREE.parent.parent / ".snakemake/recompose.json").unlink()
    take_over(TREE)
    assert TABLE1.stat().st_mtime < 10**9


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_what_an_output_is_linked_to_keeps_its_date(tmp_path, link):
    cached = tmp_path / "cached"
    TABLE1.rename(cached)
    link(cached, TABLE1)
    date = cached.stat().st_mtime
    Path(".snakemake/recompose.json").unlink()
    assert take_over(TREE) == [] and known(TABLE1)
    assert cached.stat().st_mtime == date and SCORECARD.stat().st_mtime < 10**9


def test_an_output_of_another_owner_keeps_its_date(monkeypatch):
    date = TABLE1.stat().st_mtime
    monkeypatch.setattr(os, "geteuid", lambda: TABLE1.stat().st_uid + 1)
    Path(".snakemake/recompose.json").unlink()
    assert take_over(TREE) == [] and TABLE1.stat().st_mtime == date


def test_what_was_made_from_another_version_is_made_again(tmp_path):
    """One paper's folder is put back to an earlier version, by `dvc checkout coupled_inference`."""
    shutil.copytree(TABLE1.parent, tmp_path / "before")
    make(TABLE1, "method\nals\n", "trials = 50")
    make(SCORECARD, "claims\n", "scale = small", TABLE1)
    keep(TREE)
    shutil.rmtree(TABLE1.parent)
    shutil.copytree(tmp_path / "before", TABLE1.parent)
    assert take_over(TREE) == [SCORECARD]
    assert is_incomplete(SCORECARD) and not is_incomplete(TABLE1)


def test_a_copy_is_taken_over_once():
    make(TABLE1, "method\nals\n", "trials = 50")  # and the run was killed before it could leave a copy
    assert take_over(TREE) == []
    assert known(TABLE1).params == ["trials = 50"]


def test_another_version_of_the_results_brings_its_own(tmp_path):
    shutil.copytree(TREE, tmp_path / "before")
    make(TABLE1, "method\nals\n", "trials = 50")
    keep(TREE)
    shutil.rmtree(TREE)
    shutil.copytree(tmp_path / "before", TREE)
    assert take_over(TREE) == []
    assert known(TABLE1).params == ["trials = 200"]


def test_an_output_that_the_copy_does_not_tell_of_is_made_again(tmp_path):
    shutil.rmtree(".snakemake")
    write_text("method\nals\n", TABLE1)
    assert take_over(TREE) == [TABLE1]
    assert is_incomplete(TABLE1) and not is_incomplete(SCORECARD)
    make(TABLE1, "method\nals\n", "trials = 200")
    make(SCORECARD, "claim\n", "scale = small", TABLE1)
    keep(TREE)
    shutil.rmtree(".snakemake")
    assert take_over(TREE) == []


def test_an_interrupted_job_is_forgotten_once_its_output_is_there(tmp_path):
    FilePersistence()._mark_incomplete(TABLE1.as_posix(), None)
    Path(".snakemake/recompose.json").unlink()
    take_over(TREE)
    assert not is_incomplete(TABLE1)


def test_an_output_that_is_not_there_is_no_concern():
    shutil.rmtree(".snakemake")
    TABLE1.unlink()
    assert take_over(TREE) == []
    assert known(TABLE1) is None and known(SCORECARD)


def test_equal_knowledge_is_equal_bytes():
    before = (TREE / NAME).read_bytes()
    shutil.rmtree(".snakemake")
    take_over(TREE)
    keep(TREE)
    assert (TREE / NAME).read_bytes() == before


def test_a_corrupt_copy_is_one_line():
    write_text("{", TREE / NAME)
    with pytest.raises(RecomposeError, match=r"snakemake\.jsonl: not readable as lines of JSON .* delete it"):
        take_over(TREE)
