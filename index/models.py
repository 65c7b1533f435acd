"""Which models made the vectors of an archive. Vectors of different models are never compared."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from yanji.configs.errors import ModelError
from yanji.index.counters import fact
from yanji.index.tables import MODELS, VECTORS
from yanji.index.write import ACTIVE_MODEL


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model with vectors in the archive."""

    model_key: int
    model_id: str
    weights_sha256: str
    dimension: int
    num_vectors: int
    active: bool
    """The model of the newest vectors; every sighting is meant to have one of it."""


def read_models(connection: Connection) -> list[StoredModel]:
    """All models, in the order of their arrival."""
    active = fact(connection, ACTIVE_MODEL)
    query = (
        select(MODELS, func.count(VECTORS.c.sighting_key).label("num"))
        .join_from(MODELS, VECTORS, MODELS.c.model_key == VECTORS.c.model_key, isouter=True)
        .group_by(MODELS.c.model_key)
        .order_by(MODELS.c.model_key)
    )
    return [
        StoredModel(
            row.model_key,
            row.model_id,
            row.weights_sha256,
            row.dimension,
            row.num,
            str(row.model_key) == active,
        )
        for row in connection.execute(query)
    ]


def newest_weights(connection: Connection, model_id: str) -> str | None:
    """sha256 of the weights of the model of this name: the active one, else the newest.

    The same name with other weights is another model. None: no vectors of this name.
    """
    active = fact(connection, ACTIVE_MODEL)
    query = select(MODELS).where(MODELS.c.model_id == model_id).order_by(MODELS.c.model_key)
    rows = connection.execute(query).all()
    if not rows:
        return None
    chosen = next((row for row in rows if str(row.model_key) == active), rows[-1])
    return str(chosen.weights_sha256)


def model_key(
    connection: Connection, model_id: str, weights_sha256: str, dimension: int
) -> int | None:
    """Key of a model; None when the archive has no vectors at all.

    Raises:
        ModelError: the vectors here are of other models.
    """
    rows = connection.execute(select(MODELS).order_by(MODELS.c.model_key)).all()
    for row in rows:
        if (row.model_id, row.weights_sha256) == (model_id, weights_sha256):
            if row.dimension != dimension:
                raise ModelError(
                    f"model {model_id} gave {dimension} numbers, its vectors here have "
                    f"{row.dimension}"
                )
            return int(row.model_key)
    if not rows:
        return None
    names = ", ".join(f"{row.model_id} ({row.weights_sha256[:12]})" for row in rows)
    raise ModelError(
        f"the archive has no vectors of model {model_id} ({weights_sha256[:12]}), only of {names}",
        hint="choose that model in the settings, or run `yanji archive reembed`",
        code="model_not_in_archive",
    )
