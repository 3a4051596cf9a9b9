"""The command line: what it passes on, what it keeps, and how it says no.

The paper's modules are replaced by small ones, so that only the command line is tested.
"""

import hashlib
import json
import subprocess
import sys
import types
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
from made_up_results import ROOT, latents

from recompose.cli import main
from recompose.config import SCALES
from recompose.storage import read_csv, write_csv

EXPERIMENTS = """
import pandas as pd
from recompose.errors import RecomposeError

def table1(*, table1, methods, hyperparameters, device, batch, cells):
    rows = []
    for cell in batch.deal(range(table1.trials)):
        known = cells.get(str(cell))
        rows += known or cells.put(str(cell), [{"method": methods[0], "cell": cell}])
        if cell == 5 and methods == ("killed",) and not known:
            raise SystemExit(137)
    return pd.DataFrame(rows).assign(device=device)

def figure3(*, figure3, methods, hyperparameters):
    raise RecomposeError("figure3 wants something else")

def figure4(*, figure4, hyperparameters):
    raise ZeroDivisionError("a fault")

def figure5(*, figure5, hyperparameters, something_else):
    pass

def figure6(*, figure6):
    pass

def figure2(*, figure2, methods, hyperparameters):
    import torch
    raise torch.OutOfMemoryError(
        "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 79.10 GiB of which 3.50 GiB is"
        " free. Process 7 has 70.00 GiB memory in use.\\nSee the documentation"
    )
"""
AGGREGATION = """
import pandas as pd

def capacity(figure2, *, capacity, folder):
    return figure2.assign(threshold=capacity.threshold, folder=folder.name)

def gather(artifact, parts):
    return pd.concat(parts).sort_values("cell").assign(artifact=artifact)
"""
OTHERS = {
    "aggregation": AGGREGATION,
    "experiments": EXPERIMENTS,
    "figures": "from matplotlib.figure import Figure\ndef figure2(frame):\n    return Figure()\n",
    "tables": "def table1(frame):\n    return f'{len(frame)} rows\\n'\n"
    "capacity = table_search = special_case = table1\n",
    "search": "def search(variant, *, search, journal):\n"
    "    journal.parent.mkdir(exist_ok=True); journal.touch()\n"
    "    return {'variant': variant, 'trials': search.trials}\n",
}
TREE = Path("results/small/coupled_inference")


