"""Sequences of drawn faces, and folders of frames: what they are and what is wrong with those that cannot be used."""

import numpy as np
import pytest
from PIL import Image

from recompose.datasets.faces import Face, attributes, drawn, sampled
from recompose.datasets.faces.attributes import ATTRIBUTES
from recompose.datasets.sequences import OPENED, drawn_sequences, read_sequences, trajectory
from recompose.errors import RecomposeError

FIRST = sampled(attributes(("test",), 1)[0], ("test", 0))
MOVING = ("yaw", "pitch", "roll", "gaze", "light")


def numbers(faces, name):
    return np.array([getattr(each, name) for each in faces], float).reshape(len(faces), -1)


# -- Drawn ones


def test_what_moves_and_what_stays():
    faces = trajectory(FIRST, 40, ("test",))
    assert len(faces) == 40 and all(isinstance(each, Face) for each in faces)
    for name in MOVING:
        assert np.ptp(numbers(faces, name), axis=0).min() > 0.01
    strengths = numbers(faces, "strength")
    mouth = [ATTRIBUTES.index(name) for name in OPENED]
    assert strengths.min() >= 0 and strengths.max() <= 1
    assert np.ptp(strengths[:, mouth], axis=0).min() > 0.1
    rest = np.delete(strengths, mouth, axis=1)
    assert np.array_equal(rest, np.delete(np.tile(FIRST.strength, (40, 1)), mouth, axis=1))
    for name in ("contrast", "skin", "width", "hair", "iris", "background", "clothes"):
        assert {getattr(each, name) for each in faces} == {getattr(FIRST, name)}
    assert np.abs(numbers(faces, "gaze")).max() <= 1 and np.abs(numbers(faces, "light")).max() <= 1


def test_movements_are_smooth():
    """Successive steps point the same way, up to where a movement turns round."""
    for number in range(20):
        faces = trajectory(FIRST, 64, ("test", number))
        for name in MOVING:
            steps = np.diff(numbers(faces, name), axis=0)
            assert (np.diff(np.sign(steps), axis=0) != 0).sum(axis=0).max() <= 2
            assert (np.abs(np.diff(steps, axis=0)).max(axis=0) < 0.2 * np.abs(steps).max(axis=0)).all()


def test_more_frames_are_on_the_same_way():
    few, many = trajectory(FIRST, 5, ("test",)), trajectory(FIRST, 9, ("test",))
    for name in (*MOVING, "strength"):
        np.testing.assert_allclose(numbers(few, name), numbers(many, name)[::2], atol=1e-12)


def test_sequences_hang_on_names_and_number_alone():
    some = drawn_sequences(("a",), 3, 4, size=32)
    assert [each.name for each in some] == ["0", "1", "2"]
    assert all(each.frames.shape == (4, 3, 32, 32) and each.frames.dtype == np.uint8 for each in some)
    first = drawn_sequences(("a",), 1, 4, size=32)
    assert np.array_equal(first[0].frames, some[0].frames)
    face = sampled(attributes(("a",), 3)[2], ("a", 2))
    alone = drawn(trajectory(face, 4, ("a", 2))[1], 32)
    assert np.array_equal(alone, some[2].frames[1])
    assert not np.array_equal(drawn_sequences(("b",), 1, 4, size=32)[0].frames, some[0].frames)
    assert drawn_sequences(("a",), 1, 4, size=32, gray=True)[0].frames.shape == (4, 1, 32, 32)
    assert drawn_sequences(("a",), 0, 4, size=32) == []


def test_pictures_change_from_frame_to_frame_and_a_little_only():
    for video in drawn_sequences(("test", "change"), 3, 24, size=32):
        frames = video.frames.astype(float)
        steps = np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2, 3))
        assert steps.min() > 0 and steps.max() < 0.5 * np.abs(frames[:, None] - frames).mean(axis=(2, 3, 4)).max()


def test_too_few_frames():
    with pytest.raises(RecomposeError, match="2 frames: a sequence has 3 or more"):
        trajectory(FIRST, 2, ("test",))


# -- Folders of frames


