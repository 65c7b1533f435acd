"""What verdicts do to a query's vector."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yanji.index.rerank import REJECTED_WEIGHT, refined
from yanji.reid.sighting import Embedding


def unit_vector(seed: int) -> np.ndarray:
    vector_D = np.random.default_rng(seed).standard_normal(16).astype(np.float32)
    return vector_D / np.linalg.norm(vector_D)


def make_embedding(seed: int) -> Embedding:
    return Embedding("m1", "0" * 64, unit_vector(seed))


NONE = np.zeros((0, 16), np.float32)


def rows(*seeds: int) -> np.ndarray:
    return np.stack([unit_vector(seed) for seed in seeds])


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def test_nothing_said_leaves_the_query_as_it_is() -> None:
    query = make_embedding(1)
    assert refined(query, NONE, NONE) is query


def test_the_formula() -> None:
    query, sure, wrong = make_embedding(1), rows(2, 3), rows(4, 5)
    mean = unit((query.vector_D + sure[0] + sure[1]) / 3)
    expected = unit(mean - REJECTED_WEIGHT * (wrong[0] + wrong[1]) / 2)
    moved = refined(query, sure, wrong)
    assert moved.vector_D == pytest.approx(expected, abs=1e-6)
    assert moved.vector_D.dtype == np.float32
    assert (moved.model_id, moved.weights_sha256) == (query.model_id, query.weights_sha256)


def test_confirmed_pull_and_rejected_push() -> None:
    query, one = make_embedding(1), rows(2)
    near = float(query.vector_D @ one[0])
    assert float(refined(query, one, NONE).vector_D @ one[0]) > near + 0.3
    assert float(refined(query, NONE, one).vector_D @ one[0]) < near - 0.1
    # Pushed away, not turned away.
    assert float(refined(query, NONE, one).vector_D @ query.vector_D) > 0.9


def test_views_that_cancel_each_other_out_leave_the_query() -> None:
    query = make_embedding(1)
    opposite = -query.vector_D[None]
    assert refined(query, opposite, NONE).vector_D == pytest.approx(query.vector_D, abs=1e-6)
    nearly = unit(opposite[0] + 0.01 * unit_vector(2))[None].astype(np.float32)
    assert refined(query, nearly, NONE).vector_D == pytest.approx(query.vector_D, abs=1e-6)


def test_a_query_that_is_itself_rejected_stays() -> None:
    query = make_embedding(1)
    moved = refined(query, NONE, query.vector_D[None])
    assert moved.vector_D == pytest.approx(query.vector_D, abs=1e-6)


def test_rejected_ones_on_both_sides_cancel_out() -> None:
    query, wrong = make_embedding(1), rows(2)
    both = np.concatenate([wrong, -wrong])
    assert refined(query, NONE, both).vector_D == pytest.approx(query.vector_D, abs=1e-6)


def test_vectors_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="confirmed"):
        refined(make_embedding(1), np.ones((1, 8), np.float32), NONE)
    with pytest.raises(ValueError, match="rejected"):
        refined(make_embedding(1), NONE, np.ones(16, np.float32))


@given(
    st.lists(st.integers(0, 60), max_size=50),
    st.lists(st.integers(0, 60), max_size=200),
    st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_the_result_is_always_of_unit_length(
    sure: list[int], wrong: list[int], opposed: bool
) -> None:
    query = make_embedding(0)
    confirmed = rows(*sure) if sure else NONE
    if opposed and sure:
        confirmed = np.concatenate([confirmed, -confirmed, -query.vector_D[None]])
    rejected = rows(*wrong) if wrong else NONE
    moved: Embedding = refined(query, confirmed, rejected)
    assert np.linalg.norm(moved.vector_D) == pytest.approx(1, abs=1e-5)
    assert np.isfinite(moved.vector_D).all()
