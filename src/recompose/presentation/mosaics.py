"""Many small images as one picture: rows and columns with gaps, framed where a frame means something."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

Image = np.ndarray
"""Bytes, (channels, height, width) with one channel or three."""

GAP = 2
BORDER = GAP // 2
"""Of a frame."""
FRAME = {"right": (2, 158, 115), "wrong": (213, 94, 0), "none": (222, 143, 5)}
"""Colours that tell apart in gray too, by the order in which they are listed: the middle, the dark, the light one."""


def mosaic(
    rows: Sequence[Sequence[Image | None]],
    frames: Mapping[tuple[int, int], str] | None = None,
    gaps: Sequence[int] = (),
) -> Image:
    """One image (height, width, 3) of images of equal size; None leaves a place white.

    frames: by row and column, a name of FRAME; half a gap wide, so that none runs along a neighbour. gaps: columns
    before which the gap is as wide as a third of an image.
    """
    height, width = next(image for row in rows for image in row if image is not None).shape[-2:]
    lefts = np.cumsum([0] + [width + GAP + (width // 3 if column + 1 in gaps else 0) for column in range(len(rows[0]))])
    canvas = np.full((len(rows) * (height + GAP) + GAP, int(lefts[-1]) + GAP, 3), 255, dtype=np.uint8)
    for down, row in enumerate(rows):
        for across, image in enumerate(row):
            if image is None:
                continue
            top, left = GAP + down * (height + GAP), GAP + int(lefts[across])
            if frames and (down, across) in frames:
                around = slice(top - BORDER, top + height + BORDER), slice(left - BORDER, left + width + BORDER)
                canvas[around] = FRAME[frames[down, across]]
            canvas[top : top + height, left : left + width] = np.broadcast_to(image, (3, height, width)).transpose(
                1, 2, 0
            )
    return canvas


def show(panel: Axes, picture: Image, title: str = "") -> None:
    """Show a picture pixel by pixel, without axes."""
    panel.imshow(picture, interpolation="nearest")
    panel.set_title(title)
    panel.set_axis_off()
