"""The solvers of paper 1 against brute force and known answers."""

from itertools import product

import numpy as np
import pytest
import torch

from recompose.datasets.products import bound_products
from recompose.errors import RecomposeError
from recompose.metrics.decomposition import decomposition_accuracy
from recompose.metrics.intervals import wilson_interval
from recompose.papers.coupled_inference.solvers import SOLVERS, solver, solvers_named
from recompose.papers.coupled_inference.solvers import least_squares as least_squares_module
from recompose.papers.coupled_inference.solvers.joint import blocks_within, cut, sweep_cost
from recompose.papers.coupled_inference.solvers.least_squares import least_squares, pair_products
from recompose.papers.coupled_inference.solvers.limits import hash_keys

FIXED = list(solvers_named("all", {}))


def problems(factors=3, dimension=300, size=6, trials=5, superposed=1, sets=2, name="test"):
    return bound_products(
        "unit", name, sets=sets, factors=factors, dimension=dimension, size=size, trials=trials, superposed=superposed
    )


def solve(name, drawn, iterations=50):
    generator = torch.Generator().manual_seed(0)
    return solvers_named([name], {})[name](drawn.codebooks, drawn.bound, iterations=iterations, generator=generator)


def accuracy(name, drawn, iterations=50):
    return float(decomposition_accuracy(solve(name, drawn, iterations).numpy(), drawn.chosen.numpy()).mean())


def test_problems_are_products_of_the_chosen_vectors():
    drawn = problems()
    for set_, trial in product(range(2), range(5)):
        factors = [drawn.codebooks[set_, j, :, drawn.chosen[set_, j, trial]] for j in range(3)]
        assert torch.equal(drawn.bound[set_, :, trial], factors[0] * factors[1] * factors[2])
    assert set(drawn.codebooks.unique().tolist()) == {-1.0, 1.0}


def test_noise_stands_for_the_other_superposed_products():
    drawn = problems(dimension=2000, trials=50, superposed=5)
    clean = torch.stack(
        [torch.stack([drawn.codebooks[s, j][:, drawn.chosen[s, j]] for j in range(3)]).prod(dim=0) for s in range(2)]
    )
    assert (drawn.bound - clean).std().item() == pytest.approx(2.0, rel=0.01)


def test_problems_depend_on_their_names_alone():
    assert torch.equal(problems(name="a").bound, problems(name="a").bound)
    assert not torch.equal(problems(name="a").bound, problems(name="b").bound)
    assert torch.equal(problems(name="a", sets=1).bound[0], problems(name="a", sets=2).bound[0])


@pytest.mark.parametrize("name", FIXED)
@pytest.mark.parametrize("factors", [2, 3, 4, 5])
def test_every_solver_decomposes_an_easy_product(name, factors):
    drawn = problems(factors, dimension=600, size=3, trials=20)
    assert accuracy(name, drawn) > 0.85


def naive_resonator(codebooks, x, iterations, update):
    """Eq. 1 for one trial, as written."""
    estimates = [codebook.mean(axis=1) for codebook in codebooks]
    for _ in range(iterations):
        new = []
        for j, codebook in enumerate(codebooks):
            rest = np.prod([estimates[i] for i in range(len(codebooks)) if i != j], axis=0)
            new.append(update(codebook, codebook.T @ (x * rest)))
        estimates = new
    return [
        int(np.abs(codebook.T @ estimate).argmax()) for codebook, estimate in zip(codebooks, estimates, strict=True)
    ]


def sign_update(codebook, agreement):
    return np.sign(codebook @ agreement)


def attention_update(codebook, agreement):
    weights = np.exp(250 * (agreement - agreement.max()) / len(codebook))
    return codebook @ (weights / weights.sum())


@pytest.mark.parametrize(("name", "update"), [("resonator", sign_update), ("attention_resonator", attention_update)])
def test_the_batched_resonators_are_the_equations_trial_by_trial(name, update):
    drawn = problems(size=12, dimension=200, superposed=2)
    found = solve(name, drawn, iterations=7)
    for set_, trial in product(range(2), range(5)):
        codebooks, x = drawn.codebooks[set_].double().numpy(), drawn.bound[set_, :, trial].double().numpy()
        assert found[set_, :, trial].tolist() == naive_resonator(codebooks, x, 7, update)


def test_the_true_factors_are_a_fixed_point_of_the_resonator():
    drawn = problems(size=4, dimension=1000)
    codebooks, chosen = drawn.codebooks[0], drawn.chosen[0, :, 0]
    factors = [codebook[:, index] for codebook, index in zip(codebooks, chosen, strict=True)]
    x = drawn.bound[0, :, 0]
    for j, codebook in enumerate(codebooks):
        rest = torch.stack([factor for i, factor in enumerate(factors) if i != j]).prod(dim=0)
        assert torch.equal((codebook @ (codebook.T @ (x * rest))).sign(), factors[j])


def test_als_solves_the_least_squares_problem_of_one_factor():
    """One factor alone is linear regression: compare with LAPACK on the D x n system, up to the ridge."""
    drawn = problems(factors=2, size=8, dimension=100, trials=3, sets=1, superposed=2)
    first, second = drawn.codebooks[0].double()
    bound, rest = drawn.bound[0].double(), second[:, :3] + 0.5 * second[:, 3:6]
    pairs = pair_products(torch.stack([first, second]))
    found = least_squares(first, pairs[0], rest, bound)
    systems = rest.T.unsqueeze(-1) * first
    expected = torch.linalg.lstsq(systems, bound.T.unsqueeze(-1)).solution.squeeze(-1).T
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)
    assert torch.equal(solve("als", drawn), drawn.chosen)


