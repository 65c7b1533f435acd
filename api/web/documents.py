"""What the HTTP API takes and gives, as types. The page and `yanji.api.client` speak these.

Times are ISO 8601 text with an offset (the site's zone, else UTC); boxes are pixels of the upright
picture; scores are cosines. `probability` weighs the look alone; it is null where the model's
card carries no calibration, and where that does not hold (docs/design/calibration.md).
`api/page/src/api/types.ts` mirrors this file; a test compares the two.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from yanji.detect.classes import CLASSES, GROUPS

ClassName = Literal[
    "car", "van", "truck", "bus", "motorcycle", "ebike", "bicycle", "tricycle", "two_wheeler"
]
ClassOrGroup = Literal[
    "car", "van", "truck", "bus", "motorcycle", "ebike", "bicycle", "tricycle", "two_wheeler",
    "four_wheel", "three_wheeler",
]  # fmt: skip
ColourName = Literal[
    "white", "grey", "black", "red", "orange", "yellow", "green", "blue", "brown", "purple"
]
Compass = Literal["N", "NE", "E", "SE", "S", "SW", "W", "NW"]
Direction = Literal["N", "NE", "E", "SE", "S", "SW", "W", "NW", "away", "right", "towards", "left"]
"""The last four as the camera sees them."""
CameraState = Literal[
    "connecting", "up", "still", "black", "down", "credentials", "waiting", "recorded"
]
"""`still`, `black`: frames come, but they are one and the same picture, or nothing but black.
`recorded`: no live connection belongs to this installation (recordings, or only `serve`)."""
Verdict = Literal["confirmed", "rejected", "unsure"]

SightingId = Annotated[
    str, Field(pattern=r"^[0-9a-f]{32}$", examples=["5d41402abc4b2a76b9719d911017c592"])
]
SnapshotId = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="sha256 of the file.")]
CameraId = Annotated[str, Field(min_length=1, max_length=64, examples=["K01"])]
Time = Annotated[str, Field(max_length=40, examples=["2026-11-22T21:30:00+08:00"])]
Box = Annotated[
    tuple[float, float, float, float],
    # A plain array: not every program understands `prefixItems`.
    WithJsonSchema(
        {
            "type": "array",
            "items": {"type": "number"},
            "minItems": 4,
            "maxItems": 4,
            "description": "x1, y1, x2, y2 in pixels of the upright picture.",
            "examples": [[398, 298, 530, 416]],
        }
    ),
]


class _Given(BaseModel):
    """A request: unknown keys are refused, so that no filter is silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _Answer(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True, serialize_by_alias=True, populate_by_name=True)


class Problem(_Answer):
    """An error, application/problem+json (RFC 9457)."""

    type: str = Field(examples=["urn:yanji:problem:no_vehicle"])
    title: str = Field(description="One sentence: what is wrong.")
    status: int
    code: str = Field(description="Stable, for programs.")
    hint: str = Field(default="", description="One sentence: what to do next; may be empty.")
    errors: tuple[FieldError, ...] = Field(
        default=(), description="Which parts of the request are wrong."
    )


class FieldError(_Answer):
    """One wrong part of a request."""

    where: str = Field(examples=["body.limit"])
    message: str


class Road(_Answer):
    """A drive between two cameras with no camera between."""

    from_camera: str
    to_camera: str
    distance_m: float
    oneway: bool


class Basemap(_Answer):
    """A map that the site supplies, drawn below roads and cameras."""

    kind: Literal["geojson", "pmtiles"]
    url: str


class SiteInfo(_Answer):
    """What the page needs before anything else."""

    name: str
    timezone: str | None
    version: str
    live: bool = Field(description="Whether cameras are watched by this installation now.")
    purposes: tuple[str, ...]
    default_purpose: str
    classes: tuple[str, ...] = CLASSES
    groups: dict[str, tuple[str, ...]] = GROUPS
    model: str
    calibrated: bool = Field(description="Whether answers carry probabilities.")
    num_cameras: int
    num_sightings: int
    first_seen: Time | None = Field(description="Of the archive; null while it is empty.")
    last_seen: Time | None
    basemap: Basemap | None


