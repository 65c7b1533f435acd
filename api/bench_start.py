"""How long it takes from the start of `yanji run` to the first sighting in the archive.

Nothing in the process is touched: what happened when is read off from outside, by the start of the
processes, the camera's connection, and the times that the archive itself holds.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from yanji.api.bench_live import LiveRun, running
from yanji.configs.errors import ArchiveError, YanjiError
from yanji.configs.settings import Settings
from yanji.index.hit import StoredSighting
from yanji.index.reader import read_archive

LIMIT_S: Final = 90.0
_POLL_S: Final = 0.02
_ESTABLISHED: Final = "01"
_TCP_TABLES: Final = ("/proc/net/tcp", "/proc/net/tcp6")
_START_FIELD: Final = 19
"""In /proc/PID/stat behind the name: when it began, in clock ticks since the machine did."""


@dataclass(frozen=True, slots=True)
class FirstSighting:
    """Seconds of one start; each part begins where the one before it ends."""

    total_s: float
    """From starting the process to the first sighting that a reader of the archive finds."""
    to_worker_s: float | None
    """To the start of the worker process: the command's own imports, the writer, the archive."""
    to_connecting_s: float | None
    """To its connection with the camera: imports and models. None without /proc."""
    to_picture_s: float | None
    """To the first decoded picture, a key frame."""
    to_seen_s: float | None
    """To the first analysed picture in which the vehicle is."""
    to_committed_s: float
    """To the sighting in the archive: seen often enough, embedded, written."""


def measure_start(url: str, settings: Settings, *, limit_s: float = LIMIT_S) -> FirstSighting:
    """Start `yanji run` on one camera that shows a vehicle at once, and wait for its sighting.

    Args:
        url: of the camera, `rtsp://host:port/...`; nobody else is connected to it.
        settings: models, runtime and precision.
        limit_s: give up after so long.

    Raises:
        YanjiError: no sighting in this time.
    """
    port = urlsplit(url).port or 554
    with (
        tempfile.TemporaryDirectory(prefix="yanji-bench-") as folder,
        running(Path(folder), {"bench": url}, settings) as run,
    ):
        connected_ns, committed_ns, first = _watch(run, port, limit_s)
        worker_ns = _worker_began_ns(run)
        with read_archive(run.archive) as reader:
            picture_ns = min(one.started_ns for one in reader.runs())
    return FirstSighting(
        total_s=round((committed_ns - run.began_ns) / 1e9, 3),
        to_worker_s=_between(run.began_ns, worker_ns),
        to_connecting_s=_between(worker_ns, connected_ns),
        to_picture_s=_between(connected_ns, picture_ns),
        to_seen_s=_between(picture_ns, first.first_ns),
        to_committed_s=round((committed_ns - first.first_ns) / 1e9, 3),
    )


def _between(before_ns: int | None, after_ns: int | None) -> float | None:
    if before_ns is None or after_ns is None:
        return None
    return round((after_ns - before_ns) / 1e9, 3)


def _watch(run: LiveRun, port: int, limit_s: float) -> tuple[int | None, int, StoredSighting]:
    """When the camera was connected to, when the first sighting was there, and that sighting."""
    until_s = time.monotonic() + limit_s
    connected_ns: int | None = None
    with contextlib.ExitStack() as stack:
        reader = None
        while time.monotonic() < until_s:
            run.last()
            if connected_ns is None and _is_connected(port):
                connected_ns = time.time_ns()
            if reader is None:
                # Not there yet, or being made at this moment.
                with contextlib.suppress(ArchiveError):
                    reader = stack.enter_context(read_archive(run.archive))
            found = reader.sightings(limit=1) if reader is not None else []
            if found:
                return connected_ns, time.time_ns(), found[0]
            time.sleep(_POLL_S)
    raise YanjiError(
        f"`yanji run` made no sighting in {limit_s:.0f} s.",
        hint="Give a VIDEO in which a vehicle is in view at once.",
    )


def _is_connected(port: int) -> bool:
    """Whether somebody on this machine is connected to a port of it."""
    for table in _TCP_TABLES:
        with contextlib.suppress(OSError), open(table, encoding="ascii") as lines:
            next(lines, None)
            for line in lines:
                _, _, remote, state, *_ = line.split()
                if state == _ESTABLISHED and int(remote.rpartition(":")[2], 16) == port:
                    return True
    return False


def _worker_began_ns(run: LiveRun) -> int | None:
    until_s = time.monotonic() + 5
    while time.monotonic() < until_s:
        process_id = run.process_id("worker-0")
        if process_id is not None:
            ours, theirs = _began_ticks(run.process.pid), _began_ticks(process_id)
            if ours is None or theirs is None:
                return None
            return run.began_ns + (theirs - ours) * 10**9 // os.sysconf("SC_CLK_TCK")
        time.sleep(_POLL_S)
    return None


def _began_ticks(process_id: int) -> int | None:
    try:
        text = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    return int(text.rpartition(")")[2].split()[_START_FIELD])
