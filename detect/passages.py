"""From tracked boxes to passages: one message when a vehicle is seen, some while it stays, one at
the end. Rules and numbers: docs/design/detect.md.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field

import numpy as np

from yanji.detect.classes import CLASSES, GROUP_OF
from yanji.detect.crops import CropKeeper
from yanji.detect.detections import Detections
from yanji.detect.evidence import Evidence
from yanji.detect.passage import Passage, State, sighting_id_of
from yanji.detect.quality import geometry_scores
from yanji.detect.suppress import iou_matrix
from yanji.detect.tracker import LOST_S, TrackedBox
from yanji.detect.travel import travel_of
from yanji.ingest.frame import Frame, Run
from yanji.ingest.twin_picture import enlarged_by

_log = logging.getLogger(__name__)

PROVISIONAL_S = 2.0
"""A vehicle in view for so long is told of before it leaves ..."""
PROVISIONAL_MOVED_S = 1.0
"""... and one that has moved, which leaves less doubt that it is one, a second earlier."""
REFRESH_S = 30.0
MAX_LENGTH_S = 600.0
STILL_S = 5.0
"""Stationary: since so long ..."""
STILL_DRIFT = 0.25
"""... the centre stayed within this share of the box's size (root of its area): above a detector's
jitter (2 to 8 %), below what creeping traffic moves in five seconds."""
RESUME_S = 20.0
"""A stationary vehicle hidden for no longer is the same one when it shows again ..."""
RESUME_IOU = 0.5
"""... at the same place."""
MOVED = 0.5
"""Moved: the smoothed centre went by this share of the box's size."""
VOTE_SIZE_PX = 128.0
"""A view this large has a whole vote for the class, times its score; smaller ones less."""
CLEAR_SHARE = 0.65
"""Share of the vote from which a two-wheeler has a class of its own."""


@dataclass(frozen=True, slots=True)
class _Stamp:
    """When a frame was, without the frame: that would keep its pixels in memory."""

    wall_ns: int
    stream_s: float
    number: int


@dataclass(slots=True)
class _Visit:
    """One vehicle in view, as far as known."""

    sighting_id: str
    track_id: int
    first: _Stamp
    last: _Stamp
    last_box_xyxy_px: tuple[float, float, float, float]
    still_since_s: float
    still_centre: tuple[float, float]
    first_centre: tuple[float, float]
    centre: tuple[float, float]
    keeper: CropKeeper = field(default_factory=CropKeeper)
    votes: dict[str, float] = field(default_factory=dict)
    evidence: Evidence = field(default_factory=Evidence)
    sum_sizes_px: float = 0.0
    path_px: float = 0.0
    moved: bool = False
    stationary: bool = False
    sent_s: float | None = None
    sent_stationary: bool = False
    crops_changed: bool = False

    @property
    def proved(self) -> bool:
        """Whether there is enough evidence that this is a vehicle at all."""
        lingers = self.last.stream_s - self.first.stream_s >= PROVISIONAL_S
        return self.evidence.is_enough(moved=self.moved, lingers=lingers)


def vote_class(votes: dict[str, float]) -> tuple[str, float]:
    """Decide the class from the summed votes per class.

    The largest sum wins. Within the two-wheelers, which detectors flip, a winner below 65 % of the
    group's sum becomes `two_wheeler`, with the group's share.

    Returns:
        Class and its share of all votes, 0..1.
    """
    total = sum(votes.values())
    winner = max(votes, key=lambda name: (votes[name], name))
    if GROUP_OF[winner] == "two_wheeler":
        group = sum(value for name, value in votes.items() if GROUP_OF[name] == "two_wheeler")
        if votes[winner] < CLEAR_SHARE * group:
            return "two_wheeler", group / total
    return winner, votes[winner] / total


