"""Puts cameras at the junctions: most on a corner, oblique to the traffic, some facing it."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from yanji.configs.errors import UsageError
from yanji.ingest.testcity.drawing.light import LIGHTS, Light, Sensor
from yanji.ingest.testcity.drawing.views import View
from yanji.ingest.testcity.network import CORNER_M, HALF_M, STOP_M, Network, Node

CORNER_PLACE_M: Final = HALF_M + 1.5
"""East and north of a junction's middle, the pole of a corner camera."""
FRONTAL_EVERY: Final = 4
"""Every so many cameras one looks straight at oncoming traffic."""
MAX_CLOCK_S: Final = 3.0
_NAMES: Final = (
    "向阳路口", "育才路口", "长桥东", "望江门", "青石巷口", "北苑路口", "柳堤", "电厂南",
    "新街口", "渔市", "松鹤里", "南塘路口",
)  # fmt: skip


def place_cameras(
    network: Network, seed: int, num_cameras: int, light: str = "mixed"
) -> list[View]:
    """Choose one camera for each of the first `num_cameras` junctions.

    Args:
        network: with at least so many junctions.
        seed: decides heights, headings, lenses, sensors and clocks.
        num_cameras: at least 1.
        light: names of `LIGHTS` separated by commas, which the cameras take in turn; `mixed` stands
            for all of them.

    Raises:
        UsageError: more cameras than junctions, or an unknown light.
    """
    lights = lights_of(light)
    junctions = network.junctions
    if not 1 <= num_cameras <= len(junctions):
        raise UsageError(f"{num_cameras} cameras for {len(junctions)} junctions.")
    views = []
    for number, node in enumerate(junctions[:num_cameras]):
        random = np.random.default_rng((seed, 6, number))
        lit = lights[number % len(lights)]
        frontal = number % FRONTAL_EVERY == FRONTAL_EVERY - 1
        camera_id = f"K{number + 1:02d}"
        name = _NAMES[number] if number < len(_NAMES) else f"{node.name} 路口"
        place = _frontal(network, node, random) if frontal else _corner(node, random)
        eye, yaw, tilt, field = place
        offset = round(float(random.uniform(-MAX_CLOCK_S, MAX_CLOCK_S)), 2)
        views.append(
            View(
                camera_id, name, node.name, eye, yaw, tilt, field, lit, _sensor(random, lit),
                offset, seed * 1000 + number,
            )
        )  # fmt: skip
    return views


def lights_of(light: str) -> list[Light]:
    """Read names of lights separated by commas; `mixed` stands for all.

    Raises:
        UsageError: an unknown name.
    """
    names = list(LIGHTS) if light == "mixed" else light.split(",")
    for name in names:
        if name not in LIGHTS:
            hint = f"mixed, or some of {','.join(LIGHTS)} separated by commas."
            raise UsageError(f"There is no light `{name}`.", hint=hint)
    return [LIGHTS[name] for name in names]


def sights_of(views: list[View]) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Lines on the ground that trees must leave free."""
    lines = []
    for view in views:
        x, y, _ = view.eye_m
        for turn in (-0.3, 0.0, 0.3):
            yaw = math.radians(view.yaw_deg + turn * view.field_deg)
            lines.append(((x, y), (x + 30.0 * math.cos(yaw), y + 30.0 * math.sin(yaw))))
    return lines


_Place = tuple[tuple[float, float, float], float, float, float]
"""Eye, yaw, tilt, field (degrees)."""


def _corner(node: Node, random: np.random.Generator) -> _Place:
    """On a corner's pavement, looking over the junction and along the near lanes of one road."""
    sx, sy = (int(s) for s in random.choice([-1, 1], 2))
    height = float(random.uniform(4.4, 6.0))
    eye = (node.x_m + sx * CORNER_PLACE_M, node.y_m + sy * CORNER_PLACE_M, round(height, 2))
    across = math.degrees(math.atan2(-sy, -sx))
    yaw = across + float(random.choice([-1, 1]) * random.uniform(3.0, 13.0))
    field = float(random.uniform(46.0, 58.0))
    # The lower edge of the picture meets the ground 7.5 to 9 m before the pole.
    lowest = math.degrees(math.atan2(height, float(random.uniform(7.5, 9.0))))
    upright = 2 * math.degrees(math.atan(math.tan(math.radians(field) / 2) * 9 / 16))
    return eye, round(yaw % 360.0, 2), round(lowest - upright / 2, 2), round(field, 2)


def _frontal(network: Network, node: Node, random: np.random.Generator) -> _Place:
    """On a mast behind the junction, facing the traffic of one road at its stop line."""
    neighbour = str(random.choice(network.neighbours(node.name)))
    heading = network.heading(neighbour, node.name)
    along = np.array([math.cos(heading), math.sin(heading)])
    right = np.array([along[1], -along[0]])
    place = np.array([node.x_m, node.y_m]) + along * (HALF_M + CORNER_M - 1.0)
    place = place + right * float(random.uniform(HALF_M - 3.5, HALF_M - 1.0))
    target = np.array([node.x_m, node.y_m]) - along * (STOP_M - 9.0) + right * 3.2
    height = float(random.uniform(5.6, 6.8))
    to = target - place
    tilt = math.degrees(math.atan2(height - 0.8, float(np.linalg.norm(to))))
    yaw = math.degrees(math.atan2(to[1], to[0]))
    field = float(random.uniform(40.0, 48.0))
    eye = (round(float(place[0]), 2), round(float(place[1]), 2), round(height, 2))
    return eye, round(yaw % 360.0, 2), round(tilt, 2), round(field, 2)


def _sensor(random: np.random.Generator, light: Light) -> Sensor:
    dark = light.lamps >= 1.0
    warm = float(random.uniform(-0.05, 0.05))
    return Sensor(
        blur_px=round(float(random.uniform(0.55, 0.75)), 2),
        noise=round(float(random.uniform(1.2, 2.2)) * (2.2 if dark else 1.0), 2),
        gain_bgr=(round(1.0 - warm, 3), 1.0, round(1.0 + warm, 3)),
        gamma=round(float(random.uniform(0.92, 1.05)), 2),
        vignette=round(float(random.uniform(0.08, 0.22)), 2),
        bloom=0.35 if dark else 0.0,
    )
