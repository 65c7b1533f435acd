"""Answers of search and trace, as JSON documents and as lines for people."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from yanji.api.attributes import looks, travel_fields
from yanji.api.cli.output import note, print_line, table
from yanji.configs.errors import NothingFoundError
from yanji.configs.times import format_time

if TYPE_CHECKING:
    from yanji.api.query import Query
    from yanji.api.questions import Traced
    from yanji.index.hit import StoredSighting
    from yanji.index.reader import ArchiveReader
    from yanji.index.search import SearchAnswer
    from yanji.ingest.gap import Gap


def query_document(query: Query) -> dict[str, object]:
    """What was looked for."""
    return {
        "image": str(query.path),
        "box": list(query.box),
        "class": query.vehicle_class,
        "others": [list(box) for box in query.others],
    }


def _gap_documents(gaps: tuple[Gap, ...] | list[Gap], zone: ZoneInfo | None) -> list[object]:
    return [
        {
            "camera_id": gap.camera_id,
            "from": format_time(gap.from_ns, zone),
            "to": format_time(gap.to_ns, zone) if gap.to_ns is not None else None,
        }
        for gap in gaps
    ]


def search_document(
    answer: SearchAnswer, query: Query, audit_id: str, reader: ArchiveReader, zone: ZoneInfo | None
) -> dict[str, object]:
    """The answer of `yanji search --json`; the format is in docs/design/README.md."""
    return {
        "query": query_document(query),
        "hits": [
            {
                "sighting_id": hit.sighting.sighting_id,
                "camera_id": hit.sighting.camera_id,
                "first_seen": format_time(hit.sighting.first_ns, zone),
                "last_seen": format_time(hit.sighting.last_ns, zone),
                "class": hit.sighting.vehicle_class,
                "colour": hit.sighting.colour,
                "colour_score": hit.sighting.colour_score,
                **travel_fields(hit.sighting),
                "plate": hit.sighting.plate,
                "score": round(hit.score, 4),
                "probability": hit.probability,
                "crop": _best_crop(hit.sighting, reader),
            }
            for hit in answer.hits
        ],
        "searched": answer.searched,
        "without_vector": answer.without_vector,
        "gaps": _gap_documents(list(answer.gaps), zone),
        "audit_id": audit_id,
    }


def _best_crop(sighting: StoredSighting, reader: ArchiveReader) -> str | None:
    """Path of the first crop that is there: a lost picture must not cost the answer."""
    for sha256 in sighting.crops:
        with contextlib.suppress(NothingFoundError):
            return str(reader.crop_path(sha256))
    return None


def say_what_was_taken(query: Query) -> None:
    """Name the vehicle that was taken, and the others of the picture, on stderr."""
    edges = ",".join(f"{edge:.0f}" for edge in query.box)
    what = query.vehicle_class or "something that the detector does not know"
    text = f"Looking for the {what} at {edges}"
    if query.others:
        text += f"; the picture shows {len(query.others)} more (choose with --box): " + "  ".join(
            ",".join(f"{edge:.0f}" for edge in box) for box in query.others[:6]
        )
    note(text)


def print_search(
    answer: SearchAnswer, query: Query, audit_id: str, reader: ArchiveReader, zone: ZoneInfo | None
) -> None:
    """The answer of `yanji search` for people."""
    say_what_was_taken(query)
    calibrated = any(hit.probability is not None for hit in answer.hits)
    rows = [
        [
            str(rank),
            f"{hit.score:.3f}",
            *([percent(hit.probability)] if calibrated else []),
            hit.sighting.camera_id,
            format_time(hit.sighting.first_ns, zone),
            hit.sighting.vehicle_class + (" (parked)" if hit.sighting.stationary else ""),
            looks(hit.sighting),
            hit.sighting.sighting_id,
        ]
        for rank, hit in enumerate(answer.hits, start=1)
    ]
    if rows:
        heads = ["", "similarity", *(["probability"] if calibrated else []), "camera"]
        for line in table([*heads, "first seen", "class", "colour, way", "sighting"], rows):
            print_line(line)
        crop = _best_crop(answer.hits[0].sighting, reader)
        if crop is not None:
            print_line(f"best crop: {crop}")
    else:
        print_line("No sighting matches the filters.")
    print_line(f"{answer.searched} sightings searched; audit record {audit_id}")
    if answer.without_vector:
        print_line(
            f"{answer.without_vector} more have no vector of this model and were not compared: "
            "`yanji archive reembed`"
        )
    for gap in list(answer.gaps)[:10]:
        end = format_time(gap.to_ns, zone) if gap.to_ns is not None else "now"
        print_line(f"camera {gap.camera_id} saw nothing {format_time(gap.from_ns, zone)} to {end}")


def percent(probability: float | None) -> str:
    """`37 %`; never 0 or 100 % of what is neither; `-` for none."""
    if probability is None:
        return "-"
    if 0 < probability < 0.01:
        return "< 1 %"
    if 0.99 < probability < 1:
        return "> 99 %"
    return f"{probability:.0%}".replace("%", " %")


def trace_document(traced: Traced, zone: ZoneInfo | None) -> dict[str, object]:
    """The answer of `yanji trace --json`, without the query."""
    found = traced.trace
    return {
        "routes": [
            {
                "probability": route.probability,
                "score": round(route.score, 4),
                "legs": [
                    {
                        "sighting_id": leg.sighting_id,
                        "camera_id": leg.camera_id,
                        "first_seen": format_time(leg.first_ns, zone),
                        "last_seen": format_time(leg.last_ns, zone),
                        "probability": leg.probability,
                        "travel_s": round(leg.travel_s, 1) if leg.travel_s is not None else None,
                        "score": round(leg.score, 4) if leg.score is not None else None,
                        "why": leg.why,
                    }
                    for leg in route.legs
                ],
            }
            for route in found.routes
        ],
        "next": [
            {
                "camera_id": camera.camera_id,
                "earliest": format_time(camera.earliest_ns, zone),
                "latest": format_time(camera.latest_ns, zone),
                "probability": camera.probability,
                "state": camera.state,
            }
            for camera in found.next
        ],
        "gaps": _gap_documents(list(found.gaps), zone),
        "basis": found.basis,
        "notes": [remark.text for remark in found.notes],
        "audit_id": traced.audit_id,
    }


def trace_lines(traced: Traced, zone: ZoneInfo | None) -> list[str]:
    """The same for people."""
    found = traced.trace
    lines: list[str] = []
    for rank, route in enumerate(found.routes, start=1):
        lines.append(f"Route {rank} of {len(found.routes)} (evidence {route.score:.2f})")
        for leg in route.legs:
            words = f"  {format_time(leg.first_ns, zone)}  {leg.camera_id}  {leg.why}"
            if leg.probability is not None:
                words += f"; probability by its look {percent(leg.probability)}"
            lines.append(words)
    if not found.routes:
        lines.append("No sighting is like the vehicle.")
    for camera in found.next[:6]:
        lines.append(
            f"Next: {camera.camera_id} between {format_time(camera.earliest_ns, zone)} and "
            f"{format_time(camera.latest_ns, zone)} ({camera.state.replace('_', ' ')})"
        )
    for gap in found.gaps:
        end = format_time(gap.to_ns, zone) if gap.to_ns is not None else "now"
        lines.append(
            f"Camera {gap.camera_id} saw nothing {format_time(gap.from_ns, zone)} to {end}: "
            "the vehicle can have passed there"
        )
    lines += [remark.text for remark in found.notes]
    lines.append(f"audit record {traced.audit_id}")
    return lines
