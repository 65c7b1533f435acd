"""IDF1, HOTA and MOTA against values worked out by hand."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from math import sqrt
from typing import Any

import pytest

from yanji.configs.errors import YanjiError
from yanji.detect.classes import CLASSES
from yanji.detect.evaluate_tracks import TrackedFrame, track_figures
from yanji.detect.testcity_frames import truth_of
from yanji.detect.tracker import TrackedBox
from yanji.ingest.testcity.truth import CityTruth, TrueDrive, TrueVehicle

pytest.importorskip("trackeval")

Box = tuple[float, float, float, float]
HERE: Box = (100.0, 100.0, 200.0, 200.0)
THERE: Box = (400.0, 100.0, 500.0, 200.0)
CITY = CityTruth(
    1,
    960,
    540,
    10.0,
    100,
    "2026-11-20T08:00:00+08:00",
    {},
    {
        name: TrueDrive(name, vehicle_class, vehicle_class, "", (), ())
        for name, vehicle_class in (("car", "car"), ("bike", "ebike"))
    },
)


def frame(
    true: Sequence[tuple[str, Box]],
    tracked: Sequence[tuple[int, Box]],
    *,
    vehicle_class: str = "car",
    occlusion: float = 0.0,
) -> TrackedFrame:
    vehicles = tuple(TrueVehicle(name, box, box, 90.0, occlusion) for name, box in true)
    number = CLASSES.index(vehicle_class)
    return TrackedFrame(
        truth_of(vehicles, 960, 540),
        tuple(
            TrackedBox(track_id, row, box, 0.9, number)
            for row, (track_id, box) in enumerate(tracked)
        ),
    )


def figures(frames: Sequence[TrackedFrame]) -> dict[str, Any]:
    return track_figures({"K01": frames}, CITY)


def test_a_perfect_tracker() -> None:
    run = [frame([("car", HERE), ("bike", THERE)], [(7, HERE), (3, THERE)])] * 4
    report = figures(run)
    assert list(report) == ["all", "four_wheel", "two_wheeler"]
    for group, vehicles in (("all", 2), ("four_wheel", 1), ("two_wheeler", 1)):
        for camera in ("combined", "K01"):
            found = report[group][camera]
            assert [found[name] for name in ("IDF1", "HOTA", "MOTA")] == pytest.approx([1, 1, 1])
            assert found["id_switches"] == 0
            assert (found["vehicles"], found["boxes"]) == (vehicles, 4 * vehicles)


def test_a_tracker_that_changes_the_name() -> None:
    run = [frame([("car", HERE)], [(track, HERE)]) for track in (1, 1, 2, 2)]
    found = figures(run)["four_wheel"]["combined"]
    # Two of four boxes bear the name that is right for the vehicle: 2 / (2 + (2 + 2) / 2).
    assert found["IDF1"] == pytest.approx(0.5)
    # All boxes are found; each name shares 2 of 4 boxes with the vehicle.
    assert found["DetA"] == pytest.approx(1)
    assert found["AssA"] == pytest.approx(0.5)
    assert found["HOTA"] == pytest.approx(sqrt(0.5))
    assert found["MOTA"] == pytest.approx(1 - 1 / 4)
    assert found["id_switches"] == 1
    assert found["merged"] == 0


def test_a_tracker_that_takes_two_vehicles_for_one() -> None:
    first, second = ("car", HERE), ("bike", THERE)
    run = [frame([one], [(1, one[1])]) for one in (first, first, second, second)]
    report = figures(run)
    found = report["all"]["combined"]
    # The one track is right for either vehicle, in two of four pictures.
    assert found["IDF1"] == pytest.approx(0.5)
    assert found["MOTA"] == pytest.approx(1)
    assert (found["id_switches"], found["merged"], found["vehicles"]) == (0, 1, 2)
    assert report["two_wheeler"]["combined"]["merged"] == 0
    # One picture is a slip and no merger.
    assert figures([*run[:3]])["all"]["combined"]["merged"] == 0


def test_a_tracker_that_sees_nothing() -> None:
    found = figures([frame([("car", HERE)], [])] * 4)["all"]["combined"]
    assert [found[name] for name in ("IDF1", "HOTA", "MOTA", "id_switches")] == [0, 0, 0, 0]
    assert found["boxes"] == 4


def test_nothing_to_see_is_no_figure() -> None:
    report = figures([frame([], [(1, HERE)])])
    assert list(report) == ["all"]
    assert report["all"]["combined"]["IDF1"] is None
    assert report["all"]["combined"]["boxes"] == 0


def test_boxes_on_what_does_not_count_are_taken_out() -> None:
    seen = frame([("car", HERE)], [(1, HERE)])
    hidden = frame([("car", HERE)], [(2, HERE)], occlusion=0.9)
    assert figures([seen, hidden, seen])["all"]["combined"]["IDF1"] == pytest.approx(1)
    nothing = frame([("car", HERE)], [(1, HERE), (2, THERE)])
    found = figures([seen, nothing, seen])["all"]["combined"]
    # Three right, one box on nothing: 3 / (3 + 1 / 2), and 1 - 1 / 3.
    assert found["IDF1"] == pytest.approx(3 / 3.5)
    assert found["MOTA"] == pytest.approx(2 / 3)


def test_a_box_counts_where_its_vehicle_belongs_and_a_box_on_nothing_by_its_class() -> None:
    on_bike = frame([("car", HERE), ("bike", THERE)], [(1, HERE), (2, THERE)])
    report = figures([on_bike] * 3)
    assert report["two_wheeler"]["combined"]["IDF1"] == pytest.approx(1)
    assert report["four_wheel"]["combined"]["MOTA"] == pytest.approx(1)
    lonely = frame([("car", HERE), ("bike", THERE)], [(9, (700.0, 300.0, 800.0, 400.0))])
    report = figures([on_bike] * 3 + [lonely])
    # Of four boxes one is missed, and the one on nothing calls itself a car.
    assert report["two_wheeler"]["combined"]["MOTA"] == pytest.approx(3 / 4)
    assert report["four_wheel"]["combined"]["MOTA"] == pytest.approx(2 / 4)


def test_cameras_are_scored_apart_and_together() -> None:
    good = [frame([("car", HERE)], [(1, HERE)])] * 2
    blind = [frame([("car", HERE)], [])] * 2
    report = track_figures({"K01": good, "K02": blind}, CITY)["all"]
    assert report["K01"]["IDF1"] == pytest.approx(1)
    assert report["K02"]["IDF1"] == 0
    # Two right, two missed.
    assert report["combined"]["IDF1"] == pytest.approx(2 / 3)
    assert report["combined"]["MOTA"] == pytest.approx(0.5)
    assert report["combined"]["vehicles"] == 2


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trackeval.metrics", None)
    with pytest.raises(YanjiError, match="trackeval") as caught:
        figures([])
    assert caught.value.hint == "pip install 'yanji[eval]'"
