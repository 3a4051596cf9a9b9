"""A sweep over cells: what is dealt, kept, told and named."""

import pandas as pd
import pytest

from recompose.errors import RecomposeError
from recompose.sweeps import WHOLE, Batch, CellStore, sweep

CELLS = {f"cell {number}": (number,) for number in range(5)}


def measure(number):
    return [{"number": number, "square": number**2}]


def fails_with(error):
    def measure(number):
        raise error

    return measure


def test_the_shares_of_a_batch_are_the_whole():
    whole = sweep(CELLS, measure, WHOLE, None)
    assert whole.number.tolist() == [0, 1, 2, 3, 4]
    parts = [sweep(CELLS, measure, Batch(index, 2), None) for index in range(2)]
    pd.testing.assert_frame_equal(pd.concat(parts).sort_values("number", ignore_index=True), whole)


def test_a_finished_cell_is_not_measured_again(tmp_path, capsys):
    store = CellStore(tmp_path, "same")
    store.put("cell 1", [{"number": 1, "square": -1}])
    assert sweep(CELLS, measure, WHOLE, store).square.tolist() == [0, -1, 4, 9, 16]
    told = capsys.readouterr().out
    assert "1/5 cell 0: 0.0 s\n" in told and "cell 1" not in told
    again = sweep(CELLS, fails_with(AssertionError()), WHOLE, store)
    assert again.square.tolist() == [0, -1, 4, 9, 16] and not capsys.readouterr().out


def test_an_error_names_the_cell(tmp_path):
    with pytest.raises(RecomposeError, match=r"^cell 3: too hot$"):
        sweep(CELLS, fails_with(RecomposeError("too hot")), Batch(3, 5), CellStore(tmp_path, "same"))
    with pytest.raises(ZeroDivisionError) as caught:
        sweep(CELLS, fails_with(ZeroDivisionError()), Batch(3, 5), None)
    assert caught.value.__notes__ == ["in cell 3"]
