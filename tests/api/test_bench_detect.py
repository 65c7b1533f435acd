from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import pytest

from yanji.api import bench_detect as bench
from yanji.api.bench_detect import Arm, Labels, bench_detect, take_pictures, within
from yanji.configs.errors import ModelError, SourceError, UsageError
from yanji.configs.settings import Settings, load_settings
from yanji.detect.agreement import Agreement
from yanji.detect.card import load_card
from yanji.detect.classes import CLASSES
from yanji.detect.yolo import Detector
from yanji.ingest.testcity.demo_data import clips_folder

CLIPS = (clips_folder() / "K03.mp4", clips_folder() / "K04.mp4")


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_settings()


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Labels:
    """Two pictures whose truth is what the detector itself is sure of."""
    folder = tmp_path_factory.mktemp("labelled")
    made = Labels(folder / "images", folder / "labels")
    made.images.mkdir()
    made.labels.mkdir()
    card = load_card("yolo11n")
    number_of = {name: number for number, name in card.class_map.items()}
    detector = Detector(card, "onnxruntime", "f32")
    for number, picture in enumerate(take_pictures(CLIPS, 2)):
        cv2.imwrite(str(made.images / f"{number}.png"), picture.bgr())
        found = detector.detect(picture)
        lines = []
        for (x1, y1, x2, y2), score, row in zip(
            found.boxes_N4, found.scores_N, found.classes_N, strict=True
        ):
            if score >= 0.3:
                wide, high = picture.width, picture.height
                place = ((x1 + x2) / 2 / wide, (y1 + y2) / 2 / high)
                size = ((x2 - x1) / wide, (y2 - y1) / high)
                name = number_of[CLASSES[row]]
                lines.append(" ".join(map(str, (name, *place, *size))))
        assert lines
        (made.labels / f"{number}.txt").write_text("\n".join(lines), encoding="utf-8")
    return made


def test_every_arm_has_its_cost_and_what_it_finds(
    settings: Settings, labels: Labels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "PRECISIONS", ("f32", "bf16"))
    monkeypatch.setattr(bench, "available_runtimes", lambda: ["onnxruntime"])
    figures: dict[str, Any] = bench_detect(
        CLIPS, settings, labelled=labels, rounds=1, num_pictures=2
    )
    assert [(arm["precision"], arm["size"]) for arm in figures["arms"]] == [
        ("f32", "384x640"),
        ("f32", "640x640"),
    ]
    assert list(figures["not_here"]) == ["onnxruntime bf16"]
    assert figures["facts"]["pictures"] == figures["facts"]["labelled"] == 2
    wide, square = figures["arms"]
    for arm in (wide, square):
        assert 0 < arm["ms"] == arm["ms_range"][0]
        assert arm["agreement"]["found"] == arm["agreement"]["not_invented"] == 1
        assert arm["agreement"]["num_boxes"] > 0
        assert arm["within_tolerance"] is True
    assert wide["accuracy"]["any_vehicle_recall_at_0.25"] == 1, "the truth is its own answer"
    assert wide["accuracy"]["any_vehicle_AP50"] > 0.9
    assert 0 < square["accuracy"]["mAP50_95"] <= square["accuracy"]["mAP50"] <= 1


