"""`yanji eval attributes --testcity`: colour, direction and view of sightings, judged by truth.

The clips are indexed as the installation does it (`yanji.api.evaluate_city`); each sighting is
named after the vehicle that its crops show. Rendered; never accuracy on real streets.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from yanji.api.evaluate_city import CityRun, IndexedCity, indexed_city
from yanji.api.evaluate_routes import Named, name_sightings
from yanji.configs.errors import UsageError
from yanji.detect.classes import GROUP_OF, GROUPS
from yanji.detect.testcity_frames import RENDERED
from yanji.detect.travel import TOLERANCE_DEG, apart, bearing_of, view_of
from yanji.index.hit import StoredSighting
from yanji.ingest.testcity.truth import CityTruth, TrueCamera, TrueVehicle
from yanji.reid.colour import MIN_SCORE

SECTOR_DEG: Final = 45.0
"""Between two of the eight points of the compass."""
FEWEST_FRAMES: Final = 2


@dataclass(frozen=True, slots=True)
class Judged:
    """One sighting of a known vehicle."""

    group: str
    light: str
    true_colours: tuple[str, ...]
    colour: str | None
    off_deg: float | None
    """Between the direction told and the true one; None where none was told."""
    true_view: str
    view: str | None


def evaluate_attributes(
    run: CityRun, say: Callable[[str], None] = lambda line: None
) -> dict[str, Any]:
    """Index a test city and judge what is said of its vehicles.

    Args:
        run: what and how.
        say: told what happens, a line at a time.

    Returns:
        `note`, `true_boxes`, `size`, `fps`, `num_sightings` (those of a known vehicle), `colour`
        (see `colour_figures`), `direction` (see `direction_figures`).

    Raises:
        UsageError: the folder is not usable, or its truth tells no colours.
        SourceError: a clip cannot be read to its end.
    """
    with indexed_city(run, say) as city:
        if not any(drive.colours for drive in city.truth.drives.values()):
            raise UsageError(
                f"The truth in {run.folder.name} does not tell the colours of its vehicles.",
                hint="It was written by an older yanji; render it again: yanji testcity render",
            )
        named = name_sightings(city.reader, city.truth, city.clocks)
        judged = [one for each in named if (one := _judged(each, city)) is not None]
    return {
        "note": RENDERED,
        "true_boxes": run.true_boxes,
        "size": None if run.true_boxes else run.long_side_px,
        "fps": run.fps,
        "num_sightings": len(judged),
        "colour": colour_figures(judged),
        "direction": direction_figures(judged),
    }


def colour_figures(judged: Sequence[Judged]) -> dict[str, Any]:
    """How often colours are right.

    Returns:
        `min_score`; `all`, `lights`, `groups` and `groups_by_light`, each with `n`, `told` (share
        with a colour), `right` (of those, one of the names that are right; None without any);
        `confusion`: main true colour -> colour told, or `none` -> number.
    """
    lights = sorted({one.light for one in judged})
    groups = [group for group in GROUPS if any(one.group == group for one in judged)]
    confusion: dict[str, Counter[str]] = {}
    for one in judged:
        confusion.setdefault(one.true_colours[0], Counter())[one.colour or "none"] += 1
    return {
        "min_score": MIN_SCORE,
        "all": _colours(judged),
        "lights": {light: _colours(_of(judged, light=light)) for light in lights},
        "groups": {group: _colours(_of(judged, group=group)) for group in groups},
        "groups_by_light": {
            group: {light: _colours(_of(judged, light=light, group=group)) for light in lights}
            for group in groups
        },
        "confusion": {name: dict(row.most_common()) for name, row in sorted(confusion.items())},
    }


def direction_figures(judged: Sequence[Judged]) -> dict[str, Any]:
    """How far directions are off, and how often the derived view is the true one.

    Returns:
        `n`, `told` (share), `median_off_deg`, `within_45` (the right point of the compass or its
        neighbour's half), `within_filter` (a filter would keep it), `views_right`; shares of those
        told, None without any.
    """
    off = sorted(one.off_deg for one in judged if one.off_deg is not None)
    viewed = [one for one in judged if one.view is not None]
    return {
        "n": len(judged),
        "told": _share(len(off), len(judged)),
        "median_off_deg": round(off[len(off) // 2], 1) if off else None,
        "within_45": _share(sum(one <= SECTOR_DEG for one in off), len(off)),
        "within_filter": _share(sum(one <= TOLERANCE_DEG for one in off), len(off)),
        "views_right": _share(sum(one.view == one.true_view for one in viewed), len(viewed)),
    }


def true_bearing(camera: TrueCamera, width: int, seen: TrueVehicle) -> float:
    """Bearing, 0..360, in which a vehicle points, from the side that its camera sees."""
    focal_px = width / 2 / math.tan(math.radians(camera.field_deg / 2))
    across_px = (seen.full_px[0] + seen.full_px[2]) / 2 - width / 2
    line_deg = camera.heading_deg + math.degrees(math.atan2(across_px, focal_px))
    return (line_deg + 180.0 + seen.angle_deg) % 360.0


def true_view(angle_deg: float) -> str:
    """Name the side that is seen from an angle as of `TrueVehicle`."""
    away = abs(angle_deg)
    return "front" if away < SECTOR_DEG else "rear" if away > 180 - SECTOR_DEG else "side"


def _judged(named: Named, city: IndexedCity) -> Judged | None:
    """Compare one sighting; None: of no vehicle, or the truth hardly shows it meanwhile."""
    if named.identity is None:
        return None
    sighting, truth = named.sighting, city.truth
    drive = truth.drives[named.identity]
    seen = _seen(sighting, named.identity, city)
    if len(seen) < FEWEST_FRAMES or not drive.colours:
        return None
    camera = truth.cameras[sighting.camera_id]
    travel = sighting.travel
    off_deg = view = None
    if travel is not None:
        true_deg = _mean_angle(true_bearing(camera, truth.width, one) for one in seen)
        off_deg = apart(bearing_of(travel.angle_deg, camera.heading_deg), true_deg)
        view = view_of(travel)[0]
    return Judged(
        group=GROUP_OF[drive.vehicle_class],
        light=camera.light,
        true_colours=drive.colours,
        colour=sighting.colour,
        off_deg=off_deg,
        true_view=true_view(_signed(_mean_angle(one.angle_deg for one in seen))),
        view=view,
    )


def _seen(sighting: StoredSighting, identity: str, city: IndexedCity) -> list[TrueVehicle]:
    """The vehicle in every frame between first and last of a sighting."""
    truth, clock = city.truth, city.clocks[sighting.camera_id]
    first = clock.frame_of(sighting.first_ns, truth.fps)
    last = clock.frame_of(sighting.last_ns, truth.fps)
    return _vehicles(truth, sighting.camera_id, identity, first, last)


def _vehicles(
    truth: CityTruth, camera_id: str, identity: str, first: int, last: int
) -> list[TrueVehicle]:
    return [
        vehicle
        for frame in truth.cameras[camera_id].frames
        if first <= frame.number <= last
        for vehicle in frame.vehicles
        if vehicle.identity == identity
    ]


def _of(
    judged: Sequence[Judged], *, light: str | None = None, group: str | None = None
) -> list[Judged]:
    return [one for one in judged if light in (None, one.light) and group in (None, one.group)]


def _colours(judged: Sequence[Judged]) -> dict[str, Any]:
    told = [one for one in judged if one.colour is not None]
    right = sum(one.colour in one.true_colours for one in told)
    return {
        "n": len(judged),
        "told": _share(len(told), len(judged)),
        "right": _share(right, len(told)),
    }


def _mean_angle(angles_deg: Iterable[float]) -> float:
    """Mean direction, 0..360."""
    radians = [math.radians(angle) for angle in angles_deg]
    across, along = sum(math.sin(one) for one in radians), sum(math.cos(one) for one in radians)
    return math.degrees(math.atan2(across, along)) % 360.0


def _signed(angle_deg: float) -> float:
    return (angle_deg + 180.0) % 360.0 - 180.0


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None
