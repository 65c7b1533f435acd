"""The reasons of a leg: in plain English, and as the facts behind it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from yanji.index.route import LegFacts
from yanji.index.route_drives import Drive, Stop


def why_seen(stop: Stop, num_hits: int) -> str:
    """Why the stop itself is in the route."""
    if stop.score is None:
        if stop.confirmed and not stop.given:
            return "confirmed as the vehicle"
        return "the sighting asked about" if stop.sighting_id else "the place and time given"
    alike = f"similarity {stop.score:.2f} (rank {stop.rank} of {num_hits})"
    if stop.confirmed:
        alike = f"confirmed as the vehicle; {alike}"
    return alike if not stop.given else f"at the place and time given; {alike}"


def facts_of(stop: Stop, num_hits: int, drive: Drive | None, *, again: bool) -> LegFacts:
    """Give the numbers behind `why_seen` and `why_driven`.

    `drive` None: the first leg. `again`: at the same camera as the leg before.
    """
    seen = LegFacts(num_hits, stop.rank, stop.given, stop.confirmed)
    if drive is None or again:
        return seen
    travel = drive.travel
    return replace(
        seen,
        basis=travel.basis,
        distance_m=travel.distance_m,
        earliest_s=travel.earliest_s,
        latest_s=travel.latest_s if math.isfinite(travel.latest_s) else None,
        tolerance_s=drive.tolerance_s,
        via=travel.via,
        unseen=drive.unseen,
        down=drive.down,
    )


def why_driven(a: Stop, b: Stop, drive: Drive) -> str:
    """Why the vehicle can have come from `a` to `b`."""
    took = f"{_duration(drive.seconds)}"
    if a.camera_id == b.camera_id:
        return f"at {b.camera_id} again after {took}"
    travel, way = drive.travel, f"{a.camera_id} to {b.camera_id}"
    if travel.distance_m is None:
        words = f"{took} after {a.camera_id}; no road or place known, order by time alone"
        return words if drive.seconds >= 0 else _at_once(way, drive.seconds)
    how = "by road" if travel.basis == "roads" else "in a straight line"
    words = f"{way} {_distance(travel.distance_m)} {how}"
    if drive.seconds < travel.earliest_s:
        words = (
            f"{words}, {_at_once('', drive.seconds)}"
            if drive.seconds <= 0
            else words
            + (
                f" in {took}, faster than plausible ({_duration(travel.earliest_s)})"
                f" but within the clocks' ±{drive.tolerance_s:.1f} s"
            )
        )
    elif drive.seconds <= 0:
        words = f"{words}, {_at_once('', drive.seconds)}"
    else:
        words += f" in {took} = {travel.distance_m / drive.seconds * 3.6:.0f} km/h"
        span = f"{travel.earliest_s:.0f}–{travel.latest_s:.0f} s"
        if drive.seconds <= travel.latest_s + drive.tolerance_s:
            words += f", plausible {span}"
        else:
            words += f", longer than driving on takes ({span}): it stopped or took another way"
    if drive.unseen:
        words += f"; not seen at {_list(drive.unseen)} on the shortest way"
    if drive.down:
        words += f"; passed {_list(drive.down)} while down (gap)"
    return words


def _at_once(way: str, seconds: float) -> str:
    words = f"seen {-seconds:.1f} s before it left the other view" if seconds < 0 else "at once"
    words += ": views that overlap, or clocks"
    return f"{way}, {words}" if way else words


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def _distance(metres: float) -> str:
    return f"{metres:.0f} m" if metres < 1000 else f"{metres / 1000:.1f} km"


def _list(cameras: Sequence[str]) -> str:
    if len(cameras) == 1:
        return cameras[0]
    if len(cameras) > 4:
        return f"{', '.join(cameras[:3])} and {len(cameras) - 3} more"
    return f"{', '.join(cameras[:-1])} and {cameras[-1]}"
