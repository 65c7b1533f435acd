"""The search for routes: the evidence of a sighting, and the best distinct paths.

Score of a route = sum of its sightings' evidence - sum of its drives' costs, one unit being the
evidence of the best hit (formulas and how the constants were chosen: docs/design/trace.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from yanji.index.route_drives import Floats, Weights

CONFIRMED = 1000.0
"""Added to the evidence of a confirmed sighting while paths are searched: more than all that the
others can gain or drives can cost, so that a path with one more confirmed sighting wins."""


@dataclass(frozen=True, slots=True)
class Level:
    """Where the hits' scores stand: what counts for and what against."""

    best: float
    background: float
    """What unlike vehicles reach here: see `Weights.background_rank`."""
    middle: float
    """Median of all hits."""
    spread: float
    """Robust standard deviation of all hits (1.4826 x median absolute deviation)."""
    threshold: float
    """Cosine at which a sighting's evidence is zero."""

    def evidence(self, score: float) -> float:
        """1 for the best hit, 0 at the threshold, negative below."""
        return (score - self.threshold) / (self.best - self.threshold)


def level_of(scores: Sequence[float], weights: Weights) -> Level:
    """Set the level from the hits themselves; `scores` must not be empty."""
    values = np.sort(np.asarray(scores, dtype=np.float64))[::-1]
    best, middle = float(values[0]), float(np.median(values))
    background = float(values[min(len(values) // 2, weights.background_rank)])
    spread = 1.4826 * float(np.median(np.abs(values - middle)))
    margin = max(weights.least_margin, weights.depth * (best - background))
    return Level(best, background, middle, spread, best - margin)


@dataclass(frozen=True, slots=True)
class Path:
    """Indices into the stops, in time order."""

    stops: tuple[int, ...]
    score: float
    """Evidence less costs."""


def best_paths(
    evidence: Sequence[float],
    costs_NN: Floats,
    *,
    anchor: int | None,
    max_paths: int,
    confirmed: frozenset[int] = frozenset(),
) -> list[Path]:
    """Give the best path, then the best ones through what the better ones leave out.

    `evidence` (N,) in time order; `costs_NN[i, j]` the cost of the drive from i to j, inf where
    it is refused (always for j <= i). For every stop of positive evidence (and the anchor) the
    best path through it is known from one pass forwards and one backwards, O(N^2). They are
    taken by score; a path that holds another taken one, or is held by it, is skipped. So every
    path is maximal (no stop can be put in with a gain) and has a stop that no better one has.
    Only paths of positive score are given, but an anchor always gives one.

    Of the `confirmed` stops every path holds as many as it can: paths are ranked by their number
    first, and one that leaves some out is taken only for the sake of another one that the better
    paths leave out; such paths are taken before the rest, so that `max_paths` cuts none off.
    """
    num = len(evidence)
    if num == 0:
        return []
    costs = costs_NN
    if anchor is not None:
        costs = costs_NN.copy()
        costs[:anchor, anchor + 1 :] = np.inf  # every path passes the anchor
    raised = [value + CONFIRMED * (stop in confirmed) for stop, value in enumerate(evidence)]
    into, before = _accumulate(raised, costs, range(num), anchor, forwards=True)
    out, after = _accumulate(raised, costs.T, range(num - 1, -1, -1), anchor, forwards=False)
    paths: dict[tuple[int, ...], float] = {}
    for stop in range(num):
        through = into[stop] + out[stop] - raised[stop]
        if not math.isfinite(through) or (raised[stop] <= 0 and stop != anchor):
            continue
        stops = (*_follow(before, stop)[:0:-1], *_follow(after, stop))
        paths[stops] = float(through)
    ranked = sorted(paths, key=lambda stops: (-round(paths[stops], 9), stops))
    taken: list[tuple[int, ...]] = []
    sets: list[frozenset[int]] = []

    def take(stops: tuple[int, ...]) -> None:
        held = frozenset(stops)
        if len(taken) == max_paths or (paths[stops] <= 0 and (anchor is None or taken)):
            return
        if any(other <= held or held <= other for other in sets):
            return
        if any(held & confirmed < other & confirmed for other in sets):
            return
        taken.append(stops)
        sets.append(held)

    for stops in ranked:
        if confirmed.intersection(stops).difference(*sets):
            take(stops)
    for stops in ranked:
        take(stops)
    taken.sort(key=ranked.index)
    return [
        Path(stops, paths[stops] - CONFIRMED * len(confirmed.intersection(stops)))
        for stops in taken
    ]


def _accumulate(
    evidence: Sequence[float],
    costs_NN: Floats,
    order: range,
    anchor: int | None,
    *,
    forwards: bool,
) -> tuple[Floats, list[int]]:
    """Best sum of a path that ends (backwards: begins) at each stop, and its neighbour or -1."""
    best = np.full(len(evidence), -np.inf)
    link = [-1] * len(evidence)
    for stop in order:
        may_end = anchor is None or (stop <= anchor if forwards else stop >= anchor)
        reached = best - costs_NN[:, stop]
        other = int(np.argmax(reached))
        if reached[other] > (0.0 if may_end else -np.inf):
            link[stop] = other
            best[stop] = evidence[stop] + reached[other]
        elif may_end:
            best[stop] = evidence[stop]
    return best, link


def _follow(link: Sequence[int], stop: int) -> tuple[int, ...]:
    found = []
    while stop >= 0:
        found.append(stop)
        stop = link[stop]
    return tuple(found)
