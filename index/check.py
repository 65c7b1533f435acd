"""Does the archive hold what it promises?

Three invariants, besides SQLite's own:
1. every crop row has its file, and the file its content's name;
2. every sighting that readers see and that has crops has a vector of the active model: of the
   model's length, finite, of unit length;
3. every file in the crop folders is named by a row.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from sqlalchemy import Connection, delete, select

from yanji.configs.errors import ArchiveError
from yanji.index.counters import fact, give_out
from yanji.index.crops import crop_path, sha256_of, stored_files, unlink_crops
from yanji.index.migrations import found_version, migrations, refuse_newer
from yanji.index.models import read_models
from yanji.index.reader import read_archive
from yanji.index.select import visible
from yanji.index.sqlite import DATABASE, archive_errors, integrity_problems, open_for_reading
from yanji.index.tables import CROPS, MODELS, SIGHTINGS, VECTORS
from yanji.index.write import ACTIVE_MODEL, UNIT_TOLERANCE
from yanji.index.writer import open_archive

QUARANTINE: Final = "quarantine"
_BEING_WRITTEN_S: Final = 600.0
"""A file without a row that is younger may belong to a batch about to be committed."""

Kind = Literal["database", "crop_missing", "crop_damaged", "vector_missing", "vector_bad", "orphan"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken promise."""

    kind: Kind
    message: str
    repaired: bool


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What was looked at, and what was wrong."""

    num_crops: int
    num_sightings: int
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Nothing is wrong, or nothing any more."""
        return all(problem.repaired for problem in self.problems)


def check(folder: Path, *, repair: bool = False) -> CheckReport:
    """Examine an archive, beside its writer too; with `repair` as its only writer.

    A repair removes what cannot be trusted: orphans are unlinked, damaged crops moved to
    `quarantine/`, rows of lost crops and bad vectors deleted (`yanji archive reembed` makes vectors
    from the crops that are left). Rows of sightings are never deleted.

    Raises:
        ArchiveError: there is no archive, or it cannot be opened.
        ArchiveBusyError: `repair` beside another writer.
    """
    database = folder / DATABASE
    if not database.is_file():
        with read_archive(folder):  # raises with its own words
            pass
    damage = _database_problems(database)
    if damage:
        return CheckReport(0, 0, tuple(Problem("database", text, False) for text in damage))
    if not repair:
        with read_archive(folder) as reader, reader.snapshot() as now:
            return _examine(now.connection, folder, time.time() - _BEING_WRITTEN_S, repair=False)
    with open_archive(folder) as writer:
        with writer.transaction() as connection:
            report = _examine(connection, folder, float("inf"), repair=True)
            if report.problems:
                give_out(connection, "seq")
        writer.forget_deleted()
    return report


def _database_problems(database: Path) -> list[str]:
    try:
        # Before SQLite is let near it: even reading would leave its files beside a newer archive.
        refuse_newer(found_version(database), migrations(), str(database.parent))
        engine = open_for_reading(database)
        with archive_errors(database.parent), engine.connect() as connection:
            problems = integrity_problems(connection)
        engine.dispose()
    except ArchiveError as error:
        if error.code != "archive_damaged":
            raise
        return [error.message]
    return problems


def _examine(connection: Connection, folder: Path, before_s: float, *, repair: bool) -> CheckReport:
    problems: list[Problem] = []
    named = connection.execute(select(CROPS.c.sha256).distinct()).scalars().all()
    for sha256 in named:
        path = crop_path(folder, sha256)
        if not path.is_file():
            problems.append(Problem("crop_missing", f"crop {sha256} is missing", repair))
        elif sha256_of(path) != sha256:
            problems.append(
                Problem("crop_damaged", f"crop {sha256} is not what was stored", repair)
            )
            if repair:
                (folder / QUARANTINE).mkdir(exist_ok=True)
                path.replace(folder / QUARANTINE / path.name)
        else:
            continue
        if repair:
            connection.execute(delete(CROPS).where(CROPS.c.sha256 == sha256))
    problems += _examine_vectors(connection, repair=repair)
    known = set(named)
    for sha256, path, changed_s in stored_files(folder):
        if sha256 not in known and changed_s < before_s:
            text = f"{path.relative_to(folder)} belongs to no sighting"
            problems.append(Problem("orphan", text, repair))
            if repair and sha256:
                unlink_crops(folder, [sha256])
            elif repair:
                path.unlink(missing_ok=True)
    sightings = len(connection.execute(select(SIGHTINGS.c.sighting_key)).all())
    return CheckReport(len(named), sightings, tuple(problems))


def _examine_vectors(connection: Connection, *, repair: bool) -> list[Problem]:
    problems: list[Problem] = []
    query = select(
        VECTORS.c.sighting_key, VECTORS.c.model_key, VECTORS.c.vector, MODELS.c.dimension
    ).join_from(VECTORS, MODELS, VECTORS.c.model_key == MODELS.c.model_key)
    bad: list[tuple[int, int]] = []
    for row in connection.execute(query):
        fault = _fault_of(row.vector, row.dimension)
        if fault:
            text = f"vector of sighting key {row.sighting_key}: {fault}"
            problems.append(Problem("vector_bad", text, repair))
            bad.append((row.sighting_key, row.model_key))
    if repair:
        for sighting, model in bad:
            mine = (VECTORS.c.sighting_key == sighting) & (VECTORS.c.model_key == model)
            connection.execute(delete(VECTORS).where(mine))
    active = fact(connection, ACTIVE_MODEL)
    if active is not None:
        names = {str(model.model_key): model.model_id for model in read_models(connection)}
        with_vector = select(VECTORS.c.sighting_key).where(VECTORS.c.model_key == int(active))
        with_crop = select(CROPS.c.sighting_key)
        missing = connection.execute(
            select(SIGHTINGS.c.sighting_id).where(
                visible(),
                SIGHTINGS.c.sighting_key.in_(with_crop),
                SIGHTINGS.c.sighting_key.not_in(with_vector),
            )
        ).scalars()
        problems += [
            Problem(
                "vector_missing",
                f"sighting {sighting_id} has no vector of {names.get(active, 'the model')}: "
                "run `yanji archive reembed`",
                False,
            )
            for sighting_id in missing
        ]
    return problems


def _fault_of(blob: bytes, dimension: int) -> str | None:
    if len(blob) != 2 * dimension:
        return f"{len(blob)} bytes, {2 * dimension} expected"
    vector_D = np.frombuffer(blob, "<f2").astype(np.float32)
    if not np.isfinite(vector_D).all():
        return "not finite"
    if abs(float(np.linalg.norm(vector_D)) - 1.0) > UNIT_TOLERANCE:
        return "not of unit length"
    return None
