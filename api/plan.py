"""Who does what in a live installation: cameras to workers, and what processes tell each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from yanji.configs.settings import Settings
from yanji.configs.site import Camera, Credentials


@dataclass(frozen=True, slots=True)
class CameraPlan:
    """One camera of a worker."""

    camera: Camera
    credentials: Credentials | None
    """Travels to the worker over a pipe: never an argument or a variable that others can read."""
    down_since_ns: int | None = None
    """Host wall time of the last frame of the worker before, when it had to be replaced."""


@dataclass(frozen=True, slots=True)
class WorkerPlan:
    """All that a worker process needs to start."""

    number: int
    cameras: tuple[CameraPlan, ...]
    settings: Settings
    address: str
    authkey: bytes
    pictures: Path | None = None
    """Folder of the cameras' latest pictures; None: nobody looks at them, and none is made."""
    cores: tuple[int, ...] = ()
    """That it is kept on; empty: wherever the system lets it run."""
    inference: str = ""
    """Socket of the inference process that computes for it; empty: it computes itself."""


@dataclass(frozen=True, slots=True)
class CameraBeat:
    """One camera as its worker sees it."""

    camera_id: str
    state: str
    """`connecting`, `up`, `down`, `credentials` or `waiting` (the writer takes nothing)."""
    fps_in: float
    fps_analysed: float
    lag_s: float
    """Age of the last analysed frame when its analysis was done, seconds."""
    num_frames: int
    num_dropped: int
    """Sampled frames that were given up because the worker was late."""
    num_reconnects: int
    num_sightings: int
    last_frame_wall_ns: int | None
    capture_silent_s: float
    """Seconds since the capture thread last came back from a native call."""
    problem: str = ""
    """Why the camera is down, for people, without credentials."""
    degraded: bool = False
    """Watched, but not as it should be: this machine is too late, or gives up too much
    (`api/overload.py`)."""
    cpu_s: float = 0.0
    """CPU time that it took of this worker so far, seconds: its capture thread, and the compute
    thread as long as that was busy with it."""
    camera_ahead_s: float | None = None
    """Its own clock minus this host's, delay of the picture included; None where it does not
    tell."""


@dataclass(frozen=True, slots=True)
class WorkerBeat:
    """Sent about once a second by the compute thread itself, so that a hang stops it."""

    number: int
    cameras: tuple[CameraBeat, ...]
    resident_bytes: int
    detect_s: float = 0.0
    """Seconds that the detector took since the process began."""
    describe_s: float = 0.0
    """Seconds that embedding and describing took."""
    num_frames_waiting: int = 0
    """Frames that wait for the analysis, of all its cameras."""
    num_messages_waiting: int = 0
    """Messages that the writer has not acknowledged."""
    cpu_s: float = 0.0
    """CPU time of the whole process so far, seconds."""


@dataclass(frozen=True, slots=True)
class WriterBeat:
    """The writer's state, sent about once a second."""

    state: str
    detail: str
    num_written: int
    num_rejected: int
    resident_bytes: int


@dataclass(frozen=True, slots=True)
class ServerBeat:
    """The server answers; sent about once a second from the loop that answers requests."""

    url: str
    """Of the page, without the token; with the port that it truly has."""
    resident_bytes: int = 0


@dataclass(frozen=True, slots=True)
class CameraStates:
    """What the server shows of cameras and writer; told to it about once a second."""

    cameras: tuple[CameraBeat, ...]
    """Of all cameras that are watched now; the others are shown as recorded."""
    writer: WriterBeat | None
    workers: tuple[WorkerBeat, ...] = ()
    """Of all workers that live; their cameras are not in them."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A process cannot start or go on; `fatal` when another try cannot help."""

    code: str
    message: str
    hint: str
    fatal: bool


STOP = "stop"
"""The order to end cleanly. The writer and the server get no other."""


@dataclass(frozen=True, slots=True)
class Release:
    """Order to a worker: let go of a camera, and say so (`Released`)."""

    camera_id: str


@dataclass(frozen=True, slots=True)
class Adopt:
    """Order to a worker: watch this camera from now on."""

    plan: CameraPlan


@dataclass(frozen=True, slots=True)
class Released:
    """A worker let go of a camera: nothing of it is open any more, all of it was handed over."""

    camera_id: str
    last_frame_ns: int | None
    """Host wall time of its last frame; None if there was none."""
    num_sightings: int
    """That this worker process had of it."""


def resident_bytes() -> int:
    """Resident memory of this process in bytes (0 where /proc does not tell)."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * 4096
    except (OSError, ValueError, IndexError):
        return 0
