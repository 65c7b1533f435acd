"""The start network, rebuilt: the original's vectors, and weights that go out and come back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

onnx = pytest.importorskip("onnx", reason="needs the train extra")

from yanji.detect.golden import golden_picture  # noqa: E402
from yanji.reid.training import graph, scaling  # noqa: E402

START = (
    Path(__file__).parents[2].parent / "shared/models/omz/person-reidentification-retail-0248.onnx"
)


@pytest.fixture(scope="module")
def start() -> Path:
    if not START.is_file():
        pytest.skip("the start weights need ../shared/models")
    return START


def run(model: bytes, name: str, value: np.ndarray) -> np.ndarray:
    session: Any = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {name: value})[0])


def scaled(picture: np.ndarray) -> np.ndarray:
    rgb = picture[:, :, ::-1].astype(np.float32)
    return ((rgb - scaling.MEAN_3) / scaling.STD_3).transpose(2, 0, 1)[None]


def test_vectors_are_those_of_the_original(start: Path) -> None:
    picture = golden_picture(4, 256, 128)
    original = run(start.read_bytes(), "inputs:0", picture[None].astype(np.float32))[0]
    rebuilt = run(
        graph.prepare(start, 256, 128).SerializeToString(), scaling.INPUT, scaled(picture)
    )[0]
    cosine = original @ rebuilt / np.linalg.norm(original) / np.linalg.norm(rebuilt)
    assert cosine > 0.9999


def test_a_batch_gives_each_picture_its_own_vector(start: Path) -> None:
    model = graph.prepare(start, 192, 160).SerializeToString()
    crops = np.concatenate([scaled(golden_picture(seed, 192, 160)) for seed in (1, 2, 3)])
    crops[1] *= 3  # another contrast beside it must not reach the others' normalisation
    together = run(model, scaling.INPUT, crops)
    alone = np.concatenate([run(model, scaling.INPUT, crop[None]) for crop in crops])
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_weights_go_out_and_come_back(start: Path) -> None:
    model = graph.prepare(start, 64, 64)
    weights = graph.weights_of(model)
    changed = {name: value * 0.5 for name, value in weights.items()}
    again = graph.weights_of(graph.with_weights(model, changed))
    assert again.keys() == weights.keys()
    for name, value in again.items():
        np.testing.assert_array_equal(value, weights[name] * 0.5)
    with pytest.raises(ValueError, match="shape"):
        graph.with_weights(model, {"head/linear": np.zeros((2, 2), np.float32)})


def test_a_stretched_kernel_pools_a_flat_map_alike() -> None:
    kernel = np.random.default_rng(0).normal(size=(3, 1, 16, 8)).astype(np.float32)
    for rows, columns in ((12, 10), (16, 8), (8, 16)):
        stretched = graph.resize_kernel(kernel, rows, columns)
        assert stretched.shape == (3, 1, rows, columns)
    flat = np.ones((1, 1, 16, 8), np.float32)
    np.testing.assert_allclose(graph.resize_kernel(flat, 12, 10).sum(), 128, rtol=1e-6)


def test_torch_computes_the_same(start: Path) -> None:
    torch = pytest.importorskip("torch", reason="needs the train extra")
    from yanji.reid.training.torch_graph import constants_of, forward, steps_of

    model = graph.prepare(start, 96, 80)
    crops = scaled(golden_picture(7, 96, 80))
    expected = run(model.SerializeToString(), scaling.INPUT, crops)
    with torch.no_grad():
        found = forward(steps_of(model), constants_of(model), torch.from_numpy(crops)).numpy()
    np.testing.assert_allclose(found, expected, atol=2e-3)
