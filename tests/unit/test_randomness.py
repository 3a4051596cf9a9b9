"""Draws depend on names and on nothing else."""

import numpy as np
import pytest
import torch

from recompose.randomness import numpy_generator, seed_of, torch_generator


def test_a_seed_is_the_same_everywhere_and_always():
    assert seed_of("coupled_inference", "table1", 3) == 758043633336278319


def test_every_name_its_type_and_its_place_counts():
    names = [("a", "b"), ("b", "a"), ("ab",), ("a", "b", 0), ("a", "b", "0"), ("a", "b", 0.0), ("a,b",), ()]
    assert len({seed_of(*each) for each in names}) == len(names)
    assert all(0 <= seed_of(*each) < 2**63 for each in names)


@pytest.mark.parametrize(
    "draw",
    [
        lambda *n: numpy_generator(*n).random(5),
        lambda *n: torch.rand(5, generator=torch_generator(*n)).numpy(),
    ],
)
def test_order_of_execution_does_not_count(draw):
    first = [draw("cell", 1), draw("cell", 2)]
    second = [draw("cell", 2), draw("cell", 1)][::-1]
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(*first)
