"""Places in a list of sightings, as text that only this server reads."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Literal

from yanji.api.web.problems import RequestError
from yanji.index.hit import StoredSighting

Order = Literal["newest", "oldest"]
After = tuple[int, str]
"""First moment (ns since 1970 UTC) and id of the last sighting that was shown."""

_FORM = re.compile(r"(n|o)(-?\d{1,19}) ([0-9a-f]{32})", re.ASCII)


def cursor_of(sighting: StoredSighting, order: Order) -> str:
    """The place behind a sighting; sightings that come later do not move it."""
    text = f"{order[0]}{sighting.first_ns} {sighting.sighting_id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def after_of(cursor: str | None, order: Order) -> After | None:
    """Read a cursor back; None without one.

    Raises:
        RequestError: it is not one of ours, or of the other order.
    """
    if cursor is None:
        return None
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        match = _FORM.fullmatch(raw.decode("ascii"))
    except (binascii.Error, ValueError):
        match = None
    if match is None or match[1] != order[0] or abs(int(match[2])) >= 2**63:
        raise RequestError(
            "The cursor is not one of this list.", hint="Begin again without a cursor."
        )
    return int(match[2]), match[3]
