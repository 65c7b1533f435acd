"""Move an archive to another model, from the crops it keeps. Resumable; the old vectors stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import delete, func, select

from yanji.configs.errors import ArchiveError
from yanji.index.counters import give_out, put_fact
from yanji.index.stored_crops import StoredViews, stored_views
from yanji.index.tables import MODELS, SIGHTINGS, VECTORS
from yanji.index.write import ACTIVE_MODEL, ModelKeys, blob_of, put_vectors
from yanji.index.writer import ArchiveWriter
from yanji.reid.embedder import Embedder
from yanji.reid.sighting import Embedding

_BATCH = 64
"""Sightings per transaction, and per call of the model at most three times as many crops."""

Progress = Callable[[int, int], None]
"""Called with sightings done and sightings in all."""


@dataclass(frozen=True, slots=True)
class Reembedded:
    """What a pass did."""

    embedded: int
    already: int
    """Had a vector of this model, for example from a pass that was cut off."""
    unreadable: int
    """Sightings without a readable crop; they keep the vectors they have."""
    dropped: int
    """Vectors of other models that were deleted."""


def reembed(
    writer: ArchiveWriter,
    embedder: Embedder,
    progress: Progress = lambda _done, _all: None,
    *,
    drop_old: bool = False,
) -> Reembedded:
    """Give every sighting a vector of `embedder`; then it is the archive's active model.

    Args:
        writer: the archive.
        embedder: the new model.
        progress: told after each batch.
        drop_old: delete the vectors of all other models at the end, unless a crop was unreadable.

    Raises:
        ArchiveError: `drop_old` would leave sightings without any vector.
    """
    model = _model(writer, embedder)
    has_vector = select(VECTORS.c.sighting_key).where(VECTORS.c.model_key == model)
    with writer.transaction() as connection:
        todo = select(func.count()).select_from(SIGHTINGS)
        num_all = connection.execute(todo).scalar_one()
        already = connection.execute(
            select(func.count()).select_from(VECTORS).where(VECTORS.c.model_key == model)
        ).scalar_one()
    done, unreadable, after = already, 0, 0
    while True:
        with writer.transaction() as connection:
            query = (
                select(SIGHTINGS.c.sighting_key, SIGHTINGS.c.day)
                .where(SIGHTINGS.c.sighting_key > after)
                .where(SIGHTINGS.c.sighting_key.not_in(has_vector))
                .order_by(SIGHTINGS.c.sighting_key)
                .limit(_BATCH)
            )
            batch = [(row.sighting_key, row.day) for row in connection.execute(query)]
            views = stored_views(connection, writer.folder, [key for key, _ in batch])
        if not batch:
            break
        after = batch[-1][0]
        rows = _embed(embedder, batch, views, model)
        with writer.transaction() as connection:
            seq = give_out(connection, "seq")
            put_vectors(connection, [row | {"seq": seq} for row in rows])
        done += len(rows)
        unreadable += len(batch) - len(rows)
        progress(done, num_all)
    dropped = 0
    with writer.transaction() as connection:
        put_fact(connection, ACTIVE_MODEL, str(model))
        give_out(connection, "seq")
    if drop_old:
        if unreadable:
            raise ArchiveError(
                f"old vectors were kept: {unreadable} sightings have no readable crop",
                hint="`yanji check` names them",
            )
        with writer.transaction() as connection:
            old = VECTORS.c.model_key != model
            dropped = connection.execute(delete(VECTORS).where(old)).rowcount
            connection.execute(delete(MODELS).where(MODELS.c.model_key != model))
            give_out(connection, "seq")
        writer.forget_deleted()
    return Reembedded(done - already, already, unreadable, dropped)


def _model(writer: ArchiveWriter, embedder: Embedder) -> int:
    with writer.transaction() as connection:
        vector_D = np.zeros(embedder.dimension, np.float32)
        name = Embedding(embedder.model_id, embedder.weights_sha256, vector_D)
        return ModelKeys(connection).key(name)


def _embed(
    embedder: Embedder,
    batch: list[tuple[int, int]],
    views: StoredViews,
    model: int,
) -> list[dict[str, Any]]:
    """The normalised mean over each sighting's crops, as the live path makes it."""
    keys = [key for key, _ in batch for _ in views.get(key, ())]
    vectors_ND = embedder.embed([image for key, _ in batch for image, _ in views.get(key, ())])
    owner_N = np.array(keys, np.int64)
    rows = []
    for key, day in batch:
        if key not in views:
            continue
        mean_D = vectors_ND[owner_N == key].mean(axis=0)
        unit_D = (mean_D / max(float(np.linalg.norm(mean_D)), 1e-12)).astype(np.float32)
        blob = blob_of(Embedding(embedder.model_id, embedder.weights_sha256, unit_D))
        rows.append({"sighting_key": key, "model_key": model, "day": day, "vector": blob})
    return rows
