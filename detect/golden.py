"""Golden vectors: a picture made by code, and the answer the true weights give to it.

A sha256 proves the file; golden vectors prove the whole way through a runtime, a precision and a
CPU. Of 300 models with one flipped bit 236 loaded and answered wrongly without a word
(onnxruntime 1.31), so "it loaded" proves nothing.
"""

from __future__ import annotations

import zipfile

import numpy as np
import numpy.typing as npt

from yanji.configs.errors import ModelError
from yanji.detect.card import Card, Golden, data_path
from yanji.ingest.frame import BgrImage

FloatArray = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]


def golden_picture(seed: int, height: int, width: int) -> BgrImage:
    """Draw the recipe `stripes-and-discs`: the same bytes on every machine.

    Integer arithmetic only (PCG64 integers, integer compares), so no library version or CPU changes
    a pixel: diagonal ramps, forty rectangles, forty discs, noise of ±8.

    Returns:
        (height, width, 3) uint8.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    rows_H1, columns_1W = np.arange(height)[:, None], np.arange(width)[None, :]
    picture = np.stack(
        [(rows_H1 * a + columns_1W * b) // 4 % 256 for a, b in ((1, 2), (3, 1), (2, 3))], axis=2
    ).astype(np.int64)
    for _ in range(40):
        x, y = int(random.integers(0, width)), int(random.integers(0, height))
        w, h = (int(edge) for edge in random.integers(8, 160, size=2))
        picture[y : y + h, x : x + w] = random.integers(0, 256, size=3)
        x, y = int(random.integers(0, width)), int(random.integers(0, height))
        radius = int(random.integers(4, 48))
        inside_HW = (rows_H1 - y) ** 2 + (columns_1W - x) ** 2 <= radius * radius
        picture[inside_HW] = random.integers(0, 256, size=3)
    picture += random.integers(-8, 9, size=picture.shape)
    return picture.clip(0, 255).astype(np.uint8)


def golden_batch(card: Card) -> BgrImage:
    """Return the golden picture of a card as a batch of one: (1, height, width, 3) uint8 BGR."""
    golden = _golden_of(card)
    return golden_picture(golden.seed, *golden.size)[None]


def _golden_of(card: Card) -> Golden:
    if card.golden is None:
        raise ModelError(
            f"The card of model {card.name!r} has no golden vectors.",
            hint="Without them nothing proves what it answers here: take a whole card.",
        )
    return card.golden


def golden_error(measure: str, values_K: FloatArray, reference_K: FloatArray) -> float:
    """Say how far an answer is from the reference; not a number counts as infinitely far.

    Args:
        measure: `yolo_rms`: root mean square over the values, where a probability counts by its
            log-odds (sensitive where a picture without objects gives 1e-6 everywhere) and a value
            whose reference is above 1 is a pixel, counted in units of 8 px.
            `relative_rms`: norm of the difference over norm of the reference.
        values_K: (K,) what the runtime answered.
        reference_K: (K,) what the true weights answer in fp32.
    """
    if values_K.shape != reference_K.shape or not np.isfinite(values_K).all():
        return float("inf")
    values: Float64Array = values_K.astype(np.float64)
    reference: Float64Array = reference_K.astype(np.float64)
    if measure == "yolo_rms":
        away_K = _log_odds(values) - _log_odds(reference)
        away_K = np.where(reference > 1, (values - reference) / 8, away_K)
        return float(np.sqrt(np.mean(away_K**2)))
    return float(np.linalg.norm(values - reference)) / max(float(np.linalg.norm(reference)), 1e-12)


def _log_odds(probabilities_K: Float64Array) -> Float64Array:
    # Runtimes approximate the sigmoid: 1e-7 may come as 0.
    clipped_K = np.minimum(np.maximum(probabilities_K, 1e-5), 1 - 1e-5)
    odds_K: Float64Array = np.log(clipped_K / (1 - clipped_K))
    return odds_K


def golden_answers(card: Card) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Load the stored answer: `indices_K` into the flattened output, `values_K`.

    Raises:
        ModelError: the card names none, or the file is missing, damaged or not of finite numbers.
    """
    path = data_path(card, _golden_of(card).file)
    try:
        # Opened here: numpy leaves a file that is no archive open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            indices_K = stored["indices_K"].astype(np.int64)
            values_K = stored["values_K"].astype(np.float32)
        if not indices_K.shape == values_K.shape == (indices_K.size,) or not indices_K.size:
            raise ValueError("not as many numbers as places")
        if indices_K.min() < 0 or not np.isfinite(values_K).all():
            raise ValueError("places below zero, or values that are no numbers")
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(
            f"The golden vectors of model {card.name!r}, {path.name}, cannot be used: {error}.",
            hint="The file is damaged, or was made from broken weights: install the model again.",
        ) from error
    return indices_K, values_K


def check_golden(card: Card, output: FloatArray, precision: str) -> float:
    """Compare what a runtime answered to the golden picture with the stored answer.

    Returns:
        The error, in the card's measure.

    Raises:
        ModelError: the error is above the card's tolerance for this precision, or the answer is
            not of finite numbers.
    """
    golden = _golden_of(card)
    indices_K, reference_K = golden_answers(card)
    flat = output.reshape(-1)
    if not np.isfinite(flat).all():
        raise ModelError(
            f"Model {card.name!r} answers in {precision} with what is no number (NaN or infinity).",
            hint="Its weights are broken, or too large for this precision: set the precision to "
            "f32; if that is refused too, install or train the model again.",
        )
    if indices_K.max() >= flat.size:
        error = float("inf")
    else:
        error = golden_error(golden.measure, flat[indices_K], reference_K)
    # No tolerance, no proof: such a precision is refused.
    tolerance = next((t for name, t in golden.tolerance.items() if name == precision), 0.0)
    if not error <= tolerance:
        raise ModelError(
            f"Model {card.name!r} gives other answers than its golden vectors "
            f"({golden.measure} {error:.4g}, allowed {tolerance:.4g} in {precision}).",
            hint="The weights are damaged or this CPU computes them wrongly; "
            "install them again, or set the precision to f32.",
        )
    return error
