"""Nothing is unpickled, no text is executed, and no text becomes markup."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pandas as pd
import pytest
import yaml
from made_up_results import SLUG, add_artifacts, copy_claims, make_results

from recompose.artifacts import DataSet, Paper
from recompose.judgement import notebook, page
from recompose.judgement.comparison import compare
from recompose.judgement.comparison import render as render_comparison
from recompose.judgement.scorecard import score
from recompose.papers import papers
from recompose.storage import write_csv, write_json

ROOT = Path(__file__).parents[2]

PICKLERS = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
EXECUTORS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen"}
UNSAFE_CALLS = {"torch.save", "read_pickle", "to_pickle"} | {
    f"{way}_load{many}" for way in ("unsafe", "full") for many in ("", "_all")
}
SAFE_LOADERS = {"yaml.SafeLoader", "yaml.CSafeLoader"}


def dangers(source: str) -> Iterator[str]:
    """Whatever in a Python source reads pickles, executes a text, or hands one to a shell."""
    tree = ast.parse(source)
    safe = SAFE_LOADERS | {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and {ast.unparse(base) for base in node.bases} & SAFE_LOADERS
    }
    for node in ast.walk(tree):
        match node:
            case ast.Import(names):
                yield from (f"import {name.name}" for name in names if name.name.split(".")[0] in PICKLERS)
            case ast.ImportFrom(module=str(module), names=names):
                named = {f"{module}.{name.name}" for name in names}
                if module.split(".")[0] in PICKLERS or named & {"torch.load", "yaml.load", "yaml.load_all", *EXECUTORS}:
                    yield f"from {module} import"
            case ast.Call(function, arguments, keywords):
                given = {keyword.arg: ast.unparse(keyword.value) for keyword in keywords}
                called = ast.unparse(function)
                if (
                    called in EXECUTORS
                    or UNSAFE_CALLS & {called, called.rpartition(".")[2]}
                    or (called == "torch.load" and given.get("weights_only") != "True")
                    or (
                        (called in ("yaml.load", "yaml.load_all"))
                        and ({*map(ast.unparse, arguments[1:]), given.get("Loader")} & safe) == set()
                    )
                    or given.get("allow_pickle", "False") != "False"
                    or given.get("shell", "False") != "False"
                ):
                    yield ast.unparse(node)


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "import joblib.memory",
        "from dill import load",
        "def f():\n    import pickle as harmless",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "from torch import load",
        "torch.save(model, path)",
        "pd.read_pickle(path)",
        "frame.to_pickle(path)",
        "np.load(path, allow_pickle=True)",
        "eval(text)",
        "exec(text)",
        "os.system(text)",
        "subprocess.run(text, shell=True)",
        "subprocess.run(text, shell=flag)",
        "yaml.load(text)",
        "yaml.load(text, yaml.FullLoader)",
        "yaml.load(text, Loader=yaml.UnsafeLoader)",
        "yaml.unsafe_load(text)",
    ],
)
def test_a_danger_is_seen(source):
    assert list(dangers(source))


def test_what_is_safe_passes():
    safe = "class Mine(yaml.SafeLoader): pass\nyaml.load(text, Mine)\nyaml.load(text, Loader=yaml.SafeLoader)\n"
    safe += "torch.load(path, weights_only=True)\nnp.load(path, allow_pickle=False)\nre.compile(text)\nmodel.eval()\n"
    assert not list(dangers(safe + "subprocess.run([text], shell=False)\nyaml.safe_load(text)"))


def sources() -> dict[str, str]:
    """All Python here that is not a test, that of notebooks included."""
    found = {path: path.read_text() for folder in ("src", "benchmarks") for path in (ROOT / folder).rglob("*.py")}
    for path in ROOT.glob("workflow/**/*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        found[path] = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    return {str(path.relative_to(ROOT)): source for path, source in found.items()}


def test_nothing_is_unpickled_and_no_text_is_executed():
    found = {name: list(dangers(source)) for name, source in sources().items()}
    assert len(found) > 60
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_the_rules_execute_no_text():
    """Rules are not quite Python: their words are looked at one by one."""
    paths = [ROOT / "Snakefile", *ROOT.glob("workflow/rules/*.smk")]
    assert len(paths) > 3
    for path in paths:
        words = {word.string for word in tokenize.generate_tokens(io.StringIO(path.read_text()).readline)}
        assert not words & (PICKLERS | EXECUTORS | {"system", "popen", "subprocess", "torch"})


def test_what_a_person_can_set_reaches_the_shell_quoted():
    """Left bare are words of the rules and of the papers' tables, a scale, a flag, how many batches and cores.

    That what tables name are words, tests/unit/test_artifacts.py shows.
    """
    rules = "".join(path.read_text() for path in ROOT.glob("workflow/rules/*.smk"))
    shells = re.findall(r"shell:\n((?: +\".*\"\n)+)", rules)
    assert len(shells) == rules.count("shell:")
    placeholders = [found for shell in shells for found in re.findall(r"{([^}]*)}", shell)]
    bare = {name for name in placeholders if not name.endswith(":q")}
    words = {"artifact", "figure", "name", "names", "paper", "partial", "tables"}
    assert bare <= {f"params.{name}" for name in {*words, "batch", "batches", "scale"}} | {
        "threads", "wildcards.name", "wildcards.variant",
    }  # fmt: skip
    given = set(re.findall(r"^ +(?:" + "|".join(words) + r")=(.*?),?$", rules, flags=re.MULTILINE))
    assert not [value for value in given if re.search(r"settings(?!\.artifacts == \"all\" else)", value)]


ATTACK = """<script>attack()</script>"><img src=x onerror=attack()>'><b onclick=attack()>"""


