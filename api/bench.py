"""`yanji bench pipeline`: what a camera-second costs, beside the least that it can cost.

All arms run in this process on one thread, in turn, on the same file and the same analysed frames;
the clock is the process's CPU time. The floor decodes every frame, scales and runs the detector's
network on the analysed ones, and repeats the embedder calls that the pipeline made. The pipeline
adds all the rest: suppression, tracking, crops, blurring, JPEG, messages, archive writes. Beside
them the usual loop (`bench_plain.py`), ultralytics' own where it is installed, and the pipeline on
the other streams that a camera can give.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol

from yanji.api.bench_footage import bench_footage
from yanji.api.bench_paths import ListeningPipeline, PassagePath, share_found
from yanji.api.bench_plain import PlainLoop
from yanji.api.bench_ultralytics import UltralyticsTrack
from yanji.api.messages import FileFinished, FileProgress, Message, Seen
from yanji.api.pipeline import CameraPipeline, lost_s_of, open_detector, open_reid
from yanji.api.plan import resident_bytes
from yanji.api.reading import Job, read_recording
from yanji.api.recordings import RECORDING_GATHER_S
from yanji.api.worker import one_thread_each
from yanji.api.writer import MAX_BATCH, apply_message, merged
from yanji.configs.settings import Settings
from yanji.detect.yolo import Detector
from yanji.index.cameras import Camera
from yanji.index.writer import open_archive
from yanji.ingest.content import file_sha256
from yanji.ingest.frame import BgrImage
from yanji.ingest.recording import open_recording
from yanji.ingest.sample import Sampler
from yanji.reid.embedder import Embedder, Vectors

MAIN: Final = "h264"
"""The stream that all arms run on."""
STREAM_ROUNDS: Final = 1
"""The other streams are watched for what they see, and in so many rounds more; the arms in all."""
SLOWER: Final = 0.6
"""The sub-stream is also watched at this share of the rate."""


class Arm(Protocol):
    """A way of watching that is no part of yanji."""

    def run(self, path: Path, analysed: Set[int]) -> tuple[float, int]:
        """Read a recording: CPU milliseconds, analysed frames."""
        ...


@dataclass(frozen=True, slots=True)
class _Yanji:
    """What one run of the pipeline came to."""

    spent_ms: float
    stream_s: float
    num_sightings: int
    num_analysed: int


@dataclass(slots=True)
class _Times:
    """CPU milliseconds per camera-second, one a round."""

    floor: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    ultralytics: list[float] = field(default_factory=list)
    streams: dict[str, list[float]] = field(default_factory=dict)


class _Recorder:
    """An embedder that remembers what it was asked."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self.calls: list[list[BgrImage]] = []

    @property
    def model_id(self) -> str:
        return self._inner.model_id

    @property
    def weights_sha256(self) -> str:
        return self._inner.weights_sha256

    @property
    def dimension(self) -> int:
        return self._inner.dimension

    def embed(self, crops: Sequence[BgrImage]) -> Vectors:
        if crops:
            self.calls.append(list(crops))
        return self._inner.embed(crops)


