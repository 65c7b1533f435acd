"""Routes through a rendered test city, judged by its truth.

For each vehicle that truly passed two cameras, `trace` is asked from the sighting of its first
passage that was sighted. The best route is compared with the true passages at the other cameras:
*completeness* is the share of them that a sighting in the route shows, *purity* the share of the
route's other sightings that show the vehicle asked for, *exact* the share of the questions whose
route has all of them and nothing else. A vehicle that was never sighted cannot be asked for: all
its passages but the first camera's are missing from its route.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from yanji.api.questions import Case, ask_trace, graph_of, open_case, stored_vehicle
from yanji.configs.settings import Settings
from yanji.configs.site import Site
from yanji.detect.classes import GROUP_OF, GROUPS
from yanji.detect.testcity_frames import truth_of
from yanji.index.chances import look_of
from yanji.index.graph import RoadGraph
from yanji.index.hit import StoredSighting
from yanji.index.reader import ArchiveReader
from yanji.ingest.testcity.truth import CityTruth, TrueDrive

CROP_IOU: Final = 0.4
"""Of a stored crop's box with a true one, to say whose sighting it is."""
NEAR_S: Final = 3.0
"""A sighting this near to a passage is of it: before and after it the vehicle is in view as well,
only too small, cut or hidden."""
WINDOW_S: Final = 3 * 3600.0
"""As `yanji trace` asks."""


@dataclass(frozen=True, slots=True)
class ClipClock:
    """When a clip begins, and what the archive takes off its times."""

    started_ns: int
    """By the camera's clock."""
    offset_ns: int
    """Declared by the site."""

    def frame_of(self, corrected_ns: int, fps: float) -> int:
        """Number of the frame at a corrected time."""
        return round((corrected_ns + self.offset_ns - self.started_ns) / 1e9 * fps)


@dataclass(frozen=True, slots=True)
class Named:
    """A sighting, and whose it truly is."""

    sighting: StoredSighting
    identity: str | None
    """None: of no vehicle."""
    passages: tuple[int, ...]
    """Which of the vehicle's passages it shows."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One vehicle's question and answer."""

    identity: str
    group: str
    sighting_id: str | None
    """From which it was asked; None: never sighted."""
    num_passages: int
    """True ones at other cameras."""
    num_found: int
    num_not_sighted: int
    """Passages of which the archive has no sighting: lost by detector or tracker."""
    num_legs: int
    """Of the best route, less the sighting asked about."""
    num_right_legs: int

    @property
    def num_not_in_route(self) -> int:
        """Passages that were sighted, but the best route does not have them."""
        return self.num_passages - self.num_found - self.num_not_sighted

    @property
    def exact(self) -> bool:
        """Whether the route is the true one."""
        all_found = self.num_found == self.num_passages
        return all_found and self.num_right_legs == self.num_legs


def judge_routes(
    reader: ArchiveReader,
    truth: CityTruth,
    clocks: Mapping[str, ClipClock],
    site: Site | None,
    settings: Settings,
    max_queries: int,
) -> dict[str, Any]:
    """Name every sighting, ask for routes, compare.

    Args:
        reader: an archive of the clips.
        truth: of the clips.
        clocks: of each camera.
        site: roads, if there is one.
        settings: purposes and embedder.
        max_queries: vehicles asked for, of each group; which ones depends on their names only.

    Returns:
        `sightings` (see `sighting_figures`) and `routes`: group -> `route_figures`.
    """
    case = open_case(settings, "EVAL", "evaluation on rendered clips", None)
    named = name_sightings(reader, truth, clocks)
    graph = graph_of(site, reader)
    verdicts = [
        _judge(reader, drive, named, graph, settings.embedder, case)
        for drive in chosen_drives(truth, max_queries)
    ]
    present = [group for group in GROUPS if any(v.group == group for v in verdicts)]
    return {
        "sightings": sighting_figures(named, truth),
        "routes": {
            "all": route_figures(verdicts),
            **{g: route_figures([v for v in verdicts if v.group == g]) for g in present},
        },
    }


def chosen_drives(truth: CityTruth, max_queries: int) -> list[TrueDrive]:
    """Choose up to `max_queries` vehicles of each group that passed at least two cameras."""
    able = [
        drive
        for drive in truth.drives.values()
        if len({passage.camera_id for passage in drive.passages}) >= 2
    ]
    # By a hash: names may be numbered along a street or by kind.
    able.sort(key=lambda drive: hashlib.sha256(drive.identity.encode()).hexdigest())
    chosen: list[TrueDrive] = []
    for group in GROUPS:
        chosen += [d for d in able if GROUP_OF[d.vehicle_class] == group][:max_queries]
    return chosen


def name_sightings(
    reader: ArchiveReader, truth: CityTruth, clocks: Mapping[str, ClipClock]
) -> list[Named]:
    """Say whose every sighting is: the vehicle whose true boxes its crops fit best."""
    shown = {
        (camera.camera_id, frame.number): frame.vehicles
        for camera in truth.cameras.values()
        for frame in camera.frames
    }
    named: list[Named] = []
    for sighting in reader.sightings():
        camera_id, clock = sighting.camera_id, clocks[sighting.camera_id]
        votes: dict[str, float] = {}
        for crop in reader.crops(sighting.sighting_id):
            vehicles = shown.get((camera_id, clock.frame_of(crop.time_ns, truth.fps)), ())
            true = truth_of(vehicles, truth.width, truth.height)
            fits_N = true.overlaps(np.array([crop.box_xyxy_px], np.float32))[0]
            if fits_N.max(initial=0.0) >= CROP_IOU:
                identity = vehicles[int(fits_N.argmax())].identity
                votes[identity] = votes.get(identity, 0.0) + float(fits_N.max())
        if not votes:
            named.append(Named(sighting, None, ()))
            continue
        identity = max(votes, key=lambda name: (votes[name], name))
        passages = _passages_shown(sighting, truth.drives[identity], clock, truth.fps)
        named.append(Named(sighting, identity, passages))
    return named


