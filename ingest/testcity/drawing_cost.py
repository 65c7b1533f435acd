"""What a frame of the test city costs: `yanji bench testcity`."""

from __future__ import annotations

import math
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from yanji.ingest.frame import BgrImage
from yanji.ingest.testcity.city import City, build_city, look_of
from yanji.ingest.testcity.drawing.gpu import Gpu
from yanji.ingest.testcity.drawing.light import LIGHTS, Lens
from yanji.ingest.testcity.drawing.renderer import Renderer
from yanji.ingest.testcity.drawing.shown import Shown
from yanji.ingest.testcity.drawing.still import paint_grounds
from yanji.ingest.testcity.drawing.views import View
from yanji.ingest.testcity.encode import encode
from yanji.ingest.testcity.network import HALF_M
from yanji.ingest.testcity.render import PRESET
from yanji.ingest.testcity.vehicles.individuals import mix

VEHICLES: Final = 12
SEED: Final = 1
_APART_M: Final = 6.0


def measure_drawing(
    rounds: int, size: tuple[int, int] = (960, 540), say: Callable[[str], None] = lambda line: None
) -> dict[str, Any]:
    """Measure CPU milliseconds of this process (one thread) per frame with 12 vehicles in view.

    Args:
        rounds: frames for each light; each has vehicles in other places.
        size: (width, height) of the picture, pixels.
        say: told after each light.

    Returns:
        Light -> `draw_ms` (picture and truth), `lens_ms`, `encode_ms`, `frame_ms` (their sum), each
        a median over the rounds; `in_view` the mean number of vehicles seen; `setup_ms` once per
        camera. And `worst_frame_ms`, the largest `frame_ms`.

    Raises:
        RendererError: moderngl or a system library is missing.
    """
    city = build_city(SEED, 1, 1.0, "day")
    gpu = Gpu()
    results: dict[str, Any] = {}
    try:
        for name in LIGHTS:
            view = _with_light(city.views[0], name)
            results[name] = _measure(city, gpu, view, rounds, size)
            say(f"{name}: {results[name]['frame_ms']} ms")
    finally:
        gpu.close()
    return {
        "size": f"{size[0]}x{size[1]}",
        "vehicles": VEHICLES,
        "lights": results,
        "worst_frame_ms": max(result["frame_ms"] for result in results.values()),
    }


def _with_light(view: View, name: str) -> View:
    return replace(view, light=LIGHTS[name])


def _measure(
    city: City, gpu: Gpu, view: View, rounds: int, size: tuple[int, int]
) -> dict[str, float]:
    began = time.process_time()
    grounds = paint_grounds(city.network, SEED, view.node)
    renderer = Renderer(gpu, view, city.street, grounds, size)
    lens = Lens(view.sensor, *size, SEED)
    setup_s = time.process_time() - began
    draws, exposures, seen = [], [], []
    images: list[BgrImage] = []
    scenes = [scatter(view, number) for number in range(rounds)]
    for vehicles in scenes:  # the first look at a vehicle builds its mesh
        renderer.frame(vehicles)
    for number, vehicles in enumerate(scenes):
        began = time.process_time()
        drawn = renderer.frame(vehicles)
        middle = time.process_time()
        images.append(lens.expose(drawn.image, number))
        draws.append(middle - began)
        exposures.append(time.process_time() - middle)
        seen.append(len(drawn.seen))
    with tempfile.TemporaryDirectory(prefix="yanji-bench-") as folder:
        began = time.process_time()
        encode(Path(folder) / "clip.mp4", iter(images), 10, preset=PRESET)
        encode_s = (time.process_time() - began) / len(images)
    draw_s, lens_s = statistics.median(draws), statistics.median(exposures)
    return {
        "draw_ms": _ms(draw_s),
        "lens_ms": _ms(lens_s),
        "encode_ms": _ms(encode_s),
        "frame_ms": _ms(draw_s + lens_s + encode_s),
        "in_view": round(statistics.mean(seen), 1),
        "setup_ms": _ms(setup_s),
    }


def scatter(view: View, seed: int) -> list[Shown]:
    """Put 12 vehicles of the street's mix on the ground before a camera, 9 to 45 m away."""
    random = np.random.default_rng((SEED, 8, seed))
    names, shares = zip(*sorted(mix().items()), strict=True)
    weights = np.array(shares) / sum(shares)
    found: list[Shown] = []
    while len(found) < VEHICLES:
        turn = math.radians(view.field_deg / 2) * float(random.uniform(-0.85, 0.85))
        away = float(random.uniform(9.0, 45.0))
        yaw = math.radians(view.yaw_deg) + turn
        x, y = view.eye_m[0] + away * math.cos(yaw), view.eye_m[1] + away * math.sin(yaw)
        on_road = min(abs(x), abs(y)) < HALF_M - 1.0  # the only junction is at the origin
        free = all(math.hypot(x - v.x_m, y - v.y_m) > _APART_M for v in found)
        if on_road and free:
            kind = str(random.choice(names, p=weights))
            look = look_of(kind, int(random.integers(400)), SEED)
            heading = float(random.choice(4)) * math.pi / 2
            found.append(Shown(f"V{len(found)}", kind, look, x, y, heading))
    return found


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)
