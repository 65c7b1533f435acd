"""Which stored sightings look like a vector: exact, filtered, in an order that never wavers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy import Connection, select

from yanji.detect.classes import CLASSES, GROUP_OF
from yanji.index.attributes import colours_kept, directions_kept, headings_of
from yanji.index.blocks import Blocks, Columns, class_numbers, days_between
from yanji.index.cameras import read_headings
from yanji.index.clock import ClockOffsets, read_offsets
from yanji.index.counters import batches
from yanji.index.gaps import gaps_between
from yanji.index.hit import Filter, Hit, StoredSighting
from yanji.index.models import model_key
from yanji.index.reader import ArchiveReader
from yanji.index.select import select_sightings
from yanji.index.tables import CAMERAS, SIGHTINGS
from yanji.index.vectors import NO_ID, Ids, VectorIndex
from yanji.ingest.gap import Gap
from yanji.reid.embedder import Vectors
from yanji.reid.sighting import Embedding

_DIGITS = 6
"""Scores are compared at 1e-6: sums of the same vectors differ below that from machine to machine,
and equal scores have to be ordered by time and id."""


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """The answer, and how far it reaches."""

    hits: tuple[Hit, ...]
    """By score, then corrected time, then id. Probabilities: `yanji.index.chances`."""
    searched: int
    """How many sightings were compared."""
    without_vector: int
    """Sightings that the filter keeps but that have no vector of this model: not compared."""
    gaps: tuple[Gap, ...]
    """Outages of the filter's cameras in its time: the vehicle can have passed unseen."""
    searched_of: Mapping[str, int] = field(default_factory=dict)
    """Of `searched`, group of vehicles -> how many. Where some sightings of a day have no vector,
    those of that day are shared out as all of its sightings are."""


@dataclass(frozen=True, slots=True)
class _Part:
    index: VectorIndex
    allowed: Ids | None
    """(M,) ids, None: all."""


def search(
    reader: ArchiveReader,
    embedding: Embedding,
    wanted: Filter,
    limit: int,
    exclude: frozenset[str] = frozenset(),
) -> SearchAnswer:
    """Rank the stored sightings by their likeness to `embedding`.

    Args:
        reader: the archive; what its writer has committed by now is searched.
        embedding: the query; only vectors of the same model and weights are compared.
        wanted: which sightings; times are corrected times.
        limit: the most hits.
        exclude: sighting ids that are left out (the query itself).

    Raises:
        ModelError: the archive has vectors, but none of this model.
    """
    query_D = embedding.vector_D.astype(np.float32)
    with reader.blocks.lock, reader.snapshot() as now:
        connection = now.connection
        reader.blocks.catch_up(connection, now.seq)
        model = model_key(connection, embedding.model_id, embedding.weights_sha256, len(query_D))
        gaps = gaps_between(connection, wanted.from_ns, wanted.to_ns, wanted.cameras)
        if model is None:
            kept = sum(1 for _ in select_sightings(connection, wanted))
            return SearchAnswer((), 0, kept, tuple(gaps))
        parts, searched, missing, of_group = _parts(
            connection, reader.blocks, model, wanted, exclude
        )
        scores = _closest(parts, query_D, limit)
        found: dict[int, StoredSighting] = {}
        for batch in batches(scores):
            query = select(SIGHTINGS.c.sighting_key, SIGHTINGS.c.sighting_id)
            chosen = SIGHTINGS.c.sighting_key.in_(batch)
            keys = {row[1]: row[0] for row in connection.execute(query.where(chosen))}
            for sighting in select_sightings(connection, None, chosen):
                found[keys[sighting.sighting_id]] = sighting
    hits = [Hit(sighting, scores[key], None) for key, sighting in found.items()]
    hits.sort(key=lambda hit: (-hit.score, hit.sighting.first_ns, hit.sighting.sighting_id))
    return SearchAnswer(tuple(hits[:limit]), searched, missing, tuple(gaps), of_group)


def rounded_score(vector_D: Vectors, query: Embedding) -> float:
    """Cosine of one stored vector to a query, rounded as the scores of `search` are."""
    return round(float(vector_D @ query.vector_D.astype(np.float32)), _DIGITS)