def write(folder, names, size=(40, 30)):
    """Frames of noise, which are told apart by their brightness: the first one is the darkest."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        Image.new("RGB", size, (20 * number, 20 * number, 0)).save(folder / name)


@pytest.fixture
def videos(tmp_path):
    write(tmp_path / "smile", [f"frame{number}.jpg" for number in (1, 2, 3, 9, 10, 11)])
    write(tmp_path / "gaze", ["clip2_0007.png", "clip2_0008.png", "clip2_0100.png"], (30, 50))
    (tmp_path / ".DS_Store").touch()
    return tmp_path


def test_frames_stand_in_the_order_of_their_numbers(videos):
    gaze, smile = read_sequences(videos, size=16, channels=3)
    assert (gaze.name, smile.name) == ("gaze", "smile")
    assert gaze.frames.shape == (3, 3, 16, 16) and smile.frames.shape == (6, 3, 16, 16)
    assert gaze.frames.dtype == np.uint8
    np.testing.assert_allclose(smile.frames[:, 0].mean(axis=(1, 2)), 20 * np.arange(6), atol=3)
    np.testing.assert_allclose(gaze.frames[:, 0].mean(axis=(1, 2)), [0, 20, 40], atol=3)
    gray = read_sequences(videos, size=8, channels=1)[1].frames
    assert gray.shape == (6, 1, 8, 8)
    np.testing.assert_allclose(gray.mean(axis=(1, 2, 3)), 20 * 0.886 * np.arange(6), atol=3)


def test_the_square_in_the_middle(tmp_path):
    """A white square of 30 within 50 x 30."""
    frame = np.zeros((30, 50), np.uint8)
    frame[:, 10:40] = 255
    (tmp_path / "one").mkdir()
    for number in range(3):
        Image.fromarray(frame).save(tmp_path / f"one/{number}.png")
    (video,) = read_sequences(tmp_path, size=30, channels=1)
    assert (video.frames == 255).all()


def test_a_sequence_is_the_same_alone(videos):
    both = read_sequences(videos, size=16, channels=1)
    for path in (videos / "smile").iterdir():
        path.unlink()
    (videos / "smile").rmdir()
    (alone,) = read_sequences(videos, size=16, channels=1)
    assert np.array_equal(alone.frames, both[0].frames)


def shortened(path):
    path.write_bytes(path.read_bytes()[:300])


@pytest.mark.parametrize(
    ("damage", "where", "words"),
    [
        (lambda at: (at / "smile/frame10.jpg").rename(at / "smile/last.jpg"), "smile", "no number in the name of last"),
        (
            lambda at: write(at / "smile", ["frame01.png"]),
            "smile",
            "2 frames of number 1: frame01.png, frame1.jpg; keep one of them",
        ),
        (lambda at: (at / "gaze/clip2_0007.png").unlink(), "gaze", "2 frames, expected 3 or more"),
        (lambda at: (at / "empty").mkdir(), "empty", "0 frames, expected 3 or more"),
        (
            lambda at: Image.new("L", (40, 31)).save(at / "smile/frame9.jpg"),
            "smile",
            "frames of 2 sizes: 40 x 30 (frame1.jpg), 40 x 31 (frame9.jpg); bring them to one size",
        ),
        (
            lambda at: shortened(at / "smile/frame9.jpg"),
            "smile",
            "1 file cannot be used: frame9.jpg (not a whole picture); repair or remove them",
        ),
        (lambda at: (at / "smile/notes.txt").touch(), "smile", "no pictures of the data set: notes.txt; move them"),
        (lambda at: (at / "smile/more").mkdir(), "smile", "no pictures of the data set: more; move them elsewhere"),
        (lambda at: (at / "clip.mp4").touch(), ".", "not in the folder of a sequence: clip.mp4; move them into one"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_folder(videos, damage, where, words):
    damage(videos)
    with pytest.raises(RecomposeError) as error:
        read_sequences(videos, size=16, channels=3)
    message = str(error.value)
    assert message.startswith(f"{videos / where}: ") and "\n" not in message
    assert words in message and "skip_unusable" not in message


def test_no_sequence(tmp_path):
    with pytest.raises(RecomposeError, match="no sequence in it; put a folder of frames for each one there"):
        read_sequences(tmp_path, size=16, channels=3)
    with pytest.raises(RecomposeError, match="videos: no such folder; put a folder of frames for each sequence there"):
        read_sequences(tmp_path / "videos", size=16, channels=3)
