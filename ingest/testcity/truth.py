"""What the clips of a test city truly show: one format, written by the renderer, read by everyone.

A folder of clips holds one `<camera>.truth.jsonl` beside each `<camera>.mp4`, and one
`city.truth.jsonl`. Each line is a JSON object whose `record` says what it is: `city`, `vehicle`,
`snapshot` (in city.truth.jsonl), `camera`, `frame` (in the others). docs/design/testcity.md
describes every field.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from yanji.configs.errors import UsageError

VERSION: Final = 2
CITY_FILE: Final = "city.truth.jsonl"
FRONT_DEG: Final = 25.0
"""Up to this far from straight ahead (or straight behind) a view shows one end and no flank."""

Box = tuple[float, float, float, float]
"""x1, y1, x2, y2 in pixels of the picture, x2 and y2 just outside."""
ViewGroup = Literal["front", "oblique", "rear"]


@dataclass(frozen=True, slots=True)
class TrueVehicle:
    """One vehicle in one frame."""

    identity: str
    full_px: Box
    """Of the whole vehicle (rider and load included), as if nothing stood before it and the picture
    had no border: may reach outside."""
    visible_px: Box
    """Of the pixels that show it."""
    angle_deg: float
    """From where the camera sees it, -180..180: 0 from the front, 90 its left flank, -90 its right
    flank, 180 from the rear."""
    occlusion: float
    """Share (0..1) of its pixels inside the picture that something nearer hides."""

    @property
    def size_px(self) -> float:
        """Longer side of the full box."""
        x1, y1, x2, y2 = self.full_px
        return max(x2 - x1, y2 - y1)

    @property
    def view(self) -> ViewGroup:
        """Which end is seen; `oblique` shows a flank."""
        away = abs(self.angle_deg)
        if away < FRONT_DEG:
            return "front"
        return "rear" if away > 180.0 - FRONT_DEG else "oblique"

    def clipped_px(self, width: int, height: int) -> Box:
        """Cut the full box at the border of the picture."""
        x1, y1, x2, y2 = self.full_px
        return (max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height)))

    def inside(self, width: int, height: int) -> float:
        """Share (0..1) of the full box inside the picture."""
        x1, y1, x2, y2 = self.full_px
        a1, b1, a2, b2 = self.clipped_px(width, height)
        return max(a2 - a1, 0.0) * max(b2 - b1, 0.0) / max((x2 - x1) * (y2 - y1), 1e-9)


@dataclass(frozen=True, slots=True)
class TrueFrame:
    """One picture of one camera: every vehicle with at least one visible pixel."""

    number: int
    vehicles: tuple[TrueVehicle, ...]


@dataclass(frozen=True, slots=True)
class TrueCamera:
    """One camera and all its frames."""

    camera_id: str
    name: str
    node: str
    """The junction at which it stands."""
    eye_m: tuple[float, float, float]
    """East, north, up from the city's origin."""
    heading_deg: float
    """Clockwise from north."""
    tilt_deg: float
    """Down from the horizon."""
    field_deg: float
    """Horizontal angle of view."""
    light: str
    clock_offset_s: float
    """What the camera's clock shows less the true time: positive when it is fast."""
    frames: tuple[TrueFrame, ...] = ()


@dataclass(frozen=True, slots=True)
class TruePassage:
    """One visit of a vehicle to a camera: from the first to the last frame that counts.

    A frame counts when half of the full box is inside the picture, its longer side has 40 px and
    at most half of the vehicle is hidden; a pause of more than 3 s between such frames ends it.
    """

    camera_id: str
    first_frame: int
    last_frame: int


@dataclass(frozen=True, slots=True)
class TrueDrive:
    """One vehicle of the city: what it is, where it went, and who saw it."""

    identity: str
    kind: str
    """A key of `yanji.ingest.testcity.vehicles.kinds.KINDS`."""
    vehicle_class: str
    """One of `yanji.detect.classes.CLASSES`."""
    plate: str
    route: tuple[tuple[str, float], ...]
    """(junction, true time in s since the start of the clips) in order; may begin before 0."""
    passages: tuple[TruePassage, ...]
    colours: tuple[str, ...] = ()
    """Names of its colour that are right, the main one first; empty in truth written before they
    were told."""


