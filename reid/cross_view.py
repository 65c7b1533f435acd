"""The same vehicle from another side or in another light, among hundreds: on rendered crops.

**Who takes part.** Of a folder of rendered crops, the first N vehicles of the index (500 for the
published figures) that have at least one eligible crop from the front *and* one from the rear.
Eligible: at most 0.3 of the vehicle cut off by the picture's border, at most 0.3 of the rest
hidden, shorter side at least 24 px (`rendered_crops.py`).

**Tasks.** Each sets two *sides* against each other:

- `front_rear`: seen from within 45 degrees of its front, and of its rear. Light as it falls.
- `day_night`, `day_evening`, `day_overcast`: by the light; the view angle as it falls.
- `day_night_near`: day and night from nearly one side: angles at most 30 degrees apart.

**One draw.** For each vehicle that has both sides, one eligible crop of each is chosen at random
(for `_near`, one pair). Each crop of the first side asks for its vehicle in a gallery of one crop
of the second side for every vehicle, all groups together; then the other way round. So a query has
one right answer, average precision is 1 / rank, and mAP the mean reciprocal rank. Equal scores rank
against us. A vehicle that lacks a side is in no gallery of that task; `num_vehicles` tells how many
there were.

**Figures.** Mean over the draws, by seeds 0, 1, ... and spread: standard deviation of the draws
(n - 1), 0 for one draw. The draws are of one set of vehicles, so the spread tells what the choice
of crops does; what the choice of vehicles does is told by `paired.py`. A group entry is the mean
over that group's queries; `fleet` over those of vehicles in the livery of a fleet, which many
share, `no_livery` over those that nothing is painted on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from yanji.configs.errors import UsageError
from yanji.reid.embedder import Embedder, Vectors
from yanji.reid.evaluate import Change, embed_list
from yanji.reid.query_scores import MEASURES, QueryScores, Scorer, joined, means_of, scores_of
from yanji.reid.rendered_crops import RenderedCrop, livery_parts, read_rendered

NUM_VEHICLES: Final = 500
NUM_DRAWS: Final = 3
SECTOR_DEG: Final = 45.0
NEAR_DEG: Final = 30.0

Side = Callable[[RenderedCrop], bool]
SideFigures = dict[str, float | int]


@dataclass(frozen=True, slots=True)
class Task:
    """Two sides that are set against each other."""

    one: Side
    other: Side
    within_deg: float = 360.0
    """How far apart the angles of a chosen pair may be."""


def from_front(crop: RenderedCrop) -> bool:
    """Whether its front is seen, within 45 degrees."""
    return abs(crop.angle_deg) <= SECTOR_DEG


def from_rear(crop: RenderedCrop) -> bool:
    """Whether its rear is seen, within 45 degrees."""
    return abs(crop.angle_deg) >= 180.0 - SECTOR_DEG


def in_light(light: str) -> Side:
    """Whether it was seen in this light."""
    return lambda crop: crop.light == light


TASKS: Final[Mapping[str, Task]] = {
    "front_rear": Task(from_front, from_rear),
    "day_night": Task(in_light("day"), in_light("night")),
    "day_evening": Task(in_light("day"), in_light("evening")),
    "day_overcast": Task(in_light("day"), in_light("overcast")),
    "day_night_near": Task(in_light("day"), in_light("night"), NEAR_DEG),
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """One draw of one task: V pairs of rows of the crops."""

    one_V: npt.NDArray[np.intp]
    other_V: npt.NDArray[np.intp]


def choose_vehicles(crops: Sequence[RenderedCrop], limit: int = NUM_VEHICLES) -> list[RenderedCrop]:
    """Eligible crops of the first vehicles that have a front and a rear, in order.

    Args:
        crops: in the order of the index.
        limit: vehicles at most, at least 1.

    Raises:
        UsageError: fewer than two vehicles have both: one would always be found.
    """
    eligible = [crop for crop in crops if crop.eligible]
    fronts = {crop.vehicle for crop in eligible if from_front(crop)}
    rears = {crop.vehicle for crop in eligible if from_rear(crop)}
    both = list(dict.fromkeys(crop.vehicle for crop in eligible))
    both = [vehicle for vehicle in both if vehicle in fronts and vehicle in rears][:limit]
    if len(both) < 2:
        raise UsageError(
            f"{len(both)} vehicle(s) have a usable crop from the front and one from the rear; "
            "an evaluation needs two.",
            hint="Draw more: yanji testcity crops --identities 500 --views 8 --out DIR",
        )
    chosen = frozenset(both)
    return [crop for crop in eligible if crop.vehicle in chosen]


def draw(crops: Sequence[RenderedCrop], task: Task, seed: int) -> Drawn:
    """Choose one crop of each side for each vehicle that has both; the order of `crops` decides.

    Returns:
        Rows of `crops`; none when no vehicle has both sides.
    """
    rng = np.random.default_rng(seed)
    rows: dict[str, list[int]] = {}
    for row, crop in enumerate(crops):
        rows.setdefault(crop.vehicle, []).append(row)
    pairs: list[tuple[int, int]] = []
    for own in rows.values():
        possible = [
            (a, b)
            for a in own
            if task.one(crops[a])
            for b in own
            if task.other(crops[b])
            and _apart_deg(crops[a].angle_deg, crops[b].angle_deg) <= task.within_deg
        ]
        if possible:
            pairs.append(possible[int(rng.integers(len(possible)))])
    table = np.array(pairs, dtype=np.intp).reshape(-1, 2)
    return Drawn(table[:, 0], table[:, 1])


def _apart_deg(one: float, other: float) -> float:
    return abs((one - other + 180.0) % 360.0 - 180.0)


def cosine(queries_QD: Vectors, gallery_GD: Vectors) -> npt.NDArray[np.float32]:
    """Score unit vectors as a search does."""
    return queries_QD @ gallery_GD.T


def score_draw(
    crops: Sequence[RenderedCrop], vectors_ND: Vectors, drawn: Drawn, scorer: Scorer = cosine
) -> QueryScores:
    """Ask both ways: 2 V queries, first those of side `one`.

    Args:
        crops: N of them.
        vectors_ND: their unit vectors.
        drawn: V rows of each side.
        scorer: how a query is compared with a gallery.
    """
    ways = ((drawn.one_V, drawn.other_V), (drawn.other_V, drawn.one_V))
    parts = []
    for asks_V, has_V in ways:
        ranks_V = ranks_of_own(scorer(vectors_ND[asks_V], vectors_ND[has_V]))
        rows = [
            (crops[row].vehicle, crops[row].group, 1.0 / int(rank), int(rank))
            for row, rank in zip(asks_V, ranks_V, strict=True)
        ]
        parts.append(scores_of(rows))
    return joined(parts)


def ranks_of_own(scores_VV: npt.NDArray[np.float32]) -> npt.NDArray[np.intp]:
    """(V,) rank from 1 of the entry on the diagonal in its row; equal scores and NaN before it."""
    own_V1 = np.diagonal(scores_VV)[:, None]
    # "Not smaller" and not "at least": what cannot be compared counts against us.
    ranks_V: npt.NDArray[np.intp] = np.count_nonzero(~(scores_VV < own_V1), axis=1)
    return ranks_V


def score_task(
    crops: Sequence[RenderedCrop],
    vectors_ND: Vectors,
    task: Task,
    num_draws: int = NUM_DRAWS,
    scorer: Scorer = cosine,
) -> list[QueryScores]:
    """All draws of one task, by seeds 0, 1, ...; see the head of this file."""
    return [
        score_draw(crops, vectors_ND, draw(crops, task, seed), scorer) for seed in range(num_draws)
    ]


def task_figures(
    crops: Sequence[RenderedCrop], draws: Sequence[QueryScores]
) -> dict[str, SideFigures]:
    """`all`, the groups present, `fleet` and `no_livery`: means and spreads over the draws.

    Returns:
        Entry -> {"mAP", "R1", "R5", "mAP_spread", "R1_spread", "R5_spread" (0..1),
        "num_queries" and "num_vehicles" (of one draw)}.
    """
    first = draws[0]
    masks = {"all": np.ones(len(first.vehicles_Q), bool)}
    masks |= {str(name): first.groups_Q == name for name in np.unique(first.groups_Q)}
    for entry, vehicles in livery_parts(crops).items():
        masks[entry] = np.array([str(name) in vehicles for name in first.vehicles_Q], bool)
    figures: dict[str, SideFigures] = {}
    for entry, mask_Q in masks.items():
        means = [means_of(one.where(mask_Q)) for one in draws]
        figures[entry] = {
            **{name: float(np.mean([one[name] for one in means])) for name in MEASURES},
            **{f"{name}_spread": _spread([one[name] for one in means]) for name in MEASURES},
            "num_queries": int(np.count_nonzero(mask_Q)),
            "num_vehicles": len(np.unique(first.vehicles_Q[mask_Q])),
        }
    return figures


def _spread(values: Sequence[float]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def evaluate_rendered(
    folder: Path,
    embedder: Embedder,
    num_vehicles: int = NUM_VEHICLES,
    num_draws: int = NUM_DRAWS,
    change: Change | None = None,
) -> dict[str, dict[str, SideFigures]]:
    """All tasks on a folder of rendered crops; those for which no two vehicles have both sides are
    left out.

    Args:
        folder: as `yanji testcity crops` wrote it.
        embedder: what describes the crops.
        num_vehicles: at most, at least 2.
        num_draws: at least 1.
        change: done to every picture first; None: nothing.

    Returns:
        Task -> entry -> figures, see `task_figures`.

    Raises:
        UsageError: no index, or too few vehicles; see `read_rendered`, `choose_vehicles`.
        PictureError: a crop is damaged.
    """
    crops = choose_vehicles(read_rendered(folder), num_vehicles)
    vectors_ND = embed_list(crops, embedder, change)
    figures = {}
    for name, task in TASKS.items():
        draws = score_task(crops, vectors_ND, task, num_draws)
        if len(draws[0].vehicles_Q) > 2:  # of a single vehicle two queries, always right
            figures[name] = task_figures(crops, draws)
    return figures
