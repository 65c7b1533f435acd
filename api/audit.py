"""The audit log: who looked for what, under which case, written before an answer leaves.

One archive has one log, three files in its folder:

- `audit.jsonl`, one record per line, only ever appended to;
- `audit.head`, sequence number and hash of the last record, replaced after every append;
- `audit.lock`, locked while either is written.

A record's `hash` is the sha256 of its canonical JSON without `hash`; `previous` is the hash of
the record before. Canonical JSON: UTF-8, keys sorted, no blanks, non-ASCII written as itself.
The states that a crash can leave behind, and how the next append goes on from them, are in
docs/design/audit.md; `yanji.api.audit_verify` reads the log back.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yanji.api.audit_chain import (
    HEAD_FILE,
    LOG_FILE,
    NOTHING,
    RECOVERY,
    VERSION,
    AuditRecord,
    Head,
    decode_head,
    decode_record,
    encode_head,
    encode_record,
    sealed,
)
from yanji.api.audit_lock import locked
from yanji.configs.errors import AuditError, UsageError
from yanji.configs.times import format_time

LONGEST_CASE, LONGEST_REASON = 200, 2_000
_MODE = 0o660
"""Less the umask: several investigators may share one archive through a group."""
_FIRST_LOOK_BYTES = 65_536


def check_access(*, case: str, purpose: str, reason: str, purposes: Collection[str]) -> None:
    """Refuse a query that is not allowed to begin.

    Raises:
        UsageError: case or reason is missing or too long, or the purpose is not a configured one.
    """
    for name, value, longest in (
        ("case", case, LONGEST_CASE),
        ("reason", reason, LONGEST_REASON),
    ):
        if not value.strip():
            raise UsageError(
                f"A {name} is needed: every query is written to the audit log.",
                hint=f"Give --{name}.",
            )
        if len(value) > longest:
            raise UsageError(f"The {name} is longer than {longest} characters.")
    if purpose not in purposes:
        raise UsageError(
            f"`{purpose[:64]}` is not a purpose that this installation allows.",
            hint=f"One of: {', '.join(purposes)}.",
        )


def current_actor() -> str:
    """Name the operating-system user who runs this process (`uid:NNN` for one without a name)."""
    uid = os.getuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid:{uid}"


def append_record(
    folder: Path,
    *,
    actor: str,
    case: str,
    purpose: str,
    reason: str,
    action: str,
    parameters: Mapping[str, Any],
    image_sha256: str | None,
    model: str | None,
    result_ids: Sequence[str],
    purposes: Collection[str],
    clock: Callable[[], int] = time.time_ns,
) -> AuditRecord:
    """Write one record and return only when it is on the disk.

    Args:
        folder: the archive.
        actor: who asks, see `current_actor`.
        case: number of the case.
        purpose: one of `purposes`.
        reason: why, in the words of the one who asks.
        action: what is done, for example `search`.
        parameters: what was asked, as JSON values (finite numbers, text, lists, mappings).
        image_sha256: of the snapshot's file, 64 hex digits.
        model: id and weights of the model that compared.
        result_ids: ids of what the answer shows, in its order.
        purposes: the purposes that the settings allow.
        clock: host wall time, nanoseconds since 1970 UTC.

    Raises:
        UsageError: see `check_access`.
        AuditError: it cannot be written; the answer must not leave.
    """
    check_access(case=case, purpose=purpose, reason=reason, purposes=purposes)
    if action == RECOVERY:
        raise ValueError(f"the action {RECOVERY} belongs to the log itself")
    fields = {
        "actor": actor,
        "case": case.strip(),
        "purpose": purpose,
        "reason": reason.strip(),
        "action": action,
        "parameters": dict(parameters),
        "image_sha256": image_sha256,
        "model": model,
        "result_ids": list(result_ids),
    }
    try:
        with locked(folder), _Log(folder, clock) as log:
            return log.append(fields)
    except OSError as error:
        raise AuditError(
            f"The audit log in {folder} cannot be written: {error.strerror or error}.",
            hint="Nothing is answered without it. Check the folder's permissions and free space.",
        ) from error


@dataclass(frozen=True, slots=True)
class _Tail:
    """The end of the log as the next append finds it."""

    last: AuditRecord | None
    loose: bytes
    """What stands after the last intact record; empty unless a write was torn, or changed."""
    is_open: bool
    """The last line has no end."""

    @property
    def head(self) -> Head:
        return self.last.head if self.last is not None else NOTHING

    def fits(self, head: Head) -> bool:
        """Tell whether the head is this end's, or one behind it as after a crash."""
        return head == self.head or (self.last is not None and self.last.follows(head))


