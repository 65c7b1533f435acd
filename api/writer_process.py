"""The writer as a process of `yanji run`."""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection, Listener
from pathlib import Path

from yanji.api.log_file import start_process_logging
from yanji.api.plan import Failed, WriterBeat, resident_bytes
from yanji.api.writer import Intake
from yanji.configs.errors import DiskFullError, YanjiError
from yanji.configs.settings import Settings
from yanji.configs.site import Camera
from yanji.index.cameras import Camera as ArchiveCamera
from yanji.index.handover import take_over
from yanji.index.writer import ArchiveWriter
from yanji.index.writer import open_archive as open_archive_folder

_BEAT_S = 1.0
_LAST_WORDS_S = 20.0
_COMPARED_SIGMA_S = 1.0
"""A person compared the camera's clock with a good one and wrote the offset into the site."""
_UNKNOWN_SIGMA_S = 2.0


@dataclass(frozen=True, slots=True)
class WriterPlan:
    """All that the writer needs to start."""

    folder: Path
    settings: Settings
    cameras: tuple[Camera, ...]
    address: str
    authkey: bytes


def run_writer(plan: WriterPlan, supervisor: Connection) -> None:
    """Entry point of the process: open the archive, take messages until told to stop."""
    # Ctrl-C reaches the whole group; only the supervisor decides when the writer ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    start_process_logging(plan.settings, "writer")
    try:
        with open_archive(plan.folder, plan.settings) as archive:
            register_cameras(archive, plan.cameras)
            _serve(plan, archive, supervisor)
    except YanjiError as error:
        _send(supervisor, Failed(error.code, error.message, error.hint, fatal=True))
    except Exception as error:
        # The border of the process: the supervisor must hear why it ended, whatever it was.
        logging.getLogger(__name__).exception("the writer failed")
        _send(supervisor, Failed("writer", f"The writer failed: {error!r}.", "", fatal=False))


def open_archive(folder: Path, settings: Settings) -> ArchiveWriter:
    """Open an archive for writing with the installation's limits; takes in what was left for it."""
    low_water = settings.disk.low_water_mb * 1_000_000
    writer = open_archive_folder(folder, low_water_bytes=low_water)
    try:
        take_over(writer)
    except DiskFullError as full:
        # What was left stays; a full disk is the caller's affair, who may have come to free it.
        logging.getLogger(__name__).warning("clock offsets wait: %s", full.message)
    except BaseException:
        writer.close()
        raise
    return writer


def register_cameras(archive: ArchiveWriter, cameras: tuple[Camera, ...]) -> None:
    """Write the site's cameras and their clock offsets; unchanged ones stay as they are."""
    for camera in cameras:
        archive.register_camera(
            ArchiveCamera(
                camera.id, camera.name, camera.longitude, camera.latitude, camera.heading_deg
            )
        )
        compared = camera.clock_offset_s != 0
        sigma_s = _COMPARED_SIGMA_S if compared else _UNKNOWN_SIGMA_S
        archive.set_clock_offset(camera.id, 0, camera.clock_offset_s, sigma_s, "site")


def _serve(plan: WriterPlan, archive: ArchiveWriter, supervisor: Connection) -> None:
    listener = Listener(plan.address, authkey=plan.authkey)
    intake = Intake(archive, listener, retention_days=plan.settings.retention.days)
    intake.start()
    told = threading.Event()
    last_words_until = 0.0

    def beat() -> None:
        """In a thread of its own, because a commit on a slow disk may take long."""
        while True:
            state = intake.state
            message = WriterBeat(
                state.state,
                state.detail,
                state.num_written,
                state.num_rejected,
                resident_bytes(),
            )
            if not _send(supervisor, message):
                told.set()
                return
            if told.wait(_BEAT_S):
                return

    def listen() -> None:
        # A supervisor that is gone counts as an order: what the workers still send is committed.
        with contextlib.suppress(EOFError, OSError):
            supervisor.recv()
        told.set()

    threading.Thread(target=beat, name="writer-beat", daemon=True).start()
    threading.Thread(target=listen, name="writer-orders", daemon=True).start()

    def finished() -> bool:
        nonlocal last_words_until
        if not told.is_set():
            return False
        last_words_until = last_words_until or time.monotonic() + _LAST_WORDS_S
        return intake.num_connections == 0 or time.monotonic() > last_words_until

    intake.work(finished)
    intake.stop_accepting()


def _send(supervisor: Connection, message: object) -> bool:
    try:
        supervisor.send(message)
    except (OSError, ValueError):
        return False
    return True
