"""What people say of hits, kept per case in `feedback.db` beside the archive.

A file of its own: a verdict never changes the archive and never waits for its writer, and several
processes may say something at once. What was said before is kept; the newest verdict of a case on
a sighting, for the vehicle asked about, counts. Verdicts on sightings that retention deleted go
with them (`purge`).
"""

from __future__ import annotations

import fcntl
import os
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, get_args

from sqlalchemy import Connection, Engine, text

from yanji.configs.errors import ArchiveError, ArchiveTooNewError, UsageError
from yanji.index.counters import batches
from yanji.index.crops import os_errors
from yanji.index.sqlite import (
    DATABASE,
    archive_errors,
    forget_deleted_bytes,
    open_for_reading,
    open_untouched,
    statements,
    writing_engine,
)

FEEDBACK: Final = "feedback.db"
LOCK: Final = "feedback.lock"
"""Held while the file is made or brought up to date."""
Verdict = Literal["confirmed", "rejected", "unsure"]
_MIGRATION = re.compile(r"feedback_(\d{4})\.sql")


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """What was said once of one sighting in one case."""

    case: str
    sighting_id: str
    verdict: Verdict
    query: str
    """What was asked about: the id of a snapshot or a sighting; may be empty."""
    audit_id: str
    at_ns: int
    """Host time, nanoseconds since 1970 UTC."""


class FeedbackStore:
    """The verdicts beside one archive; cheap to keep open. Safe for several threads."""

    def __init__(self, folder: Path, writing: Engine, reading: Engine) -> None:
        self.folder = folder
        self._writing = writing
        self._readable = reading

    @classmethod
    def open(cls, folder: Path) -> FeedbackStore:
        """Open the verdicts of the archive in `folder`; the file is made when it is missing.

        Raises:
            ArchiveTooNewError: written by a newer yanji; nothing was touched.
            ArchiveError: the folder cannot be written, or the file is damaged
                (`feedback_damaged`).
        """
        path = folder / FEEDBACK
        with _errors(folder), _alone(folder):
            if path.exists():
                _refuse_newer(path)
            engine = writing_engine(path)
            try:
                with engine.begin() as connection:
                    _migrate(connection)
                return cls(folder, engine, open_for_reading(path))
            except BaseException:
                engine.dispose()
                raise

    def __enter__(self) -> FeedbackStore:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._readable.dispose()
        self._writing.dispose()

    def put(
        self, case: str, sighting_id: str, verdict: Verdict, query: str, audit_id: str, at_ns: int
    ) -> StoredVerdict:
        """Keep a verdict; it is on the disk when this returns.

        Raises:
            UsageError: a blank case, or no such verdict.
            DiskFullError: there is no room; what was said before is still there.
            ArchiveError: the file cannot be written.
        """
        if verdict not in get_args(Verdict):
            raise UsageError(
                f"{verdict!r} is not a verdict.", hint="confirmed, rejected or unsure."
            )
        said = StoredVerdict(case_of(case), sighting_id, verdict, query, audit_id, at_ns)
        with self._transaction() as connection:
            connection.execute(
                text(
                    "INSERT INTO verdicts (case_number, sighting_id, verdict, query, audit_id,"
                    " at_ns) VALUES (:case, :sighting, :verdict, :query, :audit, :at)"
                ),
                {
                    "case": said.case,
                    "sighting": sighting_id,
                    "verdict": verdict,
                    "query": query,
                    "audit": audit_id,
                    "at": at_ns,
                },
            )
        return said

    def of_case(self, case: str) -> list[StoredVerdict]:
        """The verdicts that count: of each sighting the newest for each query, newest first.

        A case may look for two vehicles; what is said of a sighting holds for the one asked about.
        """
        newest: dict[tuple[str, str], StoredVerdict] = {}
        for said in self.history(case):
            newest.setdefault((said.sighting_id, said.query), said)
        return list(newest.values())

    def history(self, case: str) -> list[StoredVerdict]:
        """All that was ever said in a case, newest first."""
        query = text(
            "SELECT case_number, sighting_id, verdict, query, audit_id, at_ns FROM verdicts"
            " WHERE case_number = :case ORDER BY verdict_key DESC"
        )
        with self._reading() as connection:
            return [_stored(row) for row in connection.execute(query, {"case": case_of(case)})]

    def purge(self, before_ns: int) -> int:
        """Delete what retention allows no longer: verdicts that were given before `before_ns`, and
        those on sightings that the archive does not hold any more. The bytes are overwritten.

        Returns:
            How many verdicts went.

        Raises:
            ArchiveError: the archive cannot be read, so nothing was deleted by it.
        """
        with self._reading() as connection:
            judged = connection.execute(text("SELECT DISTINCT sighting_id FROM verdicts"))
            names = sorted(str(row[0]) for row in judged)
        gone = sorted(set(names) - _still_there(self.folder, names))
        with self._transaction() as connection:
            old = text("DELETE FROM verdicts WHERE at_ns < :before")
            num = connection.execute(old, {"before": before_ns}).rowcount
            for sighting_id in gone:
                mine = text("DELETE FROM verdicts WHERE sighting_id = :sighting")
                num += connection.execute(mine, {"sighting": sighting_id}).rowcount
        if num:
            with _errors(self.folder):
                forget_deleted_bytes(self._writing)
        return num

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with _errors(self.folder), self._writing.begin() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with _errors(self.folder), self._readable.begin() as connection:
            yield connection


