"""The data set of rooms, from prompts to accepted images, with models of a few thousand random weights."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_models import make_dino, make_flux

from recompose.errors import RecomposeError
from recompose.papers.weighted_composition.rooms.collection import candidates as candidates_module
from recompose.papers.weighted_composition.rooms.collection import embeddings as embeddings_module
from recompose.papers.weighted_composition.rooms.collection.acceptance import (
    accepted,
    accepted_images,
    fitted,
    held_out,
    measured,
    more_candidates,
    reliability,
)
from recompose.papers.weighted_composition.rooms.collection.calibration import calibration, calibration_figure
from recompose.papers.weighted_composition.rooms.collection.candidates import (
    PICTURE,
    candidates,
    encoded,
    flux,
    pooled_embedding,
    token_embeddings,
)
from recompose.papers.weighted_composition.rooms.collection.embeddings import embed, embeddings, embeddings_file
from recompose.papers.weighted_composition.rooms.collection.files import candidate_file, candidate_numbers
from recompose.papers.weighted_composition.rooms.collection.labels import (
    labels,
    labels_file,
    labels_hash,
    write_table,
)
from recompose.papers.weighted_composition.rooms.collection.prompts import chunks, plain, prompt
from recompose.papers.weighted_composition.rooms.collection.settings import RoomsCollection
from recompose.papers.weighted_composition.rooms.names import CLASSES


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    make_flux(folder / "flux")
    make_dino(folder / "dino")
    return folder


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def small(models):
    """Settings for images of 32 x 32, which a test may change."""

    def settings(**changes):
        values = {
            "model": str(models / "flux"),
            "embedding_model": str(models / "dino"),
            **{"resolution": 32, "steps": 2, "batch": 4, "candidates": 12, "images": 8, "limit": 60},
        }
        return RoomsCollection(**(values | changes))

    return settings


def refused(message, function, *arguments):
    with pytest.raises(RecomposeError, match=message) as caught:
        function(*arguments)
    assert "\n" not in str(caught.value)


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


def label(name, numbers=range(8)):
    """Accept the brighter half."""
    bright = {number: np.asarray(Image.open(candidate_file(name, number))).mean() for number in numbers}
    middle = np.median(list(bright.values()))
    write_table(name, {number: bool(each > middle) for number, each in bright.items()})


def test_prompts_are_those_of_the_paper():
    assert prompt("empty") == (
        "A photograph of an empty living room with plain white walls and wooden floors. The room has a large window, "
        "and it is sunny outside. The room is completely empty. It contains no furniture, no decorations, no "
        "plants, and no other objects. Completely undecorated. Abandoned but clean. The photo is wide angle, showing "
        "the entire room and how it is empty."
    )
    assert "except for a (couch:1.4). It contains no furniture, no decorations," in prompt("couch")
    assert prompt("couch").endswith("showing the entire room and the couch.")
    assert "except for a (coffee table:1.4). It" in prompt("table")
    assert "except for a (framed painting:1.4) on the wall. It" in prompt("painting")
    assert prompt("painting").endswith("the entire room and the framed painting on the wall.")
    assert "a (couch:1.4) and a (coffee table:1.4). It contains no other furniture, no other" in prompt("couch_table")
    assert "a (couch:1.4) and a (framed painting:1.4) on the wall. It" in prompt("couch_painting")
    assert prompt("couch_painting").endswith("the entire room, the couch, and the framed painting.")
    assert len({prompt(name) for name in CLASSES}) == 6


def test_prompts_fall_into_chunks_of_one_weight():
    assert chunks("(a couch:2)(tall:0.5) lamp (new)") == [("a couch", 2.0), ("tall", 0.5), (" lamp (new)", 1.0)]
    assert chunks(prompt("empty")) == [(prompt("empty"), 1.0)]
    assert [chunk for chunk in chunks(prompt("couch_table")) if chunk[1] != 1] == [
        ("couch", 1.4),
        ("coffee table", 1.4),
    ]
    assert "(" not in plain(prompt("couch_table"))


def test_unweighted_prompt_is_encoded_as_diffusers_does(small):
    pipeline = flux(small(), "cpu", without=PICTURE)
    text = "A room with a couch, and a window."
    tokens = len(pipeline.tokenizer_2(text).input_ids)
    wanted, pooled, _ = pipeline.encode_prompt(text, max_sequence_length=tokens)
    torch.testing.assert_close(token_embeddings(pipeline, text), wanted)
    torch.testing.assert_close(pooled_embedding(pipeline, text), pooled)
    assert wanted.shape == (1, tokens, 16)


def test_weight_multiplies_what_comes_out_at_its_chunk(small):
    pipeline = flux(small(), "cpu", without=PICTURE)
    weighted = token_embeddings(pipeline, "empty, except for a (couch:1.4). Clean.")
    unweighted = token_embeddings(pipeline, "empty, except for a (couch:1.0). Clean.")
    ids = [pipeline.tokenizer_2(chunk).input_ids for chunk in ("empty, except for a ", "couch", ". Clean.")]
    before, chunk, after = (len(each) for each in ids)
    assert chunk == 2  # itself, and an end of its own
    assert weighted.shape[1] == before + chunk + after
    factor = torch.ones(before + chunk + after)
    factor[before : before + chunk] = 1.4
    torch.testing.assert_close(weighted, unweighted * factor[:, None])
    together = torch.tensor([[token for each in ids for token in each]])
    torch.testing.assert_close(unweighted, pipeline.text_encoder_2(together)[0])
    without = pooled_embedding(pipeline, "empty, except for a couch. Clean.")
    torch.testing.assert_close(pooled_embedding(pipeline, "empty, except for a (couch:1.4). Clean."), without)


def test_weight_of_a_prompt_that_is_one_chunk(small):
    pipeline = flux(small(), "cpu", without=PICTURE)
    alone, _, _ = pipeline.encode_prompt("couch", max_sequence_length=2)
    torch.testing.assert_close(token_embeddings(pipeline, "(couch:1.4)"), 1.4 * alone)


def test_long_prompt_is_pooled_over_what_clip_reads_at_once(small):
    pipeline = flux(small(), "cpu", without=PICTURE)
    first, second = "a " * 75, "b " * 20  # the tiny tokenizer has a token for each letter
    torch.testing.assert_close(
        pooled_embedding(pipeline, first), pipeline.encode_prompt(first, max_sequence_length=8)[1]
    )
    mean = (pooled_embedding(pipeline, first) + pooled_embedding(pipeline, second)) / 2
    torch.testing.assert_close(pooled_embedding(pipeline, first + second), mean)


def test_from_prompts_to_images(small):
    settings = small()
    for name in ("couch", "couch_table"):
        made = candidates(name, settings, "cpu")
        assert made["candidates"] == 12 and made["prompt"] == prompt(name)
        assert candidate_numbers(name) == list(range(12))
        found = embeddings(name, settings, "cpu")
        assert (found["images"], found["width"]) == (12, 16)
        label(name)
        came = accepted(name, settings, "cpu")
        assert came["accepted"] >= 8 and came["labels"] == 8 and came["accepted_by_hand"] == 4
        assert sum(each["n"] for each in came["reliability"]) == 8
        for size in (32, 16):
            images = accepted_images(name, size)
            assert images.shape == (8, 3, size, size) and images.dtype == np.uint8
        by_hand = [number for number, accept in labels(name).items() if accept]
        whole = accepted_images(name, 32)
        first = np.asarray(Image.open(candidate_file(name, by_hand[0])))
        np.testing.assert_array_equal(whole[0], first.transpose(2, 0, 1))
        mean = whole.reshape(8, 3, 16, 2, 16, 2).mean((3, 5))
        np.testing.assert_array_equal(accepted_images(name, 16), mean.round())
    one, other = (candidate_file(name, 0).read_bytes() for name in ("couch", "couch_table"))
    assert one != other
    json.dumps(came)


def test_images_do_not_depend_on_batches(small, here, monkeypatch):
    found = {}
    for batch in (1, 4, 6):
        (here / str(batch)).mkdir()
        monkeypatch.chdir(here / str(batch))
        candidates("couch", small(batch=batch), "cpu")
        found[batch] = np.stack([np.asarray(Image.open(candidate_file("couch", each))) for each in range(12)])
    for other in (found[4], found[6]):
        np.testing.assert_allclose(found[1].astype(int), other.astype(int), atol=1)  # but for rounding
    assert not (found[1][0] == found[1][1]).all()


def test_interrupted_candidates_go_on_to_the_same_bytes(small, here, monkeypatch):
    whole, broken = here / "whole", here / "broken"
    for folder in (whole, broken):
        folder.mkdir()
    monkeypatch.chdir(whole)
    candidates("couch", small(), "cpu")
    monkeypatch.chdir(broken)
    written, write = [], candidates_module._write

    def stop(made, name, number, settings):
        if number == 6:
            raise KeyboardInterrupt
        written.append(number)
        write(made, name, number, settings)

    monkeypatch.setattr(candidates_module, "_write", stop)
    with pytest.raises(KeyboardInterrupt):
        candidates("couch", small(), "cpu")
    assert candidate_numbers("couch") == written == list(range(6))
    dates = {number: candidate_file("couch", number).stat().st_mtime_ns for number in written}
    monkeypatch.setattr(candidates_module, "_write", write)
    candidates("couch", small(), "cpu")
    place = Path("data/rooms/candidates/couch")
    assert contents(broken / place) == contents(whole / place)
    assert {number: candidate_file("couch", number).stat().st_mtime_ns for number in written} == dates

    monkeypatch.setattr(candidates_module, "encoded", None)  # nothing is left to do: no model is loaded
    candidates("couch", small(), "cpu")


def test_interrupted_embeddings_go_on_to_the_same_bytes(small, monkeypatch):
    settings = small()
    candidates("couch", settings, "cpu")
    embeddings("couch", settings, "cpu")
    whole = embeddings_file("couch").read_bytes()
    embeddings_file("couch").unlink()
    monkeypatch.setattr(embeddings_module, "KEPT_EVERY", 0.0)
    make = embeddings_module._embedded

    def stop(*arguments):
        yield from [next(make(*arguments))]
        raise KeyboardInterrupt

    monkeypatch.setattr(embeddings_module, "_embedded", stop)
    with pytest.raises(KeyboardInterrupt):
        embeddings("couch", settings, "cpu")
    assert embeddings_file("couch").stat().st_size < len(whole)
    monkeypatch.setattr(embeddings_module, "_embedded", make)
    embeddings("couch", settings, "cpu")
    assert embeddings_file("couch").read_bytes() == whole
    monkeypatch.setattr(embeddings_module, "_embedded", None)
    assert len(embed("couch", settings, "cpu").numbers) == 12


def test_embedding_is_the_class_token_of_the_last_hidden_state(small, models):
    from transformers import AutoImageProcessor, AutoModel

    candidates("couch", small(), "cpu")
    found = embed("couch", small(), "cpu")
    processor = AutoImageProcessor.from_pretrained(models / "dino", backend="pil")
    images = [Image.open(candidate_file("couch", number)) for number in range(4)]
    with torch.no_grad():
        wanted = AutoModel.from_pretrained(models / "dino")(**processor(images=images, return_tensors="pt"))
    np.testing.assert_allclose(found.rows[:4], wanted.last_hidden_state[:, 0].numpy(), rtol=1e-5, atol=1e-6)


def test_models_that_are_not_here(small, here, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(here / "cache"))
    refused(
        r"model = nobody/flux: not on this machine; name a folder with FLUX.1-schnell .*9.5 GB.*download: true",
        candidates, "couch", small(model="nobody/flux"), "cpu",
    )  # fmt: skip
    candidates("couch", small(), "cpu")
    refused(
        "embedding_model = nobody/dino: not on this machine; name a folder with DINOv2-large .*1.2 GB",
        embeddings, "couch", small(embedding_model="nobody/dino"), "cpu",
    )  # fmt: skip
    (here / "empty").mkdir()
    refused("model = empty: not a whole model .*is to hold FLUX", candidates, "table", small(model="empty"), "cpu")


def test_damaged_model_is_told_in_a_line(small, models, here):
    import shutil

    shutil.copytree(models / "flux", here / "flux")
    (weights,) = (here / "flux/transformer").glob("*.safetensors")
    weights.write_bytes(weights.read_bytes()[:1000])
    refused("model = flux: not a whole model", candidates, "couch", small(model="flux"), "cpu")


def test_token_stands_in_no_message(small, monkeypatch):
    from recompose.networks.pretrained import loading

    monkeypatch.setenv("HF_TOKEN", "hf_secret\n")

    def load():
        with loading("rooms_collection.model", "nobody/flux", True, "FLUX"):
            raise ValueError("illegal header 'Bearer hf_secret'")

    refused("cannot be had from the hub .*Bearer HF_TOKEN.*set HF_TOKEN", load)


def test_candidates_of_other_settings_are_refused(small):
    candidates("couch", small(), "cpu")
    refused(
        "00000.png: made with steps = 2, and now it is 3; set that back", candidates, "couch", small(steps=3), "cpu"
    )
    refused("made with resolution = 32, and now it is 48", embeddings, "couch", small(resolution=48), "cpu")
    candidates("couch", small(batch=3), "cpu")
    Image.new("RGB", (32, 32)).save(candidate_file("couch", 12))  # one that says nothing of itself
    assert embeddings("couch", small(), "cpu")["images"] == 13


@pytest.mark.parametrize("damage", [lambda whole: whole[:-200], lambda whole: b"", lambda whole: b"no picture"])
def test_damaged_candidate_is_told_in_a_line(small, damage):
    settings = small()
    candidates("couch", settings, "cpu")
    embeddings("couch", settings, "cpu")
    label("couch")
    accepted("couch", settings, "cpu")
    path = candidate_file("couch", 3)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    for step in (candidates, embeddings, accepted):
        refused(r"candidates/couch/00003.png: .*; delete it and run again", step, "couch", settings, "cpu")
    path.unlink()
    candidates("couch", settings, "cpu")
    assert path.read_bytes() == whole


def test_accepted_image_that_is_damaged_or_gone(small):
    settings = small()
    candidates("couch", settings, "cpu")
    label("couch")
    accepted("couch", settings, "cpu")
    refused("32 x 32 pixels do not average to 64 x 64", accepted_images, "couch", 64)
    refused("32 x 32 pixels do not average to 24 x 24", accepted_images, "couch", 24)
    path = candidate_file("couch", next(number for number, accept in labels("couch").items() if accept))
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    refused(f"{path.name}: not a whole picture; delete it", accepted_images, "couch", 16)
    path.unlink()
    refused(f"{path.name}: missing", accepted_images, "couch", 16)
    refused("recompose rooms accepted --class table makes it", accepted_images, "table", 16)


def test_embeddings_of_another_model_or_of_other_candidates_are_refused(small, models, here):
    candidates("couch", small(), "cpu")
    embeddings("couch", small(), "cpu")
    make_dino(here / "other")
    refused("couch.safetensors: made with .*dino, and .* = other; set that back, or delete",
            embeddings, "couch", small(embedding_model="other"), "cpu")  # fmt: skip
    for path in Path("data/rooms/candidates/couch").iterdir():
        path.unlink()
    candidates("couch", small(steps=3), "cpu")
    refused("couch.safetensors: embeddings of other candidates; delete", embeddings, "couch", small(steps=3), "cpu")
    embeddings_file("couch").write_bytes(b"cut short")
    refused("not a readable file of embeddings .*delete it", embeddings, "couch", small(steps=3), "cpu")


def test_steps_without_candidates(small):
    refused("no candidates; recompose rooms candidates --class couch", embeddings, "couch", small(), "cpu")
    refused("0 accepted, 0 rejected; .*recompose rooms label --class couch", accepted, "couch", small(), "cpu")


def pictures(name, count=6):
    """Candidates for what does not look at them."""
    for number in range(count):
        candidate_file(name, number).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (32, 32), (number, 0, 0)).save(candidate_file(name, number))


def put(kind, name, *numbers):
    folder = Path("data/rooms", kind, name)
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        (folder / f"{number:05d}.png").write_bytes(candidate_file(name, number).read_bytes())


def test_labels_come_from_the_table_and_from_folders():
    pictures("couch")
    assert labels("couch") == {}
    before = labels_hash("couch")
    write_table("couch", {2: True, 0: False})
    assert labels_file("couch").read_text() == "image,label\n00002.png,accept\n00000.png,reject\n"
    put("accept", "couch", 1, 2)
    put("reject", "couch", 3)
    assert labels("couch") == {2: True, 0: False, 1: True, 3: False}
    assert list(labels("couch"))[:2] == [2, 0]
    assert labels_hash("couch") != before


def test_folders_hold_copies_of_candidates_alone():
    pictures("couch")
    put("accept", "couch", 1)
    folder = Path("data/rooms/accept/couch")
    Path(folder, ".DS_Store").touch()
    assert labels("couch") == {1: True}
    (folder / "00001.png").rename(folder / "image_1.png")
    refused("accept/couch: no names of candidates: image_1.png; name each as", labels, "couch")
    (folder / "image_1.png").rename(folder / "notes.txt")
    refused("accept/couch: no pictures of the data set: notes.txt; move them", labels, "couch")
    assert labels_hash("couch")


def test_labels_that_contradict_each_other():
    pictures("couch")
    put("accept", "couch", 1)
    put("reject", "couch", 1, 2)
    refused("couch: both accepted and rejected.*: 00001.png; take one", labels, "couch")
    put("accept", "couch", 2)
    refused("00001.png, 00002.png; take one", labels, "couch")


def test_labels_of_images_that_are_gone():
    pictures("couch")
    put("accept", "couch", 5)
    write_table("couch", {4: False, 0: True})
    candidate_file("couch", 5).unlink()
    candidate_file("couch", 4).unlink()
    refused(
        "couch: labels of images that are not in data/rooms/candidates/couch: 00004.png, 00005.png", labels, "couch"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the first line has to be image,label"),
        ("00000.png,accept\n", "the first line has to be image,label"),
        ("image,label\n00000.png,maybe\n", "line 2: '00000.png,maybe' is no label"),
        ("image,label\n00000.png,accept\ncouch.png,reject\n", "line 3: 'couch.png,reject' is no label"),
        ("image,label\n00000.png\n", "line 2: '00000.png' is no label"),
        ("image,label\n00000.png,accept\n00000.png,reject\n", "line 3: 00000.png is both accepted and rejected"),
    ],
)
def test_table_of_labels_that_cannot_be_read(text, message):
    pictures("couch")
    labels_file("couch").parent.mkdir(parents=True)
    labels_file("couch").write_text(text)
    refused(f"couch.csv.*{message}", labels, "couch")
    labels_file("couch").write_bytes(b"\xff\xfe")
    refused("couch.csv: not a readable table", labels, "couch")


@pytest.mark.parametrize("kind", [True, False])
def test_labels_of_one_kind_only(small, kind):
    pictures("couch")
    write_table("couch", dict.fromkeys(range(6), kind))
    refused("couch.csv: .*0 .*a classifier needs two of each", accepted, "couch", small(), "cpu")


def test_more_candidates_are_made_until_there_are_enough(small, capsys):
    settings = small(images=12)
    candidates("couch", settings, "cpu")
    label("couch")
    came = accepted("couch", settings, "cpu")
    assert came["candidates"] > 12 and came["accepted"] >= 12
    assert len(accepted_images("couch", 8)) == 12
    assert "candidates are accepted" in capsys.readouterr().out
    assert labels("couch").keys() == set(range(8))
    before = {path.name: path.stat().st_mtime_ns for path in Path("data/rooms/candidates/couch").iterdir()}
    assert accepted("couch", settings, "cpu") == came  # the second time makes nothing
    assert {path.name: path.stat().st_mtime_ns for path in Path("data/rooms/candidates/couch").iterdir()} == before


def test_class_that_would_never_be_complete_is_given_up(small):
    settings = small(limit=2000)
    assert more_candidates("couch", 8, 12, settings) is None
    assert more_candidates("couch", 1, 12, settings) == 96
    assert more_candidates("couch", 4, 1000, settings) == 2000
    refused(
        r"couch: 3 of 1000 candidates are accepted \(0.3%\); 8 would take 2667 candidates, more than .*limit = 2000",
        more_candidates, "couch", 3, 1000, settings,
    )  # fmt: skip


def test_classifier_and_its_calibration():
    generator = np.random.default_rng(0)
    by_hand = generator.random(400) < 0.4
    rows = (generator.normal(size=(400, 8)) + 0.8 * by_hand[:, None]).astype(np.float32)
    classifier = fitted(rows, by_hand)
    assert (classifier.C, classifier.solver, classifier.max_iter) == (1.0, "lbfgs", 1000)
    probabilities = held_out(rows, by_hand, seed=1)
    np.testing.assert_array_equal(probabilities, held_out(rows, by_hand, seed=1))
    assert not np.allclose(probabilities, classifier.predict_proba(rows)[:, 1])
    found = measured(probabilities, by_hand, 0.5)
    assert 0.8 < found["held_out_accuracy"] < 0.95 and found["majority"] == pytest.approx(1 - by_hand.mean())
    assert found["brier"] < 0.15
    table = reliability(probabilities, by_hand)
    assert table["n"].sum() == 400
    assert (table["mean"] * table["n"]).sum() == pytest.approx(by_hand.sum())
    assert ((table["ci_low"] <= table["mean"] + 1e-9) & (table["mean"] <= table["ci_high"] + 1e-9)).all()
    summary = {"class": "couch", "held_out_accuracy": 0.9, "reliability": table.to_dict("records")}
    figure = calibration_figure(calibration([summary, summary | {"class": "couch_table"}]))
    assert [panel.get_title() for panel in figure.axes] == [
        "couch\n90.0% of 400 right", "couch + table\n90.0% of 400 right"
    ]  # fmt: skip


def test_rare_kind_of_label_is_still_held_out():
    rows = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    by_hand = np.arange(20) < 2
    assert held_out(rows, by_hand, seed=0).shape == (20,)


def test_settings_that_do_not_agree():
    for wrong in ({"resolution": 250}, {"candidates": 30_000}, {"images": 30_000}, {"threshold": 1.0}, {"model": ""}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            RoomsCollection(**wrong)


def test_encoded_prompt_is_all_that_the_drawing_parts_need(small):
    tokens, pooled = encoded(prompt("couch"), small(), "cpu")
    assert tokens.shape[0] == pooled.shape[0] == 1


@pytest.fixture
def rooms(small, monkeypatch, capsys):
    """Run `recompose rooms` with the small settings; its exit status, and what it printed."""
    from recompose.cli import main

    def run(*arguments):
        given = json.dumps({"device": "cpu", "rooms_collection": small().model_dump()})
        more = [] if arguments == ("calibration",) else ["--settings", given]
        monkeypatch.setattr("sys.argv", ["recompose", "rooms", *arguments, *more])
        with pytest.raises(SystemExit) as left:
            main()
        return int(left.value.code or 0), *capsys.readouterr()

    return run


def test_commands_leave_a_summary_of_each_step(rooms):
    status, _, error = rooms("calibration")
    assert status == 2 and error == (
        "error: data/rooms/accepted: no class has accepted images; recompose rooms accepted makes them\n"
    )
    assert rooms("candidates", "--class", "table")[0] == 0
    assert rooms("embeddings", "--class", "table")[:2] == (0, "table: 12 of 12 candidates embedded\n")
    label("table")
    assert rooms("accepted", "--class", "table")[0] == 0
    assert rooms("calibration")[0] == 0
    steps = ("candidates", "embeddings", "accepted")
    summaries = {step: json.loads(Path(f"data/rooms/{step}/table.json").read_text()) for step in steps}
    assert {step: summary["class"] for step, summary in summaries.items()} == dict.fromkeys(steps, "table")
    assert summaries["candidates"]["prompt"] == prompt("table")
    assert len(Path("data/rooms/accepted/table.csv").read_text().splitlines()) == 1 + 8
    assert {path.name for path in Path("data/rooms").glob("calibration.*")} == {
        "calibration.csv", "calibration.png", "calibration.svg"
    }  # fmt: skip


def test_class_that_is_none_is_told_in_a_line(rooms):
    status, _, error = rooms("candidates", "--class", "couches")
    assert status == 2 and error == 'error: couches: no class of rooms; did you mean "couch"?\n'