class Done(NamedTuple):
    """What a command came to."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def recompose(tmp_path, monkeypatch, capsys):
    """Run a command in an empty repository, on the small modules."""
    for name, text in OTHERS.items():
        module = types.ModuleType(f"recompose.papers.coupled_inference.{name}")
        exec(text, vars(module))
        monkeypatch.setitem(sys.modules, module.__name__, module)
    (tmp_path / "config" / "scales").mkdir(parents=True)
    for name in ("config.yaml", *(f"scales/{scale}.yaml" for scale in SCALES)):
        (tmp_path / "config" / name).write_text("coupled_inference: {table1: {trials: 10}, methods: [als]}\n")
    monkeypatch.chdir(tmp_path)
    TREE.mkdir(parents=True)

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["recompose", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        return Done(int(left.value.code or 0), *capsys.readouterr())

    return run


def settings(**values) -> str:
    values = {"table1": {"trials": 10}, "methods": ["als"], "hyperparameters": "published", **values}
    return json.dumps({"scale": "small", "device": "cpu", **values})


def well(done: Done) -> str:
    """What a command that went well printed."""
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(done: Done) -> str:
    """The one line of a refusal."""
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    return line.removeprefix("error: ")


def record(name: str) -> dict:
    return json.loads((TREE / "provenance" / f"{name}.json").read_text())


def test_the_command_line_waits_for_no_heavy_import():
    code = "import sys, recompose.cli; print({'torch', 'pandas', 'pydantic', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_parts_gather_to_the_bytes_of_the_whole(recompose):
    command = ["coupled-inference", "table1", "--settings", settings()]
    for index in (1, 0):
        well(recompose(*command, "--batch", f"{index}/2"))
        assert (TREE / f"parts/table1.{index}-of-2.csv").exists()
    assert not (TREE / "table1.csv").exists()
    well(recompose("coupled-inference", "gather", "table1", "--batches", "2", "--settings", settings()))
    gathered = (TREE / "table1.csv").read_bytes()
    (TREE / "table1.csv").unlink()

    well(recompose("coupled-inference", "table1"))  # by hand: settings of config/, all cells, the standard place
    assert (TREE / "table1.csv").read_bytes() == gathered
    frame = pd.read_csv(TREE / "table1.csv")
    assert list(frame.cell) == list(range(10))
    assert set(frame.device) == {"cpu"}


def test_a_gathered_artifact_records_its_settings_and_the_time_of_its_parts(recompose):
    part = TREE / "parts/table1.0-of-1.csv"
    well(recompose("coupled-inference", "table1", "--batch", "0/1"))
    made = record(part.name)
    made["wall_seconds"], made["processor_seconds"], made["device"] = 1000.0, 500.0, "cuda"
    (TREE / "provenance" / f"{part.name}.json").write_text(json.dumps(made))
    well(recompose("coupled-inference", "gather", "table1", "--batches", "1"))
    entry = record("table1.csv")
    assert 1000 <= entry["wall_seconds"] < 1100
    assert 500 <= entry["processor_seconds"] < 600
    assert entry["device"] == "cuda"
    assert entry["paper"] == "coupled_inference"
    assert entry["settings"]["methods"] == ["als"]
    assert entry["settings"]["table1"]["trials"] == 10
    assert entry["command"][:4] == ["recompose", "coupled-inference", "gather", "table1"]


def test_verify_leaves_with_one_if_anything_is_wrong(recompose):
    csv("table1")
    well(recompose("coupled-inference", "table", "table1"))
    well(recompose("manifest"))
    assert well(recompose("verify")) == "ok\n"
    (TREE / "table1.md").unlink()
    done = recompose("verify")
    assert done == (1, f"{TREE}/table1.md: missing\n", "")


def csv(name: str) -> Path:
    path = TREE / f"{name}.csv"
    path.write_text("method\nals\n")
    return path


def test_a_job_that_was_killed_goes_on_and_leaves_no_cells(recompose):
    command = ["coupled-inference", "table1", "--settings", settings(methods=["killed"])]
    assert recompose(*command).returncode == 137
    assert len(list((TREE / "cells/table1").iterdir())) == 6
    assert not (TREE / "table1.csv").exists()
    well(recompose(*command, "--batch", "0/1"))  # the cell that kills is finished: it is read, not run
    assert not list((TREE / "cells/table1").iterdir())


def test_cells_of_other_hyperparameters_are_not_taken_up(recompose):
    tuned = Path("config/tuned/coupled_inference.yaml")
    tuned.parent.mkdir()
    tuned.write_text("eta: 1\n")
    command = [
        "coupled-inference",
        "table1",
        "--settings",
        settings(methods=["killed"], hyperparameters="tuned"),
    ]
    assert recompose(*command).returncode == 137
    tuned.write_text("eta: 2\n")
    assert recompose(*command).returncode == 137  # the cell that kills is not known: it is run again
    assert recompose(*command).returncode == 0
    assert list(record("table1.csv")["inputs"]) == [str(tuned)]


def test_a_record_has_the_printed_numbers_that_an_artifact_is_made_with(recompose):
    printed, parts = Path("config/published/coupled_inference.csv"), ["--batch", "0/1"]
    printed.parent.mkdir()
    printed.write_text("value\n1\n")
    command = ["coupled-inference", "table1", "--settings", settings()]
    well(recompose(*command))
    assert list(record("table1.csv")["inputs"]) == [str(printed)]
    well(recompose(*command, *parts))
    printed.write_text("value\n2\n")
    well(recompose("coupled-inference", "gather", "table1", "--batches", "1"))
    assert record("table1.csv")["inputs"] == {str(printed): hashlib.sha256(b"value\n2\n").hexdigest()}


def test_an_artifact_made_from_another_one_reads_its_file(recompose):
    csv("figure2")
    well(recompose("coupled-inference", "capacity"))
    assert (TREE / "capacity.csv").read_text() == "method,threshold,folder\nals,0.95,coupled_inference\n"


def test_figures_tables_and_searches_have_files_and_records(recompose):
    csv("figure2"), csv("table1")
    well(recompose("coupled-inference", "plot", "figure2"))
    well(recompose("coupled-inference", "table", "table1"))
    well(recompose("coupled-inference", "search", "gaussian"))
    assert (TREE / "table1.md").read_text() == "1 rows\n"
    assert (TREE / "search/gaussian.yaml").read_text() == "variant: gaussian\ntrials: 200\n"
    assert [record(name)["bytes"] > 0 for name in ("figure2.png", "figure2.svg", "table1.md", "gaussian.yaml")]


def made_of_faces(source: str) -> None:
    """The record of paper 3's faces."""
    path = Path("results/small/sami/provenance/faces.safetensors.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"path": "sami/images/faces.safetensors", "settings": {"faces": {"source": source}}}))


def test_a_printed_table_says_what_it_is_made_on_where_that_is_a_stand_in(recompose, monkeypatch):
    module = types.ModuleType("recompose.papers.sami.faces.tables")
    module.faces = lambda frame: f"{len(frame)} rows\n"
    monkeypatch.setitem(sys.modules, module.__name__, module)
    table = Path("results/small/sami/faces.md")
    table.parent.mkdir()
    table.with_suffix(".csv").write_text("quantity\nerror\n")
    told = "Made on faces that are drawn with CelebA's attributes, which stand in for its photographs."
    for source, expected in (("drawn", f"1 rows\n\n{told}\n"), ("celeba", "1 rows\n")):
        made_of_faces(source)
        well(recompose("sami", "table", "faces"))
        assert table.read_text() == expected
    Path("results/small/sami/provenance/faces.safetensors.json").unlink()
    well(recompose("sami", "table", "faces"))
    assert told in table.read_text()  # nothing is known of it


def test_the_scorecard_goes_by_what_the_images_are(recompose):
    for name in ("claims/sami.yaml", "published/sami.csv"):
        Path("config", name).parent.mkdir()
        Path("config", name).write_text((ROOT / "config" / name).read_text())
    for name, frame in latents().items():
        write_csv(frame, Path("results/small/sami", f"{name}.csv"))
    for source, verdict, needs in (("drawn", "needs real data", "celeba"), ("celeba", "undecided", "scale paper")):
        made_of_faces(source)
        well(recompose("scorecard"))
        row = read_csv("results/small/scorecard.csv").set_index("id").loc["table2-tad"]
        assert (row.verdict, row.value, row.published) == (verdict, 0.583, 0.583)
        assert row.note == f"It needs {needs}."
    counted = json.loads(Path("results/small/scorecard.json").read_text())["sami"]
    assert counted["paper table cells"] == {
        "reproduced": 0, "not_reproduced": 0, "undecided": 2, "needs_real_data": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("figure3", "figure3 wants something else"),
        (
            "table1 --scale smal",
            '--scale: scale = smal: expected one of smoke, small, paper; did you mean "small"?',
        ),
        ("table1 --settings {", "--settings: not valid JSON (Expecting property name"),
        ("table1 --settings 7", "--settings: expected a JSON object, found 7"),
        (
            'table1 --settings {"table1":{"trails":5},"methods":["als"],"hyperparameters":"published"}',
            '--settings: table1.trails = 5: unknown key; did you mean "trials"?',
        ),
        (
            'table1 --settings {"methods":["als"]}',
            "--settings: table1, hyperparameters is read too; add it, or leave --settings out",
        ),
        ("table1 --batch 4/4", "batch 4/4: expected INDEX/COUNT"),
        ("capacity --batch 0/2", "capacity is not made in parts; leave --batch out"),
        ("gather table1 --batches 2", "results/small/coupled_inference/parts/table1.0-of-2.csv: no such file"),
        ("numbers tabel1", 'tabel1: no artifact of coupled_inference; did you mean "table1"?'),
        ("table tabel1", 'tabel1: no artifact of coupled_inference; did you mean "table1"?'),
        ("plot figur2", 'figur2: no artifact of coupled_inference; did you mean "figure2"?'),
        ("gather tabel1 --batches 2", 'tabel1: no artifact of coupled_inference; did you mean "table1"?'),
        ("plot table1", "table1"),
        ("table figure2", "figure2"),
        ("table table1", "results/small/coupled_inference/table1.csv: no such file"),
    ],
)
def test_a_person_is_told_in_one_line(recompose, command, line):
    assert refused(recompose("coupled-inference", *command.split())).startswith(line)


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ('images two_gaussians --settings {"images":{}}', "--settings: gaussians is read too"),
        ('networks guided --settings {"network":{}}', "--settings: training is read too"),
        ("images two_gausians", 'two_gausians: no set of images of feature_guidance; did you mean "two_gaussians"?'),
        ("networks guidde", 'guidde: no network of feature_guidance; did you mean "guided"?'),
        ("gather figure2 --batches 2", "results/small/feature_guidance/parts/figure2.0-of-2.csv: no such file"),
    ],
)
def test_a_person_who_makes_images_or_networks_is_told_in_one_line(recompose, command, line):
    assert refused(recompose("feature-guidance", *command.split())).startswith(line)


