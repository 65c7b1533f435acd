"""Figures of a detector on a test city, against counts made by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from yanji.configs.errors import SourceError, UsageError
from yanji.detect.detections import Detections
from yanji.detect.evaluate_testcity import (
    Looked,
    Seen,
    city_figures,
    look_at_city,
    match_frame,
)
from yanji.detect.testcity_frames import analysed_frames, pairs, read_city, truth_of
from yanji.ingest.testcity.truth import TrueVehicle

Box = tuple[float, float, float, float]


def vehicle(
    name: str, box: Box, *, visible: Box | None = None, occlusion: float = 0.0
) -> TrueVehicle:
    return TrueVehicle(name, box, visible or box, 90.0, occlusion)


def test_what_counts() -> None:
    truth = truth_of(
        (
            vehicle("whole", (0, 0, 40, 30)),
            vehicle("small", (0, 0, 39, 30)),
            vehicle("half outside", (-50, 0, 50, 30)),
            vehicle("more outside", (-51, 0, 49, 30)),
            vehicle("half hidden", (0, 0, 40, 30), occlusion=0.5),
            vehicle("hidden", (0, 0, 40, 30), occlusion=0.51),
        ),
        200,
        100,
    )
    assert truth.counts_N.tolist() == [True, False, True, False, True, False]
    assert truth.boxes_N4[2].tolist() == [0, 0, 50, 30]


def test_a_half_hidden_vehicle_is_fitted_by_what_shows_of_it_or_by_the_whole() -> None:
    hidden = vehicle("car", (0, 0, 100, 50), visible=(0, 0, 45, 50), occlusion=0.5)
    boxes_M4 = np.array([(0, 0, 45, 50), (0, 0, 100, 50), (55, 0, 100, 50)], np.float32)
    overlap_M1 = truth_of((hidden,), 200, 100).overlaps(boxes_M4)
    assert overlap_M1[:, 0] == pytest.approx([1.0, 1.0, 0.45])


def test_pairs_are_one_to_one_and_the_best_first() -> None:
    overlap = np.array([[0.9, 0.8], [0.95, 0.2], [0.6, 0.55]], np.float32)
    assert sorted(pairs(overlap)) == [(0, 1), (1, 0)]
    assert pairs(overlap, 0.93) == [(1, 0)]
    assert pairs(np.zeros((0, 2), np.float32)) == []


def test_one_picture(seen: Callable[..., Detections]) -> None:
    truth = truth_of(
        (
            vehicle("lorry", (100, 100, 200, 200)),
            vehicle("car", (300, 100, 400, 200)),
            vehicle("bike", (500, 100, 560, 200)),
            vehicle("hidden", (0, 300, 100, 400), visible=(0, 300, 30, 400), occlusion=0.7),
        ),
        960,
        540,
    )
    found = seen(
        [
            ("truck", 0.9, (100, 100, 200, 190)),
            ("car", 0.8, (120, 100, 200, 200)),  # the same lorry twice: not false
            ("car", 0.24, (300, 100, 400, 200)),  # not sure enough
            ("car", 0.5, (500, 100, 560, 160)),  # IoU 0.6: found, by the wrong class
            ("car", 0.5, (0, 300, 30, 400)),  # on what does not count
            ("car", 0.5, (700, 400, 741, 420)),  # on nothing
            ("car", 0.5, (800, 400, 839, 420)),  # on nothing, but small
        ]
    )
    assert match_frame(truth, found) == (["truck", "missed", "car", None], 1)
    assert match_frame(truth, seen([])) == (["missed", "missed", "missed", None], 0)
    assert match_frame(truth_of((), 960, 540), found)[1] == 5
    # The second box is of the machine without its rider (IoU 0.4).
    found = seen([("car", 0.9, (300, 100, 400, 200)), ("motorcycle", 0.9, (500, 160, 560, 200))])
    assert match_frame(truth, found) == (["missed", "car", "misplaced", None], 0)


def looked(vehicle_class: str, size_px: float, view: str, seen_as: str) -> Looked:
    return Looked("K01", vehicle_class, vehicle_class, size_px, view, "night", seen_as)


def test_figures() -> None:
    seen = Seen(
        (
            looked("car", 79.9, "front", "missed"),
            looked("car", 80, "front", "car"),
            looked("truck", 500, "rear", "bus"),
            looked("ebike", 119, "oblique", "motorcycle"),
            looked("ebike", 120, "oblique", "missed"),
            looked("ebike", 200, "oblique", "motorcycle"),
            looked("ebike", 200, "front", "misplaced"),
        ),
        num_frames=50,
        num_false=2,
    )
    report = city_figures(seen)
    assert report["note"] == "rendered; not accuracy on real streets"
    assert report["groups"] == {
        "four_wheel": {"recall": 2 / 3, "n": 3, "seen_as": {"missed": 1, "car": 1, "bus": 1}},
        "two_wheeler": {
            "recall": 0.5,
            "n": 4,
            "seen_as": {"motorcycle": 2, "missed": 1, "misplaced": 1},
        },
    }
    bars = report["bars"]
    assert bars["four_wheel from 80 px"]["recall"] == 1
    assert bars["two_wheeler from 120 px, oblique"]["n"] == 2
    assert bars["two_wheeler from 120 px, oblique"]["recall"] == 0.5
    assert list(report["sizes"]["two_wheeler"]) == ["80-120", "120-200", "200+"]
    assert report["sizes"]["two_wheeler"]["200+"]["recall"] == 0.5
    assert report["views"]["four_wheel"]["front"]["recall"] == 0.5
    assert report["lights"]["four_wheel"]["night"]["n"] == 3
    assert report["classes"]["truck"]["seen_as"] == {"bus": 1}
    assert report["kinds"]["ebike"]["recall"] == 0.5
    assert report["false_boxes_per_1000_frames"] == 40


def test_no_vehicle_at_all_is_no_figure() -> None:
    report = city_figures(Seen((), 0, 0))
    assert report["groups"] == {}
    assert report["bars"]["four_wheel from 80 px"] == {"recall": None, "n": 0, "seen_as": {}}
    assert report["false_boxes_per_1000_frames"] is None


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, draw_city: Any, drawn: Any) -> Path:
    folder = tmp_path_factory.mktemp("city") / "clips"
    draw_city(folder, {"C1": drawn("car", (0, 0, 255), (("K01", 0, 19), ("K02", 30, 49)))})
    return Path(folder)


def test_a_folder(city: Path, seen: Callable[..., Detections]) -> None:
    truth = read_city(city)
    pictures = []

    def find(picture: Any) -> Detections:
        pictures.append((picture.width, picture.height))
        # Where the car is in the first two of the ten pictures that show it.
        return seen([("car", 0.5, (25, 60, 75, 110))])

    result = look_at_city(city, truth, find, fps=5.0)
    assert pictures == [(320, 192)] * 60
    assert result.num_frames == 60
    assert len(result.looked) == 20
    # The car moves by 10 px between two pictures: 20, 30, 40 fit 25 by IoU 0.5.
    assert sum(one.seen_as == "car" for one in result.looked) == 6
    one = result.looked[0]
    assert (one.view, one.light, one.size_px, one.group) == ("oblique", "day", 50, "four_wheel")


def test_truth_of_another_clip_is_refused(city: Path, draw_city: Any, tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    for path in city.iterdir():
        (folder / path.name).parent.mkdir(exist_ok=True)
        (folder / path.name).write_bytes(path.read_bytes())
    text = (folder / "city.truth.jsonl").read_text()
    (folder / "city.truth.jsonl").write_text(text.replace('"num_frames":60', '"num_frames":30'))
    with pytest.raises(UsageError, match="is not the one"):
        list(analysed_frames(folder, read_city(folder), "K01", 5))
    (folder / "K01.mp4").write_bytes(b"no video")
    with pytest.raises(SourceError):
        list(analysed_frames(folder, read_city(folder), "K01", 5))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda folder: (folder / "K02.mp4").unlink(), "clip K02.mp4 is missing"),
        (lambda folder: (folder / "city.truth.jsonl").unlink(), "no truth"),
        (lambda folder: (folder / "K02.truth.jsonl").unlink(), "pass K02, whose truth"),
        (lambda folder: append(folder / "K01.truth.jsonl", "{"), "Line 62 of K01.truth.jsonl"),
        (
            lambda folder: append(
                folder / "K01.truth.jsonl", '{"record":"frame","frame":3,"vehicles":[["C1",1]]}'
            ),
            "damaged",
        ),
        (
            lambda folder: append(
                folder / "K01.truth.jsonl",
                '{"record":"frame","frame":3,"vehicles":[["X",0,0,9,9,0,0,9,9,0,0]]}',
            ),
            "shows X",
        ),
    ],
)
def test_what_is_wrong_is_said(
    city: Path, tmp_path: Path, spoil: Callable[[Path], None], sentence: str
) -> None:
    for path in city.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    spoil(tmp_path)
    with pytest.raises(UsageError, match=sentence):
        read_city(tmp_path)


def append(path: Path, line: str) -> None:
    path.write_text(path.read_text() + line + "\n")


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no truth"):
        read_city(tmp_path / "nowhere")
