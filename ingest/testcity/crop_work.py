"""What one process does for a set of crops: still pictures of a place, or a block of identities."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from yanji.ingest.testcity.cameras import sights_of
from yanji.ingest.testcity.crop_geometry import heading_deg, inside, rider_box
from yanji.ingest.testcity.crop_order import (
    BLOCK,
    CropOrder,
    part_file,
    scenery_file,
    write_whole,
    writing,
)
from yanji.ingest.testcity.crop_plans import Plan, kinds_of, plan_crop, pool_of
from yanji.ingest.testcity.crop_views import LIGHTS, PICTURE_PX, network_of, views_of
from yanji.ingest.testcity.drawing.faults import Faults, choose_faults, spoil
from yanji.ingest.testcity.drawing.gpu import Gpu
from yanji.ingest.testcity.drawing.ground import Patch, paint_ground
from yanji.ingest.testcity.drawing.scenery import Scenery, draw_scenery, load_scenery
from yanji.ingest.testcity.drawing.still import Grounds
from yanji.ingest.testcity.drawing.street import build_street
from yanji.ingest.testcity.drawing.studio import Studio
from yanji.ingest.testcity.look import Look
from yanji.ingest.testcity.network import Network
from yanji.ingest.testcity.vehicles.individuals import individual
from yanji.ingest.testcity.vehicles.kinds import KINDS

MAX_OCCLUSION: Final = 0.45
"""More of a vehicle is not hidden: such a passage teaches nothing."""
_TRIES: Final = 6

Finish = Callable[[Any, Any], None]
"""Changes a crop (H, W, 3) in place before it is written, told the boxes (M, 4) of its riders."""


@contextmanager
def open_place_work(order: CropOrder, folder: Path) -> Iterator[Callable[[int], Iterator[float]]]:
    """Give what draws the still pictures of one place and says how many CPU seconds it took."""

    def work(place: int) -> Iterator[float]:
        begin_s = time.process_time()
        views = views_of(order.seed, place)
        network, seed = network_of(order.seed, place), order.seed * 1000 + place
        street = build_street(network, seed, sights_of(views))
        grounds = _grounds(network, seed)
        files = [scenery_file(folder, view.camera_id) for view in views]
        with closing(_open_gpu()) as gpu:  # its own: closing it frees a gigabyte
            draw_scenery(gpu, views, street, grounds, PICTURE_PX, files)
        yield time.process_time() - begin_s

    with writing(folder):
        yield work


@contextmanager
def open_block_work(
    order: CropOrder, folder: Path, finish: Finish | None
) -> Iterator[Callable[[int], Iterator[tuple[int, float]]]]:
    """Give what draws a block of identities and says how many crops and CPU seconds it were."""
    gpu = _open_gpu()
    studio = Studio(gpu, order.size)
    sceneries = [
        load_scenery(gpu, view, PICTURE_PX, scenery_file(folder, view.camera_id))
        for place in range(order.places)
        for view in views_of(order.seed, place)
    ]
    kinds = kinds_of(order.identities)

    def work(first: int) -> Iterator[tuple[int, float]]:
        begin_s = time.process_time()
        records: list[dict[str, Any]] = []
        for number in range(first, min(first + BLOCK, order.identities)):
            look = individual(kinds[number], number, order.seed)
            for which, (camera, angle_deg) in enumerate(sittings(order, number)):
                random = np.random.default_rng((order.seed, 24, number, which))
                scenery = sceneries[camera]
                plan, occlusion = _choose(
                    random, studio, scenery, kinds[number], look, angle_deg, order
                )
                content, faults = _picture(random, studio, scenery, plan, finish)
                path = path_of(kinds[number], number, camera)
                target = folder / path
                target.parent.mkdir(exist_ok=True)
                write_whole(target, content)
                records.append(_record(path, number, plan, occlusion, faults, scenery))
        lines = "".join(
            json.dumps(r, ensure_ascii=False, separators=(",", ":")) + "\n" for r in records
        )
        write_whole(part_file(folder, first), lines.encode())
        yield len(records), time.process_time() - begin_s

    with writing(folder), closing(gpu):
        yield work


def sittings(order: CropOrder, number: int) -> list[tuple[int, float]]:
    """Choose camera and angle (degrees) of each crop of an identity.

    No camera twice; all four lights as evenly as the number allows; angles all round.
    """
    random = np.random.default_rng((order.seed, 23, number))
    # Camera n has light n % 4: rows of four different lights, in a new order each.
    lights = len(LIGHTS)
    rows = np.stack([random.permutation(order.cameras // lights) for _ in LIGHTS], axis=1)
    cameras = [
        int(row[light] * lights + light) for row in rows for light in random.permutation(lights)
    ]
    begin = random.uniform(0.0, 360.0)
    turns = begin + (np.arange(order.views) + random.uniform(-0.5, 0.5, order.views)) * (
        360.0 / order.views
    )
    angles = (turns + 180.0) % 360.0 - 180.0
    return list(zip(cameras, (float(angle) for angle in angles), strict=False))


def path_of(kind: str, number: int, camera: int) -> str:
    """Return where the crop of an identity by a camera lies in the folder."""
    name = f"{KINDS[kind].vehicle_class}_{number:05d}_cam{camera:02d}.jpg"
    return f"{number // 1000:03d}/{name}"


def _choose(
    random: np.random.Generator, studio: Studio, scenery: Scenery, kind: str, look: Look,
    angle_deg: float, order: CropOrder,
) -> tuple[Plan, float]:  # fmt: skip
    """Plan until not too much is hidden, else the best of some tries."""
    best: tuple[Plan, float] | None = None
    for _ in range(_TRIES):
        plan = plan_crop(random, scenery, kind, look, angle_deg, order.size, pool_of(order.seed))
        occlusion = studio.occlusion(plan, scenery)
        if best is None or occlusion < best[1]:
            best = (plan, occlusion)
        if occlusion <= MAX_OCCLUSION:
            break
    assert best is not None  # noqa: S101 - there is at least one try
    return best


def _picture(
    random: np.random.Generator, studio: Studio, scenery: Scenery, plan: Plan,
    finish: Finish | None,
) -> tuple[bytes, Faults]:  # fmt: skip
    """Draw, spoil and encode one crop."""
    heading = heading_deg(plan.target, scenery)
    faults = choose_faults(random, max(plan.size_px), scenery.view.light.lamps, heading)
    image = spoil(studio.draw(plan, scenery), faults, random)
    if finish is not None:
        finish(image, riders_of(plan, scenery))
    settings = [cv2.IMWRITE_JPEG_QUALITY, faults.jpeg_quality]
    return cv2.imencode(".jpg", image, settings)[1].tobytes(), faults


def riders_of(plan: Plan, scenery: Scenery) -> npt.NDArray[np.float32]:
    """Boxes (M, 4) of all riders in the crop's pixels; may lie outside."""
    boxes = [rider_box(vehicle, scenery) for vehicle in (plan.target, *plan.others)]
    inner = [plan.in_crop(box) for box in boxes if box is not None]
    return np.array(inner, np.float32).reshape(-1, 4)


