"""The configuration: strict, layered, and every mistake told at once."""

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
import yaml
from made_up_results import PAPERS

from recompose.cli.config import check_values
from recompose.config import SCALES, Config, ConfigError, block, load_config
from recompose.documents import DOCUMENTS, write_document
from recompose.errors import RecomposeError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def root(tmp_path):
    """A repository with empty configuration files."""
    (tmp_path / "config" / "scales").mkdir(parents=True)
    for name in ("config.yaml", *(f"scales/{scale}.yaml" for scale in SCALES)):
        (tmp_path / "config" / name).write_text("# nothing\n")
    return tmp_path


def write(root: Path, text: str, name: str = "config.yaml") -> None:
    (root / "config" / name).write_text(text)


def mistakes(root: Path, **arguments) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load_config(root=root, **arguments)
    assert str(caught.value) == "\n".join(caught.value.mistakes)
    return caught.value.mistakes


FIVE = """\
device: gpu
devise: cpu
coupled_inference:
  hyperparameters: tunde
  table1:
    trails: 50
    dimension: -5
"""


def test_five_mistakes_are_five_lines_each_with_value_expectation_and_nearest_key(root):
    write(root, FIVE)
    start = "config/config.yaml: "
    assert sorted(mistakes(root)) == [
        start + "coupled_inference.hyperparameters = tunde: "
        'expected one of published, tuned, search; did you mean "tuned"?',
        start + "coupled_inference.table1.dimension = -5: expected an integer > 0",
        start + 'coupled_inference.table1.trails = 50: unknown key; did you mean "trials"?',
        start + "device = gpu: expected one of auto, cpu, cuda",
        start + 'devise = cpu: unknown key; did you mean "device"?',
    ]


def test_the_command_line_tells_them_fast_and_without_a_traceback(root):
    write(root, FIVE)
    began = time.monotonic()
    command = [sys.executable, "-c", "from recompose.cli import main; main()", "config", "check"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert time.monotonic() - began < 5
    assert done.returncode == 2
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 5
    assert all(line.startswith("error: config/config.yaml: ") for line in lines)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("trials: 0", "table1.trials = 0: expected an integer > 0"),
        ("trials: 1.5", "table1.trials = 1.5: expected an integer > 0"),
        ("trials: '50'", "table1.trials = '50': expected an integer > 0"),
        ("trials: true", "table1.trials = true: expected an integer > 0"),
        ("trials:", "table1.trials = null: expected an integer > 0"),
        ("iterations: -1", "table1.iterations = -1: expected an integer > 0"),
        ("dimension: 0", "table1.dimension = 0: expected an integer > 0"),
        ("factors: [1, 3]", "table1.factors[0] = 1: expected an integer from 2 to 8"),
        (
            "factors: []",
            "table1.factors = []: expected a list with at least one entry, each an integer from 2 to 8",
        ),
        (
            "factors: 3",
            "table1.factors = 3: expected a list with at least one entry, each an integer from 2 to 8",
        ),
        ("superposed: [a]", "table1.superposed[0] = a: expected an integer > 0"),
    ],
)
def test_a_wrong_number_says_what_is_expected(root, text, expected):
    write(root, f"coupled_inference:\n  table1:\n    {text}\n")
    assert mistakes(root) == (f"config/config.yaml: coupled_inference.{expected}",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("table1: {dimension: 50}", ["table1", "100", "50"]),  # D smaller than n
        ("figure3: {dimensions: [1000, 40]}", ["figure3", "50", "40"]),
        ("table1: {trials: 7}", ["table1", "trials = 7", "codebook_sets"]),
        ("figure4: {restart_ratios: [0.5, 1.5]}", ["figure4.restart_ratios[1] = 1.5", "<= 1"]),
        ("figure4: {restart_ratios: [-0.1]}", ["figure4.restart_ratios[0] = -0.1"]),
        ("figure5: {size: 0}", ["figure5.size = 0", "an integer >= 2"]),
        ("methods: 5", ["methods = 5", "expected all or a list with at least one entry, each a text"]),
        ("methods: []", ["methods = []", "at least one entry"]),
        ("methods: [als, gaussian, als]", ["methods", "als stands twice", "once"]),
        ("table1: 7", ["table1 = 7", "a mapping of keys"]),
        ("table7: {}", ["table7", "unknown key", '"table1"']),
    ],
)
def test_what_does_not_fit_is_told(root, text, words):
    write(root, f"coupled_inference:\n  {text}\n")
    (mistake,) = mistakes(root)
    assert all(word in mistake for word in words), mistake


