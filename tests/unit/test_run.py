"""What a run needs beside Snakemake: the tree to itself, dates that make sense, settings that stay as they are."""

import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from snakemake.cli import parse_config

from recompose.config import Config
from recompose.errors import RecomposeError
from recompose.storage import is_its_own
from recompose.workflow import interrupts, run
from recompose.workflow.cluster import pin, pinned
from recompose.workflow.provenance import content_hash
from recompose.workflow.run import dated_ahead, join, require_keys_once, require_temporary_room, settle_dates, take

OTHER = """
import sys
from recompose.workflow import run

getattr(run, sys.argv[1])(sys.argv[2])
print("has it", flush=True)
input()
"""


@pytest.mark.parametrize(("hold", "told"), [("take", "another run is"), ("join", "jobs of an earlier run are still")])
def test_a_tree_that_others_write_is_refused_until_they_end(tmp_path, hold, told):
    def start(what: str) -> subprocess.Popen[str]:
        streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen([sys.executable, "-c", OTHER, what, str(tmp_path)], text=True, **streams)

    with start(hold) as first:
        assert first.stdout.readline() == "has it\n"
        _, refusal = start("take").communicate()
        assert f"{told} writing {tmp_path}; wait for " in refusal
        first.kill()
    _, refusal = start("take").communicate("\n")
    assert not refusal


def test_jobs_of_one_run_are_many(tmp_path):
    take(tmp_path)
    join(tmp_path)
    join(tmp_path)


def test_a_tree_that_cannot_be_locked_is_a_line(tmp_path):
    with pytest.raises(RecomposeError, match=r"^cannot write .*absent: no such file or directory$"):
        take(tmp_path / "absent")


@pytest.mark.parametrize("number", run.NO_LOCKS)
def test_a_file_system_without_locks_is_told_with_a_remedy(tmp_path, monkeypatch, number):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(run.fcntl, "flock", refuse)
    with pytest.raises(RecomposeError, match=rf"^cannot lock {tmp_path}: .* has no locks .*; make results a link to"):
        take(tmp_path)


@pytest.mark.parametrize("where", ["TMPDIR", "where Python looks else"])
def test_no_room_for_temporary_files_is_a_line_with_a_remedy(tmp_path, monkeypatch, where):
    require_temporary_room()
    monkeypatch.setenv("TMPDIR", str(tmp_path if where == "TMPDIR" else tmp_path / "absent"))
    require_temporary_room()
    monkeypatch.setattr(run, "is_full", lambda folder: True)
    folder = tmp_path if where == "TMPDIR" else run.tempfile.gettempdir()
    told = f"^no room for temporary files in {folder}; make some, or set TMPDIR to another folder$"
    with pytest.raises(RecomposeError, match=told):
        require_temporary_room()


def make(path, date, text=""):
    path.write_text(text or path.name)
    os.utime(path, (date, date))
    return path


def test_dates_in_the_future_become_now_and_keep_their_order(tmp_path):
    now = time.time()
    dates = {"old": now - 1000, "late": now + 2000, "later": now + 3000, "latest": now + 9e8}
    for name, date in dates.items():
        make(tmp_path / name, date)
    settle_dates(tmp_path)
    settle_dates(tmp_path / "absent")
    found = {path.name: path.stat().st_mtime for path in tmp_path.iterdir()}
    assert sorted(found, key=found.__getitem__) == list(dates)
    assert found["old"] == pytest.approx(dates["old"], abs=0.01)
    assert now - 1 < found["late"] <= found["latest"] <= time.time()


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_what_a_result_is_linked_to_keeps_its_date(tmp_path, link):
    now = time.time()
    (tmp_path / "tree").mkdir()
    cached, result = make(tmp_path / "cached", now + 2000), tmp_path / "tree" / "result"
    link(cached, result)
    settle_dates(tmp_path / "tree")
    assert cached.stat().st_mtime == pytest.approx(now + 2000)
    assert is_its_own(result) and result.read_text() == "cached" and result.stat().st_mtime <= time.time()


def test_a_file_of_another_owner_becomes_a_copy(tmp_path, monkeypatch):
    result = make(tmp_path / "result", time.time() + 2000)
    inode = result.stat().st_ino
    monkeypatch.setattr(run, "is_its_own", lambda path: False)
    settle_dates(tmp_path)
    assert result.stat().st_ino != inode and result.read_text() == "result" and result.stat().st_mtime <= time.time()


