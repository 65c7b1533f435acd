"""`yanji eval track --testcity`: the whole installation on a rendered test city, judged by truth.

The clips are read, seen, tracked, embedded and stored as `yanji index` does it, into an archive
that is thrown away; the tracker is listened to on the way. Then routes are asked for
(`yanji.api.evaluate_routes`). With true boxes the truth takes the place of detector and tracker,
and everything behind them runs unchanged: what is lost then is lost by embedding, search or trace.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from yanji.api.evaluate_routes import ClipClock, judge_routes
from yanji.api.pipeline import CameraPipeline, open_detector, open_reid
from yanji.api.reading import Job, read_recording
from yanji.api.writer import apply_message
from yanji.api.writer_process import open_archive, register_cameras
from yanji.configs.errors import SourceError
from yanji.configs.settings import Settings
from yanji.configs.site import Site, load_site
from yanji.detect.classes import CLASSES
from yanji.detect.detections import Detections
from yanji.detect.evaluate_tracks import TrackedFrame, load_metrics, track_figures
from yanji.detect.letterbox import LONG_SIDE_PX
from yanji.detect.testcity_frames import RENDERED, FrameTruth, frame_truths, read_city, start_ns
from yanji.detect.tracker import TrackedBox
from yanji.detect.yolo import Detector
from yanji.index.cameras import Camera
from yanji.index.reader import ArchiveReader, read_archive
from yanji.index.writer import ArchiveWriter
from yanji.ingest.frame import Frame
from yanji.ingest.testcity.truth import CityTruth, clip_of
from yanji.reid.embedder import Embedder

TRUE_SCORE: Final = 0.9
"""Of a box that the truth gives."""
LookUp = Callable[[Frame], FrameTruth]


@dataclass(frozen=True, slots=True)
class CityRun:
    """How a test city is evaluated."""

    folder: Path
    settings: Settings
    fps: float = 5.0
    """Analysed pictures per second."""
    long_side_px: int = LONG_SIDE_PX
    """Of the detector's input."""
    true_boxes: bool = False
    max_queries: int = 200
    """Vehicles asked for, of each group."""


@dataclass(frozen=True, slots=True)
class IndexedCity:
    """An archive of a test city, with what is true of it."""

    truth: CityTruth
    site: Site | None
    clocks: dict[str, ClipClock]
    seen: dict[str, list[TrackedFrame]]
    """Camera -> its frames as the tracker saw them."""
    reader: ArchiveReader


