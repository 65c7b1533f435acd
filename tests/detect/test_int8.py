"""int8: its file is proved like all weights, and taken only where it is as good."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path

import numpy as np
import pytest

from yanji.configs.default_models import DEFAULT_EMBEDDER
from yanji.configs.errors import ModelError, SettingsError
from yanji.configs.settings import load_settings
from yanji.detect import runtime as runtimes
from yanji.detect.card import (
    Card,
    Quantised,
    data_path,
    list_cards,
    load_card,
    quantised_of,
    read_card,
    verify_weights,
)
from yanji.detect.golden import check_golden, golden_batch
from yanji.detect.runtime import available_runtimes, int8_or_auto, open_runtime
from yanji.reid.registry import open_embedder

needs_openvino = pytest.mark.skipif("openvino" not in available_runtimes(), reason="needs openvino")


@pytest.fixture
def part(card: Card) -> Quantised:
    return quantised_of(card)


@pytest.fixture
def without_bf16(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("yanji.detect.runtimes.openvino")
    monkeypatch.setattr("yanji.detect.runtimes.openvino.has_bf16", lambda: False)


def with_part(card: Card, **changes: object) -> Card:
    return card.model_copy(
        update={"quantised": quantised_of(card).model_copy(update=dict(changes))}
    )


def test_every_int8_file_of_the_registry_is_the_one_on_its_card() -> None:
    with_int8 = [name for name in list_cards() if load_card(name).quantised is not None]
    assert "yolo11n" in with_int8
    for name in with_int8:
        path = verify_weights(load_card(name), precision="int8")
        assert path.suffix == ".onnx"
        assert path.stat().st_size < 4_000_000


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"sha256": "abc"}, "quantised.sha256"),
        ({"made_from": "0" * 64}, "made from other weights"),
        ({"file": "../a.onnx"}, "beside the card"),
        ({"calibrated_on": []}, "quantised.calibrated_on"),
        ({"num_pictures": 0}, "quantised.num_pictures"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_wrong_parts_are_refused_with_the_place(
    card: Card, changes: dict[str, object], where: str
) -> None:
    document = card.model_dump(mode="json")
    document["quantised"].update(changes)
    with pytest.raises(ModelError, match=where):
        read_card(json.dumps(document), "yolo11n")


def test_a_part_needs_golden_vectors_for_int8(card: Card) -> None:
    document = card.model_dump(mode="json")
    del document["golden"]["tolerance"]["int8"]
    with pytest.raises(ModelError, match="tolerance for int8"):
        read_card(json.dumps(document), "yolo11n")


def test_one_flipped_bit_is_noticed(card: Card, part: Quantised, tmp_path: Path) -> None:
    data = bytearray(data_path(card, part.file).read_bytes())
    data[len(data) // 2] ^= 1
    copy = tmp_path / "copy.onnx"
    copy.write_bytes(data)
    with pytest.raises(ModelError, match="not the file that its card describes") as caught:
        verify_weights(card, copy, "int8")
    assert "install yanji again" in caught.value.hint
    verify_weights(card)  # the fp32 file is another one


@needs_openvino
def test_golden_vectors_hold_in_int8_and_not_by_chance(card: Card) -> None:
    opened = open_runtime(card, "openvino", "int8")
    assert opened.precision == "int8"
    error = check_golden(card, opened.run(golden_batch(card)), "int8")
    assert card.golden is not None
    assert card.golden.tolerance["f32"] < error < card.golden.tolerance["int8"]


@needs_openvino
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_damaged_file_that_loads_is_refused_by_golden_vectors(
    card: Card, part: Quantised, tmp_path: Path, seed: int
) -> None:
    data = bytearray(data_path(card, part.file).read_bytes())
    start = int(np.random.default_rng(seed).integers(len(data) // 10, len(data) // 2))
    data[start : start + 65536] = bytes(65536)
    path = tmp_path / f"damaged{seed}.onnx"
    path.write_bytes(data)
    other = with_part(card, sha256=hashlib.sha256(data).hexdigest())
    with pytest.raises(ModelError):
        open_runtime(other, "openvino", "int8", weights=path)


@needs_openvino
@pytest.mark.parametrize("size", [(384, 640), (480, 640), (640, 640), (640, 192), (32, 32)])
def test_any_multiple_of_32(card: Card, size: tuple[int, int]) -> None:
    height, width = size
    opened = open_runtime(card, "openvino", "int8", (1, height, width))
    answer = opened.run(np.full((1, height, width, 3), 114, np.uint8))
    assert answer.shape == (1, 84, height * width * 21 // 1024)
    assert np.isfinite(answer).all()


@needs_openvino
@pytest.mark.parametrize(
    ("name", "bf16", "wanted", "default", "may_quantise", "expected"),
    [
        ("openvino", True, "auto", True, True, ["bf16", "f32"]),
        ("openvino", False, "auto", True, True, ["int8", "f32"]),
        ("openvino", False, "auto", False, True, ["f32"]),
        ("openvino", False, "auto", True, False, ["f32"]),
        ("openvino", True, "int8", False, False, ["int8"]),
        ("openvino", False, "f32", True, True, ["f32"]),
        ("onnxruntime", False, "auto", True, True, ["f32"]),
        ("onnxruntime", False, "f32", True, True, ["f32"]),
    ],
)
def test_the_order_of_precisions(
    card: Card,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    bf16: bool,
    wanted: str,
    default: bool,
    may_quantise: bool,
    expected: list[str],
) -> None:
    monkeypatch.setattr("yanji.detect.runtimes.openvino.has_bf16", lambda: bf16)
    other = with_part(card, default=default)
    assert runtimes._precisions(name, wanted, other, may_quantise) == expected


@needs_openvino
def test_a_card_without_int8(card: Card, without_bf16: None) -> None:
    other = card.model_copy(update={"quantised": None})
    with pytest.raises(ModelError, match="has no int8 file") as caught:
        open_runtime(other, "openvino", "int8")
    assert "auto or f32" in caught.value.hint
    assert open_runtime(other, "openvino").precision == "f32"
    assert int8_or_auto(other, "int8") == "auto"
    assert int8_or_auto(card, "int8") == "int8"
    assert int8_or_auto(other, "bf16") == "bf16"


@needs_openvino
@pytest.mark.parametrize(
    "changes", [{"sha256": "0" * 64}, {"size_bytes": 1}, {"file": "none.onnx"}]
)
def test_a_damaged_or_missing_file_is_an_error_and_auto_goes_on_without_it(
    card: Card,
    without_bf16: None,
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, object],
) -> None:
    other = with_part(card, **changes)
    with pytest.raises(ModelError, match=r"not the file|none\.onnx"):
        open_runtime(other, "openvino", "int8")
    with caplog.at_level(logging.WARNING):
        assert open_runtime(other, "openvino").precision == "f32"
    assert "Trying f32" in caplog.text


@needs_openvino
def test_other_answers_in_int8_are_an_error_and_auto_goes_on_without_it(
    card: Card, without_bf16: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a CPU that computes int8 wrongly."""
    monkeypatch.setattr(runtimes, "_proved", set())
    assert card.golden is not None
    strict = card.golden.model_copy(update={"tolerance": {"f32": 0.02, "int8": 0.001}})
    other = card.model_copy(update={"golden": strict})
    with pytest.raises(ModelError, match="other answers"):
        open_runtime(other, "openvino", "int8")
    assert open_runtime(other, "openvino").precision == "f32"


def test_without_openvino(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtimes, "available_runtimes", lambda: ["onnxruntime"])
    for name in ("auto", "onnxruntime"):
        with pytest.raises(ModelError, match="f32 only") as caught:
            open_runtime(card, name, "int8")  # type: ignore[arg-type]
        assert "openvino" in caught.value.hint
    with pytest.raises(ModelError, match="not installed"):
        open_runtime(card, "openvino", "int8")
    assert open_runtime(card).precision == "f32"


@needs_openvino
def test_an_embedder_without_int8_computes_as_with_auto() -> None:
    crop = np.full((64, 48, 3), 90, np.uint8)
    vector_1D = open_embedder(DEFAULT_EMBEDDER, precision="int8").embed([crop])
    assert np.allclose(vector_1D, open_embedder(DEFAULT_EMBEDDER).embed([crop]), atol=1e-6)


def test_the_setting() -> None:
    assert load_settings(flags={"precision": "int8"}).precision == "int8"
    with pytest.raises(SettingsError, match="precision"):
        load_settings(flags={"precision": "int4"})
