"""SAMI beside its baselines: trainings, samples, Tables 1 and 2, participation, with tiny images and networks."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from documented import defined
from torch.utils.flop_counter import FlopCounterMode

from recompose.artifacts import Network
from recompose.datasets.faces import ATTRIBUTES
from recompose.errors import RecomposeError
from recompose.metrics.frechet import frechet_distance
from recompose.papers.sami import aggregation, baselines, names, networks, parameters, tables
from recompose.papers.sami import artifacts as table_of_artifacts
from recompose.papers.sami.comparison import figures, generation
from recompose.papers.sami.comparison import measures as comparison
from recompose.papers.sami.comparison import networks as rivals
from recompose.papers.sami.comparison import tables as tables_of_comparison
from recompose.papers.sami.comparison.generation import like, made_by
from recompose.papers.sami.data import Images, load_images
from recompose.papers.sami.denoisers import Denoiser
from recompose.papers.sami.faces import images as faces
from recompose.papers.sami.faces import judge
from recompose.papers.sami.passes import decoding, passes
from recompose.papers.sami.settings import (
    Autoencoder,
    Baselines,
    Comparison,
    Disks,
    Encoding,
    Faces,
    FrozenDenoiser,
    Judge,
)
from recompose.randomness import numpy_generator, torch_generator
from recompose.storage import write_tensors

FACES = Faces(size=16, train=40, test=30)
NETWORKS = Autoencoder(
    of="celeba", encoder=(4, 4, 4), latents=3, base=4, multipliers=(1, 2), middle=2, steps=10, epochs=1, batch=10
)
BLOCKS = {"faces_networks": NETWORKS, "faces_baselines": Baselines(epochs=1)}
JUDGE = Judge(width=2, features=4, iterations=3, batch=8)
COMPARISON = Comparison(samples=6, sampling_steps=2, resamples=4)
METHODS = {"sami", "brief", *baselines.BASELINES}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Images, and networks that are hardly trained."""
    found = tmp_path_factory.mktemp("compared")
    write_tensors((faces.images("faces", faces=FACES), {}), found / "images/faces.safetensors")
    for module, methods in ((networks, ["networks"]), (rivals, ["brief", *baselines.BASELINES])):
        for method in methods:
            name = f"faces_{method}"
            kept, curve = module.networks(name, folder=found, device="cpu", **BLOCKS)
            assert len(curve) == 1
            write_tensors(kept, found / f"networks/{name}.safetensors")
    kept, _ = judge.networks("faces_judge", folder=found, device="cpu", faces=FACES, faces_judge=JUDGE)
    write_tensors(kept, found / "networks/faces_judge.safetensors")
    return found


@pytest.fixture(scope="module")
def compared(folder) -> pd.DataFrame:
    return comparison.comparison(
        folder=folder, device="cpu", faces_judge=JUDGE, faces_comparison=COMPARISON, **BLOCKS
    )  # fmt: skip


# -- The methods by their names


def test_the_names_read_off_the_text_are_those_that_are_registered():
    assert names.baselines() == tuple(baselines.BASELINES)
    assert set(table_of_artifacts.RIVALS) == {f"faces_{name}" for name in (*baselines.BASELINES, names.BRIEF)}
    for name in table_of_artifacts.RIVALS:
        found = table_of_artifacts.PAPER.networks[name]
        assert found == Network(
            reads=("faces", "faces_networks", "faces_baselines"), data="faces", module="comparison.networks"
        )


def test_what_is_no_registered_function_has_no_name(tmp_path, monkeypatch):
    functions = ("@decoding('image')\ndef mine(): ...", "@cached\ndef other(): ...", "def third(): ...")
    (tmp_path / "baselines.py").write_text("\n\n\n".join(functions))
    monkeypatch.setattr(names, "__file__", str(tmp_path / "names.py"))
    assert names.baselines.__wrapped__() == ("mine",)


