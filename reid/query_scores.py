"""How single queries fared: what means, spreads and paired comparisons are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from yanji.reid.embedder import Vectors

Scorer = Callable[[Vectors, Vectors], npt.NDArray[np.float32]]
"""Query vectors (Q, D) and gallery vectors (G, D) -> scores (Q, G), higher is closer."""

MEASURES = ("mAP", "R1", "R5")


@dataclass(frozen=True, slots=True)
class QueryScores:
    """One row for each query of Q; rows of two models on one set stand in the same order."""

    vehicles_Q: npt.NDArray[np.str_]
    """Whom the query shows: queries of one vehicle are not independent."""
    groups_Q: npt.NDArray[np.str_]
    values_Q3: npt.NDArray[np.float64]
    """Average precision, and 0 or 1 for a match among the first one and five; 0..1. Fractions where
    several models or draws were averaged."""

    def where(self, keep_Q: npt.NDArray[np.bool_]) -> QueryScores:
        """Keep the rows that are marked."""
        return QueryScores(self.vehicles_Q[keep_Q], self.groups_Q[keep_Q], self.values_Q3[keep_Q])

    def of_group(self, group: str) -> QueryScores:
        """Keep the rows of one group."""
        return self.where(self.groups_Q == group)


def scores_of(rows: Sequence[tuple[str, str, float, int]]) -> QueryScores:
    """Build from (vehicle, group, average precision, rank of the first match from 1)."""
    return QueryScores(
        np.array([row[0] for row in rows], dtype=np.str_),
        np.array([row[1] for row in rows], dtype=np.str_),
        np.array([(row[2], row[3] <= 1, row[3] <= 5) for row in rows], dtype=np.float64).reshape(
            -1, 3
        ),
    )


def joined(parts: Sequence[QueryScores]) -> QueryScores:
    """All rows of all parts, in order; at least one part."""
    return QueryScores(
        np.concatenate([part.vehicles_Q for part in parts]),
        np.concatenate([part.groups_Q for part in parts]),
        np.concatenate([part.values_Q3 for part in parts]),
    )


def averaged(same: Sequence[QueryScores]) -> QueryScores:
    """Mean over models that answered the same queries; at least one.

    Raises:
        ValueError: the queries differ.
    """
    first = same[0]
    for other in same[1:]:
        if not np.array_equal(first.vehicles_Q, other.vehicles_Q):
            raise ValueError("averaged scores must be of the same queries")
    return QueryScores(
        first.vehicles_Q, first.groups_Q, np.mean([one.values_Q3 for one in same], axis=0)
    )


def means_of(scores: QueryScores) -> dict[str, float | int]:
    """`{"mAP", "R1", "R5", "num_queries"}`; zeros when there is no query."""
    count = len(scores.vehicles_Q)
    means_3 = scores.values_Q3.mean(axis=0) if count else np.zeros(3)
    return {
        **{name: float(value) for name, value in zip(MEASURES, means_3, strict=True)},
        "num_queries": count,
    }
