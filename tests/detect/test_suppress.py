"""One box per vehicle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yanji.detect import suppress
from yanji.detect.suppress import IOU_SAME_THING, iou_matrix, suppress_group

edges = st.floats(0, 500, width=32)
sides = st.floats(2, 300, width=32)
scores = st.floats(0.0625, 1, width=32)
candidates = st.lists(
    st.tuples(edges, edges, sides, sides, scores, scores, scores), min_size=0, max_size=30
)


def split(rows: list[tuple[float, ...]]) -> tuple[np.ndarray, np.ndarray]:
    table = np.array(rows, np.float32).reshape(-1, 7)
    return np.concatenate([table[:, :2], table[:, :2] + table[:, 2:4]], axis=1), table[:, 4:]


def run(boxes: list[list[float]], table: list[list[float]]) -> tuple[list[int], list[int]]:
    kept, columns, _ = suppress_group(np.array(boxes, np.float32), np.array(table, np.float32))
    return kept.tolist(), columns.tolist()


def test_an_ebike_seen_as_motorcycle_and_bicycle_is_one_box() -> None:
    boxes = [[100, 100, 160, 220], [102, 110, 158, 224], [101, 98, 161, 219]]
    kept, columns = run(boxes, [[0.2, 0.45], [0.5, 0.1], [0.1, 0.44]])
    # The best single score is `0`, but two boxes say `1`.
    assert kept == [1]
    assert columns == [1]


def test_the_cab_of_a_lorry_called_a_car_belongs_to_the_lorry() -> None:
    boxes = [[0, 0, 200, 100], [100, 0, 200, 100]]
    assert run(boxes, [[0.1, 0.8], [0.6, 0.1]])[0] == [0]


def test_a_car_of_the_same_class_half_hidden_behind_another_stays() -> None:
    boxes = [[0, 0, 200, 100], [120, 5, 190, 90]]
    assert run(boxes, [[0.8, 0.1], [0.6, 0.1]])[0] == [0, 1]


def test_a_small_car_in_front_of_a_bus_stays() -> None:
    boxes = [[0, 0, 400, 300], [50, 200, 150, 290]]
    assert run(boxes, [[0.1, 0.8], [0.6, 0.1]])[0] == [0, 1]


def test_nothing_in_nothing_out() -> None:
    kept, columns, best = suppress_group(np.empty((0, 4), np.float32), np.empty((0, 3), np.float32))
    assert len(kept) == len(columns) == len(best) == 0


@given(candidates)
def test_properties(rows: list[tuple[float, ...]]) -> None:
    boxes_N4, scores_NC = split(rows)
    kept, columns, best = suppress_group(boxes_N4, scores_NC)
    assert len(set(kept.tolist())) == len(kept)
    assert (len(kept) > 0) == (len(rows) > 0)
    assert (np.diff(best) <= 0).all()
    assert ((columns >= 0) & (columns < 3)).all()
    if rows:
        assert best[0] == pytest.approx(scores_NC.max())
        iou, _ = iou_matrix(boxes_N4[kept], boxes_N4[kept])
        np.fill_diagonal(iou, 0)
        assert iou.max() < IOU_SAME_THING
    # Suppressing what is left changes nothing.
    again, _, _ = suppress_group(boxes_N4[kept], scores_NC[kept])
    assert again.tolist() == list(range(len(kept)))


@given(candidates)
def test_overlap_is_symmetric_and_bounded(rows: list[tuple[float, ...]]) -> None:
    boxes_N4, _ = split(rows)
    iou, inside = iou_matrix(boxes_N4, boxes_N4)
    assert np.allclose(iou, iou.T, atol=1e-5)
    assert ((iou >= 0) & (iou <= 1.001)).all()
    assert (inside >= iou - 1e-4).all()


@given(candidates)
def test_row_by_row_and_all_at_once_are_the_same(rows: list[tuple[float, ...]]) -> None:
    boxes_N4, table_N3 = split(rows)
    answers = []
    for most in (0, 1000):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(suppress, "WHOLE_MATRIX", most)
            answers.append(suppress_group(boxes_N4, table_N3))
    for one, other in zip(*answers, strict=True):
        assert np.array_equal(one, other)