class Roads(_Answer):
    """All roads of the site."""

    roads: tuple[Road, ...]


class CameraInfo(_Answer):
    """A camera and how it is."""

    camera_id: CameraId
    name: str
    longitude: float | None = Field(description="Degrees, WGS 84.")
    latitude: float | None
    heading_deg: float | None
    state: CameraState
    since: Time | None = Field(description="Since when it is down; null while it is not.")
    cause: str | None = Field(description="Why it is down: unreachable, lost, credentials, …")
    fps: float | None = Field(description="Frames received per second; null unless live.")
    analysed_fps: float | None
    lag_s: float | None = Field(description="Age of the last analysed frame, seconds.")
    num_sightings: int
    degraded: bool = Field(
        description="Watched, but the machine does not keep up: more than 2 s late, or more than a "
        "tenth of the last minute's frames given up."
    )
    num_dropped: int | None = Field(description="Frames given up because the machine was late.")
    num_reconnects: int | None
    last_seen: Time | None = Field(description="Last moment of its newest sighting.")
    picture: str | None = Field(description="Address of its latest picture, heads blurred.")
    picture_at: Time | None


class Cameras(_Answer):
    """All cameras, by id."""

    cameras: tuple[CameraInfo, ...]


class CropInfo(_Answer):
    """One stored picture of a vehicle; heads are blurred."""

    url: str
    width: int
    height: int
    box: Box
    at: Time
    quality: float = Field(description="0..1, higher is better.")


class SightingInfo(_Answer):
    """One vehicle that passed one camera."""

    sighting_id: SightingId
    camera_id: CameraId
    first_seen: Time
    last_seen: Time
    class_: ClassName = Field(alias="class")
    class_score: float
    colour: ColourName | None
    colour_score: float | None = Field(description="0..1; null without a colour.")
    travel_deg: float | None = Field(
        description="Direction in the picture, degrees clockwise from up: 180 comes towards the "
        "camera. null: it hardly moved, or is in doubt."
    )
    travel_score: float | None = Field(description="0..1: how far and how straight.")
    direction: Compass | None = Field(
        description="Where it drove to; null without travel, or where the camera has no heading."
    )
    view: Literal["front", "rear", "side"] | None = Field(
        description="Derived from the direction, not seen: towards the camera shows the front."
    )
    view_score: float | None
    plate: str | None
    quality: float
    state: Literal["provisional", "closed"]
    stationary: bool
    crops: tuple[str, ...] = Field(description="Addresses of its crops, best first.")


class SightingDetail(SightingInfo):
    """The same with all that is known of its crops."""

    crop_details: tuple[CropInfo, ...]


class Sightings(_Answer):
    """A page of sightings."""

    sightings: tuple[SightingInfo, ...]
    next: str | None = Field(description="`cursor` of the next page; null at the end.")
    audit_id: str


class GapInfo(_Answer):
    """A time in which a camera saw nothing because it was down."""

    camera_id: CameraId
    from_: Time = Field(alias="from")
    to: Time | None = Field(description="null while it lasts.")
    cause: str


class Gaps(_Answer):
    """Gaps, oldest first."""

    gaps: tuple[GapInfo, ...]


class FoundVehicle(_Answer):
    """A vehicle that the detector found in a snapshot."""

    box: Box
    class_: ClassName = Field(alias="class")
    score: float


class SnapshotInfo(_Answer):
    """An uploaded picture. It is held in memory for a while and never stored."""

    snapshot_id: SnapshotId
    width: int = Field(description="Pixels, upright.")
    height: int
    picture: str = Field(description="Address of the picture, upright, heads blurred.")
    taken: Time | None = Field(description="When it was taken, by its own notes (EXIF), if any.")
    vehicles: tuple[FoundVehicle, ...] = Field(description="Largest first.")


