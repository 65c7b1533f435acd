"""Sightings that a person judged, as a question uses them: they move the query, are left out, or
are known to be the vehicle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from yanji.configs.errors import NothingFoundError, UsageError
from yanji.index.hit import Filter, Hit, StoredSighting
from yanji.index.reader import ArchiveReader
from yanji.index.rerank import refined
from yanji.index.search import rounded_score
from yanji.reid.embedder import Vectors
from yanji.reid.sighting import Embedding


@dataclass(frozen=True, slots=True)
class Judged:
    """What a person said of sightings, with their vectors of the query's model."""

    confirmed: Mapping[str, StoredSighting]
    rejected: frozenset[str]
    vectors: Mapping[str, Vectors]
    """(D,) each; sightings without a vector of the model are not in it."""

    def refine(self, query: Embedding, *, leaving: str | None = None) -> Embedding:
        """Move the query by all verdicts, but for the one of `leaving`."""
        sure = [name for name in self.confirmed if name != leaving]
        return refined(query, self._stack(sure, query), self._stack(sorted(self.rejected), query))

    def _stack(self, names: Sequence[str], query: Embedding) -> Vectors:
        rows = [self.vectors[name] for name in names if name in self.vectors]
        return np.stack(rows) if rows else np.zeros((0, len(query.vector_D)), np.float32)


def read_judged(
    reader: ArchiveReader,
    query: Embedding,
    confirmed: Sequence[str],
    rejected: Sequence[str],
    own: str | None = None,
) -> Judged:
    """Look up judged sightings. Those without a vector of the query's model do not move it.

    `own`: the sighting asked about; that it is the vehicle goes without saying.

    Raises:
        NothingFoundError: the archive has no such sighting (`unknown_sighting`).
        UsageError: one is both confirmed and rejected, or the one asked about is rejected.
    """
    sure, wrong = dict.fromkeys(confirmed), frozenset(rejected)
    if both := sorted(wrong.intersection(sure)):
        raise UsageError(f"Sighting {both[0]} cannot be both confirmed and rejected.")
    if own in wrong:
        raise UsageError(f"Sighting {own} is asked about and cannot be rejected.")
    if not sure and not wrong:
        return Judged({}, frozenset(), {})
    known = reader.sightings_of([*sure, *sorted(wrong)])
    for name in (*sure, *sorted(wrong)):
        if name not in known:
            raise NothingFoundError(
                f"The archive has no sighting {name}.",
                hint="It may have been deleted; take it out of the confirmed and rejected ones.",
                code="unknown_sighting",
            )
    names = [name for name in known if name != own]
    vectors = reader.vectors_of(names, query.model_id, query.weights_sha256)
    return Judged({n: known[n] for n in sure if n != own}, wrong, vectors)


def pinned_hits(judged: Judged, query: Embedding, wanted: Filter) -> list[Hit]:
    """The confirmed sightings that the filter keeps and that have a vector, best first."""
    hits = [
        Hit(seen, rounded_score(judged.vectors[name], query), None)
        for name, seen in judged.confirmed.items()
        if name in judged.vectors and wanted.keeps(seen)
    ]
    return sorted(
        hits, key=lambda hit: (-hit.score, hit.sighting.first_ns, hit.sighting.sighting_id)
    )


def hits_left_out(judged: Judged, query: Embedding) -> list[Hit]:
    """The confirmed sightings with a vector, each scored by a query that it did not move.

    Scored by a query that it moved, a confirmed sighting would set the level of what looks alike
    higher than any other sighting of the vehicle can reach.
    """
    return [
        Hit(seen, rounded_score(judged.vectors[name], judged.refine(query, leaving=name)), None)
        for name, seen in judged.confirmed.items()
        if name in judged.vectors
    ]
