"""What people say of hits: recorded, kept per case, and of use in the next answer."""

from __future__ import annotations

import time
from typing import Annotated, Final

from fastapi import APIRouter, Body
from fastapi.openapi.models import Example

from yanji.api.web.asked_about import query_of
from yanji.api.web.auditing import record
from yanji.api.web.desk import CallerOf, DeskOf
from yanji.api.web.documents import FeedbackInfo, FeedbackList, FeedbackRequest
from yanji.api.web.given import CaseOf
from yanji.api.web.openapi import errors
from yanji.api.web.routes_sightings import unknown_sighting
from yanji.api.web.words import API, verdict_info
from yanji.configs.errors import NothingFoundError

router = APIRouter(prefix=API, tags=["feedback"])
_EXAMPLES: Final[dict[str, Example]] = {
    "confirmed": {
        "summary": "The hit is the vehicle",
        "value": {"sighting_id": "5d41402abc4b2a76b9719d911017c592", "verdict": "confirmed"},
    }
}


@router.post("/feedback", status_code=201, responses=errors(404))
def give_feedback(
    desk: DeskOf,
    caller: CallerOf,
    case: CaseOf,
    said: Annotated[FeedbackRequest, Body(openapi_examples=_EXAMPLES)],
) -> FeedbackInfo:
    """Say of a hit that it is the vehicle, or not; audited. The newest verdict counts."""
    query = query_of(said)
    try:
        desk.reader.sighting(said.sighting_id)
    except NothingFoundError:
        raise unknown_sighting() from None
    audit_id = record(
        desk,
        case,
        caller,
        "feedback",
        {"sighting_id": said.sighting_id, "verdict": said.verdict, "query": query},
        image_sha256=said.snapshot_id,
        result_ids=[said.sighting_id],
    )
    stored = desk.feedback.put(
        case.number, said.sighting_id, said.verdict, query, audit_id, time.time_ns()
    )
    return verdict_info(stored, desk.zone)


@router.get("/feedback", responses=errors())
def feedback(desk: DeskOf, case: CaseOf) -> FeedbackList:
    """What was said in this case, newest first."""
    found = desk.feedback.of_case(case.number)
    return FeedbackList(feedback=tuple(verdict_info(one, desk.zone) for one in found))