@dataclass(frozen=True, slots=True)
class TrueSnapshot:
    """The picture that the demo searches with: a frame of a clip and the target's box in it."""

    camera_id: str
    frame: int
    identity: str
    box_px: Box


@dataclass(frozen=True, slots=True)
class CityTruth:
    """All that a folder of clips shows."""

    seed: int
    width: int
    height: int
    fps: float
    num_frames: int
    start: str
    """ISO 8601 with offset: the true time of every clip's first frame."""
    cameras: dict[str, TrueCamera]
    drives: dict[str, TrueDrive]
    snapshot: TrueSnapshot | None = None

    @property
    def duration_s(self) -> float:
        """Length of each clip."""
        return self.num_frames / self.fps


def clip_of(folder: Path, camera_id: str) -> Path:
    """Return the clip of one camera."""
    return folder / f"{camera_id}.mp4"


def camera_file(folder: Path, camera_id: str) -> Path:
    """Return the truth beside a clip."""
    return folder / f"{camera_id}.truth.jsonl"


def read_truth(folder: Path, cameras: Iterable[str] | None = None) -> CityTruth:
    """Read a folder of clips.

    Args:
        folder: with `city.truth.jsonl`.
        cameras: only these; None: all that have a truth file.

    Raises:
        UsageError: no truth there, a version that this program does not know, a damaged line, or
            no such camera.
    """
    head: dict[str, Any] | None = None
    drives: dict[str, TrueDrive] = {}
    snapshot: TrueSnapshot | None = None
    for record in _records(folder / CITY_FILE):
        if record["record"] == "city":
            head = record
            if record["version"] != VERSION:
                raise UsageError(
                    f"{CITY_FILE} is of version {record['version']}, this program reads {VERSION}.",
                    hint="Render the city again: yanji testcity render.",
                )
        elif record["record"] == "vehicle":
            drives[record["identity"]] = _drive(record)
        elif record["record"] == "snapshot":
            snapshot = TrueSnapshot(
                record["camera_id"], record["frame"], record["identity"], _box(record["box"])
            )
    if head is None:
        raise UsageError(f"{CITY_FILE} in {folder.name} lacks its first line.")
    found = sorted(path.name.removesuffix(".truth.jsonl") for path in folder.glob("*.truth.jsonl"))
    found.remove(CITY_FILE.removesuffix(".truth.jsonl"))
    wanted = found if cameras is None else list(cameras)
    for camera_id in wanted:
        if camera_id not in found:
            raise UsageError(f"No camera {camera_id} in {folder.name}.", hint=f"One of {found}.")
    return CityTruth(
        seed=head["seed"],
        width=head["width"],
        height=head["height"],
        fps=head["fps"],
        num_frames=head["num_frames"],
        start=head["start"],
        cameras={name: read_camera(camera_file(folder, name)) for name in wanted},
        drives=drives,
        snapshot=snapshot,
    )


def read_camera(path: Path) -> TrueCamera:
    """Read one camera's truth.

    Raises:
        UsageError: no such file, or it is damaged.
    """
    head: dict[str, Any] | None = None
    frames: list[TrueFrame] = []
    for record in _records(path):
        if record["record"] == "camera":
            head = record
        elif record["record"] == "frame":
            frames.append(
                TrueFrame(record["frame"], tuple(_vehicle(row) for row in record["vehicles"]))
            )
    if head is None:
        raise UsageError(f"{path.name} lacks its first line.")
    x, y, z = head["eye_m"]
    return TrueCamera(
        camera_id=head["camera_id"],
        name=head["name"],
        node=head["node"],
        eye_m=(x, y, z),
        heading_deg=head["heading_deg"],
        tilt_deg=head["tilt_deg"],
        field_deg=head["field_deg"],
        light=head["light"],
        clock_offset_s=head["clock_offset_s"],
        frames=tuple(frames),
    )