def test_a_new_method_is_one_function(folder, monkeypatch, tmp_path):
    """The one of the documentation is trained, and stands in Table 2 and Figure 3H."""
    monkeypatch.setattr(baselines, "BASELINES", known := dict(baselines.BASELINES))
    for module in (comparison, rivals, generation):
        monkeypatch.setattr(module, "BASELINES", known)

    defined(3, vars(baselines))
    assert list(known)[-1] == "contractive_ae"
    kept, _ = rivals.networks("faces_contractive_ae", folder=folder, device="cpu", **BLOCKS)
    write_tensors(kept, folder / "networks/faces_contractive_ae.safetensors")
    found = comparison.comparison(
        folder=folder, device="cpu", faces_judge=JUDGE, faces_comparison=COMPARISON, **BLOCKS
    )  # fmt: skip
    assert "| contractive_ae | " in tables.table2(aggregation.table2(found))
    used = comparison.participation(folder=folder, device="cpu", faces_networks=NETWORKS)
    assert "contractive_ae" in set(used.method)
    labels = [each.get_text() for each in figures.participation(used).axes[0].get_yticklabels()]
    assert labels.index("contractive_ae") == labels.index("InfoDiffusion") + 1


# -- Trainings


@pytest.mark.parametrize("method", baselines.BASELINES)
def test_baselines_come_back_from_their_file_with_the_encoder_of_sami(folder, method):
    data = load_images(folder, "faces")
    read = rivals.rival_from_file(folder, f"faces_{method}", data.train, NETWORKS, "cpu")
    sami = networks.from_file(folder, "faces_networks", data.train, NETWORKS, "cpu")
    shapes = [{key: each.shape for key, each in pair.encoder.state_dict().items()} for pair in (read, sami)]
    assert shapes[0] == shapes[1]
    again, _ = rivals.trained_baseline(
        method, data.train, NETWORKS, Baselines(epochs=1), ("sami", f"faces_{method}"), device="cpu",
        report=lambda line: None,
    )  # fmt: skip
    assert all(torch.equal(value, read.state_dict()[key]) for key, value in again.state_dict().items())
    assert not again.training


def test_the_brief_sami_sees_as_many_images_as_the_baselines(folder, capsys):
    longer = NETWORKS.model_copy(update={"epochs": 7})
    blocks = {"faces_networks": longer, "faces_baselines": Baselines(epochs=2)}
    for method in ("brief", "ae"):
        rivals.networks(f"faces_{method}", folder=folder, device="cpu", **blocks)
    assert capsys.readouterr().out.count("8/8 iterations") == 2


def test_beta_is_one_baselines_alone():
    asked = Baselines(beta=7, divergence=0.5, discrepancy=3)
    assert rivals.weights_of("beta_vae", asked) == baselines.Weights(7, 3)
    assert rivals.weights_of("infodiffusion", asked) == rivals.weights_of("new", asked) == baselines.Weights(0.5, 3)


# -- Images that are made


def test_latents_like_others_have_their_mean_and_covariance():
    generator = torch_generator("test", "like")
    plane = torch.tensor([[1.0, 2, 0], [0, 1, 0]], dtype=torch.float64)
    latents = torch.randn(500, 2, generator=generator, dtype=torch.float64) @ plane + torch.tensor([3.0, 0, -1])
    drawn = like(latents, torch.randn(200_000, 3, generator=generator)).double()
    assert torch.allclose(drawn.mean(dim=0), latents.mean(dim=0), atol=0.02)
    assert torch.allclose(drawn.T.cov(), latents.T.cov(correction=0), atol=0.06)
    assert drawn[:, 2].std() < 1e-6  # latents in a plane stay in it


@pytest.mark.parametrize(("method", "prior"), [("ae", False), ("vae", True)])
def test_images_of_an_autoencoder_are_decoded_from_the_latents_it_has(folder, monkeypatch, method, prior):
    data = load_images(folder, "faces")
    pair = rivals.rival_from_file(folder, f"faces_{method}", data.train, NETWORKS, "cpu")
    seen = []
    pair.decoder.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    made_by(method, pair, data.train, 4000, NETWORKS, 2, ("test", "made"), "cpu")
    z = torch.cat(seen)
    means = pair.encoder(data.train.float() / 127.5 - 1, None).mean
    expected = (torch.zeros(3), torch.ones(3)) if prior else (means.mean(dim=0), means.std(dim=0, correction=0))
    for found, known in zip((z.mean(dim=0), z.std(dim=0)), expected, strict=True):
        assert torch.allclose(found, known, atol=0.08 * float(expected[1].max()))


