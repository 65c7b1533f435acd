"""Counts by eye: reading them, and what a box finds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from yanji.configs.errors import UsageError
from yanji.detect.counted import Count, CountedFrame, count_frame, read_counted, wilson_interval

Box = tuple[float, float, float, float]


def boxes(*rows: Box) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


SEEN = CountedFrame(
    whole_N4=boxes((100, 100, 140, 200), (300, 100, 340, 200)),
    machine_N4=boxes((100, 150, 140, 200), (300, 150, 340, 200)),
    ignored_M4=boxes((0, 0, 50, 50)),
)


def count(*rows: Box, scores: tuple[float, ...] | None = None) -> Count:
    given = np.array(scores or [0.5] * len(rows), np.float32)
    return count_frame(SEEN, boxes(*rows), given)


@pytest.mark.parametrize(
    ("row", "fitted", "centred", "false"),
    [
        ((100, 100, 140, 200), 1, 1, 0),
        ((100, 150, 140, 200), 1, 1, 0),
        ((110, 110, 120, 130), 0, 1, 0),
        ((130, 150, 170, 200), 0, 0, 0),
        ((200, 100, 240, 200), 0, 0, 1),
        ((10, 10, 30, 30), 0, 0, 0),
        ((40, 40, 90, 90), 0, 0, 1),
    ],
    ids=["whole", "machine alone", "a part", "beside it", "nothing", "ignored", "ignored's edge"],
)
def test_what_one_box_finds(row: Box, fitted: int, centred: int, false: int) -> None:
    assert count(row) == Count(2, fitted, centred, false, 1)


def test_one_box_finds_one_vehicle_and_one_vehicle_is_found_once() -> None:
    both = count((100, 100, 140, 200), (100, 150, 140, 200))
    assert (both.num_fitted, both.num_false) == (1, 0)
    assert count((100, 100, 140, 200), (300, 150, 340, 200)).num_fitted == 2


def test_nothing_given_and_nothing_there() -> None:
    assert count() == Count(2, 0, 0, 0, 1)
    empty = CountedFrame(boxes(), boxes(), boxes())
    one = np.array([0.5], np.float32)
    assert count_frame(empty, boxes((1, 1, 9, 9)), one) == Count(0, 0, 0, 1, 1)
    assert count_frame(empty, boxes(), np.empty(0, np.float32)) + Count() == Count(num_frames=1)


@pytest.mark.parametrize(
    ("found", "number", "low", "high"),
    [(0, 0, 0, 1), (0, 10, 0, 0.2775), (10, 10, 0.7225, 1), (81, 263, 0.2553, 0.3662)],
)
def test_the_interval_is_wilsons(found: int, number: int, low: float, high: float) -> None:
    """The last row is Newcombe's example (Statistics in Medicine 17, 1998)."""
    assert wilson_interval(found, number) == pytest.approx((low, high), abs=1e-4)


def test_reading(tmp_path: Path) -> None:
    path = tmp_path / "counts.json"

    def written(rows: list[list[float]], ignore: list[list[float]]) -> Path:
        frames = {"7": {"two_wheelers": rows, "ignore": ignore}}
        path.write_text(json.dumps({"clips": {"road": {"sha256": "ab", "frames": frames}}}))
        return path

    clip = read_counted(written([[1, 2, 5, 12, 6]], []))["road"]
    assert clip.sha256 == "ab"
    assert clip.frames[7].whole_N4.tolist() == [[1, 2, 5, 12]]
    assert clip.frames[7].machine_N4.tolist() == [[1, 6, 5, 12]]
    assert clip.frames[7].ignored_M4.shape == (0, 4)
    assert read_counted(written([], []))["road"].frames[7].whole_N4.shape == (0, 4)
    for row in ([5, 2, 1, 12, 6], [1, 2, 5, 12, 12], [1, 2, 5, 12, 1], [1, 2, 5, 12, float("nan")]):
        with pytest.raises(UsageError, match="road 7"):
            read_counted(written([row], []))
    with pytest.raises(UsageError, match="ignored region"):
        read_counted(written([], [[5, 5, 5, 9]]))
    for text in ("", "{}", '{"clips": {"road": {"sha256": "ab"}}}', '{"clips": []}'):
        path.write_text(text)
        with pytest.raises(UsageError, match=r"counts\.json"):
            read_counted(path)
    with pytest.raises(UsageError, match="cannot be read"):
        read_counted(tmp_path / "none.json")


def test_the_committed_counts_can_be_read() -> None:
    clips = read_counted(Path(__file__).parents[1] / "accuracy" / "two_wheelers.json")
    assert {
        name: sum(len(f.whole_N4) for f in clip.frames.values()) for name, clip in clips.items()
    } == {
        "vietnam_motorbike_road": 115,
        "road_motorcycle_480p": 11,
        "bangkok_overpass_trucks": 26,
    }
