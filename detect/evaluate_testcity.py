"""Figures of a detector on the rendered test city: `yanji eval detect --testcity`.

Which true boxes count is said in `yanji.detect.testcity_frames`. A vehicle is found when a box of
any vehicle class with a score of at least 0.25 overlaps it by IoU 0.5, one box for one vehicle;
what class that box has is told apart. A box left over that overlaps it by 0.3 found it, but
misplaced (a rider's machine alone, the half that shows), which counts as not found.
Rendered; never accuracy on real streets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from yanji.detect.classes import CLASSES, GROUP_OF, GROUPS
from yanji.detect.detections import Detections
from yanji.detect.testcity_frames import (
    RENDERED,
    FrameTruth,
    analysed_frames,
    pairs,
)
from yanji.ingest.frame import Picture
from yanji.ingest.testcity.passages import MIN_SIDE_PX
from yanji.ingest.testcity.truth import CityTruth

MIN_SCORE: Final = 0.25
"""From which a box may begin a track."""
FALSE_IOU: Final = 0.1
"""A box that overlaps no vehicle by this much lies on nothing."""
MISPLACED_IOU: Final = 0.3
MISSED: Final = "missed"
MISPLACED: Final = "misplaced"
BUCKETS: Final = (("40-80", 80.0), ("80-120", 120.0), ("120-200", 200.0), ("200+", float("inf")))
"""Name and end of each range of sizes (longer side of the full box), pixels."""

Find = Callable[[Picture], Detections]


@dataclass(frozen=True, slots=True)
class Looked:
    """One true vehicle in one picture that counts, and what the detector said of it."""

    camera_id: str
    kind: str
    vehicle_class: str
    size_px: float
    view: str
    light: str
    seen_as: str
    """A class, `misplaced` or `missed`."""

    @property
    def group(self) -> str:
        """Of its true class."""
        return GROUP_OF[self.vehicle_class]

    @property
    def bucket(self) -> str:
        """The range of sizes that it falls into."""
        return next(name for name, end in BUCKETS if self.size_px < end)


@dataclass(frozen=True, slots=True)
class Seen:
    """All that was looked at."""

    looked: tuple[Looked, ...]
    num_frames: int
    num_false: int
    """Boxes of at least 40 px on nothing."""


def match_frame(truth: FrameTruth, found: Detections) -> tuple[list[str | None], int]:
    """Compare one picture.

    Returns:
        For each true vehicle the class it was seen as, `misplaced`, `missed`, or None where it
        does not count; and the number of false boxes.
    """
    sure_N = found.scores_N >= MIN_SCORE
    boxes_N4, classes_N = found.boxes_N4[sure_N], found.classes_N[sure_N]
    overlap_NM = truth.overlaps(boxes_N4)
    named: list[str | None] = [MISSED if counts else None for counts in truth.counts_N]
    free_NM = np.where(truth.counts_N[None], overlap_NM, 0.0)
    for row, column in pairs(free_NM):
        named[column] = CLASSES[classes_N[row]]
        free_NM[row], free_NM[:, column] = 0.0, 0.0
    for _, column in pairs(free_NM, MISPLACED_IOU):
        named[column] = MISPLACED
    large_N = (boxes_N4[:, 2:] - boxes_N4[:, :2]).max(axis=1, initial=0.0) >= MIN_SIDE_PX
    lonely_N = overlap_NM.max(axis=1, initial=0.0) < FALSE_IOU
    return named, int((large_N & lonely_N).sum())


def look_at_city(
    folder: Path,
    truth: CityTruth,
    find: Find,
    fps: float = 5.0,
    say: Callable[[str], None] = lambda line: None,
) -> Seen:
    """Run a detector on `fps` pictures a second of every clip.

    Args:
        folder: clips and truth.
        truth: of that folder, see `read_city`.
        find: the detector as the pipeline calls it.
        fps: analysed pictures per second.
        say: told after each camera.

    Raises:
        UsageError, SourceError: see `yanji.detect.testcity_frames.analysed_frames`.
    """
    looked: list[Looked] = []
    num_frames = num_false = 0
    for camera in truth.cameras.values():
        for frame, true in analysed_frames(folder, truth, camera.camera_id, fps):
            named, lonely = match_frame(true, find(frame.picture))
            num_frames += 1
            num_false += lonely
            for seen, seen_as in zip(true.vehicles, named, strict=True):
                if seen_as is None:
                    continue
                drive = truth.drives[seen.identity]
                looked.append(
                    Looked(
                        camera.camera_id,
                        drive.kind,
                        drive.vehicle_class,
                        seen.size_px,
                        seen.view,
                        camera.light,
                        seen_as,
                    )
                )
        say(f"{camera.camera_id}: {num_frames} frames, {len(looked)} vehicles looked at")
    return Seen(tuple(looked), num_frames, num_false)


def recall_figures(looked: Iterable[Looked]) -> dict[str, Any]:
    """Return `recall` (None without any), `n`, and `seen_as`: how often as which class, `missed`
    or `misplaced`.
    """
    counts = Counter(one.seen_as for one in looked)
    n = counts.total()
    recall = (n - counts[MISSED] - counts[MISPLACED]) / n if n else None
    return {"recall": recall, "n": n, "seen_as": dict(counts.most_common())}


def city_figures(seen: Seen) -> dict[str, Any]:
    """Make the report.

    Returns:
        `note`, `frames`, `groups` (from 40 px), `bars` (four wheels from 80 px; two-wheelers from
        120 px seen obliquely), per group `sizes`, `views` and `lights`, then `kinds` and `classes`
        (the confusion matrix), each cell as `recall_figures`; `false_boxes` and
        `false_boxes_per_1000_frames`.
    """
    in_group = {
        group: [one for one in seen.looked if one.group == group]
        for group in GROUPS
        if any(one.group == group for one in seen.looked)
    }
    report: dict[str, Any] = {
        "note": RENDERED,
        "frames": seen.num_frames,
        "groups": {group: recall_figures(rows) for group, rows in in_group.items()},
        "bars": {
            "four_wheel from 80 px": recall_figures(
                one for one in in_group.get("four_wheel", []) if one.size_px >= 80
            ),
            "two_wheeler from 120 px, oblique": recall_figures(
                one
                for one in in_group.get("two_wheeler", [])
                if one.size_px >= 120 and one.view == "oblique"
            ),
        },
    }
    for name, key in _KEYS.items():
        report[name] = {group: _by(rows, key) for group, rows in in_group.items()}
    report["kinds"] = _by(seen.looked, lambda one: one.kind)
    report["classes"] = _by(seen.looked, lambda one: one.vehicle_class)
    report["cameras"] = _by(seen.looked, lambda one: one.camera_id)
    report["false_boxes"] = seen.num_false
    report["false_boxes_per_1000_frames"] = (
        1000 * seen.num_false / seen.num_frames if seen.num_frames else None
    )
    return report


_KEYS: Final[dict[str, Callable[[Looked], str]]] = {
    "sizes": lambda one: one.bucket,
    "views": lambda one: one.view,
    "lights": lambda one: one.light,
}


def _by(rows: Iterable[Looked], key: Callable[[Looked], str]) -> dict[str, dict[str, Any]]:
    parts: dict[str, list[Looked]] = {}
    for one in rows:
        parts.setdefault(key(one), []).append(one)
    order = [name for name, _ in BUCKETS]
    names = sorted(parts, key=lambda name: (order.index(name) if name in order else 0, name))
    return {name: recall_figures(parts[name]) for name in names}