def test_a_fault_of_the_program_keeps_its_traceback(recompose):
    with pytest.raises(ZeroDivisionError, match="a fault"):
        recompose("coupled-inference", "figure4")


def test_memory_of_a_gpu_that_is_full_is_told_in_a_line(recompose):
    assert refused(recompose("coupled-inference", "figure2")) == (
        "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 79.10 GiB of which 3.50"
        " GiB is free; make smaller what goes through it at once: particles, at_once or batch"
    )


def test_a_key_that_is_read_but_not_taken_or_taken_but_not_read_is_a_fault(recompose):
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'something_else'"):
        recompose("coupled-inference", "figure5")
    with pytest.raises(TypeError, match="unexpected keyword argument 'hyperparameters'"):
        recompose("coupled-inference", "figure6")


def test_settings_that_an_artifact_does_not_read_are_left_out(recompose):
    """One text serves all artifacts; each records what it reads."""
    well(recompose("coupled-inference", "table1", "--settings", settings(figure2={"trials": 5})))
    assert set(record("table1.csv")["settings"]) == {"scale", "device", "table1", "methods", "hyperparameters"}


def test_several_artifacts_are_made_one_after_another(recompose):
    """Those that are named, in that order, or else all that there are."""
    csv("figure2")
    well(recompose("coupled-inference", "numbers", "capacity", "table1"))
    assert (TREE / "capacity.csv").exists() and (TREE / "table1.csv").exists()
    csv("table_search")
    csv("special_case")
    well(recompose("coupled-inference", "table"))
    assert {path.stem for path in TREE.glob("*.md")} == {"table1", "capacity", "table_search", "special_case"}


