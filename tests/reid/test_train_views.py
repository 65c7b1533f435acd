"""Training on many views: the losses as defined, the head as it is folded, a run of two steps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from yanji.detect.card import load_card, weights_path  # noqa: E402
from yanji.reid.training import losses, train_views  # noqa: E402
from yanji.reid.training.head import HeadLayers  # noqa: E402
from yanji.reid.training.vehicles import Vehicle, View  # noqa: E402


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_contrastive_loss_is_its_definition() -> None:
    rows = unit(np.random.default_rng(1).normal(size=(7, 5)))
    labels = [0, 0, 1, 1, 1, 2, 3]
    total = []
    for i, label in enumerate(labels):
        others = [j for j in range(7) if j != i]
        same = [j for j in others if labels[j] == label]
        if not same:
            continue
        shares = np.exp(rows @ rows[i] / 0.2)
        total.append(np.mean([-np.log(shares[j] / shares[others].sum()) for j in same]))
    found = losses.contrastive(torch.from_numpy(rows), torch.tensor(labels), 0.2)
    assert float(found) == pytest.approx(np.mean(total), rel=1e-5)


def test_margin_softmax_is_its_definition() -> None:
    rng = np.random.default_rng(2)
    rows, proxies = unit(rng.normal(size=(4, 5))), rng.normal(size=(3, 5))
    labels = [2, 0, 0, 1]
    logits = 24 * (rows @ unit(proxies).T - 0.2 * np.eye(3)[labels])
    expected = -np.mean(
        [row[label] - np.log(np.exp(row).sum()) for row, label in zip(logits, labels, strict=True)]
    )
    found = losses.margin_softmax(
        torch.from_numpy(rows), torch.tensor(labels), torch.from_numpy(proxies), 24.0, 0.2
    )
    assert float(found) == pytest.approx(expected, rel=1e-6)


def test_a_folded_head_answers_as_the_layers_did() -> None:
    rng = np.random.default_rng(3)
    features = rng.normal(3, 2, (40, 12)).astype(np.float32)
    layers = HeadLayers(features.mean(0), features.std(0), 9, 4)
    layers.train()
    for _ in range(5):
        layers(torch.from_numpy(features))  # moves the running means
    layers.eval()
    expected = layers(torch.from_numpy(features)).detach().numpy()
    head = layers.folded()
    hidden = np.maximum(features @ head.first_HF.T + head.first_H, 0)
    np.testing.assert_allclose(hidden @ head.second_DH.T + head.second_D, expected, atol=1e-4)


def vehicles(folder: Path, kind: str, angles: tuple[float | None, ...]) -> tuple[Vehicle, ...]:
    rng = np.random.default_rng(len(kind))
    found = []
    for number in range(4):
        views = []
        for which, angle in enumerate(angles):
            path = folder / f"{kind}_{number}_{which}.jpg"
            cv2.imwrite(str(path), rng.integers(0, 255, (60, 50, 3), np.uint8))
            views.append(View(path, False, angle))
        found.append(Vehicle(f"{kind}_{number}", kind, tuple(views)))
    return tuple(found)


@pytest.fixture
def data(tmp_path: Path) -> train_views.Data:
    return train_views.Data(
        vehicles(tmp_path, "saloon", (0.0, 90.0, 170.0)), vehicles(tmp_path, "car", (None, None))
    )


RECIPE = train_views.Recipe(
    height_px=64, width_px=64, hidden=8, dimension=6, rendered_per_batch=3, real_per_batch=2,
    head_steps=3, steps=2,
)  # fmt: skip


def answers(graph: Any, crops: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(
        graph.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return np.asarray(session.run(None, {"crops": crops})[0])


def test_a_run_gives_a_graph_that_answers_and_repeats(
    data: train_views.Data, tmp_path: Path
) -> None:
    start = weights_path(load_card("yanji-reid-1"))
    kept = tmp_path / "features.npy"
    first = train_views.train(start, data, RECIPE, kept, every=1)
    assert kept.exists()
    again = train_views.train(start, data, RECIPE, kept, every=1)
    other = train_views.train(start, data, replace(RECIPE, seed=2), None, every=1)
    crops = np.random.default_rng(1).normal(size=(2, 3, 64, 64)).astype(np.float32)
    assert answers(first, crops).shape == (2, 6)
    np.testing.assert_array_equal(answers(first, crops), answers(again, crops))
    assert not np.allclose(answers(first, crops), answers(other, crops))
    in_torch = train_views.vectors_of(first, data.real[:1], RECIPE)[0]
    np.testing.assert_allclose(np.linalg.norm(in_torch, axis=1), 1, rtol=1e-5)


def test_features_that_were_kept_of_other_pictures_are_made_anew(
    data: train_views.Data, tmp_path: Path
) -> None:
    kept = tmp_path / "features.npy"
    np.save(kept, np.zeros((3, 5), np.float32))
    train_views.train(weights_path(load_card("yanji-reid-1")), data, RECIPE, kept, every=9)
    assert np.load(kept).shape[0] == 4 * 3 + 4 * 2


def test_real_vehicles_alone_are_enough(data: train_views.Data) -> None:
    start = weights_path(load_card("yanji-reid-1"))
    alone = train_views.Data((), data.real)
    crops = np.zeros((1, 3, 64, 64), np.float32)
    graph = train_views.train(start, alone, RECIPE, None, every=9)
    assert np.isfinite(answers(graph, crops)).all()
