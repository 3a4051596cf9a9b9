"""The page is one offline file that shows everything; test_security.py shows that it trusts no text."""

import json
import re
import shutil
from html.parser import HTMLParser

import pandas as pd
import pytest
from made_up_results import CLAIMS, SLUG, add_artifacts, edit, make_results

from recompose.errors import RecomposeError
from recompose.judgement.page import parse_table, render
from recompose.judgement.scorecard import score
from recompose.storage import write_csv, write_json


class Attributes(HTMLParser):
    """Collects tags with their attributes."""

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    tree = make_results(tmp_path_factory.mktemp("results"))
    edit(tree, "table1", {"accuracy": 0.5}, method="similarity", factors=3, superposed=4)
    add_artifacts(tree)
    write_csv(score(tree, CLAIMS), tree / "scorecard.csv")
    records = [json.loads(path.read_text()) for path in tree.glob("*/provenance/*.json")]
    artifacts = {record["path"]: record for record in records}
    write_json({"settings": {}, "artifacts": artifacts}, tree / "manifest.json")
    return tree


@pytest.fixture
def results(made, tmp_path):
    return shutil.copytree(made, tmp_path / made.name)


def test_it_is_self_contained(results):
    page = render(results, CLAIMS)
    tags = Attributes(page).tags
    sources = [value for _, found in tags for key, value in found.items() if key in ("src", "href", "srcset", "data")]
    assert all(source.startswith(("data:image/", "#")) or ":" not in source for source in sources)
    assert not {tag for tag, _ in tags} & {"link", "iframe", "object", "embed", "base"}
    assert "default-src 'none'" in page
    assert not re.search(r"@import|url\(", page)


def test_links_are_relative_and_lead_somewhere(results):
    tags = Attributes(render(results, CLAIMS)).tags
    anchors = {found["id"] for _, found in tags if "id" in found}
    links = [found["href"] for tag, found in tags if tag == "a"]
    assert {link for link in links if link.startswith("#")} <= {f"#{anchor}" for anchor in anchors}
    files = {link for link in links if not link.startswith("#")}
    assert all((results / link).exists() for link in files)
    numbers = {path.name for path in (results / SLUG).glob("*.csv")}
    assert {f"{SLUG}/{name}" for name in numbers} <= files
    assert {f"notebooks/{SLUG}.html", "scorecard.csv", "manifest.json"} <= files


def test_it_shows_every_claim_figure_and_record(results):
    page = render(results, CLAIMS)
    tags = Attributes(page).tags
    card = pd.read_csv(results / "scorecard.csv")
    rows = [found for tag, found in tags if tag == "tr" and "data-verdict" in found]
    assert [row["data-verdict"] for row in rows] == list(card.verdict)
    assert "not reproduced" in set(card.verdict)
    pictures = [found for tag, found in tags if tag == "img"]
    assert len(pictures) == 7
    assert all(picture["alt"] for picture in pictures)
    assert page.count("0123abc") >= 8
    assert "Scale of these results: <strong>small</strong>" in page


def test_what_is_not_there_is_left_out(results):
    (results / SLUG / "figure2.svg").unlink()
    (results / SLUG / "figure3.svg").unlink()
    (results / SLUG / "figure3.png").unlink()
    (results / "notebooks" / f"{SLUG}.html").unlink()
    page = render(results, CLAIMS)
    assert "data:image/png" in page
    assert page.count("<img") == 6
    assert "notebooks/" not in page


def test_a_tree_without_a_scorecard_is_named(results):
    (results / "scorecard.csv").unlink()
    with pytest.raises(RecomposeError, match=r"scorecard.csv: no such file"):
        render(results, CLAIMS)


def test_a_table_keeps_its_groups_and_published_numbers():
    head = "| Model | K = 2, m = 2 | K = 2, m = 4 | cost |\n|---|---|---|---|\n"
    table = parse_table(f"{head}| A | .9 ± .1 (0.8) |  | 3 |\n|  |  |  |  |\n| B |  | 1 |  |\n\nWords.\n")
    assert table.groups == [("", 1), ("K = 2", 2), ("", 1)]
    assert table.headings == ["Model", "m = 2", "m = 4", "cost"]
    first, rule, last = table.rows
    assert first == [("A", ""), (".9 ± .1", "(0.8)"), ("", ""), ("3", "")]
    assert rule == []
    assert last == [("B", ""), ("", ""), ("1", ""), ("", "")]
    assert table.legend == "Words."