# -- What is measured


def test_every_method_is_measured(compared):
    by = compared.set_index(["method", "metric"])
    assert set(compared.method) == METHODS | set(names.ASIDE)
    for method in METHODS:
        assert {"tad", "captured", "fid", "images", "teraflop", "attribute"} <= set(by.loc[method].index)
    conditioned = compared[compared.metric == "fid_conditioned"].method
    assert set(conditioned) == {"sami", "brief"}
    assert (compared.ci_low <= compared["mean"]).all() and (compared["mean"] <= compared.ci_high).all()
    assert by["mean"]["sami", "images"] == by["mean"]["ae", "images"] == 40
    assert not compared.duplicated(["method", "metric", "of"]).any()
    assert list(compared[compared.metric == "accuracy"].of) == list(ATTRIBUTES)


def test_a_latent_that_is_an_attribute_captures_it():
    """Codes: one attribute with a little noise, and noise. Its area is 1, the next best about a half."""
    generator = numpy_generator("test", "captured")
    has = (generator.uniform(size=(400, 40)) < 0.5).astype(np.float32)
    codes = np.column_stack([has[:, 7] + 0.01 * generator.normal(size=400), generator.normal(size=(400, 2))])
    data = Images(*(torch.zeros(1, 1, 8, 8),) * 2, torch.zeros(1, 1, 8, 8), torch.from_numpy(has))
    rows = pd.DataFrame(comparison._captured("mine", codes, data, Comparison(resamples=20)))
    by = rows.set_index(["metric", "of"])
    assert by["mean"]["captured", ""] == 1 and by["mean"]["attribute", ATTRIBUTES[7]] == 1
    assert by["mean"]["tad", ""] == pytest.approx(0.46, abs=0.05)
    assert by.ci_low["tad", ""] < by["mean"]["tad", ""] < by.ci_high["tad", ""]
    assert by["mean"].xs("attribute").sum() == 1


def test_the_interval_of_a_distance_is_as_wide_as_others_of_its_kind_differ():
    """Distances of resamples are all larger, by their own noise, and a percentile interval would miss the value."""
    generator = numpy_generator("test", "fid")

    def drawn() -> tuple[np.ndarray, np.ndarray]:
        return generator.normal(size=(60, 4)), generator.normal(size=(80, 4)) + 1

    row = comparison._fid("mine", "fid", *(two := drawn()), Comparison(resamples=50))
    assert row["mean"] == frechet_distance(*two) and row["n"] == 60
    assert row["mean"] - row["ci_low"] == pytest.approx(row["ci_high"] - row["mean"])
    deviation = np.std([frechet_distance(*drawn()) for _ in range(100)])
    assert row["ci_high"] - row["mean"] == pytest.approx(1.96 * deviation, rel=0.4)


def test_classifiers_of_single_latents_use_one_and_those_of_sums_all():
    generator = numpy_generator("test", "participation")
    codes = generator.normal(size=(3000, 4)) * np.array([1, 100, 0.01, 1])  # the scale of a latent does not count
    has = np.zeros((3000, 40), np.float32)
    has[:, 0] = codes[:, 1] > 0
    has[:, 1] = (codes / codes.std(axis=0)).sum(axis=1) > 0
    known = torch.from_numpy(has)
    data = Images(torch.zeros(1), known[:2000], torch.zeros(1), known[2000:])
    rows = pd.DataFrame(comparison._participation("mine", codes[:2000], codes[2000:], data))
    assert set(rows.attribute) == set(ATTRIBUTES[:2])  # the others are nobody's
    by = rows.set_index(["reading", "attribute"])
    for reading in comparison.READINGS:
        assert by.value[reading, ATTRIBUTES[0]] == pytest.approx(1, abs=0.1)
        assert by.value[reading, ATTRIBUTES[1]] == pytest.approx(2, abs=0.01)
    assert (rows.area > 0.99).all() and (rows.largest == 2).all()


