"""The reference: numpy, every score computed. Slow, and short enough to be read as right."""

from __future__ import annotations

import numpy as np

from yanji.index.vectors import NO_ID, Ids, last_of_each
from yanji.reid.embedder import Vectors


class FlatIndex:
    """Vectors as one float32 matrix, rounded to float16 like every stored vector."""

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self._ids_N: Ids = np.zeros(0, np.int64)
        self._vectors_ND: Vectors = np.zeros((0, dimension), np.float32)

    def __len__(self) -> int:
        return len(self._ids_N)

    def ids(self) -> Ids:
        """See `VectorIndex`."""
        return self._ids_N

    def add(self, ids_N: Ids, vectors_ND: Vectors) -> None:
        """See `VectorIndex`."""
        ids_N, vectors_ND = last_of_each(ids_N, vectors_ND, self._dimension)
        self.remove(ids_N)
        rounded_ND = vectors_ND.astype(np.float16).astype(np.float32)
        self._ids_N = np.concatenate([self._ids_N, ids_N])
        self._vectors_ND = np.concatenate([self._vectors_ND, rounded_ND])

    def remove(self, ids_N: Ids) -> int:
        """See `VectorIndex`."""
        keep_N = np.isin(self._ids_N, ids_N, invert=True)
        gone = len(keep_N) - int(keep_N.sum())
        if gone:
            self._ids_N = self._ids_N[keep_N]
            self._vectors_ND = self._vectors_ND[keep_N]
        return gone

    def search(
        self, vectors_QD: Vectors, k: int, allowed_M: Ids | None = None
    ) -> tuple[Ids, Vectors]:
        """See `VectorIndex`."""
        ids_N, vectors_ND = self._ids_N, self._vectors_ND
        if allowed_M is not None:
            keep_N = np.isin(ids_N, allowed_M)
            ids_N, vectors_ND = ids_N[keep_N], vectors_ND[keep_N]
        found_QK = np.full((len(vectors_QD), k), NO_ID, np.int64)
        scores_QK = np.full((len(vectors_QD), k), -np.inf, np.float32)
        for query, vector_D in enumerate(vectors_QD):
            score_N = vectors_ND @ vector_D
            best = np.lexsort((ids_N, -score_N))[:k]
            found_QK[query, : len(best)] = ids_N[best]
            scores_QK[query, : len(best)] = score_N[best]
        return found_QK, scores_QK