def case_of(given: str) -> str:
    """A case number as it is kept: Unicode NFC, no blanks at its ends.

    Raises:
        UsageError: nothing is left, or it is not text that can be stored.
    """
    case = unicodedata.normalize("NFC", given).strip()
    try:
        case.encode()
    except UnicodeEncodeError:
        case = ""
    if not case:
        raise UsageError("The case number is missing.", hint="Give the number of the case.")
    return case


def _stored(row: Any) -> StoredVerdict:
    return StoredVerdict(
        row.case_number, row.sighting_id, row.verdict, row.query, row.audit_id, int(row.at_ns)
    )


def _still_there(folder: Path, sighting_ids: list[str]) -> set[str]:
    """Those that the archive holds, recordings that are being read included."""
    if not sighting_ids or not (folder / DATABASE).is_file():
        return set(sighting_ids)  # without an archive nothing says that one was deleted
    found: set[str] = set()
    engine = open_for_reading(folder / DATABASE)
    try:
        with archive_errors(folder), engine.begin() as connection:
            for batch in batches(sighting_ids):
                names = {f"s{number}": name for number, name in enumerate(batch)}
                marks = ", ".join(f":{name}" for name in names)
                query = f"SELECT sighting_id FROM sightings WHERE sighting_id IN ({marks})"  # noqa: S608  names of bound values
                found.update(str(row[0]) for row in connection.execute(text(query), names))
    finally:
        engine.dispose()
    return found


def _migrations() -> list[str]:
    """The scripts in order: version N is the N-th."""
    found = {
        int(match[1]): entry.read_text(encoding="utf-8")
        for entry in files("yanji.index.migrations").iterdir()
        if (match := _MIGRATION.fullmatch(entry.name))
    }
    if sorted(found) != list(range(1, len(found) + 1)):
        raise ValueError("migrations are not numbered 1, 2, 3, …")
    return [found[number] for number in sorted(found)]


def _migrate(connection: Connection) -> None:
    known = _migrations()
    version = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    for number, script in enumerate(known[version:], start=version + 1):
        for statement in statements(script):
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"PRAGMA user_version = {number}")


def _refuse_newer(path: Path) -> None:
    engine = open_untouched(path)
    try:
        with archive_errors(path.parent), engine.begin() as connection:
            version = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    finally:
        engine.dispose()
    if version > len(_migrations()):
        raise ArchiveTooNewError(
            f"the verdicts in {path} have schema {version}, this yanji knows up to "
            f"{len(_migrations())}",
            hint="use the yanji that wrote them, or a newer one; nothing was touched",
        )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two processes that open a missing file at once: the second waits until it is made."""
    with os_errors(folder):
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _errors(folder: Path) -> Iterator[None]:
    try:
        with archive_errors(folder):
            yield
    except ArchiveError as error:
        if error.code != "archive_damaged":
            raise
        raise ArchiveError(
            f"the verdicts in {folder / FEEDBACK} are damaged",
            hint="move that file away to go on without them; the archive itself is untouched",
            code="feedback_damaged",
        ) from error
