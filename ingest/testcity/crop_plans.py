"""What one crop is to show: chosen from its seed alone, before anything is drawn.

A vehicle is put on the road before one of the virtual cameras and turned until the camera sees it
from the wanted side; others stand round it, sometimes before it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from yanji.ingest.testcity.crop_geometry import Box, box_of, corners_of, inside, touch
from yanji.ingest.testcity.drawing.scenery import Scenery, on_road
from yanji.ingest.testcity.drawing.shown import Shown
from yanji.ingest.testcity.look import Look
from yanji.ingest.testcity.vehicles.individuals import individual, mix
from yanji.ingest.testcity.vehicles.kinds import KINDS

MIN_PX: Final = 44.0
"""The vehicle's longer side in its camera's picture and in the crop is at least this ..."""
MARGIN: Final = 0.04
"""Added to each side of the jittered box, as the pipeline does (`yanji.detect.crops.MARGIN`)."""
JITTER: Final = 0.08
"""Each side of the box is off by at most this share of the box's width or height."""
MIN_INSIDE: Final = 0.55
"""At least this share of the full box lies inside the picture."""
POOL: Final = 40
"""Different vehicles that stand beside the one that a crop is about."""
_TRIES: Final = 24


@dataclass(frozen=True, slots=True)
class Plan:
    """One crop."""

    target: Shown
    others: tuple[Shown, ...]
    post_m: tuple[float, float] | None
    """A post that stands on the ground between camera and vehicle."""
    full_px: Box
    """Of the vehicle in its camera's picture, as `TrueVehicle.full_px`."""
    jitter: Box
    """How far the box's left, upper, right and lower edge lie too far out, as shares of its width
    or height."""
    region_px: tuple[int, int, int, int]
    """What is cut out of the camera's picture."""
    scale: float
    """Pixels of the crop for one of the camera's picture, at most 1."""
    angle_deg: float
    """As `TrueVehicle.angle_deg`."""
    elevation_deg: float
    """Of the camera above the horizon, seen from the middle of the vehicle."""
    distance_m: float
    """From the camera to the middle of the vehicle."""

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the crop."""
        x1, y1, x2, y2 = self.region_px
        return max(round((x2 - x1) * self.scale), 8), max(round((y2 - y1) * self.scale), 8)

    def in_crop(self, box_px: Box) -> Box:
        """Move a box from the camera's picture into the crop."""
        x1, y1, x2, y2 = self.region_px
        across, down = self.size_px[0] / (x2 - x1), self.size_px[1] / (y2 - y1)
        return (
            (box_px[0] - x1) * across,
            (box_px[1] - y1) * down,
            (box_px[2] - x1) * across,
            (box_px[3] - y1) * down,
        )


def kinds_of(count: int) -> list[str]:
    """Give each identity its kind: all kinds by their shares, whatever the count; rare ones early.

    The first k of a longer list are those of a shorter one.
    """
    shares = mix()
    given = dict.fromkeys(shares, 0)
    chosen = []
    for number in range(1, count + 1):
        kind = max(shares, key=lambda name: shares[name] * number - given[name])
        given[kind] += 1
        chosen.append(kind)
    return chosen


@cache
def pool_of(seed: int) -> tuple[tuple[str, Look], ...]:
    """Choose the vehicles that stand beside others."""
    random = np.random.default_rng((seed, 22))
    kinds = random.choice(list(mix()), POOL, p=list(mix().values()))
    return tuple((str(k), individual(str(k), n, seed + 10_000_000)) for n, k in enumerate(kinds))


def plan_crop(
    random: np.random.Generator,
    scenery: Scenery,
    kind: str,
    look: Look,
    angle_deg: float,
    size: int,
    pool: Sequence[tuple[str, Look]],
) -> Plan:
    """Choose place, company, box and resolution of one crop.

    Args:
        random: the same state gives the same plan.
        scenery: the camera.
        kind: of the vehicle.
        look: of the vehicle.
        angle_deg: from where the camera is to see it.
        size: longer side of the crop, at most, pixels.
        pool: who may stand beside it.
    """
    target, full_px = _place(random, scenery, kind, look, angle_deg)
    others = _company(random, scenery, target, pool)
    eye = scenery.view.eye_m
    post = None
    if random.random() < 0.04:
        near, aside = random.uniform(0.35, 0.8), random.uniform(-1.0, 1.0, 2)
        post = (
            float(eye[0] + (target.x_m - eye[0]) * near + aside[0]),
            float(eye[1] + (target.y_m - eye[1]) * near + aside[1]),
        )
    jitter = [float(part) for part in np.clip(random.normal(0.0, 0.032, 4), -JITTER, JITTER)]
    region = _region(full_px, jitter, scenery.size)
    longer = max(region[2] - region[0], region[3] - region[1])
    wanted = float(np.exp(random.uniform(math.log(MIN_PX + 4), math.log(max(size, MIN_PX + 5)))))
    if random.random() < 0.3:
        wanted = float(size)
    away = math.hypot(target.x_m - eye[0], target.y_m - eye[1])
    above = eye[2] - KINDS[kind].height_m / 2
    return Plan(
        target=target,
        others=tuple(others),
        post_m=post,
        full_px=full_px,
        jitter=(jitter[0], jitter[1], jitter[2], jitter[3]),
        region_px=region,
        scale=min(1.0, wanted / longer, size / longer),
        angle_deg=angle_deg,
        elevation_deg=math.degrees(math.atan2(above, away)),
        distance_m=math.hypot(away, above),
    )


