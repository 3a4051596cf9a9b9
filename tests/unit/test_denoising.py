"""Training of denoisers: a known best answer, pairs within a class, and a stop that changes nothing."""

import pytest
import torch
from torch import nn

from recompose.diffusion import denoising
from recompose.diffusion.denoising import LabelledImages, Training, intensities, train
from recompose.errors import RecomposeError
from recompose.networks.unet import FeatureUNet

TRAINING = Training(epochs=3, batch=8, learning_rate=0.05, halve_every=2)


class Share(nn.Module):
    """Predicts a share of what it sees, and of what it is told."""

    def __init__(self):
        super().__init__()
        self.seen = nn.Parameter(torch.tensor(0.0))
        self.told = nn.Parameter(torch.tensor(0.0))

    def forward(self, x, told=None):
        return self.seen * x + (0 if told is None else self.told * told)


def no_condition(others, labels, generator):
    return None


def another_image(others, labels, generator):
    return others


def data(images=30, classes=3, spread=0.0):
    """Images of one intensity each, which depends on the class alone unless they spread."""
    generator = torch.Generator().manual_seed(4)
    labels = torch.arange(images) % classes
    places = labels.view(-1, 1, 1, 1) / (classes - 1) + spread * torch.randn(images, 1, 1, 1, generator=generator)
    return LabelledImages(places.expand(-1, 1, 8, 8).clone(), labels)


def convolutions():
    """A network whose weights are laid out as its images are."""
    return FeatureUNet(("test",), width=4, levels=1, encoder=1, middle=1, decoder=2)


def trained(condition=no_condition, training=TRAINING, images=None, make=Share, **options):
    network = make()
    losses = train(network, images or data(), training, names=("test",), condition=condition, **options)
    return network, losses


def test_the_best_share_is_learned():
    """The noise's part of the power, E sigma^2 / (E sigma^2 + E x^2), with E sigma^2 = 1/3."""
    many = Training(epochs=60, batch=100, learning_rate=0.02, halve_every=15)
    network, _ = trained(training=many, images=data(300))
    power = intensities(data(300).images).square().mean().item()
    assert network.seen.item() == pytest.approx((1 / 3) / (1 / 3 + power), rel=0.03)


def test_the_condition_is_an_image_of_the_same_class():
    """Images of a class are equal here: told another one, the network can take it off, and is left with the noise."""
    many = Training(epochs=60, batch=100, learning_rate=0.05, halve_every=15)
    network, losses = trained(another_image, many, data(300))
    assert network.seen.item() == pytest.approx(1, abs=0.02)
    assert network.told.item() == pytest.approx(-1, abs=0.02)
    assert losses[-1] < 1e-3


def test_the_other_image_is_rarely_the_same():
    order, partner = denoising._epoch(torch.arange(300) % 3, torch.Generator().manual_seed(0))
    assert sorted(order.tolist()) == sorted(partner.tolist()) == list(range(300))
    assert (partner % 3 == torch.arange(300) % 3).all()
    assert (partner == torch.arange(300)).sum() < 12


@pytest.mark.parametrize(
    ("make", "condition", "average"),
    [(Share, another_image, None), (Share, another_image, 0.9), (convolutions, no_condition, 0.9)],
)
def test_a_stop_changes_no_weight(tmp_path, monkeypatch, make, condition, average):
    training = Training(epochs=3, batch=8, learning_rate=0.05, halve_every=2, average=average)
    whole, expected = trained(condition, training, data(spread=0.1), make)
    monkeypatch.setattr(denoising, "CHECKPOINT_SECONDS", 0.0)
    checkpoint = tmp_path / "checkpoint.safetensors"
    stops = iter(range(100))

    def stop_every_fourth(line):
        if next(stops) % 4 == 3:
            raise KeyboardInterrupt

    for _ in range(20):
        try:
            resumed, losses = trained(
                condition, training, data(spread=0.1), make, checkpoint=checkpoint, report=stop_every_fourth
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
    averaged, _ = trained(training=Training(3, 8, 0.05, 2, average=0.99))
    assert 0 < averaged.seen.item() < last.seen.item()


def test_a_checkpoint_of_another_training_is_refused(tmp_path):
    checkpoint = tmp_path / "checkpoint.safetensors"
    trained(checkpoint=checkpoint)
    with pytest.raises(RecomposeError, match="a checkpoint of other training"):
        trained(training=Training(3, 8, 0.01, 2), checkpoint=checkpoint)
    with pytest.raises(RecomposeError, match="a checkpoint of other data"):
        trained(images=data(33), checkpoint=checkpoint)


def test_a_loss_that_is_no_number_is_said():
    with pytest.raises(RecomposeError, match=r"test: the loss is no number any more; lower learning_rate"):
        trained(training=Training(3, 8, float("inf"), 2))


def test_bytes_become_intensities():
    made = intensities(torch.tensor([[[[0, 51, 255]]]], dtype=torch.uint8))
    assert made.flatten().tolist() == pytest.approx([0, 0.2, 1])
