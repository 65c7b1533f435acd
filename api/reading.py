"""The reading process of `yanji index`: one recording after the other through the pipeline."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

from yanji.api.link import WriterLink
from yanji.api.logs import start_logging
from yanji.api.memory import share_one_heap
from yanji.api.messages import FileBegun, FileFailed, FileFinished, FileProgress, Message, Seen
from yanji.api.pipeline import CameraPipeline, lost_s_of, open_detector, open_reid
from yanji.api.worker import one_thread_each
from yanji.configs.errors import YanjiError
from yanji.configs.settings import Settings
from yanji.ingest.content import text_of
from yanji.ingest.decode_mode import DecodeMode
from yanji.ingest.frame import Frame
from yanji.ingest.motion import MotionGate
from yanji.ingest.recording import Recording, open_recording
from yanji.ingest.sample import Sampler
from yanji.ingest.twin_files import paired_frames

_PROGRESS_S = 1.0
_DRAIN_S = 60.0
"""How long a reader that is told to end waits for the writer's last commit."""


@dataclass(frozen=True, slots=True)
class Job:
    """One recording to read."""

    path: Path
    camera_id: str
    started_ns: int
    analyse_fps: float
    content_sha256: str = ""
    """Of the file; empty: not known yet."""
    start_source: str = "given"
    """How the start is known, see `yanji.ingest.recording_start.StartSource`."""
    start_sigma_s: float = 0.0
    decode: DecodeMode = "all"
    motion_gate: bool = False
    """Whether frames in which nothing moves are analysed only once a second."""
    sub_path: Path | None = None
    """The same seconds as the camera's sub-stream gave them: vehicles are looked for in it, and of
    `path` only key frames are read, which the crops come from."""

    @property
    def key(self) -> str:
        """Names the job in messages; a path alone may be read for two cameras."""
        return key_of(self.path, self.camera_id, self.started_ns)


@dataclass(frozen=True, slots=True)
class ReaderPlan:
    """All that a reading process needs to start."""

    settings: Settings
    address: str
    authkey: bytes


def run_reader(plan: ReaderPlan, owner: Connection) -> None:
    """Entry point of a reading process: one recording after the other."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    start_logging(plan.settings.log_level)
    share_one_heap()
    one_thread_each()
    threading.Thread(target=_end_with_owner, name="owner-watch", daemon=True).start()
    link = WriterLink(plan.address, plan.authkey)
    models = None
    try:
        while True:
            job: Job = owner.recv()
            try:
                if models is None:
                    models = (open_detector(plan.settings), open_reid(plan.settings))
                pipeline = CameraPipeline(*models, job.analyse_fps, lost_s=lost_s_of(job.decode))
                read_recording(job, pipeline, link.send)
            except YanjiError as error:
                link.send(FileFailed(job.key, error.code, error.message, error.hint))
    except (EOFError, OSError):
        pass  # the owner is gone
    finally:
        link.drain(_DRAIN_S)
        link.close()


def _end_with_owner() -> None:
    """A reader whose owner was killed would wait for ever to hand over what it found."""
    owner = multiprocessing.parent_process()
    if owner is not None:
        owner.join()
        os._exit(1)  # nothing here is worth finishing: the ledger knows what is not done


def read_recording(
    job: Job, pipeline: CameraPipeline, send: Callable[[Message], object]
) -> FileFinished:
    """Take one recording through the pipeline; returns the last message it sent.

    Raises:
        SourceError: the file cannot be read; what was sent of it stays invisible.
    """
    key, num_sightings, ids = job.key, 0, set[str]()
    with ExitStack() as opened:
        connection = opened.enter_context(_source_of(job).connect())
        run = replace(
            connection.run, start_source=job.start_source, start_sigma_s=job.start_sigma_s
        )
        send(FileBegun(run, text_of(job.path)))
        next_progress = time.monotonic()
        for frame in _analysed_frames(job, connection, opened):
            found = pipeline.step(frame)
            if found:
                ids.update(sighting.sighting_id for sighting in found)
                send(Seen(tuple(found)))
            if time.monotonic() >= next_progress:
                send(FileProgress(run.run_id, frame.stream_s, connection.duration_s, key))
                next_progress = time.monotonic() + _PROGRESS_S
        closed = pipeline.finish()
        if closed:
            ids.update(sighting.sighting_id for sighting in closed)
            send(Seen(tuple(closed)))
        num_sightings = len(ids)
        ended_ns = run.started_ns + round(connection.last_stream_s * 1e9)
        damage = _damage(connection.truncated, connection.num_broken, connection.last_stream_s)
        send(FileProgress(run.run_id, connection.last_stream_s, connection.duration_s, key))
        finished = FileFinished(run.run_id, ended_ns, num_sightings, damage, key)
        send(finished)
    return finished


def _source_of(job: Job) -> Recording:
    """The recording that is looked at frame by frame."""
    return open_recording(
        job.sub_path or job.path,
        job.camera_id,
        job.started_ns,
        content_sha256=job.content_sha256,
        decode=job.decode,
    )


def _analysed_frames(job: Job, frames: Iterable[Frame], opened: ExitStack) -> Iterator[Frame]:
    sampler = Sampler(job.analyse_fps)
    gate = MotionGate() if job.motion_gate else None
    if job.sub_path is not None:
        large = open_recording(
            job.path,
            job.camera_id,
            job.started_ns,
            content_sha256=job.content_sha256,
            decode="key_frames",
        )
        sampled = paired_frames(frames, opened.enter_context(large.connect()), sampler)
    else:
        sampled = (frame for frame in frames if sampler.take(frame.stream_s))
    for frame in sampled:
        if gate is None or gate.passes(frame.picture, frame.stream_s):
            yield frame


def _damage(truncated: bool, num_broken: int, last_s: float) -> str | None:
    if truncated:
        return f"the file is cut off after {last_s:.0f} s"
    if num_broken:
        return f"{num_broken} pictures could not be decoded"
    return None


def key_of(path: Path, camera_id: str, started_ns: int) -> str:
    """Name a job, see `Job.key`."""
    return f"{path}\0{camera_id}\0{started_ns}"
