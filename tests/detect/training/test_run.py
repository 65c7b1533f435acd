"""What is refused before anything is trained, what is left behind, and how a model is told of."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from yanji.api.cli.program import main
from yanji.configs.errors import ModelError, UsageError, YanjiError
from yanji.detect import runtime
from yanji.detect.about import main_figure_texts
from yanji.detect.card import Card, load_card, read_card, standing_in, verify_weights
from yanji.detect.golden import golden_answers
from yanji.detect.runtime import open_runtime
from yanji.detect.training import card_of_run, run
from yanji.detect.training.branch import Rows
from yanji.detect.training.labelled import LabelledPicture
from yanji.detect.training.thresholds import Chosen


def never(_: Path) -> list[LabelledPicture]:
    raise AssertionError("nothing may be read")


@pytest.fixture
def with_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "need_the_extra", lambda: None)


def without(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    find: Callable[..., Any] = importlib.util.find_spec

    def find_others(name: str, *rest: Any) -> Any:
        return None if name == package else find(name, *rest) if name == "yanji" else True

    monkeypatch.setattr(importlib.util, "find_spec", find_others)


@pytest.mark.parametrize("package", ["torch", "ultralytics", "onnx"])
def test_a_missing_extra_is_named_with_what_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    without(monkeypatch, package)
    with pytest.raises(UsageError, match=f"needs {package}") as caught:
        run.train_detector(run.Order("yard-1", tmp_path / "out", "x"), never, print)
    assert caught.value.hint == "pip install 'yanji[train-detect]'"
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("with_extra")
def test_names_that_cannot_be_taken(tmp_path: Path) -> None:
    (tmp_path / "yard-1.json").write_text("{}", encoding="utf-8")
    (tmp_path / "file").touch()
    for name, out, message in (
        ("yolo11n", tmp_path, "already"),
        ("yard-1", tmp_path, "already"),
        ("../yard", tmp_path, "no name"),
        ("Yard", tmp_path, "no name"),
        ("yard-2", tmp_path / "file", "not a folder"),
    ):
        with pytest.raises(UsageError, match=message):
            run.train_detector(run.Order(name, out, "x"), never, print)


@pytest.mark.usefixtures("with_extra")
def test_a_run_that_fails_leaves_nothing(tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="needs the extra train-detect")

    def read(frames: Path) -> list[LabelledPicture]:
        frames.mkdir(parents=True)
        (frames / "a.jpg").touch()
        raise UsageError("a label is wrong")

    for out in (tmp_path / "new", tmp_path / "old"):
        if out.name == "old":
            out.mkdir()
            (out / "other.json").touch()
        with pytest.raises(UsageError, match="a label is wrong"):
            run.train_detector(run.Order("yard-1", out, "x"), read, print)
    assert [path.name for path in sorted(tmp_path.rglob("*"))] == ["old", "other.json"]


def test_a_model_that_forgets_persons_is_refused() -> None:
    run.refuse_lost_persons({"num_start": 0, "num_trained": 0, "found": None})
    run.refuse_lost_persons({"num_start": 100, "num_trained": 100, "found": 0.95})
    with pytest.raises(YanjiError, match=r"finds 0\.940 of the 100 persons") as caught:
        run.refuse_lost_persons({"num_start": 100, "num_trained": 200, "found": 0.94})
    assert "--train classes" in caught.value.hint


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--images goes with"),
        (["--images", "x", "--labels", "y"], "--images goes with"),
        (["--images", "x", "--labels", "y", "--names", "z", "--coco", "c"], "--images goes with"),
        (["--coco", "c"], "--images goes with"),
        (["--images", "x", "--coco", "c", "--fps", "1"], "--fps belongs to --testcity"),
        (["--testcity", "x", "--images", "y"], "--testcity stands alone"),
        (["--testcity", "x", "--ignore", "car"], "--testcity stands alone"),
        (
            ["--images", "x", "--labels", "y", "--names", "z", "--camera-field", "k"],
            "--camera-field belongs to --coco",
        ),
        (["--images", "x", "--coco", "c", "--camera-of", "("], "not a regular expression"),
        (["--images", "x", "--coco", "c", "--precision", "nan"], "finite"),
        (["--images", "x", "--coco", "c", "--learning-rate", "nan"], "finite"),
    ],
)
def test_wrong_options(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    out = tmp_path / "out"
    assert main(["train", "detect", "--out", str(out), "--name", "yard-1", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not out.exists()


def told(part: str = "classes") -> card_of_run.Told:
    figures = {"num_objects": 30, "AP50": 0.5, "recall_at_0.25": None, "precision_at_0.25": 1.0}
    return card_of_run.Told(
        data={
            "source": "YOLO labels mine",
            "cameras": ["gate", "yard"],
            "cameras_held_out": ["ramp"],
            "num_train": 40,
            "num_held_out": 12,
        },
        licence="CC-BY-4.0",
        recipe={"part": part, "seed": 7},
        versions={"torch": "2"},
        thresholds={
            "four_wheel": Chosen(0.4, 0.81234567, 20, 30, True),
            "two_wheeler": Chosen(0.25, None, 0, 3, False),
        },
        precision=0.8,
        before={"any_vehicle": figures, "car": {**figures, "AP50": None}},
        after={"any_vehicle": figures, "car": figures, "ebike": figures},
        persons={"num_start": 5, "num_trained": 5, "found": 1.0},
        limits=("Rendered.",),
    )


ROWS = Rows((0, 67, 1), ("car", "ebike"), {2: "bicycle", 3: "car", 4: "ebike"}, {1: "car"})


def test_the_card_is_written_from_the_run(tmp_path: Path, card: Card) -> None:
    weights = tmp_path / "yard-1.onnx"
    weights.write_bytes(b"weights")
    document = card_of_run.card_document("yard-1", weights, card, ROWS, told())
    card_of_run.write_card(document, tmp_path / "yard-1")
    read = load_card("yard-1", tmp_path)
    assert verify_weights(read) == weights
    assert read.licence == card.licence
    assert [(item.purpose, item.licence) for item in read.data] == [
        ("start weights", card.licence),
        ("training", "CC-BY-4.0"),
        ("choices", "CC-BY-4.0"),
    ]
    assert "AP50 0.500 (any vehicle class; held-out cameras ramp; IoU 0.5)" in main_figure_texts(
        read
    )
    assert (read.person_class, read.num_classes) == (0, 5)
    assert read.class_map == {2: "bicycle", 3: "car", 4: "ebike"}
    figures: Any = read.figures
    assert figures["trained_from"] == {"model": "yolo11n", "sha256": card.sha256}
    assert figures["data"]["cameras_held_out"] == ["ramp"]
    assert figures["recipe"]["seed"] == 7
    assert figures["thresholds"]["groups"]["four_wheel"]["precision"] == 0.8123
    assert any("two_wheeler" in limit and "fewer than" in limit for limit in read.limits)
    assert any(limit.endswith("yolo11n: bicycle.") for limit in read.limits)
    page = (tmp_path / "yard-1.md").read_text(encoding="utf-8")
    assert "| car | 30 | - → 0.500 | - → - | 1.000 → 1.000 |" in page
    assert "AGPL" in page
    assert "to the bit" in page


def test_only_a_model_with_unmoved_boxes_says_so(tmp_path: Path, card: Card) -> None:
    weights = tmp_path / "yard-1.onnx"
    weights.write_bytes(b"weights")
    document = card_of_run.card_document("yard-1", weights, card, ROWS, told("all"))
    assert not any("Boxes are those" in limit for limit in document["limits"])
    assert "held to the start model" in card_of_run.page_text(document)


def test_golden_vectors_pass_in_the_runtime_and_notice_other_weights(
    tmp_path: Path, card: Card
) -> None:
    """The start model's own file as if it had been trained."""
    weights = tmp_path / "yard-1.onnx"
    weights.write_bytes(verify_weights(card).read_bytes())
    document = card_of_run.card_document("yard-1", weights, card, ROWS, None)
    document |= {"num_classes": 80, "class_map": {"2": "car"}}
    mine = standing_in(read_card(json.dumps(document), "yard-1"), tmp_path)
    card_of_run.write_golden(mine, weights, tmp_path / "yard-1-golden.npz")
    open_runtime(mine, "onnxruntime")
    indices_K, values_K = golden_answers(mine)
    assert len(indices_K) == len(set(indices_K.tolist()))
    np.savez(tmp_path / "yard-1-golden.npz", indices_K=indices_K, values_K=values_K * 0.9)
    runtime._proved.clear()
    with pytest.raises(ModelError, match="other answers than its golden vectors"):
        open_runtime(mine, "onnxruntime")
