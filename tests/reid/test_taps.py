"""The graph of pooled maps equals a plain reading of its description; the head is what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

onnx = pytest.importorskip("onnx", reason="needs the train extra")

from yanji.configs.errors import ModelError  # noqa: E402
from yanji.detect.card import load_card, weights_path  # noqa: E402
from yanji.reid.training.scaling import INPUT  # noqa: E402
from yanji.reid.training.taps import (  # noqa: E402
    Head,
    features_graph,
    num_features,
    with_head,
)
from yanji.reid.training.write_card import Words, write_model  # noqa: E402

HEIGHT, WIDTH = 128, 112


@pytest.fixture(scope="module")
def trunk() -> Any:
    return onnx.load(str(weights_path(load_card("yanji-reid-1"))))


def run(model: Any, crops: np.ndarray, *outputs: str) -> list[np.ndarray]:
    session: Any = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return [np.asarray(found) for found in session.run(list(outputs) or None, {INPUT: crops})]


def crops(count: int) -> np.ndarray:
    return np.random.default_rng(5).normal(0, 1, (count, 3, HEIGHT, WIDTH)).astype(np.float32)


def test_features_are_what_the_description_says(trunk: Any) -> None:
    graph = features_graph(trunk, HEIGHT, WIDTH)
    maps = [node.input[0] for node in graph.graph.node if node.op_type == "ReduceMax"]
    for name in maps:
        graph.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
    given = crops(3)
    features, *found = run(graph, given)
    plain = []
    for taken, stride in zip(found, (4, 8, 16), strict=True):
        rows, columns = taken.shape[2:]
        assert (rows, columns) == (HEIGHT // stride, WIDTH // stride)
        top, left = rows // 5, columns // 5
        plain += [
            taken.mean((2, 3)),
            taken.max((2, 3)),
            np.sqrt(taken.var((2, 3)) + 1e-5),
            taken[:, :, top : rows - top, left : columns - left].mean((2, 3)),
            taken.reshape(3, taken.shape[1], 4, -1).mean(3).reshape(3, -1),
        ]
    plain.append(given.reshape(3, 3, 4, HEIGHT // 4, 4, WIDTH // 4).mean((3, 5)).reshape(3, -1))
    expected = np.concatenate(plain, 1)
    assert features.shape == expected.shape == (3, num_features(graph))
    np.testing.assert_allclose(features, expected, atol=2e-3, rtol=1e-3)


def test_a_crop_has_one_vector_whatever_is_beside_it(trunk: Any) -> None:
    graph = features_graph(trunk, HEIGHT, WIDTH)
    given = crops(3)
    together = run(graph, given)[0]
    alone = np.concatenate([run(graph, crop[None])[0] for crop in given])
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_a_head_is_two_linear_layers_with_a_rectifier_between(trunk: Any) -> None:
    graph = features_graph(trunk, HEIGHT, WIDTH)
    rng = np.random.default_rng(2)
    count = num_features(graph)
    head = Head(
        rng.normal(0, 0.02, (16, count)).astype(np.float32),
        rng.normal(0, 1, 16).astype(np.float32),
        rng.normal(0, 1, (8, 16)).astype(np.float32),
        rng.normal(0, 1, 8).astype(np.float32),
    )
    given = crops(2)
    features = run(graph, given)[0]
    hidden = np.maximum(features @ head.first_HF.T + head.first_H, 0)
    vectors = run(with_head(graph, head), given)[0]
    np.testing.assert_allclose(vectors, hidden @ head.second_DH.T + head.second_D, atol=1e-3)


@pytest.mark.parametrize(("height", "width"), [(100, 112), (128, 100)])
def test_sizes_that_the_pooling_does_not_divide_are_refused(
    trunk: Any, height: int, width: int
) -> None:
    with pytest.raises(ValueError, match="multiple"):
        features_graph(trunk, height, width)


def test_the_trunk_of_a_finished_graph_is_taken_again(trunk: Any) -> None:
    graph = features_graph(trunk, HEIGHT, WIDTH)
    count = num_features(graph)
    head = Head(*(np.zeros(shape, np.float32) for shape in ((4, count), (4,), (3, 4), (3,))))
    again = features_graph(with_head(graph, head), HEIGHT, WIDTH)
    given = crops(2)
    np.testing.assert_array_equal(run(again, given)[0], run(graph, given)[0])


def test_a_graph_without_a_trunk_is_refused(trunk: Any) -> None:
    other = onnx.helper.make_model(
        onnx.helper.make_graph(
            [onnx.helper.make_node("Relu", ["crops"], ["vectors"])], "other", [], []
        )
    )
    with pytest.raises(ValueError, match="head/pooled"):
        features_graph(other, HEIGHT, WIDTH)


def test_weights_that_ran_away_are_not_written(trunk: Any, tmp_path: Path) -> None:
    graph = features_graph(trunk, HEIGHT, WIDTH)
    count = num_features(graph)
    head = Head(*(np.full(shape, np.nan, np.float32) for shape in ((4, count), (4,), (3, 4), (3,))))
    weights = tmp_path / "away.onnx"
    onnx.save(with_head(graph, head), str(weights))
    with pytest.raises(ModelError, match="not finite"):
        write_model(weights, "away", tmp_path / "models", [], Words("away", ()))
    assert not (tmp_path / "models").exists()
