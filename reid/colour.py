"""The main colour of a vehicle, voted over its crops: a small linear model on counted colours.

The weights (`models/yanji-colour-1.npz`) come from `yanji.reid.training.train_colour`; what they
were trained on and how well they do is in `models/yanji-colour-1.md` and docs/design/reid.md.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from yanji.configs.errors import ModelError
from yanji.detect.card import verify_weights
from yanji.detect.classes import GROUP_OF
from yanji.ingest.frame import BgrImage
from yanji.reid.colour_card import load_colour_card, prove_colours
from yanji.reid.colour_features import NUM_FEATURES, FloatArray, colour_features
from yanji.reid.colours import COLOURS

MIN_SCORE: Final = 0.5
"""A colour that is less likely than this is not told: it would be wrong every second time."""
LEAST_WEIGHT: Final = 0.05
"""Of a crop in the vote, whatever its quality."""


@dataclass(frozen=True, slots=True)
class NamedColour:
    """A colour as it is stored."""

    colour: str
    """One of `COLOURS`."""
    score: float
    """`MIN_SCORE`..1: how often such an answer is right on rendered vehicles not trained on."""


@dataclass(frozen=True, slots=True)
class ColourWeights:
    """The model of one group of vehicles. F is `NUM_FEATURES`, C the number of `COLOURS`."""

    mean_F: FloatArray
    scale_F: FloatArray
    weights_FC: FloatArray
    bias_C: FloatArray

    def shares(self, features_NF: FloatArray) -> FloatArray:
        """(N, C) how likely each colour is; rows sum to one."""
        logits_NC = (features_NF - self.mean_F) / self.scale_F @ self.weights_FC + self.bias_C
        logits_NC -= logits_NC.max(axis=1, keepdims=True)
        powers_NC = np.exp(logits_NC)
        shares_NC: FloatArray = powers_NC / powers_NC.sum(axis=1, keepdims=True)
        return shares_NC


def name_colour(crops: Sequence[tuple[BgrImage, float]], vehicle_class: str) -> NamedColour | None:
    """Name the main colour; of a two-wheeler that of the machine, not of its rider's clothes.

    Args:
        crops: pictures ((h, w, 3) uint8 BGR, not empty) with their quality, 0..1; any number.
        vehicle_class: one of `yanji.detect.classes.CLASSES`.

    Returns:
        None without crops, and where no colour reaches `MIN_SCORE`.

    Raises:
        ModelError: the weights are missing or not these.
    """
    if not crops:
        return None
    shares_C = colour_shares(crops, vehicle_class)
    best = int(shares_C.argmax())
    score = float(shares_C[best])
    return NamedColour(COLOURS[best], round(score, 4)) if score >= MIN_SCORE else None


def colour_shares(crops: Sequence[tuple[BgrImage, float]], vehicle_class: str) -> FloatArray:
    """(C,) how likely each colour is: the mean over at least one crop, by quality."""
    two_wheeled = GROUP_OF[vehicle_class] == "two_wheeler"
    features_NF = np.stack([colour_features(one, two_wheeled=two_wheeled) for one, _ in crops])
    weights_N = np.array([max(quality, LEAST_WEIGHT) for _, quality in crops], np.float32)
    shares_NC = load_weights()["two_wheeler" if two_wheeled else "others"].shares(features_NF)
    shares_C: FloatArray = weights_N @ shares_NC / weights_N.sum()
    return shares_C


@cache
def load_weights(path: Path | None = None) -> dict[str, ColourWeights]:
    """Read the model of each group: `two_wheeler` and `others`.

    Args:
        path: weights just trained, which no card describes; None: those of the registry, held
            against their card.

    Raises:
        ModelError: no such file, another format, other features or colours, or not numbers; of the
            registry's also: another sha256 or other answers than on the card.
    """
    if path is not None:
        return _read(path)
    card = load_colour_card()
    weights = _read(verify_weights(card))
    prove_colours(card, weights)
    return weights


def _read(path: Path) -> dict[str, ColourWeights]:
    try:
        # Opened here: numpy leaves a file that is no archive open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            if tuple(stored["colours"]) != COLOURS:
                raise ValueError("it knows other colours")
            groups = {name: _group(stored, name) for name in ("two_wheeler", "others")}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(
            f"The weights of the colours, {path.name}, cannot be used: {error}.",
            hint="Install yanji again, or make them: python -m yanji.reid.training.train_colour",
        ) from error
    return groups


def _group(stored: np.lib.npyio.NpzFile, name: str) -> ColourWeights:
    shapes = {
        "mean": (NUM_FEATURES,),
        "scale": (NUM_FEATURES,),
        "weights": (NUM_FEATURES, len(COLOURS)),
        "bias": (len(COLOURS),),
    }
    parts = {}
    for part, shape in shapes.items():
        values = stored[f"{name}_{part}"].astype(np.float32)
        if values.shape != shape or not np.isfinite(values).all():
            raise ValueError(f"{name}_{part} is not {shape} finite numbers")
        parts[part] = values
    return ColourWeights(parts["mean"], parts["scale"], parts["weights"], parts["bias"])
