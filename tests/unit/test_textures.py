"""The embedded textures: reproducible one by one, stationary, of one class alike and of different classes distinct."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from skimage.color import rgb2lab
from skimage.feature import local_binary_pattern
from skimage.transform import resize

from recompose.datasets.textures import FAMILIES, family_of, parameters, patches, split, texture
from recompose.datasets.textures.canvas import Canvas, lookup
from recompose.errors import RecomposeError

CLASSES = range(32)
PATCH = 32
SIZE = 6 * PATCH


@pytest.fixture(scope="module")
def images():
    """Two realizations of some classes: (realization, class, 1, height, width)."""
    return np.stack([[texture(name, number, SIZE, PATCH, 1) for name in CLASSES] for number in (0, 1)])


def statistics(image):
    """Of each patch: mean, contrast, and histograms of local binary patterns at two radii."""
    found = [patches(image, PATCH).mean(axis=(1, 2, 3)) * 10, np.log(patches(image, PATCH).std(axis=(1, 2, 3))) * 2]
    eight_bits = np.round(255 * image[0]).astype(np.uint8)
    for radius in (1, 3):
        codes = patches(local_binary_pattern(eight_bits, 8, radius, "nri_uniform")[None], PATCH).reshape(-1, PATCH**2)
        found += [(codes == code).mean(axis=1) * 10 for code in range(59)]
    return np.stack(found, axis=1)


def nearest(centroids, of_patches):
    """Of how many patches the nearest centroid is that of their class; both (class, ..., statistic)."""
    distance = ((of_patches[:, :, None] - centroids) ** 2).sum(axis=-1)
    return float((distance.argmin(axis=-1) == np.arange(len(centroids))[:, None]).mean())


def test_a_class_is_the_same_in_another_process_and_after_others():
    expected = [texture(name, 1, 64, PATCH, 3) for name in (31, 4)]
    again = [texture(name, 1, 64, PATCH, 3) for name in (4, 9, 31)]
    np.testing.assert_array_equal(again[2], expected[0])
    np.testing.assert_array_equal(again[0], expected[1])
    code = (
        "import hashlib; from recompose.datasets.textures import texture;"
        f"print(hashlib.sha256(texture(31, 1, 64, {PATCH}, 3).tobytes()).hexdigest())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == hashlib.sha256(expected[0].tobytes()).hexdigest()


@pytest.mark.parametrize("name", range(len(FAMILIES)), ids=list(FAMILIES))
def test_every_family_uses_the_range_and_stays_in_it(name):
    for member in range(name, 4 * len(FAMILIES), len(FAMILIES)):
        for patch in (24, 80):
            image = texture(member, 0, 3 * patch, patch, 1)
            assert image.shape == (1, 3 * patch, 3 * patch)
            assert image.dtype == np.float32
            assert image.min() >= 0
            assert image.max() <= 1
            assert image.std() > 0.05
            assert 0.15 < image.mean() < 0.85
            assert np.mean((image == 0) | (image == 1)) < 0.01


@pytest.mark.parametrize("name", range(len(FAMILIES)), ids=list(FAMILIES))
def test_every_family_draws_in_single_precision(name):
    family = family_of(name)
    drawing = FAMILIES[family](Canvas(np.random.default_rng(0), 64, 32), **parameters(name)[family])
    assert drawing.value.dtype == np.float32
    assert drawing.tint is None or drawing.tint.dtype == np.float32


def test_no_two_classes_have_equal_parameters():
    drawn = [(family_of(name), repr(parameters(name))) for name in range(200)]
    assert len(set(drawn)) == 200
    assert {family for family, _ in drawn} == set(FAMILIES)
    assert family_of(len(FAMILIES)) == family_of(0) != family_of(1)


def test_the_classes_of_a_family_fill_its_ranges():
    names = range(0, 57 * len(FAMILIES), len(FAMILIES))  # of 1700 classes
    heights = np.array([parameters(name)["brick"]["height"] for name in names])
    counts, _ = np.histogram(np.log(heights), bins=8, range=(np.log(0.13), np.log(0.26)))
    assert counts.sum() == 57
    assert counts.min() >= 5


def test_images_of_a_class_differ_and_share_their_statistics(images):
    first, second = (np.stack([statistics(image) for image in of]) for of in images)
    for one, other in zip(*images, strict=True):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.8
    assert nearest(first.mean(axis=1), second) > 0.9


def test_every_part_of_an_image_looks_like_its_class(images):
    half = SIZE // 2
    left = np.stack([statistics(image[:, :, :half]) for image in images[0]])
    right = np.stack([statistics(image[:, :, half:]) for image in images[0]])
    assert nearest(left.mean(axis=1), right) > 0.9
    upper = np.stack([statistics(image[:, :half]) for image in images[0]])
    lower = np.stack([statistics(image[:, half:]) for image in images[0]])
    assert nearest(upper.mean(axis=1), lower) > 0.9


def test_a_lattice_does_not_repeat_within_an_image():
    """The finest cells of any family are .07 patches wide, and an image has 12.8 patches, 18 across its corners."""
    column, row = np.meshgrid(np.arange(18 / 0.07, dtype=np.intp), np.arange(18 / 0.07, dtype=np.intp))
    drawn = lookup(Canvas(np.random.default_rng(0), 1024, 80).table(), column - 100, row - 100)
    assert len(np.unique(drawn)) > 0.99 * drawn.size


def test_a_class_looks_alike_at_another_patch_size(images):
    centroids = np.stack([statistics(image) for image in images[0]]).mean(axis=1)
    larger = [texture(name, 0, 2 * SIZE, 2 * PATCH, 1)[0] for name in CLASSES]
    reduced = [resize(image, (SIZE, SIZE), anti_aliasing=True).astype(np.float32)[None] for image in larger]
    assert nearest(centroids, np.stack([statistics(image) for image in reduced])) > 0.7


def test_colour_has_the_lightness_of_gray():
    saturations = []
    for name in range(60):
        gray, colour = (texture(name, 0, 96, PATCH, channels) for channels in (1, 3))
        lightness = rgb2lab(colour.transpose(1, 2, 0))
        of_gray = rgb2lab(np.repeat(gray[0][..., None], 3, axis=-1))[..., 0]
        assert np.corrcoef(lightness[..., 0].ravel(), of_gray.ravel())[0, 1] > 0.98
        assert np.abs(lightness[..., 0] - of_gray).mean() < 3
        assert colour.dtype == np.float32
        assert 0 <= colour.min() <= colour.max() <= 1
        saturations.append(np.hypot(lightness[..., 1], lightness[..., 2]).mean())
    assert min(saturations) > 3
    assert max(saturations) > 4 * min(saturations)


def test_patches_stand_in_reading_order():
    image = np.arange(2 * 1024 * 1024).reshape(2, 1024, 1024)
    cut = patches(image, 80)
    assert cut.shape == (144, 2, 80, 80)
    np.testing.assert_array_equal(cut[0], image[:, :80, :80])
    np.testing.assert_array_equal(cut[13], image[:, 80:160, 80:160])
    train, test = split(cut)
    assert len(train) == 140
    np.testing.assert_array_equal(test, cut[-4:])


def test_what_cannot_be_is_said():
    with pytest.raises(RecomposeError, match="patch 80: larger than the image of 64 x 72 pixels"):
        patches(np.zeros((1, 72, 64)), 80)
    with pytest.raises(RecomposeError, match="patch 80: larger than the image of 64 pixels"):
        texture(0, 0, 64, 80, 1)
    with pytest.raises(RecomposeError, match=r"channels 2: an image is gray \(1\) or colour \(3\)"):
        texture(0, 0, 64, 32, 2)
    with pytest.raises(RecomposeError, match="a class of 4 patches cannot keep 4 for testing"):
        split(np.zeros((4, 1, 8, 8)))
