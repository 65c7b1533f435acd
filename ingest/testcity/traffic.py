"""The story of the demo: one street, three cameras, and who drives along it when.

Every vehicle keeps its lane and its speed, so that its passages at the three cameras follow from
one number: when it passes the first camera. The target is a delivery rider's e-bike; the e-bikes
before and behind it are the same model with the same box; paint and jacket differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from yanji.ingest.testcity.light import HOUSE_SHADE, SUNNY, THIN_CLOUD, Colour, Sensor
from yanji.ingest.testcity.scene import Look, Placed, View

WIDTH_PX: Final = 960
HEIGHT_PX: Final = 540
FPS: Final = 10
DURATION_S: Final = 25.0
NUM_FRAMES: Final = round(DURATION_S * FPS)

K01: Final = View(
    "K01", 0.0, 13.0, 4.6, 47, 11.0, 58, SUNNY, Sensor(noise=1.6), seed=3
)  # fmt: skip
K02: Final = View(
    "K02", 45.0, 13.5, 4.0, 50, 9.5, 56, HOUSE_SHADE,
    Sensor(blur_px=0.7, noise=2.2, gain_bgr=(1.04, 1.0, 0.96), gamma=0.92), seed=8,
)  # fmt: skip
K03: Final = View(
    "K03", 95.0, 12.8, 4.4, 45, 10.0, 58, THIN_CLOUD,
    Sensor(blur_px=0.65, noise=1.8, gain_bgr=(0.94, 1.0, 1.05)), seed=5,
)  # fmt: skip
VIEWS: Final = (K01, K02, K03)

TARGET: Final = "E06"
"""Identity of the vehicle that the demo looks for."""

Lane = Literal["near_bike", "near_car", "far_car", "far_bike"]
LANE_Y_M: Final[dict[Lane, float]] = {
    "near_bike": -5.8,
    "near_car": -2.4,
    "far_car": 2.4,
    "far_bike": 5.8,
}


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One vehicle and its drive along the whole street."""

    identity: str
    kind: str
    """A key of `yanji.ingest.testcity.kinds.KINDS`."""
    lane: Lane
    passes_s: float
    """When it is level with K01, seconds after the start of the clips; may be negative."""
    speed_mps: float
    look: Look

    @property
    def oncoming(self) -> bool:
        """Whether it drives on the far side, against x."""
        return self.lane.startswith("far")

    def street_m(self, time_s: float) -> float:
        """Where it is along the street."""
        way = self.speed_mps * (time_s - self.passes_s)
        return -way if self.oncoming else way


_BLACK: Final = (0.02, 0.02, 0.025)
_WHITE: Final = (0.70, 0.70, 0.68)
_RED: Final = (0.42, 0.02, 0.02)
_BLUE: Final = (0.03, 0.09, 0.38)
_YELLOW: Final = (0.62, 0.44, 0.03)
_ORANGE: Final = (0.72, 0.24, 0.03)
_GREEN: Final = (0.03, 0.25, 0.06)
_TEAL: Final = (0.02, 0.25, 0.30)
_GREY: Final = (0.28, 0.29, 0.30)
_SILVER: Final = (0.45, 0.46, 0.48)
_NAVY: Final = (0.02, 0.03, 0.10)
_BROWN: Final = (0.14, 0.06, 0.03)


def _bike(
    identity: str,
    kind: str,
    passes_s: float,
    paint: Colour,
    box: Colour,
    jacket: Colour,
    helmet: Colour,
) -> Vehicle:
    return Vehicle(identity, kind, "near_bike", passes_s, 5.5, Look(paint, box, jacket, helmet))


def _car(
    identity: str, kind: str, passes_s: float, paint: Colour, accent: Colour = _WHITE
) -> Vehicle:
    return Vehicle(identity, kind, "near_car", passes_s, 8.5, Look(paint, accent))


def _far(
    identity: str, kind: str, passes_s: float, paint: Colour, accent: Colour, lane: Lane = "far_car"
) -> Vehicle:
    speed_mps = 8.5 if lane == "far_car" else 5.5
    return Vehicle(identity, kind, lane, passes_s, speed_mps, Look(paint, accent, accent, paint))


VEHICLES: Final = (
    _bike("E01", "delivery_ebike", -18.5, _RED, _YELLOW, _NAVY, _YELLOW),
    _bike("E02", "ebike", -14.5, _TEAL, _BLACK, _WHITE, _BLACK),
    _bike("E03", "delivery_ebike", -10.5, _WHITE, _BLUE, _NAVY, _WHITE),
    _bike("M04", "motorcycle", -6.5, _BLUE, _BLACK, _RED, _BLACK),
    _bike("E05", "delivery_ebike", -2.3, _SILVER, _BLUE, _NAVY, _WHITE),
    _bike(TARGET, "delivery_ebike", 2.2, _BLACK, _BLUE, _YELLOW, _WHITE),
    _bike("E07", "delivery_ebike", 6.2, _WHITE, _BLUE, _GREEN, _YELLOW),
    _bike("E08", "delivery_ebike", 10.2, _WHITE, _ORANGE, _TEAL, _RED),
    _bike("E09", "ebike", 14.2, _SILVER, _BLACK, _TEAL, _RED),
    _bike("E10", "delivery_ebike", 18.5, _WHITE, _GREEN, _NAVY, _TEAL),
    _car("C11", "sedan", -14.0, _WHITE),
    _car("C12", "suv", -11.0, _BLACK),
    _car("L13", "box_lorry", -8.0, _BLUE, _WHITE),
    _car("C14", "hatchback", -5.0, _RED),
    _car("C15", "sedan", -2.0, _SILVER),
    _car("C16", "suv", 12.0, _NAVY),
    _car("V17", "van", 15.0, _WHITE, _GREEN),
    _car("C18", "hatchback", 18.0, _ORANGE),
    _car("C19", "sedan", 21.0, _BROWN),
    _far("C20", "suv", 10.6, _WHITE, _BLACK),
    _far("B21", "bus", 13.6, _BLUE, _WHITE),
    _far("C22", "sedan", 24.6, _GREY, _BLACK),
    _far("C23", "hatchback", 28.1, _TEAL, _WHITE),
    _far("M24", "motorcycle", 16.5, _GREEN, _RED, "far_bike"),
    _far("E25", "ebike", 25.5, _WHITE, _NAVY, "far_bike"),
)


def placed(view: View, time_s: float, without: str | None = None) -> dict[str, Placed]:
    """Place everyone that can be in a view at a time; `without` leaves one identity out."""
    scene = {}
    for vehicle in VEHICLES:
        x_m = vehicle.street_m(time_s) - view.street_m
        if vehicle.identity != without and -12.0 < x_m < 95.0:
            scene[vehicle.identity] = Placed(
                vehicle.kind, vehicle.look, x_m, LANE_Y_M[vehicle.lane], vehicle.oncoming
            )
    return scene
