"""The whole test city from one seed: roads, cameras, street, traffic; who is where at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from yanji.ingest.testcity.cameras import place_cameras, sights_of
from yanji.ingest.testcity.drawing.shown import Glow, Shown
from yanji.ingest.testcity.drawing.street import Street, build_street
from yanji.ingest.testcity.drawing.views import View
from yanji.ingest.testcity.look import Look
from yanji.ingest.testcity.network import Network, build_network
from yanji.ingest.testcity.traffic.drive import Body, Drive, Planned
from yanji.ingest.testcity.traffic.signals import Signals, plan_signals, state
from yanji.ingest.testcity.traffic.simulate import simulate
from yanji.ingest.testcity.vehicles.individuals import individual, mix
from yanji.ingest.testcity.vehicles.kinds import KINDS

START: Final = "2026-11-22T10:18:00+08:00"
"""True time of the first frame of every clip."""
DENSITY: Final = 1.2
"""Of the traffic: 4 to 12 vehicles in a camera's view, queues at red lights ..."""
LONG_DENSITY: Final = 0.85
"""... and of clips above `LEAST_S`: the roads of a busier city fill up in the long run."""
LEAST_S: Final = 60.0
"""The traffic is computed for at least so long: shorter clips show the beginning of the same."""
_LAMP_COLOURS: Final = {
    "red": (0.42, (1.0, 0.06, 0.03)),
    "amber": (0.0, (1.0, 0.55, 0.05)),
    "green": (-0.42, (0.05, 0.95, 0.40)),
}
"""State of a traffic light -> height above its middle, metres, and colour."""


@dataclass(frozen=True, slots=True)
class City:
    """Everything that decides what the clips show."""

    seed: int
    seconds: float
    network: Network
    views: tuple[View, ...]
    street: Street
    drives: tuple[Drive, ...]
    signals: Signals


def build_city(
    seed: int,
    num_cameras: int,
    seconds: float,
    light: str = "mixed",
    story: Sequence[Planned] = (),
) -> City:
    """Build a city; the same for the same arguments.

    Raises:
        UsageError: no cameras, no time, or an unknown light.
    """
    network = build_network(seed, num_cameras)
    views = place_cameras(network, seed, num_cameras, light)
    bodies = {
        name: Body(kind.length_m, kind.width_m, kind.speed_mps, kind.group, kind.vehicle_class)
        for name, kind in KINDS.items()
    }
    return City(
        seed=seed,
        seconds=seconds,
        network=network,
        views=tuple(views),
        street=build_street(network, seed, sights_of(views)),
        drives=tuple(
            simulate(
                network,
                seed,
                max(seconds, LEAST_S),
                bodies,
                mix(),
                density=DENSITY if seconds <= LEAST_S else LONG_DENSITY,
                story=story,
            )
        ),
        signals=plan_signals(network, seed),
    )


@cache
def look_of(kind: str, look_seed: int, city_seed: int) -> Look:
    """Return the look of one individual."""
    return individual(kind, look_seed, city_seed)


def shown_at(city: City, time_s: float) -> list[Shown]:
    """Say who is in the city, and where, at a true time (s since the start of the clips)."""
    found = []
    for drive in city.drives:
        pose = drive.pose_at(time_s)
        if pose is not None:
            found.append(
                Shown(
                    drive.identity,
                    drive.kind,
                    look_of(drive.kind, drive.look_seed, city.seed),
                    pose.x_m,
                    pose.y_m,
                    pose.yaw,
                    pose.roll,
                    braking=pose.braking and not drive.parked,
                    lamps=not drive.parked,
                )
            )
    return found


def glows_at(city: City, view: View, time_s: float) -> list[Glow]:
    """Say which lamps of the traffic lights near a camera are lit."""
    glows = []
    for head in city.street.signals:
        if head.node == view.node:
            shown = state(city.signals, head.node, head.heading, time_s)
            up, colour = _LAMP_COLOURS[shown]
            x, y, z = head.place_m
            glows.append(Glow((x, y, z + up), colour))
    return glows


def camera_start(view: View, start: str = START) -> str:
    """Return what the camera's own clock shows at the first frame, ISO 8601."""
    return (datetime.fromisoformat(start) + timedelta(seconds=view.clock_offset_s)).isoformat()
