"""The page is one offline file that shows everything; test_security.py shows that it trusts no text."""

import base64
import io
import json
import re
import shutil
from html.parser import HTMLParser

import pandas as pd
import pytest
import yaml
from made_up_results import CLAIMS, PAPERS, PUBLISHED, ROOT, SLUG, add_artifacts, copy_claims, edit, make_results
from PIL import Image

from recompose.errors import RecomposeError
from recompose.judgement.claims import load_paper, load_papers
from recompose.judgement.gallery import heat_maps, thumbnail, told
from recompose.judgement.page import parse_table, render
from recompose.judgement.scorecard import score
from recompose.papers import papers
from recompose.storage import read_csv, read_json, write_csv, write_json

REFERENCE = ROOT / "results/reference/small"


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
    write_json({"artifacts": artifacts}, tree / "manifest.json")
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
    assert [row["data-verdict"] for row in rows] == list(card.verdict[~card.cell])
    assert "not reproduced" in set(card.verdict)
    pictures = [found for tag, found in tags if tag == "img" and found["alt"]]
    assert len(pictures) == 7
    assert page.count("0123abc") >= 8
    assert "Scale of these results: <strong>small</strong>" in page


def test_what_is_not_there_is_left_out(results):
    (results / SLUG / "figure2.svg").unlink()
    (results / SLUG / "figure3.svg").unlink()
    (results / SLUG / "figure3.png").unlink()
    (results / "notebooks" / f"{SLUG}.html").unlink()
    page = render(results, CLAIMS)
    assert "data:image/png" in page
    assert len([found for tag, found in Attributes(page).tags if tag == "img" and found["alt"]]) == 6
    assert "notebooks/" not in page


def test_a_caption_says_what_stands_in_for_the_data_unless_the_images_are_real_ones(results):
    """By the records; without any, as here, it is what the project brings."""
    told = "Made on faces that are drawn with CelebA&#39;s attributes"
    drawn = render(results, CLAIMS).count(told)
    images, manifest = "sami/images/faces.safetensors", read_json(results / "manifest.json")
    manifest["artifacts"][images] = {"path": images, "settings": {"faces": {"source": "celeba"}}}
    write_json(manifest, results / "manifest.json")
    page = render(results, CLAIMS)
    of_sami = [artifact for artifact in papers()["sami"].artifacts if artifact.stand_in == "faces" and artifact.forms]
    shown = [artifact for artifact in of_sami if (results / "sami" / f"{artifact.name}.csv").exists()]
    assert len(shown) > 4
    assert drawn - page.count(told) == len(shown)
    assert page.count(told) > 3  # of portraits, and of paper 4


def test_a_tree_without_a_scorecard_is_named(results):
    (results / "scorecard.csv").unlink()
    with pytest.raises(RecomposeError, match=r"scorecard.csv: no such file"):
        render(results, CLAIMS)


def test_the_gallery_has_each_paper_with_its_question_verdicts_and_pictures(results):
    page = render(results, CLAIMS)
    gallery = page[page.index('id="gallery"') : page.index('id="scorecard"')]
    for slug in PAPERS:
        assert f'id="gallery-{slug}"' in gallery and f'href="#{slug}"' in gallery
    assert gallery.count('class="asks"') == len(PAPERS)
    assert "<code>faces.source</code>" in gallery and "`" not in gallery
    card = pd.read_csv(results / "scorecard.csv")
    own = card[(card.paper == SLUG) & (card.by == "paper") & ~card.cell]
    assert f"{len(own)} sentences:" in gallery
    widths = re.findall(r"flex-grow: (\d+)", gallery[gallery.index(f"gallery-{SLUG}") :])[: own.verdict.nunique()]
    assert sorted(map(int, widths)) == sorted(own.verdict.value_counts())
    assert gallery.count("<img") == 7


def test_a_small_picture_is_small_and_the_same_every_time(tmp_path):
    Image.linear_gradient("L").resize((1200, 300)).save(tmp_path / "wide.png")
    first = thumbnail(tmp_path / "wide.png")
    assert first == thumbnail(tmp_path / "wide.png")
    content = base64.b64decode(first.removeprefix("data:image/png;base64,"))
    with Image.open(io.BytesIO(content)) as small:
        assert small.size == (360, 90)


