"""Re-ranking against a slow reading of its definition, and galleries of almost nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest

from yanji.reid.reciprocal import Reranking, rerank


def unit(rng: np.random.Generator, count: int, dimension: int = 6) -> np.ndarray:
    rows = rng.normal(size=(count, dimension))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def slow(query: np.ndarray, gallery: np.ndarray, k1: int, k2: int, weight: float) -> list[float]:
    """The definition in the head of reciprocal.py, with sets and dictionaries; "p" is the query."""
    elements = list(range(len(gallery)))

    def d(x: int | str, y: int | str) -> float:
        a = query if x == "p" else gallery[x]
        b = query if y == "p" else gallery[y]
        return 0.0 if x == y else 2 - 2 * float(a.astype(float) @ b.astype(float))

    def others(x: int | str) -> list[int]:
        return sorted((y for y in elements if y != x), key=lambda y: (d(x, y), y))

    def near(x: int | str, k: int) -> set[int | str]:
        return {x, *others(x)[:k]}

    def mutual(x: int | str, k: int) -> set[int | str]:
        if x == "p":
            return {"p"} | {
                y
                for y in near("p", k) - {"p"}
                if sum(d(y, z) < d(y, "p") for z in elements if z != y) < k
            }
        return {y for y in near(x, k) if x in near(y, k)}

    def wide(x: int | str) -> set[int | str]:
        core = mutual(x, k1)
        result = set(core)
        for y in core - {"p"}:
            part = mutual(y, k1 // 2)
            if len(part & core) >= 2 / 3 * len(part):
                result |= part
        return result

    def encode(x: int | str) -> dict[int | str, float]:
        weights = {y: math.exp(-d(x, y)) for y in wide(x)}
        return {y: value / sum(weights.values()) for y, value in weights.items()}

    def expand(x: int | str) -> dict[int | str, float]:
        group = [x, *others(x)[: k2 - 1]]
        total: dict[int | str, float] = {}
        for y in group:
            for z, value in encode(y).items():
                total[z] = total.get(z, 0.0) + value / len(group)
        return total

    own = expand("p")
    scores = []
    for g in elements:
        other = expand(g)
        keys = own.keys() | other.keys()
        least = sum(min(own.get(z, 0.0), other.get(z, 0.0)) for z in keys)
        most = sum(max(own.get(z, 0.0), other.get(z, 0.0)) for z in keys)
        scores.append(-(weight * d("p", g) + (1 - weight) * (1 - least / most)))
    return scores


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("size", "k1", "k2"), [(25, 6, 3), (12, 4, 1), (9, 20, 6), (3, 2, 2)])
def test_scores_equal_the_slow_reading(seed: int, size: int, k1: int, k2: int) -> None:
    rng = np.random.default_rng(seed)
    gallery, queries = unit(rng, size), unit(rng, 3)
    scores = rerank(queries, gallery, Reranking(k1, k2, 0.3))
    for row, query in enumerate(queries):
        assert scores[row] == pytest.approx(slow(query, gallery, k1, k2, 0.3), abs=1e-5)


def test_queries_do_not_change_each_other() -> None:
    rng = np.random.default_rng(7)
    gallery, queries = unit(rng, 40), unit(rng, 6)
    together = rerank(queries, gallery)
    alone = np.concatenate([rerank(query[None], gallery) for query in queries])
    assert together == pytest.approx(alone)


def test_weight_one_is_the_plain_distance() -> None:
    rng = np.random.default_rng(8)
    gallery, queries = unit(rng, 30), unit(rng, 2)
    plain = 2 * queries @ gallery.T - 2
    assert rerank(queries, gallery, Reranking(weight=1.0)) == pytest.approx(plain, abs=1e-5)


def test_galleries_of_one_and_none() -> None:
    rng = np.random.default_rng(9)
    one = rerank(unit(rng, 2), unit(rng, 1))
    assert one.shape == (2, 1)
    assert np.isfinite(one).all()
    assert rerank(unit(rng, 2), np.empty((0, 6), np.float32)).shape == (2, 0)
    assert rerank(np.empty((0, 6), np.float32), unit(rng, 4)).shape == (0, 4)


def test_equal_vectors_are_equally_far() -> None:
    same = np.tile(np.array([[0.6, 0.8]], np.float32), (30, 1))
    scores = rerank(same[:1], same)
    assert np.isfinite(scores).all()
    # With more equal ones than neighbours, the earlier are taken: those and only those share them.
    assert scores.max() <= 1e-6


def test_a_cluster_comes_before_what_is_merely_near() -> None:
    # Eight views of one vehicle around the query's, and a stranger that is as near as they are but
    # has its own crowd.
    rng = np.random.default_rng(10)
    axis, away = np.eye(8)[0], np.eye(8)[1]
    own = axis + 0.45 * rng.normal(size=(8, 8)) / math.sqrt(8)
    crowd = (0.75 * axis + 0.66 * away) + 0.05 * rng.normal(size=(12, 8)) / math.sqrt(8)
    gallery = np.concatenate([own, crowd])
    gallery = (gallery / np.linalg.norm(gallery, axis=1, keepdims=True)).astype(np.float32)
    query = axis[None].astype(np.float32)
    scores = rerank(query, gallery, Reranking(8, 3, 0.3))[0]
    assert scores[:8].min() > scores[8:].max()
