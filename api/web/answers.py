"""Answers of search and trace as documents."""

from __future__ import annotations

from collections.abc import Mapping

from yanji.api.questions import Traced
from yanji.api.web.desk import Desk
from yanji.api.web.documents import (
    Asked,
    HitInfo,
    LegFacts,
    LegInfo,
    NextInfo,
    NoteInfo,
    RouteInfo,
    SearchAnswer,
    TraceAnswer,
)
from yanji.api.web.subjects import Taken
from yanji.api.web.words import crop_url, gap_info, sighting_fields
from yanji.configs.times import format_time
from yanji.index.hit import StoredSighting
from yanji.index.route import Leg
from yanji.index.search import SearchAnswer as Found


def asked_document(taken: Taken) -> Asked:
    """The subject as it was taken."""
    return Asked.model_validate(
        {
            "snapshot_id": taken.snapshot_id,
            "sighting_id": taken.sighting_id,
            "box": taken.box,
            "class_": taken.vehicle_class,
            "others": taken.others,
        }
    )


def search_document(
    desk: Desk, taken: Taken, found: Found, verdicts: Mapping[str, str], audit_id: str
) -> SearchAnswer:
    """Hits, best first."""
    zone = desk.zone
    hits = tuple(
        HitInfo.model_validate(
            {
                **sighting_fields(hit.sighting, zone),
                "rank": rank,
                "score": round(hit.score, 4),
                "probability": hit.probability,
                "verdict": verdicts.get(hit.sighting.sighting_id),
            }
        )
        for rank, hit in enumerate(found.hits, start=1)
    )
    return SearchAnswer(
        query=asked_document(taken),
        hits=hits,
        searched=found.searched,
        without_vector=found.without_vector,
        gaps=tuple(gap_info(gap, zone) for gap in found.gaps),
        audit_id=audit_id,
    )


def trace_document(desk: Desk, taken: Taken, traced: Traced) -> TraceAnswer:
    """Routes, best first."""
    zone, found = desk.zone, traced.trace
    known = dict(traced.sightings)
    if taken.sighting is not None:
        known.setdefault(taken.sighting.sighting_id, taken.sighting)
    return TraceAnswer(
        query=asked_document(taken),
        routes=tuple(
            RouteInfo(
                rank=rank,
                probability=route.probability,
                score=round(route.score, 4),
                legs=tuple(_leg(desk, leg, known.get(leg.sighting_id or "")) for leg in route.legs),
            )
            for rank, route in enumerate(found.routes, start=1)
        ),
        next=tuple(
            NextInfo(
                camera_id=camera.camera_id,
                earliest=format_time(camera.earliest_ns, zone),
                latest=format_time(camera.latest_ns, zone),
                probability=camera.probability,
                state=camera.state,
            )
            for camera in found.next
        ),
        gaps=tuple(gap_info(gap, zone) for gap in found.gaps),
        basis=found.basis,
        notes=tuple(
            NoteInfo(code=note.code, text=note.text, values=note.values) for note in found.notes
        ),
        audit_id=traced.audit_id,
    )


def _leg(desk: Desk, leg: Leg, sighting: StoredSighting | None) -> LegInfo:
    facts = leg.facts
    return LegInfo.model_validate(
        {
            "sighting_id": leg.sighting_id,
            "camera_id": leg.camera_id,
            "first_seen": format_time(leg.first_ns, desk.zone),
            "last_seen": format_time(leg.last_ns, desk.zone),
            "probability": leg.probability,
            "travel_s": _rounded(leg.travel_s, 1),
            "score": _rounded(leg.score, 4),
            "why": leg.why,
            "facts": LegFacts(
                rank=facts.rank,
                num_hits=facts.num_hits,
                given=facts.given,
                confirmed=facts.confirmed,
                basis=facts.basis,
                distance_m=_rounded(facts.distance_m, 1),
                earliest_s=_rounded(facts.earliest_s, 1),
                latest_s=_rounded(facts.latest_s, 1),
                tolerance_s=_rounded(facts.tolerance_s, 1),
                via=facts.via,
                unseen=facts.unseen,
                down=facts.down,
            ),
            "class_": sighting.vehicle_class if sighting is not None else None,
            "crops": tuple(crop_url(one) for one in sighting.crops) if sighting else (),
        }
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return round(value, digits) if value is not None else None
