"""The one place where the stages meet: frame -> detections -> tracks -> passages -> sightings."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from yanji.configs.settings import Settings
from yanji.detect.card import load_card
from yanji.detect.detections import Detections
from yanji.detect.letterbox import LONG_SIDE_PX
from yanji.detect.passage import Passage
from yanji.detect.passages import PassageBuilder
from yanji.detect.runtime import OpenModel
from yanji.detect.tracker import LOST_S, SPARSE_LOST_S, CameraTracker, TrackedBox
from yanji.detect.yolo import Detector
from yanji.ingest.decode_mode import DecodeMode
from yanji.ingest.frame import Frame, Run
from yanji.reid.describe import describe
from yanji.reid.embedder import Embedder
from yanji.reid.registry import open_embedder
from yanji.reid.sighting import Sighting


def open_detector(
    settings: Settings, long_side_px: int = LONG_SIDE_PX, open_model: OpenModel | None = None
) -> Detector:
    """Open the installation's detector; its golden vectors are checked.

    Args:
        settings: name of the model, runtime, precision.
        long_side_px: of the detector's input.
        open_model: opens it elsewhere, in the inference process; None: here.

    Raises:
        ModelError: the file is missing or changed, or answers differently here.
    """
    return Detector(
        load_card(settings.detector, settings.models),
        settings.runtime,
        settings.precision,
        long_side_px=long_side_px,
        open_model=open_model,
    )


def open_reid(settings: Settings, open_model: OpenModel | None = None) -> Embedder:
    """Open the installation's embedder; its golden vectors are checked.

    Args:
        settings: name of the model, runtime, precision.
        open_model: opens it elsewhere, in the inference process; None: here.

    Raises:
        ModelError: the file is missing or changed, or answers differently here.
    """
    return open_embedder(
        settings.embedder,
        settings.runtime,
        settings.precision,
        open_model=open_model,
        folder=settings.models,
    )


def lost_s_of(decode: DecodeMode) -> float:
    """Seconds unseen after which a vehicle has left, by which frames there are to see it in."""
    return SPARSE_LOST_S if decode == "key_frames" else LOST_S


@dataclass
class CameraPipeline:
    """All stages for one camera; the models are shared by the cameras of a worker."""

    detector: Detector
    embedder: Embedder
    analyse_fps: float
    on_seen: Callable[[Frame, Detections], None] | None = None
    """Told what was found in each frame, for those who want to look at it (`api/pictures.py`)."""
    lost_s: float = LOST_S
    """A vehicle unseen for longer has left, see `lost_s_of`."""
    _run: Run | None = None
    _tracker: CameraTracker | None = None
    _passages: PassageBuilder | None = None
    num_analysed: int = field(default=0)
    detect_s: float = 0.0
    """Seconds that the detector took so far."""
    describe_s: float = 0.0
    """Seconds that describing sightings took so far: embeddings, colours, crops as files."""

    def step(self, frame: Frame) -> list[Sighting]:
        """Take one analysed frame through all stages.

        A frame of another run than the one before must come after `finish`.

        Returns:
            Sightings that are new, refreshed or closed by this frame; mostly none.
        """
        if self._run is None or self._run.run_id != frame.run.run_id:
            self._begin(frame.run)
        assert self._passages is not None  # noqa: S101 - set by _begin
        detections, tracked = self.see(frame)
        passages = self._passages.update(frame, tracked, detections)
        if self.on_seen is not None:
            self.on_seen(frame, detections)
        self.num_analysed += 1
        return self._describe(passages)

    def see(self, frame: Frame) -> tuple[Detections, list[TrackedBox]]:
        """Find the vehicles of a frame and tell which track each belongs to.

        A method of its own because evaluations listen here, or say what is truly there.
        """
        assert self._tracker is not None  # noqa: S101 - set by _begin
        # Fixed cameras look down: a car seen from above is more than a COCO model expects.
        began_s = time.perf_counter()
        detections = self.detector.detect(frame.picture, overhead=True)
        self.detect_s += time.perf_counter() - began_s
        return detections, self._tracker.update(frame, detections)

    def finish(self) -> list[Sighting]:
        """Close what is still in view: the run is over."""
        if self._passages is None:
            return []
        sightings = self._describe(self._passages.close())
        self._run = self._tracker = self._passages = None
        return sightings

    def _describe(self, passages: list[Passage]) -> list[Sighting]:
        began_s = time.perf_counter()
        sightings = describe(passages, self.embedder)
        self.describe_s += time.perf_counter() - began_s
        return sightings

    @property
    def run(self) -> Run | None:
        """The run in progress."""
        return self._run

    def _begin(self, run: Run) -> None:
        self._run = run
        self._tracker = CameraTracker(self.analyse_fps, self.lost_s)
        self._passages = PassageBuilder(run, lost_s=self.lost_s)