class Subject(_Given):
    """Which vehicle is asked about: one of a snapshot, or a stored sighting."""

    snapshot_id: SnapshotId | None = None
    sighting_id: SightingId | None = None
    box: Box | None = Field(
        default=None, description="Of a snapshot's vehicle; null takes the largest one."
    )
    confirmed: tuple[SightingId, ...] = Field(
        default=(), max_length=50, description="Sightings that are the vehicle: they help."
    )
    rejected: tuple[SightingId, ...] = Field(
        default=(), max_length=200, description="Sightings that are not: left out, and they help."
    )


_COLOURS = Field(
    default=(), max_length=20, description="Empty: every one. What has no known colour is kept."
)
_DIRECTIONS = Field(
    default=(),
    max_length=20,
    description="Empty: every one. Kept is what drove within 67 degrees of one of them, and what "
    "has no known direction.",
)
_ONLY_KNOWN = Field(
    default=False, description="Leave out what has no known colour (or direction) if those are set."
)


class SearchRequest(Subject):
    """Find the sightings that look like the subject."""

    from_: Time | None = Field(default=None, alias="from")
    to: Time | None = None
    cameras: tuple[CameraId, ...] = Field(default=(), max_length=1000)
    classes: tuple[ClassOrGroup, ...] = Field(
        default=(), max_length=20, description="Empty: every class, whatever the snapshot shows."
    )
    colours: tuple[ColourName, ...] = _COLOURS
    directions: tuple[Direction, ...] = _DIRECTIONS
    only_known: bool = _ONLY_KNOWN
    limit: int = Field(default=50, ge=1, le=500)


class Asked(_Answer):
    """The subject as it was taken."""

    snapshot_id: SnapshotId | None
    sighting_id: SightingId | None
    box: Box | None
    class_: ClassName | None = Field(alias="class")
    others: tuple[Box, ...] = Field(description="Further vehicles of the snapshot.")


class HitInfo(SightingInfo):
    """A sighting with a score."""

    rank: int
    score: float = Field(description="Cosine, -1..1, higher is closer.")
    probability: float | None = Field(
        description="That it is the vehicle, by look alone; 1 when confirmed, null when not known."
    )
    verdict: Verdict | None = Field(
        description="What was said of it in this case, when this subject was asked about."
    )


class SearchAnswer(_Answer):
    """Hits, best first."""

    query: Asked
    hits: tuple[HitInfo, ...]
    searched: int
    without_vector: int = Field(description="Sightings that could not be compared.")
    gaps: tuple[GapInfo, ...] = Field(description="Outages that can hide the vehicle.")
    audit_id: str


class PlaceAndTime(_Given):
    """Where and when the vehicle was for certain."""

    camera_id: CameraId
    time: Time


class TraceRequest(Subject):
    """Chain what looks like the subject into routes."""

    at: PlaceAndTime | None = Field(
        default=None, description="Of a snapshot; a sighting brings its own."
    )
    window_s: int = Field(default=10_800, ge=60, le=30 * 86_400)
    colours: tuple[ColourName, ...] = _COLOURS
    directions: tuple[Direction, ...] = _DIRECTIONS
    only_known: bool = _ONLY_KNOWN


class LegFacts(_Answer):
    """Why a leg is in its route, as numbers; `Leg.why` says the same in English."""

    rank: int | None = Field(description="Among all hits; null for the subject itself.")
    num_hits: int
    given: bool = Field(description="It is the place and time (or the sighting) asked about.")
    confirmed: bool
    basis: Literal["roads", "places", "time"] | None = Field(
        description="What its travel time rests on; null for the first leg and at the same camera."
    )
    distance_m: float | None
    earliest_s: float | None = Field(description="Plausible travel time, seconds.")
    latest_s: float | None
    tolerance_s: float | None = Field(description="Of both cameras' clocks.")
    via: tuple[str, ...] = Field(description="Cameras on the shortest way from the leg before.")
    unseen: tuple[str, ...] = Field(description="Those of `via` that were up and did not see it.")
    down: tuple[str, ...] = Field(description="Those of `via` that were down.")


