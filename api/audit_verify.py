"""Read an audit log back and tell whether, and where, it was changed.

Found are an edit, a deletion, a reordering, an insertion, a cut and a lost file. Not found without
a checkpoint kept elsewhere is a log that was replaced together with its head by someone who may
write in the folder: the chain has no secret. With `expected_head` that is found too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from yanji.api.audit_chain import (
    HEAD_FILE,
    LOG_FILE,
    NOTHING,
    RECOVERY,
    AuditRecord,
    Head,
    decode_head,
    decode_record,
    parse_checkpoint,
)
from yanji.api.audit_lock import LOCK_FILE, locked
from yanji.configs.errors import AuditError

MOST_PROBLEMS = 1_000
"""Of a wholly foreign file the first so many are listed."""
_FOUND = {
    "head_missing": "audit.head was gone",
    "head_unreadable": "audit.head was not readable",
    "head_other": "audit.head was that of another or an older log",
}


@dataclass(frozen=True, slots=True)
class AuditProblem:
    """One thing that only a change of the log explains."""

    code: str
    """`changed`, `missing`, `order`, `replaced`, `cut`, `head`, `lost` or `checkpoint`."""
    message: str
    line: int | None = None
    """Of audit.jsonl, counted from 1."""
    seq: int | None = None
    """Of the record where it shows."""


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What `verify` found."""

    ok: bool
    """True: no problem (notes are fine)."""
    records: int
    """Intact records, the log's own recovery records among them."""
    head: Head
    """The last intact record, the checkpoint to keep elsewhere."""
    problems: tuple[AuditProblem, ...]
    notes: tuple[str, ...]
    """What a crash left behind: not a change, and no answer is missing."""


def checkpoint(folder: Path) -> Head:
    """Return the head of a log that verifies; its text (`SEQ-HASH`) is to be kept elsewhere.

    Raises:
        AuditError: the log does not verify.
    """
    report = verify(folder)
    if not report.ok:
        raise AuditError(
            f"The audit log does not verify: {report.problems[0].message}",
            hint="See `yanji audit verify`; a checkpoint of a changed log would vouch for it.",
        )
    return report.head


def verify(folder: Path, *, expected_head: Head | str | None = None) -> VerifyReport:
    """Check the whole log. Writers wait only while its length and head are read.

    Args:
        folder: the archive.
        expected_head: a checkpoint that was kept elsewhere.

    Raises:
        AuditError: the files cannot be read.
        UsageError: the text of `expected_head` is not a checkpoint.
    """
    if isinstance(expected_head, str):
        expected_head = parse_checkpoint(expected_head)
    walk = _Walk(expected=expected_head)
    try:
        raw_head, size = _now(folder)
        if size is not None:
            for number, line in enumerate(_lines(folder / LOG_FILE, size), start=1):
                walk.take(number, line)
    except OSError as error:
        raise AuditError(
            f"The audit log in {folder} cannot be read: {error.strerror or error}.",
            hint="Check the folder and its permissions.",
        ) from error
    walk.finish(raw_head, has_log=size is not None)
    problems = tuple(walk.problems)
    return VerifyReport(not problems, walk.num_records, walk.tip, problems, tuple(walk.notes))


def _now(folder: Path) -> tuple[bytes | None, int | None]:
    """Read the head and the length of the log at one moment; None for a file that is not there."""
    if not folder.is_dir():
        raise NotADirectoryError(20, "the folder does not exist")
    lock = folder / LOCK_FILE
    if not lock.exists():
        # Nobody has written here yet, unless the first writer came while we looked: then the lock
        # file is there now, and what was read may be half of two moments.
        found = _both(folder)
        if not lock.exists():
            return found
    with locked(folder, shared=True):
        return _both(folder)


def _both(folder: Path) -> tuple[bytes | None, int | None]:
    head, log = folder / HEAD_FILE, folder / LOG_FILE
    raw_head = head.read_bytes() if head.exists() else None
    return raw_head, log.stat().st_size if log.exists() else None


