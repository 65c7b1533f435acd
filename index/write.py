"""One transaction of sightings: idempotent, the last message wins, `closed` stays closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, bindparam, delete, select

from yanji.configs.errors import ArchiveError
from yanji.detect.classes import CLASSES
from yanji.index.counters import batches, fact, give_out, put_fact
from yanji.index.crops import sha256_of_bytes
from yanji.index.delete import doom_unnamed, spare
from yanji.index.tables import CROPS, DAY_NS, MODELS, RUNS, SIGHTINGS, VECTORS
from yanji.reid.colours import COLOURS
from yanji.reid.sighting import Embedding, Sighting

ACTIVE_MODEL: Final = "active_model_key"
UNIT_TOLERANCE: Final = 0.01
"""|1 - length| of a vector that still counts as of unit length; float16 costs 0.0005."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A sighting that cannot be stored; the others of its batch are."""

    sighting_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a batch."""

    stored: int
    """New, or changed."""
    unchanged: int
    """Already there, or older than what is there."""
    refused: tuple[Refusal, ...]


def folded(batch: Sequence[Sighting]) -> list[Sighting]:
    """Join the messages of one sighting within a batch: what writing them in order would give."""
    latest: dict[str, Sighting] = {}
    for message in batch:
        before = latest.get(message.sighting_id)
        if before is None:
            latest[message.sighting_id] = message
        elif before.state == "closed" and message.state != "closed":
            continue
        elif message.crops is None:
            latest[message.sighting_id] = replace(
                message, crops=before.crops, embeddings=before.embeddings
            )
        else:
            latest[message.sighting_id] = message
    return list(latest.values())


def fault_of(sighting: Sighting) -> str | None:
    """Why a sighting cannot be stored, or None."""
    if sighting.vehicle_class not in CLASSES:
        return f"unknown class {sighting.vehicle_class!r}"
    if sighting.state not in ("provisional", "closed"):
        return f"unknown state {sighting.state!r}"
    if sighting.last_wall_ns < sighting.first_wall_ns:
        return "it ends before it begins"
    if sighting.colour is not None and sighting.colour not in COLOURS:
        return f"unknown colour {sighting.colour!r}"
    for crop in sighting.crops or ():
        if sha256_of_bytes(crop.jpeg) != crop.sha256:
            return "a crop is not named by its content"
    for embedding in sighting.embeddings or ():
        vector_D = embedding.vector_D
        if vector_D.ndim != 1 or not np.isfinite(vector_D).all():
            return "its vector is not one row of finite numbers"
        if abs(float(np.linalg.norm(vector_D)) - 1.0) > UNIT_TOLERANCE:
            return "its vector is not of unit length"
    return None


def blob_of(embedding: Embedding) -> bytes:
    """A vector as stored: float16, little endian."""
    return embedding.vector_D.astype("<f2").tobytes()


class ModelKeys:
    """Keys of models; adds the ones that are new. Valid within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[str, str], tuple[int, int]] = {
            (row.model_id, row.weights_sha256): (row.model_key, row.dimension)
            for row in connection.execute(select(MODELS))
        }

    def key(self, embedding: Embedding) -> int:
        """Key of the model that made a vector.

        Raises:
            ArchiveError: that model's vectors have another length in this archive.
        """
        name = (embedding.model_id, embedding.weights_sha256)
        dimension = len(embedding.vector_D)
        if name not in self._known:
            key = give_out(self._connection, "model")
            self._connection.execute(
                MODELS.insert().values(
                    model_key=key,
                    model_id=name[0],
                    weights_sha256=name[1],
                    dimension=dimension,
                )
            )
            self._known[name] = (key, dimension)
        key, expected = self._known[name]
        if dimension != expected:
            raise ArchiveError(
                f"model {name[0]} gives vectors of {dimension} numbers, the archive has {expected}"
            )
        return key