def _record(
    path: str, number: int, plan: Plan, occlusion: float, faults: Faults, scenery: Scenery
) -> dict[str, Any]:
    target, kind = plan.target, KINDS[plan.target.kind]
    rounded = {
        name: [round(part, 3) for part in value] if isinstance(value, tuple) else round(value, 3)
        for name, value in asdict(faults).items()
    }
    return {
        "record": "crop",
        "path": path,
        "identity": f"{kind.vehicle_class}_{number:05d}",
        "kind": target.kind,
        "class": kind.vehicle_class,
        "group": kind.group,
        "plate": target.look.plate,
        "livery": target.look.livery,
        "camera": scenery.view.seed,
        "light": scenery.view.light.name,
        "angle_deg": round(plan.angle_deg, 1),
        "elevation_deg": round(plan.elevation_deg, 1),
        "distance_m": round(plan.distance_m, 2),
        "size_px": list(plan.size_px),
        "scale": round(plan.scale, 4),
        "box_px": [round(edge, 1) for edge in plan.in_crop(plan.full_px)],
        "jitter": [round(part, 4) for part in plan.jitter],
        "cut": round(1.0 - inside(plan.full_px, scenery.size), 3),
        "occlusion": round(occlusion, 3),
        "others": len(plan.others),
        "post": plan.post_m is not None,
        **rounded,
    }


def _grounds(network: Network, seed: int) -> Grounds:
    """Paint the ground round the one junction: finely where vehicles stand."""
    near, far = Patch(-36.0, -36.0, 72.0, 28.0), Patch(-110.0, -110.0, 220.0, 5.0)
    return Grounds(
        (near, paint_ground(network, near, seed)), (far, paint_ground(network, far, seed))
    )


def _open_gpu() -> Gpu:
    os.environ.setdefault("LP_NUM_THREADS", "1")
    cv2.setNumThreads(1)
    return Gpu()
