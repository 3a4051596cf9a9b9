"""What a machine can do, and what it is told not to."""

import pytest
import torch

from recompose import machine


@pytest.mark.parametrize(
    ("units", "capability", "precision"),
    [(True, "AVX512", "bf16"), (True, "AVX2", "fp32"), (False, "AVX512", "fp32"), (False, "AVX2", "fp32")],
)
def test_auto_is_bf16_where_there_are_units_that_may_be_used(monkeypatch, units, capability, precision):
    monkeypatch.setattr(machine, "_amx", lambda: units)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    assert machine.resolve_precision("auto", "cpu") == precision
    assert machine.resolve_precision("bf16", "cpu") == "bf16"