def test_another_tree_is_read_and_written_whole(recompose, tmp_path):
    tree = tmp_path / "elsewhere"
    folder = tree / "coupled_inference"
    folder.mkdir(parents=True)
    (folder / "figure2.csv").write_text("method\nals\n")
    for command in ("capacity", "plot figure2", "table1 --batch 0/1", "gather table1 --batches 1", "table table1"):
        well(recompose("coupled-inference", *command.split(), "--results", str(tree)))
    made = {"capacity.csv", "figure2.png", "figure2.svg", "table1.csv", "table1.md"}
    assert {path.name for path in folder.iterdir() if path.is_file()} == {"figure2.csv", *made}
    assert {path.name for path in (folder / "provenance").iterdir()} >= {f"{name}.json" for name in made}
    assert not list(TREE.iterdir())


def test_a_tree_of_another_format_is_left_alone(recompose):
    (TREE.parent / ".format.json").write_text('{"format": 0}')
    assert "move it away or delete it" in refused(recompose("coupled-inference", "table1"))
    assert not list(TREE.iterdir())


def test_a_folder_in_which_nothing_can_be_written_is_one_line(recompose):
    TREE.rmdir()
    TREE.write_text("a file where a folder should be")
    assert refused(recompose("coupled-inference", "table1")).startswith(f"cannot write {TREE}")