class _Log:
    """The open log; the lock is held."""

    def __init__(self, folder: Path, clock: Callable[[], int]) -> None:
        self._folder = folder
        self._clock = clock
        self._fd = -1

    def __enter__(self) -> _Log:
        flags = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        path = self._folder / LOG_FILE
        if not path.exists() and not (self._folder / HEAD_FILE).exists():
            # Head first: from now on a log without a head has lost it.
            self._write_head(NOTHING)
        is_new = not path.exists()
        self._fd = os.open(path, flags | os.O_CREAT, _MODE)
        if is_new:
            _sync_folder(self._folder)
        return self

    def __exit__(self, *_error: object) -> None:
        if self._fd >= 0:
            os.close(self._fd)

    def append(self, fields: Mapping[str, Any]) -> AuditRecord:
        tip = self._mend()
        return self._append(tip, fields)

    def _append(self, tip: Head, fields: Mapping[str, Any]) -> AuditRecord:
        at = format_time(self._clock())
        record = sealed({"v": VERSION, "seq": tip.seq + 1, "at": at, **fields}, tip.hash)
        self._write(encode_record(record) + b"\n")
        self._write_head(record.head)
        return record

    def _mend(self) -> Head:
        """Bring the files to a state that one can append to; returns what comes before.

        No byte of the log is ever removed or overwritten. Bytes that a crash left are noted by a
        recovery record; so is a head that is gone or is another's, which no crash explains. Where
        the head knows of records that the log lacks, the chain goes on from the head, so that the
        gap stays to be seen.
        """
        head, found = self._head()
        tail = self._tail()
        if tail.is_open:
            self._write(b"\n")
            whole = decode_record(tail.loose.rpartition(b"\n")[2])
            if isinstance(whole, AuditRecord) and whole.follows(tail.head):
                # All of it had been written but the line's end, and no answer left.
                tail = _Tail(whole, b"", is_open=False)
        if head is not None and not tail.fits(head):
            if head.seq >= tail.head.seq:
                return head
            found.append("head_other")
        if tail.loose:
            found.append("torn")
        if not found:
            if head != tail.head:
                self._write_head(tail.head)
            return tail.head
        note: dict[str, Any] = {
            "actor": current_actor(),
            "case": "",
            "purpose": "",
            "reason": "the log was not as the last append left it",
            "action": RECOVERY,
            "parameters": {
                "found": found,
                "loose_bytes": len(tail.loose),
                "loose_sha256": hashlib.sha256(tail.loose).hexdigest(),
            },
            "image_sha256": None,
            "model": None,
            "result_ids": [],
        }
        return self._append(tail.head, note).head

    def _head(self) -> tuple[Head | None, list[str]]:
        try:
            raw = (self._folder / HEAD_FILE).read_bytes()
        except FileNotFoundError:
            return None, ["head_missing"]
        head = decode_head(raw)
        return head, [] if head is not None else ["head_unreadable"]

    def _tail(self) -> _Tail:
        """Look from the end for the last intact record, in windows of growing size."""
        size = os.fstat(self._fd).st_size
        window = _FIRST_LOOK_BYTES
        while True:
            start = max(0, size - window)
            raw = os.pread(self._fd, size - start, start)
            is_open = bool(raw) and not raw.endswith(b"\n")
            lines = raw.split(b"\n")
            # The first piece of a window may be the end of a longer line.
            first = 1 if start > 0 else 0
            for number in range(len(lines) - 2, first - 1, -1):
                record = decode_record(lines[number])
                if isinstance(record, AuditRecord):
                    loose = b"\n".join(lines[number + 1 :]).removesuffix(b"\n")
                    return _Tail(record, loose, is_open)
            if start == 0:
                return _Tail(None, raw.removesuffix(b"\n"), is_open)
            window *= 4

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view) :]
        os.fsync(self._fd)

    def _write_head(self, head: Head) -> None:
        path = self._folder / HEAD_FILE
        fresh = path.with_name(HEAD_FILE + ".new")
        fresh.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = os.open(fresh, flags, _MODE)
        try:
            os.write(fd, encode_head(head))
            os.fsync(fd)
        finally:
            os.close(fd)
        os.replace(fresh, path)
        _sync_folder(self._folder)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
