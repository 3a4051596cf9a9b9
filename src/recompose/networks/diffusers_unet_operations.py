"""How many operations a pass of diffusers' U-Net takes, from its settings alone. No torch: the workflow reads it."""

from collections.abc import Sequence


def operations(size: int, patch: int, widths: Sequence[int], layers: int) -> float:
    """Multiplications and additions for one image of size x size: 3x3 convolutions, two in a residual block.

    Going down, `layers` blocks a level; in the middle two; going up one more a level, which see the way down as well.
    patch: side of the blocks of pixels that are the finest level's places.
    """
    places = (size / patch) ** 2
    before, products = widths[0], 0.0
    for level, width in enumerate(widths):
        here = places / 4**level
        products += here * 9 * (before * width + (2 * layers - 1) * width**2)
        products += here * 9 * (layers + 1) * 3 * width**2
        before = width
    products += places / 4 ** (len(widths) - 1) * 9 * 4 * widths[-1] ** 2
    return 2 * products
