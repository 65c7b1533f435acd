"""Numbers that only grow (`seq`, keys) and the few facts an archive keeps about itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, TypeVar

from sqlalchemy import Connection, select

from yanji.index.tables import COUNTERS, META

Counter = Literal["seq", "camera", "run", "sighting", "model"]
T = TypeVar("T")


def give_out(connection: Connection, name: Counter, count: int = 1) -> int:
    """Take `count` numbers, never given out before; returns the first of them."""
    last = current(connection, name)
    if (
        last == 0
        and connection.execute(select(COUNTERS).where(COUNTERS.c.name == name)).first() is None
    ):
        connection.execute(COUNTERS.insert().values(name=name, value=count))
    else:
        connection.execute(
            COUNTERS.update().where(COUNTERS.c.name == name).values(value=last + count)
        )
    return last + 1


def current(connection: Connection, name: Counter) -> int:
    """The number given out last; 0 at the start."""
    value = connection.execute(select(COUNTERS.c.value).where(COUNTERS.c.name == name)).scalar()
    return int(value or 0)


def fact(connection: Connection, name: str) -> str | None:
    """A fact of the archive, or None."""
    return connection.execute(select(META.c.value).where(META.c.name == name)).scalar()


def put_fact(connection: Connection, name: str, value: str) -> None:
    """Set a fact of the archive."""
    if fact(connection, name) is None:
        connection.execute(META.insert().values(name=name, value=value))
    else:
        connection.execute(META.update().where(META.c.name == name).values(value=value))


def batches(items: Iterable[T], size: int = 500) -> Iterator[list[T]]:
    """Cut into lists of at most `size`: databases limit the number of bound values."""
    batch: list[T] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
