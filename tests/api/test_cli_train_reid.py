"""`yanji train reid`: what is refused before anything is trained, and what is written."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from yanji.api.cli import main

HAS_TORCH = importlib.util.find_spec("torch") is not None


def crops(folder: Path, names: list[str]) -> tuple[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(4)
    for name in names:
        cv2.imwrite(str(folder / name), rng.integers(0, 255, (50, 40, 3), np.uint8))
    (folder / "list.txt").write_text("\n".join(names))
    return str(folder), str(folder / "list.txt")


PAIRS = ["car_1_cam1.jpg", "car_1_cam2.jpg", "car_2_cam1.jpg", "car_2_cam2.jpg"]


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["train", "reid", *words]) == 2
    return capsys.readouterr().err


def test_nothing_to_train_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "models"
    assert "--crops" in refused(capsys, "--out", str(out), "--name", "mine")
    assert not out.exists()


def test_a_folder_without_pairs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    real = crops(tmp_path / "a", ["car_1_cam1.jpg", "car_2_cam1.jpg"])
    out = tmp_path / "models"
    told = refused(capsys, "--out", str(out), "--name", "mine", "--real", *real)
    assert "no pair to learn from" in told
    assert not out.exists()


def test_crops_that_are_not_complete(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = refused(capsys, "--out", str(tmp_path / "m"), "--name", "mine", "--crops", str(tmp_path))
    assert "crops.jsonl" in told


def test_judging_by_what_is_trained_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    real = crops(tmp_path / "a", PAIRS)
    told = refused(
        capsys, "--out", str(tmp_path / "m"), "--name", "mine", "--real", *real, "--judge", *real
    )
    assert "judged by" in told


def test_start_weights_that_are_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real = crops(tmp_path / "a", PAIRS)
    start = str(tmp_path / "no.onnx")
    told = refused(
        capsys, "--out", str(tmp_path / "m"), "--name", "mine", "--real", *real, "--start", start
    )
    assert "do not exist" in told


@pytest.mark.parametrize("name", ["Mein Modell", "../x", "yanji-reid-1"])
def test_a_name_that_no_card_can_have(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    real = crops(tmp_path / "a", PAIRS)
    told = refused(capsys, "--out", str(tmp_path / "m"), "--name", name, "--real", *real)
    assert name in told


@pytest.mark.skipif(HAS_TORCH, reason="torch is installed here")
def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real = crops(tmp_path / "a", PAIRS)
    out = tmp_path / "models"
    told = refused(capsys, "--out", str(out), "--name", "mine", "--real", *real)
    assert "yanji[train]" in told
    assert not out.exists()


@pytest.mark.skipif(not HAS_TORCH, reason="needs the train extra")
def test_a_tiny_run_writes_a_model_that_its_card_describes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from yanji.reid.registry import open_embedder

    real, judge = crops(tmp_path / "real", PAIRS), crops(tmp_path / "other", PAIRS)
    out = tmp_path / "models"
    words = ["--out", str(out), "--name", "mine", "--real", *real, "--judge", *judge]
    assert main(["train", "reid", *words, "--steps", "2", "--head-steps", "2", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["figures"]["list.txt/all"]["num_queries"] == 4
    assert sorted(path.name for path in out.iterdir()) == [
        "mine-golden.npz", "mine.json", "mine.onnx",
    ]  # fmt: skip
    embedder = open_embedder("mine", folder=out)
    assert embedder.embed([cv2.imread(str(tmp_path / "real" / PAIRS[0]))]).shape == (1, 256)