def test_a_word_where_one_of_some_numbers_stands(root):
    write(root, "weighted_composition: {rooms_networks: {patch: two}}")
    (mistake,) = mistakes(root)
    assert mistake.endswith("weighted_composition.rooms_networks.patch = two: expected one of 1, 2, 4, 8"), mistake


def test_a_wrong_value_does_not_hide_a_rule_between_keys(root):
    write(root, "coupled_inference: {table1: {trails: 50, trials: 7}}")
    unknown, between = mistakes(root)
    assert "trails" in unknown
    assert "multiple" in between


def test_two_wrong_entries_of_one_list_are_both_told(root):
    write(root, "coupled_inference: {figure4: {restart_ratios: [2, 0.5, 3]}}")
    first, second = mistakes(root)
    assert "[0] = 2" in first
    assert "[2] = 3" in second


def test_an_unknown_scale_names_the_three_and_the_other_mistakes_too(root):
    write(root, "scale: smok\nexecution: {batches: 65}\n")
    assert sorted(mistakes(root)) == [
        "config/config.yaml: execution.batches = 65: expected an integer from 1 to 64",
        'config/config.yaml: scale = smok: expected one of smoke, small, paper; did you mean "smoke"?',
    ]
    assert mistakes(root, overrides={"scale": "x"})[0].startswith("--config: scale = x: ")
    assert any(line.startswith("--scale: scale = x: ") for line in mistakes(root, scale="x"))


def test_each_mistake_names_the_file_it_stands_in(root):
    write(root, "coupled_inference: {table1: {trials: 0}}", "scales/smoke.yaml")
    write(root, "scale: smoke\ncoupled_inference: {table1: {dimension: 0}}")
    found = mistakes(root, overrides={"coupled_inference": {"table1": {"iterations": 0}}})
    assert sorted(line.split(": ")[0] for line in found) == [
        "--config",
        "config/config.yaml",
        "config/scales/smoke.yaml",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [1", r"config/config.yaml: line \d+: not valid YAML: .*"),
        ("a: b: c", r"config/config.yaml: line 1: not valid YAML: .*"),
        ("- 1", r"config/config.yaml: expected a mapping of keys, found list \[1\]"),
        (
            "scale: small\nscale: paper",
            r"config/config.yaml: line 2: scale = paper: the key stands twice, first in line 1; keep one",
        ),
    ],
)
def test_a_broken_file_is_one_line(root, text, expected):
    write(root, text)
    (mistake,) = mistakes(root)
    assert re.fullmatch(expected, mistake), mistake


def test_a_file_that_is_not_text_is_one_line(root):
    (root / "config" / "config.yaml").write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8" in mistakes(root)[0]


def test_an_absent_file_is_one_line(tmp_path):
    with pytest.raises(RecomposeError, match=r"config/config\.yaml: no such file"):
        load_config(root=tmp_path)


def test_later_layers_win_key_by_key(root):
    write(
        root,
        "coupled_inference: {table1: {trials: 10, iterations: 11}, figure2: {trials: 20}}",
        "scales/smoke.yaml",
    )
    write(root, "scale: small\ncoupled_inference:\n  table1: {iterations: 12}\n  figure3:\n    # trials: 50\n")
    table1 = {"table1": {"dimension": 500}}
    config = load_config({"scale": "smoke", "coupled_inference": table1}, root=root)
    assert config.scale == "smoke"
    ours = config.coupled_inference
    assert (ours.table1.trials, ours.table1.iterations, ours.table1.dimension) == (10, 12, 500)
    assert ours.figure2.trials == 20
    assert ours.figure3 == Config().coupled_inference.figure3


def test_a_key_of_a_block_leaves_the_blocks_own_defaults(root):
    """Blocks of one kind differ in their defaults."""
    write(root, "concept_discovery: {faces_discovery: {iterations: 7}}")
    found, usual = load_config(root=root).concept_discovery, Config().concept_discovery
    assert found.faces_discovery == usual.faces_discovery.model_copy(update={"iterations": 7})
    assert found.faces_discovery.last != usual.digits_discovery.last  # that is a default of its own
    assert found.digits_discovery == usual.digits_discovery


