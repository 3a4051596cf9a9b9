"""Paper 3's encoders on a frozen denoiser, and its videos, with tiny images and networks."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors import safe_open

from recompose.datasets.faces import ATTRIBUTES
from recompose.datasets.sequences import Video
from recompose.errors import RecomposeError
from recompose.papers.sami.data import centred
from recompose.papers.sami.faces.images import images
from recompose.papers.sami.portraits import choices, figures, tables, videos
from recompose.papers.sami.portraits import denoiser as frozen_denoiser
from recompose.papers.sami.portraits import measures as portraits
from recompose.papers.sami.portraits import networks as frozen
from recompose.papers.sami.settings import Choices, Encoding, Faces, FrozenDenoiser, PortraitsMeasures, Videos
from recompose.storage import write_tensors

PORTRAITS = Faces(size=16, channels=3, train=24, test=20)
DENOISER = FrozenDenoiser(base=4, multipliers=(1, 2), middle=2, steps=10, epochs=2, batch=8)
ENCODER = Encoding(of="celeba", encoder=(4, 4, 4), latents=4, timesteps=0.5, epochs=2, batch=8)
MEASURES = PortraitsMeasures(conditions=2, samples=3, sampling_steps=3, levels=2, repeats=1)
BLOCKS = {"portraits": PORTRAITS, "portraits_denoiser": DENOISER, "portraits_networks": ENCODER}
TOLD = {"portraits_denoiser": DENOISER, "portraits_networks": ENCODER, "portraits_measures": MEASURES}
NAMES = ("portraits_denoiser", "portraits_networks", "portraits_uniform", "portraits_diffae")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Images and networks that are hardly trained."""
    found = tmp_path_factory.mktemp("frozen")
    write_tensors((images("portraits", portraits=PORTRAITS), {}), found / "images/portraits.safetensors")
    for name in NAMES:
        kept, curve = frozen.networks(name, folder=found, device="cpu", **BLOCKS)
        assert curve.network.unique().tolist() == [name]
        write_tensors(kept, found / f"networks/{name}.safetensors")
    return found


@pytest.fixture
def known(folder) -> portraits.Known:
    return portraits.known(folder, DENOISER, ENCODER, "cpu")


def test_training_leaves_every_bit_of_the_denoiser(known):
    """Also its norms' running deviations, and where it would have gradients."""
    before, lines = frozen_denoiser.digest(known.denoiser), []
    pair, losses = frozen.trained_encoder(
        known.data.train, known.denoiser, known.settings, ("test",), device="cpu", report=lines.append
    )
    start = frozen.untrained(known.data.train, known.settings, ("test",)).encoder
    assert frozen_denoiser.digest(known.denoiser) == before
    assert frozen_denoiser.digest(pair.encoder) != frozen_denoiser.digest(start)
    assert len(losses) == 6 and not pair.training
    assert lines[-1].startswith("latents: KL ") and "of 4 active" in lines[-1]


def test_the_norms_are_settled_half_way_and_stay(known, monkeypatch):
    """From there on an encoder is trained as it is evaluated."""
    settled, settle = [], frozen.settle

    def watched(pair, *arguments, **options):
        settle(pair, *arguments, **options)
        settled.append({name: each.clone() for name, each in pair.encoder.named_buffers()})

    monkeypatch.setattr(frozen, "settle", watched)
    pair, _ = frozen.trained_encoder(
        known.data.train, known.denoiser, known.settings.model_copy(update={"settled": 0.5}), ("test",), device="cpu",
        report=lambda line: None,
    )  # fmt: skip
    (kept,) = settled
    assert kept and all(torch.equal(each, kept[name]) for name, each in pair.encoder.named_buffers())


def test_a_digest_is_of_every_bit():
    network = torch.nn.Linear(2, 2)
    before = frozen_denoiser.digest(network)
    with torch.no_grad():
        network.bias[0] = torch.nextafter(network.bias[0], torch.tensor(9.0))
    assert frozen_denoiser.digest(network) != before


