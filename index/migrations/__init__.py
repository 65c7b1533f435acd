"""Numbered migrations: `NNNN_name.sql`, each applied once, in order, in one transaction.

A migration that is killed half-way leaves the old schema. An archive whose version is higher than
the newest file here was written by a newer yanji and is refused before anything is touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from sqlalchemy import Connection, Engine, func, inspect, select

from yanji.configs.errors import ArchiveTooNewError
from yanji.index.sqlite import archive_errors, open_untouched, statements
from yanji.index.tables import SCHEMA_VERSION

_NAME = re.compile(r"(\d{4})_(\w+)\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema."""

    version: int
    name: str
    sql: str


def migrations() -> tuple[Migration, ...]:
    """All migrations of this version of yanji, in order.

    Raises:
        ValueError: the numbers are not 1, 2, 3, …
    """
    found: list[Migration] = []
    for entry in files(__package__).iterdir():
        match = _NAME.fullmatch(entry.name)
        if match:
            sql = entry.read_text(encoding="utf-8")
            found.append(Migration(int(match[1]), match[2], sql))
    found.sort(key=lambda migration: migration.version)
    if [migration.version for migration in found] != list(range(1, len(found) + 1)):
        raise ValueError("migrations are not numbered 1, 2, 3, …")
    return tuple(found)


def schema_version(connection: Connection) -> int:
    """Version of the schema; 0 for an empty database."""
    if not inspect(connection).has_table(SCHEMA_VERSION.name):
        return 0
    return int(connection.execute(select(func.max(SCHEMA_VERSION.c.version))).scalar() or 0)


def found_version(database: Path) -> int:
    """Version of the schema in a file, without a trace of having looked.

    Raises:
        ArchiveError: the file cannot be read, or is no database.
    """
    engine = open_untouched(database)
    try:
        with archive_errors(database.parent), engine.connect() as connection:
            return schema_version(connection)
    finally:
        engine.dispose()


def refuse_newer(version: int, known: tuple[Migration, ...], where: str) -> None:
    """Stop before a schema that this yanji does not know.

    Raises:
        ArchiveTooNewError: always for a newer one.
    """
    if version > len(known):
        raise ArchiveTooNewError(
            f"archive {where} has schema {version}, this yanji knows up to {len(known)}",
            hint="use the yanji that wrote it, or a newer one; nothing was touched",
        )


def migrate(
    engine: Engine, known: tuple[Migration, ...], where: str, clock_ns: Callable[[], int]
) -> int:
    """Bring the schema to the newest version.

    Returns:
        The version that was found.
    """
    with engine.connect() as connection:
        found = schema_version(connection)
    refuse_newer(found, known, where)
    for migration in known[found:]:
        with engine.begin() as connection:
            if migration.version == 1:
                connection.exec_driver_sql(
                    "CREATE TABLE schema_version "
                    "(version INTEGER PRIMARY KEY, applied_ns INTEGER NOT NULL)"
                )
            for statement in statements(migration.sql):
                connection.exec_driver_sql(statement)
            connection.execute(
                SCHEMA_VERSION.insert().values(version=migration.version, applied_ns=clock_ns())
            )
    return found
