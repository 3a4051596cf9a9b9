"""Images of one disk: what is known of them exactly, and their variability as it is published."""

import numpy as np
import pytest

from recompose.datasets.disks import DISK, FACTORS, disks, sampled
from recompose.errors import RecomposeError

SIZE, RADIUS = 32, 6.0


def drawn(rows):
    return disks(np.array(rows, float), size=SIZE, radius=RADIUS)[:, 0]


def test_parameters_are_uniform_where_the_disk_is_inside():
    found = sampled(("test",), 20_000, size=SIZE, radius=RADIUS)
    assert found.shape == (20_000, len(FACTORS))
    for column, (low, high) in zip(found.T, [(6, 26), (6, 26), (0, 1)], strict=True):
        assert low <= column.min() and column.max() < high
        shares = np.histogram(column, 10, (low, high))[0] / len(column)
        np.testing.assert_allclose(shares, 0.1, atol=0.01)
    assert np.abs(np.corrcoef(found.T) - np.eye(3)).max() < 0.03


def test_names_alone_decide():
    first, more = (sampled(("a", 1), count, size=SIZE, radius=RADIUS) for count in (5, 9))
    assert np.array_equal(first, more[:5])
    assert not np.array_equal(first, sampled(("a", 2), 5, size=SIZE, radius=RADIUS))
    assert sampled(("a",), 0, size=SIZE, radius=RADIUS).shape == (0, 3)


def test_a_disk_is_round_soft_and_where_it_should_be():
    """Centre (10, 20): x to the right, y downward. Full to 4 pixels, half at 5, nothing from 6 on."""
    (image,) = drawn([[10, 20, 0.0]])
    x, y = np.meshgrid(np.arange(SIZE) + 0.5, np.arange(SIZE) + 0.5)
    away = np.hypot(x - 10, y - 20)
    assert (image[away <= 4] == DISK).all() and (image[away >= 6] == 0).all()
    edge = (away > 4) & (away < 6)
    np.testing.assert_allclose(image[edge], 0.25 * (1 + np.cos(np.pi * (away[edge] - 4) / 2)), atol=1e-6)
    assert (image[y < 14] == 0).all() and (image[x > 16] == 0).all()


def test_the_area_is_the_integral():
    """Of half the intensity: pi r^2 within 4, and 2 pi r (1 + cos(pi (r - 4) / 2)) / 2 dr from 4 to 6."""
    radii = np.linspace(4, 6, 10_001)
    area = 16 * np.pi + np.trapezoid(np.pi * radii * (1 + np.cos(np.pi * (radii - 4) / 2)), radii)
    sums = drawn([[x, y, 0.0] for x, y, _ in sampled(("test", "area"), 200, size=SIZE, radius=RADIUS)]).sum(axis=(1, 2))
    np.testing.assert_allclose(sums, DISK * area, rtol=0.01)


def test_where_background_and_disk_are_alike_the_image_is_constant():
    images = drawn([[x, y, DISK] for x in (6, 11.3, 26) for y in (6, 20.1, 26)])
    assert (images == np.float32(DISK)).all()


def test_symmetries():
    """Mirrored centres give mirrored images; background and disk count by their contrast alone."""
    image, across, down, turned, light = drawn(
        [[9.3, 14.1, 0.2], [32 - 9.3, 14.1, 0.2], [9.3, 32 - 14.1, 0.2], [14.1, 9.3, 0.2], [9.3, 14.1, 0.8]]
    )
    for other in (across[:, ::-1], down[::-1], turned.T, 1 - light):
        np.testing.assert_allclose(image, other, atol=1e-6)


def test_an_image_is_the_same_alone_and_in_a_batch_and_at_any_scale():
    found = sampled(("test", "batch"), 33, size=SIZE, radius=RADIUS)
    images = disks(found, size=SIZE, radius=RADIUS)
    assert images.shape == (33, 1, SIZE, SIZE) and images.dtype == np.float32
    assert images.min() >= 0 and images.max() <= 1
    for number in (0, 17, 32):
        assert np.array_equal(disks(found[number : number + 1], size=SIZE, radius=RADIUS)[0], images[number])
    assert disks(found[:0], size=SIZE, radius=RADIUS).shape == (0, 1, SIZE, SIZE)
    twice = disks(found * [2, 2, 1], size=2 * SIZE, radius=2 * RADIUS)
    means = twice.reshape(33, 1, SIZE, 2, SIZE, 2).mean(axis=(3, 5))
    assert np.abs(means - images).max() < 0.06


def test_the_variability_is_the_published_one():
    """The mean over pixels of the squared distance from the mean image, in [-1, 1]: E (2 b - 1)^2 E (1 - mask)^2.

    The paper prints 5.6e-1, which the root is; 2,000 images, as many as it has, tell it to 0.006.
    """
    images = 2 * disks(sampled(("test", "variability"), 20_000, size=SIZE, radius=RADIUS), size=SIZE, radius=RADIUS) - 1
    square = float(((images - images.mean(axis=0)) ** 2).mean())
    radii = np.linspace(0, 6, 10_001)
    mask = 0.5 + 0.5 * np.cos(np.pi * np.clip((radii - 4) / 2, 0, 1))
    exact = (1 - np.trapezoid(2 * np.pi * radii * (1 - (1 - mask) ** 2), radii) / SIZE**2) / 3
    assert square == pytest.approx(exact, abs=0.006)
    assert square == pytest.approx(0.308, abs=0.007)
    assert square**0.5 == pytest.approx(0.555, abs=0.006)


@pytest.mark.parametrize("radius", [0.0, -1.0, 16.5, float("nan")])
def test_a_radius_that_does_not_fit(radius):
    with pytest.raises(RecomposeError, match=r"radius .*: a disk in an image of 32 pixels has one up to 16"):
        sampled(("test",), 1, size=SIZE, radius=radius)