def test_als_finds_the_same_where_settled_trials_go_on(monkeypatch):
    drawn = problems(3, dimension=300, size=8, trials=20)
    dropped = solve("als", drawn)
    monkeypatch.setattr(least_squares_module, "SETTLED", 0.0)
    assert torch.equal(dropped, solve("als", drawn))


def test_als_drops_trials_that_have_settled(monkeypatch):
    """An easy problem is settled long before the iterations end, and costs nothing more."""
    calls = []
    monkeypatch.setattr(
        least_squares_module, "least_squares", lambda *args: (calls.append(args[-1].shape[-1]), least_squares(*args))[1]
    )
    drawn = problems(2, dimension=400, size=4, trials=10, sets=1)
    assert torch.equal(solve("als", drawn), drawn.chosen)
    assert len(calls) < 100 and calls[-1] < calls[0] == 10


def brute_force(codebooks, x):
    best = max(
        product(range(codebooks.shape[-1]), repeat=len(codebooks)),
        key=lambda choice: float(
            (x * torch.stack([b[:, i] for b, i in zip(codebooks, choice, strict=True)]).prod(dim=0)).sum()
        ),
    )
    return list(best)


@pytest.mark.parametrize("factors", [2, 3, 4])
def test_exhaustive_is_the_arg_max_over_all_products(factors):
    drawn = problems(factors, dimension=30, size=4, superposed=6)  # so noisy that the arg max is often not the truth
    found = solve("exhaustive", drawn)
    assert not torch.equal(found, drawn.chosen)
    for set_, trial in product(range(2), range(5)):
        assert found[set_, :, trial].tolist() == brute_force(drawn.codebooks[set_], drawn.bound[set_, :, trial])


def test_meeting_in_the_middle_is_exact_even_where_keys_collide():
    """With few dimensions many products share a key, and are told apart on the vectors themselves."""
    drawn = problems(4, dimension=70, size=9, trials=30)
    found = solve("meet_in_the_middle", drawn)
    rebuilt = torch.stack(
        [torch.stack([drawn.codebooks[s, j][:, found[s, j]] for j in range(4)]).prod(dim=0) for s in range(2)]
    )
    assert torch.equal(rebuilt, drawn.bound)


def test_hashes_of_products_are_exclusive_ors():
    a, b = torch.randn(100, 7).sign(), torch.randn(100, 7).sign()
    assert torch.equal(hash_keys(a * b), hash_keys(a) ^ hash_keys(b))


@pytest.mark.parametrize(("size", "factors", "restarts"), [(7, 3, 3), (5, 4, 12), (4, 5, 9), (3, 2, 5)])
def test_the_blocks_of_the_joint_resonator_cover_every_product_once(size, factors, restarts):
    plan = cut(size, factors, restarts)
    assert len(plan) <= restarts
    covered = [choice for block in plan for choice in product(*[range(part.start, part.stop) for part in block])]
    assert sorted(covered) == list(product(range(size), repeat=factors))


def test_the_joint_resonator_stays_within_its_budget():
    groups = [(0, 1), (2, 3)]
    for budget in (500, 1000, 4000):
        plan = blocks_within(budget, 10, groups, [10, 2])
        assert sum(sweep_cost(groups, block, [10, 2]) for block in plan) <= budget
        assert len(plan) > 1


def test_the_joint_resonator_beats_the_resonators_where_they_fail():
    drawn = problems(3, dimension=400, size=40, trials=20)
    assert accuracy("joint_resonator", drawn, 100) > 0.95
    assert accuracy("resonator", drawn, 100) < 0.5


def test_restarts_keep_the_best_fit():
    drawn = problems(4, dimension=400, size=8, trials=20)
    assert accuracy("restarted_resonator", drawn, 100) >= accuracy("restarted_resonator", drawn, 10)


def test_an_unknown_method_is_told_with_the_nearest_one():
    with pytest.raises(RecomposeError, match=r'unknown method resonnator; did you mean "resonator"'):
        solvers_named(["resonnator"], {})


def test_two_solvers_cannot_share_a_name():
    def resonator(codebooks, bound, *, iterations, generator):
        raise NotImplementedError

    with pytest.raises(RecomposeError, match="already defined"):
        solver(resonator)
    assert SOLVERS["resonator"].__module__.endswith("resonators")


def test_accuracy_is_the_share_of_right_factors():
    found, chosen = np.array([[[1, 2], [3, 0]]]), np.array([[[1, 5], [3, 0]]])
    np.testing.assert_allclose(decomposition_accuracy(found, chosen), [[1.0, 0.5]])


def test_the_accuracy_interval_covers():
    """At least 95 % of the intervals hold the true mean, also for shares of right factors."""
    generator = np.random.default_rng(0)
    for probability in (0.1, 0.5, 0.97):
        shares = generator.binomial(3, probability, size=(2000, 100)) / 3
        intervals = [wilson_interval(row) for row in shares]
        assert np.mean([low <= probability <= high for _, low, high in intervals]) >= 0.95
