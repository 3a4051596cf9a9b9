"""One look: every method differs from every other in colour, dash or marker, and always looks the same."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from recompose.papers.coupled_inference.names import LABELS
from recompose.presentation.mosaics import FRAME as FRAMES
from recompose.presentation.mosaics import mosaic
from recompose.presentation.plotting import banded_lines, method_style, shared_legend, style
from recompose.storage import write_figure

FRAME = pd.DataFrame(
    [
        {"method": method, "x": x, "accuracy": 0.5 + x / 10, "ci_low": 0.4 + x / 10, "ci_high": 0.6 + x / 10}
        for method in ("b", "a")
        for x in (2, 1, 3)
    ]
)


@pytest.fixture
def axes():
    with style():
        figure, axes = plt.subplots()
        yield axes
    plt.close(figure)


def test_methods_can_be_told_apart_in_gray_and_in_colour():
    methods = method_style(list(LABELS))
    shapes = [(methods.dashes[name], methods.markers[name]) for name in LABELS]
    assert len(set(shapes)) == len(shapes)
    for first, second in itertools.pairwise(LABELS):
        assert methods.palette[first] != methods.palette[second]
        assert methods.dashes[first] != methods.dashes[second]


def test_a_line_has_its_band_and_its_published_marks(axes):
    frame = FRAME.assign(published=[0.7, np.nan, np.nan, np.nan, np.nan, np.nan])
    banded_lines(axes, frame, x="x", y="accuracy", methods=method_style(["a", "b"]), labels={"a": "A"})
    assert [line.get_label() for line in axes.get_lines()] == ["A", "b"]
    assert list(axes.get_lines()[0].get_xdata()) == [1, 2, 3]
    assert len(axes.collections) == 3  # two bands, one set of marks
    shared_legend([axes])
    assert [text.get_text() for text in axes.figure.legends[0].get_texts()] == ["A", "b"]


def test_equal_figures_have_equal_bytes(tmp_path):
    for name in ("one", "two"):
        with style():
            figure, axes = plt.subplots()
            banded_lines(axes, FRAME, x="x", y="accuracy", methods=method_style(["a", "b"]))
            for suffix in (".svg", ".png"):
                write_figure(figure, tmp_path / f"{name}{suffix}")
        plt.close(figure)
    for suffix in (".svg", ".png"):
        assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()


def test_the_style_ends_with_its_block():
    before = dict(plt.rcParams)
    with style():
        assert plt.rcParams["axes.spines.top"] is False
    assert dict(plt.rcParams) == before


def test_a_frame_is_of_one_image_alone():
    """Of two images side by side: the second has none, not even at the side of the first."""
    image = np.zeros((1, 4, 4), dtype=np.uint8)
    picture = mosaic([[image, image]], {(0, 0): "right"})
    framed = (picture == FRAMES["right"]).all(axis=2)
    assert framed[:, 1:7].sum() == framed.sum() == 6 * 6 - 4 * 4
    assert (picture[:, 7] == 255).all()
