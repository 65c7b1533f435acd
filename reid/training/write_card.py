"""Put trained weights into the registry: the file, its golden vectors and its card.

    python -m yanji.reid.training.write_card --weights FILE.onnx --name yanji-reid-1 \\
        --models models --images DIR --list val.txt

Figures on the card are those of `yanji eval reid` with onnxruntime in fp32, rounded to 4 digits.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime

from yanji.configs.errors import ModelError
from yanji.detect.about import Data
from yanji.detect.card import read_card, sha256_of, standing_in
from yanji.detect.golden import golden_picture
from yanji.reid.backends.onnx_embedder import OnnxEmbedder
from yanji.reid.embedder import Vectors
from yanji.reid.evaluate import Figures, evaluate_list
from yanji.reid.training.scaling import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    INPUT,
    MEAN_3,
    OUTPUT,
    STD_3,
)

GOLDEN_SEED: Final = 217
UPSTREAM: Final = (
    "https://github.com/openvinotoolkit/open_model_zoo/tree/master/models/"
    "intel/person-reidentification-retail-0248"
)
TOLERANCE: Final = {"f32": 0.005, "bf16": 0.08}
"""Relative difference allowed; measured between runtimes and precisions in docs/design/reid.md."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a card says to people."""

    summary: str
    limits: tuple[str, ...]
    data: tuple[Data, ...] = ()
    """What it was trained on; its licences."""
    upstream: str | None = UPSTREAM
    """Where the start weights come from."""


FIRST: Final = Words(
    "Looks of a vehicle as 256 numbers: a small first model, trained by yanji",
    (
        "Trained on rear views of one road by day from two cameras of like angle: figures on its "
        "val.txt are in-domain and say nothing about VeRi-776 or another city.",
        "Does not match a front view with a rear view of the same vehicle, nor day with infra-red.",
        "Vehicles of one make and colour are told apart only by load, stickers, damage or rider.",
        "A two-wheeler's vector includes the rider's clothes (head blurred): valid for one passage "
        "or one day, not for another day.",
        "Four-wheelers in its training data: 105 cars, 45 trucks, 4 buses; no vans, no tricycles.",
        "Crops below 32 px on the shorter side are unreliable.",
    ),
)
"""Of yanji-reid-1."""


def golden_answer(weights: Path, seed: int, height: int, width: int) -> Vectors:
    """What the weights answer to the golden picture in onnxruntime fp32, whole vector."""
    picture = golden_picture(seed, height, width)
    scaled = (picture[:, :, ::-1].astype(np.float32) - MEAN_3) / STD_3
    session: Any = onnxruntime.InferenceSession(
        weights.read_bytes(), providers=["CPUExecutionProvider"]
    )
    answer = session.run([OUTPUT], {INPUT: np.ascontiguousarray(scaled.transpose(2, 0, 1)[None])})
    vector_D: Vectors = answer[0].ravel().astype(np.float32)
    return vector_D


def card_text(
    name: str,
    weights: Path,
    figures: dict[str, Any],
    size: tuple[int, int],
    dimension: int,
    words: Words,
) -> str:
    """Return the card as JSON.

    Args:
        name: of the model.
        weights: the ONNX file.
        figures: protocol and data -> figures.
        size: (height, width) of the input.
        dimension: D, length of a vector.
        words: summary and limits.
    """
    card = {
        "name": name,
        "task": "embed",
        "version": "1",
        "summary": words.summary,
        "licence": "AGPL-3.0-or-later",
        "source": {
            "file": f"{name}.onnx",
            "upstream": words.upstream,
        },
        "sha256": sha256_of(weights),
        "size_bytes": weights.stat().st_size,
        "data": [part.model_dump() for part in words.data],
        "input": {
            "name": INPUT,
            "sizes": [list(size)],
            "colour": "RGB",
            "scale": 1.0,
            "mean": list(IMAGENET_MEAN),
            "std": list(IMAGENET_STD),
            "fit": "stretch",
        },
        "output_name": OUTPUT,
        "dimension": dimension,
        "golden": {
            "recipe": "stripes-and-discs",
            "seed": GOLDEN_SEED,
            "size": list(size),
            "file": f"{name}-golden.npz",
            "measure": "relative_rms",
            "tolerance": TOLERANCE,
        },
        "main_figures": [f"{of}/all/{key}" for of in figures for key in ("mAP", "R1")],
        "protocols": protocols_of(figures),
        "figures": figures,
        "limits": list(words.limits),
    }
    return json.dumps(card, indent=2, ensure_ascii=False) + "\n"


def protocols_of(figures: dict[str, Figures]) -> dict[str, str]:
    """Say of every entry of `yanji.reid.evaluate.evaluate_list` what its gallery is."""
    named = {"all": "other camera", "all_veri": "VeRi protocol"}
    entries = sorted({entry for found in figures.values() for entry in found} - set(named))
    parts = {entry: f"other camera, queries of {entry.replace('_', ' ')}" for entry in entries}
    return {**dict.fromkeys(figures, "crops not trained on"), **named, **parts} if figures else {}


def rounded(figures: Figures) -> Figures:
    """Four digits: more than 204 queries can tell."""
    return {
        entry: {key: round(value, 4) for key, value in values.items()}
        for entry, values in figures.items()
    }


def write_model(
    weights: Path, name: str, folder: Path, lists: Sequence[tuple[Path, Path]], words: Words
) -> Figures:
    """Put weights, golden vectors and card into a folder of models; the card comes last.

    Args:
        weights: a trained ONNX file; copied.
        name: of the model.
        folder: made where missing.
        lists: (folder of images, list) to take figures from; they must not have been trained on.
        words: what the card says to people.

    Returns:
        Figures by list and entry, flattened to `list/entry`.

    Raises:
        ModelError: the weights give no usable vector (NaN) or are no embedder.
    """
    session: Any = onnxruntime.InferenceSession(str(weights), providers=["CPUExecutionProvider"])
    size = tuple(session.get_inputs()[0].shape[2:])
    values_K = golden_answer(weights, GOLDEN_SEED, *size)
    if not np.isfinite(values_K).all():
        raise ModelError(
            f"The weights of {name} answer with numbers that are not finite.",
            hint="The training ran away: lower the learning rate and train again.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.onnx"
    if weights.resolve() != path.resolve():
        unfinished = path.with_suffix(".unfinished")
        shutil.copyfile(weights, unfinished)
        unfinished.replace(path)
    np.savez(folder / f"{name}-golden.npz", indices_K=np.arange(values_K.size), values_K=values_K)

    def text(figures: dict[str, Any]) -> str:
        return card_text(name, path, figures, size, values_K.size, words)

    card = standing_in(read_card(text({}), name), folder)
    embedder = OnnxEmbedder(card, "onnxruntime", "f32", path)
    figures = {
        list_file.name: rounded(evaluate_list(images, list_file, embedder))
        for images, list_file in lists
    }
    unfinished = folder / f"{name}.unfinished"
    unfinished.write_text(text(figures), encoding="utf-8")
    unfinished.replace(folder / f"{name}.json")
    return {f"{of}/{entry}": each for of, found in figures.items() for entry, each in found.items()}


def main() -> None:
    """Read the arguments; write weights, golden vectors and card of yanji-reid-1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--list", type=Path, required=True)
    arguments = parser.parse_args()
    lists = [(arguments.images, arguments.list)]
    write_model(arguments.weights, arguments.name, arguments.models, lists, FIRST)


if __name__ == "__main__":
    main()
