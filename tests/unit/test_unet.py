"""The U-Net of paper 5: the published numbers fix it, and its features can be set."""

import pytest
import torch
from torch import nn

from recompose.errors import RecomposeError
from recompose.networks.unet import FeatureUNet, LabelledUNet, Normalization

SMALL = {"width": 4, "levels": 2, "decoder": 2}


def ready(network):
    """The last convolution begins at zero, and would hide all differences."""
    nn.init.normal_(network.out.weight, generator=torch.Generator().manual_seed(0))
    return network


@pytest.fixture(scope="module")
def published():
    return FeatureUNet(("test",))


@pytest.fixture
def images():
    return torch.rand(3, 1, 16, 16, generator=torch.Generator().manual_seed(1))


def test_it_has_the_published_size(published):
    assert sum(parameter.numel() for parameter in published.parameters()) == pytest.approx(11.57e6, abs=5e3)
    assert sum(published.blocks) == 1344


def test_the_middle_sees_84_pixels(published):
    x = torch.rand(1, 1, 176, 176, requires_grad=True)
    down = x
    for block in [*published.encoder, published.middle]:
        # The normalization sees the whole image: the receptive field is that of the convolutions.
        for layer in block:
            down = down if isinstance(layer, Normalization) else layer(down)
        down = nn.functional.avg_pool2d(down, 2) if block is not published.middle else down
    down[0, :, 11, 11].sum().backward()
    assert x.grad is not None
    seen = x.grad[0, 0].nonzero()
    assert (seen.max(dim=0).values - seen.min(dim=0).values + 1).tolist() == [84, 84]


def test_untrained_it_sees_no_noise(images):
    assert not FeatureUNet(("test",), **SMALL)(images).any()


@pytest.mark.parametrize("shape", [{}, {"width": 8, "levels": 1}, {"encoder": 1, "middle": 1, "decoder": 2}])
def test_any_shape_maps_images_to_images(images, shape):
    network = FeatureUNet(("test",), **(SMALL | shape))
    assert network(images).shape == images.shape
    assert network.features(images).shape == (3, sum(network.blocks))


def test_the_normalization_divides_by_the_deviation_and_keeps_the_mean():
    x = 3 + 2 * torch.randn(2, 5, 8, 8, generator=torch.Generator().manual_seed(2))
    normal = Normalization(5)(x)
    deviations = x.flatten(1).std(dim=1, unbiased=False)
    torch.testing.assert_close(normal, x / deviations[:, None, None, None])
    assert (normal.mean(dim=(1, 2, 3)) > 1).all()


def test_its_own_features_change_nothing(images):
    network = ready(FeatureUNet(("test",), gain=False, **SMALL))
    torch.testing.assert_close(network(images, network.features(images)), network(images))


def test_with_a_gain_of_one_the_averages_are_those_asked_for(images):
    network = ready(FeatureUNet(("test",), gain=False, **SMALL))
    wanted = network.features(images.flip(0))
    seen = []
    for module in [*network.encoder[1:], network.middle, *network.decoder]:
        module.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    network(images, wanted)
    first, second, middle, *_ = wanted.split(network.blocks, dim=1)
    # What comes into the second encoder block, the middle and the first decoder block are the ends before, pooled.
    torch.testing.assert_close(seen[0].mean(dim=(2, 3)), first)
    torch.testing.assert_close(seen[1].mean(dim=(2, 3)), second)
    torch.testing.assert_close(seen[2][:, -8:].mean(dim=(2, 3)), second)  # across
    torch.testing.assert_close(network.up[0](torch.ones(1, 16, 1, 1)).shape, torch.Size([1, 8, 2, 2]))
    assert not torch.allclose(network(images, wanted), network(images))
    assert middle.shape == (3, 16)


def test_learned_gains_begin_without_guidance(images):
    network = ready(FeatureUNet(("test",), **SMALL))
    assert network.learned.requires_grad
    assert not ready(FeatureUNet(("test",), gain=False, **SMALL)).learned.requires_grad
    torch.testing.assert_close(network(images, 5 + network.features(images)), network(images))


def test_larger_images_keep_their_features():
    """Features are averages: a texture has the same at twice the size, but for the borders."""
    network = ready(FeatureUNet(("test",), **SMALL))
    pattern = torch.rand(1, 1, 16, 16, generator=torch.Generator().manual_seed(3))
    small, large = (network.features(pattern.tile(1, 1, tiles, tiles)) for tiles in (8, 16))
    assert ((small - large).norm() / small.norm()).item() < 0.02


def test_images_that_do_not_divide_are_refused(images):
    with pytest.raises(RecomposeError, match=r"images of 18x16: .* multiples of 4"):
        FeatureUNet(("test",), **SMALL)(torch.rand(1, 1, 18, 16))


def test_networks_of_one_name_start_alike_and_labels_say_nothing_yet(images):
    guided, labelled = (
        ready(network) for network in (FeatureUNet(("test",), **SMALL), LabelledUNet(("test",), classes=3, **SMALL))
    )
    torch.testing.assert_close(labelled(images), guided(images))
    told = labelled.labels(torch.tensor([1, 2, 3]))
    torch.testing.assert_close(labelled(images, told), guided(images))
    assert not torch.equal(FeatureUNet(("other",), **SMALL).middle[0].weight, guided.middle[0].weight)
    labelled.labels.weight.data[2] = 1
    told = labelled.labels(torch.tensor([1, 2, 3]))
    changed = (labelled(images, told) - guided(images)).abs().amax(dim=(1, 2, 3)) > 1e-4
    assert changed.tolist() == [False, True, False]
