"""Milvus (a server's URI, or a file for milvus-lite): the vectors live in another process.

Exact like the others: a FLAT index, inner product, strong consistency. For now each reader fills
collections of its own and drops them at its end; one collection shared by all readers of a centre
needs an owner that follows the archive, and is not built.
"""

from __future__ import annotations

import importlib
import uuid
import weakref
from typing import Any, Final

import numpy as np

from yanji.configs.errors import UsageError
from yanji.index.vectors import NO_ID, Ids, last_of_each
from yanji.reid.embedder import Vectors

_MAX_K: Final = 16_384
"""Milvus refuses more hits in one answer."""
_INSERT: Final = 2_000


class MilvusIndex:
    """One collection, named at random."""

    def __init__(self, dimension: int, uri: str) -> None:
        """Connect and create the collection.

        Raises:
            UsageError: pymilvus is not installed.
        """
        try:
            milvus: Any = importlib.import_module("pymilvus")
        except ImportError as error:
            raise UsageError(
                "the vector index `milvus` needs pymilvus", hint="pip install 'pymilvus'"
            ) from error
        self._dimension = dimension
        self._ids_N: Ids = np.zeros(0, np.int64)
        self._client = milvus.MilvusClient(uri)
        self._name = f"yanji_{uuid.uuid4().hex}"
        schema = self._client.create_schema(auto_id=False)
        schema.add_field("id", milvus.DataType.INT64, is_primary=True)
        schema.add_field("vector", milvus.DataType.FLOAT_VECTOR, dim=dimension)
        exact = self._client.prepare_index_params()
        exact.add_index("vector", index_type="FLAT", metric_type="IP")
        self._client.create_collection(
            self._name, schema=schema, index_params=exact, consistency_level="Strong"
        )
        weakref.finalize(self, self._client.drop_collection, self._name)

    def __len__(self) -> int:
        return len(self._ids_N)

    def ids(self) -> Ids:
        """See `VectorIndex`."""
        return self._ids_N

    def add(self, ids_N: Ids, vectors_ND: Vectors) -> None:
        """See `VectorIndex`."""
        ids_N, vectors_ND = last_of_each(ids_N, vectors_ND, self._dimension)
        rounded_ND = vectors_ND.astype(np.float16).astype(np.float32)
        for begin in range(0, len(ids_N), _INSERT):
            rows = slice(begin, begin + _INSERT)
            self._client.upsert(
                self._name,
                [
                    {"id": int(key), "vector": vector_D.tolist()}
                    for key, vector_D in zip(ids_N[rows], rounded_ND[rows], strict=True)
                ],
            )
        self._ids_N = np.union1d(self._ids_N, ids_N)

    def remove(self, ids_N: Ids) -> int:
        """See `VectorIndex`."""
        gone_N = np.intersect1d(self._ids_N, ids_N)
        if len(gone_N):
            self._client.delete(self._name, ids=gone_N.tolist())
            self._ids_N = np.setdiff1d(self._ids_N, gone_N)
        return len(gone_N)

    def search(
        self, vectors_QD: Vectors, k: int, allowed_M: Ids | None = None
    ) -> tuple[Ids, Vectors]:
        """See `VectorIndex`; at most 16,384 hits."""
        found_QK = np.full((len(vectors_QD), k), NO_ID, np.int64)
        scores_QK = np.full((len(vectors_QD), k), -np.inf, np.float32)
        allowed_N = self._ids_N if allowed_M is None else np.intersect1d(self._ids_N, allowed_M)
        if not len(allowed_N) or not len(vectors_QD):
            return found_QK, scores_QK
        chosen: dict[str, Any] = {}
        if allowed_M is not None:
            # Spelled out, numbers only: milvus-lite does not know `filter_params`.
            chosen = {"filter": f"id in {allowed_N.tolist()}"}
        answers = self._client.search(
            self._name, vectors_QD.tolist(), limit=min(k, _MAX_K), **chosen
        )
        for query, hits in enumerate(answers):
            for place, hit in enumerate(hits):
                found_QK[query, place] = hit["id"]
                scores_QK[query, place] = hit["distance"]
        return found_QK, scores_QK
