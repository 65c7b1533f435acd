"""Fit curves from cosine to log likelihood ratio on pairs of known vehicles.

Two forms compete for each curve, and pairs of vehicles left out decide:

- *isotonic*: the rising step function nearest to the labels (pool adjacent violators: Ayer et al.
  1955; for classifiers Zadrozny and Elkan 2002, "Transforming classifier scores into accurate
  multiclass probability estimates"), drawn as a line through the middles of its steps;
- *logistic*: log LR = a s + b (Platt 1999, "Probabilistic outputs for support vector machines"),
  level beyond the scores that were seen.

The isotonic fit gives pairs of one vehicle and of two the same total weight, so that log odds are
log likelihood ratios and no prior is left in them. The logistic fit and the cost that decides weigh
them as a search does, one against a hundred, and then take that prior out again: what matters is
how true the upper end is (Brümmer and du Preez 2006, "Application-independent evaluation of speaker
detection", on costs at an effective prior).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from yanji.detect.card_calibration import ScoreCurve

Floats = npt.NDArray[np.float64]
Form = Literal["isotonic", "logistic"]

MOST_LOG_RATIO: Final = 9.2
"""ln 10,000: what no more than thousands of independent pairs can show is not claimed."""
MOST_POINTS: Final = 24
PRIOR: Final = 0.01
"""Share of pairs of one vehicle at which forms are compared."""
_LOG_ODDS: Final = float(np.log(PRIOR / (1 - PRIOR)))
_MOST_BINS: Final = 600
_TAIL: Final = 60


@dataclass(frozen=True, slots=True)
class PairScores:
    """Cosines of pairs from one source."""

    same_S: Floats
    different_D: Floats

    @property
    def usable(self) -> bool:
        """Whether there are pairs of both kinds."""
        return len(self.same_S) > 0 and len(self.different_D) > 0


def better_form(kept: Sequence[PairScores], left_out: Sequence[PairScores]) -> Form:
    """Fit both forms on some vehicles and let others decide; isotonic where either has no pairs."""
    if not any(one.usable for one in kept) or not any(one.usable for one in left_out):
        return "isotonic"
    pool, others = _pooled(kept), _pooled(left_out)
    return (
        "logistic"
        if _cost(_logistic(pool), others) < _cost(_isotonic(pool), others)
        else "isotonic"
    )


def fit_curve(sources: Sequence[PairScores], form: Form = "isotonic") -> ScoreCurve:
    """Fit one curve; every source counts the same, however many pairs it has.

    Args:
        sources: pairs to fit on; those without pairs of both kinds are passed over.
        form: of the curve.

    Raises:
        ValueError: no source has pairs of both kinds, or a score is not finite.
    """
    pool = _pooled(sources)
    return _isotonic(pool) if form == "isotonic" else _logistic(pool)


@dataclass(frozen=True, slots=True)
class _Pool:
    """All pairs, sorted by score into bins; weights of each kind sum to 1."""

    scores_B: Floats
    same_B: Floats
    different_B: Floats
    num_same: int
    num_different: int


def _pooled(sources: Sequence[PairScores]) -> _Pool:
    usable = [source for source in sources if source.usable]
    if not usable:
        raise ValueError("no pairs of one vehicle, or none of two")
    same_S = np.concatenate([source.same_S for source in usable]).astype(np.float64)
    different_D = np.concatenate([source.different_D for source in usable]).astype(np.float64)
    if not (np.isfinite(same_S).all() and np.isfinite(different_D).all()):
        raise ValueError("a score is not finite")
    # Fine where pairs of one vehicle lie, and in the upper tail of the others.
    different_D.sort()
    even = np.linspace(0, 1, _MOST_BINS // 2)
    points = np.unique(
        np.concatenate(
            [
                np.quantile(same_S, even),
                _at(different_D, np.concatenate([even, 1 - np.logspace(-1, -5, _TAIL)])),
            ]
        )
    )
    edges = np.concatenate([[-np.inf], (points[1:] + points[:-1]) / 2, [np.inf]])
    weights = [np.zeros(len(points)), np.zeros(len(points))]
    for source in usable:
        for weight_B, scores_N in zip(weights, (source.same_S, source.different_D), strict=True):
            weight_B += np.histogram(scores_N, edges)[0] / (len(scores_N) * len(usable))
    return _Pool(points, weights[0], weights[1], len(same_S), len(different_D))


def _at(sorted_N: Floats, shares_K: Floats) -> Floats:
    """Quantiles of what is sorted already: millions are sorted once."""
    return sorted_N[np.round(shares_K * (len(sorted_N) - 1)).astype(np.int64)]


def _isotonic(pool: _Pool) -> ScoreCurve:
    both_B = pool.same_B + pool.different_B
    held = both_B > 0
    scores_B, same_B, both_B = pool.scores_B[held], pool.same_B[held], both_B[held]
    different_B = pool.different_B[held]
    points, ratios = [], []
    for block in _rising_blocks(same_B / both_B, both_B):
        points.append(float(np.average(scores_B[block], weights=both_B[block])))
        # Half a pair more on either side (Jeffreys): a step without pairs of one kind is no proof.
        same = (float(same_B[block].sum()) + 0.5 / pool.num_same) / (1 + 1 / pool.num_same)
        different = float(different_B[block].sum()) + 0.5 / pool.num_different
        different /= 1 + 1 / pool.num_different
        ratios.append(np.log(same / different))
    log_ratios = np.clip(np.maximum.accumulate(ratios), -MOST_LOG_RATIO, MOST_LOG_RATIO)
    return _curve("isotonic", np.array(points), log_ratios, pool)


def _rising_blocks(values_B: Floats, weights_B: Floats) -> list[slice]:
    """Pool adjacent violators: the blocks in which a rising function is level."""
    blocks: list[tuple[float, float, int]] = []  # mean, weight, bins
    for value, weight in zip(values_B.tolist(), weights_B.tolist(), strict=True):
        mean, total, count = value, weight, 1
        while blocks and blocks[-1][0] >= mean:
            before, heavy, bins = blocks.pop()
            mean = (before * heavy + mean * total) / (heavy + total)
            total, count = total + heavy, count + bins
        blocks.append((mean, total, count))
    ends = np.cumsum([count for _, _, count in blocks]).tolist()
    return [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]


def _logistic(pool: _Pool) -> ScoreCurve:
    """Newton's method with steps halved until they help (Lin, Lin and Weng 2007, "A note on Platt's
    probabilistic outputs"); a small ridge keeps parted pairs finite.
    """
    scores_B = pool.scores_B
    middle, width = float(scores_B.mean()), float(scores_B.std()) or 1.0
    design = np.stack([(scores_B - middle) / width, np.ones_like(scores_B)], axis=1)
    same_B, both_B = PRIOR * pool.same_B, PRIOR * pool.same_B + (1 - PRIOR) * pool.different_B
    ridge = np.array([PRIOR * 1e-5, 0.0])

    def loss(line: Floats) -> float:
        log_odds_B = design @ line
        fit = both_B @ np.logaddexp(0, log_odds_B) - same_B @ log_odds_B
        return float(fit + ridge @ line**2 / 2)

    line = np.array([0.0, _LOG_ODDS])
    for _ in range(100):
        chance_B = 1 / (1 + np.exp(-np.clip(design @ line, -40, 40)))
        slope = design.T @ (both_B * chance_B - same_B) + ridge * line
        bend = (design * (both_B * chance_B * (1 - chance_B))[:, None]).T @ design
        step = np.linalg.solve(bend + np.diag(ridge + 1e-12), slope)
        while loss(line - step) > loss(line) and np.abs(step).max() > 1e-9:
            step = step / 2
        line = line - step
        if np.abs(step).max() < 1e-7:
            break
    rise = max(float(line[0]), 0.0) / width
    base = float(line[1]) - _LOG_ODDS - rise * middle
    # Points where the line meets the bounds: bounded at its ends it would be flatter in between.
    ends = scores_B[[0, -1]]
    if rise > 0:
        bounds = (np.array([-MOST_LOG_RATIO, MOST_LOG_RATIO]) - base) / rise
        ends = np.concatenate([ends, bounds[(bounds > ends[0]) & (bounds < ends[1])]])
    points = np.unique(ends)
    log_ratios = np.clip(points * rise + base, -MOST_LOG_RATIO, MOST_LOG_RATIO)
    return _curve("logistic", points, log_ratios, pool)


def _curve(kind: Form, scores_K: Floats, log_ratios_K: Floats, pool: _Pool) -> ScoreCurve:
    """Round, and leave out points that the line through the others passes anyway."""
    scores_K, firsts = np.unique(np.round(scores_K, 4), return_index=True)
    log_ratios_K = np.round(log_ratios_K[firsts], 3)
    kept = _needed(scores_K, log_ratios_K)
    return ScoreCurve.model_validate(
        {
            "scores": tuple(scores_K[kept].tolist()),
            "log_ratios": tuple(np.maximum.accumulate(log_ratios_K[kept]).tolist()),
            "kind": kind,
            "num_same": pool.num_same,
            "num_different": pool.num_different,
        }
    )


def _needed(scores_K: Floats, log_ratios_K: Floats) -> list[int]:
    """At most `MOST_POINTS` points: ends first, then always the one the line misses by most."""
    kept = sorted({0, len(scores_K) - 1})
    while len(kept) < min(MOST_POINTS, len(scores_K)):
        off_K = np.abs(np.interp(scores_K, scores_K[kept], log_ratios_K[kept]) - log_ratios_K)
        worst = int(off_K.argmax())
        if off_K[worst] < 0.02:
            break
        kept = sorted({*kept, worst})
    return kept


def _cost(curve: ScoreCurve, pool: _Pool) -> float:
    """Mean log loss at the prior, nats."""
    log_odds_B = np.interp(pool.scores_B, curve.scores, curve.log_ratios) + _LOG_ODDS
    same = float(pool.same_B @ np.logaddexp(0, -log_odds_B))
    different = float(pool.different_B @ np.logaddexp(0, log_odds_B))
    return PRIOR * same + (1 - PRIOR) * different