class Seen(HTMLParser):
    """What a browser would make of a page: its tags with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


def require_harmless(html: str, scripts: int) -> Seen:
    """All of the attack is text: there are no more scripts than the page's own, no handlers, no foreign pictures."""
    seen = Seen(html)
    assert [tag for tag, _ in seen.tags].count("script") == scripts
    assert "b" not in {tag for tag, _ in seen.tags}
    assert not [name for _, found in seen.tags for name in found if name.startswith("on")]
    assert all(found["src"].startswith("data:image/") for tag, found in seen.tags if tag == "img")
    return seen


def attacked(value):
    """Every text in a value, keys included, with the attack behind it."""
    if isinstance(value, dict):
        return {f"{key}{ATTACK}": attacked(within) for key, within in value.items()}
    if isinstance(value, list):
        return [attacked(within) for within in value]
    return f"{value}{ATTACK}" if isinstance(value, str) else value


def free_texts(claims: dict) -> dict:
    """A file of claims in which every text that people read is attacked; the others are names and keys."""
    read = {"statement", "reading", "where"}
    return claims | {
        "title": attacked(claims["title"]),
        "citation": attacked(claims["citation"]),
        "data": attacked(claims["data"]),
        "asks": attacked(claims["asks"]),
        "claims": [
            {key: attacked(value) if key in read else value for key, value in claim.items()}
            for claim in claims["claims"]
        ],
    }


@pytest.fixture(scope="module")
def claims(tmp_path_factory):
    """The claims of both papers, each of their texts attacked."""
    folder = copy_claims(tmp_path_factory.mktemp("attacked"))
    for path in folder.glob("*.yaml"):
        path.write_text(yaml.safe_dump(free_texts(yaml.safe_load(path.read_text()))))
    for path in (folder.parent / "tuned").glob("*.csv"):
        frame = pd.read_csv(path)
        write_csv(frame.assign(note=ATTACK), path)
    return folder


