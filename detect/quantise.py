"""Makes the int8 file of a detector from its fp32 weights: `python -m yanji.detect.quantise`.

Needs NNCF (`pip install "yanji[quantise]"`), which nothing else does. Prints the `quantised` part
for the model's card; `default` is for whoever has seen every tolerance of docs/design/detect.md
hold. The films must serve for no figure of accuracy.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

import yanji.detect.runtimes  # before NNCF, which would load what reports to others
from yanji.configs.errors import UsageError
from yanji.detect.card import Card, load_card, sha256_of, verify_weights
from yanji.detect.clip_pictures import spread_pictures
from yanji.detect.letterbox import fit_of, letterbox_into, new_buffer
from yanji.ingest.frame import BgrImage

assert yanji.detect.runtimes  # noqa: S101 - imported for what it does

PICTURES_PER_FILM: Final = 42
MAX_PICTURES: Final = 300
FLOAT_NODES: Final = (
    "/model.23/(Add|Sub|Mul|Div|Concat|Sigmoid|Softmax|Reshape|Slice|Split|Expand|Range|Unsqueeze).*",
    "/model.23/dfl/.*",
)
"""What turns YOLO11's answers into boxes and probabilities: a step of 1/255 of the picture's width
is 2.5 px, and of a probability .004 where thresholds are at 0.1."""
_HINT: Final = 'pip install "yanji[quantise]" (NNCF and onnx).'


def calibration_inputs(card: Card, films: Sequence[Path], per_film: int) -> Iterator[BgrImage]:
    """Give pictures of the films as the detector would get them: (1, height, width, 3) uint8 BGR.

    Raises:
        UsageError: a film that cannot be read.
    """
    for film in films:
        for picture in spread_pictures(film, per_film):
            fit = fit_of(picture.width, picture.height)
            buffer_1HW3 = new_buffer(fit, card.input.fill)
            letterbox_into(buffer_1HW3, picture, fit)
            yield buffer_1HW3


def quantise(card: Card, inputs: Sequence[BgrImage]) -> bytes:
    """Quantise weights and activations after training; box decoding stays in float.

    No bias correction: with it one person in fourteen, who is to be blurred, is lost
    (docs/design/detect.md).

    Args:
        card: a detector of the YOLO11 family.
        inputs: what it shall be calibrated on; see `calibration_inputs`.

    Returns:
        An ONNX file with QuantizeLinear and DequantizeLinear, sizes as free as in the fp32 file.

    Raises:
        UsageError: NNCF is not installed, no pictures, or the model is no detector.
        ModelError: the fp32 weights are missing or damaged.
    """
    if card.task != "detect":
        raise UsageError(f"Model {card.name!r} is no detector: int8 is made for detectors only.")
    if not inputs:
        raise UsageError("There are no pictures to calibrate on.")
    nncf, onnx = _module("nncf"), _module("onnx")
    nncf.set_log_level(logging.ERROR)
    prepare = _module("yanji.detect.runtimes.onnxruntime").prepare
    quantised = nncf.quantize(
        onnx.load(str(verify_weights(card))),
        nncf.Dataset(inputs, lambda buffer: {card.input.name: prepare(card, buffer)}),
        # SiLU is not symmetric.
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=min(len(inputs), MAX_PICTURES),
        ignored_scope=nncf.IgnoredScope(patterns=list(FLOAT_NODES)),
        advanced_parameters=nncf.AdvancedQuantizationParameters(disable_bias_correction=True),
    )
    make_activations_unsigned(quantised, onnx.numpy_helper)
    del quantised.graph.value_info[:]
    data: bytes = quantised.SerializeToString(deterministic=True)
    return data


def make_activations_unsigned(model: Any, numpy_helper: Any) -> int:
    """Shift the zero point of int8 activations by 128, in place: the same numbers as uint8.

    OpenVINO 2026.4 on a CPU without VNNI answers nonsense to int8 activations with a zero point
    (boxes 120 px away, without a word); as uint8 it computes them rightly.

    Args:
        model: an ONNX model with QuantizeLinear and DequantizeLinear.
        numpy_helper: of the package onnx.

    Returns:
        How many zero points were shifted.
    """
    stored = {entry.name: entry for entry in model.graph.initializer}
    zero_points = {
        node.input[2]
        for node in model.graph.node
        if node.op_type in ("QuantizeLinear", "DequantizeLinear")
        and len(node.input) > 2
        and node.input[0] not in stored  # not a weight
    }
    shifted = 0
    for name in sorted(zero_points):
        values = numpy_helper.to_array(stored[name])
        if values.dtype == np.int8:
            unsigned = (values.astype(np.int16) + 128).astype(np.uint8)
            stored[name].CopyFrom(numpy_helper.from_array(unsigned, name))
            shifted += 1
    return shifted


def card_part(card: Card, file: Path, films: Sequence[Path], num_pictures: int) -> dict[str, Any]:
    """Describe the file for the card; `default` is left to a person."""
    return {
        "file": file.name,
        "sha256": sha256_of(file),
        "size_bytes": file.stat().st_size,
        "made_from": card.sha256,
        "tool": f"nncf {importlib.metadata.version('nncf')}",
        "calibrated_on": sorted(film.stem for film in films),
        "num_pictures": num_pictures,
        "default": False,
    }


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UsageError(f"Quantising needs {name}: {error}.", hint=_HINT) from error


def main() -> None:
    """Read the arguments, write the file, print its part of the card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=Path, nargs="+", required=True)
    parser.add_argument("--pictures", type=int, default=PICTURES_PER_FILM, help="of each film")
    parser.add_argument("--model", default="yolo11n")
    parser.add_argument("--out", type=Path, required=True, help="the ONNX file to write")
    arguments = parser.parse_args()
    card = load_card(arguments.model)
    inputs = list(calibration_inputs(card, arguments.films, arguments.pictures))
    arguments.out.write_bytes(quantise(card, inputs))
    used = min(len(inputs), MAX_PICTURES)
    print(json.dumps(card_part(card, arguments.out, arguments.films, used), indent=2))


if __name__ == "__main__":
    main()
