"""What the papers' tables of artifacts say is there: settings, sources, networks, functions, columns of results."""

import importlib
import inspect
import re
from collections.abc import Callable, Sequence
from typing import Any, get_args

import pytest
from made_up_results import ROOT

from recompose.artifacts import Artifact, DataSet, Form, Network, Paper
from recompose.config import Config
from recompose.config.loading import load_config
from recompose.errors import RecomposeError
from recompose.papers import chosen, papers
from recompose.papers.feature_guidance.experiments import MEASURES
from recompose.papers.weighted_composition.rooms.artifacts import ROOMS
from recompose.storage import read_csv

REFERENCE = ROOT / "results/reference/small"
OFFERED = {"device", "scale", "batch", "cells", "folder", "network_names"}
"""What a command hands to a function beside its settings."""

UNKEPT = {"weighted_composition-figure1", "weighted_composition-error_map"}
"""Large maps, whose numbers are not kept for reference."""

ALL = [
    pytest.param(paper, each, id=f"{slug}-{each.name}") for slug, paper in papers().items() for each in paper.artifacts
]
EACH_PAPER = pytest.mark.parametrize("paper", papers().values(), ids=list(papers()))
KEPT = [each for each in ALL if each.id not in UNKEPT]
EACH_ARTIFACT = pytest.mark.parametrize(("paper", "artifact"), ALL)
EACH_KEPT = pytest.mark.parametrize(("paper", "artifact"), KEPT)


def settings_of(paper: Paper) -> set[str]:
    """The blocks of a paper's configuration."""
    return set(type(getattr(Config(), paper.slug)).model_fields)


def function(paper: Paper, where: str) -> Callable[..., Any]:
    """A function of the paper, `module:name`."""
    module, _, name = where.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(f"{paper.package}.{module}"), name)
    return found


# -- The tables by themselves


def test_papers_are_found_by_their_tables_and_stand_in_order() -> None:
    expected = ["coupled_inference", "weighted_composition", "sami", "concept_discovery", "feature_guidance"]
    assert [slug for slug in papers() if slug in expected] == expected
    assert all(paper.slug == slug for slug, paper in papers().items())
    numbers = [paper.number for paper in papers().values()]
    assert numbers == sorted(set(numbers))
    for slug in papers():
        assert importlib.import_module(f"recompose.papers.{slug}.artifacts").PAPER is papers()[slug]


@EACH_PAPER
def test_names_are_words_and_each_is_there_once(paper: Paper) -> None:
    """They become files, targets and commands, which leave them unquoted."""
    names = [each.name for each in paper.artifacts]
    assert len(names) == len(set(names))
    for name in [paper.slug, *names, *paper.data, *paper.networks]:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name), name
    commands = {"numbers", "gather", "plot", "table", "images", "networks", "search", "adopt"}
    assert not commands & {name.replace("_", "-") for name in names}


def test_no_target_is_named_by_two() -> None:
    targets = [*papers(), *(f"{slug}_{each.name}" for slug, paper in papers().items() for each in paper.artifacts)]
    targets += [f"{slug}_{group}" for slug in papers() for group in ("images", "networks", "notebook")]
    assert len(targets) == len(set(targets))


@EACH_PAPER
def test_what_a_table_points_to_is_in_it(paper: Paper) -> None:
    names = [each.name for each in paper.artifacts]
    for each in paper.artifacts:
        assert set(each.sources) <= set(names) - {each.name}
        assert set(each.networks) <= set(paper.networks)
        assert set(each.forms) <= set(get_args(Form)) and len(each.forms) == len(set(each.forms))
        assert not (each.sources and each.networks), "measured, or made from what was measured"
    assert {network.data for network in paper.networks.values()} <= {*paper.data, None}
    assert set(paper.probe) <= set(names) and paper.probe
    used = {name for each in paper.artifacts for name in each.networks}
    assert used == set(paper.networks), "a network that nothing is measured with"
    assert {network.data for network in paper.networks.values()} - {None} == set(paper.data)


@EACH_PAPER
def test_a_network_stands_after_those_it_is_trained_with(paper: Paper) -> None:
    names = list(paper.networks)
    for place, network in enumerate(paper.networks.values()):
        assert set(network.networks) <= set(names[:place])


