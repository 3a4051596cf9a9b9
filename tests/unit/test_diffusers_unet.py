"""diffusers' U-Net behind this project's own face: its size, what it is told, its start, its file."""

import subprocess
import sys

import pytest
import torch

from recompose.diffusion.training import Cosine, Training, fit
from recompose.errors import RecomposeError
from recompose.networks.diffusers_unet import ClassUNet, Shape, from_file, kept
from recompose.networks.layout import placed
from recompose.randomness import torch_generator
from recompose.storage import write_tensors

TINY = Shape(size=8, channels=1, widths=(12, 24), attention=2, layers=1, classes=2)


@pytest.fixture(scope="module")
def tiny():
    return ClassUNet(("test",), TINY)


def images(count=3, shape=TINY):
    generator = torch.Generator().manual_seed(1)
    return torch.rand((count, shape.channels, shape.size, shape.size), generator=generator) * 2 - 1


def parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


def test_the_published_one_has_its_size():
    """As measured on diffusers' own model with these settings; a class more is one row of the embedding."""
    with torch.device("meta"):
        published, separate = (ClassUNet(("test",), Shape(classes=classes)) for classes in (3, 1))
    assert parameters(published) == 68_794_627
    assert parameters(published) - parameters(separate) == 2 * 4 * 128
    assert published.unet.conv_norm_out.num_groups == 32
    heads = published.unet.down_blocks[2].attentions[0]
    assert heads.heads == 256 // 8
    assert [hasattr(block, "attentions") for block in published.unet.down_blocks] == [False, False, True, False]
    assert [hasattr(block, "attentions") for block in published.unet.up_blocks] == [False, True, False, False]


@pytest.mark.parametrize(
    "shape",
    [
        TINY,
        Shape(size=16, channels=3, widths=(6, 10, 20), attention=3, layers=1),
        Shape(size=16, channels=3, widths=(16, 16, 32), attention=None),
        Shape(size=4, channels=1, widths=(5,), attention=1, layers=1),
    ],
)
def test_any_shape_maps_images_to_images(shape):
    network = ClassUNet(("test",), shape)
    found = network(images(3, shape), torch.tensor([0, 500, 999]), torch.tensor([0, 1, 0]))
    assert found.shape == (3, shape.channels, shape.size, shape.size)
    assert torch.isfinite(found).all()


def test_it_hears_the_class_and_the_time(tiny):
    x = images(1).expand(4, -1, -1, -1)
    found = tiny(x, torch.tensor([10, 10, 500, 10]), torch.tensor([0, 1, 0, 0]))
    torch.testing.assert_close(found[0], found[3])
    assert (found[0] - found[1]).abs().max() > 1e-3
    assert (found[0] - found[2]).abs().max() > 1e-3


def test_one_time_for_all(tiny):
    labels = torch.tensor([0, 1, 0])
    each, one = (tiny(images(), t, labels) for t in (torch.full((3,), 7), 7))
    torch.testing.assert_close(each, one)


def test_the_names_say_how_it_starts(tiny, tmp_path):
    """Whatever was drawn before; and nothing that comes after sees that it was made."""
    torch.manual_seed(5)
    state = torch.get_rng_state()
    again = ClassUNet(("test",), TINY)
    assert torch.equal(torch.get_rng_state(), state)
    for name, network in {"one": tiny, "other": again}.items():
        write_tensors(kept(network, "tiny", "fp32"), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    assert not torch.equal(ClassUNet(("other",), TINY).unet.conv_in.weight, tiny.unet.conv_in.weight)


def test_from_its_file_it_is_the_same(tiny, tmp_path):
    path = tmp_path / "tiny.safetensors"
    write_tensors(kept(tiny, "tiny", "fp32"), path)
    read = from_file(path, "tiny", TINY)
    assert not read.training and not any(parameter.requires_grad for parameter in read.parameters())
    labels = torch.tensor([0, 1, 0])
    torch.testing.assert_close(read(images(), 3, labels), tiny(images(), 3, labels))
    with pytest.raises(RecomposeError, match="networks of another name"):
        from_file(path, "other", TINY)
    with pytest.raises(RecomposeError, match="networks of another architecture"):
        from_file(path, "tiny", Shape(size=8, channels=1, widths=(12, 24), attention=1, layers=1, classes=2))


def test_it_learns_one_image_for_each_class(tmp_path):
    """Told the class, it finds the image in pure noise; a network that does not hear it ends at their mean."""
    network = ClassUNet(("test",), TINY)
    placed(network, "cpu")
    targets = torch.stack([images(1)[0], -images(1)[0]])

    def loss(step):
        generator = torch_generator("test", step)
        labels = torch.randint(2, (8,), generator=generator)
        noise = torch.randn((8, 1, 8, 8), generator=generator)
        return (network(noise, 999, labels).float() - targets[labels]).square().mean()

    how = Training(150, 5e-3, Cosine(warm_up=10), weight_decay=0.01, clip=1.0, average=0.99, average_warm_up=True)
    losses = fit(network, loss, how, name="test", identity={})
    assert losses[0] > 0.3
    assert losses[-1] < 0.02
    with torch.no_grad():
        found = network(torch.randn((2, 1, 8, 8), generator=torch.Generator().manual_seed(2)), 999, torch.arange(2))
    assert (found - targets).square().mean() < 0.02


def test_what_does_not_fit_is_one_line():
    with pytest.raises(RecomposeError, match="images of 12x12: a U-Net of 4 levels takes multiples of 8"):
        Shape(size=12)
    with pytest.raises(RecomposeError, match="attention at level 5: the U-Net has levels 1 to 4"):
        Shape(attention=5)


def test_diffusers_is_imported_late():
    script = "import sys, recompose.networks.diffusers_unet; assert 'diffusers' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)