def bench_pipeline(
    videos: Sequence[Path],
    settings: Settings,
    *,
    analyse_fps: float = 5.0,
    rounds: int = 5,
    seconds: float = 120.0,
    within_s: float | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, object]:
    """Measure all arms on the same footage.

    Args:
        videos: recordings, best of real traffic; encoded anew, see `bench_footage`.
        settings: models, runtime and precision.
        analyse_fps: frames analysed per second.
        rounds: of all arms, in turn, after one that warms up and records the embedder's calls;
            the other streams take part in that one and in the first `STREAM_ROUNDS`.
        seconds: length of the footage.
        within_s: begin no round that would not end within so many seconds (but always one).
        say: told how far it is.

    Returns:
        Times in CPU milliseconds per second of the camera; `*_over_*` are medians of ratios of
        the same round; `ultralytics_ms` is None where it cannot run, `facts` says why.
        `passages_found`: of the passages of the main stream at the full rate, the share that each
        other way of watching still makes a sighting of.

    Raises:
        SourceError, ModelError: a file or a model cannot be opened.
    """
    until_s = None if within_s is None else time.monotonic() + within_s
    one_thread_each()
    files = bench_footage(videos, seconds, say=say)
    detector = open_detector(settings)
    recorder = _Recorder(open_reid(settings))
    jobs = _jobs(files, analyse_fps)
    main = jobs[MAIN]
    say(f"a first round on {seconds:g} s")
    first, full = _listened(main, detector, recorder)
    calls = list(recorder.calls)
    times = _Times(streams={name: [] for name in jobs})
    found = {}
    for name, job in jobs.items():
        if name != MAIN:
            recorder.calls.clear()
            ran, seen = _listened(job, detector, recorder)
            found[name] = share_found(full, seen)
            times.streams[name].append(ran.spent_ms / first.stream_s)
    analysed = _floor(main, detector, recorder, calls)[1]
    plain = PlainLoop(settings)
    ultralytics, why = _ultralytics(settings)
    num_plain = 0
    for number in range(rounds):
        began_s = time.monotonic()
        say(f"round {number + 1} of {rounds}")
        times.floor.append(_floor(main, detector, recorder, calls)[0] / first.stream_s)
        for name, job in jobs.items():
            if name != MAIN and number >= STREAM_ROUNDS:
                continue
            recorder.calls.clear()
            pipeline = CameraPipeline(detector, recorder, analyse_fps, lost_s=lost_s_of(job.decode))
            spent_ms = _yanji(job, pipeline).spent_ms
            times.streams[name].append(spent_ms / first.stream_s)
        spent_ms, num_plain = plain.run(main.path, analysed)
        times.plain.append(spent_ms / first.stream_s)
        if ultralytics is not None:
            times.ultralytics.append(ultralytics.run(main.path, analysed)[0] / first.stream_s)
        took_s = time.monotonic() - began_s
        if until_s is not None and time.monotonic() + took_s > until_s:
            break
    facts = {
        "unit": "CPU ms per camera-second, one thread",
        "sources": [video.name for video in videos],
        "stream_s": round(first.stream_s, 2),
        "analyse_fps": analyse_fps,
        "num_analysed": first.num_analysed,
        "num_analysed_floor": len(analysed),
        "num_analysed_plain": num_plain,
        "num_sightings": first.num_sightings,
        "vehicles_in_view": round(_mean_in_view(full, first.num_analysed), 1),
        "num_embedded": sum(len(call) for call in calls),
        "runtime": detector.first.name,
        "precision": detector.first.precision,
        "rounds": len(times.floor),
        "ultralytics": why,
        "resident_mb": round(resident_bytes() / 1e6, 1),
    }
    return _report(times, found, facts)


def _jobs(files: Mapping[str, Path], analyse_fps: float) -> dict[str, Job]:
    """Every way in which yanji can watch the camera, the main one first."""
    jobs = {
        name: Job(path, "bench", 0, analyse_fps, file_sha256(path)) for name, path in files.items()
    }
    jobs["fast"] = replace(jobs[MAIN], decode="fast")
    jobs["no_b_frames"] = replace(jobs["h264_b"], decode="no_b_frames")
    # As a camera with `detect_url`: looked at in the sub-stream, crops from the main one.
    jobs["sub_stream"] = replace(jobs[MAIN], sub_path=files["sub_stream"])
    slower_fps = analyse_fps * SLOWER
    jobs[f"sub_stream_{slower_fps:g}_fps"] = replace(jobs["sub_stream"], analyse_fps=slower_fps)
    jobs["key_frames"] = replace(jobs[MAIN], decode="key_frames")
    jobs["motion_gate"] = replace(jobs[MAIN], motion_gate=True)
    return jobs


def _ultralytics(settings: Settings) -> tuple[Arm | None, str]:
    try:
        return UltralyticsTrack(settings), "measured"
    except ImportError as error:
        return None, str(error)


