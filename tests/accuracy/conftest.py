"""Shared: real clips, indexed as cameras; every box that was followed in a clip.

The figures of docs/accuracy.md come from here: `pytest -s -m slow tests/accuracy`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import pytest

from yanji.api.pipeline import open_detector
from yanji.api.reading import Job
from yanji.api.recordings import index_recordings
from yanji.configs.settings import Settings
from yanji.detect.classes import CLASSES
from yanji.detect.tracker import CameraTracker
from yanji.detect.yolo import Detector
from yanji.index.cameras import Camera
from yanji.index.hit import StoredSighting
from yanji.index.reader import ArchiveReader, read_archive
from yanji.index.writer import open_archive
from yanji.ingest.frame import BgrImage
from yanji.ingest.recording import open_recording
from yanji.ingest.sample import Sampler

FOOTAGE = Path(__file__).parents[2].parent / "shared" / "footage"
FPS = 5.0
START_NS = 1_795_132_800 * 10**9
"""2026-11-20 08:00 in Shanghai: when every clip begins."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Followed:
    """One box of one vehicle that the tracker followed."""

    track_id: int
    at_s: float
    box: Box
    vehicle_class: str
    score: float


@dataclass(frozen=True)
class Indexed:
    """Clips that were indexed, one camera each."""

    reader: ArchiveReader
    settings: Settings
    clips: Mapping[str, Path]

    def sightings(self, camera_id: str) -> list[StoredSighting]:
        return [one for one in self.reader.sightings() if one.camera_id == camera_id]


def settings_of(embedder: str) -> Settings:
    return Settings(workers=1, embedder=embedder, log_level="warning")


def seconds(wall_ns: int) -> float:
    """Of the clip."""
    return (wall_ns - START_NS) / 1e9


def iou(one: Box, other: Box) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    inter = max(0.0, width) * max(0.0, height)
    areas = [(x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in (one, other)]
    return inter / (sum(areas) - inter)


def frame_at(path: Path, at_s: float) -> BgrImage:
    """The first picture from `at_s` on, as a user would save it from a player."""
    with open_recording(path, "still", 0).connect() as connection:
        for frame in connection:
            if frame.stream_s >= at_s - 1e-6:
                return frame.picture.bgr()
    raise AssertionError(f"{path.name} ends before {at_s} s")


def follow(path: Path, detector: Detector) -> list[Followed]:
    """What the pipeline's tracker sees in a clip, box by box; the same boxes as in the index."""
    tracker, sampler, found = CameraTracker(FPS), Sampler(FPS), list[Followed]()
    with open_recording(path, "follow", START_NS).connect() as connection:
        for frame in connection:
            if sampler.take(frame.stream_s):
                seen = tracker.update(frame, detector.detect(frame.picture, overhead=True))
                found += [
                    Followed(
                        box.track_id,
                        frame.stream_s,
                        box.box_xyxy_px,
                        CLASSES[box.class_number],
                        box.score,
                    )
                    for box in seen
                ]
    return found


def cut_view(source: Path, target: Path, rows: tuple[int, int], columns: tuple[int, int]) -> Path:
    """A virtual camera: a part of every picture, at its resolution, no B-frames."""
    (top, bottom), (left, right) = rows, columns
    with av.open(str(source)) as given, av.open(str(target), "w") as made:
        video = given.streams.video[0]
        assert video.time_base is not None
        view = made.add_stream(
            "libx264",
            rate=video.average_rate or Fraction(25),
            options={"crf": "16", "preset": "veryfast", "threads": "1"},
        )
        view.width, view.height = right - left, bottom - top
        view.pix_fmt, view.max_b_frames, view.time_base = "yuv420p", 0, video.time_base
        for frame in given.decode(video):
            part = frame.to_ndarray(format="rgb24")[top:bottom, left:right].copy()
            cut = av.VideoFrame.from_ndarray(part, format="rgb24")
            cut.pts, cut.time_base = frame.pts, video.time_base
            made.mux(view.encode(cut))
        made.mux(view.encode(None))
    return target


def index_clips(folder: Path, clips: Mapping[str, Path], embedder: str) -> Indexed:
    """Read each clip as the camera of its name, all from `START_NS` on."""
    settings = settings_of(embedder)
    jobs = [Job(path, camera_id, START_NS, FPS) for camera_id, path in clips.items()]
    with open_archive(folder, low_water_bytes=0) as writer:
        for camera_id in clips:
            writer.register_camera(Camera(camera_id))
        outcomes = index_recordings(jobs, writer, settings)
    assert [outcome.state for outcome in outcomes] == ["done"] * len(jobs), outcomes
    return Indexed(read_archive(folder), settings, clips)


class Footage:
    """What the tests of this folder share, handed out as one fixture."""

    fps = FPS
    start_ns = START_NS
    seconds = staticmethod(seconds)
    iou = staticmethod(iou)
    frame_at = staticmethod(frame_at)
    cut_view = staticmethod(cut_view)
    index = staticmethod(index_clips)
    settings = staticmethod(settings_of)

    def __init__(self) -> None:
        self._detector: Detector | None = None

    @property
    def detector(self) -> Detector:
        """Opened once."""
        if self._detector is None:
            self._detector = open_detector(settings_of("histogram"))
        return self._detector

    def clip(self, name: str) -> Path:
        """Path of a real clip; skips the test where there is none."""
        path = FOOTAGE / f"{name}.mp4"
        if not path.is_file():
            pytest.skip(f"needs ../shared/footage/{name}.mp4")
        return path

    def follow(self, path: Path) -> list[Followed]:
        return follow(path, self.detector)


@pytest.fixture(scope="session")
def footage() -> Footage:
    return Footage()
