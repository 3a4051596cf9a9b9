"""Files are whole or not there, and finished cells survive a kill."""

import errno
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.figure import Figure
from safetensors.torch import save_file

from recompose import storage
from recompose.errors import RecomposeError
from recompose.machine import require_memory
from recompose.storage import read_csv, require_format, write_csv, write_figure, write_tensors, write_text
from recompose.sweeps import WHOLE, Batch, CellStore


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_written_is_read(tmp_path):
    frame = pd.DataFrame({"method": ["a", "b"], "accuracy": [1 / 3, 1.0]})
    write_csv(frame, tmp_path / "new" / "folder" / "x.csv")
    assert (tmp_path / "new/folder/x.csv").read_bytes() == b"method,accuracy\na,0.3333333333\nb,1\n"
    assert files(tmp_path / "new/folder") == ["x.csv"]


def test_a_failure_inside_keeps_the_old_file_and_leaves_no_temporary(tmp_path):
    path = tmp_path / "x.txt"
    write_text("old", path)
    with pytest.raises(ZeroDivisionError), storage.atomic(path) as temporary:
        temporary.write_text("half")
        1 / 0  # noqa: B018
    assert path.read_text() == "old"
    assert files(tmp_path) == ["x.txt"]


@pytest.mark.parametrize("place", ["write", "fsync", "replace"])
@pytest.mark.parametrize(
    ("number", "cause"), [(errno.ENOSPC, "no space left on device"), (errno.EROFS, "read-only file system")]
)
def test_a_full_or_read_only_disk_is_one_line(tmp_path, monkeypatch, place, number, cause):
    path = tmp_path / "x.txt"
    write_text("old", path)

    def refuse(*_, **__):
        raise OSError(number, "refused")

    target = {
        "write": (Path, "write_text"),
        "fsync": (storage.os, "fsync"),
        "replace": (storage.os, "replace"),
    }
    monkeypatch.setattr(*target[place], refuse)
    with pytest.raises(RecomposeError, match=rf"^cannot write {path}: {cause}$"):
        write_text("new", path)
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert files(tmp_path) == ["x.txt"]


def test_a_disk_that_is_really_full(tmp_path):
    """On a tiny file system of its own, where the machine allows to mount one."""
    mount = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
    script = f"""
        mount -t tmpfs -o size=64k none {tmp_path} || exit 77
        {sys.executable} -c '
import sys
from recompose.errors import RecomposeError
from recompose.storage import write_text
write_text("old", "{tmp_path}/x.txt")
try:
    write_text("n" * 10**6, "{tmp_path}/x.txt")
except RecomposeError as error:
    print(error)
'
        ls -A {tmp_path}; cat {tmp_path}/x.txt
    """
    try:
        done = subprocess.run([*mount, script], capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("no unshare here")
    if done.returncode:
        pytest.skip("mounting is not allowed here")
    assert done.stdout == f"cannot write {tmp_path}/x.txt: no space left on device\nx.txt\nold"


def test_a_file_in_the_place_of_a_folder_is_one_line(tmp_path):
    write_text("in the way", tmp_path / "results")
    with pytest.raises(RecomposeError, match=r"cannot write .*x\.csv"):
        write_text("new", tmp_path / "results" / "x.csv")


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o007, 0o660)])
def test_the_umask_says_who_reads_tensors(tmp_path, umask, mode):
    """Those who share a results tree read each other's networks, as they read the tables."""
    before = os.umask(umask)
    try:
        write_tensors(({"weight": torch.zeros(3)}, {"about": "{}"}), tmp_path / "network.safetensors")
        write_text("table", tmp_path / "table.csv")
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {mode}


def test_tensors_have_the_bytes_of_safetensors_own_files(tmp_path):
    tensors = {"b": torch.arange(6.0).view(2, 3), "a": torch.tensor(7), "c": torch.ones(2, dtype=torch.bfloat16)}
    write_tensors((tensors, {"about": "{}"}), tmp_path / "ours")
    save_file(tensors, tmp_path / "theirs", metadata={"about": "{}"})
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()