def text_of(finding):
    return "".join(text for text, _ in finding.parts)


def test_every_paper_has_three_findings_that_stand_on_the_reference_results():
    card, numbers = read_csv(REFERENCE / "scorecard.csv"), read_json(REFERENCE / "scorecard.json")
    for paper in load_papers(CLAIMS):
        found = told(paper, card[card.paper == paper.slug], numbers[paper.slug]["headline"])
        assert paper.asks.endswith("?")
        assert len(found) == 3
        for finding in found:
            assert not finding.changed, f"{paper.slug}: {text_of(finding)}"
            assert "{" not in text_of(finding) and any(filled for _, filled in finding.parts)


@pytest.fixture
def a_finding(tmp_path):
    """The paper with one finding, and its scorecard of two claims."""
    folder = copy_claims(tmp_path)
    path = folder / f"{SLUG}.yaml"

    def make(says, **given):
        content = yaml.safe_load(path.read_text())
        content["findings"] = [{"says": says, "given": given or {"joint-accuracy": "reproduced"}}]
        path.write_text(yaml.safe_dump(content))
        return load_paper(path, folder.parent / "published" / f"{SLUG}.csv")

    return make


CARD = pd.DataFrame(
    [
        ("joint-accuracy", "reproduced", 0.9876, 0.98, 0.99),
        ("joint-budget", "undecided", 0.5, 0.5, 0.5),
        ("joint-capacity", "reproduced", None, None, None),
    ],
    columns=["id", "verdict", "value", "ci_low", "ci_high"],
)
HEADLINE = {"table1_accuracy": {"joint_resonator": 0.25}}


def test_a_finding_is_filled_with_numbers_of_claims_and_headlines(a_finding):
    says = "A {joint-accuracy}, b {joint-accuracy:.1f}, c {table1_accuracy.joint_resonator:.0%}, d {joint-capacity:.1f}"
    (finding,) = told(a_finding(says), CARD, HEADLINE)
    assert text_of(finding) == "A 0.988 [0.980, 0.990], b 1.0, c 25\u00a0%, d (not measured)"
    assert not finding.changed
    assert [claim["id"] for claim in finding.claims] == ["joint-accuracy"]


def test_a_finding_whose_verdicts_came_out_otherwise_is_not_said(a_finding, results):
    (finding,) = told(a_finding("{joint-budget}", **{"joint-budget": "reproduced"}), CARD, HEADLINE)
    assert [claim["id"] for claim in finding.changed] == ["joint-budget"]
    page = render(results, CLAIMS)  # a perfect reproduction: nothing that contradicts a paper stands
    assert "The hyperparameters that the appendix prints are not the best" not in page
    assert page.count("these came out otherwise") > 4


@pytest.mark.parametrize("says", ["{table1-resonator-row}", "{capacity_of_five_factors.als}"])
def test_a_finding_whose_numbers_are_not_there_is_left_out(a_finding, says):
    assert told(a_finding(says), CARD, HEADLINE) == []


def test_a_finding_stays_with_the_artifacts_that_it_needs(a_finding):
    paper = a_finding("{joint-accuracy} {capacity_of_five_factors.als}")
    assert len(paper.about(["table1", "capacity"]).findings) == 1
    assert paper.about(["table1"]).findings == paper.about(["capacity"]).findings == []