def test_a_constant_latent_takes_no_part():
    generator = numpy_generator("test", "constant")
    codes = np.column_stack([generator.normal(size=300), np.full(300, 5.0)])
    has = np.tile((codes[:, :1] > 0).astype(np.float32), 40)
    data = Images(torch.zeros(1), torch.from_numpy(has[:200]), torch.zeros(1), torch.from_numpy(has[200:]))
    rows = pd.DataFrame(comparison._participation("mine", codes[:200], codes[200:], data))
    assert rows.value.to_numpy() == pytest.approx(1)


# -- The judge


def test_a_judge_learns_what_can_be_seen(tmp_path):
    """Images that are bright or dark: that is its first attribute; the second is by chance."""
    generator = torch_generator("test", "judge")
    has = (torch.rand(300, 2, generator=generator) < 0.5).float()
    images = (1.2 * has[:, :1, None, None] - 0.6 + 0.2 * torch.randn(300, 1, 8, 8, generator=generator)).clamp(-1, 1)
    parts = {"train": images[:200], "train_factors": has[:200], "test": images[200:], "test_factors": has[200:]}
    write_tensors(({key: each.contiguous() for key, each in parts.items()}, {}), tmp_path / "images/toys.safetensors")
    settings = Judge(width=4, features=8, iterations=80, batch=32, learning_rate=0.01)
    kept, _ = judge.networks("toys_judge", folder=tmp_path, device="cpu", toys_judge=settings)
    write_tensors(kept, tmp_path / "networks/toys_judge.safetensors")
    data = load_images(tmp_path, "toys")
    read = judge.judge_from_file(tmp_path, "toys_judge", data, settings, "cpu")
    right = ((read(data.test) > 0) == data.test_factors.bool()).float().mean(dim=0)
    assert right[0] == 1 and 0.3 < right[1] < 0.7
    assert read.features(data.test).shape == (100, 8)
    other = settings.model_copy(update={"width": 8})
    with pytest.raises(RecomposeError, match="networks of another width"):
        judge.judge_from_file(tmp_path, "toys_judge", data, other, "cpu")


# -- The tables


def test_table_2_has_what_is_printed_beside_what_is_measured(compared):
    found = aggregation.table2(compared)
    by = found.set_index(["method", "metric"])
    assert by.published["sami", "tad"] == 0.583 and by.deviation["diffae", "fid"] == "± 2.1"
    assert set(found[found.kind == "printed"].method) == {"disdiff", "dbae_tc", "encdiff"}
    assert found[found.kind == "measured"]["mean"].notna().all() and not found.duplicated(["method", "metric"]).any()
    accuracy = compared[compared.metric == "accuracy"]["mean"]
    assert by["mean"]["judge", "accuracy"] == pytest.approx(accuracy.mean())
    text = tables.table2(found)
    assert "| DBAE + TC | (0.362 ± 0.036) | (3.8 ± 0.8) | (13.4 ± 0.2) |" in text
    rows = [line.split("|")[1].strip() for line in text.split("\n\n")[0].splitlines()[2:]]
    assert rows == [title for method, title in names.METHODS.items()]
    assert tables_of_comparison.comparison(compared).count("\n") > len(ATTRIBUTES)