def test_tensors_on_a_full_disk_are_one_line(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "refused")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(RecomposeError, match=r"^cannot write .*network\.safetensors: no space left on device$"):
        write_tensors(({"weight": torch.zeros(3)}, {}), tmp_path / "network.safetensors")


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_equal_figures_have_equal_bytes(tmp_path, suffix):
    for name in ("a", "b"):
        figure = Figure()
        figure.subplots().plot([0, 1], [1, 0], label="line")
        write_figure(figure, tmp_path / f"{name}{suffix}")
    digests = {hashlib.sha256((tmp_path / f"{name}{suffix}").read_bytes()).hexdigest() for name in ("a", "b")}
    assert len(digests) == 1


def test_a_missing_column_is_named_with_its_file(tmp_path):
    path = tmp_path / "published.csv"
    path.write_text("method,factors\nals,3\n")
    with pytest.raises(RecomposeError, match=r"published.csv: missing column accuracy; it has method, factors"):
        read_csv(path, ["method", "accuracy"])
    assert len(read_csv(path, ["method"])) == 1


@pytest.mark.parametrize("content", ["", 'a,b\n1,"2\n3,4,5,6'])
def test_a_broken_csv_is_one_line(tmp_path, content):
    path = tmp_path / "broken.csv"
    path.write_text(content)
    with pytest.raises(RecomposeError, match=r"broken\.csv: not a readable CSV file") as caught:
        read_csv(path)
    assert "\n" not in str(caught.value)


def test_an_absent_csv_is_one_line(tmp_path):
    with pytest.raises(RecomposeError, match=r"absent\.csv: no such file"):
        read_csv(tmp_path / "absent.csv")


def test_a_tree_of_another_format_is_refused_and_left_alone(tmp_path):
    require_format(tmp_path)
    require_format(tmp_path)
    stamp = tmp_path / ".format.json"
    stamp.write_text('{"format": 99}')
    with pytest.raises(RecomposeError, match=r"format 99.*format 1; move it away or delete it"):
        require_format(tmp_path)
    stamp.write_text("{")
    with pytest.raises(RecomposeError, match="not readable as JSON"):
        require_format(tmp_path)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 20])
def test_every_cell_is_dealt_to_exactly_one_batch(count):
    cells = list(range(11))
    shares = [Batch(index, count).deal(cells) for index in range(count)]
    assert sorted(cell for share in shares for cell in share) == cells
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    assert WHOLE.deal(cells) == cells


@pytest.mark.parametrize("text", ["4/4", "-1/4", "1", "a/b", "0/0", "1/2/3"])
def test_a_wrong_batch_is_told(text):
    with pytest.raises(RecomposeError, match="expected INDEX/COUNT"):
        Batch.parse(text)


ROWS = [{"method": "als", "accuracy": 0.1 + 0.2, "trials": np.int64(7), "ratio": float("nan")}]


def test_a_cell_comes_back_exactly(tmp_path):
    kept = CellStore(tmp_path, "f").put("cell", ROWS)
    again = CellStore(tmp_path, "f").get("cell")
    assert again is not None
    assert again[0]["accuracy"] == kept[0]["accuracy"] == 0.1 + 0.2
    assert pd.DataFrame(again).to_csv() == pd.DataFrame(kept).to_csv() == pd.DataFrame(ROWS).to_csv()


def test_a_cell_of_other_settings_or_cut_short_is_absent(tmp_path):
    CellStore(tmp_path, "old").put("cell", ROWS)
    assert CellStore(tmp_path, "new").get("cell") is None
    assert CellStore(tmp_path, "old").get("other cell") is None
    (path,) = tmp_path.iterdir()
    for cut in ("", "{", path.read_text()[:-9], "7", json.dumps({"fingerprint": "old"})):
        path.write_text(cut)
        assert CellStore(tmp_path, "old").get("cell") is None


def test_clearing_leaves_the_cells_of_other_jobs(tmp_path):
    one, two = CellStore(tmp_path, "f"), CellStore(tmp_path, "f")
    one.put("a", ROWS)
    two.put("b", ROWS)
    one.clear()
    assert two.get("a") is None
    assert two.get("b") is not None


def test_too_much_memory_says_how_much(monkeypatch):
    require_memory(1, "nothing")
    with pytest.raises(
        RecomposeError, match=r"a search space of 10\^12 needs 1024\.0 GiB of memory, and .* GiB are free"
    ):
        require_memory(2**40, "a search space of 10^12")
