"""`yanji bench pipeline`: what a camera-second costs, beside the least that it can cost.

Both arms run in this process on one thread, in turn, on the same file and the same analysed frames;
the clock is the process's CPU time. The floor decodes every frame, scales and runs the detector's
network on the analysed ones, and repeats the embedder calls that the pipeline made. The pipeline
adds all the rest: suppression, tracking, crops, blurring, JPEG, messages, archive writes.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from yanji.api.messages import FileFinished, FileProgress, Message
from yanji.api.pipeline import CameraPipeline, open_detector, open_reid
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
    path: Path, settings: Settings, *, analyse_fps: float = 5.0, rounds: int = 5
) -> dict[str, object]:
    """Measure both arms on one file.

    Args:
        path: a recording, best of real traffic.
        settings: models, runtime and precision.
        analyse_fps: frames analysed per second.
        rounds: of both arms, in turn, after one round that warms up and records the calls.

    Returns:
        Times in CPU milliseconds per second of the camera; `*_over_*` are medians of ratios of
        the same round.

    Raises:
        SourceError, ModelError: the file or a model cannot be opened.
    """
    one_thread_each()
    detector = open_detector(settings)
    recorder = _Recorder(open_reid(settings))
    job = Job(path, "bench", 0, analyse_fps, file_sha256(path))
    _, stream_s, num_sightings, num_analysed = _yanji(job, detector, recorder)
    calls = list(recorder.calls)
    num_analysed_floor = _floor(job, detector, recorder, calls)[1]
    floors, yanjis = [], []
    for _ in range(rounds):
        floors.append(_floor(job, detector, recorder, calls)[0] / stream_s)
        recorder.calls.clear()
        yanjis.append(_yanji(job, detector, recorder)[0] / stream_s)
    ratios = [ours / floor for ours, floor in zip(yanjis, floors, strict=True)]
    ours_ms = statistics.median(yanjis)
    return {
        "floor_ms": round(statistics.median(floors), 2),
        "yanji_ms": round(ours_ms, 2),
        "yanji_over_floor": round(statistics.median(ratios), 4),
        "yanji_over_floor_range": [round(min(ratios), 4), round(max(ratios), 4)],
        "cameras_per_core": round(1000 / ours_ms, 2),
        "unit": "CPU ms per camera-second, one thread",
        "source": path.name,
        "stream_s": round(stream_s, 2),
        "analyse_fps": analyse_fps,
        "num_analysed": num_analysed,
        "num_analysed_floor": num_analysed_floor,
        "num_sightings": num_sightings,
        "num_embedded": sum(len(call) for call in calls),
        "runtime": detector.first.name,
        "precision": detector.first.precision,
        "rounds": rounds,
        "resident_mb": round(resident_bytes() / 1e6, 1),
    }


def _yanji(job: Job, detector: Detector, embedder: Embedder) -> tuple[float, float, int, int]:
    """File to committed archive: CPU ms, seconds of the recording, sightings, analysed frames."""
    with tempfile.TemporaryDirectory() as folder:
        archive = open_archive(Path(folder))
        with archive:
            archive.register_camera(Camera(job.camera_id))
            pipeline = CameraPipeline(detector, embedder, job.analyse_fps)
            batch: list[Message] = []
            since_s = time.monotonic()

            def take(message: Message) -> None:
                """Commit by the writer's rule for recordings."""
                nonlocal since_s
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
    stream_s = finished.ended_ns / 1e9  # the job starts at 0
    num_analysed = pipeline.num_analysed
    return spent_s * 1e3, max(stream_s, 1e-3), finished.num_sightings, num_analysed


def _floor(
    job: Job, detector: Detector, embedder: Embedder, calls: Sequence[Sequence[BgrImage]]
) -> tuple[float, int]:
    """CPU milliseconds and analysed frames: decode, network, embedder, nothing else."""
    began = time.process_time()
    num_analysed = 0
    sampler = Sampler(job.analyse_fps)
    source = open_recording(
        job.path, job.camera_id, job.started_ns, content_sha256=job.content_sha256
    )
    with source.connect() as connection:
        for frame in connection:
            if sampler.take(frame.stream_s):
                detector.raw(frame.picture)
                num_analysed += 1
    for crops in calls:
        embedder.embed(crops)
    return (time.process_time() - began) * 1e3, num_analysed
