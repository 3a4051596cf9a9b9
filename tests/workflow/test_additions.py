"""What is added to a paper reruns nothing that was there, nor do words: titles, captions, errors, wishes for a GPU."""

import re

import pytest
from project import Project

from recompose.papers import papers

pytestmark = pytest.mark.workflow

OVER_ALL = {"feature_guidance_notebook", "scorecard", "manifest", "page", "all"}
BLOCK = '''
class Another(Block):
    """Nobody reads it yet."""

    size: int = Field(1, gt=0, description="of something")


'''
ARTIFACT = """\
        Artifact(
            "strangeness",
            title="how strange the samples are",
            caption="How strange the samples between two classes are.",
            index=("row",),
            forms=("table", "figure"),
            sources=("figure8",),
        ),
    ),
    data="""
MEASURES = '''

def strangeness(frame: pd.DataFrame) -> pd.DataFrame:
    """How strange samples are."""
    return frame.groupby("row", as_index=False).along.mean()
'''
PRINTS = '''

def strangeness(frame: pd.DataFrame) -> str:
    """How strange samples are."""
    return table_line(["strangeness", *frame.along])
'''
DRAWS = '''

def strangeness(frame: pd.DataFrame) -> Figure:
    """How strange samples are."""
    figure, panel = plt.subplots()
    panel.plot(frame.along)
    return figure
'''


@pytest.mark.parametrize("slug", papers())
def test_a_block_of_settings(whole: Project, slug: str) -> None:
    path = f"src/recompose/papers/{slug}/settings.py"
    model = "".join(word.capitalize() for word in slug.split("_"))
    text = (whole.root / path).read_text()
    (head,) = re.findall(rf'^class {model}\(Block\):\n    """.*"""\n', text, re.M)
    whole.edit(path, head, f"{BLOCK.lstrip()}{head}\n    another: Another = Another()\n")
    assert whole.jobs() == {} and whole.jobs(**{slug: "{another: {size: 2}}"}) == {}


def test_an_artifact(whole: Project) -> None:
    package = "src/recompose/papers/feature_guidance"
    whole.edit(f"{package}/artifacts.py", "    ),\n    data=", ARTIFACT)
    whole.append(f"{package}/aggregation.py", MEASURES)
    whole.append(f"{package}/tables.py", PRINTS)
    whole.append(f"{package}/figures.py", DRAWS)
    added = {f"feature_guidance_strangeness_{step}" for step in ("numbers", "table", "figure")}
    assert set(whole.jobs()) == added | OVER_ALL
    whole.finish("feature_guidance_strangeness")
    assert (whole.tree / "feature_guidance/strangeness.md").read_text().startswith("| strangeness |")


def test_a_network(whole: Project) -> None:
    names = "src/recompose/papers/feature_guidance/names.py"
    whole.edit(names, "NETWORKS = {\n", 'NETWORKS = {\n    "six_labelled": Network("six_groups", "labelled"),\n')
    added = {"six_labelled_network", "training_numbers", "training"}
    assert set(whole.jobs()) == {f"feature_guidance_{rule}" for rule in added} | OVER_ALL


def test_words_of_errors(whole: Project) -> None:
    whole.append("src/recompose/errors.py", "\n\nANSWER = 42\n")
    assert whole.jobs() == {}


@pytest.mark.parametrize("slug", papers())
def test_titles_and_wishes_for_a_gpu(whole: Project, slug: str) -> None:
    path = f"src/recompose/papers/{slug}/artifacts.py"
    whole.edit(path, 'title="', 'title="Said otherwise. ')
    wish = "gpu=True" if "gpu=True" in (whole.root / path).read_text() else 'forms=("figure",),'
    whole.edit(path, wish, "gpu=False" if wish == "gpu=True" else f"{wish} gpu=True,")
    assert whole.jobs() == {}


@pytest.mark.parametrize("slug", papers())
def test_a_caption(whole: Project, slug: str) -> None:
    whole.edit(f"src/recompose/papers/{slug}/artifacts.py", 'caption="', 'caption="Said otherwise. ')
    assert set(whole.jobs()) == {f"{slug}_notebook", "page", "all"}
