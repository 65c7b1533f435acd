"""int8 is as good as fp32 where it is the default: `make accuracy`, minutes long.

The tolerances are those of docs/design/detect.md. The films are not those it was calibrated on.
"""

from __future__ import annotations

import importlib.resources
from functools import partial
from pathlib import Path

import pytest

from yanji.detect.agreement import Agreement, agreement_on
from yanji.detect.card import Card, quantised_of
from yanji.detect.clip_pictures import spread_pictures
from yanji.detect.evaluate import evaluate_folder, evaluate_raw
from yanji.detect.evaluate_testcity import city_figures, look_at_city
from yanji.detect.runtime import available_runtimes
from yanji.detect.testcity_frames import read_city
from yanji.detect.yolo import Detector, Thresholds

HELD_OUT = (
    "bangkok_overpass_trucks",
    "intel_car-detection",
    "intel_person-bicycle-car",
    "shenzhen_busroad_day",
    "uk_motorway_720p",
    "us_night_intersection",
    "vietnam_motorbike_road",
)
MAX_LOSS = 0.01
MIN_AGREEMENT = 0.97
MIN_PERSONS = 0.95
ENOUGH = 1000
"""True boxes of a group from which a hundredth of them says something; fewer are printed only."""
MAX_MORE_FALSE = 10
"""Per 1000 pictures."""
VEHICLES_OF_COCO = {1: "bicycle", 2: "car", 3: "motorcycle", 5: "bus", 7: "truck"}
COCO_NAMES = [VEHICLES_OF_COCO.get(number, f"no vehicle {number}") for number in range(80)]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("openvino" not in available_runtimes(), reason="needs openvino"),
]


def test_no_film_is_on_both_sides(card: Card) -> None:
    assert not set(HELD_OUT) & set(quantised_of(card).calibrated_on)


def test_average_precision_on_coco(card: Card, shared: Path) -> None:
    folder = shared / "gt" / "coco_val128"
    precise, quantised = (
        evaluate_raw(
            folder / "images",
            folder / "labels",
            Detector(card, "openvino", precision, square=True),
        )
        for precision in ("f32", "int8")
    )
    print(f"\nall classes: f32 {precise}, int8 {quantised}")
    assert quantised["mAP50_95"] >= precise["mAP50_95"] - MAX_LOSS


def test_recall_of_vehicles_on_coco(card: Card, shared: Path) -> None:
    folder = shared / "gt" / "coco_val128"
    all_scores = Thresholds(candidate=0.001)
    precise, quantised = (
        evaluate_folder(
            folder / "images",
            folder / "labels",
            COCO_NAMES,
            Detector(card, "openvino", precision, all_scores, square=True),
        )["any_vehicle"]
        for precision in ("f32", "int8")
    )
    print(f"\nany vehicle: f32 {precise}\nint8 {quantised}")
    before, after = precise["recall_at_0.25"], quantised["recall_at_0.25"]
    assert before is not None
    assert after is not None
    assert after >= before - MAX_LOSS


def test_agreement_on_films_it_was_not_calibrated_on(card: Card, shared: Path) -> None:
    precise, quantised = (Detector(card, "openvino", name) for name in ("f32", "int8"))
    total = Agreement()
    for film in HELD_OUT:
        pictures = spread_pictures(shared / "footage" / f"{film}.mp4", 60)
        total += agreement_on(pictures, precise, quantised)
    figures = total.figures()
    print(f"\n{figures}")
    assert figures["num_boxes"] > 1000
    assert figures["found"] >= MIN_AGREEMENT
    assert figures["not_invented"] >= MIN_AGREEMENT
    assert figures["persons_found"] >= MIN_PERSONS


def test_recall_in_the_test_city(card: Card) -> None:
    folder = Path(str(importlib.resources.files("yanji.ingest") / "testcity" / "clips"))
    truth = read_city(folder)
    reports = []
    for precision in ("f32", "int8"):
        find = partial(Detector(card, "openvino", precision).detect, overhead=True)
        reports.append(city_figures(look_at_city(folder, truth, find, 5.0)))
    precise, quantised = reports
    print()
    found = [0.0, 0.0]
    for group, before in precise["groups"].items():
        after = quantised["groups"][group]
        print(f"{group}: f32 {before}, int8 {after}")
        found = [found[0] + before["recall"] * before["n"], found[1] + after["recall"] * after["n"]]
        if before["n"] >= ENOUGH:
            assert after["recall"] >= before["recall"] - MAX_LOSS
    num_boxes = sum(group["n"] for group in precise["groups"].values())
    print(f"all {num_boxes}: f32 {found[0] / num_boxes}, int8 {found[1] / num_boxes}")
    assert found[1] / num_boxes >= found[0] / num_boxes - MAX_LOSS
    false = [report["false_boxes_per_1000_frames"] for report in reports]
    print(f"false boxes per 1000 pictures: f32 {false[0]}, int8 {false[1]}")
    assert false[1] <= false[0] + MAX_MORE_FALSE