def _passages_shown(
    sighting: StoredSighting, drive: TrueDrive, clock: ClipClock, fps: float
) -> tuple[int, ...]:
    """All that it overlaps (a parked vehicle is one sighting), else the one near to it."""
    first, last = clock.frame_of(sighting.first_ns, fps), clock.frame_of(sighting.last_ns, fps)
    away = {
        index: max(passage.first_frame - last, first - passage.last_frame)
        for index, passage in enumerate(drive.passages)
        if passage.camera_id == sighting.camera_id
    }
    overlapped = tuple(index for index, frames_away in away.items() if frames_away <= 0)
    nearest = min(away, key=lambda index: away[index], default=None)
    if overlapped or nearest is None or away[nearest] > NEAR_S * fps:
        return overlapped
    return (nearest,)


def _judge(
    reader: ArchiveReader,
    drive: TrueDrive,
    named: Sequence[Named],
    graph: RoadGraph,
    model_id: str,
    case: Case,
) -> Verdict:
    mine = [one for one in named if one.identity == drive.identity]
    sighted = {index for one in mine for index in one.passages}
    in_time = sorted(range(len(drive.passages)), key=lambda i: drive.passages[i].first_frame)
    asked_of = next((index for index in in_time if index in sighted), None)
    start = drive.passages[in_time[0] if asked_of is None else asked_of].camera_id
    wanted = {i for i, passage in enumerate(drive.passages) if passage.camera_id != start}
    sighting_id, legs = None, set[str]()
    if asked_of is not None:
        views = [one.sighting for one in mine if asked_of in one.passages]
        sighting_id = max(views, key=lambda view: (view.quality, view.sighting_id)).sighting_id
        legs = _best_route(reader, sighting_id, graph, model_id, case)
    right = [one for one in mine if one.sighting.sighting_id in legs]
    return Verdict(
        identity=drive.identity,
        group=GROUP_OF[drive.vehicle_class],
        sighting_id=sighting_id,
        num_passages=len(wanted),
        num_found=len(wanted & {index for one in right for index in one.passages}),
        num_not_sighted=len(wanted - sighted),
        num_legs=len(legs),
        num_right_legs=len(right),
    )


def _best_route(
    reader: ArchiveReader, sighting_id: str, graph: RoadGraph, model_id: str, case: Case
) -> set[str]:
    """Ask as `yanji trace SIGHTING` does; the sightings of the best route but the one asked."""
    embedding, point = stored_vehicle(reader, sighting_id, model_id)
    traced = ask_trace(
        reader,
        embedding,
        graph,
        point,
        WINDOW_S,
        case,
        image_sha256=None,
        parameters={"sighting_id": sighting_id},
        look=look_of(reader.sighting(sighting_id)),
    )
    routes = traced.trace.routes
    legs = {leg.sighting_id for leg in routes[0].legs if leg.sighting_id} if routes else set()
    return legs - {sighting_id}


def route_figures(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Sum up; shares are None where there is nothing to share."""
    num_passages = sum(verdict.num_passages for verdict in verdicts)
    num_legs = sum(verdict.num_legs for verdict in verdicts)
    return {
        "vehicles": len(verdicts),
        "never_sighted": sum(verdict.sighting_id is None for verdict in verdicts),
        "passages": num_passages,
        "completeness": _share(sum(v.num_found for v in verdicts), num_passages),
        "legs": num_legs,
        "purity": _share(sum(v.num_right_legs for v in verdicts), num_legs),
        "exact": _share(sum(v.exact for v in verdicts), len(verdicts)),
        "missing": {
            "not sighted": sum(v.num_not_sighted for v in verdicts),
            "sighted but not in the route": sum(v.num_not_in_route for v in verdicts),
        },
    }


def sighting_figures(named: Iterable[Named], truth: CityTruth) -> dict[str, Any]:
    """Compare sightings and passages, without any search.

    Returns:
        `sightings` in all, `of_no_vehicle` among them, and group -> `passages` (true ones),
        `sighted` (share of them), `per_passage` (sightings for each sighted passage: above 1
        tracks broke).
    """
    rows = list(named)
    shown = [(one.identity, index) for one in rows for index in one.passages]
    report: dict[str, Any] = {
        "sightings": len(rows),
        "of_no_vehicle": sum(one.identity is None for one in rows),
    }
    for group in GROUPS:
        drives = [d for d in truth.drives.values() if GROUP_OF[d.vehicle_class] == group]
        num_passages = sum(len(drive.passages) for drive in drives)
        if not num_passages:
            continue
        names = {drive.identity for drive in drives}
        mine = [key for key in shown if key[0] in names]
        report[group] = {
            "passages": num_passages,
            "sighted": _share(len(set(mine)), num_passages),
            "per_passage": _share(len(mine), len(set(mine))),
        }
    return report


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
