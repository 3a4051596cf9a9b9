"""Finished parts of a long job that are tensors."""

import torch

from recompose.sweeps import CellStore
from recompose.tensor_cells import kept_tensors


def test_what_was_made_before_a_stop_is_read_back_and_nothing_else(tmp_path):
    asked = []

    def make():
        asked.append(1)
        return {"images": torch.full((2, 3), float(len(asked)))}

    store = CellStore(tmp_path / "cells", "one")
    first, again = kept_tensors(store, "K=4 from 0", make), kept_tensors(store, "K=4 from 0", make)
    torch.testing.assert_close(first, again)
    assert len(asked) == 1
    kept_tensors(CellStore(tmp_path / "cells", "other settings"), "K=4 from 0", make)
    assert len(asked) == 2
    (tmp_path / "cells" / "K=4 from 0.safetensors").write_bytes(b"cut sh")
    assert float(kept_tensors(store, "K=4 from 0", make)["images"][0, 0]) == 3