def write_sightings(connection: Connection, batch: Sequence[Sighting]) -> Written:
    """Write folded sightings whose crops are on the disk and whose faults have been sorted out.

    Raises:
        ArchiveError: a run was not started, or a model's dimension differs.
    """
    runs: dict[str, Any] = {}
    for ids in batches({sighting.run.run_id for sighting in batch}):
        runs.update(
            (row.run_id, row)
            for row in connection.execute(select(RUNS).where(RUNS.c.run_id.in_(ids)))
        )
    stored: dict[str, Any] = {}
    for ids in batches(sighting.sighting_id for sighting in batch):
        stored.update(
            (row.sighting_id, row)
            for row in connection.execute(select(SIGHTINGS).where(SIGHTINGS.c.sighting_id.in_(ids)))
        )
    kept_crops = _stored_crops(connection, [row.sighting_key for row in stored.values()])
    seq = give_out(connection, "seq")
    first_key = 0
    num_new = len(batch) - len(stored)
    if num_new:
        first_key = give_out(connection, "sighting", num_new)

    added: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    with_crops: list[tuple[int, int, Sighting]] = []
    unchanged = 0
    for sighting in batch:
        run = runs.get(sighting.run.run_id)
        if run is None:
            raise ArchiveError(
                f"run {sighting.run.run_id} was not started in this archive", code="unknown_run"
            )
        row = stored.get(sighting.sighting_id)
        values = _values(sighting)
        if row is None:
            day = sighting.first_wall_ns // DAY_NS
            key = first_key + len(added)
            added.append(
                values
                | {
                    "sighting_key": key,
                    "sighting_id": sighting.sighting_id,
                    "seq": seq,
                    "run_key": run.run_key,
                    "camera_key": run.camera_key,
                    "day": day,
                }
            )
            with_crops.append((key, day, sighting))
            continue
        if row.state == "closed" and sighting.state != "closed":
            unchanged += 1
            continue
        named = None if sighting.crops is None else [crop.sha256 for crop in sighting.crops]
        new_crops = named is not None and named != kept_crops.get(row.sighting_key, [])
        if not new_crops and all(row._mapping[name] == value for name, value in values.items()):
            unchanged += 1
            continue
        changed.append(values | {"b_key": row.sighting_key, "seq": seq})
        if named is not None:
            with_crops.append((row.sighting_key, row.day, sighting))
    if added:
        connection.execute(SIGHTINGS.insert(), added)
    if changed:
        connection.execute(
            SIGHTINGS.update().where(SIGHTINGS.c.sighting_key == bindparam("b_key")), changed
        )
    _replace_crops(connection, with_crops, kept_crops)
    _replace_vectors(connection, with_crops, seq)
    return Written(len(added) + len(changed), unchanged, ())


def _values(sighting: Sighting) -> dict[str, Any]:
    return {
        "state": sighting.state,
        "stationary": int(sighting.stationary),
        "first_wall_ns": sighting.first_wall_ns,
        "last_wall_ns": sighting.last_wall_ns,
        "first_stream_s": float(sighting.first_stream_s),
        "last_stream_s": float(sighting.last_stream_s),
        "vehicle_class": sighting.vehicle_class,
        "class_score": float(sighting.class_score),
        "colour": sighting.colour,
        "plate": sighting.plate,
        "quality": float(sighting.quality),
        "colour_score": sighting.colour_score,
        "travel_deg": sighting.travel.angle_deg if sighting.travel is not None else None,
        "travel_score": sighting.travel.score if sighting.travel is not None else None,
    }


def _stored_crops(connection: Connection, keys: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for batch in batches(keys):
        query = (
            select(CROPS.c.sighting_key, CROPS.c.sha256)
            .where(CROPS.c.sighting_key.in_(batch))
            .order_by(CROPS.c.sighting_key, CROPS.c.rank)
        )
        for key, sha256 in connection.execute(query):
            found.setdefault(key, []).append(sha256)
    return found


def _replace_crops(
    connection: Connection,
    items: list[tuple[int, int, Sighting]],
    kept_crops: dict[int, list[str]],
) -> None:
    replaced = [key for key, _, _ in items if key in kept_crops]
    for batch in batches(replaced):
        connection.execute(delete(CROPS).where(CROPS.c.sighting_key.in_(batch)))
    rows = [
        {
            "sighting_key": key,
            "rank": rank,
            "sha256": crop.sha256,
            "size_bytes": len(crop.jpeg),
            "width_px": crop.width,
            "height_px": crop.height,
            "x1_px": float(crop.box_xyxy_px[0]),
            "y1_px": float(crop.box_xyxy_px[1]),
            "x2_px": float(crop.box_xyxy_px[2]),
            "y2_px": float(crop.box_xyxy_px[3]),
            "wall_ns": crop.wall_ns,
            "quality": float(crop.quality),
        }
        for key, _, sighting in items
        for rank, crop in enumerate(sighting.crops or ())
    ]
    if rows:
        connection.execute(CROPS.insert(), rows)
        spare(connection, {str(row["sha256"]) for row in rows})
    doom_unnamed(connection, {sha256 for key in replaced for sha256 in kept_crops[key]})


def _replace_vectors(
    connection: Connection, items: list[tuple[int, int, Sighting]], seq: int
) -> None:
    models = ModelKeys(connection)
    rows: dict[tuple[int, int], dict[str, Any]] = {}
    newest = None
    for key, day, sighting in items:
        for embedding in sighting.embeddings or ():
            newest = models.key(embedding)
            rows[key, newest] = {
                "sighting_key": key,
                "model_key": newest,
                "day": day,
                "seq": seq,
                "vector": blob_of(embedding),
            }
    put_vectors(connection, list(rows.values()))
    if newest is not None and fact(connection, ACTIVE_MODEL) != str(newest):
        put_fact(connection, ACTIVE_MODEL, str(newest))


def put_vectors(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Add vectors; those of the same sighting and model are replaced."""
    by_model: dict[int, list[int]] = {}
    for row in rows:
        by_model.setdefault(row["model_key"], []).append(row["sighting_key"])
    for model, keys in by_model.items():
        for batch in batches(keys):
            connection.execute(
                delete(VECTORS).where(
                    VECTORS.c.model_key == model, VECTORS.c.sighting_key.in_(batch)
                )
            )
    if rows:
        connection.execute(VECTORS.insert(), rows)