def test_an_artifact_takes_all_networks_that_its_own_are_trained_with() -> None:
    networks = {"c": Network(), "a": Network(), "b": Network(networks=("a",)), "d": Network(data="x", networks=("b",))}
    one = Artifact("one", title="", caption="", index=(), networks=("d",))
    paper = Paper("p", 1, "P", (one,), data={"x": DataSet("x"), "y": DataSet("y")}, networks=networks)
    found = paper.only(["one"])
    assert list(found.networks) == ["a", "b", "d"] and list(found.data) == ["x"]


@EACH_PAPER
def test_sources_are_no_circle(paper: Paper) -> None:
    """Each can be made after those that it is made from."""
    done = set[str]()
    for _ in paper.artifacts:
        done |= {each.name for each in paper.artifacts if set(each.sources) <= done}
    assert done == {each.name for each in paper.artifacts}


@EACH_PAPER
def test_what_is_read_are_blocks_of_the_settings(paper: Paper) -> None:
    everything = [*paper.artifacts, *paper.networks.values(), *paper.data.values()]
    read = [key for each in everything for key in each.reads]
    assert set(read) <= settings_of(paper)
    assert all(len(each.reads) == len(set(each.reads)) for each in everything)
    assert settings_of(paper) <= {*read, "search", "rooms_collection"}, "a block that nothing reads"


@EACH_ARTIFACT
def test_captions_and_titles_are_for_people(paper: Paper, artifact: Artifact) -> None:
    caption = paper.caption(artifact, plain(paper))
    assert caption.endswith(".") and ".." not in caption and "  " not in caption
    assert caption.startswith(artifact.caption) and artifact.caption[0].isupper()
    assert artifact.title and not artifact.title.endswith(".") and "|" not in artifact.title
    told = paper.told_of_data(artifact, plain(paper))
    assert bool(told) == bool(artifact.stand_in)
    assert caption == (f"{artifact.caption} {told}" if told else artifact.caption)


def plain(paper: Paper, **sources: dict[str, str]) -> dict[str, Any]:
    """The paper's settings as plain values, as they are by default but for these: block, key and value."""
    found = getattr(Config(), paper.slug).model_dump(mode="json")
    return {**found, **{block: found[block] | values for block, values in sources.items()}}


def standing_in(paper: Paper, **sources: dict[str, str]) -> set[str]:
    """The artifacts of which it is said that they are made on stand-ins."""
    return {each.name for each in paper.artifacts if paper.told_of_data(each, plain(paper, **sources))}


@EACH_PAPER
def test_a_set_of_images_that_may_stand_in_for_others_is_one_of_the_papers(paper: Paper) -> None:
    """By a value of a setting that has other values, too; and some artifact says so."""
    assert {each.stand_in for each in paper.artifacts} - {""} <= {
        name for name, data in paper.sets.items() if data.stand_ins
    }
    for data in paper.sets.values():
        blocks = [type(getattr(getattr(Config(), paper.slug), name)).model_fields for name in data.reads]
        options = [get_args(keys[data.source].annotation) for keys in blocks if data.source in keys]
        assert bool(data.stand_ins) <= bool(options)
        assert all(set(data.stand_ins) < set(each) for each in options if data.stand_ins)
        assert all(said.endswith(".") and said[0].isupper() for said in data.stand_ins.values())
    assert not set(paper.data) & set(paper.unkept)
    assert {paper.record_of(name) for name in paper.unkept} <= {f"{each.name}.csv" for each in paper.artifacts}
    assert not any(data.file for data in paper.data.values())


