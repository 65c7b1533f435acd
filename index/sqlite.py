"""Everything that is special to SQLite: how it is opened, how its errors read, how bytes go.

Another database (a centre on PostgreSQL) needs its own version of this file and nothing else.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import QueuePool

from yanji.configs.errors import ArchiveBusyError, ArchiveError, DiskFullError

DATABASE: Final = "archive.db"
BUSY_TIMEOUT_S: Final = 10.0
"""How long a statement waits for another process before it gives up."""

_UNREADABLE: Final = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM)
_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def writing_engine(path: Path) -> Engine:
    """Open the database for the one writer; creates the file.

    `synchronous=FULL`: measured, NORMAL loses every commit since the last checkpoint in a power
    cut. `secure_delete`: deleted bytes are overwritten, retention depends on it.
    """

    def connect() -> sqlite3.Connection:
        uri = f"file:{quote(str(path))}?mode=rwc"
        connection = sqlite3.connect(
            uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        # auto_vacuum only takes effect before the first table, and before WAL.
        for pragma in (
            "auto_vacuum=INCREMENTAL",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            "temp_store=MEMORY",
            "cache_size=-32768",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=1)
    _begin_with(engine, "BEGIN IMMEDIATE")
    return engine


def reading_engine(path: Path, *, immutable: bool = False) -> Engine:
    """Open the database read-only, beside a writer or in a read-only folder (`immutable`)."""

    def connect() -> sqlite3.Connection:
        mode = "immutable=1" if immutable else "mode=ro"
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?{mode}",
            uri=True,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute("PRAGMA query_only=ON")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=4)
    _begin_with(engine, "BEGIN")
    return engine


def open_for_reading(path: Path) -> Engine:
    """Open read-only, by whichever way this folder allows.

    SQLite wants to write its `-shm` file even to read. Where it cannot (a read-only medium), the
    file is read as immutable, but only when no `-wal` holds newer rows: else the answer would be
    silently smaller.

    Raises:
        ArchiveError: the database cannot be read, or only without its newest rows.
    """
    engine = reading_engine(path)
    try:
        with archive_errors(path.parent), engine.connect() as connection:
            connection.execute(text("SELECT count(*) FROM sqlite_master")).one()
    except ArchiveError as error:
        engine.dispose()
        wal = path.with_name(path.name + "-wal")
        if error.code != "archive_unreadable" or not path.is_file():
            raise
        if wal.exists() and wal.stat().st_size > 0:
            raise ArchiveError(
                f"archive {path.parent} cannot be read completely: the folder is read-only and its "
                "newest rows are still in the write-ahead log",
                hint="open it once with write permission, or copy the whole folder",
            ) from error
        engine = reading_engine(path, immutable=True)
        with archive_errors(path.parent), engine.connect() as connection:
            connection.execute(text("SELECT count(*) FROM sqlite_master")).one()
    return engine


def open_untouched(path: Path) -> Engine:
    """Open for one look that leaves no trace, as long as the log is empty: even a read-only
    connection creates `-wal` and `-shm` files, and a newer archive is not to be touched."""
    wal = path.with_name(path.name + "-wal")
    if wal.exists() and wal.stat().st_size > 0:
        return open_for_reading(path)
    return reading_engine(path, immutable=True)


def _begin_with(engine: Engine, statement: str) -> None:
    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # The driver's own transaction handling is off (isolation_level=None): it would commit
        # before DDL, and a migration has to be one transaction.
        connection.exec_driver_sql(statement)


@contextmanager
def archive_errors(folder: Path) -> Iterator[None]:
    """Turn SQLite's errors into the ones that a user can act on."""
    try:
        yield
    except DatabaseError as error:
        raise _translated(folder, error.orig, str(error.orig)) from error
    except sqlite3.DatabaseError as error:
        raise _translated(folder, error, str(error)) from error


def _translated(folder: Path, cause: BaseException | None, message: str) -> ArchiveError:
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return DiskFullError(
            f"the disk of archive {folder} is full",
            hint="free space or shorten retention.days; what is stored stays readable",
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return ArchiveBusyError(
            f"archive {folder} is locked by another process", hint="try again when it is done"
        )
    if code in _UNREADABLE:
        return ArchiveError(
            f"archive {folder} cannot be opened: {message}",
            hint="check that the folder and its files are yours to read and write",
            code="archive_unreadable",
        )
    if code in _DAMAGED:
        return ArchiveError(
            f"archive {folder} is damaged: {message}",
            hint="keep a copy of the folder and run `yanji check`",
            code="archive_damaged",
        )
    return ArchiveError(
        f"archive {folder} failed: {message}",
        hint="see the log; `yanji check` examines the archive",
    )


def integrity_problems(connection: Connection) -> list[str]:
    """Let SQLite examine every page; an empty list means that all is well."""
    rows = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(20)")]
    orphans = [
        f"row {row[1]} of {row[0]} names a missing row of {row[2]}"
        for row in connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(20)
    ]
    return [row for row in rows if row != "ok"] + orphans


def forget_deleted_bytes(engine: Engine) -> bool:
    """Hand free pages back and empty the write-ahead log, so that deleted rows leave no bytes.

    Returns:
        False when a reader held the log open all the while; the next call does it.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)  # noqa: S101  narrowing for mypy
        if driver.in_transaction:
            driver.execute("COMMIT")
        driver.execute("PRAGMA incremental_vacuum").fetchall()
        busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def statements(script: str) -> list[str]:
    """Split a migration into statements (SQLite's own notion of where one ends)."""
    found: list[str] = []
    pending = ""
    for line in script.splitlines():
        if not pending and (not line.strip() or line.lstrip().startswith("--")):
            continue
        pending += line + "\n"
        if sqlite3.complete_statement(pending):
            found.append(pending.strip())
            pending = ""
    if pending.strip():
        raise ValueError(f"unfinished statement: {pending.strip()[:60]}")
    return found
