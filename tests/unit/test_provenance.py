"""Records, the manifest and its check: whatever is missing, changed or stale is named."""

import ast
import hashlib
import json
import re
from importlib import import_module
from pathlib import Path

import pytest
from made_up_results import ROOT

from recompose.blocks import Block
from recompose.config import Config, block
from recompose.errors import RecomposeError
from recompose.papers import papers
from recompose.storage import write_text
from recompose.workflow.code import code_hash, module_hashes
from recompose.workflow.provenance import (
    caption,
    made_with,
    read_manifest,
    record,
    require_tree_unchanged,
    require_unchanged,
    sha256_of,
    sidecar_of,
    sources,
    verify,
    write_manifest,
)

MODULE = "recompose.randomness"


@pytest.fixture
def code(package):
    """A copy of the package with a few modules that import each other."""
    package.write("metrics/first.py", '"""Before."""\nfrom recompose.metrics.second import two\n')
    package.write("metrics/second.py", '"""Before."""\n\n\ndef two():\n    """Before."""\n    return 2  # before\n')
    package.write("metrics/third.py", "def one(x):\n    return x\n")
    package.write("metrics/unrelated.py", "three = 3\n")
    package.write("metrics/open/__init__.py", "")
    package.write("metrics/open/registry.py", "from recompose.discovery import import_submodules\n")
    return package


def hash_in(package, module="recompose.metrics.first"):
    command = "import sys; from recompose.workflow.code import code_hash; print(code_hash(*sys.argv[1:]))"
    done = package.run("-c", command, module)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_edit_of_an_imported_module_changes_the_hash(code):
    before = hash_in(code)
    code.write("metrics/second.py", "def two():\n    return 3\n")
    assert hash_in(code) != before


def test_what_was_read_is_kept_by_its_contents(code):
    kept = code.source.parent / ".snakemake"
    anew = hash_in(code)
    kept.mkdir()
    assert hash_in(code) == anew  # this one keeps it
    (file,) = kept.glob("code.*.json")
    assert hash_in(code) == anew
    file.write_text(file.read_text()[:1000])
    assert hash_in(code) == anew
    code.write("metrics/second.py", "def two():\n    return 3\n")
    edited = hash_in(code)
    assert edited != anew
    assert hash_in(code) == edited


def test_what_is_no_python_is_told_by_its_importer(code):
    """A rule that does not import it is as it was."""
    other = hash_in(code, "recompose.metrics.unrelated")
    before = hash_in(code)
    code.write("metrics/second.py", "def two(:\n")
    assert hash_in(code) != before
    assert hash_in(code, "recompose.metrics.unrelated") == other


def test_an_edit_of_a_comment_a_docstring_or_the_layout_does_not(code):
    before = hash_in(code)
    code.write("metrics/second.py", '"""After."""\ndef two():\n  "After."\n\n  return (2) # after\n')
    code.write("metrics/__init__.py", '"""Another room."""\n')
    assert hash_in(code) == before


def test_an_edit_of_an_unrelated_module_does_not(code):
    before = hash_in(code)
    code.write("metrics/unrelated.py", "three = 4\n")
    code.write("cli/__init__.py", "four = 5\n")
    assert hash_in(code) == before


def test_a_late_import_counts(code):
    code.write("metrics/second.py", "def two():\n    from recompose.metrics.unrelated import three\n")
    before = hash_in(code)
    code.write("metrics/unrelated.py", "three = 4\n")
    assert hash_in(code) != before


def test_a_file_dropped_into_a_discovered_package_counts(code):
    code.write("metrics/first.py", "from recompose.metrics.open import registry\n")
    hashes = [hash_in(code)]
    code.write("metrics/open/mine.py", "from recompose.metrics.unrelated import three\n")
    hashes.append(hash_in(code))
    code.write("metrics/unrelated.py", "three = 4\n")
    hashes.append(hash_in(code))
    assert len(set(hashes)) == 3


def test_the_import_of_a_packages_initialisation_counts(code):
    before = hash_in(code)
    code.write("metrics/__init__.py", "import recompose.metrics.unrelated\n")
    assert hash_in(code) != before


