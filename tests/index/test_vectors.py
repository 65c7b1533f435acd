"""The contract of a vector index, over every back end; `flat` is what the others must equal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yanji.configs.errors import UsageError
from yanji.index.vectors import BACKENDS, NO_ID, make_index

D = 24
every_backend = pytest.mark.parametrize("backend", [*sorted(BACKENDS), "milvus"], indirect=True)


@pytest.fixture(scope="module")
def backend(request, tmp_path_factory):
    """Name of a back end; `milvus` is milvus-lite on a file of its own."""
    if request.param != "milvus":
        return request.param
    pytest.importorskip("pymilvus", reason="needs pymilvus[milvus_lite]")
    return f"milvus:{tmp_path_factory.mktemp('milvus') / 'test.db'}"


def unit_rows(num: int, seed: int = 0):
    rows_ND = np.random.default_rng(seed).standard_normal((num, D)).astype(np.float32)
    return rows_ND / np.linalg.norm(rows_ND, axis=1, keepdims=True)


def ids_of(*numbers: int):
    return np.array(numbers, np.int64)


@every_backend
def test_it_finds_what_was_added(backend):
    index = make_index(backend, D)
    rows_ND = unit_rows(50)
    index.add(np.arange(100, 150), rows_ND)
    ids_QK, scores_QK = index.search(rows_ND[:7], 3)
    assert ids_QK.shape == scores_QK.shape == (7, 3)
    assert ids_QK[:, 0].tolist() == list(range(100, 107))
    assert np.allclose(scores_QK[:, 0], 1, atol=1e-3)
    assert (np.diff(scores_QK, axis=1) <= 0).all()
    assert len(index) == 50
    assert sorted(index.ids()) == list(range(100, 150))


@every_backend
def test_places_without_a_vector_are_marked(backend):
    index = make_index(backend, D)
    empty_ids, empty_scores = index.search(unit_rows(2), 3)
    assert (empty_ids == NO_ID).all()
    assert (empty_scores == -np.inf).all()
    index.add(ids_of(5), unit_rows(1))
    ids_QK, scores_QK = index.search(unit_rows(1), 3)
    assert ids_QK.tolist() == [[5, NO_ID, NO_ID]]
    assert scores_QK[0, 1:].tolist() == [-np.inf, -np.inf]
    nothing, _ = index.search(unit_rows(1), 2, ids_of())
    assert nothing.tolist() == [[NO_ID, NO_ID]]


@every_backend
def test_an_id_is_replaced_and_the_last_of_two_counts(backend):
    index = make_index(backend, D)
    rows_ND = unit_rows(4)
    index.add(ids_of(1, 2), rows_ND[:2])
    index.add(ids_of(1, 3, 1), rows_ND[[0, 2, 3]])
    assert sorted(index.ids()) == [1, 2, 3]
    assert index.search(rows_ND[3:4], 1)[0].tolist() == [[1]]


@every_backend
def test_removed_ids_are_gone_and_unknown_ones_are_passed_over(backend):
    index = make_index(backend, D)
    rows_ND = unit_rows(20)
    index.add(np.arange(20), rows_ND)
    assert index.remove(ids_of(3, 7, 99)) == 2
    assert index.remove(ids_of(3)) == 0
    assert len(index) == 18
    found_QK, _ = index.search(rows_ND, 20)
    assert not np.isin([3, 7], found_QK).any()
    kept_N = np.setdiff1d(np.arange(20), [3, 7])
    assert found_QK[kept_N, 0].tolist() == kept_N.tolist()


@every_backend
def test_wrong_shapes_are_refused(backend):
    index = make_index(backend, D)
    with pytest.raises(ValueError, match="do not fit"):
        index.add(ids_of(1, 2), unit_rows(3))
    with pytest.raises(ValueError, match="do not fit"):
        index.add(ids_of(1), np.ones((1, D + 1), np.float32))


@every_backend
def test_every_back_end_equals_flat_along_one_history(backend):
    random = np.random.default_rng(3)
    reference, index = make_index("flat", D), make_index(backend, D)
    for step in range(12):
        ids_N = random.integers(0, 60, 15)
        if step % 3 < 2:
            rows_ND = unit_rows(15, seed=step)
            reference.add(ids_N, rows_ND)
            index.add(ids_N, rows_ND)
        else:
            assert reference.remove(ids_N) == index.remove(ids_N)
        queries_QD = unit_rows(3, seed=1000 + step)
        for allowed_M in (None, random.integers(0, 70, 25)):
            expected_QK, scores_QK = reference.search(queries_QD, 30, allowed_M)
            found_QK, found_scores_QK = index.search(queries_QD, 30, allowed_M)
            assert found_QK.tolist() == expected_QK.tolist()
            assert np.allclose(found_scores_QK, scores_QK, atol=1e-5)


@pytest.mark.parametrize("name", sorted(BACKENDS))
@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(st.tuples(st.booleans(), st.lists(st.integers(0, 40), max_size=12)), max_size=8),
    allowed=st.none() | st.lists(st.integers(0, 50), max_size=30),
    k=st.integers(1, 60),
)
def test_the_embedded_back_ends_equal_flat_after_any_history(name, steps, allowed, k):
    reference, index = make_index("flat", D), make_index(name, D)
    for number, (is_add, ids) in enumerate(steps):
        ids_N = np.array(ids, np.int64)
        if is_add:
            rows_ND = unit_rows(len(ids), seed=number)
            reference.add(ids_N, rows_ND)
            index.add(ids_N, rows_ND)
        else:
            assert reference.remove(ids_N) == index.remove(ids_N)
    assert len(reference) == len(index)
    allowed_M = None if allowed is None else np.array(allowed, np.int64)
    queries_QD = unit_rows(3, seed=1000)
    expected_QK, scores_QK = reference.search(queries_QD, k, allowed_M)
    found_QK, found_scores_QK = index.search(queries_QD, k, allowed_M)
    # Random rows do not tie, so the order is the same too.
    assert found_QK.tolist() == expected_QK.tolist()
    assert np.allclose(found_scores_QK, scores_QK, atol=1e-5)


def test_an_unknown_back_end_is_named():
    with pytest.raises(UsageError, match="no vector index 'annoy'"):
        make_index("annoy", D)
