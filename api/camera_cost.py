"""What each camera costs, measured while it runs and remembered between starts.

The cost of a camera is the CPU time of its capture thread and of its share of the compute thread,
per second that it is up. What a worker does beside its cameras (moving bytes, talking to the
writer) is in the load of the worker and in no camera's cost. Frames that an overloaded worker gives
up cost nothing, so there the cost is a lower bound.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import Any, Final

from yanji.api.plan import WorkerBeat
from yanji.configs.site import Camera

log = logging.getLogger(__name__)

COST_FILE: Final = "camera-cost.json"
"""In the folder of the archive, which need not know of it: without it all cameras are strangers."""
WINDOW_S: Final = 120.0
LEAST_S: Final = 20.0
"""Below so much measured time a rate tells nothing: models warm up, a crowd passes."""
_BREAK_S: Final = 10.0
"""Beats further apart than this are not of one stretch."""
_USUAL: Final = {"all": 0.28, "fast": 0.25, "no_b_frames": 0.22, "key_frames": 0.05}
"""1080p25 by decode mode, docs/performance.md; only how they compare matters."""
_VERSION: Final = 1


class CpuRate:
    """CPU seconds per second over a sliding window, of something that counts its CPU time."""

    def __init__(self, window_s: float = WINDOW_S) -> None:
        self._window_s = window_s
        self._last: tuple[float, float] | None = None
        self._steps: deque[tuple[float, float]] = deque()
        self.measured_s = 0.0
        """How much time the window holds, seconds."""
        self._spent_s = 0.0

    def add(self, now_s: float, cpu_s: float, *, counts: bool = True) -> None:
        """Take the newest reading.

        Args:
            now_s: on a steady clock.
            cpu_s: CPU time since the start; one that falls is of a new process.
            counts: False while it does nothing: the time up to the next reading is left out.
        """
        last, self._last = self._last, (now_s, cpu_s) if counts else None
        if last is None or not counts:
            return
        passed_s, spent_s = now_s - last[0], cpu_s - last[1]
        if not 0 < passed_s <= _BREAK_S or spent_s < 0:
            return
        self._steps.append((passed_s, spent_s))
        self.measured_s += passed_s
        self._spent_s += spent_s
        while self.measured_s - self._steps[0][0] >= self._window_s:
            passed_s, spent_s = self._steps.popleft()
            self.measured_s -= passed_s
            self._spent_s -= spent_s

    def rate(self, least_s: float = LEAST_S) -> float | None:
        """CPU seconds per second, at least 0; None below `least_s` seconds of measurement."""
        if self.measured_s < least_s or self.measured_s <= 0:
            return None
        return max(0.0, self._spent_s / self.measured_s)


class CameraCosts:
    """Costs of all cameras of an installation: measured, else remembered, else supposed."""

    def __init__(self, cameras: Iterable[Camera], remembered: Mapping[str, float]) -> None:
        self.kinds = {camera.id: kind_of(camera) for camera in cameras}
        """Camera id -> what decides its cost, see `kind_of`."""
        self._remembered = {key: cost for key, cost in remembered.items() if key in self.kinds}
        self._rates: dict[str, CpuRate] = {}

    def take(self, beat: WorkerBeat, now_s: float) -> None:
        """Take what a worker says of its cameras."""
        for camera in beat.cameras:
            rate = self._rates.setdefault(camera.camera_id, CpuRate())
            rate.add(now_s, camera.cpu_s, counts=camera.state == "up")

    def begin_anew(self, camera_ids: Iterable[str]) -> None:
        """Their next readings are of another process."""
        for camera_id in camera_ids:
            if camera_id in self._rates:
                self._rates[camera_id].add(0.0, 0.0, counts=False)

    def measured(self, least_s: float = LEAST_S) -> dict[str, float]:
        """Camera id -> CPU seconds per second, of those measured since the start."""
        found = {camera_id: rate.rate(least_s) for camera_id, rate in self._rates.items()}
        return {camera_id: cost for camera_id, cost in found.items() if cost is not None}

    def known(self) -> dict[str, float]:
        """Camera id -> CPU seconds per second, measured now or before."""
        return {**self._remembered, **self.measured()}

    def of(self, camera: Camera) -> float:
        """What to reckon with: its own cost, else that of its like, else the usual one."""
        known = self.known()
        if camera.id in known:
            return known[camera.id]
        kind = kind_of(camera)
        alike = [cost for key, cost in known.items() if self.kinds.get(key) == kind]
        return median(alike) if alike else _USUAL[camera.decode]


def kind_of(camera: Camera) -> str:
    """What decides a camera's cost, of what the site says; a change makes it a stranger again."""
    stream = "main" if getattr(camera, "detect_url", None) is None else "sub"
    least = camera.analyse_fps_min if camera.analyse_fps_min is not None else camera.analyse_fps
    gate = "gate" if camera.motion_gate else "all"
    return f"{camera.decode} {stream} {least:g}-{camera.analyse_fps:g} {gate}"