def test_experiments_do_not_depend_on_the_command_line_or_the_configuration():
    modules = module_hashes("recompose.papers.coupled_inference.settings")
    assert not [name for name in modules if name.startswith(("recompose.cli", "recompose.config"))]
    assert modules.keys() >= {"recompose", "recompose.papers.coupled_inference"}


def source_of(module: str) -> str:
    return ROOT.joinpath("src", *module.split(".")).with_suffix(".py").read_text()


WORDS = ["recompose.artifacts", "recompose.blocks", "recompose.errors"]
MODULES = [
    ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)
    for path in sorted(ROOT.glob("src/recompose/papers/*/**/*.py"))
]
VALUES = [*WORDS, *(name for name in MODULES if name.endswith((".settings", ".names", ".artifacts", ".work")))]
"""Modules that hold values and words: a rule has those that it reads among its `params`."""
METHODS = [name for name in MODULES if not name.endswith(".__init__") and name not in VALUES]


SHOWING = {
    name
    for name in METHODS
    if name.endswith((".figures", ".tables", ".aggregation"))
    and re.search(r"from recompose\.papers\.\S+\.names import", source_of(name))
}
"""Modules that show names, in their order."""


def hashes_in(package) -> dict[str, str]:
    """The hash of every method, and of one of them with each module of values named beside it."""
    command = (
        "import json, sys; from recompose.workflow.code import code_hash;"
        "print(json.dumps({roots: code_hash(*roots.split()) for roots in sys.argv[1:]}))"
    )
    done = package.run("-c", command, *METHODS, *(f"{METHODS[0]} {module}" for module in VALUES))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_values_and_words_count_only_where_they_are_named(package):
    assert len(SHOWING) > 10 and len(VALUES) >= 20 and len(METHODS) > 100
    before = hashes_in(package)
    for module in VALUES:
        path = package.source.joinpath(*module.split(".")).with_suffix(".py")
        path.write_text(path.read_text() + "\nTHREE = 3\n")
    after = hashes_in(package)
    assert {name for name in before if before[name] == after[name]} == set(METHODS) - SHOWING


def test_methods_take_nothing_but_models_of_settings_from_what_does_not_count():
    """A number or a function there would be method, and no edit of it would be noticed."""
    for module in METHODS:
        for statement in ast.walk(ast.parse(source_of(module))):
            if isinstance(statement, ast.ImportFrom) and statement.module:
                assert not statement.module.endswith(".work"), module
                if statement.module.startswith("recompose.papers.") and statement.module.endswith(".settings"):
                    of = import_module(statement.module)
                    assert all(issubclass(getattr(of, each.name), Block) for each in statement.names), module


def test_what_values_are_checked_with_counts_where_it_computes():
    """How large codebooks are and how often training passes over images: no torch, and yet method."""
    assert "recompose.papers.coupled_inference.sizes" in module_hashes("recompose.papers.coupled_inference.experiments")
    assert "recompose.papers.feature_guidance.passes" in module_hashes("recompose.papers.feature_guidance.networks")


def test_an_unknown_module_is_a_fault_of_the_program():
    with pytest.raises(ModuleNotFoundError):
        code_hash("recompose.nowhere")


@pytest.fixture
def tree(tmp_path):
    """A results tree with two artifacts and a part of one of them."""
    tree = tmp_path / "results" / "small"
    for name in ("table1.csv", "figure2.csv", "parts/table1.0-of-4.csv"):
        artifact = tree / "coupled_inference" / name
        write_text("method\nals\n", artifact)
        settings = block(Config(), "coupled_inference", "table1", "methods")
        record(artifact, tree=tree, modules=[MODULE], paper="coupled_inference", settings=settings, seconds=1.5)
    write_manifest(tree)
    return tree


def edit(tree: Path, change) -> None:
    """The record of table1, beside it and in the manifest."""
    path, artifact = tree / "manifest.json", "coupled_inference/table1.csv"
    content = json.loads(path.read_text())
    change(content["artifacts"][artifact])
    path.write_text(json.dumps(content))
    sidecar_of(tree / artifact, tree).write_text(json.dumps(content["artifacts"][artifact]))


