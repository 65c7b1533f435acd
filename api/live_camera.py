"""One camera of a worker: its capture, its stages, its picture, and how well it is watched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypedDict

from yanji.api.overload import Overload
from yanji.api.pictures import LatestPicture
from yanji.api.pipeline import CameraPipeline, lost_s_of
from yanji.api.plan import CameraPlan
from yanji.detect.yolo import Detector
from yanji.ingest.address import ANY_CAMERA, CameraRules
from yanji.ingest.capture import Capture
from yanji.ingest.frame import Frame
from yanji.ingest.gap import Gap
from yanji.ingest.rtsp import RtspSource
from yanji.ingest.source import Source
from yanji.ingest.twin_capture import TwinCapture
from yanji.reid.embedder import Embedder


class _CaptureOptions(TypedDict):
    """What both kinds of capture are told."""

    analyse_fps: float
    analyse_fps_min: float | None
    motion_gate: bool
    on_frame: Callable[[Frame], bool]
    on_gap: Callable[[Gap], None]
    open_gap: Gap | None


@dataclass
class LiveCamera:
    """What the worker knows of one camera."""

    plan: CameraPlan
    capture: Capture | TwinCapture
    pipeline: CameraPipeline
    num_sightings: int = 0
    lag_s: float = 0.0
    seen_ids: set[str] = field(default_factory=set)
    overload: Overload = field(default_factory=Overload)
    ended_run_id: str | None = None
    """The last run that was closed: a frame of it that still waited comes too late."""
    compute_s: float = 0.0
    """CPU time of the compute thread that it took so far, seconds."""
    size: tuple[int, int] | None = None
    """Width and height of the last picture analysed."""
    leaving_since_s: float | None = None
    """Monotonic time of the order to let go of it; None: it stays."""


def open_live_camera(
    plan: CameraPlan,
    *,
    make_source: Callable[[CameraPlan], Source],
    detector: Detector,
    embedder: Embedder,
    pictures: Path | None,
    on_frame: Callable[[Frame], bool],
    on_gap: Callable[[Gap], None],
    open_gap: Gap | None,
) -> LiveCamera:
    """Make the parts of one camera; nothing runs before `capture.start`.

    Args:
        plan: the camera.
        make_source: gives what the capture reads.
        detector: of the worker; shared by its cameras.
        embedder: of the worker; shared by its cameras.
        pictures: folder of the latest pictures; None: none is made.
        on_frame: takes a frame in the capture thread; True when an older one was dropped for it.
        on_gap: takes an outage in the capture thread.
        open_gap: an outage that began before.
    """
    camera = plan.camera
    wanted = _CaptureOptions(
        analyse_fps=camera.analyse_fps,
        analyse_fps_min=camera.analyse_fps_min,
        motion_gate=camera.motion_gate,
        on_frame=on_frame,
        on_gap=on_gap,
        open_gap=open_gap,
    )
    capture: Capture | TwinCapture
    if camera.detect_url is None:
        capture = Capture(make_source(plan), **wanted)
    else:
        sub, main = streams_of(plan)
        capture = TwinCapture(make_source(sub), make_source(main), **wanted)
    latest = LatestPicture(pictures) if pictures is not None else None
    pipeline = CameraPipeline(
        detector,
        embedder,
        camera.analyse_fps,
        on_seen=latest.take if latest is not None else None,
        lost_s=lost_s_of(camera.decode),
    )
    return LiveCamera(plan, capture, pipeline)


def streams_of(plan: CameraPlan) -> tuple[CameraPlan, CameraPlan]:
    """Give the sub-stream and the main stream of a camera with a `detect_url`, each as a camera.

    Both have its credentials and its certificate. The second one's id is for its log lines only.
    """
    camera = plan.camera
    sub = camera.model_copy(update={"url": camera.detect_url, "detect_url": None})
    main = camera.model_copy(
        update={
            "id": f"{camera.id} (main stream)",
            "detect_url": None,
            "decode": "key_frames",
        }
    )
    return replace(plan, camera=sub), replace(plan, camera=main)


def rtsp_source(plan: CameraPlan, rules: CameraRules = ANY_CAMERA) -> Source:
    """Make the source of a live camera, which is spoken to only as `rules` allow."""
    assert plan.camera.url is not None  # noqa: S101 - checked before the workers start
    camera = plan.camera
    return RtspSource(
        camera.id,
        plan.camera.url,
        plan.credentials,
        tls_sha256=camera.tls_sha256,
        decode=camera.decode,
        rules=rules,
    )
