"""A stretch of time in which a camera gave nothing to analyse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

GapCause = Literal[
    "unreachable",  # no answer, refuses connections, unknown name, no such stream
    "address",  # an address or a scheme that no camera, or none of this installation, may have
    "certificate",  # its TLS certificate is not trusted
    "redirect",  # it sends the reader elsewhere
    "credentials",  # it refuses the user name or password
    "no_picture",  # it answers, but nothing it sends is a picture
    "lost",  # the stream ended or broke
    "silent",  # the stream stays open and nothing comes
    "still",  # the same picture again and again
    "black",  # nothing but black
    "clock",  # the clock of this host was set
    "worker",  # the process that reads it was replaced, or another took it over
    "writer",  # the archive took nothing, for example because the disk is full
    "shutdown",  # yanji was stopped
]

CAUSES: tuple[GapCause, ...] = get_args(GapCause)


@dataclass(frozen=True, slots=True)
class Gap:
    """One outage. The same gap is sent open (`to_ns` None) and later closed."""

    camera_id: str
    from_ns: int
    """Host wall time of the last frame before it (or of the first try), ns since 1970 UTC."""
    to_ns: int | None
    """Host wall time of the first frame after it; None while it lasts."""
    cause: str
    """A `GapCause`; text, as an archive may hold those of another version."""


def cause_of(code: str) -> GapCause:
    """Turn the code of a `SourceError` into a cause; `lost` for one that is none."""
    return next((cause for cause in CAUSES if cause == code), "lost")