def test_a_record_says_where_a_number_comes_from(tree):
    path = sidecar_of(tree / "coupled_inference/table1.csv", tree)
    assert path == tree / "coupled_inference/provenance/table1.csv.json"
    entry = json.loads(path.read_text())
    assert entry["path"] == "coupled_inference/table1.csv"
    assert entry["bytes"] == 11
    assert entry["sha256"] == hashlib.sha256(b"method\nals\n").hexdigest()
    assert entry["settings"]["table1"]["trials"] == 200
    assert entry["code"] == code_hash(MODULE)
    assert set(entry["versions"]) == {"python", "torch", "diffusers", "numpy", "pandas", "recompose"}
    assert entry["device"] == "cpu"
    assert entry["wall_seconds"] == 1.5
    assert entry.keys() >= {"commit", "dirty", "date", "command", "module_hashes"}


def test_the_manifest_lists_artifacts_and_no_parts(tree):
    assert list(read_manifest(tree)) == ["coupled_inference/figure2.csv", "coupled_inference/table1.csv"]


def test_an_untouched_tree_is_well(tree):
    assert list(verify(tree, Config())) == []


def test_a_removed_file_is_named(tree):
    (tree / "coupled_inference/table1.csv").unlink()
    assert list(verify(tree, Config())) == [f"{tree}/coupled_inference/table1.csv: missing"]


def test_a_flipped_byte_is_named(tree):
    (tree / "coupled_inference/table1.csv").write_text("method\nalt\n")
    (finding,) = verify(tree, Config())
    assert finding.startswith(f"{tree}/coupled_inference/table1.csv: changed")


def test_what_was_made_since_the_manifest_goes_by_its_own_record(tree):
    artifact = tree / "coupled_inference/table1.csv"
    write_text("method\nresonator\n", artifact)
    other = Config.model_validate({"coupled_inference": {"table1": {"trials": 70}}})
    settings = block(other, "coupled_inference", "table1", "methods")
    record(artifact, tree=tree, modules=[MODULE], paper="coupled_inference", settings=settings)
    assert list(verify(tree, Config())) == [f"{artifact}: stale, made with table1.trials = 70, which is 200 now"]
    for name in ("table1", "figure2"):  # as in a tree of reference results: the manifest is all there is
        sidecar_of(tree / f"coupled_inference/{name}.csv", tree).unlink()
    assert list(verify(tree, Config())) == [
        f"{artifact}: changed since it was made (its sha256 differs); delete it, and the next run makes it again"
    ]


def test_a_lost_record_is_named(tree):
    lost = sidecar_of(tree / "coupled_inference/table1.csv", tree)
    lost.unlink()
    told = f"{tree}/coupled_inference/table1.csv: its record {lost} is missing; the next run makes both again"
    assert list(verify(tree, Config())) == [told]


def test_nothing_is_built_on_what_was_changed_since_it_was_made(tree):
    table1, figure2 = (tree / f"coupled_inference/{name}.csv" for name in ("table1", "figure2"))
    require_unchanged([table1, figure2, tree / "of nobody.csv", tree.parent / "elsewhere.csv"], tree)
    require_tree_unchanged(tree)
    table1.write_text("method\nalt\n")
    require_unchanged([figure2], tree)
    for refuse in (lambda: require_unchanged([table1], tree), lambda: require_tree_unchanged(tree)):
        with pytest.raises(RecomposeError, match=r"table1.csv: changed since it was made .* delete it"):
            refuse()
    table1.unlink()  # the way out: what is not there is made again
    require_tree_unchanged(tree)


def test_an_edited_setting_is_named_with_both_values(tree):
    config = Config.model_validate({"coupled_inference": {"table1": {"trials": 50}, "figure3": {"trials": 60}}})
    assert list(verify(tree, config)) == [
        f"{tree}/coupled_inference/{name}.csv: stale, made with table1.trials = 200, which is 50 now"
        for name in ("figure2", "table1")
    ]


def test_a_setting_that_is_gone_or_new_is_named(tree):
    def change(entry):
        entry["settings"]["old"] = 1
        del entry["settings"]["table1"]["trials"]

    edit(tree, change)
    old, new = verify(tree, Config())
    assert "old = 1, which is absent now" in old
    assert "table1.trials = absent, which is 200 now" in new


