"""Training of the denoisers of paper 5: a known best answer, pairs within a class, and a stop that changes nothing."""

import pytest
import torch
from torch import nn

from recompose.datasets.labelled_images import LabelledImages, intensities
from recompose.diffusion import training as loop
from recompose.diffusion.training import Halving, Training, fit, steps_of_epoch
from recompose.networks.unet import FeatureUNet
from recompose.papers.feature_guidance.training import epoch, noise_loss


class Share(nn.Module):
    """Predicts a share of what it sees, and of what it is told."""

    def __init__(self):
        super().__init__()
        self.seen = nn.Parameter(torch.tensor(0.0))
        self.told = nn.Parameter(torch.tensor(0.0))

    def forward(self, x, told=None):
        return self.seen * x + (0 if told is None else self.told * told)


def no_condition(told):
    return None


def another_image(told):
    return told.others[told.which]


def data(images=30, classes=3, spread=0.0):
    """Images of one intensity each, which depends on the class alone unless they spread."""
    generator = torch.Generator().manual_seed(4)
    labels = torch.arange(images) % classes
    places = labels.view(-1, 1, 1, 1) / (classes - 1) + spread * torch.randn(images, 1, 1, 1, generator=generator)
    return LabelledImages(places.expand(-1, 1, 8, 8).clone(), labels)


def convolutions():
    """A network whose weights are laid out as its images are."""
    return FeatureUNet(("test",), width=4, levels=1, encoder=1, middle=1, decoder=2)


def trained(condition=no_condition, images=None, make=Share, *, epochs=3, batch=8, average=None, **options):
    images = images or data()
    network = make()
    each = steps_of_epoch(len(images.images), batch)
    halving = Halving(each * epochs // 4 or 1)
    training = Training(epochs * each, options.pop("learning_rate", 0.05), halving, average=average)
    loss = noise_loss(network, images, batch=batch, names=("test",), condition=condition)
    return network, fit(network, loss, training, name="test", identity={}, **options)


def test_the_best_share_is_learned():
    """The noise's part of the power, E sigma^2 / (E sigma^2 + E x^2), with E sigma^2 = 1/3."""
    network, _ = trained(images=data(300), epochs=60, batch=100, learning_rate=0.02)
    power = intensities(data(300).images).square().mean().item()
    assert network.seen.item() == pytest.approx((1 / 3) / (1 / 3 + power), rel=0.03)


def test_the_condition_is_an_image_of_the_same_class():
    """Images of a class are equal here: told another one, the network can take it off, and is left with the noise."""
    network, losses = trained(another_image, data(300), epochs=60, batch=100)
    assert network.seen.item() == pytest.approx(1, abs=0.02)
    assert network.told.item() == pytest.approx(-1, abs=0.02)
    assert losses[-1] < 1e-3


@pytest.mark.parametrize("shared", [1, 4, 1000])
def test_the_other_image_is_another_of_the_class(shared):
    labels = torch.arange(303) % 3
    order, partner = epoch(labels, torch.Generator().manual_seed(0), shared)
    assert sorted(order.tolist()) == list(range(303))
    assert (labels[partner] == labels).all() and (partner != torch.arange(303)).all()
    assert len(torch.unique(partner)) == {1: 303, 4: 3 * 26, 1000: 3 * 2}[shared]


def test_all_images_of_a_class_are_told_of_equally_often():
    """Whether or not images share the other one: Algorithm 2 in expectation."""
    labels = torch.arange(12) % 2
    for shared in (1, 2):
        counts = torch.zeros(12, 12)
        for number in range(3000):
            _, partner = epoch(labels, torch.Generator().manual_seed(number), shared)
            counts[torch.arange(12), partner] += 1
        apart = (labels[:, None] == labels) & ~torch.eye(12, dtype=torch.bool)
        assert counts[~apart].sum() == 0
        assert counts[apart].min() > 500 and counts[apart].max() < 700


def test_images_that_share_the_other_one_are_together():
    order, partner = epoch(torch.arange(40) // 20, torch.Generator().manual_seed(0), 4)
    runs = partner[order].view(10, 4)
    assert (runs == runs[:, :1]).all()


def test_a_class_of_one_image_is_told_of_that():
    _, partner = epoch(torch.tensor([0, 1, 1]), torch.Generator().manual_seed(0), 4)
    assert partner.tolist() == [0, 2, 1]


def test_the_loss_of_z_is_that_of_the_noise_over_sigma():
    """A network that sees nothing leaves |z|^2 = 1, but where sigma is below the floor; or E sigma^2 = 1/3."""

    class Blind(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(()))

        def forward(self, x, told):
            return self.weight * x

    found = {}
    for of in ("sigma_z", "z"):
        loss = noise_loss(Blind(), data(3000), batch=3000, names=("test",), condition=no_condition, of=of)
        found[of] = float(loss(0).detach())
    assert found["sigma_z"] == pytest.approx(1 / 3, rel=0.05)
    assert found["z"] == pytest.approx(1 - 0.2 * 2 / 3, rel=0.03)


def test_an_epoch_sees_every_image_once():
    seen = []

    def watch(told):
        seen.append(told.labels)

    images = LabelledImages(torch.zeros(30, 1, 8, 8), torch.arange(30))
    _, losses = trained(watch, images, epochs=2)
    assert len(losses) == 8 and [len(labels) for labels in seen] == [8, 8, 8, 6] * 2
    first, second = (torch.cat(seen[part]).tolist() for part in (slice(4), slice(4, 8)))
    assert first != second and sorted(first) == sorted(second) == list(range(30))


@pytest.mark.parametrize(
    ("make", "condition", "average"),
    [(Share, another_image, None), (Share, another_image, 0.9), (convolutions, no_condition, 0.9)],
)
def test_a_stop_changes_no_weight(tmp_path, monkeypatch, make, condition, average):
    whole, expected = trained(condition, data(spread=0.1), make, average=average)
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    checkpoint = tmp_path / "checkpoint.safetensors"
    stops = iter(range(100))

    def stop_every_fourth(line):
        if next(stops) % 4 == 3:
            raise KeyboardInterrupt

    for _ in range(20):
        try:
            resumed, losses = trained(
                condition, data(spread=0.1), make, average=average, checkpoint=checkpoint, report=stop_every_fourth
            )
            break
        except KeyboardInterrupt:
            continue
    assert next(stops) > 8
    assert torch.equal(losses, expected)
    for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_average_is_of_the_weights_on_the_way():
    last, _ = trained()
    averaged, _ = trained(average=0.99)
    assert 0 < averaged.seen.item() < last.seen.item()


def test_bytes_become_intensities():
    made = intensities(torch.tensor([[[[0, 51, 255]]]], dtype=torch.uint8))
    assert made.flatten().tolist() == pytest.approx([0, 0.2, 1])
