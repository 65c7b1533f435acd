"""Which vehicle a question is about: one of a snapshot, or a stored sighting."""

from __future__ import annotations

from dataclasses import dataclass

from yanji.api.query import Box
from yanji.api.questions import Case, record_empty_question, stored_vehicle
from yanji.api.web.access import Caller
from yanji.api.web.auditing import origin_of
from yanji.api.web.desk import Desk
from yanji.api.web.documents import Subject
from yanji.api.web.given import box_of
from yanji.api.web.holding import described, in_lane
from yanji.api.web.problems import RequestError
from yanji.api.web.routes_sightings import unknown_sighting
from yanji.api.web.snapshots import HeldSnapshot
from yanji.configs.errors import NothingFoundError
from yanji.index.chances import look_of
from yanji.index.hit import StoredSighting
from yanji.index.route import QueryPoint
from yanji.reid.calibration import Look
from yanji.reid.sighting import Embedding


@dataclass(frozen=True, slots=True)
class Taken:
    """The subject, ready to be searched for."""

    embedding: Embedding
    snapshot_id: str | None
    sighting_id: str | None
    box: Box | None
    vehicle_class: str | None
    others: tuple[Box, ...]
    sighting: StoredSighting | None
    point: QueryPoint | None
    """Where and when a stored sighting was."""

    @property
    def look(self) -> Look:
        """Class, and of a stored sighting the view, as far as known."""
        return look_of(self.sighting) if self.sighting is not None else Look(self.vehicle_class)

    @property
    def words(self) -> dict[str, object]:
        """For the audit log."""
        if self.sighting_id is not None:
            return {"sighting_id": self.sighting_id}
        return {"box": list(self.box) if self.box is not None else None}


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks what under which case; what an empty question is recorded with."""

    desk: Desk
    case: Case
    caller: Caller
    action: str

    def record_empty(self, image_sha256: str | None, outcome: str, **words: object) -> None:
        """Somebody looked, although there was nothing to look for.

        Raises:
            AuditError: the record cannot be written.
        """
        record_empty_question(
            self.desk.reader.folder,
            self.case,
            self.action,
            image_sha256,
            outcome,
            **words,
            **origin_of(self.caller),
        )


async def take(asking: Asking, subject: Subject) -> Taken:
    """Find out what is asked about.

    Raises:
        RequestError: neither or both are given, `bad_box`, `unknown_snapshot`,
            `unknown_sighting`.
        NothingFoundError: `no_vehicle`, or the sighting has no vector; recorded.
    """
    if (subject.snapshot_id is None) == (subject.sighting_id is None):
        raise RequestError("Give either `snapshot_id` or `sighting_id`.")
    box = box_of(subject.box)
    if subject.snapshot_id is not None:
        return await take_snapshot(asking, asking.desk.snapshots.get(subject.snapshot_id), box)
    if box is not None:
        raise RequestError("A box belongs to a snapshot, not to a sighting.", code="bad_box")
    sighting_id = subject.sighting_id or ""
    return await in_lane(asking.desk.lanes.heavy, lambda: _take_sighting(asking, sighting_id))


async def take_snapshot(asking: Asking, held: HeldSnapshot, box: Box | None) -> Taken:
    """Describe a vehicle of a snapshot. Raises as `take`."""
    desk = asking.desk
    try:
        vehicle = await described(desk, held, box)
    except NothingFoundError as error:
        outcome, sha256 = error.code, held.snapshot_id
        await in_lane(desk.lanes.heavy, lambda: asking.record_empty(sha256, outcome))
        hint = "Draw a box around the vehicle."
        raise RequestError(
            "No vehicle was found in the picture.", hint=hint, code=outcome
        ) from None
    return Taken(
        vehicle.embedding,
        held.snapshot_id,
        None,
        vehicle.box,
        vehicle.vehicle_class,
        vehicle.others,
        None,
        None,
    )


def _take_sighting(asking: Asking, sighting_id: str) -> Taken:
    reader = asking.desk.reader
    try:
        sighting = reader.sighting(sighting_id)
    except NothingFoundError:
        asking.record_empty(None, "unknown_sighting", sighting_id=sighting_id)
        raise unknown_sighting() from None
    try:
        embedding, point = stored_vehicle(reader, sighting_id, asking.desk.models.model_id)
    except NothingFoundError as error:
        asking.record_empty(None, "no_vector", sighting_id=sighting_id)
        raise RequestError(error.message, hint=error.hint, code="no_vector") from None
    return Taken(embedding, None, sighting_id, None, sighting.vehicle_class, (), sighting, point)
