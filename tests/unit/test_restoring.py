"""Restoring: what is sound and nobody's own is placed; all else is named, and nothing takes it for good."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from snakemake.persistence import MetadataRecord
from snakemake.persistence.file import FilePersistence

from recompose.config import Config, block
from recompose.errors import RecomposeError
from recompose.storage import write_text
from recompose.workflow.metadata import NAME, keep
from recompose.workflow.provenance import record, sidecar_of, write_manifest
from recompose.workflow.restoring import restore

TREE = Path("results/small")
PAPER = TREE / "coupled_inference"
PART, TABLE1, FIGURE2 = PAPER / "parts/table1.0-of-1.csv", PAPER / "table1.csv", PAPER / "figure2.csv"
SCORECARD, MANIFEST = TREE / "scorecard.csv", TREE / "manifest.json"
MADE = {PART: [], TABLE1: [PART], FIGURE2: [], SCORECARD: [TABLE1, FIGURE2]}
"""The artifacts, and what each is made from."""

STAGES = {
    "coupled_inference": {"cmd": "true", "deps": ["code"], "outs": [{str(PAPER): {"persist": True}}]},
    "page": {
        "cmd": "true",
        "deps": ["code"],
        "outs": [{str(path): {"persist": True}} for path in (SCORECARD, MANIFEST, TREE / "provenance")],
    },
}


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def dvc(*arguments: str) -> None:
    run(sys.executable, "-m", "dvc", *arguments)


def make(path: Path, text: str) -> None:
    """What a run does: an artifact, its provenance, and Snakemake's record."""
    write_text(text, path)
    settings = block(Config(), "coupled_inference", "table1") if path == TABLE1 else {}
    outputs = [path, record(path, tree=TREE, modules=[], paper="coupled_inference", settings=settings)]
    for output in outputs[: 1 if path == PART else 2]:  # a part's provenance is no output of its rule
        inputs = [each.as_posix() for each in MADE[path]]
        FilePersistence()._write_record(output.as_posix(), MetadataRecord(input=inputs, record_format_version=6))


def make_manifest() -> None:
    write_manifest(TREE)
    inputs = [sidecar_of(path, TREE).as_posix() for path in MADE if path != PART]
    FilePersistence()._write_record(MANIFEST.as_posix(), MetadataRecord(input=inputs, record_format_version=6))
    keep(TREE)


@pytest.fixture(scope="module")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `made`, in which a run and a push have ended, and `storage`, the DVC remote."""
    folder = tmp_path_factory.mktemp("restoring")
    with pytest.MonkeyPatch.context() as patch:
        (folder / "made").mkdir()
        patch.chdir(folder / "made")
        for path in MADE:
            make(path, f"numbers\n{path.stem}\n")
        make_manifest()
        write_text("results\n.snakemake\n", ".gitignore")
        write_text("code\n", "code")
        write_text(yaml.safe_dump({"stages": STAGES}), "dvc.yaml")
        run("git", "init", "--quiet")
        dvc("init", "--quiet")
        dvc("remote", "add", "--default", "storage", "../storage")
        dvc("repro", "--quiet")
        dvc("push", "--quiet")
    return folder


@pytest.fixture
def clone(pushed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone without results, and its own copy of the remote."""
    kept = shutil.ignore_patterns("results", ".snakemake", "cache", "tmp")
    shutil.copytree(pushed / "made", tmp_path / "clone", ignore=kept)
    shutil.copytree(pushed / "storage", tmp_path / "storage")
    monkeypatch.chdir(tmp_path / "clone")
    return tmp_path


def object_of(clone: Path, path: Path) -> Path:
    """Where the remote has a file, or the listing of a folder."""
    outs = {out["path"]: out["md5"] for stage in lock()["stages"].values() for out in stage["outs"]}
    folder = next(each for each in (path, *path.parents) if str(each) in outs)
    md5 = outs[str(folder)]
    if folder != path:
        listing = json.loads((clone / "storage/files/md5" / md5[:2] / md5[2:]).read_text())
        (md5,) = [entry["md5"] for entry in listing if folder / entry["relpath"] == path]
    return clone / "storage/files/md5" / md5[:2] / md5[2:]


def lock() -> dict:
    return yaml.safe_load(Path("dvc.lock").read_text())


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)


def files() -> set[Path]:
    return {path for path in TREE.rglob("*") if path.is_file() and path.name[0] != "."}


def knows(path: Path) -> bool:
    return FilePersistence()._read_record(path.as_posix()) is not None


