"""`yanji eval detect|track --testcity` on drawn clips: boxes of clear colours on grey."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import yanji.api.evaluate_city as city_module
import yanji.api.pipeline as pipeline_module
from yanji.api.evaluate_city import CityRun, evaluate_city
from yanji.api.evaluate_routes import Verdict, chosen_drives, route_figures
from yanji.configs.errors import SettingsError, SourceError, UsageError
from yanji.configs.settings import Settings, load_settings
from yanji.detect.classes import CLASSES
from yanji.detect.detections import Detections
from yanji.detect.testcity_frames import read_city
from yanji.ingest.frame import Picture
from yanji.ingest.testcity.truth import write_city

NOTE = "rendered; not accuracy on real streets"
SITE = """\
site: {name: drawn, timezone: Asia/Shanghai}
cameras:
  - {id: K01, longitude: 112.610, latitude: 26.89, clock_offset_s: %s}
  - {id: K02, longitude: 112.6102, latitude: 26.89}
roads:
  - {from: K01, to: K02, distance_m: 20, speed_kmh: [10, 60]}
"""


@pytest.fixture(scope="module")
def drawn_city(tmp_path_factory: pytest.TempPathFactory, draw_city: Any, drawn: Any) -> Path:
    """Three cars and an e-bike from K01 to K02; a fourth car at K01 only."""
    folder = tmp_path_factory.mktemp("drawn") / "clips"
    there = (("K01", 0, 19), ("K02", 30, 49))
    draw_city(
        folder,
        {
            "red": drawn("car", (0, 0, 230), there, 5.0),
            "blue": drawn("truck", (230, 0, 0), there, 67.0),
            "green": drawn("ebike", (0, 200, 0), there, 129.0),
            "white": drawn("car", (250, 250, 250), (("K01", 40, 59),), 5.0),
        },
    )
    (folder / "site.yaml").write_text(SITE % 0, encoding="utf-8")
    return Path(folder)


@pytest.fixture
def settings(environment: dict[str, str]) -> Settings:
    return load_settings(None, {"embedder": "histogram"})


class ColourDetector:
    """Finds what is not grey; calls all of it a car."""

    def __init__(self, blind_to_green: bool = False) -> None:
        self.blind_to_green = blind_to_green

    def detect(self, picture: Picture, overhead: bool = False) -> Detections:
        assert overhead
        image = picture.bgr().astype(np.int16)
        coloured = (np.abs(image - 128).max(axis=2) > 60).astype(np.uint8)
        if self.blind_to_green:
            coloured[image[..., 1] > image[..., 0] + 60] = 0
        coloured = cv2.morphologyEx(coloured, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8))
        _, _, stats, _ = cv2.connectedComponentsWithStats(coloured)
        boxes = [(x, y, x + w, y + h) for x, y, w, h, area in stats[1:].tolist() if area > 900]
        return Detections(
            np.array(boxes, np.float32).reshape(-1, 4),
            np.full(len(boxes), 0.8, np.float32),
            np.full(len(boxes), CLASSES.index("car"), np.int64),
            np.empty((0, 4), np.float32),
        )


@pytest.fixture
def detector(monkeypatch: pytest.MonkeyPatch) -> ColourDetector:
    fake = ColourDetector()
    for module in (city_module, pipeline_module):
        monkeypatch.setattr(module, "open_detector", lambda settings, side=640: fake)
    return fake


def test_true_boxes_give_the_true_routes(drawn_city: Path, settings: Settings) -> None:
    lines: list[str] = []
    report = evaluate_city(CityRun(drawn_city, settings, true_boxes=True), lines.append)
    assert report["note"] == NOTE
    assert report["true_boxes"]
    assert report["tracking"] is None
    assert report["sightings"] == {
        "sightings": 7,
        "of_no_vehicle": 0,
        "four_wheel": {"passages": 5, "sighted": 1.0, "per_passage": 1.0},
        "two_wheeler": {"passages": 2, "sighted": 1.0, "per_passage": 1.0},
    }
    assert list(report["routes"]) == ["all", "four_wheel", "two_wheeler"]
    for group, vehicles in (("all", 3), ("four_wheel", 2), ("two_wheeler", 1)):
        found = report["routes"][group]
        assert (found["vehicles"], found["passages"]) == (vehicles, vehicles)
        assert found["completeness"] == 1
        assert found["purity"] == 1
        assert found["exact"] == 1
        assert found["never_sighted"] == 0
        assert found["missing"] == {"not sighted": 0, "sighted but not in the route": 0}
    assert lines == ["K01: 30 frames", "K02: 30 frames", "asking for routes"]


def test_a_detector_that_sees_all(
    drawn_city: Path, settings: Settings, detector: ColourDetector
) -> None:
    pytest.importorskip("trackeval")
    report = evaluate_city(CityRun(drawn_city, settings))
    assert not report["true_boxes"]
    # The e-bike is called a car and keeps its track all the same.
    for group in ("all", "four_wheel", "two_wheeler"):
        found = report["tracking"][group]["combined"]
        assert found["IDF1"] == pytest.approx(1)
        assert found["HOTA"] > 0.8
        assert found["id_switches"] == 0
    assert report["tracking"]["all"]["combined"]["boxes"] == 70
    assert report["sightings"]["two_wheeler"]["sighted"] == 1
    assert report["routes"]["all"]["completeness"] == 1


def test_what_the_detector_misses_is_said_to_be_its_loss(
    drawn_city: Path, settings: Settings, detector: ColourDetector
) -> None:
    pytest.importorskip("trackeval")
    detector.blind_to_green = True
    report = evaluate_city(CityRun(drawn_city, settings))
    assert report["tracking"]["two_wheeler"]["combined"]["IDF1"] == 0
    assert report["sightings"]["two_wheeler"] == {
        "passages": 2,
        "sighted": 0.0,
        "per_passage": None,
    }
    lost = report["routes"]["two_wheeler"]
    assert (lost["vehicles"], lost["never_sighted"], lost["passages"]) == (1, 1, 1)
    assert (lost["completeness"], lost["purity"], lost["exact"]) == (0, None, 0)
    assert lost["missing"] == {"not sighted": 1, "sighted but not in the route": 0}
    assert report["routes"]["four_wheel"]["completeness"] == 1
    assert report["routes"]["all"]["completeness"] == pytest.approx(2 / 3)


@pytest.mark.parametrize("declared_s", [30, 0])
def test_a_clock_that_is_wrong_does_not_spoil_the_judgement(
    drawn_city: Path, settings: Settings, tmp_path: Path, declared_s: int
) -> None:
    folder = shutil.copytree(drawn_city, tmp_path / "clips")
    truth = folder / "K01.truth.jsonl"
    text = truth.read_text().replace('"clock_offset_s":0.0', '"clock_offset_s":30.0')
    truth.write_text(text)
    (folder / "site.yaml").write_text(SITE % declared_s, encoding="utf-8")
    report = evaluate_city(CityRun(folder, settings, true_boxes=True))
    assert report["sightings"]["four_wheel"]["sighted"] == 1
    # Declared, it is mended; else the vehicles seem to come to K01 half a minute later.
    assert report["routes"]["all"]["exact"] == 1


def test_without_a_site_time_alone_orders(
    drawn_city: Path, settings: Settings, tmp_path: Path
) -> None:
    folder = shutil.copytree(drawn_city, tmp_path / "clips")
    (folder / "site.yaml").unlink()
    report = evaluate_city(CityRun(folder, settings, true_boxes=True))
    assert report["sightings"]["sightings"] == 7
    assert report["routes"]["all"]["vehicles"] == 3


def test_the_choice_of_vehicles_is_the_same_every_time(drawn_city: Path) -> None:
    truth = read_city(drawn_city)
    all_of_them = [drive.identity for drive in chosen_drives(truth, 10)]
    assert sorted(all_of_them) == ["blue", "green", "red"]
    assert all_of_them[-1] == "green"
    first = [drive.identity for drive in chosen_drives(truth, 1)]
    assert first == [all_of_them[0], "green"]


def test_sums() -> None:
    verdicts = [
        Verdict("a", "four_wheel", "s1", 3, 3, 0, 3, 3),
        Verdict("b", "four_wheel", "s2", 2, 1, 1, 4, 1),
        Verdict("c", "four_wheel", "s3", 1, 0, 0, 0, 0),
        Verdict("d", "four_wheel", None, 2, 0, 2, 0, 0),
        Verdict("e", "four_wheel", "s4", 1, 1, 0, 2, 1),
    ]
    assert route_figures(verdicts) == {
        "vehicles": 5,
        "never_sighted": 1,
        "passages": 9,
        "completeness": 5 / 9,
        "legs": 9,
        "purity": 5 / 9,
        "exact": 1 / 5,
        "missing": {"not sighted": 3, "sighted but not in the route": 1},
    }


def test_bad_folders(drawn_city: Path, settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no truth"):
        evaluate_city(CityRun(tmp_path / "nowhere", settings, true_boxes=True))
    folder = shutil.copytree(drawn_city, tmp_path / "clips")
    (folder / "site.yaml").write_text((SITE % 0).replace("K02", "K03"), encoding="utf-8")
    with pytest.raises(UsageError, match="K02"):
        evaluate_city(CityRun(folder, settings, true_boxes=True))
    (folder / "site.yaml").write_text("site: 3", encoding="utf-8")
    with pytest.raises(SettingsError):
        evaluate_city(CityRun(folder, settings, true_boxes=True))
    (folder / "site.yaml").unlink()
    clip = (folder / "K02.mp4").read_bytes()
    (folder / "K02.mp4").write_bytes(clip[: len(clip) // 2])
    with pytest.raises(SourceError):
        evaluate_city(CityRun(folder, settings, true_boxes=True))


def test_the_verbs(
    yanji: Callable[..., Any],
    drawn_city: Path,
    detector: ColourDetector,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("trackeval")
    monkeypatch.setenv("YANJI_EMBEDDER", "histogram")
    answer = yanji("eval", "detect", "--testcity", drawn_city, "--json")
    assert answer.status == 0
    assert answer.json["note"] == NOTE
    assert answer.json["groups"]["four_wheel"] == {
        "recall": 1.0,
        "n": 50,
        "seen_as": {"car": 50},
    }
    assert answer.json["false_boxes"] == 0
    shown = yanji("eval", "detect", "--testcity", drawn_city, "--size", "960", "--fps", "1")
    assert NOTE in shown.out
    assert "two_wheeler by view" in shown.out
    answer = yanji("eval", "track", "--testcity", drawn_city, "--json")
    assert answer.json["tracking"]["all"]["K01"]["IDF1"] == 1
    assert json.loads(answer.out)["note"] == NOTE
    shown = yanji("eval", "track", "--testcity", drawn_city, "--truth-boxes", "--max-queries", 1)
    assert shown.status == 0
    assert f"{NOTE}: true boxes" in shown.out
    assert "never sighted" in shown.out


def test_attributes_are_judged_by_truth(
    yanji: Callable[..., Any], drawn_city: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(drawn_city, tmp_path / "coloured")
    old = yanji("eval", "attributes", "--testcity", folder, "--truth-boxes")
    assert old.status == 2
    assert "does not tell the colours" in old.sentence
    truth = read_city(folder)
    coloured = {name: replace(one, colours=(name,)) for name, one in truth.drives.items()}
    write_city(folder, replace(truth, drives=coloured))
    figures = yanji("eval", "attributes", "--testcity", folder, "--truth-boxes", "--json").json
    assert figures["note"] == NOTE
    assert figures["num_sightings"] == 7
    assert figures["colour"]["all"]["n"] == 7
    assert set(figures["colour"]["lights"]) == {"day"}
    assert set(figures["colour"]["groups"]) == {"four_wheel", "two_wheeler"}
    told = {name: max(row, key=row.get) for name, row in figures["colour"]["confusion"].items()}
    # Its red is that of a screen, between what paints call red and orange.
    assert told["blue"] == "blue"
    assert told["white"] == "white"
    # They cross from left to right, seen from their left: east, for a camera that looks north.
    assert figures["direction"]["told"] == 1
    assert figures["direction"]["views_right"] == 1
    shown = yanji("eval", "attributes", "--testcity", folder, "--truth-boxes", "--fps", "5")
    assert "true colour" in shown.out
    in_vain = yanji("eval", "attributes", "--testcity", folder, "--truth-boxes", "--size", "960")
    assert in_vain.status == 2


def test_wrong_usage(yanji: Callable[..., Any], drawn_city: Path, tmp_path: Path) -> None:
    both = yanji("eval", "detect", "--testcity", drawn_city, "--images", tmp_path)
    assert both.status == 2
    assert "stands alone" in both.sentence
    for given in ((), ("--images", tmp_path), ("--images", tmp_path, "--names", tmp_path)):
        answer = yanji("eval", "detect", *given)
        assert answer.status == 2
        assert "belong together" in answer.sentence
    pictures = ("--images", tmp_path, "--labels", tmp_path, "--names", tmp_path)
    assert "--fps belongs" in yanji("eval", "detect", *pictures, "--fps", 5).sentence
    in_vain = yanji("eval", "track", "--testcity", drawn_city, "--truth-boxes", "--size", "960")
    assert "--size is the detector's" in in_vain.sentence
    assert yanji("eval", "track", "--testcity", drawn_city, "--fps", "nan").status == 2
    assert yanji("eval", "track").status == 2
    assert yanji("eval", "detect", "--testcity", drawn_city, "--size", "100").status == 2
    for verb in ("detect", "track"):
        answer = yanji("eval", verb, "--testcity", tmp_path / "nowhere", "--json")
        assert answer.status == 2
        assert answer.error["code"] == "usage"


def test_without_trackeval_it_is_said_before_anything_is_indexed(
    yanji: Callable[..., Any], drawn_city: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "trackeval.metrics", None)
    answer = yanji("eval", "track", "--testcity", drawn_city)
    assert answer.status == 1
    assert "trackeval" in answer.sentence
    assert "pip install 'yanji[eval]'" in answer.err
    assert "frames" not in answer.err