class PassageBuilder:
    """Turns the tracks of one run into passages. Time is the stream's clock only."""

    def __init__(
        self,
        run: Run,
        provisional_s: float = PROVISIONAL_S,
        refresh_s: float = REFRESH_S,
        max_length_s: float = MAX_LENGTH_S,
        lost_s: float = LOST_S,
    ) -> None:
        self._run = run
        self._provisional_s = provisional_s
        self._refresh_s = refresh_s
        self._max_length_s = max_length_s
        self._lost_s = lost_s
        self._visits: dict[int, _Visit] = {}

    @property
    def num_open(self) -> int:
        """How many vehicles are in view (or just hidden)."""
        return len(self._visits)

    def update(
        self, frame: Frame, tracked: list[TrackedBox], detections: Detections
    ) -> list[Passage]:
        """Take one analysed frame.

        Args:
            frame: of this builder's run, later than the one before.
            tracked: the tracker's answer for it.
            detections: all that was found in it (for overlaps, and persons to blur).

        Returns:
            What changed: mostly nothing.
        """
        if frame.run.run_id != self._run.run_id:
            raise ValueError("a frame of another run: make a new PassageBuilder for each run")
        passages = self._end_lost(frame.stream_s, {box.track_id for box in tracked})
        geometry_N = geometry_scores(
            detections.boxes_N4,
            detections.scores_N,
            frame.picture.width,
            frame.picture.height,
            enlarged_by(frame.picture),
        )
        for box in tracked:
            visit = self._visit_of(frame, box, tracked)
            if frame.stream_s - visit.first.stream_s > self._max_length_s:
                passages += self._end(visit)
                visit = self._visit_of(frame, box, tracked)
            self._observe(visit, frame, box)
            self._look(visit, frame, box, detections, float(geometry_N[box.detection]))
            passages += self._report(visit)
        return passages

    def close(self, reason: str = "the run ended") -> list[Passage]:
        """End every vehicle still in view; the builder can go on after it with new ones."""
        if self._visits:
            _log.debug("%s: %d passages closed, %s", self._run.camera_id, self.num_open, reason)
        return [passage for visit in list(self._visits.values()) for passage in self._end(visit)]

    def _visit_of(self, frame: Frame, box: TrackedBox, tracked: list[TrackedBox]) -> _Visit:
        visit = self._visits.get(box.track_id)
        if visit is None:
            visit = self._resumed(box, {other.track_id for other in tracked})
        if visit is None:
            centre = _centre(box)
            visit = _Visit(
                sighting_id=sighting_id_of(self._run.run_id, frame.number, box.box_xyxy_px),
                track_id=box.track_id,
                first=_stamp(frame),
                last=_stamp(frame),
                last_box_xyxy_px=box.box_xyxy_px,
                still_since_s=frame.stream_s,
                still_centre=centre,
                first_centre=centre,
                centre=centre,
            )
        self._visits[box.track_id] = visit
        return visit

    def _resumed(self, box: TrackedBox, seen_now: set[int]) -> _Visit | None:
        """Find the stationary vehicle that a new track shows again; it takes the new track's id."""
        group = GROUP_OF[CLASSES[box.class_number]]
        here_14 = np.array([box.box_xyxy_px], np.float32)
        for visit in self._visits.values():
            if not visit.stationary or visit.track_id in seen_now:
                continue
            if GROUP_OF[vote_class(visit.votes)[0]] != group:
                continue
            iou_11, _ = iou_matrix(here_14, np.array([visit.last_box_xyxy_px], np.float32))
            if iou_11[0, 0] >= RESUME_IOU:
                del self._visits[visit.track_id]
                visit.track_id = box.track_id
                return visit
        return None

    def _observe(self, visit: _Visit, frame: Frame, box: TrackedBox) -> None:
        visit.last = _stamp(frame)
        visit.last_box_xyxy_px = box.box_xyxy_px
        # Half old, half new: one jumping box does not end a standstill.
        before, visit.centre = visit.centre, _mean(visit.centre, _centre(box))
        visit.path_px += math.dist(before, visit.centre)
        x1, y1, x2, y2 = box.box_xyxy_px
        size_px = max(1.0, ((x2 - x1) * (y2 - y1)) ** 0.5)
        name = CLASSES[box.class_number]
        weight = box.score * min(1.0, size_px / VOTE_SIZE_PX)
        visit.votes[name] = visit.votes.get(name, 0.0) + weight
        visit.evidence.add(box, size_px)
        visit.sum_sizes_px += size_px
        visit.moved |= math.dist(visit.centre, visit.first_centre) > MOVED * size_px
        drift_px = math.dist(visit.centre, visit.still_centre)
        if drift_px > STILL_DRIFT * size_px:
            visit.still_centre = visit.centre
            visit.still_since_s = frame.stream_s
        visit.stationary = frame.stream_s - visit.still_since_s >= STILL_S

    def _look(
        self, visit: _Visit, frame: Frame, box: TrackedBox, detections: Detections, geometry: float
    ) -> None:
        # The first frame of a track is often a false one, or cut by the border.
        if visit.evidence.num < 2 or not visit.keeper.wants(frame.stream_s, geometry):
            return
        visit.crops_changed |= visit.keeper.offer(
            frame,
            box.box_xyxy_px,
            CLASSES[box.class_number],
            detections.persons_M4,
            geometry,
        )

    def _report(self, visit: _Visit) -> list[Passage]:
        now_s = visit.last.stream_s
        wait_s = self._provisional_s
        if visit.moved:
            wait_s = min(wait_s, PROVISIONAL_MOVED_S)
        if not visit.proved or now_s - visit.first.stream_s < wait_s:
            return []
        due = visit.sent_s is None or now_s - visit.sent_s >= self._refresh_s
        if not due and visit.stationary == visit.sent_stationary:
            return []
        visit.sent_s = now_s
        return [self._message(visit, "provisional")]

    def _end_lost(self, now_s: float, seen_now: set[int]) -> list[Passage]:
        passages: list[Passage] = []
        for visit in list(self._visits.values()):
            patience_s = RESUME_S if visit.stationary else self._lost_s
            if visit.track_id not in seen_now and now_s - visit.last.stream_s > patience_s:
                passages += self._end(visit)
        return passages

    def _end(self, visit: _Visit) -> list[Passage]:
        del self._visits[visit.track_id]
        if visit.sent_s is None and not (visit.proved and visit.keeper.crops):
            return []
        return [self._message(visit, "closed")]

    def _message(self, visit: _Visit, state: State) -> Passage:
        vehicle_class, class_score = vote_class(visit.votes)
        changed, visit.crops_changed = visit.crops_changed, False
        visit.sent_stationary = visit.stationary
        return Passage(
            sighting_id=visit.sighting_id,
            run=self._run,
            state=state,
            stationary=visit.stationary,
            first_wall_ns=visit.first.wall_ns,
            last_wall_ns=visit.last.wall_ns,
            first_stream_s=visit.first.stream_s,
            last_stream_s=visit.last.stream_s,
            first_frame_number=visit.first.number,
            last_frame_number=visit.last.number,
            num_observations=visit.evidence.num,
            vehicle_class=vehicle_class,
            class_score=class_score,
            last_box_xyxy_px=visit.last_box_xyxy_px,
            crops=visit.keeper.crops,
            crops_changed=changed,
            travel=travel_of(
                visit.first_centre,
                visit.centre,
                visit.path_px,
                visit.sum_sizes_px / max(visit.evidence.num, 1),
            ),
        )


def _stamp(frame: Frame) -> _Stamp:
    return _Stamp(frame.wall_ns, frame.stream_s, frame.number)


def _centre(box: TrackedBox) -> tuple[float, float]:
    x1, y1, x2, y2 = box.box_xyxy_px
    return (x1 + x2) / 2, (y1 + y2) / 2


def _mean(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2
