"""The two questions as the API asks them: with verdicts, recorded with where they came from."""

from __future__ import annotations

from yanji.api.questions import Sought, Traced, ask_search, ask_trace
from yanji.api.web.asked_about import written
from yanji.api.web.auditing import origin_of
from yanji.api.web.documents import SearchRequest, TraceRequest
from yanji.api.web.given import with_attributes
from yanji.api.web.subjects import Asking, Taken
from yanji.index.feedback import Verdict
from yanji.index.hit import Filter
from yanji.index.route import QueryPoint
from yanji.index.search import SearchAnswer

Verdicts = dict[str, Verdict]
"""Sighting -> what was said of it in this case, when this vehicle was asked about."""


def search_for(
    asking: Asking, taken: Taken, wanted: Filter, asked: SearchRequest
) -> tuple[SearchAnswer, Verdicts, str]:
    """Search and record; returns the hits, this vehicle's verdicts and the audit id.

    Raises:
        NothingFoundError: a confirmed or rejected sighting is not there (`unknown_sighting`).
        UsageError: a sighting is both confirmed and rejected.
        AuditError: the record cannot be written; then nothing is answered.
    """
    desk, wanted = asking.desk, with_attributes(wanted, asked)
    found, audit_id = ask_search(
        desk.reader,
        Sought(taken.embedding, taken.snapshot_id, taken.box, taken.sighting_id, taken.look),
        wanted,
        asked.limit,
        asking.case,
        confirmed=asked.confirmed,
        rejected=asked.rejected,
        extra=origin_of(asking.caller),
    )
    # A verdict that names no box is about the snapshot, whichever vehicle is meant.
    about = {written(taken.snapshot_id, box, taken.sighting_id) for box in (taken.box, None)}
    said: Verdicts = {}
    for one in desk.feedback.of_case(asking.case.number):
        if one.query in about:
            said.setdefault(one.sighting_id, one.verdict)
    return found, said, audit_id


def trace_of(asking: Asking, taken: Taken, point: QueryPoint | None, asked: TraceRequest) -> Traced:
    """Trace and record. Raises as `search_for`."""
    at = asked.at
    return ask_trace(
        asking.desk.reader,
        taken.embedding,
        asking.desk.graph(),
        point,
        asked.window_s,
        asking.case,
        image_sha256=taken.snapshot_id,
        parameters={
            **taken.words,
            "at": at.camera_id if at is not None else None,
            "time": at.time if at is not None else None,
        },
        confirmed=asked.confirmed,
        rejected=asked.rejected,
        attributes=with_attributes(Filter(), asked),
        look=taken.look,
        extra=origin_of(asking.caller),
    )