def _lines(path: Path, size: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        while size > 0 and (line := file.readline(size)):
            size -= len(line)
            yield line


@dataclass(frozen=True, slots=True)
class _Loose:
    """A line that is no intact record."""

    number: int
    raw: bytes
    what: str

    @property
    def may_be_torn(self) -> bool:
        """Tell whether a crash can leave it: the beginning of a record, never a whole one."""
        return self.what == "is not JSON" or not self.raw.endswith(b"\n")


@dataclass(slots=True)
class _Walk:
    """Goes through the lines in order."""

    expected: Head | None
    last: AuditRecord | None = None
    """The intact record with the highest number so far."""
    num_records: int = 0
    problems: list[AuditProblem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    loose: list[_Loose] = field(default_factory=list)
    """Lines since the last intact record."""
    hash_at_expected: str | None = None

    @property
    def tip(self) -> Head:
        return self.last.head if self.last is not None else NOTHING

    def take(self, number: int, line: bytes) -> None:
        record = decode_record(line[:-1]) if line.endswith(b"\n") else "has no end"
        if not isinstance(record, AuditRecord):
            self.loose.append(_Loose(number, line, record))
            return
        self.num_records += 1
        num_loose = len(self.loose)
        if num_loose and self._is_recovered(record):
            self.notes.append(f"{self._torn()} Record {record.seq} notes it.")
        elif num_loose:
            self._blame_loose()
        self.loose.clear()
        self._check_link(number, record, num_loose)
        self._check_recovery(number, record)
        if self.expected is not None and record.seq == self.expected.seq:
            self.hash_at_expected = record.hash
        if record.seq > self.tip.seq:
            self.last = record

    def _check_link(self, number: int, record: AuditRecord, num_loose: int) -> None:
        before = self.tip
        if record.follows(before):
            return
        if record.seq <= before.seq:
            message = f"Record {record.seq} stands after record {before.seq}."
            self._blame("order", message, number, record.seq)
        elif record.seq > before.seq + 1 + num_loose:
            message = (
                f"Before record {record.seq}, {_span(before.seq + 1, record.seq - 1)} missing."
            )
            self._blame("missing", message, number, record.seq)
        elif not num_loose:
            whose = f"record {before.seq}" if before.seq else "the beginning"
            message = f"Record {record.seq} does not follow {whose}: one of the two was replaced."
            self._blame("replaced", message, number, record.seq)

    def _check_recovery(self, number: int, record: AuditRecord) -> None:
        found = record.parameters.get("found") if record.action == RECOVERY else None
        for code in found if isinstance(found, list) else []:
            if code in _FOUND:
                message = f"When record {record.seq} was written, {_FOUND[code]}."
                self._blame("head", message, number, record.seq)

    def _is_recovered(self, record: AuditRecord) -> bool:
        raw = b"".join(loose.raw for loose in self.loose).removesuffix(b"\n")
        found = record.parameters.get("found")
        return (
            record.action == RECOVERY
            and record.follows(self.tip)
            and isinstance(found, list)
            and "torn" in found
            and record.parameters.get("loose_sha256") == hashlib.sha256(raw).hexdigest()
            and all(loose.may_be_torn for loose in self.loose)
        )

    def finish(self, raw_head: bytes | None, *, has_log: bool) -> None:
        head = decode_head(raw_head) if raw_head is not None else None
        fits = head is not None and (
            head == self.tip or (self.last is not None and self.last.follows(head))
        )
        if self.loose and fits and all(loose.may_be_torn for loose in self.loose):
            self.notes.append(self._torn())
        elif self.loose:
            self._blame_loose()
        if fits and head != self.tip:
            self.notes.append(
                f"{HEAD_FILE} is one record behind: a crash came between the two, and the answer "
                f"of record {self.tip.seq} was not given."
            )
        elif not fits:
            self._blame_head(raw_head, head, has_log=has_log)
        if self.expected is not None and self.expected.seq > 0:
            self._check_expected(self.expected)

    def _blame_head(self, raw_head: bytes | None, head: Head | None, *, has_log: bool) -> None:
        if raw_head is None:
            if has_log:
                self._blame("head", f"{HEAD_FILE} is missing.")
        elif head is None:
            self._blame("head", f"{HEAD_FILE} was changed: it cannot be read.")
        elif not has_log:
            self._blame("lost", f"{LOG_FILE} is missing; it had {head.seq} records.")
        elif head.seq > self.tip.seq + len(self.loose):
            message = f"The end was cut off: {_span(self.tip.seq + 1, head.seq)} missing."
            self._blame("cut", message, seq=head.seq)
        elif not self.loose:
            message = f"{HEAD_FILE} names another record {head.seq} than the log has at its end."
            self._blame("head", message, seq=head.seq)

    def _check_expected(self, expected: Head) -> None:
        if self.hash_at_expected is None:
            message = f"Record {expected.seq}, which the checkpoint names, is not in the log."
            self._blame("checkpoint", message, seq=expected.seq)
        elif self.hash_at_expected != expected.hash:
            message = f"Record {expected.seq} is another than the one that the checkpoint names."
            self._blame("checkpoint", message, seq=expected.seq)

    def _torn(self) -> str:
        num_bytes = sum(len(loose.raw) for loose in self.loose)
        return (
            f"Line {self.loose[0].number}: a crash left {num_bytes} bytes of an unfinished write."
        )

    def _blame_loose(self) -> None:
        for offset, loose in enumerate(self.loose, start=1):
            seq = self.tip.seq + offset
            message = f"Line {loose.number} was changed or put in (record {seq} belongs there): it "
            self._blame("changed", f"{message}{loose.what}.", loose.number, seq)

    def _blame(
        self, code: str, message: str, line: int | None = None, seq: int | None = None
    ) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(AuditProblem(code, message, line, seq))


def _span(first: int, last: int) -> str:
    return f"record {first} is" if first == last else f"the records {first} to {last} are"
