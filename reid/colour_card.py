"""The card of the colours' weights, and the proof that they are these and still mean the same.

The features are code and the weights a file: a change of one without the other gives wrong names
without a word. So the card keeps what the true weights answer to a picture made by code.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import numpy as np
from pydantic import Field

from yanji.configs.errors import ModelError, UsageError
from yanji.detect.about import About, Part
from yanji.detect.card import card_text, list_models, read_about
from yanji.detect.golden import golden_picture
from yanji.reid.colour_features import colour_features

if TYPE_CHECKING:
    from yanji.reid.colour import ColourWeights

NAME: Final = "yanji-colour-1"
SEED: Final = 311
SIZE: Final = (96, 128)
TOLERANCE: Final = 0.02
"""Of a share (0..1): for another cv2, not for other features."""
GROUPS: Final = ("two_wheeler", "others")

_Share = Annotated[float, Field(ge=0, le=1)]


class ColourGolden(Part):
    """Answer of the true weights to the golden picture."""

    recipe: Literal["stripes-and-discs"] = "stripes-and-discs"
    """See `yanji.detect.golden.golden_picture`."""
    seed: int
    size: tuple[int, int]
    """(height, width)."""
    shares: dict[Literal["two_wheeler", "others"], tuple[_Share, ...]]
    """How likely each colour is, in the order of `yanji.reid.colours.COLOURS`."""
    tolerance: float = Field(gt=0, lt=1)
    """Largest difference of a share."""


class ColourCard(About):
    """The two linear models that name a vehicle's colour."""

    task: Literal["colour"]
    golden: ColourGolden


@cache
def load_colour_card(name: str = NAME) -> ColourCard:
    """Read the card of the registry.

    Raises:
        ModelError: no such card, or a damaged one.
    """
    if name not in list_models():
        raise ModelError(f"The card {name}.json is missing.", hint="Install yanji again.")
    return read_about(ColourCard, card_text(name), name)


def golden_shares(weights: dict[str, ColourWeights], seed: int, size: tuple[int, int]) -> Shares:
    """What weights answer to the golden picture: group -> shares of the colours, six digits."""
    picture = golden_picture(seed, *size)
    answers: Shares = {}
    for group in GROUPS:
        features_F = colour_features(picture, two_wheeled=group == "two_wheeler")
        shares_C = weights[group].shares(features_F[None])[0]
        answers[group] = tuple(round(float(share), 6) for share in shares_C)
    return answers


Shares = dict[str, tuple[float, ...]]


def prove_colours(card: ColourCard, weights: dict[str, ColourWeights]) -> float:
    """Hold weights against their card; returns the largest difference of a share.

    Raises:
        ModelError: it is above the card's tolerance.
    """
    answers = golden_shares(weights, card.golden.seed, card.golden.size)
    expected = {str(group): shares for group, shares in card.golden.shares.items()}
    if expected.keys() != answers.keys() or any(
        len(expected[group]) != len(shares) for group, shares in answers.items()
    ):
        away = float("inf")
    else:
        away = max(float(np.abs(np.subtract(answers[g], expected[g])).max()) for g in answers)
    if not away <= card.golden.tolerance:
        raise ModelError(
            f"Model {card.name!r} gives other answers than its golden ones (a share differs by "
            f"{away:.4g}, allowed {card.golden.tolerance:g}).",
            hint="Weights and features are not of one version: install yanji again.",
        )
    return away


def card_of(card: ColourCard, file: Path, weights: dict[str, ColourWeights]) -> ColourCard:
    """The card for newly trained weights: hash, size and golden answers are theirs.

    Raises:
        UsageError: the file is named otherwise than the card says.
    """
    from yanji.detect.card import sha256_of

    if file.name != card.source.file:
        raise UsageError(f"The card describes {card.source.file}, not {file.name}.")
    fields = card.model_dump() | {
        "sha256": sha256_of(file),
        "size_bytes": file.stat().st_size,
        "golden": {
            "seed": SEED,
            "size": SIZE,
            "shares": golden_shares(weights, SEED, SIZE),
            "tolerance": TOLERANCE,
        },
    }
    return ColourCard.model_validate(fields)