def everything(pushed: Path) -> set[Path]:
    made = pushed / "made"
    return {path.relative_to(made) for path in (made / TREE).rglob("*") if path.is_file()}


def test_all_is_restored_and_known(pushed: Path, clone: Path) -> None:
    done = restore(TREE, Config())
    assert done.findings == [] and done.placed == len(everything(pushed)) and done.there == 0
    assert files() == everything(pushed)
    assert all(path.read_bytes() == (pushed / "made" / path).read_bytes() for path in files())
    assert all(map(knows, [*MADE, MANIFEST]))


def test_it_is_safe_to_repeat(clone: Path) -> None:
    restore(TREE, Config())
    done = restore(TREE, Config())
    assert (done.placed, done.findings) == (0, []) and done.there > 0


def test_only_what_is_absent_is_brought(clone: Path) -> None:
    restore(TREE, Config())
    TABLE1.unlink()
    assert restore(TREE, Config()).placed == 1


@pytest.mark.parametrize(
    ("damaged", "waiting"),
    [
        (PART, {TABLE1, SCORECARD, MANIFEST}),
        (TABLE1, {SCORECARD, MANIFEST}),
        (FIGURE2, {SCORECARD, MANIFEST}),
        (SCORECARD, set()),
        (MANIFEST, set()),
        (sidecar_of(TABLE1, TREE), {TABLE1, SCORECARD, MANIFEST}),
        (sidecar_of(PART, TREE), {PART, TABLE1, SCORECARD, MANIFEST}),
        (PAPER / NAME, {PART, TABLE1, FIGURE2, SCORECARD, MANIFEST}),
        (TREE / NAME, {SCORECARD, MANIFEST}),
    ],
)
@pytest.mark.parametrize("damage", [flip, Path.unlink])
def test_what_is_damaged_is_named_and_left_out_with_what_follows_from_it(
    clone: Path, damaged: Path, waiting: set[Path], damage: Callable[[Path], None]
) -> None:
    damage(object_of(clone, damaged))
    done = restore(TREE, Config())
    why = "refused, the DVC remote has other bytes" if damage is flip else "missing in the DVC remote"
    (finding,) = done.findings
    assert finding.startswith(f"{damaged}: {why}")
    assert not damaged.exists()
    artifacts = {*MADE, MANIFEST} - {damaged}
    assert files() & artifacts == artifacts - waiting
    assert {path for path in artifacts if knows(path)} == artifacts - waiting


def test_a_damaged_listing_is_named(clone: Path) -> None:
    flip(object_of(clone, PAPER))
    done = restore(TREE, Config())
    assert [line.partition(": ")[0] for line in done.findings] == [str(PAPER)]
    assert not (files() & {*MADE, MANIFEST})


def test_a_damaged_object_does_not_stay_in_the_cache(clone: Path) -> None:
    sound = object_of(clone, TABLE1).read_bytes()
    flip(object_of(clone, TABLE1))
    assert restore(TREE, Config()).findings
    object_of(clone, TABLE1).write_bytes(sound)
    assert restore(TREE, Config()).findings == []
    assert TABLE1.read_bytes() == sound


def cached(clone: Path, path: Path) -> Path:
    return clone / "clone/.dvc/cache" / object_of(clone, path).relative_to(clone / "storage")


def test_an_object_that_is_damaged_in_the_cache_is_brought_anew(clone: Path) -> None:
    restore(TREE, Config())
    sound = TABLE1.read_bytes()
    flip(cached(clone, TABLE1))
    cached(clone, TABLE1).chmod(0o444)
    shutil.rmtree("results")
    assert restore(TREE, Config()).findings == []
    assert TABLE1.read_bytes() == sound


def test_dvc_makes_too_few_checks_by_itself(clone: Path) -> None:
    """Why restoring hashes: where this test fails, DVC has learned to, and the module may become shorter."""
    sound = (clone / "storage" / object_of(clone, TABLE1)).read_bytes()
    flip(object_of(clone, TABLE1))
    dvc("pull")
    assert TABLE1.read_bytes() != sound
    shutil.rmtree("results"), shutil.rmtree(".dvc/cache")
    dvc("remote", "modify", "storage", "verify", "true")
    assert subprocess.run([sys.executable, "-m", "dvc", "pull"], capture_output=True).returncode
    assert not PAPER.exists() and SCORECARD.exists()  # the whole folder, for one of its files
    object_of(clone, TABLE1).write_bytes(sound)
    dvc("pull")
    flip(cached(clone, TABLE1))
    cached(clone, TABLE1).chmod(0o444)
    shutil.rmtree("results")
    dvc("pull")
    assert TABLE1.read_bytes() != sound