def test_int8_stands_beside_f32_where_openvino_is(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openvino")
    monkeypatch.setattr(bench, "PRECISIONS", ("f32", "int8"))
    monkeypatch.setattr(bench, "SIZES", {"384x640": False})
    figures: dict[str, Any] = bench_detect(CLIPS, settings, rounds=1, num_pictures=2)
    arms = {(arm["runtime"], arm["precision"]): arm for arm in figures["arms"]}
    assert set(arms) == {("onnxruntime", "f32"), ("openvino", "f32"), ("openvino", "int8")}
    assert set(figures["not_here"]) == {"onnxruntime int8"}
    assert all(arm["accuracy"] is None for arm in arms.values()), "no labels were given"
    assert arms["openvino", "f32"]["agreement"]["found"] == 1
    assert arms["openvino", "int8"]["agreement"]["found"] > 0.7


def test_a_precision_that_is_not_what_was_asked_is_no_arm(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A back end that falls back in silence would be praised for another one's answers."""
    opened = Detector(load_card("yolo11n"), "onnxruntime", "f32")
    monkeypatch.setattr(bench, "PRECISIONS", ("f32", "int8"))
    monkeypatch.setattr(bench, "available_runtimes", lambda: ["onnxruntime"])
    monkeypatch.setattr(bench, "_detector", lambda card, arm, thresholds=None: opened)
    figures = bench_detect(CLIPS[:1], settings, rounds=1, num_pictures=1)
    assert figures["not_here"] == {"onnxruntime int8": "computes in f32"}


def test_without_the_reference_there_is_nothing_to_compare(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(card: object, arm: Arm, thresholds: object = None) -> Detector:
        raise ModelError("The weights are damaged.")

    monkeypatch.setattr(bench, "_detector", refuse)
    with pytest.raises(ModelError, match="damaged"):
        bench_detect(CLIPS[:1], settings, rounds=1, num_pictures=1)


def accuracy(ap: float | None, vehicle_ap: float | None, recall: float) -> dict[str, float | None]:
    return {
        "mAP50_95": ap,
        "any_vehicle_AP50_95": vehicle_ap,
        "any_vehicle_recall_at_0.25": recall,
    }


def agreed(found: int = 1000, not_invented: int = 1000, persons: int = 1000) -> Agreement:
    return Agreement(1000, found, 1000, not_invented, 1000, persons)


def test_tolerance_is_on_agreement_persons_and_truth() -> None:
    assert within(agreed(970, 970, 950), None, None)
    for short in (agreed(found=969), agreed(not_invented=969), agreed(persons=949)):
        assert not within(short, None, None)
    good = accuracy(0.45, 0.46, 0.63)
    assert within(agreed(), good, good)
    assert within(agreed(), accuracy(0.4401, 0.1, 0.6201), good), "the model's classes count"
    assert not within(agreed(), accuracy(0.439, 0.46, 0.63), good)
    assert not within(agreed(), accuracy(0.45, 0.46, 0.61), good)
    assert not within(agreed(found=960), good, good)
    other = accuracy(None, 0.46, 0.63)
    assert not within(agreed(), accuracy(None, 0.44, 0.63), other), "other labels: any vehicle"
    assert within(agreed(), accuracy(None, 0.451, 0.7), other)
    assert within(Agreement(), None, None), "nothing to find, nothing missed"


def test_pictures_come_from_every_clip_spread_over_it() -> None:
    one, two, three, four = (picture.bgr() for picture in take_pictures(CLIPS, 4))
    assert (one != two).any()
    first, *_ = take_pictures(CLIPS[:1], 2)
    assert (first.bgr() == one).all()
    third, fourth = take_pictures(CLIPS[1:], 2)
    assert (third.bgr() == three).all()
    assert (fourth.bgr() == four).all()
    assert len(take_pictures(CLIPS, 1)) == 1, "fewer pictures than clips"


@pytest.mark.parametrize("missing", ["images", "labels", "names"])
def test_labels_that_are_not_there_are_refused_before_anything_is_measured(
    settings: Settings, labels: Labels, tmp_path: Path, missing: str
) -> None:
    paths = {"images": labels.images, "labels": labels.labels, "names": tmp_path / "names"}
    (tmp_path / "names").write_text("car\n", encoding="utf-8")
    wrong = Labels(**{**paths, missing: tmp_path / "missing"})
    with pytest.raises(UsageError, match="missing"):
        bench_detect(CLIPS, settings, labelled=wrong, rounds=1, num_pictures=1)


def test_a_missing_clip_is_refused(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"gone\.mp4"):
        bench_detect([tmp_path / "gone.mp4"], settings, rounds=1, num_pictures=1)