def test_a_number_without_a_dot_is_a_number(root):
    write(root, "coupled_inference: {figure4: {restart_ratios: [5e-1]}}")
    assert load_config(root=root).coupled_inference.figure4.restart_ratios == (0.5,)


def test_the_defaults_are_those_of_small(root):
    assert load_config(root=root) == Config() == load_config(root=ROOT, scale="small")


@pytest.mark.parametrize("scale", SCALES)
def test_the_committed_files_are_valid(scale):
    config = load_config(root=ROOT, scale=scale)
    assert config.scale == scale


def test_a_block_holds_the_named_keys_and_what_all_papers_share():
    values = block(Config(), "coupled_inference", "table1", "methods")
    assert list(values) == ["scale", "device", "table1", "methods"]
    assert json.loads(json.dumps(values)) == values
    assert values["table1"]["trials"] == 200


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_documents_are_what_the_models_say(name):
    write_document(name, check=True, root=ROOT)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_drift_is_told(tmp_path, name):
    with pytest.raises(RecomposeError, match=f"run: recompose config {name}"):
        write_document(name, check=True, root=tmp_path)
    write_document(name, root=tmp_path)
    write_document(name, check=True, root=tmp_path)
    path = tmp_path / DOCUMENTS[name][0]
    path.write_text(path.read_text() + " ")
    with pytest.raises(RecomposeError, match="is not what it is made from"):
        write_document(name, check=True, root=tmp_path)


def test_the_defaults_are_complete_and_fit_the_schema():
    values = yaml.safe_load((ROOT / "config/scales/small.yaml").read_text())
    assert values == Config().model_dump(mode="json", include=set(PAPERS))
    jsonschema.validate(values, json.loads((ROOT / "workflow/schemas/config.schema.json").read_text()))


def test_the_workflow_reads_the_configuration_without_torch():
    """Every run of snakemake imports these; torch alone would take a second."""
    code = "import sys, recompose.config, recompose.workflow.provenance; print({'torch', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_files_of_the_command_line_are_read_like_the_others(root):
    """Snakemake would take the last of two equal keys, and 0100 for 64."""
    write(root, "device: cpu\nscale: paper\n")
    more, most = root / "more.yaml", root / "most.yaml"
    more.write_text("scale: smoke\ncoupled_inference: {table1: {trials: 0100, dimension: 2000}}\n")
    most.write_text("coupled_inference: {table1: {dimension: 3000}}\n")
    write(root, "coupled_inference: {figure5: {trials: 8}}\n", "scales/smoke.yaml")
    config = load_config({"coupled_inference": {"table1": {"iterations": "9"}}}, root=root, files=[more, most])
    table1 = config.coupled_inference.table1
    assert (config.scale, config.device, config.coupled_inference.figure5.trials) == ("smoke", "cpu", 8)
    assert (table1.trials, table1.dimension, table1.iterations) == (100, 3000, 9)

    most.write_text("device: cpu\nscale: smal\ndevice: gpu\n")
    assert mistakes(root, files=[more, most]) == (
        "most.yaml: line 3: device = gpu: the key stands twice, first in line 1; keep one",
        'most.yaml: scale = smal: expected one of smoke, small, paper; did you mean "small"?',
        "most.yaml: device = gpu: expected one of auto, cpu, cuda",
    )


def test_a_file_of_the_command_line_is_found_from_a_link_to_the_folder(root, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/link").symlink_to(root)
    (tmp_path / "elsewhere/mine.yaml").write_text("scale: smoke\n")
    config = load_config(root=tmp_path / "elsewhere/link", files=[tmp_path / "elsewhere/mine.yaml"])
    assert config.scale == "smoke"


def test_a_mistake_in_a_file_of_claims_is_told_before_a_run(tmp_path, monkeypatch):
    for folder in ("claims", "published", "tuned"):
        shutil.copytree(ROOT / "config" / folder, tmp_path / "config" / folder)
    monkeypatch.chdir(tmp_path)
    check_values(Config())
    with Path("config/claims/sami.yaml").open("a") as file:
        file.write("claims: []\n")
    with pytest.raises(RecomposeError, match=r"^config/claims/sami\.yaml: line \d+: claims: the key stands twice"):
        check_values(Config())
