"""Rows that really go: sightings with their crops and vectors, and the note for readers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select

from yanji.index.counters import batches, give_out
from yanji.index.tables import CROP_DELETIONS, CROPS, DELETIONS, SIGHTINGS, VECTORS


@dataclass(frozen=True, slots=True)
class Deleted:
    """How much went."""

    sightings: int = 0
    crops: int = 0
    """Crop files that no sighting names any more."""
    vectors: int = 0

    def __add__(self, other: Deleted) -> Deleted:
        """Sum of two."""
        return Deleted(
            self.sightings + other.sightings,
            self.crops + other.crops,
            self.vectors + other.vectors,
        )


def delete_sightings(connection: Connection, keys: Sequence[int], now_ns: int) -> Deleted:
    """Delete sightings, their vectors and crop rows; put the crop files on the list to unlink."""
    total = Deleted()
    if not keys:
        return total
    seq = give_out(connection, "seq")
    for batch in batches(keys):
        named = connection.execute(
            select(CROPS.c.sha256).distinct().where(CROPS.c.sighting_key.in_(batch))
        ).scalars()
        candidates = list(named)
        connection.execute(delete(CROPS).where(CROPS.c.sighting_key.in_(batch)))
        vectors = connection.execute(delete(VECTORS).where(VECTORS.c.sighting_key.in_(batch)))
        gone = connection.execute(delete(SIGHTINGS).where(SIGHTINGS.c.sighting_key.in_(batch)))
        connection.execute(
            DELETIONS.insert(),
            [{"sighting_key": key, "seq": seq, "deleted_ns": now_ns} for key in batch],
        )
        crops = doom_unnamed(connection, candidates)
        total += Deleted(gone.rowcount, crops, vectors.rowcount)
    return total


def delete_sightings_of_run(connection: Connection, run_key: int, now_ns: int) -> Deleted:
    """Delete all sightings of one run."""
    query = select(SIGHTINGS.c.sighting_key).where(SIGHTINGS.c.run_key == run_key)
    return delete_sightings(connection, list(connection.execute(query).scalars()), now_ns)


def doom_unnamed(connection: Connection, sha256s: Iterable[str]) -> int:
    """Put crops that no row names on the list of files to unlink. Returns how many.

    The list is part of the transaction: a crash between commit and unlink forgets nothing.
    """
    num = 0
    for batch in batches(sha256s):
        named = set(
            connection.execute(
                select(CROPS.c.sha256).distinct().where(CROPS.c.sha256.in_(batch))
            ).scalars()
        )
        listed = connection.execute(
            select(CROP_DELETIONS.c.sha256).where(CROP_DELETIONS.c.sha256.in_(batch))
        ).scalars()
        doomed = sorted(set(batch) - named - set(listed))
        if doomed:
            connection.execute(CROP_DELETIONS.insert(), [{"sha256": sha256} for sha256 in doomed])
        num += len(doomed)
    return num


def spare(connection: Connection, sha256s: Iterable[str]) -> None:
    """Take crops off the list: a row names them again."""
    for batch in batches(sha256s):
        connection.execute(delete(CROP_DELETIONS).where(CROP_DELETIONS.c.sha256.in_(batch)))


def doomed_crops(connection: Connection) -> list[str]:
    """Crops to unlink now."""
    return list(connection.execute(select(CROP_DELETIONS.c.sha256)).scalars())


def forget_doomed(connection: Connection, sha256s: Iterable[str]) -> None:
    """The files are gone."""
    spare(connection, sha256s)


def forget_old_deletions(connection: Connection, before_ns: int) -> int:
    """Drop notes for readers that are older than any reader; returns the highest `seq` dropped."""
    old = DELETIONS.c.deleted_ns < before_ns
    highest = connection.execute(select(func.max(DELETIONS.c.seq)).where(old)).scalar()
    connection.execute(delete(DELETIONS).where(old))
    return int(highest or 0)
