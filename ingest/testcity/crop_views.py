"""The virtual cameras of a set of crops: a few places, eight cameras at each, in four lights."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from typing import Any, Final

import numpy as np

from yanji.ingest.testcity.drawing.light import (
    DAY,
    EVENING,
    NIGHT,
    OVERCAST,
    Light,
    Sensor,
)
from yanji.ingest.testcity.drawing.views import View
from yanji.ingest.testcity.look import Colour
from yanji.ingest.testcity.network import HALF_M, Network, build_network

LIGHTS: Final = (DAY, OVERCAST, EVENING, NIGHT)
"""The cameras of a place have these in turn; sun and colours are each camera's own."""
CAMERAS: Final = 8
"""Of one place: two in each light."""
HEIGHT_M: Final = (3.5, 7.0)
FIELD_DEG: Final = (32.0, 66.0)
PICTURE_PX: Final = (960, 540)
"""Width and height of the virtual cameras' pictures, of which the crops are parts."""
_SUN_UP_DEG: Final = {"day": (26.0, 72.0), "evening": (9.0, 26.0)}


@cache
def network_of(seed: int, place: int) -> Network:
    """Lay out the one junction of a place."""
    return build_network(seed * 1000 + place, 1)


def views_of(seed: int, place: int) -> list[View]:
    """Set up the cameras of one place; the same for the same arguments."""
    views = []
    for which in range(CAMERAS):
        number, base = place * CAMERAS + which, LIGHTS[which % len(LIGHTS)]
        random = np.random.default_rng((seed, 21, number))
        light = some_light(base, random)
        height = float(random.uniform(*HEIGHT_M))
        sx, sy = (int(sign) for sign in random.choice([-1, 1], 2))
        along = random.permutation([float(random.uniform(0.0, 14.0)), 0.0])
        eye = (sx * (HALF_M + 1.5 + along[0]), sy * (HALF_M + 1.5 + along[1]), height)
        aim = random.uniform(-7.0, 7.0, 2)
        yaw = math.degrees(math.atan2(aim[1] - eye[1], aim[0] - eye[0]))
        field = float(random.uniform(*FIELD_DEG))
        # The line of sight meets the road so many metres before the pole.
        tilt = math.degrees(math.atan2(height - 0.8, float(random.uniform(11.0, 24.0))))
        views.append(
            View(
                f"K{number:02d}", f"K{number:02d}", network_of(seed, place).junctions[0].name,
                eye, yaw % 360.0, tilt, field, light, Sensor(), 0.0, number,
            )
        )  # fmt: skip
    return views


def some_light(base: Light, random: np.random.Generator) -> Light:
    """Vary a light: where the sun stands, its strength and colour, sky, haze, lamps."""
    up_deg = float(random.uniform(*_SUN_UP_DEG.get(base.name, (40.0, 80.0))))
    turn, up = float(random.uniform(0, 2 * math.pi)), math.radians(up_deg)
    sun = (math.cos(up) * math.cos(turn), math.cos(up) * math.sin(turn), math.sin(up))
    warm = float(random.normal(0.0, 0.06))
    strength, sky = (float(random.uniform(low, 1.2)) for low in (0.65, 0.75))
    return replace(
        base,
        sun=sun,
        sun_colour=_tinted(base.sun_colour, strength, warm),
        sky_high=_tinted(base.sky_high, sky, warm * 0.6),
        sky_low=_tinted(base.sky_low, sky, warm * 0.6),
        haze=base.haze * float(random.uniform(0.6, 2.0)),
        lamps=base.lamps * float(random.uniform(0.7, 1.4)),
    )


def _tinted(colour: Colour, strength: float, warm: float) -> Colour:
    red, green, blue = colour
    return (red * strength * (1 + warm), green * strength, blue * strength * (1 - warm))


def camera_record(view: View) -> dict[str, Any]:
    """Describe a virtual camera and its light for the index."""
    light = view.light
    up_deg = math.degrees(math.asin(light.sun[2] / math.dist(light.sun, (0.0, 0.0, 0.0))))
    from_deg = (90.0 - math.degrees(math.atan2(light.sun[1], light.sun[0]))) % 360.0
    shines = light.sun_colour[0] > 0
    return {
        "record": "camera",
        "camera": view.seed,
        "eye_m": [round(part, 2) for part in view.eye_m],
        "heading_deg": round(view.heading_deg, 1),
        "tilt_deg": round(view.tilt_deg, 1),
        "field_deg": round(view.field_deg, 1),
        "light": light.name,
        "sun_up_deg": round(up_deg, 1) if shines else None,
        "sun_from_deg": round(from_deg, 1) if shines else None,
        "sun_colour": [round(part, 3) for part in light.sun_colour],
        "sky_high": [round(part, 3) for part in light.sky_high],
        "sky_low": [round(part, 3) for part in light.sky_low],
        "haze": round(light.haze, 5),
        "lamps": round(light.lamps, 3),
        "exposure": light.exposure,
    }
