from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from yanji.api import bench_embed as bench
from yanji.api.bench_embed import bench_embed, cut_crops
from yanji.configs.errors import PictureError, UsageError
from yanji.configs.settings import Settings, load_settings
from yanji.detect.golden import golden_picture
from yanji.ingest.testcity.demo_data import clips_folder
from yanji.reid.backends.onnx_embedder import OnnxEmbedder

CLIPS = (clips_folder() / "K03.mp4", clips_folder() / "K04.mp4")


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(bench, "available_runtimes", lambda: ["onnxruntime"])
    monkeypatch.setattr(bench, "PRECISIONS", ("f32", "bf16"))
    return load_settings(flags={"runtime": "onnxruntime", "precision": "f32"})


@pytest.fixture
def crops(tmp_path: Path) -> Path:
    folder = tmp_path / "车辆"
    folder.mkdir()
    for number in range(9):
        cv2.imencode(".png", golden_picture(number, 60 + number, 80))[1].tofile(
            folder / f"{number}.png"
        )
    return folder


def test_every_arm_has_its_cost_and_its_cosine(settings: Settings, crops: Path) -> None:
    figures: dict[str, Any] = bench_embed([], settings, images=crops, rounds=2, num_crops=64)
    (arm,) = figures["arms"]
    assert (arm["runtime"], arm["precision"]) == ("onnxruntime", "f32")
    assert arm["cosine"] == {"mean": 1, "min": 1}
    assert arm["within_tolerance"] is True
    for how in ("alone", "eights"):
        lowest, highest = arm[f"{how}_ms_range"]
        assert 0 < lowest <= arm[f"{how}_ms"] <= highest
    assert list(figures["not_here"]) == ["onnxruntime bf16"]
    assert figures["facts"]["crops"] == 8, "whole eights"


def test_openvino_is_compared_with_onnxruntime(
    settings: Settings, crops: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openvino")
    monkeypatch.setattr(bench, "available_runtimes", lambda: ["openvino", "onnxruntime"])
    monkeypatch.setattr(bench, "PRECISIONS", ("f32",))
    figures: dict[str, Any] = bench_embed([], settings, images=crops, rounds=1)
    assert [arm["runtime"] for arm in figures["arms"]] == ["onnxruntime", "openvino"]
    assert 0.9999 < figures["arms"][1]["cosine"]["min"] <= 1.00001


def test_vectors_that_are_off_are_not_within_tolerance(
    settings: Settings, crops: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Off(OnnxEmbedder):
        """Right, but for one crop of eight."""

        def embed(self, crops: Any) -> Any:
            vectors = super().embed(crops)
            if len(crops) == bench.BATCH:
                vectors[3] = np.roll(vectors[3], 1)
            return vectors

    given = iter([OnnxEmbedder, Off])
    monkeypatch.setattr(bench, "available_runtimes", lambda: ["onnxruntime", "other"])
    monkeypatch.setattr(bench, "PRECISIONS", ("f32",))
    monkeypatch.setattr(
        bench, "OnnxEmbedder", lambda card, runtime, precision: next(given)(card, "onnxruntime")
    )
    figures: dict[str, Any] = bench_embed([], settings, images=crops, rounds=1)
    assert [arm["within_tolerance"] for arm in figures["arms"]] == [True, False]


def test_crops_are_what_the_pipeline_would_embed(settings: Settings) -> None:
    crops = cut_crops(CLIPS, settings, 4)
    assert len(crops) == 4
    assert all(min(crop.shape[:2]) >= 20 and crop.shape[0] < 540 for crop in crops)
    (first, *_) = cut_crops(CLIPS[:1], settings, 2)
    assert (first == crops[0]).all()


def test_too_few_or_damaged_crops_are_refused(
    settings: Settings, crops: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="missing"):
        bench_embed([], settings, images=tmp_path / "missing", rounds=1)
    with pytest.raises(UsageError, match="fewer than 8"):
        bench_embed([], settings, images=crops, rounds=1, num_crops=7)
    (crops / "0.png").write_text("no picture", encoding="utf-8")
    with pytest.raises(PictureError, match=r"0\.png"):
        bench_embed([], settings, images=crops, rounds=1)


def test_an_embedder_without_a_network_is_refused(crops: Path) -> None:
    settings = load_settings(flags={"embedder": "histogram"})
    with pytest.raises(UsageError, match="no network"):
        bench_embed([], settings, images=crops, rounds=1)
