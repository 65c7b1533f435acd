"""Clock offsets out of an archive: which vehicles passed two neighbouring cameras, and when.

A pair of sightings counts when each is by far the most similar to the other among all that can be
meant in time. Such pairs are still wrong now and then; the statistics expect that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from yanji.configs.errors import NothingFoundError, UsageError
from yanji.index.clock_network import CameraOffset, solve_offsets
from yanji.index.clock_pairs import Drive, PairOffset, Refused, Seconds, pair_offset
from yanji.index.graph import RoadGraph
from yanji.index.hit import Filter, StoredSighting
from yanji.index.reader import ArchiveReader
from yanji.reid.embedder import Vectors

SIMILAR: Final = 0.55
"""Least cosine of a pair."""
MARGIN: Final = 0.1
"""By how much the next best must be less similar, seen from either sighting."""
LONGEST_VISIT_S: Final = 60.0
"""Who stays in view longer has no moment of passing."""
MOST_S: Final = 30.0
"""Offsets are looked for up to this."""


@dataclass(frozen=True, slots=True)
class PairResult:
    """What a pair of neighbouring cameras gave."""

    camera_a: str
    camera_b: str
    result: PairOffset | Refused


@dataclass(frozen=True, slots=True)
class ClockEstimate:
    """Offsets relative to the times that the archive gives now."""

    pairs: tuple[PairResult, ...]
    cameras: dict[str, CameraOffset]
    """Cameras that the pairs join to the reference; how far their corrected times are ahead of its
    corrected times still."""
    reference: str
    num_sightings: int


def estimate_clocks(
    reader: ArchiveReader,
    graph: RoadGraph,
    neighbours: Iterable[tuple[str, str]],
    reference: str,
    wanted: Filter,
    *,
    most_s: float = MOST_S,
    seed: int = 0,
) -> ClockEstimate:
    """Estimate how far cameras' clocks are apart.

    Args:
        reader: the archive.
        graph: how long drives take.
        neighbours: pairs of cameras with a road between them.
        reference: the camera whose clock is taken to be right.
        wanted: the time looked at.
        most_s: the largest offset looked for, seconds.
        seed: of the repetitions that give the errors.

    Raises:
        NothingFoundError: no sightings with vectors in this time.
        UsageError: no pair to compare.
    """
    pairs = sorted({tuple(sorted(pair)) for pair in neighbours})
    if not pairs:
        raise UsageError(
            "The site lists no roads between cameras.",
            hint="Clocks are compared along roads: list them under `roads` in the site file.",
        )
    sightings = [seen for seen in reader.sightings(wanted) if _has_a_moment(seen)]
    model = next((model for model in reader.models() if model.active), None)
    if model is None or not sightings:
        raise NothingFoundError(
            "The archive holds no sightings of this time to compare.",
            hint="Choose another time with --from and --to.",
        )
    vectors = reader.vectors_of(
        (seen.sighting_id for seen in sightings), model.model_id, model.weights_sha256
    )
    groups: dict[str, list[StoredSighting]] = {}
    for seen in sorted(sightings, key=moment_s):
        if seen.sighting_id in vectors:
            groups.setdefault(seen.camera_id, []).append(seen)
    random = np.random.default_rng(seed)
    results: list[PairResult] = []
    for one, two in pairs:
        ahead, back = graph.travel(one, two), graph.travel(two, one)
        result: PairOffset | Refused
        if ahead is None or back is None or ahead.latest_s is None or ahead.typical_s is None:
            result = Refused("one-way roads join them, and one way alone cannot tell", 0)
        elif ahead.distance_m != back.distance_m:
            result = Refused("the road between them is not the same both ways", 0)
        else:
            drive = Drive(ahead.earliest_s, ahead.typical_s, ahead.latest_s)
            sides = [
                (_moments(groups.get(camera, [])), _stack(groups.get(camera, []), vectors))
                for camera in (one, two)
            ]
            differences_N = same_vehicles(*sides[0], *sides[1], drive.latest_s + most_s)
            result = pair_offset(differences_N, drive, most_s, random)
        results.append(PairResult(one, two, result))
    good = {
        (pair.camera_a, pair.camera_b): pair.result
        for pair in results
        if isinstance(pair.result, PairOffset)
    }
    cameras = solve_offsets(good, reference)
    return ClockEstimate(tuple(results), cameras, reference, len(sightings))


def same_vehicles(
    at_a_N: Seconds, vectors_ND: Vectors, at_b_M: Seconds, vectors_MD: Vectors, window_s: float
) -> Seconds:
    """Differences (time at B minus time at A) of (P,) pairs that are surely one vehicle.

    Times are sorted; `window_s` is the largest difference that is possible.
    """
    if not len(at_a_N) or not len(at_b_M):
        return np.zeros(0)
    best_N, sure_N = _best(at_a_N, vectors_ND, at_b_M, vectors_MD, window_s)
    best_M, sure_M = _best(at_b_M, vectors_MD, at_a_N, vectors_ND, window_s)
    mine_N = np.arange(len(at_a_N))
    mutual_N = sure_N & sure_M[best_N] & (best_M[best_N] == mine_N)
    return np.asarray(at_b_M[best_N[mutual_N]] - at_a_N[mutual_N], np.float64)


def _best(
    at_N: Seconds, vectors_ND: Vectors, other_M: Seconds, vectors_MD: Vectors, window_s: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """For each of N the most similar of M within the window, and whether it stands out."""
    best_N = np.zeros(len(at_N), np.int64)
    sure_N = np.zeros(len(at_N), np.bool_)
    low_N = np.searchsorted(other_M, at_N - window_s, side="left")
    high_N = np.searchsorted(other_M, at_N + window_s, side="right")
    for number, (low, high) in enumerate(zip(low_N, high_N, strict=True)):
        if low == high:
            continue
        scores_W = vectors_MD[low:high] @ vectors_ND[number]
        top = int(np.argmax(scores_W))
        score = float(scores_W[top])
        scores_W[top] = -1.0
        best_N[number] = low + top
        sure_N[number] = score >= SIMILAR and score - float(scores_W.max()) >= MARGIN
    return best_N, sure_N


def moment_s(seen: StoredSighting) -> float:
    """When a vehicle passed: the middle of its time in view, corrected, seconds since 1970."""
    return (seen.first_ns + seen.last_ns) / 2e9


def _has_a_moment(seen: StoredSighting) -> bool:
    length_s = (seen.last_ns - seen.first_ns) / 1e9
    return seen.state == "closed" and not seen.stationary and length_s <= LONGEST_VISIT_S


def _moments(group: Sequence[StoredSighting]) -> Seconds:
    return np.array([moment_s(seen) for seen in group], np.float64)


def _stack(group: Sequence[StoredSighting], vectors: dict[str, Vectors]) -> Vectors:
    return (
        np.stack([vectors[seen.sighting_id] for seen in group])
        if group
        else np.zeros((0, 1), np.float32)
    )