def test_an_edited_input_is_named(tree, tmp_path):
    tuned = tmp_path / "tuned.yaml"
    tuned.write_text("eta: 1\n")
    artifact = tree / "coupled_inference/table1.csv"
    record(artifact, tree=tree, modules=[MODULE], inputs={tuned: sha256_of(tuned)})
    write_manifest(tree)
    assert list(verify(tree, Config())) == []
    tuned.write_text("eta: 2\n")
    assert list(verify(tree, Config())) == [f"{artifact}: stale, {tuned} has changed"]
    tuned.unlink()
    assert list(verify(tree, Config())) == [f"{artifact}: stale, {tuned} has changed"]


def test_an_edited_module_is_named(tree):
    edit(tree, lambda entry: entry["module_hashes"].update({MODULE: "0" * 16, "recompose.gone": "1" * 16}))
    (finding,) = verify(tree, Config())
    assert finding.endswith(f"stale, the code has changed in recompose.gone, {MODULE}")


def test_a_record_that_is_not_whole_is_one_line(tree):
    artifact = tree / "coupled_inference/table1.csv"
    sidecar = sidecar_of(artifact, tree)
    whole = json.loads(sidecar.read_text())
    for content in ([], {}, {key: value for key, value in whole.items() if key != "sha256"}):
        sidecar.write_text(json.dumps(content))
        for act in (
            lambda: require_unchanged([artifact], tree),
            lambda: require_tree_unchanged(tree),
            lambda: write_manifest(tree),
        ):
            with pytest.raises(
                RecomposeError, match=r"table1\.csv\.json: not a whole record; delete it and .*, and run"
            ):
                act()
    (tree / "coupled_inference/figure2.csv").write_text("method\nalt\n")
    told = "\n".join(verify(tree, Config()))  # it goes on to the others
    assert "table1.csv.json: not a whole record" in told and "figure2.csv: changed" in told


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, r"manifest\.json: no such file; the workflow writes it"),
        ("{", r"manifest\.json: not readable as JSON"),
        ("[]", r"manifest\.json: not a manifest"),
        ('{"artifacts": {"a.csv": {}}}', r"manifest\.json: the entry of a\.csv is not whole"),
        ('{"artifacts": {"a.csv": 7}}', r"manifest\.json: the entry of a\.csv is not whole"),
    ],
)
def test_a_missing_or_corrupt_manifest_is_one_line(tree, content, expected):
    (tree / "manifest.json").unlink()
    if content:
        (tree / "manifest.json").write_text(content)
    with pytest.raises(RecomposeError, match=expected) as caught:
        list(verify(tree, Config()))
    assert "\n" not in str(caught.value)


# -- Where the images are from

SAMI = papers()["sami"]
DRAWN = "Made on faces that are drawn with CelebA's attributes, which stand in for its photographs."


def made(tree: Path, name: str, **blocks: dict[str, str]) -> None:
    """A file of paper 3 and its record, by which some settings are other than by default."""
    settings = block(Config.model_validate({"sami": blocks}), "sami", *blocks)
    write_text("", tree / "sami" / name)
    record(tree / "sami" / name, tree=tree, modules=[MODULE], paper="sami", settings=settings)


def test_the_record_of_images_tells_where_they_are_from(tmp_path):
    tree = tmp_path / "small"
    made(tree, "images/faces.safetensors", faces={"source": "celeba"})
    made(tree, "images/portraits.safetensors", portraits={})
    made(tree, "table1.csv", faces={}, portraits={"source": "celeba_hq"})  # another file's record
    assert made_with(tree, SAMI, "faces")["faces"]["source"] == "celeba"
    assert made_with(tree, SAMI, "portraits")["portraits"]["source"] == "drawn"
    assert made_with(tree, SAMI, "dsprites")["dsprites"]["source"] == "drawn"  # of which there is no record
    assert sources(tree, SAMI) == {"celeba", "drawn"}
    table2, portraits = (SAMI.artifact(name) for name in ("table2", "portraits"))
    assert caption(SAMI, table2, tree) == table2.caption
    assert caption(SAMI, portraits, tree) == f"{portraits.caption} {DRAWN}"
    assert caption(SAMI, SAMI.artifact("disks"), tree) == SAMI.artifact("disks").caption


