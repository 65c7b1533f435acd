"""The demo's files as data: clips, site, snapshot and what the clips truly show.

Nothing is rendered here; the files come with the package.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Box = tuple[int, int, int, int]
"""x1, y1, x2, y2 in pixels of the clip's pictures, x2 and y2 just outside."""


@dataclass(frozen=True, slots=True)
class TrueBox:
    """Where one vehicle is in one frame."""

    frame_number: int
    box_px: Box
    """As if nothing stood before the vehicle; cut at the picture's border."""
    covered: float
    """Share (0..1) of the box behind the boxes of nearer vehicles."""


@dataclass(frozen=True, slots=True)
class TruePassage:
    """One vehicle in view of one camera: half of it in the picture and at least 40 px long."""

    identity: str
    kind: str
    """Model of the vehicle, for example `delivery_ebike`."""
    vehicle_class: str
    """One of `yanji.detect.classes.CLASSES`."""
    first_s: float
    """Stream time of the first frame in view, seconds since the start of the clip."""
    last_s: float
    boxes: tuple[TrueBox, ...]


@dataclass(frozen=True, slots=True)
class TrueSnapshot:
    """The frame of a clip that `snapshot.jpg` shows, and the target's box in it."""

    camera_id: str
    time_s: float
    box_px: Box


@dataclass(frozen=True, slots=True)
class Truth:
    """What all clips show."""

    width: int
    height: int
    fps: int
    num_frames: int
    target: str
    """Identity of the vehicle that the demo looks for."""
    snapshot: TrueSnapshot
    cameras: dict[str, tuple[TruePassage, ...]]
    """Camera id -> passages, by identity."""

    @property
    def duration_s(self) -> float:
        """Length of each clip."""
        return self.num_frames / self.fps

    def passage(self, camera_id: str, identity: str) -> TruePassage:
        """Find one vehicle at one camera.

        Raises:
            KeyError: it never comes into view there.
        """
        for passage in self.cameras[camera_id]:
            if passage.identity == identity:
                return passage
        raise KeyError(f"{identity} at {camera_id}")


def clips_folder() -> Path:
    """Return the folder with `K01.mp4`, `K02.mp4`, `K03.mp4` and the other files."""
    return Path(__file__).parent / "clips"


def clip_path(camera_id: str) -> Path:
    """Return the clip of one camera."""
    return clips_folder() / f"{camera_id}.mp4"


def demo_site_path() -> Path:
    """Return the site file of the demo; its addresses lack the port of the RTSP server."""
    return clips_folder() / "site.yaml"


def snapshot_path() -> Path:
    """Return the picture that the demo searches with: the target at the first camera."""
    return clips_folder() / "snapshot.jpg"


def load_truth(path: Path | None = None) -> Truth:
    """Read `truth.json` (the shipped one by default); the format is in docs/design/testcity.md.

    Raises:
        ValueError: a version that this program does not know.
    """
    data: dict[str, Any] = json.loads((path or clips_folder() / "truth.json").read_text("utf-8"))
    if data["version"] != 1:
        raise ValueError(f"truth of version {data['version']}, this program reads version 1")
    snapshot = data["snapshot"]
    return Truth(
        width=data["width"],
        height=data["height"],
        fps=data["fps"],
        num_frames=data["num_frames"],
        target=data["target"],
        snapshot=TrueSnapshot(snapshot["camera_id"], snapshot["time_s"], _box(snapshot["box"])),
        cameras={
            camera_id: tuple(_passage(row) for row in rows)
            for camera_id, rows in data["cameras"].items()
        },
    )


def _passage(row: dict[str, Any]) -> TruePassage:
    return TruePassage(
        identity=row["identity"],
        kind=row["kind"],
        vehicle_class=row["class"],
        first_s=row["first_s"],
        last_s=row["last_s"],
        boxes=tuple(TrueBox(int(r[0]), _box(r[1:5]), float(r[5])) for r in row["boxes"]),
    )


def _box(edges: list[float]) -> Box:
    x1, y1, x2, y2 = (int(edge) for edge in edges)
    return (x1, y1, x2, y2)