def test_a_file_is_its_own_unless_it_is_a_link_or_another_owners(tmp_path, monkeypatch):
    own, linked, symbolic = make(tmp_path / "own", 1), make(tmp_path / "linked", 1), tmp_path / "symbolic"
    os.link(linked, tmp_path / "again"), symbolic.symlink_to(own)
    assert [is_its_own(path) for path in (own, linked, symbolic)] == [True, False, False]
    monkeypatch.setattr(os, "geteuid", lambda: own.stat().st_uid + 1)
    assert not is_its_own(own)


def test_files_that_are_dated_ahead_stand_by_their_dates(tmp_path):
    now = time.time()
    late = [make(tmp_path / name, now + ahead) for name, ahead in (("b", 1000), ("a", 2000))]
    assert dated_ahead([*reversed(late), make(tmp_path / "old", now - 1), tmp_path / "absent"]) == late


def test_the_hash_of_contents_knows_no_dates(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("1"), two.write_text("2")
    before = content_hash(one, two)
    os.utime(one, (0, 0))
    assert content_hash(str(one), two) == before != content_hash(two, one)
    one.write_text("3")
    assert content_hash(one, two) != before
    assert content_hash(one, tmp_path / "absent") == content_hash(one)


def test_a_folder_stands_by_the_names_and_sizes_of_its_files(tmp_path):
    photographs, elsewhere = tmp_path / "photographs", tmp_path / "elsewhere"
    for folder in (photographs, elsewhere):
        folder.mkdir()
        (folder / "a.png").write_text("12")
    (photographs / "linked").symlink_to(elsewhere)
    (photographs / "b.png").symlink_to("nothing")
    known = [content_hash(photographs)]
    os.utime(photographs / "a.png", (0, 0))
    assert content_hash(photographs) == known[0]
    for name, text in (("a.png", "123"), ("linked/a.png", "123"), ("linked/c.png", "")):
        (photographs / name).write_text(text)
        known.append(content_hash(photographs))
    assert len(set(known)) == 4


def test_a_job_has_the_settings_of_its_run():
    settings = Config.model_validate({"scale": "smoke", "coupled_inference": {"methods": ["it's $(x)", '"`\n']}})
    workflow = SimpleNamespace(config_settings=SimpleNamespace(config_args=["scale=small"]))
    pin(workflow, settings)
    assert pinned(parse_config(workflow.config_settings.config_args)) == settings


def test_a_second_ctrl_c_is_one_with_the_first_unless_it_comes_late(monkeypatch):
    def press() -> bool:
        """Whether it is Python's Ctrl-C."""
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            return True
        return False

    before = signal.signal(signal.SIGINT, interrupts._once)
    try:
        assert (press(), press()) == (False, False)
        monkeypatch.setattr(interrupts, "HURRY", -1)
        assert press()
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        ("KeyboardInterrupt", -signal.SIGINT, ["recompose: interrupted; the same command goes on from here"]),
        (
            "ValueError",
            1,
            ["Traceback (most recent call last):", '  File "<string>", line 1, in <module>', "ValueError"],
        ),
    ],
)
def test_an_interrupt_that_nobody_catches_is_a_line(error, status, told):
    code = f"from recompose.workflow.interrupts import *; end_without_traceback(); raise {error}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr.splitlines()) == (status, told)


def test_a_command_that_is_over_cannot_be_interrupted(tmp_path):
    code = (
        "import atexit, signal, sys; atexit.register(signal.raise_signal, signal.SIGINT); sys.argv[1:] = ['--help'];"
        "from recompose.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "words",
    [
        ["--config", "scale=smoke", "device=cpu", "--cores", "2"],
        ["--config", "scale=smoke", "--resources", "gpu=1", "gpu=2"],
        ["-C", "sami={a: 1}", "--config=scale=smoke"],
        ["scale=smoke", "scale=small"],  # no settings: targets, which Snakemake does not find
    ],
)
def test_keys_that_stand_once_are_taken(words):
    require_keys_once(words)


@pytest.mark.parametrize(
    "words",
    [
        ["--config", "device=cpu", "scale=smoke", "scale=small"],
        ["--config", "scale=smoke", "--cores", "2", "-C", "scale=small"],
        ["--config=scale=smoke", "--config", "scale=small"],
    ],
)
def test_a_key_that_is_set_twice_is_refused(words):
    with pytest.raises(RecomposeError, match="--config: scale stands twice; keep one"):
        require_keys_once(words)
