"""Search and trace: the archive is asked, the audit record is written, then the answer leaves."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

from yanji.api.audit import append_record, check_access, current_actor
from yanji.api.query import Box
from yanji.configs.errors import NothingFoundError
from yanji.configs.settings import Settings
from yanji.configs.site import Site
from yanji.index.chances import CONFIRMED, with_probabilities
from yanji.index.graph import CameraPlace, RoadGraph, graph_from_site
from yanji.index.hit import Filter, Hit, StoredSighting
from yanji.index.judged import hits_left_out, pinned_hits, read_judged
from yanji.index.reader import ArchiveReader
from yanji.index.search import SearchAnswer, search
from yanji.index.trace import QueryPoint, Trace, trace
from yanji.ingest.gap import Gap
from yanji.reid.calibration import Look, calibration_for
from yanji.reid.sighting import Embedding

EVERYTHING: Final = Filter()
UNKNOWN: Final = Look()
TRACE_HITS = 500
"""The score of a chance hit is estimated from the hits, so a trace takes more than it uses."""


@dataclass(frozen=True, slots=True)
class Case:
    """Under what a question is asked."""

    number: str
    purpose: str
    reason: str
    actor: str
    purposes: tuple[str, ...]
    """All that the installation allows."""
    models: Path | None = None
    """Folder of the installation's own models, whose cards can carry a calibration."""


class Asked(Protocol):
    """The vehicle that is searched for: `yanji.api.query.Query`, or `Sought`."""

    @property
    def embedding(self) -> Embedding:
        """Of the archive's model."""
        ...

    @property
    def image_sha256(self) -> str | None:
        """Of the snapshot's file; None for a stored sighting."""
        ...

    @property
    def box(self) -> Box | None:
        """Of the vehicle in the snapshot, pixels upright; None for a stored sighting."""
        ...

    @property
    def look(self) -> Look:
        """Its class and view as far as they are known: what a score is worth depends on them."""
        ...


@dataclass(frozen=True, slots=True)
class Sought:
    """A vehicle as it is asked about without its picture: one described before, or a sighting."""

    embedding: Embedding
    image_sha256: str | None = None
    box: Box | None = None
    sighting_id: str | None = None
    """The stored sighting asked about; it is not a hit of its own."""
    look: Look = UNKNOWN


@dataclass(frozen=True, slots=True)
class Traced:
    """A trace with what it was made from."""

    trace: Trace
    sightings: dict[str, StoredSighting]
    audit_id: str


def open_case(
    settings: Settings, number: str | None, reason: str | None, purpose: str | None
) -> Case:
    """Check that a question may be asked at all.

    Raises:
        UsageError: case or reason is missing or blank, or the purpose is not one of the
            installation's.
    """
    chosen = purpose or settings.default_purpose
    check_access(case=number or "", purpose=chosen, reason=reason or "", purposes=settings.purposes)
    return Case(
        number or "", chosen, reason or "", current_actor(), settings.purposes, settings.models
    )