@pytest.fixture(scope="module")
def results(tmp_path_factory, claims):
    """A results tree whose tables, scorecard and manifest are attacked, too."""
    tree = make_results(tmp_path_factory.mktemp("results"))
    add_artifacts(tree)
    card = score(tree, claims)
    card["id"] += ATTACK
    card["by"] = card.by.where(card.by == "paper", ATTACK)
    write_csv(card, tree / "scorecard.csv")
    for path in tree.glob("*/*.md"):
        lines = [line.replace(" | ", f"{ATTACK} | ") for line in path.read_text().splitlines()]
        path.write_text("\n".join([*lines, "", ATTACK]))
    settings = {"scale": "small", "table1": {"trials": 1, "words": ["some", "more"]}}
    entry = {"path": "x", "paper": SLUG, "settings": settings, "commit": "0123", "command": ["a", "b"]}
    entry |= {"versions": {"torch": "2"}, "device": "cpu", "date": "2026", "inputs": {"config": "abc"}}
    known = {key: attacked(value) for key, value in entry.items()} | {"paper": SLUG, f"more{ATTACK}": ATTACK}
    names = [path.relative_to(tree).as_posix() for path in [*tree.glob("*/*.*"), tree / "scorecard.csv"]]
    write_json({"artifacts": dict.fromkeys(names, known | {"commit": ATTACK})}, tree / "manifest.json")
    return tree


def attacked_images(data: DataSet) -> DataSet:
    """A set of images of which something attacked is said."""
    return replace(data, stand_ins={source: attacked(said) for source, said in data.stand_ins.items()})


def attacked_tables() -> dict[str, Paper]:
    """The papers' tables with captions that are attacked."""
    return {
        slug: replace(
            paper,
            data={name: attacked_images(data) for name, data in paper.data.items()},
            unkept={name: attacked_images(data) for name, data in paper.unkept.items()},
            artifacts=tuple(replace(each, caption=attacked(each.caption)) for each in paper.artifacts),
        )
        for slug, paper in papers().items()
    }


def test_the_page_shows_every_text_as_text(results, claims, monkeypatch):
    monkeypatch.setattr(page, "papers", attacked_tables)
    seen = require_harmless(page.render(results, claims), scripts=1)
    card = pd.read_csv(results / "scorecard.csv")
    assert seen.text.count(ATTACK) > 4 * len(card)
    shown = [each for paper in attacked_tables().values() for each in paper.artifacts if each.forms]
    assert sum(each.caption in seen.text for each in shown) > 30


@pytest.mark.slow
def test_the_notebook_shows_every_text_as_text(results, claims, tmp_path, monkeypatch):
    card = pd.read_csv(results / "scorecard.csv")
    card["id"] = card.id.str.removesuffix(ATTACK)  # by which the notebook finds its claims
    write_csv(card, results / "scorecard.csv")
    monkeypatch.chdir(ROOT)
    notebook.run_notebook(SLUG, results, tmp_path / "notebook.html", claims)
    seen = require_harmless((tmp_path / "notebook.html").read_text(), scripts=0)
    assert seen.text.count(ATTACK) > 30


def test_the_comparison_shows_every_text_as_text(tmp_path):
    trees = [tmp_path / f"{name}{ATTACK.replace('/', '')}" for name in ("before", "after")]
    for tree, verdict in zip(trees, ["reproduced", "not reproduced"], strict=True):
        rows = {"method": [ATTACK, "als"], "accuracy": [len(verdict) / 20, 0.5], "ci_low": 0.0, "ci_high": 1.0}
        rows |= {f"note{ATTACK}": verdict, f"{verdict}{ATTACK}": 1}
        for name in ["table1", "unknown<b onclick=attack()>", f"{verdict}<b onclick=attack()>"]:
            write_csv(pd.DataFrame(rows), tree / SLUG / f"{name}.csv")
        card = pd.DataFrame({"id": [f"one{ATTACK}", f"{verdict}{ATTACK}"], "verdict": [verdict, "reproduced"]})
        card = card.assign(paper=SLUG, statement=ATTACK, value=0.5, ci_low=0.4, ci_high=0.6)
        write_csv(card, tree / "scorecard.csv")
        entry = {"paper": ATTACK, "commit": ATTACK, "device": f"{verdict}{ATTACK}", "versions": {ATTACK: ATTACK}}
        entry |= {"settings": {ATTACK: f"{verdict}{ATTACK}"}}
        write_json({"artifacts": {f"{SLUG}/table1.csv": entry}}, tree / "manifest.json")
    seen = require_harmless(render_comparison(compare(*trees)), scripts=0)
    assert seen.text.count(ATTACK) > 13
    assert "not compared: coupled_inference/unknown<b onclick=attack()>" in seen.text
