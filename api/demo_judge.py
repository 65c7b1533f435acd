"""Compares the demo's answer with the truth of its clips.

The clips are played live, so a sighting has the time of its arrival and not the number of a frame.
Which frame it shows is found by the pictures: each run is shifted in time so that all its crops
together fit the true boxes best.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from yanji.index.hit import StoredSighting
from yanji.index.reader import ArchiveReader
from yanji.index.runs import StoredRun
from yanji.index.select import StoredCrop
from yanji.ingest.testcity.truth import CityTruth, TrueDrive, TruePassage

REQUIRED_S: Final = 1.5
"""A passage that is well in view for less may be missing: five analysed frames a second make seven
pictures of it, and a sighting needs several good ones."""
NEAR_S: Final = 3.0
"""A sighting this near to a passage is of it: before and after it the vehicle is in view as well,
only too small, cut or hidden."""
MIN_IOU: Final = 0.4
"""Of a stored crop's box with a true one, to say whose it is."""
SHIFT_S: Final = (-3.5, 3.5)
"""Live, a run's first frames come late and in one go; of recordings clocks are up to 3 s wrong."""
WAVER_S: Final = 0.4
"""Within a run arrivals waver by so much."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Whom a sighting truly shows."""

    identity: str | None
    """None: no vehicle of the clip."""
    passages: tuple[int, ...] = ()
    """Which of its drive's passages."""


@dataclass(frozen=True, slots=True)
class RouteVerdict:
    """A route beside the true drive."""

    identity: str
    shown: tuple[Shown | None, ...]
    """Of each leg; None for a leg that is no sighting."""
    missing: tuple[TruePassage, ...]
    """True passages, long enough to be asked for, that no leg shows."""
    in_order: bool
    """Whether the legs show the passages in the order in which they happened."""

    @property
    def num_wrong(self) -> int:
        """Legs that show another vehicle, or nothing."""
        return sum(one is None or one.identity != self.identity for one in self.shown)

    @property
    def right(self) -> bool:
        """Whether it is exactly the true drive past the cameras."""
        return bool(self.shown) and not self.num_wrong and not self.missing and self.in_order


def judge_route(shown: Sequence[Shown | None], drive: TrueDrive, fps: float) -> RouteVerdict:
    """Compare a route, leg by leg, with the drive of the vehicle that was asked for.

    Several legs of one passage (a track that broke) are right.

    Args:
        shown: whom each leg shows, in the order of the route.
        drive: of the vehicle asked for.
        fps: of the clips.
    """
    mine = [one.passages for one in shown if one is not None and one.identity == drive.identity]
    found = {number for passages in mine for number in passages}
    missing = tuple(
        passage
        for number, passage in enumerate(drive.passages)
        if number not in found and length_s(passage, fps) >= REQUIRED_S
    )
    firsts = [drive.passages[min(passages)].first_frame for passages in mine if passages]
    return RouteVerdict(drive.identity, tuple(shown), missing, firsts == sorted(firsts))


def length_s(passage: TruePassage, fps: float) -> float:
    """How long a vehicle is well in view."""
    return (passage.last_frame - passage.first_frame + 1) / fps


class Witness:
    """Knows what the sightings of an archive of the clips truly show."""

    def __init__(self, reader: ArchiveReader, truth: CityTruth) -> None:
        self._reader = reader
        self._truth = truth
        self._runs = {run.run_id: run for run in reader.runs()}
        self._shifts: dict[str, int] = {}
        self._boxes = {
            camera.camera_id: {
                frame.number: [
                    (seen.identity, seen.clipped_px(truth.width, truth.height))
                    for seen in frame.vehicles
                ]
                for frame in camera.frames
            }
            for camera in truth.cameras.values()
        }

    def shown_by(self, sighting: StoredSighting) -> Shown:
        """Say whom a sighting shows: the vehicle whose true boxes its crops fit best."""
        run = self._runs[sighting.run_id]
        shift, waver = self.shift_of(run), round(WAVER_S * self._truth.fps)
        votes: dict[str, float] = {}
        for crop in self._reader.crops(sighting.sighting_id):
            frame = self._frame(run, crop.time_ns) + shift
            best: dict[str, float] = {}
            for near in range(frame - waver, frame + waver + 1):
                for identity, box in self._boxes[run.camera_id].get(near, ()):
                    best[identity] = max(best.get(identity, 0.0), iou(crop.box_xyxy_px, box))
            for identity, fit in best.items():
                if fit >= MIN_IOU:
                    votes[identity] = votes.get(identity, 0.0) + fit
        if not votes:
            return Shown(None)
        identity = max(votes, key=lambda name: (votes[name], name))
        first = self._frame(run, sighting.first_ns) + shift
        last = self._frame(run, sighting.last_ns) + shift
        return Shown(identity, self._passages(sighting.camera_id, identity, first, last))

    def shift_of(self, run: StoredRun) -> int:
        """Find how many frames the run's clip is ahead of the run's own count."""
        if run.run_id not in self._shifts:
            crops = [
                crop
                for sighting in self._reader.sightings()
                if sighting.run_id == run.run_id
                for crop in self._reader.crops(sighting.sighting_id)
            ]
            low, high = (round(edge * self._truth.fps) for edge in SHIFT_S)
            fits = {shift: self._fit(run, crops, shift) for shift in range(low, high + 1)}
            self._shifts[run.run_id] = max(fits, key=lambda shift: (fits[shift], -abs(shift)))
        return self._shifts[run.run_id]

    def _fit(self, run: StoredRun, crops: Iterable[StoredCrop], shift: int) -> float:
        boxes = self._boxes[run.camera_id]
        return sum(
            max(
                (
                    iou(crop.box_xyxy_px, box)
                    for _, box in boxes.get(self._frame(run, crop.time_ns) + shift, ())
                ),
                default=0.0,
            )
            for crop in crops
        )

    def _frame(self, run: StoredRun, time_ns: int) -> int:
        return round((time_ns - run.started_ns) / 1e9 * self._truth.fps)

    def _passages(self, camera_id: str, identity: str, first: int, last: int) -> tuple[int, ...]:
        """All that a sighting overlaps, else the one near to it."""
        away = {
            number: max(passage.first_frame - last, first - passage.last_frame)
            for number, passage in enumerate(self._truth.drives[identity].passages)
            if passage.camera_id == camera_id
        }
        overlapped = tuple(number for number, frames in away.items() if frames <= 0)
        nearest = min(away, key=lambda number: away[number], default=None)
        if overlapped or nearest is None or away[nearest] > NEAR_S * self._truth.fps:
            return overlapped
        return (nearest,)


def iou(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Intersection over union of two boxes."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)
