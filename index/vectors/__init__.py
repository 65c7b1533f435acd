"""Vector indexes: one small protocol, one file per back end.

One index holds the vectors of one model and one day, in memory. The truth is in the database; an
index is filled from it when first needed and follows it by `seq`, so it cannot be damaged, only
rebuilt (figures in docs/design/archive.md).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from yanji.configs.errors import UsageError
from yanji.reid.embedder import Vectors

Ids = npt.NDArray[np.int64]
NO_ID: Final = -1
"""Fills the places of an answer for which there is no vector."""


class VectorIndex(Protocol):
    """Unit vectors by id, searched by inner product (= cosine). Exact: every back end agrees."""

    def __len__(self) -> int:
        """How many vectors it holds."""
        ...

    def ids(self) -> Ids:
        """(N,) ids it holds, in no order."""
        ...

    def add(self, ids_N: Ids, vectors_ND: Vectors) -> None:
        """Add vectors; an id that is there is replaced; of an id given twice the last counts.

        Raises:
            ValueError: the shapes do not fit.
        """
        ...

    def remove(self, ids_N: Ids) -> int:
        """Remove vectors; ids that are not there are passed over. Returns how many went."""
        ...

    def search(
        self, vectors_QD: Vectors, k: int, allowed_M: Ids | None = None
    ) -> tuple[Ids, Vectors]:
        """Find the `k` closest of each query, among the ids `allowed_M` (None: among all).

        Returns:
            ids (Q, k) and scores (Q, k) float32, best first; `NO_ID` and -inf where there are
            fewer.
        """
        ...


def _flat(dimension: int) -> VectorIndex:
    from yanji.index.vectors.flat import FlatIndex

    return FlatIndex(dimension)


def _faiss(dimension: int) -> VectorIndex:
    from yanji.index.vectors.faiss_flat import FaissIndex

    return FaissIndex(dimension)


BACKENDS: Final[dict[str, Callable[[int], VectorIndex]]] = {"flat": _flat, "faiss": _faiss}
"""Name in the settings -> maker of an empty index of a dimension."""


def make_index(backend: str, dimension: int) -> VectorIndex:
    """An empty index: `flat`, `faiss`, or `milvus:URI` (a server, or a file ending in .db).

    Raises:
        UsageError: there is no such back end.
    """
    if backend.startswith("milvus:"):
        from yanji.index.vectors.milvus import MilvusIndex

        return MilvusIndex(dimension, backend.removeprefix("milvus:"))
    if backend not in BACKENDS:
        raise UsageError(
            f"there is no vector index {backend!r}",
            hint=f"one of {', '.join(sorted(BACKENDS))}, milvus:URI",
        )
    return BACKENDS[backend](dimension)


def last_of_each(ids_N: Ids, vectors_ND: Vectors, dimension: int) -> tuple[Ids, Vectors]:
    """Check shapes and keep the last vector of an id that is given twice.

    Raises:
        ValueError: the shapes do not fit.
    """
    if ids_N.ndim != 1 or vectors_ND.shape != (len(ids_N), dimension):
        raise ValueError(
            f"ids {ids_N.shape} and vectors {vectors_ND.shape} do not fit (N,) and (N, {dimension})"
        )
    _, last_N = np.unique(ids_N[::-1], return_index=True)
    rows_N = np.sort(len(ids_N) - 1 - last_N)
    return (
        np.ascontiguousarray(ids_N[rows_N], dtype=np.int64),
        np.ascontiguousarray(vectors_ND[rows_N], dtype=np.float32),
    )
