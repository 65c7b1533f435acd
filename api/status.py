"""What `yanji run` shows: one line per camera."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from yanji.api.plan import CameraBeat, WriterBeat


def status_lines(cameras: Sequence[CameraBeat], writer: WriterBeat | None) -> list[str]:
    """One line per camera, sorted by id, and one for the writer when it does not write."""
    width = max((len(camera.camera_id) for camera in cameras), default=0)
    lines = [
        f"{camera.camera_id:<{width}}  {camera.state:<11} "
        f"in {camera.fps_in:5.1f} fps  analysed {camera.fps_analysed:4.1f} fps  "
        f"lag {camera.lag_s:4.1f} s  sightings {camera.num_sightings}"
        + ("  degraded" if camera.degraded else "")
        + (f"  dropped {camera.num_dropped}" if camera.num_dropped else "")
        + (f"  reconnects {camera.num_reconnects}" if camera.num_reconnects else "")
        + (f"  ({camera.problem})" if camera.problem else "")
        for camera in sorted(cameras, key=lambda camera: camera.camera_id)
    ]
    if writer is not None and writer.state != "writing":
        lines.append(f"archive: {writer.state}: {writer.detail}")
    return lines


def status_document(
    cameras: Sequence[CameraBeat], writer: WriterBeat | None, resident: dict[str, int]
) -> dict[str, object]:
    """The same as JSON, with resident bytes of each process."""
    ordered = sorted(cameras, key=lambda camera: camera.camera_id)
    return {
        "cameras": [dataclasses.asdict(camera) for camera in ordered],
        "archive": dataclasses.asdict(writer) if writer is not None else None,
        "resident_bytes": resident,
    }
