"""What confirmed and rejected sightings do to a query's vector.

    v = unit(mean(query, confirmed...)) - 0.2 x mean(rejected...), brought to unit length

The mean over the query and what is surely the same is average query expansion (Chum et al. 2007,
"Total recall"); moving away from the mean of what is surely not the same is the negative term of
Rocchio (1971, "Relevance feedback in information retrieval"). Weights and gain: docs/accuracy.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from yanji.reid.embedder import Vectors
from yanji.reid.sighting import Embedding

REJECTED_WEIGHT: Final = 0.2
"""Share of the rejected ones' mean that is taken away. More of it helps where much is confirmed,
but from 0.3 on it harms a query of which nothing is confirmed."""
LEAST_LENGTH: Final = 0.05
"""A mean shorter than this comes of views that contradict each other and has no direction."""


def refined(query: Embedding, confirmed_ND: Vectors, rejected_ND: Vectors) -> Embedding:
    """Move a query towards confirmed views of the vehicle and away from other vehicles.

    Args:
        query: of unit length.
        confirmed_ND: (N, D) vectors of the query's model, of unit length; N may be 0.
        rejected_ND: (M, D) likewise.

    Returns:
        The same model's, unit length. The query itself when nothing is confirmed or rejected.
        Where the confirmed views and the query cancel each other out, the query stands for them.

    Raises:
        ValueError: vectors of another dimension.
    """
    query_D = query.vector_D.astype(np.float64)
    for name, vectors in (("confirmed", confirmed_ND), ("rejected", rejected_ND)):
        if vectors.ndim != 2 or (len(vectors) and vectors.shape[1] != len(query_D)):
            raise ValueError(f"{name}: expected (N, {len(query_D)}), got {vectors.shape}")
    if not len(confirmed_ND) and not len(rejected_ND):
        return query
    sure_D = np.concatenate([query_D[None], confirmed_ND.reshape(-1, len(query_D))]).mean(axis=0)
    if np.linalg.norm(sure_D) < LEAST_LENGTH:
        sure_D = query_D
    moved_D = sure_D / np.linalg.norm(sure_D)
    if len(rejected_ND):
        # At most a fifth of the length goes: the result is never near zero.
        moved_D = moved_D - REJECTED_WEIGHT * rejected_ND.astype(np.float64).mean(axis=0)
    vector_D = (moved_D / np.linalg.norm(moved_D)).astype(np.float32)
    return replace(query, vector_D=vector_D)
