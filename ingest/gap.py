"""A period in which a camera saw nothing because it was down."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gap:
    """One outage. The same gap is sent open (`to_ns` None) and later closed."""

    camera_id: str
    from_ns: int
    """Host wall time of the last frame before it (or of the first try), ns since 1970 UTC."""
    to_ns: int | None
    """Host wall time of the first frame after it; None while it lasts."""
    cause: str
    """Short and without credentials, for example `unreachable`, `lost`, `credentials`, `worker`."""
