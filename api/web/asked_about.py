"""What a verdict was about, as one text of the feedback store: a snapshot's id, where a box was
chosen with it (`ID 397,338,525,415`), or a sighting's id; empty where nothing was said.
"""

from __future__ import annotations

from yanji.api.query import Box
from yanji.api.web.documents import FeedbackRequest
from yanji.api.web.given import box_of
from yanji.api.web.problems import RequestError

_SNAPSHOT_DIGITS = 64
_SIGHTING_DIGITS = 32


def query_of(said: FeedbackRequest) -> str:
    """Write what a verdict is about.

    Raises:
        RequestError: both a snapshot and a sighting, or a box that is none or not of a snapshot
            (`bad_box`).
    """
    if said.snapshot_id is not None and said.query_sighting_id is not None:
        raise RequestError("Give `snapshot_id` or `query_sighting_id`, not both.")
    box = box_of(said.box)
    if box is not None and said.snapshot_id is None:
        raise RequestError("A box belongs to a snapshot.", code="bad_box")
    return written(said.snapshot_id, box, said.query_sighting_id)


def written(snapshot_id: str | None, box: Box | None, sighting_id: str | None) -> str:
    """The text for a vehicle of a snapshot, or for a sighting."""
    if snapshot_id is None or box is None:
        return snapshot_id or sighting_id or ""
    return f"{snapshot_id} {','.join(str(round(edge)) for edge in box)}"


def asked_of(query: str) -> tuple[str | None, Box | None, str | None]:
    """Read it again: snapshot, box of it (whole pixels), sighting."""
    named, _, sides = query.partition(" ")
    if len(named) == _SIGHTING_DIGITS:
        return None, None, named
    if len(named) != _SNAPSHOT_DIGITS:
        return None, None, None
    if not sides:
        return named, None, None
    x1, y1, x2, y2 = (float(side) for side in sides.split(","))
    return named, (x1, y1, x2, y2), None