def test_videos_are_known_by_the_numbers_that_they_are_made_for(tmp_path):
    tree, figure4 = tmp_path / "small", SAMI.artifact("figure4")
    assert caption(SAMI, figure4, tree) == f"{figure4.caption} {DRAWN}"
    made(tree, "figure4.csv", portraits={"source": "celeba_hq"}, videos={})
    assert caption(SAMI, figure4, tree) == f"{figure4.caption} {DRAWN}"
    made(tree, "figure4.csv", portraits={"source": "celeba_hq"}, videos={"source": "frames"})
    assert caption(SAMI, figure4, tree) == figure4.caption
    assert sources(tree, SAMI) == {"celeba_hq", "frames", "drawn"}


def test_where_a_manifest_is_all_there_is_it_tells_and_an_own_record_comes_first(tmp_path):
    """As in a tree of reference results, of which no images are kept."""
    tree, table2 = tmp_path / "small", SAMI.artifact("table2")
    made(tree, "images/faces.safetensors", faces={"source": "celeba"})
    write_manifest(tree)
    sidecar_of(tree / "sami/images/faces.safetensors", tree).unlink()
    assert caption(SAMI, table2, tree) == table2.caption
    made(tree, "images/faces.safetensors", faces={})
    assert caption(SAMI, table2, tree) == f"{table2.caption} {DRAWN}"


def test_results_of_which_nothing_is_known_are_of_stand_ins(tmp_path):
    assert caption(SAMI, SAMI.artifact("table2"), tmp_path / "small").endswith(DRAWN)
    assert sources(tmp_path / "small", SAMI) == {"drawn"}
    assert sources(tmp_path / "small", papers()["coupled_inference"]) == set()


@pytest.mark.parametrize("content", ["7", "[]", "{}", '{"settings": 7}'])
def test_a_damaged_record_of_images_is_one_line(tmp_path, content):
    tree = tmp_path / "small"
    write_text(content, sidecar_of(tree / "sami/images/faces.safetensors", tree))
    with pytest.raises(RecomposeError, match=r"faces.safetensors: its record is not whole .* delete it") as caught:
        caption(SAMI, SAMI.artifact("table2"), tree)
    assert "\n" not in str(caught.value)


def test_the_reference_results_are_of_stand_ins():
    tree = ROOT / "results/reference/small"
    known = {slug: sources(tree, paper) for slug, paper in papers().items()}
    assert known["sami"] == {"drawn"} and known["feature_guidance"] == {"generated", "textures"}


FUNCTIONS = """
from recompose.metrics.second import two
from recompose.metrics.third import one

if TYPE_CHECKING:
    from recompose.metrics.unrelated import three

SIZE = 3
OTHER = 4

def helper(x):
    return x + SIZE

def used(x):
    return helper(one(x))

def alone(x):
    return two(x) + OTHER
"""


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ("return helper(one(x))", "return helper(one(x)) + 1", {"used"}),
        ("return x + SIZE", "return x - SIZE", {"used"}),
        ("SIZE = 3", "SIZE = 5", {"used"}),
        ("OTHER = 4", "OTHER = 5", {"alone"}),
        ("def alone(x):", "@helper\ndef alone(x):", {"alone"}),
        ("def alone(x):", "def new(x):\n    return x\n\ndef alone(x):", set()),
        ("OTHER = 4", "OTHER = 4\nprint(OTHER)", {"used", "alone"}),
    ],
)
def test_a_function_is_hashed_with_what_it_comes_to(code, old, new, changes):
    def hashes() -> dict[str, str]:
        return {name: hash_in(code, f"recompose.metrics.shown:{name}") for name in ("used", "alone")}

    code.write("metrics/shown.py", FUNCTIONS)
    before = hashes()
    code.write("metrics/shown.py", FUNCTIONS.replace(old, new))
    after = hashes()
    assert {name for name in before if before[name] != after[name]} == changes


def test_a_function_depends_on_the_modules_it_comes_to(code):
    code.write("metrics/shown.py", FUNCTIONS)
    used, alone = (hash_in(code, f"recompose.metrics.shown:{name}") for name in ("used", "alone"))
    code.write("metrics/unrelated.py", "three = 4\n")  # imported for types only
    code.write("metrics/second.py", "def two():\n    return 3\n")
    assert hash_in(code, "recompose.metrics.shown:used") == used
    assert hash_in(code, "recompose.metrics.shown:alone") != alone


def test_an_unknown_function_is_a_fault_of_the_program():
    with pytest.raises(ModuleNotFoundError):
        code_hash("recompose.storage:nowhere")
