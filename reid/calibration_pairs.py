"""Which pairs of crops each curve of a calibration is fitted on, and the fit of all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np

from yanji.configs.errors import UsageError
from yanji.detect.card_calibration import ANY, PAIRS, ScoreCurve, pair_name
from yanji.detect.classes import GROUPS
from yanji.reid.calibration_fit import PairScores, better_form, fit_curve
from yanji.reid.shots import Shots

LEAST_VEHICLES: Final = 20
"""Vehicles with a pair of their own below which a curve is not fitted: the next wider one holds."""
_LEFT_OUT: Final = 85
"""Of 256: a third of the vehicles decides between the forms of a curve."""


def fit_curves(sources: Sequence[Shots]) -> dict[str, dict[str, ScoreCurve]]:
    """Fit a curve for each group and pair of views that enough vehicles show, and the wider ones.

    Args:
        sources: crops of each source, every source of the same weight. Two crops are a pair when
            they are of different cameras, and for a curve of a group when both are of it.

    Returns:
        Group (or `any`) -> pair of views (or `any`) -> curve.

    Raises:
        UsageError: fewer than `LEAST_VEHICLES` vehicles were seen by two cameras.
    """
    curves: dict[str, dict[str, ScoreCurve]] = {}
    for group in (ANY, *GROUPS):
        shots = [source if group == ANY else _of_group(source, group) for source in sources]
        for pair in PAIRS if group != ANY else (ANY,):
            if sum(_num_vehicles(part, pair) for part in shots) < LEAST_VEHICLES:
                continue
            curves.setdefault(group, {})[pair] = _fit(shots, pair)
        if group in curves and ANY not in curves[group]:
            del curves[group]
    if ANY not in curves:
        raise UsageError(
            f"Fewer than {LEAST_VEHICLES} vehicles were seen by two cameras: too few to calibrate.",
            hint="Draw more with `yanji testcity crops`, or list more crops.",
        )
    return curves


def pair_scores(shots: Shots, pair: str = ANY) -> PairScores:
    """Cosines of all pairs of different cameras that show this pair of views; each pair once."""
    paired_NN, same_NN = _paired(shots, pair), _same(shots)
    scores_NN = shots.vectors_ND @ shots.vectors_ND.T
    return PairScores(
        scores_NN[paired_NN & same_NN].astype(float), scores_NN[paired_NN & ~same_NN].astype(float)
    )


def _fit(shots: Sequence[Shots], pair: str) -> ScoreCurve:
    """Choose the form on vehicles left out, then fit it on all."""
    chosen = [_decides(part) for part in shots]
    kept = [
        pair_scores(part.taken(~mask_N), pair) for part, mask_N in zip(shots, chosen, strict=True)
    ]
    left_out = [
        pair_scores(part.taken(mask_N), pair) for part, mask_N in zip(shots, chosen, strict=True)
    ]
    whole = [pair_scores(part, pair) for part in shots]
    return fit_curve(whole, better_form(kept, left_out))


def _decides(shots: Shots) -> np.typing.NDArray[np.bool_]:
    digests = [hashlib.sha256(f"form {name}".encode()).digest()[0] for name in shots.vehicles_N]
    return np.array([digest < _LEFT_OUT for digest in digests], bool)


def _of_group(shots: Shots, group: str) -> Shots:
    return shots.taken(shots.groups_N == group)


def _paired(shots: Shots, pair: str) -> np.typing.NDArray[np.bool_]:
    """(N, N): above the diagonal, of different cameras, showing this pair of views."""
    paired_NN = shots.cameras_N[:, None] != shots.cameras_N[None, :]
    if pair != ANY:
        names = sorted(set(shots.views_N.tolist()))
        shows = {name: shots.views_N == name for name in names}
        shown_NN = np.zeros_like(paired_NN)
        for one in names:
            for other in names:
                if pair_name(one, other) == pair:
                    shown_NN |= shows[one][:, None] & shows[other][None, :]
        paired_NN &= shown_NN
    return np.triu(paired_NN, 1)


def _num_vehicles(shots: Shots, pair: str) -> int:
    """Vehicles that have at least one pair of their own."""
    if not len(shots):
        return 0
    rows, _ = np.nonzero(_paired(shots, pair) & _same(shots))
    return len(set(shots.vehicles_N[rows].tolist()))


def _same(shots: Shots) -> np.typing.NDArray[np.bool_]:
    # Numbers: comparing millions of texts is slow.
    numbers_N = np.unique(shots.vehicles_N, return_inverse=True)[1]
    same_NN: np.typing.NDArray[np.bool_] = numbers_N[:, None] == numbers_N[None, :]
    return same_NN
