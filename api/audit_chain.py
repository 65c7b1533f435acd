"""The records of the audit log as bytes, and the hash that chains them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from yanji.configs.errors import UsageError

VERSION = 1
LOG_FILE, HEAD_FILE = "audit.jsonl", "audit.head"
RECOVERY = "audit_recovery"
"""Action of the records that the log writes about itself."""
_HASH = re.compile(r"[0-9a-f]{64}")
_CHECKPOINT = re.compile(r"(0|[1-9]\d{0,17})-([0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Head:
    """The last record of a log: its sequence number (0: none yet) and hash.

    As text, `SEQ-HASH`, it is the checkpoint that a supervisor keeps elsewhere.
    """

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}-{self.hash}"


NOTHING = Head(0, "0" * 64)
"""What comes before the first record."""


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """Audit record v1. Field names are those of the file."""

    v: int
    seq: int
    """Counts from 1 without gaps."""
    at: str
    """Host wall time, ISO 8601 in UTC, milliseconds."""
    actor: str
    case: str
    purpose: str
    reason: str
    action: str
    parameters: dict[str, Any]
    image_sha256: str | None
    model: str | None
    result_ids: list[str]
    previous: str
    """Hash of the record before; 64 zeros for the first."""
    hash: str

    @property
    def audit_id(self) -> str:
        """What an answer names: sequence number and the first 12 digits of the hash."""
        return f"{self.seq}-{self.hash[:12]}"

    @property
    def head(self) -> Head:
        """This record as the head of a log."""
        return Head(self.seq, self.hash)

    def follows(self, before: Head) -> bool:
        """Tell whether this record is the one right after `before`."""
        return self.seq == before.seq + 1 and self.previous == before.hash


_TYPES: dict[str, tuple[type, ...]] = {
    "v": (int,),
    "seq": (int,),
    "at": (str,),
    "actor": (str,),
    "case": (str,),
    "purpose": (str,),
    "reason": (str,),
    "action": (str,),
    "parameters": (dict,),
    "image_sha256": (str, type(None)),
    "model": (str, type(None)),
    "result_ids": (list,),
    "previous": (str,),
    "hash": (str,),
}
if list(_TYPES) != [field.name for field in fields(AuditRecord)]:
    raise AssertionError("the types do not name the fields of AuditRecord")


def canonical(value: Mapping[str, Any]) -> bytes:
    """Write canonical JSON: UTF-8, keys sorted, no blanks, non-ASCII as itself.

    Half surrogates (file names that are not UTF-8) become the text backslash, u, four digits.

    Raises:
        ValueError: a number is not finite.
        TypeError: a value is not one of JSON.
    """
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode("utf-8")


def sealed(content: Mapping[str, Any], previous: str) -> AuditRecord:
    """Make the record that follows the one with the hash `previous`.

    Raises:
        ValueError, TypeError: see `canonical`.
    """
    legible = _legible({**content, "previous": previous})
    return AuditRecord(**legible, hash=hashlib.sha256(canonical(legible)).hexdigest())


def encode_record(record: AuditRecord) -> bytes:
    """Write a record as its line, without the line's end."""
    return canonical(asdict(record))


def decode_record(line: bytes) -> AuditRecord | str:
    """Read a line (without its end); returns what is wrong with it if it is not intact.

    Intact is only what `encode_record` would write again byte by byte, with the right hash.
    """
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return "is not JSON"
    if not isinstance(value, dict) or value.keys() != _TYPES.keys():
        return "has not the fields of a record"
    if any(type(value[key]) not in types for key, types in _TYPES.items()):
        return "has a field of the wrong type"
    if value["v"] != VERSION:
        return f"is of version {value['v']}, not {VERSION}"
    record = AuditRecord(**value)
    content = {key: item for key, item in value.items() if key != "hash"}
    try:
        if hashlib.sha256(canonical(content)).hexdigest() != record.hash:
            return "does not have the hash that it says"
        return record if encode_record(record) == line else "is not written canonically"
    except ValueError:
        return "holds a number or text that cannot be written"


def encode_head(head: Head) -> bytes:
    """Write the content of `audit.head`."""
    return canonical({"v": VERSION, "seq": head.seq, "hash": head.hash}) + b"\n"


def decode_head(raw: bytes) -> Head | None:
    """Read `audit.head`; None if it is not exactly what `encode_head` writes."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or type(value.get("seq")) is not int:
        return None
    head = Head(value["seq"], str(value.get("hash")))
    is_head = head.seq >= 0 and _HASH.fullmatch(head.hash) is not None
    return head if is_head and encode_head(head) == raw else None


def parse_checkpoint(text: str) -> Head:
    """Read a checkpoint, `SEQ-HASH`.

    Raises:
        UsageError: it is not one.
    """
    match = _CHECKPOINT.fullmatch(text.strip())
    if match is None:
        hint = "It is the number and the 64 digits that the checkpoint showed, like 12-ab34…"
        raise UsageError("This is not a checkpoint of an audit log.", hint=hint)
    return Head(int(match[1]), match[2])


def _legible(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("keys of an audit record must be text")
        return {_legible(key): _legible(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_legible(item) for item in value]
    return value