def ask_search(
    reader: ArchiveReader,
    query: Asked,
    wanted: Filter,
    limit: int,
    case: Case,
    *,
    confirmed: Sequence[str] = (),
    rejected: Sequence[str] = (),
    extra: Mapping[str, object] | None = None,
) -> tuple[SearchAnswer, str]:
    """Search, record, answer; returns the answer and the audit id.

    Args:
        reader: the archive.
        query: the vehicle.
        wanted: which sightings; confirmed ones too must be among them.
        limit: the most hits, confirmed ones included.
        case: under what it is asked.
        confirmed: ids of sightings that are the vehicle. They pull the query towards themselves
            and stand first, in the order of their scores; without a vector of the model they do
            neither.
        rejected: ids of sightings that are not. They push the query away and are left out.
        extra: further parameters for the audit record.

    The scores are cosines to the query so moved (`yanji.index.rerank`). Probabilities stand beside
    them where the model is calibrated and nothing was judged: what the score of a moved query is
    worth was not measured. A confirmed sighting has 1.

    Raises:
        NothingFoundError: a confirmed or rejected sighting is not there (`unknown_sighting`).
        UsageError: a sighting is both confirmed and rejected.
        AuditError: the record cannot be written; then nothing is answered.
    """
    own = query.sighting_id if isinstance(query, Sought) else None
    judged = read_judged(reader, query.embedding, confirmed, rejected, own)
    embedding = judged.refine(query.embedding)
    left_out = judged.rejected if own is None else judged.rejected | {own}
    answer = search(reader, embedding, wanted, limit + len(judged.confirmed), left_out)
    pinned = [replace(hit, probability=CONFIRMED) for hit in pinned_hits(judged, embedding, wanted)]
    answer = _with_probabilities(answer, query.embedding, embedding, query.look, case)
    others = [hit for hit in answer.hits if hit.sighting.sighting_id not in judged.confirmed]
    answer = replace(answer, hits=tuple([*pinned, *others][:limit]))
    asked: dict[str, object] = {"box": None if query.box is None else list(query.box)}
    if own is not None:
        asked = {"sighting_id": own}
    audit_id = _record(
        reader.folder,
        case,
        "search",
        {
            **(extra or {}),
            **asked,
            "limit": limit,
            **_filter_words(wanted),
            **_verdict_words(confirmed, rejected),
        },
        query.image_sha256,
        query.embedding,
        [hit.sighting.sighting_id for hit in answer.hits],
    )
    return answer, audit_id


def record_empty_question(
    folder: Path,
    case: Case,
    action: str,
    image_sha256: str | None,
    outcome: str,
    **parameters: object,
) -> None:
    """Record a question that had no vehicle to look for: somebody looked all the same.

    Raises:
        AuditError: the record cannot be written.
    """
    _record(folder, case, action, {"outcome": outcome, **parameters}, image_sha256, None, [])


def ask_trace(
    reader: ArchiveReader,
    embedding: Embedding,
    graph: RoadGraph,
    point: QueryPoint | None,
    window_s: float,
    case: Case,
    *,
    image_sha256: str | None,
    parameters: Mapping[str, object],
    confirmed: Sequence[str] = (),
    rejected: Sequence[str] = (),
    attributes: Filter = EVERYTHING,
    look: Look = UNKNOWN,
    extra: Mapping[str, object] | None = None,
) -> Traced:
    """Search around the point, chain the hits, record, answer.

    `confirmed`, `rejected`, `extra`: as for `ask_search`. The best route passes as many confirmed
    sightings as one vehicle can have driven through within the window. The score of a confirmed
    one is its cosine to the query as the others moved it. `attributes`: which colours and
    directions are looked at, times and cameras aside; confirmed sightings are, whatever they have.
    `look`: class and view of the vehicle, as far as known; probabilities are as in `ask_search`.

    Raises:
        NothingFoundError: a confirmed or rejected sighting is not there (`unknown_sighting`).
        UsageError: a sighting is both confirmed and rejected, or the one asked about is rejected.
        AuditError: the record cannot be written; then nothing is answered.
    """
    wanted = attributes
    if point is not None:
        window_ns = round(window_s * 1e9)
        wanted = replace(
            wanted, from_ns=point.first_ns - window_ns, to_ns=point.last_ns + window_ns
        )
    own = point.sighting_id if point is not None else None
    judged = read_judged(reader, embedding, confirmed, rejected, own)
    moved = judged.refine(embedding)
    answer = search(reader, moved, wanted, TRACE_HITS, judged.rejected)
    answer = _with_probabilities(answer, embedding, moved, look, case)
    hits: list[Hit] = [
        *(hit for hit in answer.hits if hit.sighting.sighting_id not in judged.confirmed),
        *hits_left_out(judged, embedding),
    ]
    gaps: Sequence[Gap] = answer.gaps
    newest_ns = max((hit.sighting.last_ns for hit in hits), default=None)
    found = trace(
        point,
        hits,
        graph,
        gaps,
        window_s=window_s,
        now_ns=time.time_ns(),
        searched_to_ns=newest_ns,
        confirmed=list(judged.confirmed.values()),
    )
    legs = {
        leg.sighting_id: None
        for route in found.routes
        for leg in route.legs
        if leg.sighting_id is not None
    }
    audit_id = _record(
        reader.folder,
        case,
        "trace",
        {
            **(extra or {}),
            "window_s": window_s,
            **parameters,
            **attribute_words(attributes),
            **_verdict_words(confirmed, rejected),
        },
        image_sha256,
        embedding,
        list(legs),
    )
    known = {hit.sighting.sighting_id: hit.sighting for hit in hits}
    return Traced(found, {**known, **judged.confirmed}, audit_id)


