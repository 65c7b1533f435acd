"""Makes the weights of the colours: `yanji.reid.colour` reads them.

    yanji testcity crops --out CROPS --identities 400 --views 8 --seed 1
    python -m yanji.reid.training.train_colour --crops CROPS --images DIR --labels FILE \\
        --out models/yanji-colour-1.npz --card models/yanji-colour-1.json

Multinomial logistic regression on `colour_features`, one for two-wheelers and one for all others.
Rendered crops know their paint; real ones (`--images`, `--labels`: JSON, file name -> names that
are right) count three times and help the others only; plain bodies (`plain_paints`) count half, so
that paints which the city lacks are not called anything. Where several names are right, each has
its share. The confidence is made true on every third identity, left out of a first fit: logits are
divided by the temperature with the best likelihood there. What is written is then fitted on all.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from yanji.configs.errors import UsageError, YanjiError
from yanji.detect.card import read_about
from yanji.ingest.testcity.crops import read_index
from yanji.ingest.testcity.vehicles.individuals import individual
from yanji.ingest.testcity.vehicles.paint_names import colour_names
from yanji.reid.colour import load_weights
from yanji.reid.colour_card import ColourCard, card_of
from yanji.reid.colour_features import colour_features
from yanji.reid.colours import COLOURS
from yanji.reid.training.plain_paints import plain_bodies

Array = npt.NDArray[np.float64]

MAX_OCCLUSION: Final = 0.35
REAL_WEIGHT: Final = 3.0
PLAIN_WEIGHT: Final = 0.5
PLAIN_EACH: Final = 12
DECAY: Final = 2e-3
"""Of the squares of the weights."""
STEPS: Final = 1500
RATE: Final = 0.03
TEMPERATURES: Final = tuple(np.arange(0.8, 4.01, 0.1))


@dataclass(frozen=True, slots=True)
class Examples:
    """Crops as numbers. C is the number of `COLOURS`."""

    features_NF: Array
    targets_NC: Array
    """Rows sum to one."""
    held_N: npt.NDArray[np.bool_]
    """Of every third identity."""
    weights_N: Array


@dataclass(frozen=True, slots=True)
class Fit:
    """A model, see `yanji.reid.colour.ColourWeights`."""

    mean_F: Array
    scale_F: Array
    weights_FC: Array
    bias_C: Array

    def logits(self, features_NF: Array) -> Array:
        """(N, C)."""
        logits_NC: Array = (features_NF - self.mean_F) / self.scale_F @ self.weights_FC
        return logits_NC + self.bias_C


def rendered_examples(folder: Path, *, two_wheeled: bool) -> Examples:
    """Read the crops of one group from a folder that `yanji testcity crops` made.

    Raises:
        UsageError: no index, no such crops, or a picture is missing.
    """
    features, targets, held = [], [], []
    seed = 0
    for record in read_index(folder):
        seed = record["seed"] if record["record"] == "order" else seed
        if record["record"] != "crop" or record["occlusion"] > MAX_OCCLUSION:
            continue
        if (record["group"] == "two_wheeler") != two_wheeled:
            continue
        number = int(record["identity"].rpartition("_")[2])
        names = colour_names(record["kind"], individual(record["kind"], number, seed))
        features.append(_features(folder / record["path"], two_wheeled=two_wheeled))
        targets.append(_target(names))
        held.append(number % 3 == 0)
    if not features:
        raise UsageError(f"{folder.name} has no crops of this group.")
    targets_NC = np.array(targets)
    # A rare colour counts more than its share, but less than a frequent one.
    shares_C = targets_NC.mean(axis=0) + 1e-3
    weights_N = (targets_NC / np.sqrt(shares_C)).sum(axis=1)
    return Examples(np.array(features), targets_NC, np.array(held), weights_N)


def with_plain(examples: Examples, *, two_wheeled: bool) -> Examples:
    """Add plain bodies of many paints; none of them is held out."""
    drawn = list(plain_bodies(PLAIN_EACH))
    features = [colour_features(image, two_wheeled=two_wheeled) for image, _ in drawn]
    targets = [_target(names) for _, names in drawn]
    return _joined(examples, features, targets, PLAIN_WEIGHT)


def with_real(examples: Examples, images: Path, labels: Path) -> Examples:
    """Add real crops; none of them is held out.

    Raises:
        UsageError: the labels are no such file, name an unknown colour, or a picture is missing.
    """
    try:
        named: dict[str, list[str]] = json.loads(labels.read_text(encoding="utf-8"))
        targets = [_target(tuple(names)) for names in named.values()]
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise UsageError(f"The labels {labels.name} cannot be used: {error}.") from error
    features = [_features(images / name, two_wheeled=False) for name in named]
    return _joined(examples, features, targets, REAL_WEIGHT)


def fit(features_NF: Array, targets_NC: Array, weights_N: Array) -> Fit:
    """Fit by Adam over all examples at once; the same answer every time."""
    mean_F, scale_F = features_NF.mean(axis=0), features_NF.std(axis=0) + 0.02
    inputs = np.c_[(features_NF - mean_F) / scale_F, np.ones(len(features_NF))]
    share_N = weights_N / weights_N.sum()
    weights = np.zeros((inputs.shape[1], targets_NC.shape[1]))
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    decays = np.full((len(weights), 1), DECAY)
    decays[-1] = 0.0
    for step in range(1, STEPS + 1):
        away_NC = _softmax(inputs @ weights) - targets_NC
        slope = inputs.T @ (away_NC * share_N[:, None]) + decays * weights
        first = 0.9 * first + 0.1 * slope
        second = 0.999 * second + 0.001 * slope**2
        weights -= RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return Fit(mean_F, scale_F, weights[:-1], weights[-1])


def temperature_of(model: Fit, features_NF: Array, targets_NC: Array) -> float:
    """Find what the logits must be divided by so that the shares are as likely as they say."""
    logits_NC = model.logits(features_NF)

    def loss(temperature: float) -> float:
        shares_NC = _softmax(logits_NC / temperature)
        # Any of the right names is right.
        right_N = (shares_NC * (targets_NC > 0)).sum(axis=1)
        return float(-np.log(np.maximum(right_N, 1e-9)).mean())

    return float(min(TEMPERATURES, key=loss))


def train_group(examples: Examples, say: str) -> tuple[Fit, dict[str, Any]]:
    """Fit one group; returns the model with its temperature in it, and its figures."""
    seen_N, held_N = ~examples.held_N, examples.held_N
    parts = examples.features_NF, examples.targets_NC, examples.weights_N
    trial = fit(*(part[seen_N] for part in parts))
    held_NF, held_NC = parts[0][held_N], parts[1][held_N]
    temperature = temperature_of(trial, held_NF, held_NC)
    shares_NC = _softmax(trial.logits(held_NF) / temperature)
    best_N, top_N = shares_NC.argmax(axis=1), shares_NC.max(axis=1)
    right_N = held_NC[np.arange(len(held_NC)), best_N] > 0
    told_N = top_N >= 0.5
    figures = {
        "group": say,
        "num_examples": len(parts[0]),
        "num_held_out": len(held_NF),
        "temperature": round(temperature, 2),
        "held_out_right": round(float(right_N.mean()), 3),
        "told_share": round(float(told_N.mean()), 3),
        "told_right": round(float(right_N[told_N].mean()), 3) if told_N.any() else None,
        "told_mean_score": round(float(top_N[told_N].mean()), 3) if told_N.any() else None,
    }
    whole = fit(*parts)
    scaled = Fit(
        whole.mean_F, whole.scale_F, whole.weights_FC / temperature, whole.bias_C / temperature
    )
    return scaled, figures


def train(crops: Path, images: Path | None, labels: Path | None, out: Path) -> list[dict[str, Any]]:
    """Train both groups and write the weights whole or not at all; returns their figures.

    Raises:
        UsageError: see `rendered_examples`, `with_real`; or `out` cannot be written.
    """
    arrays: dict[str, npt.NDArray[Any]] = {"colours": np.array(COLOURS)}
    figures = []
    for name, two_wheeled in (("two_wheeler", True), ("others", False)):
        examples = rendered_examples(crops, two_wheeled=two_wheeled)
        if not two_wheeled and images is not None and labels is not None:
            examples = with_real(examples, images, labels)
        examples = with_plain(examples, two_wheeled=two_wheeled)
        model, figure = train_group(examples, name)
        figures.append(figure)
        for part in ("mean_F", "scale_F", "weights_FC", "bias_C"):
            key = f"{name}_{part.rpartition('_')[0]}"
            arrays[key] = getattr(model, part).astype(np.float32)
    unfinished = out.with_name(out.name + ".tmp.npz")
    try:
        np.savez(unfinished, **arrays)  # type: ignore[arg-type]
        unfinished.replace(out)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise UsageError(f"{out.name} cannot be written: {error.strerror}.") from error
    return figures


def refresh_card(card_file: Path, weights_file: Path) -> None:
    """Write hash, size and golden answers of new weights into their card.

    Raises:
        UsageError: the card cannot be read or written, or describes a file of another name.
        ModelError: it is no card of colours, or the weights cannot be used.
    """
    try:
        card = read_about(ColourCard, card_file.read_text(encoding="utf-8"), card_file.stem)
        fresh = card_of(card, weights_file, load_weights(weights_file))
        text = (
            json.dumps(
                fresh.model_dump(mode="json", exclude_none=True), indent=2, ensure_ascii=False
            )
            + "\n"
        )
        unfinished = card_file.with_name(card_file.name + ".tmp")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(card_file)
    except OSError as error:
        raise UsageError(f"The card {card_file.name}: {error.strerror}.") from error


def main(arguments: list[str] | None = None) -> int:
    """Train, write, print the figures as JSON."""
    parser = argparse.ArgumentParser(description="Train the weights of the colours.")
    parser.add_argument("--crops", type=Path, required=True, metavar="DIR")
    parser.add_argument("--images", type=Path, metavar="DIR")
    parser.add_argument("--labels", type=Path, metavar="FILE")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.npz")
    parser.add_argument("--card", type=Path, metavar="FILE.json", help="bring its hash up to date")
    given = parser.parse_args(arguments)
    if (given.images is None) != (given.labels is None):
        parser.error("--images and --labels belong together")
    try:
        figures = train(given.crops, given.images, given.labels, given.out)
        if given.card is not None:
            refresh_card(given.card, given.out)
    except YanjiError as error:
        print(f"{error.message} {error.hint}".rstrip(), file=sys.stderr)
        return error.exit_code
    print(json.dumps(figures, indent=1))
    return 0


def _joined(
    examples: Examples, features: Sequence[Any], targets: Sequence[Array], weight: float
) -> Examples:
    num = len(features)
    return Examples(
        np.concatenate([examples.features_NF, np.array(features, np.float64)]),
        np.concatenate([examples.targets_NC, np.array(targets)]),
        np.concatenate([examples.held_N, np.zeros(num, bool)]),
        np.concatenate([examples.weights_N, np.full(num, weight)]),
    )


def _softmax(logits_NC: Array) -> Array:
    powers_NC = np.exp(logits_NC - logits_NC.max(axis=1, keepdims=True))
    shares_NC: Array = powers_NC / powers_NC.sum(axis=1, keepdims=True)
    return shares_NC


def _target(names: tuple[str, ...]) -> Array:
    target_C = np.zeros(len(COLOURS))
    for name in names:
        if name not in COLOURS:
            raise ValueError(f"{name!r} is no colour")
        target_C[COLOURS.index(name)] = 1 / len(names)
    if not names:
        raise ValueError("a crop without a colour")
    return target_C


def _features(path: Path, *, two_wheeled: bool) -> Array:
    image = cv2.imread(str(path))
    if image is None:
        raise UsageError(f"The picture {path.name} is missing or damaged.")
    return colour_features(np.asarray(image, np.uint8), two_wheeled=two_wheeled).astype(np.float64)


if __name__ == "__main__":
    sys.exit(main())
