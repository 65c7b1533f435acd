"""What the map does to known data, and data from which nothing can be learned."""

from __future__ import annotations

import numpy as np
import pytest

from yanji.configs.errors import UsageError
from yanji.reid.whitening import fit_whitening, shrunk_covariance


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def views(rng: np.random.Generator, vehicles: int, noise_D: np.ndarray) -> np.ndarray:
    """Two views of each vehicle, which differ along some directions more than along others."""
    looks = rng.normal(size=(vehicles, len(noise_D)))
    return unit(
        np.repeat(looks, 2, axis=0) + rng.normal(size=(2 * vehicles, len(noise_D))) * noise_D
    )


def names(vehicles: int) -> list[str]:
    return [f"car_{i}" for i in range(vehicles) for _ in range(2)]


def first_share(vectors: np.ndarray) -> float:
    scores = vectors[::2] @ vectors[1::2].T
    return float(np.mean(scores.argmax(axis=1) == np.arange(len(scores))))


def test_directions_in_which_views_differ_lose_weight() -> None:
    rng = np.random.default_rng(0)
    noise = np.array([4.0] * 6 + [0.2] * 10)
    whitening = fit_whitening(views(rng, 300, noise), names(300))
    fresh = views(rng, 200, noise)
    assert first_share(whitening.apply(fresh)) > first_share(fresh) + 0.2
    assert np.linalg.norm(whitening.apply(fresh), axis=1) == pytest.approx(1.0, abs=1e-5)


def test_within_scatter_becomes_the_identity_with_much_data() -> None:
    rng = np.random.default_rng(1)
    noise = np.array([0.3, 0.2, 0.1, 0.05])
    vectors = views(rng, 20_000, noise).astype(np.float64)
    whitening = fit_whitening(vectors.astype(np.float32), names(20_000))
    mapped = (vectors - whitening.mean_D) @ whitening.map_DD
    differences = mapped[::2] - mapped[1::2]  # of two views: twice the scatter
    assert differences.T @ differences / len(differences) / 2 == pytest.approx(np.eye(4), abs=0.03)
    assert whitening.shrinkage < 0.01


def test_fewer_pairs_than_dimensions_are_shrunk_and_harmless() -> None:
    rng = np.random.default_rng(2)
    noise = np.full(64, 0.5)
    whitening = fit_whitening(views(rng, 5, noise), names(5))
    assert 0 < whitening.shrinkage <= 1
    fresh = views(rng, 100, noise)
    whitened = whitening.apply(fresh)
    assert np.isfinite(whitened).all()
    assert first_share(whitened) > 0.9 * first_share(fresh)


def test_one_pair_can_be_learned_from() -> None:
    vectors = unit(np.array([[1.0, 0.1, 0.0], [1.0, -0.1, 0.0]]))
    mapped = fit_whitening(vectors, ["car_1", "car_1"]).apply(unit(np.array([[1.0, 2.0, 3.0]])))
    assert np.isfinite(mapped).all()


@pytest.mark.parametrize(
    ("vectors", "vehicles"),
    [
        (np.eye(3, dtype=np.float32), ["a", "b", "c"]),
        (np.empty((0, 4), np.float32), []),
        (np.ones((4, 1), np.float32), ["a", "a", "b", "b"]),
    ],
    ids=["one view each", "none", "all alike"],
)
def test_nothing_to_learn_from_is_told(vectors: np.ndarray, vehicles: list[str]) -> None:
    with pytest.raises(UsageError):
        fit_whitening(vectors, vehicles)


def test_vehicles_of_one_view_move_the_mean_only() -> None:
    rng = np.random.default_rng(3)
    pairs = views(rng, 30, np.full(5, 0.3))
    alone = unit(rng.normal(size=(10, 5)))
    with_them = fit_whitening(np.concatenate([pairs, alone]), [*names(30), *"abcdefghij"])
    assert with_them.map_DD == pytest.approx(fit_whitening(pairs, names(30)).map_DD)


def test_a_vector_on_the_mean_stays() -> None:
    vectors = unit(np.array([[1.0, 0.2], [1.0, -0.2]]))
    whitening = fit_whitening(vectors, ["a", "a"])
    mean = whitening.mean_D.astype(np.float32)[None]
    assert np.isfinite(whitening.apply(mean)).all()


def test_the_shrinkage_equals_the_formula_read_slowly() -> None:
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(12, 5)) * np.array([3.0, 1, 1, 0.5, 0.1])
    count, dimension = rows.shape
    s = sum(np.outer(row, row) for row in rows) / count

    def norm2(matrix: np.ndarray) -> float:
        return float(np.trace(matrix @ matrix.T)) / dimension

    m = np.trace(s) / dimension
    d2 = norm2(s - m * np.eye(dimension))
    b2 = min(d2, sum(norm2(np.outer(row, row) - s) for row in rows) / count**2)
    covariance, share = shrunk_covariance(rows)
    assert share == pytest.approx(b2 / d2)
    assert covariance == pytest.approx(b2 / d2 * m * np.eye(dimension) + (1 - b2 / d2) * s)
