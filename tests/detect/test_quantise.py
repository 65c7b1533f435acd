"""Making an int8 file, as far as it goes without NNCF."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from yanji.configs.default_models import DEFAULT_EMBEDDER
from yanji.configs.errors import UsageError
from yanji.detect import quantise as making
from yanji.detect.card import Card, load_card
from yanji.detect.quantise import calibration_inputs, make_activations_unsigned, quantise

PICTURE = np.zeros((1, 384, 640, 3), np.uint8)


class Entry:
    """What an initialiser of ONNX needs to be here."""

    def __init__(self, name: str, values: Any) -> None:
        self.name, self.values = name, np.array(values)

    def CopyFrom(self, other: Entry) -> None:  # noqa: N802 - as protobuf calls it
        self.values = other.values


HELPER = SimpleNamespace(
    to_array=lambda entry: entry.values, from_array=lambda values, name: Entry(name, values)
)


def test_only_activations_in_int8_are_shifted_and_each_once() -> None:
    signed = Entry("a", np.array([-128, -5, 127], np.int8))
    weight, weight_zero = Entry("w", np.zeros(3, np.int8)), Entry("wz", np.zeros(3, np.int8))
    unsigned = Entry("u", np.array(7, np.uint8))
    nodes = [
        SimpleNamespace(op_type="QuantizeLinear", input=["x", "s", "a"]),
        SimpleNamespace(op_type="DequantizeLinear", input=["q", "s", "a"]),
        SimpleNamespace(op_type="DequantizeLinear", input=["w", "s", "wz"]),
        SimpleNamespace(op_type="DequantizeLinear", input=["y", "s", "u"]),
        SimpleNamespace(op_type="DequantizeLinear", input=["z", "s"]),
        SimpleNamespace(op_type="Conv", input=["q", "w", "b"]),
    ]
    graph = SimpleNamespace(initializer=[signed, weight, weight_zero, unsigned], node=nodes)
    assert make_activations_unsigned(SimpleNamespace(graph=graph), HELPER) == 1
    assert signed.values.dtype == np.uint8
    assert signed.values.tolist() == [0, 123, 255]
    assert weight_zero.values.dtype == np.int8
    assert unsigned.values.tolist() == 7


def test_without_nncf_it_says_what_to_install(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> object:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(UsageError, match="Quantising needs nncf") as caught:
        quantise(card, [PICTURE])
    assert "yanji[quantise]" in caught.value.hint


def test_an_embedder_or_no_picture_is_refused(card: Card) -> None:
    with pytest.raises(UsageError, match="no detector"):
        quantise(load_card(DEFAULT_EMBEDDER), [PICTURE])
    with pytest.raises(UsageError, match="no pictures"):
        quantise(card, [])


def test_calibration_sees_what_the_detector_sees(card: Card, tmp_path: Path) -> None:
    film = tmp_path / "wide.avi"
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter.fourcc(*"MJPG"), 10, (320, 180))
    for _ in range(3):
        writer.write(np.full((180, 320, 3), 250, np.uint8))
    writer.release()
    first, *rest = calibration_inputs(card, [film], 2)
    assert len(rest) == 1
    assert first.shape == (1, 384, 640, 3)
    assert (first[0, 0] == card.input.fill).all()  # the border
    assert first[0, 192].min() > 240


def test_the_part_names_no_place(
    card: Card, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making.importlib.metadata, "version", lambda _name: "3.4.0")
    file = tmp_path / "a.onnx"
    file.write_bytes(b"abc")
    part = making.card_part(card, file, [tmp_path / "b.mp4", tmp_path / "a.mp4"], 84)
    assert part["calibrated_on"] == ["a", "b"]
    assert part["size_bytes"] == 3
    assert part["made_from"] == card.sha256
    assert part["default"] is False
    assert str(tmp_path) not in str(part)