@pytest.mark.parametrize(
    ("says", "given", "message"),
    [
        ("{joint-acuracy}", "joint-accuracy", r'findings: .*\{joint-acuracy\}: no claim and .* mean "joint-accuracy"'),
        ("{table_accuracy.als}", "joint-accuracy", 'no claim and no headline number; did you mean "table1_accuracy"'),
        ("{joint-accuracy}", "joint-acuracy", 'given: joint-acuracy: no claim; did you mean "joint-accuracy"'),
        ("{joint-accuracy:.2x}", "joint-accuracy", "expected a format of numbers, such as .2f"),
        ("{joint-accuracy", "joint-accuracy", "a brace that is no part of a placeholder"),
        ("It is .98 {joint-accuracy}", "joint-accuracy", "the number .98 is written by hand"),
        ("It is 98 % {joint-accuracy}", "joint-accuracy", "the number 98 % is written by hand"),
    ],
)  # fmt: skip
def test_a_wrong_finding_is_one_clear_error(a_finding, says, given, message):
    with pytest.raises(RecomposeError, match=message) as caught:
        a_finding(says, **{given: "reproduced"})
    assert str(caught.value).count("\n") == 0


def test_an_unknown_case_of_a_headline_number_is_named(a_finding):
    with pytest.raises(RecomposeError, match=r'no such case of table1_accuracy; did you mean "joint_resonator"'):
        told(a_finding("{table1_accuracy.joint_resonater}"), CARD, HEADLINE)


def test_the_heat_map_has_every_cell_in_its_place(results):
    page = render(results, CLAIMS)
    card = pd.read_csv(results / "scorecard.csv")
    cells = [found for tag, found in Attributes(page).tags if tag == "td" and "data-cell" in found]
    known = card[card.cell].set_index("id")
    assert len(cells) == len(known) == 65
    assert {cell["data-cell"]: cell["data-verdict"] for cell in cells} == known.verdict.to_dict()
    paper = load_paper(CLAIMS / f"{SLUG}.yaml", PUBLISHED)
    of_paper = card[card.cell & (card.paper == SLUG)]
    (made,) = heat_maps(paper, [claim(row) for row in of_paper.to_dict("records")])
    assert [label for label, _ in made.rows][-1] == "LATENT SIMILARITY"
    assert made.columns[-1] == "K\u00a0=\u00a04, m\u00a0=\u00a08"
    assert made.rows[-1][1][-1]["id"] == "table1-latent_similarity-k4-m8"


def claim(row, **change):
    return row | {"measured": f"{row['value']:.3f}", "published": str(row["published"])} | change


@pytest.mark.parametrize(
    ("value", "verdict", "step", "mark"),
    [
        (0.5, "reproduced", 0, ""),
        (0.59, "reproduced", 1, ""),
        (0.41, "undecided", -1, "?"),
        (0.7, "not reproduced", 2, "▲"),
        (0.1, "not reproduced", -3, "▼"),
        (0.1, "needs real data", 0, "*"),
    ],
)
def test_a_cell_says_how_far_it_is_from_the_printed_number(value, verdict, step, mark):
    paper = load_paper(CLAIMS / f"{SLUG}.yaml", PUBLISHED)
    row = {"id": "table1-als-k2-m2", "artifact": "table1", "quantity": "accuracy", "published": 0.5, "value": value}
    (made,) = heat_maps(paper, [claim(row, ci_low=value - 0.1, ci_high=value + 0.1, verdict=verdict)])
    (((_, (cell,)),)) = made.rows
    assert (cell["step"], cell["mark"], cell["shown"]) == (step, mark, f"{value:.3f}")


def test_a_table_of_several_quantities_is_one_heat_map_and_a_cell_may_lack_its_number():
    paper = load_paper(CLAIMS / f"{SLUG}.yaml", PUBLISHED)
    row = {"artifact": "table1", "published": 0.5, "value": 0.5, "ci_low": 0.4, "ci_high": 0.6, "verdict": "undecided"}
    first = claim(row, id="table1-als-k2-m2", quantity="accuracy")
    second = claim(row, id="table1-als-k2-m4", quantity="cost", value="", measured="", published="3")
    third = claim(row, id="table1-resonator-k2-m2", quantity="cost")
    (made,) = heat_maps(paper, [first, second, third])
    assert made.quantity == "accuracy, cost"
    assert [[cell and (cell["shown"], cell["mark"]) for cell in cells] for _, cells in made.rows] == [
        [("0.500", "?"), ("", "?")],
        [("0.500", "?"), None],
    ]


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
