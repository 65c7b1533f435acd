"""Fakes for this folder: frames without a camera, detections without a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from yanji.detect.card import Card, load_card
from yanji.detect.classes import CLASSES
from yanji.detect.detections import Detections
from yanji.ingest.array_picture import ArrayPicture
from yanji.ingest.frame import BgrImage, Frame, Run

Box = tuple[str, float, tuple[float, float, float, float]]


@pytest.fixture(scope="session")
def card() -> Card:
    return load_card("yolo11n")


@pytest.fixture
def run() -> Run:
    return Run(
        run_id="0" * 32,
        camera_id="K01",
        kind="file",
        source="x.mp4",
        started_ns=10**18,
        boot_id="b",
        content_sha256="0" * 64,
    )


@pytest.fixture
def noise() -> BgrImage:
    """640 x 480 of noise: every pixel differs from its neighbours."""
    return np.random.default_rng(5).integers(0, 256, (480, 640, 3), np.uint8)


@pytest.fixture
def frame_at(run: Run, noise: BgrImage) -> Callable[..., Frame]:
    def build(stream_s: float, image: BgrImage | None = None) -> Frame:
        return Frame(
            run=run,
            number=round(stream_s * 25),
            stream_s=stream_s,
            wall_ns=run.started_ns + round(stream_s * 1e9),
            picture=ArrayPicture(noise if image is None else image),
        )

    return build


@pytest.fixture
def seen() -> Callable[..., Detections]:
    def build(
        boxes: Sequence[Box], persons: Sequence[tuple[float, float, float, float]] = ()
    ) -> Detections:
        return Detections(
            boxes_N4=np.array([box for *_, box in boxes], np.float32).reshape(-1, 4),
            scores_N=np.array([score for _, score, _ in boxes], np.float32),
            classes_N=np.array([CLASSES.index(name) for name, *_ in boxes], np.int64),
            persons_M4=np.array(persons, np.float32).reshape(-1, 4),
        )

    return build


@pytest.fixture(scope="session")
def shared() -> Path:
    folder = Path(__file__).parents[2].parent / "shared"
    if not (folder / "gt" / "coco_val128").is_dir():
        pytest.skip("labelled pictures and clips: needs ../shared/gt and ../shared/footage")
    return folder