@EACH_PAPER
def test_what_is_made_on_stand_ins_says_so(paper: Paper) -> None:
    """Also what is made of such numbers."""
    known = {each.name: each for each in paper.artifacts}
    for each in paper.artifacts:
        of = {known[source].stand_in for source in each.sources} - {""}
        assert (each.stand_in in of) or not of, each.name
    drawn = standing_in(paper)
    if paper.slug == "feature_guidance":
        assert set(known) - drawn == {"figure6", "components"}  # of Gaussians, in the paper too
        assert "textures stand in for the paper's photographs" in paper.caption(known["figure10"], plain(paper))
    elif paper.slug == "weighted_composition":
        assert drawn == {each.name for each in ROOMS}
        assert "rooms stand in for the paper's" in paper.caption(known["figure2"], plain(paper))
    elif paper.slug == "concept_discovery":
        assert drawn == {"table2", *(name for name in known if name.startswith("faces_"))}
        assert "faces that are drawn with CelebA's attributes" in paper.caption(known["table2"], plain(paper))
    elif paper.slug == "sami":
        generated = ("faces", "portraits", "dsprites")
        of_these = {name for name, network in paper.networks.items() if network.data in generated}
        assert drawn == {"table2", *(each.name for each in paper.artifacts if of_these & {*each.networks})}
        assert "faces that are drawn with CelebA's attributes" in paper.caption(known["table2"], plain(paper))
        assert "stand in for dSprites" in paper.caption(known["dsprites"], plain(paper))
    else:
        assert not drawn


def test_what_is_made_on_the_papers_own_data_says_nothing_of_others() -> None:
    """By the setting of the very data: portraits may be photographs where faces are drawn ones."""
    sami, rooms, concepts, guidance = (
        papers()[slug] for slug in ("sami", "weighted_composition", "concept_discovery", "feature_guidance")
    )
    table2 = sami.artifact("table2")
    assert sami.caption(table2, plain(sami, faces={"source": "celeba"})) == table2.caption
    assert sami.caption(table2, plain(sami, faces={"source": "drawn"})) == (
        f"{table2.caption} Made on faces that are drawn with CelebA's attributes, which stand in for its photographs."
    )
    left = standing_in(sami) - standing_in(sami, faces={"source": "celeba"})
    assert left == {"table2", "participation", "comparison", "beyond", "figure3", "faces", "figure5", "figure7"}
    portraits, videos = {"portraits": {"source": "celeba_hq"}}, {"videos": {"source": "frames"}}
    assert standing_in(sami) - standing_in(sami, **portraits) == {"portraits", "choices"}
    assert standing_in(sami) == standing_in(sami, **videos)  # Figure 4 has portraits, too
    assert standing_in(sami) - standing_in(sami, **portraits, **videos) == {"portraits", "choices", "figure4"}
    assert standing_in(sami) - standing_in(sami, dsprites={"source": "archive"}) == {"dsprites", "figure6"}
    assert not standing_in(rooms, rooms={"source": "collection"})
    assert not standing_in(concepts, faces={"source": "celeba"})
    assert standing_in(concepts, digits={"source": "mnist"}) == standing_in(concepts)
    groups = {"figure14", "figure15", "figure16", "fixed_factors"}
    assert standing_in(guidance, images={"source": "photographs"}) == groups
    assert standing_in(guidance) - standing_in(guidance, images={"multi": "archives"}) == groups
    assert not standing_in(guidance, images={"source": "photographs", "multi": "archives"})


def test_some_of_a_paper_knows_the_data_that_its_captions_tell_of() -> None:
    part = papers()["weighted_composition"].only(["rooms_classes"])  # no network is trained for it
    assert list(part.data) == ["rooms"]
    assert "stand in" in part.caption(part.artifact("rooms_classes"), plain(part))


# -- The functions that they name


@EACH_ARTIFACT
def test_every_artifact_has_the_functions_that_make_and_show_it(paper: Paper, artifact: Artifact) -> None:
    making = function(paper, artifact.computed_by)
    parameters = inspect.signature(making).parameters.values()
    frames = sum(each.kind is each.POSITIONAL_OR_KEYWORD for each in parameters) - bool(artifact.function)
    several = any(each.kind is each.VAR_POSITIONAL for each in parameters)
    made_from = [*artifact.sources, *artifact.sees]
    assert frames == len(made_from) or (several and made_from)
    for form in artifact.forms:
        showing = function(paper, artifact.shown_by(form))
        assert len(inspect.signature(showing).parameters) == 1 + artifact.pictures
    seen = {name for each in paper.artifacts for name in each.sees}
    assert artifact.pictures <= ("figure" in artifact.forms or artifact.name in seen)
    assert all(paper.artifact(name).pictures for name in artifact.sees)


def blocks_of(name: str, reads: Sequence[str]) -> set[str]:
    """What a function of several benchmarks takes, as `**blocks`: all those of the one that a name begins with."""
    benchmark = name.partition("_")[0]
    assert all(each == benchmark or each.startswith(f"{benchmark}_") for each in reads)
    return set(reads)