def test_table_1_is_the_configuration():
    blocks = {"disks_networks": NETWORKS, "faces": FACES, "faces_networks": NETWORKS, "portraits": Faces(train=20)}
    told = {"portraits_networks": Encoding(latents=5, timesteps=0.5), "portraits_denoiser": FrozenDenoiser(base=24)}
    found = parameters.table1(disks=Disks(train=77), **blocks, **told)
    by = found.set_index(["parameter", "set"])
    assert by.value["train", "disks"] == 77 and by.published["train", "disks"] == 2000
    assert by.run["encoder_channels", "celeba"] == "[4, 4, 4]" and by.printed["noise", "celeba"] == "Cosine"
    hq = by.xs("celeba_hq", level="set")
    assert (hq.value["latents"], hq.value["denoiser_channels"], hq.value["train"]) == (5, 24, 20)
    assert (hq.run["denoiser"], hq.run["timesteps"]) == ("UNet (no attn, frozen)", "T u^0.5")
    told["portraits_denoiser"] = FrozenDenoiser(pretrained="some/network")
    other = parameters.table1(disks=Disks(), **blocks, **told).set_index(["set", "parameter"]).loc["celeba_hq"]
    assert other.run[["denoiser", "denoiser_channels"]].tolist() == ["UNet (pretrained, frozen)", "its own"]
    assert other.published["denoiser_channels"] == 128 and pd.isna(other.value["denoiser_channels"])
    printed = aggregation.printed("table1")
    assert set(printed.quantity) <= set(parameters.PARAMETERS) == set(names.PARAMETERS)
    assert "| training images | 77 | 2000 | 40 | 60000 | 20 | 30000 |" in tables.table1(found)


def test_the_published_settings_are_those_of_table_1():
    """At scale paper what runs is what is printed.

    But for weights that belong to another sum, portraits that are kept for the test, multipliers that the authors' code
    contradicts, the encoder of CelebA, likewise, and words for the same.
    """
    from recompose.config.loading import load_config

    sami = load_config(scale="paper").sami
    found = parameters.table1(
        **{
            name: getattr(sami, name)
            for name in next(each for each in table_of_artifacts.PAPER.artifacts if each.name == "table1").reads
        }
    )
    by = found.set_index(["parameter", "set"])
    numbers = by[(by.kind == "number") & by.published.notna()]
    differ = {key for key, row in numbers.iterrows() if row.value != row.published}
    assert differ == {("weight", "disks"), ("weight", "celeba_hq"), ("train", "celeba_hq")}
    assert sami.portraits.train + sami.portraits.test == by.published["train", "celeba_hq"]
    words = by[(by.kind == "words") & by.printed.notna()]
    otherwise = {key for key, row in words.iterrows() if row.run != row.printed}
    sets = ("disks", "celeba", "celeba_hq")
    shaped = {(key, each) for key in ("encoder_channels", "denoiser_multipliers") for each in sets}
    assert otherwise == {*shaped, ("denoiser", "celeba_hq"), ("timesteps", "celeba_hq")}
    for each in ("disks", "celeba_hq"):
        width, factors = by.printed["encoder_channels", each].split(" x ")
        assert by.run["encoder_channels", each] == str([int(width) * factor for factor in json.loads(factors)])
    assert by.printed["denoiser_multipliers", "celeba_hq"] == str([*sami.portraits_denoiser.multipliers])
    assert sami.portraits_denoiser.base == by.published["denoiser_channels", "celeba_hq"]  # of DiffAE's


def test_at_scale_paper_networks_are_trained_as_the_authors_do():
    """Without norms as in evaluation; and a variant of ours differs in what it is about, not in the weight."""
    from recompose.config.loading import load_config

    sami = load_config(scale="paper").sami
    for block in (sami.disks_networks, sami.faces_networks, sami.dsprites_networks, sami.portraits_networks):
        assert block.settled == 0
    assert sami.dsprites_variant.weight == sami.dsprites_networks.weight
    assert sami.faces_variant.weight == sami.faces_networks.weight


# -- Their work


def test_the_operations_of_a_decoder_are_those_that_are_done():
    decoder = baselines.Decoder(("test",), size=16, latents=3, widths=(4, 8, 8))
    with FlopCounterMode(display=False) as counter:
        decoder(torch.zeros(1, 3))
    assert decoding(16, NETWORKS) == pytest.approx(counter.get_total_flops(), rel=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_operations_of_a_denoiser_are_those_that_are_done(channels):
    denoiser = Denoiser(("test",), size=16, channels=channels, base=4, multipliers=(1, 2), middle=2)
    with FlopCounterMode(display=False) as counter:
        denoiser(torch.zeros(1, channels, 16, 16), 3)
    assert passes(16, NETWORKS, channels)[1] == pytest.approx(counter.get_total_flops(), rel=1e-6)
