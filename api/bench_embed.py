"""`yanji bench embed`: the embedder by runtime and precision: its cost, and how near to fp32."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Final, cast

import cv2
import numpy as np

from yanji.api.bench_rounds import in_turn, median_and_range
from yanji.api.pipeline import CameraPipeline, open_detector
from yanji.api.worker import one_thread_each
from yanji.configs.errors import ModelError, PictureError, UsageError
from yanji.configs.settings import Settings
from yanji.detect.card import Card, list_cards, load_card
from yanji.detect.evaluate import pictures_of
from yanji.detect.runtime import PrecisionName, RuntimeName, available_runtimes
from yanji.ingest.frame import BgrImage
from yanji.ingest.recording import open_recording
from yanji.ingest.sample import Sampler
from yanji.reid.backends.onnx_embedder import BATCH, OnnxEmbedder
from yanji.reid.embedder import Embedder, Vectors

PRECISIONS: Final[tuple[str, ...]] = ("f32", "bf16", "int8")
REFERENCE: Final = ("onnxruntime", "f32")
ANALYSE_FPS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far vectors may be from those of fp32: no further than a crop's stored JPEG takes them
    (0.9946 at least and 0.9994 on average, docs/design/reid.md)."""

    mean_cosine: float = 0.999
    min_cosine: float = 0.99


TOLERANCE: Final = Tolerance()


def bench_embed(
    videos: Sequence[Path],
    settings: Settings,
    *,
    images: Path | None = None,
    rounds: int = 5,
    num_crops: int = 64,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, object]:
    """Measure every runtime and precision that this machine has.

    Args:
        videos: clips whose vehicles are embedded, as the pipeline cuts them.
        settings: the name of the embedder; for clips the detector too.
        images: a folder of crops instead.
        rounds: of all arms, in turn, after one that warms up.
        num_crops: at most; taken in whole eights.
        say: told how far it is.

    Returns:
        `arms`: for each its milliseconds for a crop alone and in eights, the cosine to the fp32
        vectors, and whether it is within `tolerance`; `not_here`: what this machine does not run.

    Raises:
        UsageError: the embedder is no network, or there are fewer than eight crops.
        SourceError, PictureError, ModelError: a file cannot be read, or a model not be opened.
    """
    one_thread_each()
    if settings.embedder not in list_cards(settings.models):
        raise UsageError(
            f"The embedder {settings.embedder!r} is no network: it has no runtimes to compare.",
            hint="Set the setting embedder to a model of `yanji models list`.",
        )
    crops = _read_crops(images, num_crops) if images else cut_crops(videos, settings, num_crops)
    crops = crops[: len(crops) // BATCH * BATCH]
    if not crops:
        raise UsageError(
            f"There are fewer than {BATCH} crops.", hint="Give more pictures, or longer clips."
        )
    opened, missing = _open_all(load_card(settings.embedder, settings.models))
    steps = {
        f"{name} {how}": partial(_embed, embedder, crops, each)
        for name, embedder in opened.items()
        for how, each in (("alone", 1), ("eights", BATCH))
    }
    spent_ms = in_turn(steps, rounds, say=say)
    vectors = {name: _embed(embedder, crops, BATCH) for name, embedder in opened.items()}
    reference = vectors[" ".join(REFERENCE)]
    rows = []
    for name in opened:
        alone, eights = (
            median_and_range([spent / len(crops) for spent in spent_ms[f"{name} {how}"]])
            for how in ("alone", "eights")
        )
        cosines_N = (vectors[name] * reference).sum(axis=1)
        mean, least = float(cosines_N.mean()), float(cosines_N.min())
        runtime, precision = name.split(" ")
        rows.append(
            {
                "runtime": runtime,
                "precision": precision,
                "alone_ms": alone[0],
                "alone_ms_range": alone[1],
                "eights_ms": eights[0],
                "eights_ms_range": eights[1],
                "cosine": {"mean": round(mean, 5), "min": round(least, 5)},
                "within_tolerance": mean >= TOLERANCE.mean_cosine and least >= TOLERANCE.min_cosine,
            }
        )
    return {
        "unit": "CPU ms per crop, one thread",
        "arms": rows,
        "not_here": missing,
        "tolerance": asdict(TOLERANCE),
        "facts": {
            "embedder": settings.embedder,
            "sources": [images.name] if images else [video.name for video in videos],
            "crops": len(crops),
            "rounds": rounds,
        },
    }


class _Collector:
    """Stands where the embedder stands, and keeps what it is asked."""

    model_id = "bench"
    weights_sha256 = "0" * 64
    dimension = 1

    def __init__(self) -> None:
        self.crops: list[BgrImage] = []

    def embed(self, crops: Sequence[BgrImage]) -> Vectors:
        self.crops.extend(crops)
        return np.ones((len(crops), 1), np.float32)


def cut_crops(videos: Sequence[Path], settings: Settings, num: int) -> list[BgrImage]:
    """Let the pipeline watch the clips and keep the crops that it would embed, heads blurred.

    As many from each clip, where it has so many.
    """
    detector = open_detector(settings)
    crops: list[BgrImage] = []
    for index, video in enumerate(videos):
        wanted = num * (index + 1) // len(videos)
        collector = _Collector()
        pipeline = CameraPipeline(detector, collector, ANALYSE_FPS)
        sampler = Sampler(ANALYSE_FPS)
        with open_recording(video, "bench", 0).connect() as connection:
            for frame in connection:
                if len(crops) + len(collector.crops) >= wanted:
                    break
                if sampler.take(frame.stream_s):
                    pipeline.step(frame)
        pipeline.finish()
        crops += collector.crops[: wanted - len(crops)]
    return crops


def _read_crops(folder: Path, num: int) -> list[BgrImage]:
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}.")
    crops = []
    for path in pictures_of(folder)[:num]:
        image = cv2.imread(str(path))
        if image is None:
            raise PictureError(f"{path.name} cannot be read as a picture.", hint="Take it out.")
        crops.append(np.asarray(image, np.uint8))
    return crops


def _open_all(card: Card) -> tuple[dict[str, OnnxEmbedder], dict[str, str]]:
    opened: dict[str, OnnxEmbedder] = {}
    missing: dict[str, str] = {}
    for runtime in sorted(available_runtimes(), key=lambda one: one != REFERENCE[0]):
        for precision in PRECISIONS:
            try:
                embedder = OnnxEmbedder(
                    card, cast(RuntimeName, runtime), cast(PrecisionName, precision)
                )
            except ModelError as error:
                if (runtime, precision) == REFERENCE:
                    raise
                missing[f"{runtime} {precision}"] = error.message
                continue
            if embedder.runtime.precision == precision:
                opened[f"{runtime} {precision}"] = embedder
            else:
                missing[f"{runtime} {precision}"] = f"computes in {embedder.runtime.precision}"
    return opened, missing


def _embed(embedder: Embedder, crops: Sequence[BgrImage], each: int) -> Vectors:
    return np.concatenate(
        [embedder.embed(crops[start : start + each]) for start in range(0, len(crops), each)]
    )
