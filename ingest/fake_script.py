"""What a fake camera is told to do, and may be told anew at any time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from yanji.ingest.fake_film import Film, film_footage
from yanji.ingest.fake_footage import Footage, Scene, footage_of

HOST = "127.0.0.1"
"""Where fake cameras listen, and nowhere else."""

Mode = Literal[
    "play",
    "mute",  # accepts, and says nothing
    "garbage",  # says what is not RTSP
    "drip",  # says its headers a byte per `drip_s`
    "refuse",  # 401, whatever the password
    "redirect",  # 302 to `elsewhere` for DESCRIBE
    "redirect_setup",  # 302 to `elsewhere` for SETUP
    "redirect_later",  # plays a second, then orders to go `elsewhere`
    "smuggle",  # hides a 302 behind an answer, as if one header ended sooner
    "point",  # names `elsewhere` in Content-Base and in the controls of its SDP
    "sound",  # offers sound and no video
    "hollow",  # plays, and sends nothing
]


@dataclass(slots=True)
class Script:
    """What the camera does; may be changed at any time, from any thread."""

    mode: Mode = "play"
    scene: Scene | Film = field(default_factory=Scene)
    """Changed in mid-stream, it is shown from the next key frame on; the SDP tells the first."""
    frozen: bool = False
    """Sends nothing more and answers nothing, but keeps its connections: a stopped process."""
    stamp_s: Callable[[float], float] = field(default=lambda media_s: media_s)
    """From the time since PLAY to the stamp that is sent, both in seconds."""
    elsewhere: str = ""
    password: tuple[str, str] | None = None
    """User name and password, asked for by Digest."""
    transports: tuple[Literal["tcp", "udp"], ...] = ("tcp", "udp")
    drip_s: float = 1.0
    ends_after: int | None = None
    """Frames, then the stream ends in order, with RTCP BYE and a closed connection."""
    clock_ahead_s: float | None = None
    """Sends RTCP sender reports, each second, of a clock that is ahead by so much."""

    def footage(self) -> Footage:
        """Give what is shown, encoded; takes a moment the first time only."""
        return film_footage(self.scene) if isinstance(self.scene, Film) else footage_of(self.scene)
