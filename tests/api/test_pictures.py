"""What the camera wall shows: small, heads gone, whole files only, and never a reason to stop."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from yanji.api import pipeline as pipeline_module
from yanji.api.pictures import EVERY_S, LONG_SIDE_PX, LatestPicture, picture_path, write_picture
from yanji.api.pipeline import CameraPipeline
from yanji.detect.classes import CLASSES
from yanji.detect.detections import Detections
from yanji.detect.overview import overview
from yanji.detect.tracker import TrackedBox
from yanji.ingest.array_picture import ArrayPicture
from yanji.ingest.frame import BgrImage, Frame, Run

PERSON = (400.0, 200.0, 500.0, 600.0)
HEAD = (slice(190, 300), slice(395, 505))
AT_NS = 1_795_132_800 * 10**9


def noise(width: int = 1280, height: int = 720) -> BgrImage:
    """Single pixels of black and white: any detail that is left shows."""
    dots = np.random.default_rng(7).integers(0, 2, (height, width, 1), np.uint8) * 255
    return np.repeat(dots, 3, axis=2)


def frame(image: BgrImage, camera_id: str = "K01") -> Frame:
    run = Run("a" * 32, camera_id, "rtsp", "rtsp://camera/1", 0, "boot", None)
    return Frame(run, 0, 0.0, AT_NS, ArrayPicture(image))


def seen(
    persons: tuple[tuple[float, ...], ...] = (),
    vehicles: tuple[tuple[str, tuple[float, ...]], ...] = (),
) -> Detections:
    return Detections(
        np.array([box for _, box in vehicles], np.float32).reshape(-1, 4),
        np.full(len(vehicles), 0.9, np.float32),
        np.array([CLASSES.index(name) for name, _ in vehicles], np.int64),
        np.array(persons, np.float32).reshape(-1, 4),
    )


def detail(image: BgrImage, place: tuple[slice, slice]) -> float:
    """Mean step from pixel to pixel."""
    return float(np.abs(np.diff(image[place].astype(float), axis=1)).mean())


def test_heads_are_blurred_and_the_rest_is_as_it_was() -> None:
    image = noise()
    shown = overview(ArrayPicture(image), seen((PERSON,)), 4000)
    assert detail(image, HEAD) > 100
    assert detail(shown, (slice(200, 280), slice(410, 490))) < 10
    np.testing.assert_array_equal(shown[320:], image[320:])
    np.testing.assert_array_equal(shown[:, :380], image[:, :380])
    np.testing.assert_array_equal(image, noise(), "the frame itself must stay: crops are cut of it")


def test_boxes_are_scaled_with_the_picture() -> None:
    sharp = overview(ArrayPicture(noise()), seen(), 640)
    blurred = overview(ArrayPicture(noise()), seen((PERSON,)), 640)
    changed_y, changed_x = np.nonzero((sharp != blurred).any(axis=2))
    assert blurred.shape == (360, 640, 3)
    assert 190 <= changed_x.min() <= 205
    assert 245 <= changed_x.max() <= 255
    assert 80 <= changed_y.min() <= 100
    assert 140 <= changed_y.max() <= 160


@pytest.mark.parametrize(
    ("vehicle", "persons", "is_blurred"),
    [
        pytest.param("ebike", (), True, id="rider missed"),
        pytest.param("two_wheeler", (), True, id="group"),
        pytest.param("car", (), False, id="car"),
        pytest.param("ebike", ((620.0, 420.0, 680.0, 590.0),), False, id="rider found"),
    ],
)
def test_a_two_wheeler_without_a_rider_is_blurred_where_a_head_would_be(
    vehicle: str, persons: tuple[tuple[float, ...], ...], is_blurred: bool
) -> None:
    image = noise()
    shown = overview(ArrayPicture(image), seen(persons, ((vehicle, (600, 400, 700, 600)),)), 4000)
    corner = (slice(402, 430), slice(602, 615))
    assert (detail(shown, corner) < 40) == is_blurred
    np.testing.assert_array_equal(shown[460:, :600], image[460:, :600])


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [
        pytest.param(3840, 2160, (360, 640, 3), id="never full resolution"),
        pytest.param(720, 1280, (640, 360, 3), id="upright"),
        pytest.param(320, 240, (240, 320, 3), id="small ones are not blown up"),
    ],
)
def test_a_picture_has_at_most_640_pixels(
    tmp_path: Path, width: int, height: int, shape: tuple[int, int, int]
) -> None:
    write_picture(tmp_path, frame(np.full((height, width, 3), 90, np.uint8)), seen())
    written = cv2.imread(str(picture_path(tmp_path, "K01")))
    assert written is not None
    assert written.shape == shape
    assert max(shape) <= LONG_SIDE_PX


def test_the_file_has_the_time_of_the_picture_and_nothing_else_is_left(tmp_path: Path) -> None:
    for _ in range(2):
        write_picture(tmp_path, frame(noise()), seen((PERSON,)))
    path = picture_path(tmp_path, "K01")
    assert path.stat().st_mtime_ns == AT_NS
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("camera_id", ["../../etc/passwd", "北门", "K01\u202e", "a" * 64])
def test_a_camera_id_is_never_part_of_a_path(tmp_path: Path, camera_id: str) -> None:
    write_picture(tmp_path, frame(noise(64, 64), camera_id), seen())
    digest = hashlib.sha256(camera_id.encode()).hexdigest()
    assert [path.name for path in tmp_path.iterdir()] == [f"{digest}.jpg"]
    assert picture_path(tmp_path, camera_id) == tmp_path / f"{digest}.jpg"


def test_one_picture_every_two_seconds(tmp_path: Path) -> None:
    now = [100.0]
    latest = LatestPicture(tmp_path, clock=lambda: now[0])
    path = picture_path(tmp_path, "K01")
    written = []
    for step in range(11):
        now[0] = 100.0 + step * EVERY_S / 5
        latest.take(frame(noise(64, 64)), seen())
        written.append(path.exists())
        path.unlink(missing_ok=True)
    assert [step for step, was in enumerate(written) if was] == [0, 5, 10]


def test_a_write_that_fails_is_logged_once_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now = [0.0]
    folder = tmp_path / "gone"
    latest = LatestPicture(folder, clock=lambda: now[0])
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            latest.take(frame(noise(64, 64)), seen())
            now[0] += EVERY_S
    assert [record.getMessage().split(":")[0] for record in caplog.records] == ["camera K01"]
    folder.mkdir()
    latest.take(frame(noise(64, 64)), seen())
    assert picture_path(folder, "K01").exists(), "it goes on when there is a folder again"


def test_the_pipeline_tells_what_it_saw_in_the_same_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    """The boxes of another frame would blur the wrong places."""
    monkeypatch.setattr(pipeline_module, "describe", lambda passages, embedder: [])
    found = [seen((PERSON,)), seen()]

    class Seeing(CameraPipeline):
        def see(self, frame: Frame) -> tuple[Detections, list[TrackedBox]]:
            return found[frame.number], []

    told: list[tuple[Frame, Detections]] = []
    nothing: Any = None
    pipeline = Seeing(nothing, nothing, 5.0, on_seen=lambda *what: told.append(what))
    run = frame(noise(64, 64)).run
    frames = [Frame(run, n, n / 5, AT_NS, ArrayPicture(noise(64, 64))) for n in range(2)]
    for one in frames:
        pipeline.step(one)
    assert [one for one, _ in told] == frames
    assert [what is expected for (_, what), expected in zip(told, found, strict=True)] == [
        True,
        True,
    ]