def _parts(
    connection: Connection, blocks: Blocks, model: int, wanted: Filter, exclude: frozenset[str]
) -> tuple[list[_Part], int, int, dict[str, int]]:
    """The day indexes to search with the ids allowed in each, how many compared, how many not, how
    many compared of each group.
    """
    offsets = read_offsets(connection)
    cameras = None if wanted.cameras is None else _camera_keys(connection, wanted.cameras)
    excluded_N = _keys_of(connection, exclude)
    lows, highs = zip((0, 0), *(clock.bounds_ns() for clock in offsets.values()), strict=True)
    from_ns = None if wanted.from_ns is None else wanted.from_ns + min(lows)
    to_ns = None if wanted.to_ns is None else wanted.to_ns + max(highs)
    headings = read_headings(connection) if wanted.directions is not None else {}
    parts: list[_Part] = []
    searched = missing = 0
    of_group = Counter[str]()
    for day in days_between(connection, from_ns, to_ns):
        columns = blocks.block(connection, day).columns
        keep_N = _kept(columns, wanted, cameras, excluded_N, offsets)
        keep_N &= _attributes_kept(columns, wanted, headings)
        allowed_M = columns.keys_N[keep_N]
        if not len(allowed_M):
            continue
        index = blocks.vectors(connection, day, model)
        everything = len(allowed_M) == len(columns.keys_N)
        num = len(index) if everything else int(np.isin(allowed_M, index.ids()).sum())
        searched += num
        missing += len(allowed_M) - num
        for group, count in _group_counts(columns.classes_N[keep_N]).items():
            of_group[group] += round(count * num / len(allowed_M))
        if num:
            parts.append(_Part(index, None if everything else allowed_M))
    return parts, searched, missing, dict(of_group)


def _group_counts(classes_M: np.typing.NDArray[np.int8]) -> Counter[str]:
    counts = Counter[str]()
    for number, count in enumerate(np.bincount(classes_M, minlength=len(CLASSES)).tolist()):
        counts[GROUP_OF[CLASSES[number]]] += count
    return counts


def _kept(
    columns: Columns,
    wanted: Filter,
    cameras: Ids | None,
    excluded_N: Ids,
    offsets: dict[int, ClockOffsets],
) -> np.typing.NDArray[np.bool_]:
    keep_N = np.ones(len(columns.keys_N), np.bool_)
    if cameras is not None:
        keep_N &= np.isin(columns.cameras_N, cameras)
    if wanted.classes is not None:
        keep_N &= np.isin(columns.classes_N, class_numbers(wanted.classes))
    if wanted.from_ns is not None or wanted.to_ns is not None:
        first_N, last_N = columns.corrected(offsets)
        if wanted.from_ns is not None:
            keep_N &= last_N >= wanted.from_ns
        if wanted.to_ns is not None:
            keep_N &= first_N <= wanted.to_ns
    if len(excluded_N):
        keep_N &= np.isin(columns.keys_N, excluded_N, invert=True)
    return keep_N


def _attributes_kept(
    columns: Columns, wanted: Filter, headings: dict[int, float]
) -> np.typing.NDArray[np.bool_]:
    keep_N = np.ones(len(columns.keys_N), np.bool_)
    if wanted.colours is not None:
        keep_N &= colours_kept(wanted.colours, wanted.only_known, columns.colours_N)
    if wanted.directions is not None:
        headings_N = headings_of(columns.cameras_N, headings)
        keep_N &= directions_kept(
            wanted.directions, wanted.only_known, columns.travel_N, headings_N
        )
    return keep_N


def _closest(parts: list[_Part], query_D: Vectors, limit: int) -> dict[int, float]:
    """The best `limit` ids with their rounded scores, and all that tie with the last of them."""
    if limit <= 0 or not parts:
        return {}
    room = limit + 16
    while True:
        scores: dict[int, float] = {}
        cut_off = False
        worst_seen = []
        for part in parts:
            ids_QK, scores_QK = part.index.search(query_D[None], room, part.allowed)
            real_K = ids_QK[0] != NO_ID
            rounded = [round(float(score), _DIGITS) for score in scores_QK[0][real_K]]
            scores.update(zip((int(key) for key in ids_QK[0][real_K]), rounded, strict=True))
            if real_K.all():
                worst_seen.append(rounded[-1])
        ranked = sorted(scores.values(), reverse=True)
        last = ranked[min(limit, len(ranked)) - 1]
        # A day that filled all its room may hold more of the last score: look again with more.
        cut_off = any(worst >= last for worst in worst_seen)
        if not cut_off:
            return {key: score for key, score in scores.items() if score >= last}
        room *= 2


def _camera_keys(connection: Connection, camera_ids: frozenset[str]) -> Ids:
    rows = connection.execute(select(CAMERAS.c.camera_key, CAMERAS.c.camera_id))
    return np.array([row[0] for row in rows if row[1] in camera_ids], np.int64)


def _keys_of(connection: Connection, sighting_ids: frozenset[str]) -> Ids:
    keys: list[int] = []
    for batch in batches(sorted(sighting_ids)):
        query = select(SIGHTINGS.c.sighting_key).where(SIGHTINGS.c.sighting_id.in_(batch))
        keys.extend(connection.execute(query).scalars())
    return np.array(keys, np.int64)