def test_encoders_come_back_from_their_files_without_the_denoiser(folder, known):
    pair, _ = frozen.trained_encoder(
        known.data.train, known.denoiser, known.settings, ("sami", "portraits_networks"), device="cpu",
        report=lambda line: None,
    )  # fmt: skip
    read = frozen.pair_from_file(folder, "portraits_networks", known.data.train, known.denoiser, known.settings, "cpu")
    x = centred(known.data.test)
    with torch.no_grad():
        assert torch.equal(read.encoder(x, None).mean, pair.encoder(x, None).mean)
    with safe_open(folder / "networks/portraits_networks.safetensors", framework="pt") as file:
        assert set(file.keys()) == set(pair.encoder.state_dict())


def test_an_encoder_is_not_read_onto_another_denoiser(folder, known):
    other = frozen_denoiser._denoiser(known.data.train, DENOISER, ("other",))
    with pytest.raises(RecomposeError, match="networks of another denoiser"):
        frozen.pair_from_file(folder, "portraits_networks", known.data.train, other, known.settings, "cpu")


def test_uniform_steps_are_the_only_difference_of_the_second_encoder():
    both, uniform = (frozen_denoiser.joined(DENOISER, ENCODER, uniform=each) for each in (False, True))
    assert both.timesteps == 0.5 and uniform == both.model_copy(update={"timesteps": 1.0})
    assert (both.base, both.steps, both.latents) == (4, 10, 4)


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory) -> Path:
    """A DDPM in diffusers' format."""
    from diffusers import UNet2DModel

    torch.manual_seed(0)
    blocks = {"down_block_types": ("DownBlock2D", "DownBlock2D"), "up_block_types": ("UpBlock2D", "UpBlock2D")}
    unet = UNet2DModel(sample_size=16, block_out_channels=(4, 4), layers_per_block=1, norm_num_groups=2,
                       add_attention=False, **blocks)  # fmt: skip
    unet.save_pretrained(found := tmp_path_factory.mktemp("ddpm"))
    return found


def test_a_denoiser_that_comes_trained_stays_where_it_is(folder, known, pretrained, tmp_path):
    settings = DENOISER.model_copy(update={"pretrained": str(pretrained)})
    (tmp_path / "images").symlink_to(folder / "images")
    kept, curve = frozen.networks("portraits_denoiser", folder=tmp_path, device="cpu",
                                  **BLOCKS | {"portraits_denoiser": settings})  # fmt: skip
    file = tmp_path / "networks/portraits_denoiser.safetensors"
    write_tensors(kept, file)
    assert file.stat().st_size < 1000 and len(curve) == 1 and np.isfinite(curve.loss).all()
    found = frozen_denoiser.denoiser_from_file(tmp_path, known.data.train, settings, "cpu")
    x, t = torch.zeros(1, 3, 16, 16), torch.tensor([3])
    with torch.no_grad():
        assert torch.equal(found(x, t), found.unet(x, t - 1).sample)
    assert not any(each.requires_grad for each in found.parameters())


def test_another_denoiser_of_the_same_name_is_refused(folder, known, pretrained, tmp_path):
    settings = DENOISER.model_copy(update={"pretrained": str(pretrained)})
    write_tensors(frozen_denoiser.kept_denoiser(torch.nn.Linear(1, 1), settings, known.data.train),
                  tmp_path / "networks/portraits_denoiser.safetensors")  # fmt: skip
    with pytest.raises(RecomposeError, match="other weights than when it was first used"):
        frozen_denoiser.denoiser_from_file(tmp_path, known.data.train, settings, "cpu")


