"""IDF1, HOTA and MOTA on the rendered test city, by the `trackeval` library.

The library's metric classes get the data that they are defined on (ids and overlaps per picture);
its readers of benchmark files are not used. As MOTChallenge does, a box on a vehicle that does not
count (`yanji.detect.testcity_frames`) is taken out before scoring: neither right nor wrong.

*Groups.* A box counts in the group of the true vehicle that it fits (IoU 0.5), whatever its class,
else in the group of its own class: how often classes are wrong is told by `yanji eval detect`,
here only whether a vehicle keeps its track. `all` does not ask for groups.
Rendered; never accuracy on real streets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from yanji.configs.errors import YanjiError
from yanji.detect.classes import CLASSES, GROUP_OF, GROUPS
from yanji.detect.detections import FloatArray, IntArray
from yanji.detect.testcity_frames import FrameTruth, pairs
from yanji.detect.tracker import TrackedBox
from yanji.ingest.testcity.truth import CityTruth

ALL: Final = "all"
COMBINED: Final = "combined"


@dataclass(frozen=True, slots=True)
class TrackedFrame:
    """One analysed picture: what is truly there and what the tracker said."""

    truth: FrameTruth
    tracked: tuple[TrackedBox, ...]


@dataclass(frozen=True, slots=True)
class _Scored:
    """One picture after the boxes on what does not count are gone."""

    identities: tuple[str, ...]
    overlap_NM: FloatArray
    """How well the boxes fit the vehicles, see `FrameTruth.overlaps`."""
    true_groups: tuple[str, ...]
    track_ids: tuple[int, ...]
    groups: tuple[str, ...]
    fits: tuple[str | None, ...]
    """Vehicle that each box fits."""


def track_figures(
    frames: Mapping[str, Sequence[TrackedFrame]], truth: CityTruth
) -> dict[str, dict[str, dict[str, float | int | None]]]:
    """Score the tracker.

    Args:
        frames: camera -> its analysed pictures in order.
        truth: tells the true classes.

    Returns:
        Group (`all` first; only those with a true vehicle) -> camera, and `combined` ->
        `IDF1`, `HOTA`, `DetA`, `AssA`, `MOTA`, `id_switches`, `merged` (vehicles that were put
        into the track of another one), `vehicles`, `boxes` (true ones). The shares are None where
        there is no true box.

    Raises:
        YanjiError: `trackeval` is not installed.
    """
    groups = {identity: GROUP_OF[drive.vehicle_class] for identity, drive in truth.drives.items()}
    scored = {name: [_scored(frame, groups) for frame in run] for name, run in frames.items()}
    present = {group for run in scored.values() for frame in run for group in frame.true_groups}
    wanted = [ALL, *(group for group in GROUPS if group in present)]
    return {group: _group_figures(scored, group) for group in wanted}


def _scored(frame: TrackedFrame, groups: Mapping[str, str]) -> _Scored:
    truth, tracked = frame.truth, frame.tracked
    boxes_M4 = np.array([box.box_xyxy_px for box in tracked], np.float32).reshape(-1, 4)
    overlap_MN = truth.overlaps(boxes_M4)
    fits = dict(pairs(overlap_MN))
    kept: list[int] = []
    named: list[str] = []
    fitted: list[str | None] = []
    for row, box in enumerate(tracked):
        column = fits.get(row)
        if column is not None and not truth.counts_N[column]:
            continue
        identity = None if column is None else truth.vehicles[column].identity
        kept.append(row)
        fitted.append(identity)
        named.append(GROUP_OF[CLASSES[box.class_number]] if identity is None else groups[identity])
    true = np.flatnonzero(truth.counts_N)
    identities = tuple(truth.vehicles[index].identity for index in true)
    return _Scored(
        identities,
        overlap_MN[kept][:, true].T,
        tuple(groups[identity] for identity in identities),
        tuple(tracked[row].track_id for row in kept),
        tuple(named),
        tuple(fitted),
    )


def _group_figures(
    scored: Mapping[str, Sequence[_Scored]], group: str
) -> dict[str, dict[str, float | int | None]]:
    clear, identity, hota = load_metrics()
    results: dict[str, tuple[Any, Any, Any]] = {}
    counts: dict[str, tuple[int, int, int]] = {}
    for camera_id, run in scored.items():
        data = _data(run, group)
        counts[camera_id] = _num_merged(run, group), data["num_gt_ids"], data["num_gt_dets"]
        results[camera_id] = (
            clear.eval_sequence(data),
            identity.eval_sequence(data),
            hota.eval_sequence(data),
        )
    together = tuple(
        metric.combine_sequences({name: result[place] for name, result in results.items()})
        for place, metric in enumerate((clear, identity, hota))
    )
    report = {COMBINED: _figures(*together, *np.sum(list(counts.values()), axis=0).tolist())}
    for camera_id, result in results.items():
        report[camera_id] = _figures(*result, *counts[camera_id])
    return report


def _num_merged(run: Sequence[_Scored], group: str) -> int:
    """How many vehicles, beyond its first, each track fits in two pictures or more."""
    fitted = Counter(
        (track_id, identity)
        for frame in run
        for track_id, identity, name in zip(frame.track_ids, frame.fits, frame.groups, strict=True)
        if identity is not None and group in (ALL, name)
    )
    pairings = [track_id for (track_id, _), number in fitted.items() if number >= 2]
    return len(pairings) - len(set(pairings))


def _data(run: Sequence[_Scored], group: str) -> dict[str, Any]:
    """One camera and group as the metric classes want it: ids from 0, overlaps per picture."""
    true_number: dict[str, int] = {}
    track_number: dict[int, int] = {}
    gt_ids: list[IntArray] = []
    tracker_ids: list[IntArray] = []
    overlaps: list[Any] = []
    for frame in run:
        true = [row for row, name in enumerate(frame.true_groups) if group in (ALL, name)]
        mine = [row for row, name in enumerate(frame.groups) if group in (ALL, name)]
        names = [frame.identities[row] for row in true]
        tracks = [frame.track_ids[row] for row in mine]
        gt_ids.append(
            np.array([true_number.setdefault(name, len(true_number)) for name in names], np.int64)
        )
        tracker_ids.append(
            np.array([track_number.setdefault(t, len(track_number)) for t in tracks], np.int64)
        )
        overlaps.append(frame.overlap_NM[true][:, mine].astype(np.float64))
    return {
        "num_timesteps": len(run),
        "gt_ids": gt_ids,
        "tracker_ids": tracker_ids,
        "similarity_scores": overlaps,
        "num_gt_dets": sum(map(len, gt_ids)),
        "num_tracker_dets": sum(map(len, tracker_ids)),
        "num_gt_ids": len(true_number),
        "num_tracker_ids": len(track_number),
    }


def _figures(
    clear: Mapping[str, Any],
    identity: Mapping[str, Any],
    hota: Mapping[str, Any],
    num_merged: int,
    num_vehicles: int,
    num_boxes: int,
) -> dict[str, float | int | None]:
    shares = {
        "IDF1": identity["IDF1"],
        # As published: the mean over the overlaps 0.05, 0.10, ..., 0.95.
        "HOTA": np.mean(hota["HOTA"]),
        "DetA": np.mean(hota["DetA"]),
        "AssA": np.mean(hota["AssA"]),
        "MOTA": clear["MOTA"],
    }
    figures: dict[str, float | int | None] = {
        name: float(share) if num_boxes else None for name, share in shares.items()
    }
    return figures | {
        "id_switches": int(clear["IDSW"]),
        "merged": num_merged,
        "vehicles": num_vehicles,
        "boxes": num_boxes,
    }


def load_metrics() -> tuple[Any, Any, Any]:
    """Open the library's CLEAR, Identity and HOTA; it is imported only where it is used."""
    try:
        from trackeval.metrics import CLEAR, HOTA, Identity
    except ImportError as error:
        raise YanjiError(
            f"The library trackeval is not usable: {error}.", hint="pip install 'yanji[eval]'"
        ) from error
    quiet = {"PRINT_CONFIG": False}
    return CLEAR(quiet), Identity(quiet), HOTA()