class LegInfo(_Answer):
    """One sighting of a route and the drive to it."""

    sighting_id: SightingId | None
    camera_id: CameraId
    first_seen: Time
    last_seen: Time
    probability: float | None = Field(
        description="That it is the vehicle, by look alone; 1 when confirmed, null when not known."
    )
    travel_s: float | None
    score: float | None
    why: str
    facts: LegFacts
    class_: ClassName | None = Field(alias="class")
    crops: tuple[str, ...]


class RouteInfo(_Answer):
    """Sightings in time order that one vehicle can have driven."""

    rank: int
    probability: float | None = Field(description="Null: not measured yet.")
    score: float = Field(description="Evidence less costs; no unit, higher is better.")
    legs: tuple[LegInfo, ...]


class NextInfo(_Answer):
    """A camera that the vehicle can have come to after the best route."""

    camera_id: CameraId
    earliest: Time
    latest: Time
    probability: float | None = Field(description="Null: not measured yet.")
    state: Literal["ahead", "now", "not_seen", "gap"]


class NoteInfo(_Answer):
    """A remark on the whole answer."""

    code: str
    text: str = Field(description="English.")
    values: dict[str, float | str] = Field(default_factory=dict)


class TraceAnswer(_Answer):
    """Routes, best first."""

    query: Asked
    routes: tuple[RouteInfo, ...]
    next: tuple[NextInfo, ...]
    gaps: tuple[GapInfo, ...]
    basis: Literal["roads", "places", "time"]
    notes: tuple[NoteInfo, ...]
    audit_id: str


class FeedbackRequest(_Given):
    """What a person says of a hit."""

    sighting_id: SightingId
    verdict: Verdict
    snapshot_id: SnapshotId | None = Field(default=None, description="What was asked about.")
    box: Box | None = Field(default=None, description="Which vehicle of the snapshot.")
    query_sighting_id: SightingId | None = None


class FeedbackInfo(_Answer):
    """A stored verdict; the newest one of a sighting counts."""

    sighting_id: SightingId
    verdict: Verdict
    snapshot_id: SnapshotId | None = Field(default=None, description="What was asked about.")
    box: Box | None = Field(default=None, description="Which vehicle of it; whole pixels.")
    query_sighting_id: SightingId | None = None
    at: Time
    audit_id: str


class FeedbackList(_Answer):
    """The verdicts of a case, newest first."""

    feedback: tuple[FeedbackInfo, ...]


class CameraCounts(_Answer):
    """How many cameras are how."""

    total: int
    up: int
    down: int
    degraded: int = Field(description="Of those that are up: the machine does not keep up.")


class ArchiveHealth(_Answer):
    """How the archive is."""

    state: Literal["reading", "writing", "disk_full"]
    detail: str
    num_sightings: int
    free_bytes: int


class Health(_Answer):
    """How the installation is."""

    status: Literal["ok", "degraded"]
    version: str
    uptime_s: float
    cameras: CameraCounts
    archive: ArchiveHealth


class Ready(_Answer):
    """Whether the process answers (`/live`) and can be asked (`/ready`)."""

    status: Literal["live", "ready", "not_ready"]
    detail: str = Field(description="Why not; empty while all is well.")


class LiveHello(_Answer):
    """The first message of the live WebSocket."""

    type: Literal["hello"] = "hello"
    cameras: tuple[CameraInfo, ...]
    latest: tuple[SightingInfo, ...] = Field(description="Newest first, at most 50.")


class LiveSighting(_Answer):
    """A sighting that began, went on or ended."""

    type: Literal["sighting"] = "sighting"
    event: Literal["new", "update", "end"]
    sighting: SightingInfo


class LiveCameras(_Answer):
    """The cameras that are not as they were, about once a second; the first time all of them."""

    type: Literal["cameras"] = "cameras"
    cameras: tuple[CameraInfo, ...]


class LiveLost(_Answer):
    """The client was too slow and messages were left out: read the lists again."""

    type: Literal["lost"] = "lost"
    num_lost: int