def test_what_the_manifest_does_not_tell_of_is_refused(clone: Path) -> None:
    restore(TREE, Config())
    before = MANIFEST.read_bytes()
    make(FIGURE2, "numbers\nof another run\n")
    make_manifest()
    MANIFEST.write_bytes(before)
    dvc("commit", "--force", "--quiet")
    dvc("push", "--quiet")
    shutil.rmtree("results")
    done = restore(TREE, Config())
    assert done.findings == [f"{FIGURE2}: refused, the manifest tells of other bytes"]
    assert not FIGURE2.exists() and not SCORECARD.exists() and TABLE1.exists()


def test_what_was_made_with_other_settings_is_named(clone: Path) -> None:
    config = Config.model_validate({"coupled_inference": {"table1": {"trials": 50}}})
    done = restore(TREE, config)
    assert done.findings == [f"{TABLE1}: stale, made with table1.trials = 200, which is 50 now"]
    assert TABLE1.exists()  # with Snakemake's record of how it was made, which makes it rerun


def test_what_is_the_users_own_is_left_alone(clone: Path) -> None:
    make(FIGURE2, "numbers\nof my own\n")
    before = {path: path.read_bytes() for path in files()}
    (finding,) = restore(TREE, Config()).findings
    assert finding.startswith(f"{FIGURE2}: your own with 1 more, and not in dvc.lock; ")
    assert "move results/small away" in finding
    assert {path: path.read_bytes() for path in before} == before
    assert not TABLE1.exists()
    assert not SCORECARD.exists()  # it is made from Table 1


def test_what_is_nobodys_own_is_restored_beside_it(clone: Path) -> None:
    restore(TREE, Config())
    make(FIGURE2, "numbers\nof my own\n")
    SCORECARD.unlink()
    done = restore(TREE, Config())
    assert len(done.findings) == 1 and done.placed == 1 and SCORECARD.exists()
    assert FIGURE2.read_text() == "numbers\nof my own\n"


def test_another_version_that_dvc_has_gives_way(clone: Path) -> None:
    restore(TREE, Config())
    before, locked = files(), Path("dvc.lock").read_text()
    sound = FIGURE2.read_bytes()
    make(FIGURE2, "numbers\nof another run\n")
    make_manifest()
    dvc("commit", "--force", "--quiet")
    write_text(locked, "dvc.lock")
    assert restore(TREE, Config()).findings == []
    assert files() == before and FIGURE2.read_bytes() == sound


def test_a_file_that_is_not_as_it_was_made_gives_way(clone: Path) -> None:
    restore(TREE, Config())
    sound = TABLE1.read_bytes()
    flip(TABLE1)
    done = restore(TREE, Config())
    assert (done.placed, done.findings) == (1, [])
    assert TABLE1.read_bytes() == sound


def refusal() -> str:
    with pytest.raises(RecomposeError) as caught:
        restore(TREE, Config())
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_no_lock_file(clone: Path) -> None:
    Path("dvc.lock").unlink()
    assert refusal().startswith("dvc.lock: no such file; `dvc repro` writes it")


@pytest.mark.parametrize("content", ["<<<<<<< HEAD\nstages: {}\n=======\n", "[]", "stages: [1]", "{"])
def test_no_sound_lock_file(clone: Path, content: str) -> None:
    write_text(content, "dvc.lock")
    assert refusal() == "dvc.lock: not a lock file of DVC; take it from git: git checkout dvc.lock"


def test_no_remote(clone: Path) -> None:
    dvc("remote", "remove", "storage")
    assert refusal().startswith("no DVC remote to restore from; name it: dvc remote add --default")


def test_a_remote_that_cannot_be_reached(clone: Path) -> None:
    dvc("remote", "modify", "storage", "url", "hdfs://nowhere/storage")
    assert refusal().startswith("DVC: ")


def test_an_empty_remote(clone: Path) -> None:
    shutil.rmtree(clone / "storage")
    assert refusal() == "the DVC remote has none of the results in dvc.lock; `dvc push` where they were made"
    assert not files()


def test_another_scale(clone: Path) -> None:
    with pytest.raises(RecomposeError, match=r"dvc.lock has no results of scale paper; it has those of small"):
        restore(Path("results/paper"), Config())


def test_no_remote_is_needed_for_what_the_cache_has(clone: Path) -> None:
    restore(TREE, Config())
    dvc("remote", "remove", "storage")
    shutil.rmtree("results")
    assert restore(TREE, Config()).findings == []
    assert TABLE1.exists()
