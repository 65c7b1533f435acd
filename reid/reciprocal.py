"""k-reciprocal re-ranking: two crops are alike when they have the same neighbours.

Zhong, Zheng, Cao and Li 2017, "Re-ranking Person Re-identification with k-reciprocal Encoding"
(CVPR, arXiv 1701.08398), with its constants k1 = 20, k2 = 6, lambda = 0.3. One query p at a time,
as a search has it: unlike in the authors' program, what the other queries of an evaluation look
like is not used. Gallery elements are encoded among themselves, once for many queries; the query
among the gallery and itself. With d = 2 - 2 cosine (the squared distance), G the gallery:

- N(x, k): x itself and its k nearest others (of the gallery; equal distances: the earlier first).
- R(x, k): those y of N(x, k) that have x in N(y, k); for the query p: fewer than k others are
  nearer to y than p is.
- R*(x, k): R(x, k), and with it every R(y, k/2), y in R(x, k), two thirds of which R(x, k) holds.
- V(x): a row over {p} and G, exp(-d(x, y)) for y in R*(x, k1), 0 elsewhere, divided by its sum.
- V is averaged over x and its k2 - 1 nearest others (query expansion).
- Jaccard distance J(p, g) = 1 - sum min(V_p, V_g) / sum max(V_p, V_g).
- Result: lambda d(p, g) + (1 - lambda) J(p, g); scores are its negative.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from yanji.reid.embedder import Vectors

Matrix = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Reranking:
    """The constants."""

    k1: int = 20
    k2: int = 6
    weight: float = 0.3
    """lambda: share of the plain distance; 1: nothing is re-ranked."""


def rerank(
    queries_QD: Vectors, gallery_GD: Vectors, constants: Reranking | None = None
) -> npt.NDArray[np.float32]:
    """Scores (Q, G), higher is closer, -1..0 for equal and up to -4 for opposite vectors.

    Args:
        queries_QD: unit vectors; each is ranked as if it were alone.
        gallery_GD: unit vectors; (Q, 0) comes back for none.
        constants: None: as published.
    """
    chosen = constants or Reranking()
    size = len(gallery_GD)
    scores_QG = np.empty((len(queries_QD), size), np.float32)
    if not size:
        return scores_QG
    between_GG = _distances(gallery_GD, gallery_GD)
    np.fill_diagonal(between_GG, -1.0)  # itself before an equal one
    order_GG: Rows = np.argsort(between_GG, axis=1, kind="stable")
    np.fill_diagonal(between_GG, 0.0)
    half_GG = _reciprocal(order_GG, chosen.k1 // 2)
    encoded_GG = _encode_gallery(between_GG, order_GG, half_GG, chosen.k1)
    expanded_GG = np.stack(
        [encoded_GG[order_GG[row, : chosen.k2]].mean(axis=0) for row in range(size)]
    )
    # How far the k1-th other of each gallery element is; with fewer others none is too far.
    edge_G = np.full(size, np.inf)
    if chosen.k1 < size:
        edge_G = between_GG[np.arange(size), order_GG[:, chosen.k1]]
    for row, query_D in enumerate(queries_QD):
        distances_G = _distances(query_D[None], gallery_GD)[0]
        own_G = _encode_query(distances_G, edge_G, half_GG, chosen.k1)
        nearest = np.argsort(distances_G, kind="stable")[: chosen.k2 - 1]
        # The query's own column is left out: it is 0 in every gallery row.
        share = 1.0 + len(nearest)
        mixed_G = (own_G + encoded_GG[nearest].sum(axis=0)) / share
        # The least is 0 where the query's row is, and least + most = sum + sum = 2.
        filled = np.flatnonzero(mixed_G)
        least_G = np.minimum(mixed_G[filled], expanded_GG[:, filled]).sum(axis=1)
        most_G = 2.0 - least_G
        jaccard_G = 1.0 - least_G / most_G
        scores_QG[row] = -(chosen.weight * distances_G + (1.0 - chosen.weight) * jaccard_G)
    return scores_QG


def _distances(one_AD: Vectors, other_BD: Vectors) -> Matrix:
    distances_AB: Matrix = 2.0 - 2.0 * (one_AD.astype(np.float64) @ other_BD.astype(np.float64).T)
    return distances_AB


def _reciprocal(order_GG: Rows, k: int) -> npt.NDArray[np.bool_]:
    """(G, G) whether y is in R(x, k), for all x and y of the gallery."""
    size = len(order_GG)
    near_GG = np.zeros((size, size), bool)
    np.put_along_axis(near_GG, order_GG[:, : k + 1], values=True, axis=1)
    mutual_GG: npt.NDArray[np.bool_] = near_GG & near_GG.T
    return mutual_GG


def _widened(
    core_G: npt.NDArray[np.bool_], half_GG: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """R*: with every R(y, k/2) of which at least two thirds are in the core."""
    members_KG = half_GG[core_G]
    inside_K = (members_KG & core_G).sum(axis=1) >= 2 / 3 * members_KG.sum(axis=1)
    wide_G: npt.NDArray[np.bool_] = core_G | members_KG[inside_K].any(axis=0)
    return wide_G


def _encode_gallery(
    between_GG: Matrix, order_GG: Rows, half_GG: npt.NDArray[np.bool_], k1: int
) -> Matrix:
    core_GG = _reciprocal(order_GG, k1)
    wide_GG = np.stack([_widened(core_G, half_GG) for core_G in core_GG])
    weights_GG = np.where(wide_GG, np.exp(-between_GG), 0.0)
    encoded_GG: Matrix = weights_GG / weights_GG.sum(axis=1, keepdims=True)
    return encoded_GG


def _encode_query(
    distances_G: Matrix, edge_G: Matrix, half_GG: npt.NDArray[np.bool_], k1: int
) -> Matrix:
    """V of the query, (G,): without the entry of the query itself, which is what 1 lacks."""
    near_G = np.zeros(len(distances_G), bool)
    near_G[np.argsort(distances_G, kind="stable")[:k1]] = True
    core_G = near_G & (distances_G <= edge_G)
    wide_G = _widened(core_G, half_GG) if core_G.any() else core_G
    weights_G = np.where(wide_G, np.exp(-distances_G), 0.0)
    encoded_G: Matrix = weights_G / (1.0 + float(weights_G.sum()))
    return encoded_G
