"""Rendered rooms: reproducible one by one and at every size, lit as geometry says, with objects where they belong."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from recompose.datasets.rooms import OBJECTS, occupancy, room, rooms
from recompose.datasets.rooms.geometry import Camera, Piece, Space, vector
from recompose.datasets.rooms.light import sun_on, sun_patch
from recompose.datasets.rooms.scene import scene
from recompose.datasets.rooms.window import Window
from recompose.errors import RecomposeError
from recompose.randomness import numpy_generator

CLASSES = [(), ("couch",), ("table",), ("painting",), ("couch", "table"), ("couch", "painting")]
SCENES = 40


def scene_of(*names, variety=1.0):
    return scene(numpy_generator("rooms", *names), variety)


def surface(of_scene, axis, sign, side):
    """The pixels that show floor (1, 1) or ceiling (1, -1) where no object is before it, (side, side)."""
    normal = of_scene.space.hits(of_scene.camera.place, of_scene.camera.rays(side)).normal
    found = (normal[axis] == sign).reshape(side, side)
    return found[:, ::-1] if of_scene.mirrored else found


def cube(half, rounded):
    """One box of side 2 half around (0, 0, 5)."""
    sides, colours = np.full((1, 3), half, np.float32), np.ones((1, 3), np.float32)
    return Piece(vector(0, 0, 5), 0.0, np.zeros((1, 3), np.float32), sides, np.full(1, rounded, np.float32), colours)


# -- the same at every time, anywhere, at every size -------------------------------------------------------------------


def test_a_room_is_the_same_by_itself_among_others_and_in_other_processes():
    alone = [room(("couch",), ("a", number), size=16, variety=1.0) for number in range(4)]
    np.testing.assert_array_equal(rooms(("couch",), ("a",), 4, size=16, variety=1.0), alone)
    np.testing.assert_array_equal(rooms(("couch",), ("a",), 4, size=16, variety=1.0, processes=2), alone)
    assert not np.array_equal(alone[0], room(("couch",), ("b", 0), size=16, variety=1.0))
    assert rooms((), ("a",), 0, size=16, variety=1.0).shape == (0, 3, 16, 16)


@pytest.mark.parametrize("size", [32, 64, 256])
def test_a_small_image_is_the_average_of_a_large_one(size):
    for number in range(3):
        names, objects = ("sizes", number), ("couch", "table", "painting")
        small = room(objects, names, size=16, variety=1.0).astype(float)
        large = room(objects, names, size=size, variety=1.0)
        assert large.shape == (3, size, size)
        assert large.dtype == np.uint8
        averaged = large.reshape(3, 16, size // 16, 16, size // 16).mean(axis=(2, 4))
        assert np.abs(averaged - small).mean() < 3.5  # at edges, which 4 x 4 rays find to a 16th
        if size == 32:  # out of the same rays
            assert np.abs(averaged - small).max() <= 1


def test_rays_followed_in_bands_are_those_followed_at_once(monkeypatch):
    expected = room(("couch", "table"), ("bands", 0), size=32, variety=1.0)
    monkeypatch.setattr("recompose.datasets.rooms.picture.BAND", 1000)
    found = room(("couch", "table"), ("bands", 0), size=32, variety=1.0)
    assert np.abs(found.astype(int) - expected).max() <= 1


def test_less_variety_is_less_of_it():
    wide, narrow = (
        np.stack([room((), ("variety", each), size=16, variety=variety) for each in range(20)])
        for variety in (1.0, 0.2)
    )
    assert narrow.std(axis=0).mean() < 0.8 * wide.std(axis=0).mean()


def test_left_and_right_are_as_likely():
    assert 0.4 < np.mean([scene_of("sides", number).mirrored for number in range(300)]) < 0.6


# -- geometry that is known --------------------------------------------------------------------------------------------


def test_a_ray_through_where_a_point_is_shown_hits_it():
    camera = Camera(vector(0.3, 1.2, -0.1), yaw=-0.2, pitch=-0.1, width=0.7)
    rays = camera.rays(8)
    shown = camera.projected(camera.place + rays * np.linspace(1, 5, 64, dtype=np.float32))
    row, column = np.divmod(np.arange(64), 8)
    np.testing.assert_allclose(shown, (np.stack([column, row]) + 0.5) / 8, atol=1e-6)
    ahead = Camera(vector(0, 1, 0), yaw=0.0, pitch=0.0, width=1.0)
    np.testing.assert_allclose(ahead.projected(vector(1, 1.5, 2))[:, 0], [0.75, 0.375])


def test_a_ray_leaves_the_room_where_division_says():
    space = Space(width=4, height=3, depth=6)
    directions = np.array([[-1, 0, 1], [0, -0.5, 1], [0, 0.5, 1], [0, 0, 1]], np.float32).T
    hits = space.hits(vector(0.5, 1, 0), directions)
    np.testing.assert_allclose(hits.distance, [2.5, 2, 4, 6], rtol=1e-6)
    np.testing.assert_array_equal(hits.normal.T, [[1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, -1]])
    np.testing.assert_array_equal(hits.which, [0, 1, 1, 2])
    np.testing.assert_allclose(space.distance(vector(1.5, 2, 5.75)), [0.25])


def test_a_ray_meets_a_box_and_its_bevelled_edge():
    straight = np.array([[0, 0, 1], [0.5, 0, 1], [0.1, 0, 1]], np.float32).T
    hits = cube(1, 0.0).hits(vector(0, 0, 0), straight)
    np.testing.assert_allclose(hits.distance, [4, np.inf, 4])
    np.testing.assert_allclose(hits.normal[:, 0], [0, 0, -1], atol=1e-4)
    edge = np.array([[1, 0, 1]], np.float32).T  # from (-5, 0, 0) in the plane z = x + 5, towards the edge at (-1, 4)
    plain, bevelled = (cube(1, rounded).hits(vector(-5, 0, 0), edge) for rounded in (0.0, 0.5))
    assert plain.distance[0] == pytest.approx(4)  # along the diagonal through the middle of the cube
    assert bevelled.distance[0] == pytest.approx(4 + 0.5 * (2 - np.sqrt(2)) / 2, abs=1e-5)
    np.testing.assert_allclose(bevelled.normal[:, 0], [-(0.5**0.5), 0, -(0.5**0.5)], atol=1e-5)


def test_how_far_a_point_is_from_a_box():
    points = np.array([[0, 0, 3.5], [2, 2, 5], [0, 0, 5], [9, 9, 9]], np.float32).T
    np.testing.assert_allclose(cube(1, 0.0).distance(points, 3.0), [0.5, np.sqrt(2), 0, 3], rtol=1e-6)
    assert cube(1, 1.0).distance(vector(2, 2, 5), 3.0)[0] == pytest.approx(np.sqrt(8) - 1)  # a ball


def test_the_sun_falls_where_the_projected_window_is():
    """A window at x = -2 with y from 0.5 to 2.5 and z from 1 to 3, the sun at 45 degrees: x from -1.5 to 0.5."""
    sunny = replace(scene_of("sun"), window=Window(-2, (1, 3), (0.5, 2.5), 1, 1), sun=vector(-1, 1, 0) / np.sqrt(2))
    corners = np.array([[x, 0, z] for x in (-1.5, 0.5) for z in (1, 3)], np.float32).T
    middle, _, area = sun_patch(sunny)
    np.testing.assert_allclose(middle[:, 0], corners.mean(axis=1), atol=1e-6)
    assert area == pytest.approx(4)
    up = np.repeat(vector(0, 1, 0), 4, axis=1)
    inside, outside = (sun_on(sunny, [], middle + part * (corners - middle), up) for part in (0.9, 1.1))
    np.testing.assert_allclose(inside, np.sqrt(0.5), rtol=1e-5)
    np.testing.assert_array_equal(outside, 0)
    shade = replace(cube(0.3, 0.0), place=vector(-0.5 - 1, 1, 2))  # between the window and the middle
    np.testing.assert_array_equal(sun_on(sunny, [shade], np.repeat(middle, 4, axis=1), up), 0)


# -- what is where -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variety", [1.0, 0.3])
def test_couch_and_painting_stand_apart_and_couch_and_table_do_not(variety):
    places = {
        each: np.mean(
            [occupancy((each,), (each, number), size=32, variety=variety)[each] for number in range(SCENES)], axis=0
        )
        for each in OBJECTS
    }
    shared = {
        (first, second): np.minimum(places[first], places[second]).sum()
        / min(places[first].sum(), places[second].sum())
        for first, second in combinations(OBJECTS, 2)
    }
    assert shared["couch", "painting"] < 0.05
    assert shared["couch", "table"] > 0.3
    for place in places.values():
        assert place.mean() > 0.02


def test_what_is_in_front_hides_what_is_behind():
    for number in range(5):
        names = ("hidden", number)
        both = occupancy(("couch", "table"), names, size=64, variety=1.0)
        alone = occupancy(("couch",), names, size=64, variety=1.0)["couch"]
        assert not (both["couch"] & both["table"]).any()
        assert (both["couch"] <= alone).all()


def test_an_object_changes_the_picture_only_near_itself():
    for number in range(10):
        names, of_scene = ("near", number), scene_of("near", number)
        empty = room((), names, size=64, variety=1.0)
        floor, ceiling = (surface(of_scene, 1, sign, 64) for sign in (1, -1))
        changed = {each: (room((each,), names, size=64, variety=1.0) != empty).any(axis=0) for each in OBJECTS}
        for each, where in changed.items():
            seen = occupancy((each,), names, size=64, variety=1.0)[each]
            assert where[seen].mean() > 0.98
            assert not (where & ceiling).any()
            assert where.mean() < 0.5
        assert not (changed["painting"] & floor).any()


def test_every_object_stands_out_in_a_small_image():
    for each in OBJECTS:
        contrasts = []
        for number in range(SCENES):
            names = ("contrast", number)
            with_it, without = (room(objects, names, size=16, variety=1.0).astype(int) for objects in ((each,), ()))
            seen = occupancy((each,), names, size=16, variety=1.0)[each]
            contrasts.append(np.abs(with_it - without).mean(axis=0)[seen].mean() if seen.any() else 0)
        assert np.mean(np.array(contrasts) > 15) > 0.9, each


def test_the_sun_makes_a_bright_patch_on_the_floor():
    bright = []
    for number in range(SCENES):
        image = room((), ("patch", number), size=64, variety=1.0).mean(axis=0)
        tones = np.percentile(image[surface(scene_of("patch", number), 1, 1, 64)], [10, 95])
        bright.append(tones[1] > 1.25 * tones[0])
    assert np.mean(bright) > 0.95


def test_walls_are_light_and_pictures_use_the_range():
    for number in range(10):
        image = room((), ("range", number), size=64, variety=1.0)
        back = surface(scene_of("range", number), 2, -1, 64)
        assert 130 < image[:, back].mean() < 245
        assert np.ptp(image[:, back].mean(axis=1)) < 30  # nearly gray
        assert image.std() > 25


def test_the_six_classes_differ():
    images = [room(objects, ("classes", 0), size=32, variety=1.0).astype(int) for objects in CLASSES]
    for first, second in combinations(images, 2):
        assert np.abs(first - second).mean() > 1


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"objects": ("sofa",)}, "sofa: no object of a room; known are couch, painting, table"),
        ({"objects": ("tabel",)}, 'tabel: no object of a room; did you mean "table"?'),
        ({"size": 0}, "size 0: an image has a positive number of pixels; take 16, 32, 64, 128 or 256"),
        ({"variety": 0.0}, "variety 0.0: not above 0 and at most 1; take 1 for all kinds of rooms"),
        ({"variety": 1.5}, "variety 1.5: not above 0 and at most 1; take 1 for all kinds of rooms"),
        ({"variety": float("nan")}, "variety nan: not above 0 and at most 1; take 1 for all kinds of rooms"),
    ],
)
def test_what_no_room_can_be_is_refused(changed, message):
    asked = {"objects": (), "names": ("a",), "size": 16, "variety": 1.0} | changed
    for function in (room, occupancy):
        with pytest.raises(RecomposeError) as error:
            function(**asked)
        assert str(error.value) == message