def test_a_denoiser_that_is_not_there_is_told_in_a_line(known, tmp_path):
    settings = DENOISER.model_copy(update={"pretrained": str(tmp_path)})
    with pytest.raises(RecomposeError, match=r"portraits_denoiser\.pretrained = .*config.json and .*455 MB") as caught:
        frozen_denoiser.denoiser_of(known.data.train, settings, ("test",), device="cpu")
    assert "\n" not in str(caught.value)
    absent = DENOISER.model_copy(update={"pretrained": "nobody/ddpm"})
    with pytest.raises(RecomposeError, match=r"not on this machine; .* or set portraits_denoiser.download: true"):
        frozen_denoiser.denoiser_of(known.data.train, absent, ("test",), device="cpu")


def test_a_denoiser_of_other_images_is_refused(pretrained):
    settings = DENOISER.model_copy(update={"pretrained": str(pretrained)})
    with pytest.raises(RecomposeError, match="of images of 16 pixels and 3 channels, and portraits have 8 and 3"):
        frozen_denoiser.denoiser_of(torch.zeros(2, 3, 8, 8), settings, ("test",), device="cpu")


def test_straightness_of_lines_and_of_turns():
    """Along a line every cosine is 1; of a walk to and fro each is -1; a pause has none."""

    def clip(name: str, levels: list[int]) -> Video:
        return Video(name, np.array(levels, np.uint8)[:, None, None, None] * np.ones((1, 1, 2, 2), np.uint8))

    clips = [clip("line", [0, 1, 3, 6, 7]), clip("turns", [0, 5, 0, 5, 0]), clip("pause", [0, 1, 1, 2, 3])]
    rows = pd.DataFrame(videos.straightness_rows(clips, {"pixels": videos.pixels}))
    by_video = rows[rows.panel == "each"].set_index("video")["mean"]
    assert by_video.to_dict() == pytest.approx({"line": 1, "turns": -1, "pause": 1})
    assert rows[rows.panel == "share"].set_index("video")["mean"].to_dict() == {"line": 1, "turns": 0, "pause": 1}
    mean = rows[rows.panel == "C"].iloc[0]
    assert mean["mean"] == pytest.approx(1 / 3) and mean.ci_low < 1 / 3 < mean.ci_high and mean.n == 3
    assert rows[rows.panel == "B"].frame.tolist() == [1, 2, 3]


def test_videos_are_drawn_or_read(tmp_path, monkeypatch):
    drawn = videos.videos_of(Videos(count=2, frames=4), PORTRAITS)
    assert [each.frames.shape for each in drawn] == [(4, 3, 16, 16)] * 2
    from PIL import Image

    for number, each in enumerate(drawn):
        (place := tmp_path / "data/videos" / f"v{number}").mkdir(parents=True)
        for frame, picture in enumerate(each.frames):
            Image.fromarray(picture.transpose(1, 2, 0)).save(place / f"{frame}.png")
    monkeypatch.chdir(tmp_path)
    read = videos.videos_of(Videos(source="frames", count=2, frames=3), PORTRAITS)
    assert [each.name for each in read] == ["v0", "v1"]
    assert np.array_equal(read[1].frames, drawn[1].frames[:3])
    with pytest.raises(RecomposeError, match=r"videos\.count = 3: data/videos has 2"):
        videos.videos_of(Videos(source="frames", count=3), PORTRAITS)


def test_an_encoder_that_sees_nothing_guides_nowhere(folder, known):
    """Its score is zero, so the guided error is the unguided one, in every part of the steps."""
    pair = frozen.pair_from_file(folder, "portraits_networks", known.data.train, known.denoiser, known.settings, "cpu")
    for layer in (pair.encoder.mean, pair.encoder.spread):
        layer.weight.zero_()
    squares = portraits.noise_errors(pair, known, MEASURES, "test", "cpu")
    assert squares.shape == (2, 20, 2) and np.array_equal(squares[..., 0], squares[..., 1])
    rows = portraits.error_rows(squares, 10, "test")
    assert [row["place"] for row in rows] == ["all", "1-5", "6-10"] and all(row["mean"] == 1 for row in rows)


