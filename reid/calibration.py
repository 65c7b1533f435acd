"""From a cosine to how much it speaks for one and the same vehicle, and from there to odds.

    LR(s) = p(s | one vehicle) / p(s | two vehicles)     what the pictures say: the model's card
    odds  = LR(s) x prior odds                           the question adds how many were compared

The first belongs to the model, by the vehicles' group and by the two views compared; the second to
the question: among 10,000 sightings a likeness is worth less than among ten. The two are kept
apart as in forensic comparison (Good 1950, "Probability and the weighing of evidence"; Meuwly,
Ramos and Haraksim 2017, "A guideline for the validation of likelihood ratio methods used for
forensic evidence evaluation"). How the curves are fitted: `yanji.reid.calibration_fit`. Why this
way, and how true: docs/design/calibration.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from yanji.detect.card import Card, list_cards, load_card
from yanji.detect.card_calibration import ANY, ScoreCurve, pair_name
from yanji.detect.classes import GROUP_OF
from yanji.reid.sighting import Embedding

EXPECTED_SIGHTINGS: Final = 1.0
"""How many of the sightings looked at are expected to be the vehicle, before any is looked at: the
prior odds of each are this over their number. One is the least at which a search makes sense. Where
a vehicle passes several cameras it is too few and probabilities come out too low; where it is
mostly not there at all, too high (figures: docs/design/calibration.md).
"""
LEAST_SCORE: Final = -1.0 - 1e-3
MOST_SCORE: Final = 1.0 + 1e-3
"""Cosines of vectors stored in half precision leave -1..1 by rounding."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is known of one side of a comparison beside its vector."""

    vehicle_class: str | None = None
    """One of `yanji.detect.classes.CLASSES`; None: not known."""
    view: str | None = None
    """`front`, `rear` or `side`; None: not known, as in a snapshot."""

    @property
    def group(self) -> str | None:
        """Group of the class; None where the class is not known."""
        return GROUP_OF.get(self.vehicle_class or "")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one score says."""

    log_ratio: float
    """Natural logarithm of the likelihood ratio."""
    of_group: bool
    """True: against vehicles of the same group. False: against all vehicles, for want of a curve
    of the group, or of the query's class."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The curves of one model and its weights."""

    model_id: str
    weights_sha256: str
    curves: Mapping[str, Mapping[str, ScoreCurve]]
    """Group (or `any`) -> pair of views (or `any`) -> curve; `any`, `any` is always there."""

    def evidence(self, score: float, query: Look, found: Look) -> Evidence | None:
        """Say what a score is worth.

        The curve is that of the group and the pair of views; without one, or with a view not
        known, that of the group whatever the views; without one, or with the query's class not
        known, that of all vehicles.

        Args:
            score: cosine of two vectors of this model.
            query: what is known of the one side.
            found: of the other.

        Returns:
            None where the two are of different groups: no pair of one vehicle taken for two
            groups was there to be measured on.

        Raises:
            ValueError: the score is no cosine.
        """
        if not LEAST_SCORE <= score <= MOST_SCORE:  # NaN too
            raise ValueError(f"{score} is no cosine")
        group = query.group
        if group is not None and found.group is not None and group != found.group:
            return None
        of_group = group is not None and found.group is not None and group in self.curves
        curves = self.curves[group if of_group and group is not None else ANY]
        curve = curves.get(pair_name(query.view, found.view), curves[ANY])
        return Evidence(log_ratio_of(curve, score), of_group)


def log_ratio_of(curve: ScoreCurve, score: float) -> float:
    """Natural logarithm of the likelihood ratio at a score; level beyond the curve's ends."""
    return float(np.interp(score, curve.scores, curve.log_ratios))


def probability_of(
    log_ratio: float, num_candidates: int, expected: float = EXPECTED_SIGHTINGS
) -> float:
    """Posterior probability, 0..1 (both excluded), that one candidate is the vehicle.

    odds = LR x expected / num_candidates, each candidate for itself: an archive holds a vehicle
    once for each camera that it passed, so that one candidate does not exclude another.

    Args:
        log_ratio: natural logarithm.
        num_candidates: how many were compared, of the kind that the ratio is against; at least 1.
        expected: how many of them are expected to be the vehicle, above 0.

    Raises:
        ValueError: a number out of range.
    """
    if num_candidates < 1 or not expected > 0 or not math.isfinite(log_ratio):
        raise ValueError(f"no odds from {log_ratio}, {num_candidates} candidates, {expected}")
    log_odds = log_ratio + math.log(expected) - math.log(num_candidates)
    # Both forms overflow for the other sign.
    if log_odds >= 0:
        return 1.0 / (1.0 + math.exp(-log_odds))
    return math.exp(log_odds) / (1.0 + math.exp(log_odds))


def calibration_of(card: Card) -> Calibration | None:
    """Return the calibration of a card; None where it carries none."""
    part = card.calibration
    if part is None:
        return None
    return Calibration(card.name, part.weights_sha256, part.curves)


def is_calibrated(model_id: str, folder: Path | None = None) -> bool:
    """Whether the model of a name has a card that carries a calibration.

    `folder`: of one's own models, as the setting `models` says.
    """
    return model_id in list_cards(folder) and load_card(model_id, folder).calibration is not None


def calibration_for(embedding: Embedding, folder: Path | None = None) -> Calibration | None:
    """Return the calibration that holds for a vector; None where there is none for its weights.

    Vectors of other weights under the same name (an archive not yet moved over) have none.
    `folder`: of one's own models, as the setting `models` says.
    """
    if embedding.model_id not in list_cards(folder):
        return None
    found = calibration_of(load_card(embedding.model_id, folder))
    if found is None or found.weights_sha256 != embedding.weights_sha256:
        return None
    return found
