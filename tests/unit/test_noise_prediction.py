"""Networks trained together: each as if alone, resumed to the same bytes, right on a case with a known answer."""

import pytest
import torch

from recompose.diffusion import noise_prediction
from recompose.diffusion import training as loop
from recompose.diffusion.mixtures import gaussian
from recompose.diffusion.noise_prediction import Divergence, Task, network_input, score_of
from recompose.diffusion.schedules import VariancePreserving
from recompose.diffusion.training import Training
from recompose.errors import RecomposeError
from recompose.networks.stacked import StackedMLP, noise_predictors

VP = VariancePreserving()
SHORT = Training(steps=120, learning_rate=1e-3)


def train(tasks, training, width=16, batch=12, **options):
    network = noise_predictors(tasks, width, 2)
    noise_prediction.train(network, tasks, training, batch=batch, **options)
    return network


def tasks(count=3, sources=1, samples=40):
    drawn = [
        torch.randn((sources, samples + run, 2), generator=torch.Generator().manual_seed(run)) for run in range(count)
    ]
    return [Task(("test", "run", run), data) for run, data in enumerate(drawn)]


def parameters(network, model):
    return [value[model].detach() for value in network.parameters()]


def test_a_stack_computes_what_its_networks_compute_alone():
    network = StackedMLP([3, 8, 8, 2], [torch.Generator().manual_seed(seed) for seed in (1, 2)])
    x = torch.randn(2, 5, 3)
    for model in range(2):
        alone = torch.nn.Sequential(
            torch.nn.Linear(3, 8), torch.nn.SiLU(), torch.nn.Linear(8, 8), torch.nn.SiLU(), torch.nn.Linear(8, 2)
        )
        for place, layer in enumerate(alone[::2]):
            layer.weight.data = network.weights[place][model].T.detach()
            layer.bias.data = network.biases[place][model, 0].detach()
        torch.testing.assert_close(network(x)[model], alone(x[model]))


def test_a_stack_starts_like_linear_layers():
    network = StackedMLP([100, 50, 2], [torch.Generator().manual_seed(0)])
    first = network.weights[0].detach()
    assert float(first.abs().max()) <= 0.1
    assert float(first.std()) == pytest.approx(0.1 / 3**0.5, rel=0.05)


@pytest.mark.parametrize("sources", [1, 3])
def test_networks_trained_together_are_as_if_trained_alone(sources):
    together = train(tasks(sources=sources), SHORT, schedule=VP)
    for model, task in enumerate(tasks(sources=sources)):
        alone = train([task], SHORT, schedule=VP)
        for one, other in zip(parameters(together, model), parameters(alone, 0), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


def test_a_batch_is_divided_among_the_sources_and_names_them():
    data = torch.stack([torch.full((5, 2), float(source)) for source in range(3)])
    seen, noise = noise_prediction._batches(Task(("test",), data), 12, 0, VP)
    assert seen.shape == (50, 12, 6) and noise.shape == (50, 12, 2)
    assert torch.equal(seen[..., 3:].sum(dim=1), torch.full((50, 3), 4.0))
    t, source = seen[..., :1], seen[..., 3:].argmax(dim=-1, keepdim=True)
    torch.testing.assert_close(seen[..., 1:3], VP.alpha(t) * source + VP.sigma(t) * noise)


def test_the_score_of_a_gaussian_is_learned():
    """Where the data lie, the learned score is the analytic one."""
    source = gaussian(torch.tensor([[2.0, 0.0], [0.0, 0.5]]))
    data = source.sample(4000, torch.Generator().manual_seed(0)).unsqueeze(0)
    training = Training(steps=1500, learning_rate=2e-3)
    network = train([Task(("score",), data)], training, width=64, batch=128, schedule=VP)
    for time in (0.3, 0.6):
        t = torch.tensor(time)
        noised = source.noised(float(VP.alpha(t)), float(VP.sigma(t)))
        x = noised.sample(500, torch.Generator().manual_seed(1)).unsqueeze(0)
        learned = score_of(network(network_input(t.expand(1, 500, 1), x)), t, VP)[0]
        expected = noised.score(x[0])
        error = (learned.detach() - expected).square().mean() / expected.square().mean()
        assert float(error) < 0.02


def test_a_resumed_training_ends_in_the_same_bytes(tmp_path, monkeypatch):
    whole = train(tasks(), SHORT, schedule=VP)
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    saved = loop.save_checkpoint

    def stop_after_the_first(*arguments, **options):
        saved(*arguments, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "save_checkpoint", stop_after_the_first)
    checkpoint = tmp_path / "checkpoint.safetensors"
    with pytest.raises(KeyboardInterrupt):
        train(tasks(), SHORT, schedule=VP, checkpoint=checkpoint)
    monkeypatch.setattr(loop, "save_checkpoint", saved)
    reports = []
    resumed = train(tasks(), SHORT, schedule=VP, checkpoint=checkpoint, report=reports.append)
    assert reports[0] == "goes on after step 50 of 120"  # the first slice is not trained again
    assert reports[1].startswith("100/120 iterations, mean loss ")
    assert all(torch.equal(one, other) for one, other in zip(whole.parameters(), resumed.parameters(), strict=True))


@pytest.mark.parametrize(("changed", "named"), [(SHORT, "tasks"), (Training(200, 1e-3), "training"), (24, "batch")])
def test_a_checkpoint_of_other_settings_is_refused(tmp_path, monkeypatch, changed, named):
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    checkpoint = tmp_path / "checkpoint.safetensors"
    train(tasks(), SHORT, schedule=VP, checkpoint=checkpoint)
    others = tasks(2) if named == "tasks" else tasks()
    batch, training = (changed, SHORT) if named == "batch" else (12, changed)
    with pytest.raises(RecomposeError, match=f"a checkpoint of other {named}"):
        train(others, training, batch=batch, schedule=VP, checkpoint=checkpoint)


def test_a_truncated_checkpoint_is_refused(tmp_path):
    checkpoint = tmp_path / "checkpoint.safetensors"
    checkpoint.write_bytes(b"half of a")
    with pytest.raises(RecomposeError, match="not a readable checkpoint"):
        train(tasks(), SHORT, schedule=VP, checkpoint=checkpoint)


def test_a_network_that_diverges_is_named_and_the_others_finish():
    good, bad, other = tasks()
    bad.data[0, 0, 0] = float("nan")
    with pytest.raises(Divergence, match="NaN in the training of 1 of 3 networks: test run 1"):
        train([good, bad, other], SHORT, schedule=VP)