@EACH_ARTIFACT
def test_functions_take_what_their_artifacts_read(paper: Paper, artifact: Artifact) -> None:
    making = function(paper, artifact.computed_by)
    taken = [inspect.signature(making)]
    if making.__name__ == "measured":
        taken.append(inspect.signature(MEASURES[artifact.name]))
    keys = [each for one in taken for each in one.parameters.values() if each.kind is each.KEYWORD_ONLY]
    names = {each.name for each in keys}
    if len(taken) == 1 and any(each.kind is each.VAR_KEYWORD for each in taken[0].parameters.values()):
        names |= blocks_of(artifact.name, artifact.reads)
    assert names - OFFERED <= set(artifact.reads) | {each.name for each in keys if each.default is not each.empty}
    assert set(artifact.reads) <= names - OFFERED
    assert ("batch" in names) <= ("cells" in names)
    assert ("network_names" in names) <= bool(artifact.networks)


@EACH_PAPER
def test_networks_and_images_are_made_from_what_they_read(paper: Paper) -> None:
    for name, entries in {"networks": paper.networks, "images": paper.data}.items():
        for own, each in entries.items():
            making = function(paper, f"{each.module}:{name}")
            parameters = inspect.signature(making).parameters.values()
            names = {one.name for one in parameters if one.kind is one.KEYWORD_ONLY}
            if any(one.kind is one.VAR_KEYWORD for one in parameters):
                names |= blocks_of(own, each.reads)
            assert set(each.reads) == names - OFFERED - {"checkpoint", "processes"}


def test_what_is_dealt_to_jobs_can_be_gathered() -> None:
    dealt: dict[str, list[str]] = {}
    for slug, paper in papers().items():
        for each in paper.artifacts:
            making = function(paper, each.computed_by)
            if "batch" in inspect.signature(making).parameters:
                dealt.setdefault(slug, []).append(each.name)
    assert dealt["coupled_inference"] == ["table1", *(f"figure{number}" for number in range(2, 7)), "restarts"]
    assert dealt["weighted_composition"] == ["exact", "distances"]
    for slug in dealt:
        gathering = inspect.signature(function(papers()[slug], "aggregation:gather"))
        assert list(gathering.parameters) == ["artifact", "frames"]


# -- The results that they describe


@EACH_KEPT
def test_index_and_value_are_columns_of_the_reference(paper: Paper, artifact: Artifact) -> None:
    frame = read_csv(REFERENCE / paper.slug / f"{artifact.name}.csv")
    assert {*artifact.index, artifact.value} <= set(frame.columns)
    assert artifact.value not in artifact.index
    assert frame[artifact.value].dtype.kind in "fi"
    assert len(artifact.index) == len(set(artifact.index))
    intervals = {"ci_low", "ci_high"} <= set(frame.columns)
    if intervals:  # they are of the value (recompose.judgement.movements)
        known = frame.dropna(subset=["ci_low", "ci_high", artifact.value])
        assert (known.ci_low <= known[artifact.value] + 1e-9).all() and (
            known[artifact.value] <= known.ci_high + 1e-9
        ).all()


@EACH_KEPT
def test_places_tell_rows_of_the_reference_apart(paper: Paper, artifact: Artifact) -> None:
    """Except where one place is measured several times, each as good as the other."""
    frame = read_csv(REFERENCE / paper.slug / f"{artifact.name}.csv")
    several = {"figure4", "figure6", "figure7", "figure15"} if paper.slug == "feature_guidance" else set()
    assert frame.duplicated(list(artifact.index)).any() == (artifact.name in several)


@EACH_PAPER
def test_every_file_of_the_reference_is_an_artifacts(paper: Paper) -> None:
    forms = {".csv": None, ".md": "table", ".png": "figure", ".svg": "figure"}
    for path in (REFERENCE / paper.slug).iterdir():
        if path.is_file():
            form = forms[path.suffix]
            assert form is None or form in paper.artifact(path.stem).forms, path
            paper.artifact(path.stem)  # which names an unknown one


