"""`yanji bench memory`: what a worker keeps resident, and how soon the first sighting is there.

The models' size is measured in a process of their own; cameras are watched by the true
`yanji run`, one worker, 1080p25 over RTSP from a server in another process.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from yanji.api.bench_footage import bench_footage
from yanji.api.bench_live import LiveRun, running
from yanji.api.bench_models import measure_models
from yanji.api.bench_start import measure_start
from yanji.configs.settings import Settings
from yanji.ingest.rtsp_server import serve_folder

MAX_OVERHEAD_MB: Final = 200.0
MAX_CAMERA_MB: Final = 120.0
MAX_START_S: Final = 5.0
CAMERAS: Final = (1, 2, 4)
UP_S: Final = 90.0
"""A busy machine may take so long until all cameras give pictures."""
_SAMPLE_S: Final = 0.5
_WORKER: Final = "worker-0"


def bench_memory(
    videos: Sequence[Path],
    settings: Settings,
    *,
    cameras: Sequence[int] = CAMERAS,
    watch_s: float = 30.0,
    seconds: float = 24.0,
    starts: int = 3,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, object]:
    """Measure models, cameras and start.

    Args:
        videos: what the cameras show, encoded anew at 1080p25, see `bench_footage`.
        settings: models, runtime and precision.
        cameras: numbers of cameras, one run each; none: that part is left out.
        watch_s: seconds of watching after all cameras are up; the largest size of the last third
            counts.
        seconds: length of the footage, which is shown over and over.
        starts: how often `run` is started for the first sighting; the median one is shown whole.
        say: told how far it is.

    Returns:
        `models`, `cameras`, `first_sighting`, and `bars`: each with its limit and whether it is
        kept (None where it was not measured).

    Raises:
        SourceError: a video cannot be read. YanjiError: a process does not do what it should.
    """
    film = bench_footage(videos, seconds, say=say)["h264"]
    say("models in a process of their own")
    models = measure_models(settings)
    rows = []
    begins = []
    with tempfile.TemporaryDirectory(prefix="yanji-bench-") as folder:
        # The server gives away every file of its folder: it sees this one only.
        shown = Path(folder) / "camera.mp4"
        shutil.copyfile(film, shown)
        with serve_folder(Path(folder)) as server:
            for number in cameras:
                say(f"{number} camera{'s' if number > 1 else ''} for {watch_s:.0f} s")
                urls = {f"bench-{index + 1}": server.url_of(shown.name) for index in range(number)}
                rows.append(_watch(urls, settings, watch_s, models.opened_mb))
        for number in range(starts):
            say(f"start {number + 1} of {starts}")
            # A new server each time: its connections are counted, and old ones linger.
            with serve_folder(Path(folder)) as server:
                begins.append(measure_start(server.url_of(shown.name), settings))
    begins.sort(key=lambda begin: begin.total_s)
    middle = begins[len(begins) // 2] if begins else None
    camera_mb = max((row["per_camera_mb"] for row in rows), default=None)
    return {
        "models": {**asdict(models), "overhead_mb": round(models.overhead_mb, 1)},
        "cameras": rows,
        "first_sighting": None
        if middle is None
        else {**asdict(middle), "range_s": [begins[0].total_s, begins[-1].total_s]},
        "bars": {
            "model_overhead_mb": _bar(models.overhead_mb, MAX_OVERHEAD_MB),
            "per_camera_mb": _bar(camera_mb, MAX_CAMERA_MB),
            "first_sighting_s": _bar(None if middle is None else middle.total_s, MAX_START_S),
        },
        "facts": {
            "sources": [video.name for video in videos],
            "runtime": settings.runtime,
            "precision": settings.precision,
            "watch_s": watch_s,
            "starts": starts,
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        },
    }


def _bar(value: float | None, limit: float) -> dict[str, object]:
    kept = None if value is None else value <= limit
    return {"value": None if value is None else round(value, 2), "limit": limit, "kept": kept}


def _watch(
    urls: dict[str, str], settings: Settings, watch_s: float, models_mb: float
) -> dict[str, Any]:
    with (
        tempfile.TemporaryDirectory(prefix="yanji-bench-") as folder,
        running(Path(folder), urls, settings) as run,
    ):
        run.wait_until_all_up(UP_S)
        until_s = time.monotonic() + watch_s
        sizes: list[float] = []
        while time.monotonic() < until_s or not sizes:
            time.sleep(_SAMPLE_S)
            size = _worker_mb(run)
            if size:
                sizes.append(size)
        last = run.last()
    # What a network allocates when it is first used counts as the cameras': not every run uses all.
    worker_mb = max(sizes[-max(1, len(sizes) // 3) :])
    return {
        "cameras": len(urls),
        "worker_mb": round(worker_mb, 1),
        "per_camera_mb": round((worker_mb - models_mb) / len(urls), 1),
        "writer_mb": round(last["resident_bytes"].get("writer", 0) / 1e6, 1),
        "fps_in": round(sum(camera["fps_in"] for camera in last["cameras"]), 1),
        "frames_given_up": sum(camera["num_dropped"] for camera in last["cameras"]),
        "sightings": sum(camera["num_sightings"] for camera in last["cameras"]),
    }


def _worker_mb(run: LiveRun) -> float:
    """Resident megabytes of the worker by its last beat; 0 before the first."""
    return float(run.last().get("resident_bytes", {}).get(_WORKER, 0)) / 1e6