def _place(
    random: np.random.Generator, scenery: Scenery, kind: str, look: Look, angle_deg: float
) -> tuple[Shown, Box]:
    """Put a vehicle on the road; mostly whole in the picture, sometimes cut by its border."""
    known, eye = KINDS[kind], scenery.view.eye_m
    whole = random.random() < 0.86
    lean = float(random.normal(0.0, 0.03)) if known.group == "two_wheeler" else 0.0
    best: tuple[float, Shown, Box] | None = None
    for _ in range(_TRIES):
        x, y = (float(part) for part in scenery.spots_N2[random.integers(len(scenery.spots_N2))])
        yaw = math.atan2(eye[1] - y, eye[0] - x) - math.radians(angle_deg)
        shown = Shown(
            "target", kind, look, x, y, yaw, lean,
            braking=bool(random.random() < 0.3), lamps=bool(random.random() < 0.9),
        )  # fmt: skip
        box = box_of(shown, scenery)
        if box is None or max(box[2] - box[0], box[3] - box[1]) < MIN_PX:
            continue
        share = inside(box, scenery.size)
        stands = on_road(corners_of(shown, 0.0))
        fits = share > 0.999 if whole else MIN_INSIDE < share < 0.96
        worth = (2.0 if stands else 0.0) + (1.0 if fits else 0.0) + share
        if best is None or worth > best[0]:
            best = (worth, shown, box)
        if stands and fits:
            break
    if best is None:  # only for a camera that sees hardly any road
        raise ValueError(f"{scenery.view.camera_id} has no room for a {kind}")
    return best[1], best[2]


def _company(
    random: np.random.Generator, scenery: Scenery, target: Shown, pool: Sequence[tuple[str, Look]]
) -> list[Shown]:
    """Up to three other vehicles near by: in the same or the opposite direction."""
    eye = np.array(scenery.view.eye_m[:2])
    here = np.array([target.x_m, target.y_m])
    to_eye = (eye - here) / np.linalg.norm(eye - here)
    found: list[Shown] = []
    wanted = int(random.choice(4, p=[0.40, 0.30, 0.20, 0.10]))
    for _ in range(wanted if pool else 0):
        kind, look = pool[int(random.integers(len(pool)))]
        before = random.random() < 0.35
        reach = (KINDS[kind].length_m + KINDS[target.kind].length_m) / 2
        for _ in range(6):
            if before:
                aside = np.array([-to_eye[1], to_eye[0]]) * random.normal(0.0, 1.8)
                at = here + to_eye * random.uniform(1.2, reach + 3.0) + aside
            else:
                turn, away = random.uniform(0, 2 * math.pi), random.uniform(1.2, reach + 6.0)
                at = here + away * np.array([math.cos(turn), math.sin(turn)])
            yaw = target.yaw + float(random.choice([0.0, 0.0, 0.0, math.pi]))
            yaw += float(random.normal(0.0, 0.08))
            other = Shown("other", kind, look, float(at[0]), float(at[1]), yaw)
            near = float(np.linalg.norm(at - eye)) < 4.0
            if near or not on_road(corners_of(other, 0.0)) or box_of(other, scenery) is None:
                continue
            if not any(touch(other, one) for one in (target, *found)):
                found.append(other)
                break
    return found


def _region(
    full_px: Box, jitter: Sequence[float], size: tuple[int, int]
) -> tuple[int, int, int, int]:
    """The box inside the picture, off by the jitter, with the margin, in whole pixels."""
    x1, x2 = max(full_px[0], 0.0), min(full_px[2], float(size[0]))
    y1, y2 = max(full_px[1], 0.0), min(full_px[3], float(size[1]))
    width, height = x2 - x1, y2 - y1
    left, top = x1 - (jitter[0] + MARGIN) * width, y1 - (jitter[1] + MARGIN) * height
    right, low = x2 + (jitter[2] + MARGIN) * width, y2 + (jitter[3] + MARGIN) * height
    return (
        max(math.floor(left), 0),
        max(math.floor(top), 0),
        min(math.ceil(right), size[0]),
        min(math.ceil(low), size[1]),
    )
