"""Where coupled inference becomes the attention resonator, against the equations written for one trial."""

import numpy as np
import pandas as pd
import pytest
import torch

from recompose.datasets.products import bound_products
from recompose.papers.coupled_inference import special_case, tables
from recompose.papers.coupled_inference.binding import attention_update
from recompose.papers.coupled_inference.settings import SpecialCase
from recompose.papers.coupled_inference.special_case import equation_26, remark_1, single_step

SMALL = SpecialCase(trials=4, codebook_sets=2, iterations=20, size=8, dimension=300)


@pytest.fixture
def problem():
    drawn = bound_products("unit", "special", sets=2, factors=3, dimension=300, size=40, trials=3)
    return drawn.codebooks.double(), drawn.bound.double()


def test_an_iteration_of_equation_34_is_that_of_one_trial(problem):
    codebooks, bound = problem
    estimates = torch.randn(2, 3, 300, 3, dtype=torch.double, generator=torch.Generator().manual_seed(0))
    unit = codebooks[1, 0].numpy() / np.sqrt(300)
    others = estimates[1, 1, :, 2].numpy() * estimates[1, 2, :, 2].numpy()
    logits = 250 * unit.T @ (bound[1, :, 2].numpy() * others / np.sqrt(300))
    weights = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    expected = np.sqrt(300) * unit @ weights
    np.testing.assert_allclose(attention_update(codebooks, bound, estimates)[1, 0, :, 2].numpy(), expected)


def test_the_identities_hold_to_rounding(problem):
    codebooks, bound = problem
    assert remark_1(codebooks, bound) < 1e-13
    assert equation_26(codebooks, bound, 20) < 1e-9
    assert single_step(codebooks, bound, 20) < 1e-6


def test_the_numbers_see_what_differs(problem, monkeypatch):
    """Prior noise, and guidance that is not strong enough."""
    codebooks, bound = problem
    with monkeypatch.context() as patch:
        patch.setattr(special_case, "NO_PRIOR_NOISE", 0.3)
        assert remark_1(codebooks, bound) > 1e-3
        assert equation_26(codebooks, bound, 20) > 1e-3
        assert single_step(codebooks, bound, 20) > 1e-3
    monkeypatch.setattr(special_case, "STRENGTH", 1.0)
    assert single_step(codebooks, bound, 20) > 1e-3


def test_the_table_has_a_row_for_each_identity():
    frame = special_case.special_case(special_case=SMALL, device="cpu")
    assert list(frame.identity) == ["remark_1", "equation_26", "single_step"]
    text = tables.special_case(pd.DataFrame({"identity": ["single_step"], "difference": [2.5e-9]}))
    assert "similarity energy, one step, strong guidance | 2.5e-09 |" in text