def camera_record(camera: TrueCamera) -> dict[str, Any]:
    """Turn a camera (without its frames) into its record."""
    return {
        "record": "camera",
        "camera_id": camera.camera_id,
        "name": camera.name,
        "node": camera.node,
        "eye_m": list(camera.eye_m),
        "heading_deg": camera.heading_deg,
        "tilt_deg": camera.tilt_deg,
        "field_deg": camera.field_deg,
        "light": camera.light,
        "clock_offset_s": camera.clock_offset_s,
    }


def frame_record(frame: TrueFrame) -> dict[str, Any]:
    """Turn a frame into its record: one row a vehicle."""
    return {
        "record": "frame",
        "frame": frame.number,
        "vehicles": [
            [
                seen.identity,
                *(round(edge, 1) for edge in seen.full_px),
                *(round(edge) for edge in seen.visible_px),
                round(seen.angle_deg),
                round(seen.occlusion, 2),
            ]
            for seen in frame.vehicles
        ],
    }


def write_city(folder: Path, truth: CityTruth) -> None:
    """Write `city.truth.jsonl` whole or not at all; the cameras' files are written elsewhere."""
    records: list[dict[str, Any]] = [
        {
            "record": "city",
            "version": VERSION,
            "note": "rendered; never accuracy on real streets",
            "seed": truth.seed,
            "width": truth.width,
            "height": truth.height,
            "fps": truth.fps,
            "num_frames": truth.num_frames,
            "start": truth.start,
        }
    ]
    records += [
        {
            "record": "vehicle",
            "identity": drive.identity,
            "kind": drive.kind,
            "class": drive.vehicle_class,
            "plate": drive.plate,
            "route": [[node, round(at_s, 2)] for node, at_s in drive.route],
            "passages": [[p.camera_id, p.first_frame, p.last_frame] for p in drive.passages],
            "colours": list(drive.colours),
        }
        for drive in truth.drives.values()
    ]
    if truth.snapshot is not None:
        shot = truth.snapshot
        records.append(
            {
                "record": "snapshot",
                "camera_id": shot.camera_id,
                "frame": shot.frame,
                "identity": shot.identity,
                "box": [round(edge) for edge in shot.box_px],
            }
        )
    write_records(folder / CITY_FILE, records)


def write_records(path: Path, records: Iterable[dict[str, Any]]) -> None:
    """Write JSON lines whole or not at all."""
    unfinished = path.with_name(path.name + ".tmp")
    lines = (json.dumps(r, ensure_ascii=False, separators=(",", ":")) + "\n" for r in records)
    unfinished.write_text("".join(lines), encoding="utf-8")
    unfinished.replace(path)


def _records(path: Path) -> Iterator[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"There is no truth of a test city in {path.parent.name}: {path.name} cannot be read.",
            hint="yanji testcity render --out DIR makes such a folder.",
        ) from error
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
            _ = record["record"]
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(f"Line {number} of {path.name} is damaged.") from error
        yield record


def _vehicle(row: list[Any]) -> TrueVehicle:
    return TrueVehicle(row[0], _box(row[1:5]), _box(row[5:9]), float(row[9]), float(row[10]))


def _drive(record: dict[str, Any]) -> TrueDrive:
    return TrueDrive(
        identity=record["identity"],
        kind=record["kind"],
        vehicle_class=record["class"],
        plate=record["plate"],
        route=tuple((node, float(at_s)) for node, at_s in record["route"]),
        passages=tuple(TruePassage(str(c), int(f), int(t)) for c, f, t in record["passages"]),
        colours=tuple(str(name) for name in record.get("colours", ())),
    )


def _box(edges: list[float]) -> Box:
    x1, y1, x2, y2 = (float(edge) for edge in edges)
    return (x1, y1, x2, y2)
