"""The shipped weights of every embedder: what their cards say of them holds on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from yanji.configs.errors import ModelError
from yanji.detect.card import Card, list_cards, load_card, verify_weights, weights_path
from yanji.detect.golden import check_golden, golden_batch, golden_picture
from yanji.detect.runtime import available_runtimes, open_runtime
from yanji.reid.backends.onnx_embedder import stretch
from yanji.reid.evaluate import Figures, evaluate_list
from yanji.reid.registry import DEFAULT_EMBEDDER, open_embedder

SHARED = Path(__file__).parents[2].parent / "shared" / "reid"


SHIPPED = [name for name in list_cards() if load_card(name).task == "embed"]


@pytest.fixture(scope="module", params=SHIPPED)
def card(request: pytest.FixtureRequest) -> Card:
    return load_card(request.param)


def test_the_default_is_shipped() -> None:
    assert DEFAULT_EMBEDDER in SHIPPED


def pictures() -> Sequence[np.ndarray]:
    return [
        stretch(golden_picture(seed, 120 + 20 * seed, 300 - 20 * seed), 90 + 9 * seed, 150)
        for seed in range(4)
    ]


def test_weights_are_those_of_the_card(card: Card) -> None:
    path = verify_weights(card)
    assert path.stat().st_size <= 10_000_000


def test_licence_and_limits_are_on_the_card(card: Card) -> None:
    assert card.licence == "AGPL-3.0-or-later"
    assert any("front" in limit for limit in card.limits)
    text = weights_path(card).with_suffix(".md").read_text(encoding="utf-8")
    for word in (card.licence, "train.txt", "front", card.sha256):
        assert word in text
    for item in card.data:
        assert item.licence.split()[0] in text


@pytest.mark.parametrize("runtime", available_runtimes())
def test_golden_vectors_in_every_runtime(card: Card, runtime: str) -> None:
    opened = open_runtime(card, runtime, "f32")  # type: ignore[arg-type]
    assert check_golden(card, opened.run(golden_batch(card)), "f32") < 0.005


def test_runtimes_and_precisions_agree(card: Card) -> None:
    if "openvino" not in available_runtimes():
        pytest.skip("needs openvino")
    reference = open_embedder(card.name, "onnxruntime", "f32").embed(pictures())
    exact = open_embedder(card.name, "openvino", "f32").embed(pictures())
    chosen = open_embedder(card.name, "openvino", "auto").embed(pictures())
    assert np.sum(reference * exact, axis=1).min() > 0.99999
    assert np.sum(reference * chosen, axis=1).min() > 0.995


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_one_exchanged_bit_is_refused(card: Card, tmp_path: Path, place: float) -> None:
    data = bytearray(weights_path(card).read_bytes())
    data[int(place * len(data))] ^= 0x40
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(data)
    with pytest.raises(ModelError, match="not the file"):
        open_embedder(card.name, weights=damaged)


def shared_figures(model: str) -> Figures:
    if not SHARED.is_dir():
        pytest.skip("the labelled pairs need ../shared/reid")
    embedder = open_embedder(model, "onnxruntime" if model != "histogram" else "auto")
    return evaluate_list(SHARED / "images", SHARED / "val.txt", embedder)


@pytest.mark.slow
def test_figures_of_the_card(card: Card) -> None:
    written = card.figures["val.txt"]
    assert isinstance(written, dict)
    measured = shared_figures(card.name)
    assert written.keys() <= measured.keys()
    for entry in written:
        figures = measured[entry]
        # 204 queries: one that flips between CPUs moves R1 by 0.005, of a small class by more.
        slack = 2 / figures["num_queries"]
        assert written[entry] == pytest.approx(figures, abs=slack)


@pytest.mark.slow
def test_the_baseline_is_beaten_by_a_wide_margin() -> None:
    trained, baseline = shared_figures(DEFAULT_EMBEDDER), shared_figures("histogram")
    assert trained["all"]["mAP"] > baseline["all"]["mAP"] + 0.25
    assert trained["all_veri"]["mAP"] > baseline["all_veri"]["mAP"] + 0.35