def read_costs(folder: Path, cameras: Iterable[Camera]) -> dict[str, float]:
    """Costs of these cameras from the last time, as far as they are still what they were.

    A damaged file is worth a warning and nothing more.
    """
    path = folder / COST_FILE
    try:
        document = json.loads(path.read_text("utf-8"))
        return _costs_in(document, {camera.id: kind_of(camera) for camera in cameras})
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        log.warning("%s cannot be used (%s): cameras are placed without it", path, error)
        return {}


def _costs_in(document: Any, kinds: Mapping[str, str]) -> dict[str, float]:
    entries = document.get("cameras") if isinstance(document, dict) else None
    if not isinstance(entries, dict) or document.get("version") != _VERSION:
        raise ValueError("not a table of costs")
    found: dict[str, float] = {}
    for camera_id, entry in entries.items():
        if not isinstance(entry, dict):
            raise ValueError("not a table of costs")
        cost, kind = entry.get("cpu_s_per_s"), entry.get("kind")
        if not isinstance(cost, int | float) or not math.isfinite(cost) or cost < 0:
            raise ValueError(f"no cost: {cost!r}")
        if kinds.get(camera_id) == kind:
            found[camera_id] = float(cost)
    return found


class CostKeeper:
    """Writes the costs beside the archive from time to time, in a thread of its own.

    A disk that does not answer must not hold up the process that judges hangs.
    """

    def __init__(self, folder: Path, costs: CameraCosts, *, every_s: float = 600.0) -> None:
        self._folder = folder
        self._costs = costs
        self._every_s = every_s
        self._next_s: float | None = None
        self._thread: threading.Thread | None = None
        self._failed = False

    def tend(self, now_s: float) -> None:
        """Write when it is time; call now and then."""
        if self._next_s is None:
            self._next_s = now_s + self._every_s
        if now_s >= self._next_s:
            self._next_s = now_s + self._every_s
            self._write()

    def close(self, timeout_s: float = 2.0) -> None:
        """Write what is known at the end."""
        self._write()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _write(self) -> None:
        known = self._costs.known()
        if not known or (self._thread is not None and self._thread.is_alive()):
            return
        text = _text_of(known, self._costs.kinds)
        self._thread = threading.Thread(target=self._put, args=(text,), daemon=True)
        self._thread.start()

    def _put(self, text: str) -> None:
        path = self._folder / COST_FILE
        half_done = path.with_name(f".{COST_FILE}.{os.getpid()}")
        try:
            half_done.write_text(text, "utf-8")
            half_done.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                half_done.unlink(missing_ok=True)
            if not self._failed:
                log.warning("what cameras cost cannot be remembered: %s", error)
            self._failed = True


def _text_of(costs: Mapping[str, float], kinds: Mapping[str, str]) -> str:
    cameras = {
        camera_id: {"cpu_s_per_s": round(cost, 4), "kind": kinds[camera_id]}
        for camera_id, cost in sorted(costs.items())
        if camera_id in kinds
    }
    document = {"version": _VERSION, "cameras": cameras}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"
