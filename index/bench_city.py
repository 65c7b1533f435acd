"""An archive of a city that was never there: for `yanji bench api`, sizes and times only.

Vehicles drive along a grid of cameras, four sightings each; the vectors of one vehicle are alike
(cosine about .8) and those of two strangers less (about .4), as the embedder's are. The pictures
are one and the same crop.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from yanji.index.cameras import Camera
from yanji.index.writer import open_archive
from yanji.ingest.frame import Run, run_id_of
from yanji.reid.embedder import Vectors
from yanji.reid.sighting import CropFile, Embedding, Sighting

SIDE = 10
"""Cameras per side of the grid."""
STEP_M = 400
_PASSAGES = 4
_STEP_NS = 40 * 10**9
"""From one camera to the next: 36 km/h."""
_BATCH = 2_000
_COMMON, _OWN, _NOISE = 0.63, 0.63, 0.45
"""Weights of what all vectors share, of the vehicle's own part, and of the view."""


@dataclass(frozen=True, slots=True)
class CityModel:
    """Whose vectors these pretend to be."""

    model_id: str
    weights_sha256: str
    dimension: int


def city_site() -> str:
    """The grid as a site file (YAML)."""
    lines = ["site: {name: bench, timezone: Asia/Shanghai}", "cameras:"]
    for row, column in _grid():
        longitude = 112.6 + column * STEP_M / 99_300
        latitude = 26.9 + row * STEP_M / 111_200
        lines.append(
            f"  - {{id: {_id(row, column)}, longitude: {longitude:.6f}, latitude: {latitude:.6f}}}"
        )
    lines.append("roads:")
    for row, column in _grid():
        for to in ((row, column + 1), (row + 1, column)):
            if max(to) < SIDE:
                lines.append(
                    f"  - {{from: {_id(row, column)}, to: {_id(*to)}, "
                    f"distance_m: {STEP_M}, speed_kmh: [10, 60]}}"
                )
    return "\n".join(lines) + "\n"


def fill_city(
    folder: Path, num: int, model: CityModel, jpeg: bytes, *, span_s: float, start_ns: int
) -> list[str]:
    """Write `num` sightings that begin within `span_s` from `start_ns` (wall time, ns).

    Returns:
        Ids of second sightings of vehicles, a hundred or all: good to ask about.
    """
    random = np.random.default_rng(0)
    crop = CropFile(jpeg, hashlib.sha256(jpeg).hexdigest(), 64, 64, (0, 0, 64, 64), start_ns, 0.7)
    asked: list[str] = []
    with open_archive(folder, low_water_bytes=0) as writer:
        runs: dict[str, Run] = {}
        for row, column in _grid():
            camera_id = _id(row, column)
            writer.register_camera(Camera(camera_id))
            run_id = run_id_of("bench", camera_id, start_ns)
            runs[camera_id] = Run(run_id, camera_id, "rtsp", "bench", start_ns, "0", None)
            writer.start_run(runs[camera_id])
        common_D = _unit(random.standard_normal(model.dimension))
        number = 0
        while number < num:
            batch: list[Sighting] = []
            while number < num and len(batch) < _BATCH:
                own_D = _unit(random.standard_normal(model.dimension))
                first_ns = start_ns + int(random.uniform(0, span_s) * 1e9)
                for step, camera_id in enumerate(_drive(random)):
                    noise_D = _unit(random.standard_normal(model.dimension))
                    vector_D = _unit(_COMMON * common_D + _OWN * own_D + _NOISE * noise_D)
                    embedding = Embedding(
                        model.model_id, model.weights_sha256, vector_D.astype(np.float32)
                    )
                    at_ns = first_ns + step * _STEP_NS
                    batch.append(_sighting(number, runs[camera_id], at_ns, crop, embedding))
                    if step == 1 and len(asked) < 100:
                        asked.append(f"{number:032x}")
                    number += 1
            writer.write(batch)
    return asked


def _drive(random: np.random.Generator) -> Iterator[str]:
    row, column = (int(place) for place in random.integers(0, SIDE, 2))
    along = int(random.integers(0, 2))
    for step in range(_PASSAGES):
        # Bounces off the edge of the grid: still a drive along its roads.
        moved = (row + step * (1 - along), column + step * along)
        yield _id(*(SIDE - 1 - abs(SIDE - 1 - place) for place in moved))


def _grid() -> Iterator[tuple[int, int]]:
    return ((row, column) for row in range(SIDE) for column in range(SIDE))


def _id(row: int, column: int) -> str:
    return f"G{row}{column}"


def _unit(vector_D: Vectors | np.typing.NDArray[np.float64]) -> Vectors:
    unit: Vectors = (vector_D / np.linalg.norm(vector_D)).astype(np.float32)
    return unit


def _sighting(
    number: int, run: Run, first_ns: int, crop: CropFile, embedding: Embedding
) -> Sighting:
    return Sighting(
        sighting_id=f"{number:032x}",
        run=run,
        state="closed",
        stationary=False,
        first_wall_ns=first_ns,
        last_wall_ns=first_ns + 5 * 10**9,
        first_stream_s=0.0,
        last_stream_s=5.0,
        vehicle_class=("car", "van", "motorcycle", "truck")[number // _PASSAGES % 4],
        class_score=0.9,
        colour=None,
        plate=None,
        quality=0.7,
        crops=(crop,),
        embeddings=(embedding,),
    )