def _report(
    times: _Times, found: Mapping[str, float], facts: Mapping[str, object]
) -> dict[str, object]:
    ours = times.streams[MAIN]
    over_floor = [one / floor for one, floor in zip(ours, times.floor, strict=True)]
    over_ours = [plain / one for plain, one in zip(times.plain, ours, strict=True)]
    theirs = times.ultralytics
    return {
        "floor_ms": round(statistics.median(times.floor), 2),
        "yanji_ms": round(statistics.median(ours), 2),
        "plain_ms": round(statistics.median(times.plain), 2),
        "ultralytics_ms": round(statistics.median(theirs), 2) if theirs else None,
        "yanji_over_floor": round(statistics.median(over_floor), 4),
        "plain_over_yanji": round(statistics.median(over_ours), 4),
        "cameras_per_core": {
            name: round(1000 / statistics.median(spent), 2) for name, spent in times.streams.items()
        },
        "passages_found": {name: round(share, 4) for name, share in found.items()},
        "facts": {
            **facts,
            "yanji_over_floor_range": [round(min(over_floor), 4), round(max(over_floor), 4)],
            "plain_over_yanji_range": [round(min(over_ours), 4), round(max(over_ours), 4)],
        },
    }


def _mean_in_view(paths: Sequence[PassagePath], num_analysed: int) -> float:
    return sum(len(path.moments) for path in paths) / max(1, num_analysed)


def _listened(job: Job, detector: Detector, embedder: Embedder) -> tuple[_Yanji, list[PassagePath]]:
    """Run once and keep the path of every vehicle that became a sighting."""
    pipeline = ListeningPipeline(detector, embedder, job.analyse_fps, lost_s=lost_s_of(job.decode))
    ids: set[str] = set()

    def note(message: Message) -> None:
        if isinstance(message, Seen):
            ids.update(sighting.sighting_id for sighting in message.sightings)

    ran = _yanji(job, pipeline, note)
    return ran, [path for name, path in pipeline.paths.items() if name in ids]


def _yanji(
    job: Job, pipeline: CameraPipeline, note: Callable[[Message], None] = lambda message: None
) -> _Yanji:
    """File to committed archive."""
    with tempfile.TemporaryDirectory() as folder:
        archive = open_archive(Path(folder))
        with archive:
            archive.register_camera(Camera(job.camera_id))
            batch: list[Message] = []
            since_s = time.monotonic()

            def take(message: Message) -> None:
                """Commit by the writer's rule for recordings."""
                nonlocal since_s
                note(message)
                if not batch:
                    since_s = time.monotonic()
                batch.append(message)
                late = time.monotonic() - since_s > RECORDING_GATHER_S
                mark = isinstance(message, FileProgress | FileFinished)
                if late or mark or len(batch) >= MAX_BATCH:
                    for joined in merged(batch):
                        apply_message(archive, joined)
                    batch.clear()

            began = time.process_time()
            finished = read_recording(job, pipeline, take)
            spent_s = time.process_time() - began
    return _Yanji(
        spent_ms=spent_s * 1e3,
        stream_s=max(finished.ended_ns / 1e9, 1e-3),  # the job starts at 0
        num_sightings=finished.num_sightings,
        num_analysed=pipeline.num_analysed,
    )


def _floor(
    job: Job, detector: Detector, embedder: Embedder, calls: Sequence[Sequence[BgrImage]]
) -> tuple[float, frozenset[int]]:
    """CPU milliseconds and the analysed frames: decode, network, embedder, nothing else."""
    began = time.process_time()
    analysed: list[int] = []
    sampler = Sampler(job.analyse_fps)
    source = open_recording(
        job.path, job.camera_id, job.started_ns, content_sha256=job.content_sha256
    )
    with source.connect() as connection:
        for frame in connection:
            if sampler.take(frame.stream_s):
                detector.raw(frame.picture)
                analysed.append(frame.number)
    for crops in calls:
        embedder.embed(crops)
    return (time.process_time() - began) * 1e3, frozenset(analysed)
