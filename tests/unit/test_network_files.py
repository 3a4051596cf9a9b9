"""Networks in files: what they are stands beside them, and is asked for."""

import pytest
import torch
from safetensors import safe_open
from torch import nn

from recompose.errors import RecomposeError
from recompose.networks.files import kept, read
from recompose.storage import write_tensors

ABOUT = {"name": "small", "architecture": '{"width": 4}', "precision": "fp32"}


def network():
    made = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4))
    return made.to(memory_format=torch.channels_last)


@pytest.fixture
def path(tmp_path):
    write_tensors(kept(network(), ABOUT), tmp_path / "small.safetensors")
    return tmp_path / "small.safetensors"


def test_what_is_kept_is_read_with_its_buffers(tmp_path):
    one, other = network(), network()
    one(torch.rand(3, 1, 5, 5))  # moves the running statistics
    write_tensors(kept(one, ABOUT), tmp_path / "one.safetensors")
    about, tensors = read(tmp_path / "one.safetensors", {"name": "small"})
    assert about == ABOUT
    other.load_state_dict(tensors)
    assert all(torch.equal(value, other.state_dict()[name]) for name, value in one.state_dict().items())
    assert other[1].num_batches_tracked == 1 and other[1].running_mean.any()


def test_one_key_tells_what_it_is(path):
    with safe_open(path, framework="pt") as file:
        assert set(file.metadata()) == {"about"}


def test_some_of_many_networks_are_read(tmp_path):
    stack = nn.ParameterDict({"weight": torch.arange(12.0).view(4, 3)})
    write_tensors(kept(stack, {}), tmp_path / "stack.safetensors")
    _, tensors = read(tmp_path / "stack.safetensors", {}, rows=slice(1, 3))
    assert tensors["weight"].tolist() == [[3, 4, 5], [6, 7, 8]]


def test_what_is_not_as_expected_is_one_line(path):
    expected = (
        rf'^{path}: networks of another architecture \({{"width": 4}} instead of {{"width": 8}}\); delete it and run'
    )
    with pytest.raises(RecomposeError, match=expected):
        read(path, {"architecture": '{"width": 8}'})
    with pytest.raises(RecomposeError, match=r"networks of another precision \(fp32 instead of bf16\)"):
        read(path, {"precision": "bf16"})
    with pytest.raises(RecomposeError, match=r"networks of another scale \(None instead of small\)"):
        read(path, {"scale": "small"})


def test_no_file_and_half_a_file_are_one_line(path, tmp_path):
    with pytest.raises(RecomposeError, match="no such file; train the networks first"):
        read(tmp_path / "none.safetensors", {})
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(RecomposeError, match="not a readable file of networks"):
        read(path, {})


def test_a_file_that_does_not_say_what_it_holds_is_refused(tmp_path):
    write_tensors(({"weight": torch.zeros(2)}, {}), tmp_path / "bare.safetensors")
    with pytest.raises(RecomposeError, match="not a readable file of networks"):
        read(tmp_path / "bare.safetensors", {})
