"""`yanji bench index`: how long opening, searching and writing take at a size."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

from yanji.index.cameras import Camera
from yanji.index.hit import Filter
from yanji.index.reader import read_archive
from yanji.index.search import search
from yanji.index.tables import DAY_NS
from yanji.index.writer import open_archive
from yanji.ingest.frame import Run, run_id_of
from yanji.reid.sighting import Embedding, Sighting

_BATCH = 2_000
_DAYS = 10
_CAMERAS = 20


def bench_index(num: int = 200_000, dimension: int = 256, *, rounds: int = 15) -> dict[str, float]:
    """Fill an archive of `num` random vectors over 10 days and 20 cameras and measure it.

    Returns:
        Rates per second, times in ms (medians; `cpu_ms` counts all threads of the process, the
        other the clock on the wall), sizes in bytes; keys end with their unit.
    """
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began = time.perf_counter()
        _fill(folder, num, dimension, random)
        figures: dict[str, float] = {
            "num_vectors": num,
            "dimension": dimension,
            "written_per_s": num / (time.perf_counter() - began),
            "database_bytes": sum(path.stat().st_size for path in folder.glob("archive.db*")),
        }
        vector_D = random.standard_normal(dimension).astype(np.float32)
        vector_D /= np.linalg.norm(vector_D)
        query = Embedding("bench", "0" * 64, vector_D)
        one_day = Filter(from_ns=3 * DAY_NS, to_ns=4 * DAY_NS - 1)
        slice_ = Filter(
            from_ns=3 * DAY_NS, to_ns=4 * DAY_NS - 1, cameras=frozenset({"C00", "C01", "C02"})
        )
        some_cameras = Filter(cameras=frozenset(f"C{n:02}" for n in range(_CAMERAS // 4)))
        with read_archive(folder) as reader:
            figures |= _times(
                "first_search_one_day", partial(search, reader, query, one_day, 20), 1
            )
        for backend in ("flat", "faiss"):
            with read_archive(folder, backend=backend) as reader:
                for label, wanted in (
                    ("first_search_all", Filter()),
                    ("search_all", Filter()),
                    ("search_one_day", one_day),
                    ("search_three_cameras_one_day", slice_),
                    ("search_quarter_of_cameras", some_cameras),
                ):
                    times = 1 if label.startswith("first") else rounds
                    ask = partial(search, reader, query, wanted, 20)
                    figures |= _times(f"{backend}_{label}", ask, times)
    return figures


def _times(label: str, work: Callable[[], object], rounds: int) -> dict[str, float]:
    wall, cpu = [], []
    for _ in range(rounds):
        began, began_cpu = time.perf_counter(), time.process_time()
        work()
        wall.append((time.perf_counter() - began) * 1e3)
        cpu.append((time.process_time() - began_cpu) * 1e3)
    return {f"{label}_ms": round(median(wall), 2), f"{label}_cpu_ms": round(median(cpu), 2)}


def _fill(folder: Path, num: int, dimension: int, random: np.random.Generator) -> None:
    with open_archive(folder, low_water_bytes=0) as writer:
        runs = []
        for number in range(_CAMERAS):
            camera_id = f"C{number:02}"
            writer.register_camera(Camera(camera_id))
            run = Run(run_id_of("bench", camera_id, 0), camera_id, "rtsp", "bench", 0, "0", None)
            writer.start_run(run)
            runs.append(run)
        for begin in range(0, num, _BATCH):
            count = min(_BATCH, num - begin)
            vectors_ND = random.standard_normal((count, dimension)).astype(np.float32)
            vectors_ND /= np.linalg.norm(vectors_ND, axis=1, keepdims=True)
            writer.write(
                [
                    _sighting(runs[(begin + row) % _CAMERAS], begin + row, num, vectors_ND[row])
                    for row in range(count)
                ]
            )


def _sighting(run: Run, number: int, num: int, vector_D: np.typing.NDArray[np.float32]) -> Sighting:
    first_ns = number * _DAYS * DAY_NS // num
    return Sighting(
        sighting_id=f"{number:032x}",
        run=run,
        state="closed",
        stationary=False,
        first_wall_ns=first_ns,
        last_wall_ns=first_ns + 5 * 10**9,
        first_stream_s=0.0,
        last_stream_s=5.0,
        vehicle_class="car",
        class_score=1.0,
        colour=None,
        plate=None,
        quality=0.5,
        crops=(),
        embeddings=(Embedding("bench", "0" * 64, vector_D),),
    )
