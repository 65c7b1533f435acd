"""Name the colours that an archive lacks, from the crops it keeps. Resumable.

Sightings written before schema 5 have no colour; those of later have one, or were in doubt. How far
a pass came, and by which weights, is a fact of the archive: the next one goes on there, and other
weights begin anew. A colour that is there stays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, func, select

from yanji.index.counters import fact, give_out, put_fact
from yanji.index.stored_crops import stored_views
from yanji.index.tables import SIGHTINGS
from yanji.index.writer import ArchiveWriter
from yanji.reid.black import is_black
from yanji.reid.colour import name_colour
from yanji.reid.colour_card import load_colour_card

DONE: Final = "colours_named"
"""Fact: sha256 of the weights and the last key that was looked at."""
_BATCH: Final = 64
"""Sightings per transaction."""

Progress = Callable[[int, int], None]
"""Called with sightings done and sightings to do."""


@dataclass(frozen=True, slots=True)
class Recoloured:
    """What a pass did to the sightings without a colour."""

    named: int
    doubtful: int
    """Looked at, and no colour is sure enough."""
    unreadable: int
    """Without a readable crop."""


def recolour(writer: ArchiveWriter, progress: Progress = lambda _done, _all: None) -> Recoloured:
    """Name the colour of every sighting that has none, as the live path does.

    Args:
        writer: the archive.
        progress: told after each batch.

    Raises:
        ModelError: the weights of the colours are missing or not those of their card.
    """
    weights = load_colour_card().sha256
    with writer.transaction() as connection:
        after = _done_before(fact(connection, DONE), weights)
        lacking = (SIGHTINGS.c.colour.is_(None), SIGHTINGS.c.sighting_key > after)
        count = select(func.count()).select_from(SIGHTINGS).where(*lacking)
        num_all = connection.execute(count).scalar_one()
    named = doubtful = unreadable = 0
    while True:
        with writer.transaction() as connection:
            query = (
                select(SIGHTINGS.c.sighting_key, SIGHTINGS.c.vehicle_class)
                .where(SIGHTINGS.c.colour.is_(None), SIGHTINGS.c.sighting_key > after)
                .order_by(SIGHTINGS.c.sighting_key)
                .limit(_BATCH)
            )
            batch = [(row.sighting_key, row.vehicle_class) for row in connection.execute(query)]
            views = stored_views(connection, writer.folder, [key for key, _ in batch])
        if not batch:
            return Recoloured(named, doubtful, unreadable)
        rows: list[dict[str, Any]] = []
        for key, vehicle_class in batch:
            if key not in views:
                unreadable += 1
                continue
            seen = [view for view in views[key] if not is_black(view[0])]
            answer = name_colour(seen, vehicle_class)
            if answer is None:
                doubtful += 1
            else:
                rows.append({"b_key": key, "colour": answer.colour, "colour_score": answer.score})
        after = batch[-1][0]
        with writer.transaction() as connection:
            if rows:
                seq = give_out(connection, "seq")
                changed = SIGHTINGS.update().where(SIGHTINGS.c.sighting_key == bindparam("b_key"))
                connection.execute(changed, [row | {"seq": seq} for row in rows])
            put_fact(connection, DONE, f"{weights} {after}")
        named += len(rows)
        progress(named + doubtful + unreadable, num_all)


def _done_before(noted: str | None, weights: str) -> int:
    by, _, key = (noted or "").partition(" ")
    return int(key) if by == weights and key.isdecimal() else 0
