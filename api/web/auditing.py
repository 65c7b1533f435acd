"""What the audit log learns of a question from the API, beside what every question says."""

from __future__ import annotations

from collections.abc import Sequence

from yanji.api.audit import append_record
from yanji.api.questions import Case
from yanji.api.web.access import Caller
from yanji.api.web.desk import Desk
from yanji.index.hit import Filter


def origin_of(caller: Caller) -> dict[str, object]:
    """How and from where it was asked."""
    return {"via": caller.via, "client": caller.client}


def filter_words(wanted: Filter) -> dict[str, object]:
    """A filter as JSON values."""
    return {
        "from_ns": wanted.from_ns,
        "to_ns": wanted.to_ns,
        "cameras": sorted(wanted.cameras) if wanted.cameras is not None else None,
        "classes": sorted(wanted.classes) if wanted.classes is not None else None,
    }


def record(
    desk: Desk,
    case: Case,
    caller: Caller,
    action: str,
    parameters: dict[str, object],
    *,
    image_sha256: str | None = None,
    result_ids: Sequence[str] = (),
) -> str:
    """Write a record of something that compares nothing; returns its id once it is on the disk.

    Raises:
        AuditError: it cannot be written; nothing may be answered.
    """
    written = append_record(
        desk.reader.folder,
        actor=case.actor,
        case=case.number,
        purpose=case.purpose,
        reason=case.reason,
        action=action,
        parameters={**parameters, **origin_of(caller)},
        image_sha256=image_sha256,
        model=None,
        result_ids=result_ids,
        purposes=case.purposes,
    )
    return written.audit_id