def evaluate_city(run: CityRun, say: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Index a test city, score the tracker, ask for routes, judge them.

    Args:
        run: what and how.
        say: told what happens, a line at a time.

    Returns:
        `note`, `true_boxes`, `size`, `fps`, `tracking` (see `track_figures`; None with true
        boxes), and what `judge_routes` says.

    Raises:
        UsageError: the folder or its truth is not usable, or its site lacks a camera.
        SourceError: a clip cannot be read to its end.
        YanjiError: `trackeval` is not installed, or a stage cannot work.
    """
    if not run.true_boxes:
        load_metrics()  # missing, it is missed before the minutes of indexing and not after
    with indexed_city(run, say) as city:
        say("asking for routes")
        routes = judge_routes(
            city.reader, city.truth, city.clocks, city.site, run.settings, run.max_queries
        )
    return {
        "note": RENDERED,
        "true_boxes": run.true_boxes,
        "size": None if run.true_boxes else run.long_side_px,
        "fps": run.fps,
        "tracking": None if run.true_boxes else track_figures(city.seen, city.truth),
        **routes,
    }


@contextmanager
def indexed_city(run: CityRun, say: Callable[[str], None]) -> Iterator[IndexedCity]:
    """Index a test city into an archive that is thrown away behind this context.

    Raises:
        UsageError, SourceError, YanjiError: as `evaluate_city`.
    """
    truth = read_city(run.folder)
    site = _site_of(run.folder)
    clocks = {camera_id: _clock(truth, camera_id, site) for camera_id in truth.cameras}
    detector = None if run.true_boxes else open_detector(run.settings, run.long_side_px)
    embedder = open_reid(run.settings)
    with tempfile.TemporaryDirectory(prefix="yanji-eval-") as scratch:
        archive = Path(scratch) / "archive"
        with open_archive(archive, run.settings) as writer:
            if site is not None:
                register_cameras(writer, site.cameras)
            seen = {}
            for camera_id, clock in clocks.items():
                writer.register_camera(Camera(camera_id))
                pipeline = _pipeline(run, truth, camera_id, detector, embedder)
                _index(run, camera_id, clock, pipeline, writer)
                seen[camera_id] = pipeline.frames
                say(f"{camera_id}: {pipeline.num_analysed} frames")
        with read_archive(archive) as reader:
            yield IndexedCity(truth, site, clocks, seen, reader)


class ListeningPipeline(CameraPipeline):
    """The pipeline as shipped; keeps what its tracker said beside what is true."""

    def __init__(
        self, detector: Detector, embedder: Embedder, analyse_fps: float, look_up: LookUp
    ) -> None:
        super().__init__(detector, embedder, analyse_fps)
        self.frames: list[TrackedFrame] = []
        self._look_up = look_up

    def see(self, frame: Frame) -> tuple[Detections, list[TrackedBox]]:
        """See what the installation sees."""
        detections, tracked = super().see(frame)
        self.frames.append(TrackedFrame(self._look_up(frame), tuple(tracked)))
        return detections, tracked


class TrueBoxPipeline(CameraPipeline):
    """The pipeline behind the tracker: boxes and identities are the true ones."""

    def __init__(
        self, embedder: Embedder, analyse_fps: float, look_up: LookUp, truth: CityTruth
    ) -> None:
        # Without a detector: only `see` would ask it.
        self.embedder = embedder
        self.analyse_fps = analyse_fps
        self.frames: list[TrackedFrame] = []
        self._look_up = look_up
        self._truth = truth
        self._track_ids: dict[str, int] = {}

    def see(self, frame: Frame) -> tuple[Detections, list[TrackedBox]]:
        """Give the true boxes that count; persons are not told: all riders' heads are blurred."""
        true = self._look_up(frame)
        rows = np.flatnonzero(true.counts_N)
        names = [true.vehicles[row].identity for row in rows]
        classes = [CLASSES.index(self._truth.drives[name].vehicle_class) for name in names]
        boxes_N4 = true.boxes_N4[rows]
        tracked = [
            TrackedBox(
                track_id=self._track_ids.setdefault(name, len(self._track_ids)),
                detection=row,
                box_xyxy_px=(float(box[0]), float(box[1]), float(box[2]), float(box[3])),
                score=TRUE_SCORE,
                class_number=number,
            )
            for row, (name, box, number) in enumerate(zip(names, boxes_N4, classes, strict=True))
        ]
        detections = Detections(
            boxes_N4=boxes_N4,
            scores_N=np.full(len(rows), TRUE_SCORE, np.float32),
            classes_N=np.array(classes, np.int64),
            persons_M4=np.empty((0, 4), np.float32),
        )
        return detections, tracked


def _pipeline(
    run: CityRun,
    truth: CityTruth,
    camera_id: str,
    detector: Detector | None,
    embedder: Embedder,
) -> ListeningPipeline | TrueBoxPipeline:
    look_up = frame_truths(truth, camera_id)
    if detector is None:
        return TrueBoxPipeline(embedder, run.fps, look_up, truth)
    return ListeningPipeline(detector, embedder, run.fps, look_up)


def _index(
    run: CityRun, camera_id: str, clock: ClipClock, pipeline: CameraPipeline, writer: ArchiveWriter
) -> None:
    clip = clip_of(run.folder, camera_id)
    job = Job(clip, camera_id, clock.started_ns, run.fps)
    finished = read_recording(job, pipeline, lambda message: apply_message(writer, message))
    if finished.damage is not None:
        raise SourceError(f"The clip {clip.name} is damaged: {finished.damage}.")


def _site_of(folder: Path) -> Site | None:
    path = folder / "site.yaml"
    return load_site(path) if path.is_file() else None


def _clock(truth: CityTruth, camera_id: str, site: Site | None) -> ClipClock:
    """With a site the clip begins when the camera's own clock says; the site mends that.

    Without one nobody would, and the true time is given.
    """
    if site is None:
        return ClipClock(start_ns(truth), 0)
    shown_ns = start_ns(truth) + round(truth.cameras[camera_id].clock_offset_s * 1e9)
    return ClipClock(shown_ns, round(site.camera(camera_id).clock_offset_s * 1e9))