def _with_probabilities(
    answer: SearchAnswer, asked: Embedding, moved: Embedding, look: Look, case: Case
) -> SearchAnswer:
    """Fill in probabilities, unless verdicts moved the query."""
    calibration = calibration_for(asked, case.models) if moved is asked else None
    hits = with_probabilities(answer.hits, calibration, look, answer.searched, answer.searched_of)
    return replace(answer, hits=hits)


def stored_vehicle(
    reader: ArchiveReader, sighting_id: str, model_id: str
) -> tuple[Embedding, QueryPoint]:
    """Vector, place and time of a stored sighting, by the model of this name.

    Raises:
        NothingFoundError: no such sighting, or it has no vector of this model.
    """
    sighting = reader.sighting(sighting_id)
    weights_sha256 = reader.newest_weights(model_id)
    if weights_sha256 is None:
        raise NothingFoundError(
            f"The archive has no vectors of model {model_id}.",
            hint="`yanji archive reembed` makes them from the stored crops.",
        )
    embedding = reader.embedding(sighting_id, model_id, weights_sha256)
    point = QueryPoint(
        sighting.camera_id, sighting.first_ns, sighting.last_ns, sighting.sigma_s, sighting_id
    )
    return embedding, point


def graph_of(site: Site | None, reader: ArchiveReader) -> RoadGraph:
    """Roads of the site where one is given; else the places that the archive knows."""
    if site is not None:
        return graph_from_site(site)
    places = [
        CameraPlace(camera.camera_id, camera.longitude, camera.latitude)
        for camera in reader.cameras()
    ]
    return RoadGraph(places, [])


def _verdict_words(confirmed: Sequence[str], rejected: Sequence[str]) -> dict[str, object]:
    """Nothing where nothing was judged."""
    words = {"confirmed": sorted(set(confirmed)), "rejected": sorted(set(rejected))}
    return {name: list(ids) for name, ids in words.items() if ids}


def attribute_words(wanted: Filter) -> dict[str, object]:
    """Colours and directions asked for, for the audit log; nothing where none were."""
    words: dict[str, object] = {}
    if wanted.colours is not None:
        words["colours"] = sorted(wanted.colours)
    if wanted.directions is not None:
        words["directions"] = sorted(wanted.directions)
    if words and wanted.only_known:
        words["only_known"] = True
    return words


def _filter_words(wanted: Filter) -> dict[str, object]:
    return {
        "from_ns": wanted.from_ns,
        "to_ns": wanted.to_ns,
        "cameras": sorted(wanted.cameras) if wanted.cameras is not None else None,
        "classes": sorted(wanted.classes) if wanted.classes is not None else None,
        **attribute_words(wanted),
    }


def _record(
    folder: Path,
    case: Case,
    action: str,
    parameters: dict[str, object],
    image_sha256: str | None,
    embedding: Embedding | None,
    result_ids: list[str],
) -> str:
    record = append_record(
        folder,
        actor=case.actor,
        case=case.number,
        purpose=case.purpose,
        reason=case.reason,
        action=action,
        parameters=parameters,
        image_sha256=image_sha256,
        model=f"{embedding.model_id}:{embedding.weights_sha256}" if embedding is not None else None,
        result_ids=result_ids,
        purposes=case.purposes,
    )
    return record.audit_id