def test_samples_that_are_their_conditions_are_identified(known, monkeypatch):
    monkeypatch.setattr(portraits, "sampled", lambda pair, shown, count, *others: torch.stack([shown] * count, dim=1))
    rows = {row["quantity"]: row["mean"] for row in portraits.sample_rows(None, known, MEASURES, "cpu")}
    assert rows == {"variability": 0, "identified": 1}
    monkeypatch.setattr(
        portraits, "sampled", lambda pair, shown, count, *others: torch.stack([shown.flip(0)] * count, dim=1)
    )
    assert portraits.sample_rows(None, known, MEASURES, "cpu")[1]["mean"] == 0


def test_the_table_of_portraits(folder):
    found = portraits.portraits(folder=folder, device="cpu", **TOLD)
    assert set(found.case) == {"oversampled", "uniform", "both", "none"} and np.isfinite(found["mean"]).all()
    errors = found[(found.quantity == "error") & (found.place == "all")].set_index("case")["mean"]
    assert errors["both"] == pytest.approx(errors["oversampled"] / errors["uniform"])  # on the same noise
    assert tables.portraits(found).count("\n") > 8


def test_figure_4_has_all_panels(folder):
    found = portraits.figure4(
        folder=folder, device="cpu", portraits=PORTRAITS, videos=Videos(count=3, frames=5), **TOLD
    )
    counts = found.numbers.groupby("panel").method.nunique()
    assert counts.to_dict() == {"B": 4, "C": 4, "each": 4, "share": 4}
    assert found.images["samples"].shape == (5, 8, 3, 16, 16) and found.images["video"].shape == (5, 3, 16, 16)
    figures.figure4(found.numbers, {key: each.numpy() for key, each in found.bytes().items()})


def test_each_choice_is_one_training(folder, monkeypatch):
    """One factor at a time: what all of them begin with is trained once and stands in every line."""
    trained = []

    def measured(name, of, changed, *others):
        trained.append(changed)
        return [{**changed, "quantity": key, "mean": 1.0, "ci_low": 1.0, "ci_high": 1.0, "n": 9}
                for key in ("captured", "tad", "gap", "divergence", "error")]  # fmt: skip

    monkeypatch.setattr(choices, "_measured", measured)
    asked = Choices(weights=(0.05, 0.5), latents=(2, 4), timesteps=(1.0, 0.5))
    found = choices.choices(folder=folder, device="cpu", portraits_choices=asked, **TOLD)
    assert len(trained) == 4 and {"weight": 0.05, "latents": 4, "timesteps": 0.5} in trained
    values = found.groupby("factor").value.unique().map(list).to_dict()
    assert values == {"weight": [0.05, 0.5], "latents": [2, 4], "timesteps": [0.5, 1]}
    figures.choices(found)


def test_a_choice_is_trained_and_measured(known, monkeypatch):
    monkeypatch.setattr(choices, "RESAMPLES", 2)
    changed = {"weight": 1e-9, "latents": 2, "timesteps": 1.0}
    rows = choices._measured("test", known, changed, MEASURES, 1, "cpu")
    assert {row["quantity"] for row in rows} == {"divergence", "active", "error", "captured", "tad", "gap"}
    assert all(np.isfinite(row["mean"]) and row["latents"] == 2 for row in rows)


def test_a_latent_that_is_an_attribute_captures_it(monkeypatch):
    monkeypatch.setattr(choices, "RESAMPLES", 20)
    generator = np.random.default_rng(0)
    attributes = generator.integers(0, 2, size=(400, len(ATTRIBUTES))).astype(float)
    codes = generator.normal(size=(400, 3))
    codes[:, 1] = attributes[:, 7]
    rows = {row["quantity"]: row for row in choices.attribute_rows(codes, attributes, "test")}
    assert rows["captured"]["mean"] == 1 and 0.4 < rows["tad"]["mean"] <= 0.5
    assert rows["gap"]["ci_low"] <= rows["gap"]["ci_high"] and 0 < rows["gap"]["mean"] < 0.1
