"""What the README and the pages show works, and what they point to is there."""

import csv
import re
import tomllib

import pytest
import torch
import yaml
from documented import PAGES, ROOT, defined, methods, read

from recompose.datasets.products import bound_products
from recompose.documents.verdicts import BEGIN, END, verdicts
from recompose.errors import RecomposeError
from recompose.metrics.decomposition import decomposition_accuracy
from recompose.papers import papers
from recompose.papers.coupled_inference import solvers

README = read("README.md")
REFERENCE = ROOT / "results/reference/small"


def test_the_method_of_the_readme_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solvers, "SOLVERS", dict(solvers.SOLVERS))
    defined(1, {"__name__": "readme"})
    drawn = bound_products("unit", "readme", sets=2, factors=3, dimension=600, size=4, trials=20)
    found = solvers.SOLVERS["cubic_resonator"](
        drawn.codebooks, drawn.bound, iterations=50, generator=torch.Generator().manual_seed(0)
    )
    assert decomposition_accuracy(found.numpy(), drawn.chosen.numpy()).mean() > 0.9


def test_papers_have_an_example_of_a_method() -> None:
    """The others are run where their papers are tested."""
    assert set(methods()) == {paper.number for paper in papers().values()}


def test_the_readme_is_short() -> None:
    assert len(README.split()) <= 900, "by wc -w, with pictures and verdicts"
    captions = [re.sub("<.*?>", "", each) for each in re.findall(r"</b>, .+?[.:] (.+)</td>", README)]
    assert len(captions) == 6 and all(len(each.split()) <= 12 for each in captions)


def test_the_readme_shows_six_pictures_of_results() -> None:
    shown = re.findall(r'<a href="(.+?)"><img src="(.+?)"', README)
    assert len(shown) == 6 and all(link == image for link, image in shown)
    assert {image.split("/")[3] for _, image in shown} == set(papers())
    between = {"scale reduced": "between small and paper"}
    scales = [f"scale {image.split('/')[2]}" for _, image in shown]
    assert re.findall(r"</b>, (.+?)[.:]", README) == [between.get(scale, scale) for scale in scales]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files_and_headings(page: str) -> None:
    path, text = ROOT / page, read(page)
    links = re.findall(r"\]\(([^):]+)\)", text) + re.findall(r'(?:src|href)="([^":]+)"', text)
    for link in links:
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(), re.M)
            assert anchor in {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}, link


def test_every_page_is_linked_from_the_readme() -> None:
    pages = {page for page in PAGES if page != "README.md"} | {"CHANGELOG.md", "LICENSE", "CITATION.cff"}
    assert pages <= set(re.findall(r"\]\(([^)#:]+)\)", README))


def test_the_documented_targets_are_those_of_the_tables() -> None:
    """Rules are made in loops over the tables; which of them Snakemake knows, tests/workflow/test_reruns.py shows."""
    named = re.findall(r"^\| `(\w+)` \|", read("docs/targets.md"), re.M)
    wanted = set()
    for slug, paper in papers().items():
        wanted |= {f"{slug}_{each.name}" for each in paper.artifacts if not each.name.endswith("_summary")}
        groups = {"images": paper.data, "networks": paper.networks}
        wanted |= {f"{slug}_{group}" for group, files in groups.items() if files}
    assert len(named) == len(wanted) and set(named) == wanted
    rules = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    targets = {*wanted, "all", "tables", "figures", "scorecard", "page", *papers()}
    toy = {"dots"}  # of docs/adding_a_paper.md
    shown = [target for page in PAGES for target in re.findall(r"(?:--cores all|mermaid-js) (\w+)\b(?!/)", read(page))]
    assert len(shown) > 10
    for target in {*shown} - toy:
        assert target in targets or f"rule {target}:" in rules, target


def test_the_table_of_verdicts_is_that_of_the_scorecard() -> None:
    """Each verdict of the reference results counts once; rows of this project's own claims do not."""
    counted: dict[str, int] = {}
    for row in csv.DictReader((REFERENCE / "scorecard.csv").open(encoding="utf-8")):
        if row["by"] == "paper":
            counted[row["verdict"]] = counted.get(row["verdict"], 0) + 1
    header, _, *rows = README.partition(BEGIN)[2].partition(END)[0].strip().splitlines()
    names = [name.strip() for name in header.split("|")[3:-1]]
    numbers = [[int(number) for number in row.split("|")[3:-1]] for row in rows]
    sums = dict(zip(names, map(sum, zip(*numbers, strict=True)), strict=True))
    assert {name: number for name, number in sums.items() if number} == counted


def test_the_table_of_verdicts_needs_its_place(tmp_path) -> None:
    (tmp_path / "README.md").write_text("# recompose\n")
    with pytest.raises(RecomposeError, match="has to stand between"):
        verdicts(tmp_path / "README.md")
    (tmp_path / "README.md").write_text(f"# recompose\n{BEGIN}an old table\n{END}\nthe rest\n")
    renewed = verdicts(tmp_path / "README.md")
    assert renewed.startswith(f"# recompose\n{BEGIN}| paper |") and renewed.endswith(f"|\n{END}\nthe rest\n")


def test_the_claim_of_the_readme_is_traced_as_it_was() -> None:
    """The query finds the row, the row has the number, and the verdict is the scorecard's."""
    told = README.partition("## One claim")[2].partition("\n## ")[0]
    (name,) = re.findall(r"`(rooms-target[\w-]+)`", told)
    query = yaml.safe_load("\n".join(re.findall(r"^    (.+)$", told, re.M)))
    folder = REFERENCE / "weighted_composition"
    rows = list(csv.DictReader((folder / f"{query['of']['artifact']}.csv").open(encoding="utf-8")))
    (row,) = [row for row in rows if all(row[key] == str(value) for key, value in query["of"]["rows"].items())]
    value = float(row[query["of"]["value"]])
    assert f"`exact` = {value:.4f}" in told and f"{value:.4f}"[1:] in told.partition("of the whole")[0][-8:]
    assert value == pytest.approx((1 / 60) / (2 * 0.95 + 1 / 60 + (1 / 60) ** 2 / 0.95))
    assert f".{round(100 * float(row['mean']))} show both" in told
    (claim,) = [each for each in csv.DictReader((REFERENCE / "scorecard.csv").open()) if each["id"] == name]
    assert float(claim["value"]) == value and f"*{claim['verdict']}*" in told
    assert claim["condition"] == f"at least {query['at_least']}"


def test_one_version_everywhere() -> None:
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]
    citation = yaml.safe_load(read("CITATION.cff"))
    newest = re.findall(r"^## (\S+) \((\S+)\)$", read("CHANGELOG.md"), re.M)[0]
    assert newest == (citation["version"], str(citation["date-released"])) and citation["version"] == version
    assert citation["license"] == "MIT" and read("LICENSE").startswith("MIT License")


def test_the_citation_names_the_papers() -> None:
    titles = [each["title"] for each in yaml.safe_load(read("CITATION.cff"))["references"]]
    claimed = [yaml.safe_load(read(f"config/claims/{slug}.yaml"))["title"] for slug in papers()]
    assert [title.removesuffix(" (SAMI)") for title in claimed] == titles


def test_the_catalog_of_workflows_is_told_what_there_is() -> None:
    usage = yaml.safe_load(read(".snakemake-workflow-catalog.yml"))["usage"]
    assert usage["software-stack-deployment"]["conda"] and (ROOT / "environment.yml").exists()
    assert usage["report"] and "snakemake --report" in read("docs/targets.md")
