"""Two-wheelers of three real clips against counts by eye: found alone, followed, sighted.

`two_wheelers.json` holds the counts and says how they were made. A sighting is false when its crop,
looked at, shows no two-wheeler; `two_wheeler_sightings.json` holds every one that was looked at.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from yanji.detect.classes import CLASSES, GROUP_OF
from yanji.detect.counted import Count, count_frame, read_counted, wilson_interval
from yanji.detect.detections import Detections
from yanji.detect.passage import Passage, sighting_id_of
from yanji.detect.passages import PassageBuilder
from yanji.detect.tracker import SURE, CameraTracker, TrackedBox
from yanji.ingest.frame import Frame
from yanji.ingest.recording import open_recording
from yanji.ingest.sample import Sampler

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
COUNTED = read_counted(HERE / "two_wheelers.json")
CHOSEN_ON = ("vietnam_motorbike_road",)
"""The scores a faint two-wheeler needs were chosen on this clip; the others confirm."""
UNCOUNTED = (
    "shenzhen_busroad_day",
    "delhi_mixed_flyover",
    "india_cctv_junction_crash",
    "otc_Cars-Cyclist",
    "otc_Cars-Truck",
    "intel_person-bicycle-car",
    "intel_car-detection",
    "uk_motorway_720p",
    "night_ir_parked_car",
    "us_night_intersection",
    "china_night_rain_crash",
)
TWO_WHEELERS = [n for n, name in enumerate(CLASSES) if GROUP_OF[name] == "two_wheeler"]
SAME_PLACE_IOU = 0.5
SAME_TIME_S = 0.5
STAGES = ("detector", "followed", "sighted")


@dataclass
class Seen:
    """One clip, looked at once."""

    num_frames: int = 0
    counts: dict[str, Count] = field(default_factory=lambda: dict.fromkeys(STAGES, Count()))
    sightings: list[Passage] = field(default_factory=list)

    @property
    def two_wheelers(self) -> list[Passage]:
        return [one for one in self.sightings if GROUP_OF[one.vehicle_class] == "two_wheeler"]


def analysed(path: Path, footage: Any) -> Iterator[Frame]:
    sampler = Sampler(footage.fps)
    with open_recording(path, "counted", footage.start_ns).connect() as connection:
        for frame in connection:
            if sampler.take(frame.stream_s):
                yield frame


def look(name: str, footage: Any) -> Seen:
    path = footage.clip(name)
    seen, tracker, builder = Seen(), CameraTracker(footage.fps), None
    stated: dict[int, tuple[Detections, list[TrackedBox]]] = {}
    ids: dict[int, str] = {}
    last: dict[str, Passage] = {}
    for frame in analysed(path, footage):
        seen.num_frames += 1
        builder = builder or PassageBuilder(frame.run)
        found = footage.detector.detect(frame.picture, overhead=True)
        tracked = tracker.update(frame, found)
        for box in tracked:
            first_id = sighting_id_of(frame.run.run_id, frame.number, box.box_xyxy_px)
            ids.setdefault(box.track_id, first_id)
        last |= {one.sighting_id: one for one in builder.update(frame, tracked, found)}
        stated[frame.number] = found, tracked
    if builder is not None:
        last |= {one.sighting_id: one for one in builder.close()}
    seen.sightings = list(last.values())
    clip = COUNTED.get(name)
    if clip is None:
        return seen
    assert hashlib.sha256(path.read_bytes()).hexdigest() == clip.sha256, f"another film: {name}"
    for number, by_eye in clip.frames.items():
        found, tracked = stated[number]
        mine_N = np.isin(found.classes_N, TWO_WHEELERS) & (found.scores_N >= SURE)
        alone = count_frame(by_eye, found.boxes_N4[mine_N], found.scores_N[mine_N])
        seen.counts["detector"] += alone
        boxes = [box for box in tracked if box.class_number in TWO_WHEELERS]
        seen.counts["followed"] += count_boxes(by_eye, boxes)
        sighted = [box for box in boxes if ids[box.track_id] in last]
        seen.counts["sighted"] += count_boxes(by_eye, sighted)
    return seen


def count_boxes(by_eye: Any, boxes: list[TrackedBox]) -> Count:
    corners_K4 = np.array([box.box_xyxy_px for box in boxes], np.float32).reshape(-1, 4)
    return count_frame(by_eye, corners_K4, np.array([box.score for box in boxes], np.float32))


@pytest.fixture(scope="module")
def looked_at(footage: Any) -> dict[str, Seen]:
    return {name: look(name, footage) for name in (*COUNTED, *UNCOUNTED)}


def line(name: str, count: Count) -> str:
    low, high = wilson_interval(count.num_fitted, count.num)
    return (
        f"  {name:9} {count.num_fitted:3}/{count.num:3} = {count.num_fitted / count.num:.2f} "
        f"({low:.2f} to {high:.2f}), by centre {count.num_centred / count.num:.2f}, "
        f"false boxes {count.num_false} in {count.num_frames} frames"
    )


def test_two_wheelers_counted_by_eye(
    looked_at: dict[str, Seen], capsys: pytest.CaptureFixture[str]
) -> None:
    total = dict.fromkeys(STAGES, Count())
    with capsys.disabled():
        print()
        for name in COUNTED:
            print(f"{name}{' (scores chosen here)' if name in CHOSEN_ON else ''}")
            for stage, count in looked_at[name].counts.items():
                total[stage] += count
                print(line(stage, count))
        print("all three")
        for stage, count in total.items():
            print(line(stage, count))
    # Well below what is reached: a fall of a third is noticed, a new runtime's rounding is not.
    sighted = total["sighted"]
    assert sighted.num_fitted >= 0.2 * sighted.num
    assert sighted.num_false <= 3


def test_false_sightings(looked_at: dict[str, Seen], capsys: pytest.CaptureFixture[str]) -> None:
    judged = json.loads((HERE / "two_wheeler_sightings.json").read_text(encoding="utf-8"))["clips"]
    frames = sum(seen.num_frames for seen in looked_at.values())
    words = {"two_wheeler": 0, "again": 0, "false": 0, "not looked at": 0}
    with capsys.disabled():
        print()
        for name, seen in looked_at.items():
            for one in seen.two_wheelers:
                word = verdict(one, judged.get(name, []))
                words[word] += 1
                if word in ("false", "not looked at"):
                    print(f"  {name} {one.first_stream_s:.1f} s {one.last_box_xyxy_px}: {word}")
        low, high = wilson_interval(words["false"], frames)
        print(
            f"{sum(words.values())} sightings of two-wheelers in {frames} analysed frames of "
            f"{len(looked_at)} clips: {words}; false per 1,000 frames "
            f"{1000 * words['false'] / frames:.1f} ({1000 * low:.1f} to {1000 * high:.1f})"
        )
    assert words["false"] <= 1
    assert words["not looked at"] <= 5


def verdict(one: Passage, rows: list[list[Any]]) -> str:
    """What was said of the sighting that ended there and then."""
    near = [row for row in rows if abs(one.last_stream_s - row[0]) <= SAME_TIME_S]
    fits = [(overlap(one.last_box_xyxy_px, box), str(word)) for _, box, word in near]
    best, word = max(fits, default=(0.0, ""))
    return word if best >= SAME_PLACE_IOU else "not looked at"


def overlap(one: tuple[float, ...], other: list[float]) -> float:
    width = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    height = max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return width * height / (areas - width * height)
