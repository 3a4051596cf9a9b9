"""Gray digits in a colour on a background of another."""

import numpy as np


def coloured(digits: np.ndarray, colour: np.ndarray, background: np.ndarray) -> np.ndarray:
    """background + (colour - background) gray / 255: (n, s, s) bytes, (3,) or (n, 3) -> (n, 3, s, s) bytes."""
    ink, paper = (
        np.broadcast_to(each, (len(digits), 3))[:, :, None, None].astype(float) for each in (colour, background)
    )
    return np.rint(paper + (ink - paper) * digits[:, None] / 255).astype(np.uint8, order="C")
