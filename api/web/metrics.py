"""Figures for Prometheus, in a registry of its own: two servers in one process share none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from yanji.api.plan import CameraBeat, WorkerBeat, WriterBeat
from yanji.api.web.documents import CameraState
from yanji.index.disk import disk_free

if TYPE_CHECKING:
    from yanji.api.web.desk import Desk

STATES = get_args(CameraState)
_BUCKETS_S = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)


class Metrics:
    """Counts requests; reads cameras and archive when it is asked. Thread-safe."""

    def __init__(self) -> None:
        # A time stamp beside every counter is what nobody looks at.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "yanji_api_requests_total",
            "Requests that were answered.",
            ("route", "method", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "yanji_api_request_seconds",
            "From a request to its whole answer, seconds.",
            ("route",),
            buckets=_BUCKETS_S,
            registry=self._registry,
        )

    def note(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request; `route` is a template such as `/api/v1/crops/{sha256}`."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def exposition(self, desk: Desk) -> bytes:
        """Everything as text.

        Raises:
            ArchiveError: the archive cannot be read.
        """
        now = CollectorRegistry()
        cameras = _cameras(list(desk.cameras.beats().values()))
        intake = _intake(desk.cameras.workers(), desk.cameras.writer())
        now.register(_Now([*cameras, *intake, *_archive(desk)]))
        return generate_latest(self._registry) + generate_latest(now)


class _Now:
    """Figures that are read once, as a collector."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        yield from self._families


def _cameras(beats: list[CameraBeat]) -> Iterator[Metric]:
    gauges = (
        ("fps", "Frames received per second.", "fps_in"),
        ("analysed_fps", "Frames analysed per second.", "fps_analysed"),
        ("lag_seconds", "Age of the last analysed frame.", "lag_s"),
    )
    for name, text, field in gauges:
        gauge = GaugeMetricFamily(f"yanji_camera_{name}", text, labels=("camera",))
        for beat in beats:
            gauge.add_metric((beat.camera_id,), getattr(beat, field))
        yield gauge
    counters = (
        ("dropped_frames", "Frames given up because the machine was late.", "num_dropped"),
        ("reconnects", "Connections made anew.", "num_reconnects"),
        ("sightings", "Sightings since the start.", "num_sightings"),
        ("cpu_seconds", "CPU time of reading, decoding and analysing it.", "cpu_s"),
    )
    for name, text, field in counters:
        counter = CounterMetricFamily(f"yanji_camera_{name}", text, labels=("camera",))
        for beat in beats:
            counter.add_metric((beat.camera_id,), getattr(beat, field))
        yield counter
    ahead = GaugeMetricFamily(
        "yanji_camera_clock_ahead_seconds",
        "The camera's own clock minus this machine's, where it tells it (RTCP).",
        labels=("camera",),
    )
    for beat in beats:
        if beat.camera_ahead_s is not None:
            ahead.add_metric((beat.camera_id,), beat.camera_ahead_s)
    yield ahead
    degraded = GaugeMetricFamily(
        "yanji_camera_degraded", "1 while the machine does not keep up.", labels=("camera",)
    )
    for beat in beats:
        degraded.add_metric((beat.camera_id,), float(beat.degraded))
    yield degraded
    state = GaugeMetricFamily(
        "yanji_camera_state", "1 for the state it is in.", labels=("camera", "state")
    )
    for beat in beats:
        for one in STATES:
            state.add_metric((beat.camera_id, one), float(beat.state == one))
    yield state


def _intake(workers: Sequence[WorkerBeat], writer: WriterBeat | None) -> Iterator[Metric]:
    """Workers and the writer; nothing where nothing is watched live."""
    if workers:
        yield from _workers(workers)
    if writer is not None:
        yield CounterMetricFamily(
            "yanji_writer_messages_refused",
            "Messages that the writer could not take.",
            value=writer.num_rejected,
        )
        yield CounterMetricFamily(
            "yanji_writer_sightings",
            "Sightings committed, refreshed ones counted again.",
            value=writer.num_written,
        )


def _workers(workers: Sequence[WorkerBeat]) -> Iterator[Metric]:
    inference = CounterMetricFamily(
        "yanji_worker_inference_seconds",
        "Seconds in the detector, and in embedding and describing.",
        labels=("worker", "stage"),
    )
    waiting = GaugeMetricFamily(
        "yanji_worker_queue_length",
        "Frames that wait for the analysis; messages that the writer has not acknowledged.",
        labels=("worker", "queue"),
    )
    spent = CounterMetricFamily(
        "yanji_worker_cpu_seconds", "CPU time of the whole process.", labels=("worker",)
    )
    resident = GaugeMetricFamily(
        "yanji_worker_resident_bytes", "Resident memory.", labels=("worker",)
    )
    for beat in workers:
        worker = str(beat.number)
        inference.add_metric((worker, "detect"), beat.detect_s)
        inference.add_metric((worker, "describe"), beat.describe_s)
        waiting.add_metric((worker, "frames"), beat.num_frames_waiting)
        waiting.add_metric((worker, "messages"), beat.num_messages_waiting)
        spent.add_metric((worker,), beat.cpu_s)
        resident.add_metric((worker,), beat.resident_bytes)
    yield from (inference, waiting, spent, resident)


def _archive(desk: Desk) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "yanji_archive_sightings",
        "Sightings in the archive.",
        value=desk.totals.newest().num_sightings,
    )
    yield GaugeMetricFamily(
        "yanji_archive_free_bytes",
        "Bytes free on the archive's disk.",
        value=disk_free(desk.reader.folder),
    )
