"""The demo's files: clips, site, snapshot and what the clips truly show. Nothing is rendered here;
the files come with the package (`yanji.ingest.testcity.shipped` made them).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from yanji.configs.errors import UsageError
from yanji.ingest.testcity.truth import (
    CityTruth,
    TrueFrame,
    TruePassage,
    TrueSnapshot,
    TrueVehicle,
    clip_of,
    read_truth,
)

SNAPSHOT_FILE: Final = "snapshot.jpg"


def clips_folder() -> Path:
    """Return the folder with the clips and the other files."""
    return Path(__file__).parent / "clips"


def clip_path(camera_id: str) -> Path:
    """Return the clip of one camera."""
    return clip_of(clips_folder(), camera_id)


def demo_site_path() -> Path:
    """Return the site file of the demo; its addresses lack the port of the RTSP server."""
    return clips_folder() / "site.yaml"


def snapshot_path() -> Path:
    """Return the picture that the demo searches with: the target at its first camera."""
    return clips_folder() / SNAPSHOT_FILE


def load_truth(cameras: Iterable[str] | None = None) -> CityTruth:
    """Read the truth of the shipped clips; all cameras by default."""
    return read_truth(clips_folder(), cameras)


def snapshot_of(truth: CityTruth) -> TrueSnapshot:
    """Return what the demo searches with.

    Raises:
        UsageError: the clips have no snapshot, so that nobody is looked for.
    """
    if truth.snapshot is None:
        raise UsageError(
            "The clips have no snapshot, so there is no vehicle to look for.",
            hint="Their city.truth.jsonl needs a `snapshot` record (docs/design/testcity.md).",
        )
    return truth.snapshot


def passages_at(truth: CityTruth, camera_id: str, identity: str) -> tuple[TruePassage, ...]:
    """Find the passages of one vehicle at one camera, in order of time."""
    return tuple(p for p in truth.drives[identity].passages if p.camera_id == camera_id)


def seen_at(truth: CityTruth, camera_id: str, identity: str) -> dict[int, TrueVehicle]:
    """Find every frame of a camera that shows any pixel of a vehicle."""
    return {
        frame.number: vehicle
        for frame in truth.cameras[camera_id].frames
        if (vehicle := _in_frame(frame, identity)) is not None
    }


def _in_frame(frame: TrueFrame, identity: str) -> TrueVehicle | None:
    return next((seen for seen in frame.vehicles if seen.identity == identity), None)