def test_every_artifact_has_its_files_in_the_reference() -> None:
    for slug, paper in papers().items():
        for each in paper.artifacts:
            ends = {"table": ".md", "figure": ".png"}
            files = [f"{each.name}{ends[form]}" for form in each.forms]
            files += [f"{each.name}.csv"] * (f"{slug}-{each.name}" not in UNKEPT)
            assert all((REFERENCE / slug / name).exists() for name in files), each.name


def test_every_folder_of_the_reference_is_a_papers() -> None:
    assert {path.parent.name for path in REFERENCE.glob("*/*.csv")} == set(papers())


@EACH_PAPER
def test_lines_are_columns_and_what_is_kept_is_there(paper: Paper) -> None:
    """One set of lines for each paper: what two of its versions are compared by."""
    (lined,) = [each for each in paper.artifacts if each.lines]
    assert lined.lines
    columns = set(read_csv(REFERENCE / paper.slug / f"{lined.name}.csv").columns)
    assert {lined.lines.x, lined.lines.y} <= columns
    assert lined.lines.x in lined.index and lined.lines.y == lined.value
    assert (ROOT / f".dvc/plots/{lined.lines.template}.json").exists()
    for kept in paper.kept.values():
        assert kept.path.startswith(f"results/${{scale}}/{paper.slug}/") or (ROOT / kept.path).exists()


# -- Some of a paper


@EACH_ARTIFACT
def test_some_of_a_paper_is_whole(paper: Paper, artifact: Artifact) -> None:
    """An artifact with what it is made from, and no more; in the order of the paper."""
    part = paper.only([artifact.name])
    names = [each.name for each in part.artifacts]
    assert artifact.name in names
    assert all(set(each.sources) <= set(names) for each in part.artifacts)
    assert names == [each.name for each in paper.artifacts if each.name in names]
    if not artifact.sources and not artifact.sees:
        assert names == [artifact.name]
    assert set(part.networks) == {network for each in part.artifacts for network in each.networks}
    shown = {each.stand_in for each in part.artifacts} & set(paper.data)
    assert {network.data for network in part.networks.values()} - {None} | shown == set(part.data)
    assert part.only([artifact.name]) == part


def test_artifacts_are_chosen_by_word_or_name() -> None:
    assert chosen("all") == papers()
    probe = chosen("probe")
    assert list(probe) == list(papers())
    assert all(set(paper.probe) <= {each.name for each in probe[slug].artifacts} for slug, paper in papers().items())
    some = chosen(["feature_guidance_components", "coupled_inference_capacity", "coupled_inference_table1"])
    assert {slug: [each.name for each in paper.artifacts] for slug, paper in some.items()} == {
        "coupled_inference": ["table1", "figure2", "capacity"],
        "feature_guidance": ["figure6", "components"],
    }
    assert set(some["feature_guidance"].networks) == {"gaussians", "gaussians_labelled"}
    assert set(some["feature_guidance"].data) == {"two_gaussians"}


def test_an_unknown_artifact_is_told_with_the_nearest_name() -> None:
    paper = papers()["coupled_inference"]
    with pytest.raises(RecomposeError, match=r'^tabel1: no artifact of coupled_inference; did you mean "table1"\?$'):
        paper.artifact("tabel1")
    with pytest.raises(RecomposeError, match='did you mean "figure6"'):
        paper.only(["figure2", "figur6"])
    told = r'^coupled_inference_tabel1: no artifact of a paper; did you mean "coupled_inference_table1"\?$'
    with pytest.raises(RecomposeError, match=told):
        chosen(["coupled_inference_tabel1"])


def test_artifacts_of_the_configuration_are_known_ones() -> None:
    assert load_config(root=ROOT, overrides={"artifacts": "probe"}).artifacts == "probe"
    known = [f"{slug}_{each.name}" for slug, paper in papers().items() for each in paper.artifacts]
    assert Config.model_validate({"artifacts": known}).artifacts == tuple(known)
    for wrong in (["table1"], [], "everything", ["coupled_inference"]):
        with pytest.raises(ValueError):
            Config.model_validate({"artifacts": wrong})


def test_a_papers_code_knows_nothing_of_its_table() -> None:
    """What a method has to know is handed to it."""
    for path in (ROOT / "src/recompose/papers").glob("*/**/*.py"):
        assert not re.search(r"recompose\.papers\.\w+\.artifacts|from recompose\.papers import", path.read_text()), path
