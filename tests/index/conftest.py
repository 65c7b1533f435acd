"""Shared: an archive in a temporary folder, and sightings made to order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from yanji.index.cameras import Camera
from yanji.index.writer import ArchiveWriter, open_archive
from yanji.ingest.frame import Run, run_id_of
from yanji.reid.sighting import CropFile, Embedding, Sighting

DIMENSION = 16
HOUR_NS = 3600 * 10**9
NOON_NS = 1_790_000_000 * 10**9
"""The test clock."""


def unit_vector(seed: int, dimension: int = DIMENSION) -> np.typing.NDArray[np.float32]:
    vector_D = np.random.default_rng(seed).standard_normal(dimension).astype(np.float32)
    return vector_D / np.linalg.norm(vector_D)


def make_crop(content: bytes, wall_ns: int = NOON_NS) -> CropFile:
    sha256 = hashlib.sha256(content).hexdigest()
    return CropFile(content, sha256, 8, 6, (1.0, 2.0, 9.0, 8.0), wall_ns, 0.5)


def make_embedding(seed: int, model: str = "m1") -> Embedding:
    weights = hashlib.sha256(model.encode()).hexdigest()
    return Embedding(model, weights, unit_vector(seed))


class Maker:
    """Makes runs and sightings whose fields can be chosen one by one."""

    def run(
        self, camera_id: str = "K01", started_ns: int = NOON_NS, *, file: str | None = None
    ) -> Run:
        content = None if file is None else hashlib.sha256(file.encode()).hexdigest()
        run_id = run_id_of(content or f"live {camera_id}", camera_id, started_ns)
        kind = "rtsp" if file is None else "file"
        return Run(run_id, camera_id, kind, file or "rtsp://x/1", started_ns, "boot", content)

    def sighting(
        self,
        number: int,
        run: Run,
        *,
        at_ns: int | None = None,
        crops: tuple[CropFile, ...] | bool | None = True,
        seed: int | None = None,
        model: str = "m1",
        **changes: object,
    ) -> Sighting:
        first_ns = run.started_ns + number * 10**9 if at_ns is None else at_ns
        if crops is True:
            crops = (make_crop(f"crop {run.run_id} {number}".encode()),)
        assert crops is not False
        embedding = make_embedding(number if seed is None else seed, model)
        fields: dict[str, object] = {
            "sighting_id": hashlib.sha256(f"{run.run_id} {number}".encode()).hexdigest()[:32],
            "run": run,
            "state": "closed",
            "stationary": False,
            "first_wall_ns": first_ns,
            "last_wall_ns": first_ns + 4 * 10**9,
            "first_stream_s": 0.0,
            "last_stream_s": 4.0,
            "vehicle_class": "car",
            "class_score": 0.9,
            "colour": "blue",
            "plate": None,
            "quality": 0.5,
            "crops": crops,
            "embeddings": None if crops is None else (embedding,),
        }
        return Sighting(**(fields | changes))  # type: ignore[arg-type]


@pytest.fixture
def maker() -> Maker:
    return Maker()


OpenWriter = Callable[..., ArchiveWriter]


@pytest.fixture
def open_writer(tmp_path: Path) -> Iterator[OpenWriter]:
    """Opens the archive `tmp_path/archive` with the test clock and room on the disk."""
    opened: list[ArchiveWriter] = []

    def make(**options: object) -> ArchiveWriter:
        fixed: dict[str, object] = {"clock_ns": lambda: NOON_NS, "low_water_bytes": 0}
        writer = open_archive(tmp_path / "archive", **(fixed | options))  # type: ignore[arg-type]
        opened.append(writer)
        return writer

    yield make
    for writer in opened:
        writer.close()


@pytest.fixture
def writer(open_writer: OpenWriter) -> ArchiveWriter:
    made = open_writer()
    for camera_id in ("K01", "K02"):
        made.register_camera(Camera(camera_id))
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"
