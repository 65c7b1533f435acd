"""Models held against their cards: a copy of the registry, damaged in one way at a time."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from yanji.configs.errors import ModelError, UsageError
from yanji.detect import card as cards
from yanji.detect.about import flat_figures
from yanji.detect.card import list_cards, list_models, load_card, sha256_of
from yanji.detect.runtime import available_runtimes
from yanji.reid.colour import load_weights, name_colour
from yanji.reid.colour_card import load_colour_card
from yanji.reid.registry import list_embedders, open_embedder
from yanji.reid.verify import Proof, load_about, verify_model

SMALL = "yanji-reid-1"
"""The smallest network: what happens to it happens to any."""
COLOUR = "yanji-colour-1"
needs_openvino = pytest.mark.skipif("openvino" not in available_runtimes(), reason="needs openvino")


def forget() -> None:
    for cached in (load_card, load_colour_card, load_weights):
        cached.cache_clear()


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "models"
    folder.mkdir()
    for path in cards._registry().glob("*.*"):
        shutil.copy(path, folder)
    monkeypatch.setattr(cards, "_registry", lambda: folder)
    forget()
    yield folder
    forget()


def edit(folder: Path, name: str, **fields: Any) -> None:
    """Change fields of a card; `input__name=` changes `name` of `input`."""
    path = folder / f"{name}.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    for key, value in fields.items():
        *where, last = key.split("__")
        part = card
        for step in where:
            part = part[step]
        part[last] = value
    path.write_text(json.dumps(card), encoding="utf-8")
    forget()


def bless(folder: Path, name: str) -> None:
    """Let the card claim what its file now is: a training that went wrong, no damaged disk."""
    card = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    file = folder / card["source"]["file"]
    edit(folder, name, sha256=sha256_of(file), size_bytes=file.stat().st_size)


def failures(name: str) -> list[Proof]:
    """The proofs of a model, all of which must have failed and say what to do."""
    proofs = list(verify_model(name))
    assert proofs
    for proof in proofs:
        assert not proof.ok
        assert repr(name) in proof.why or name in proof.why
        assert proof.hint
    return proofs


def test_every_model_as_shipped_is_as_its_card_says() -> None:
    for name in list_models():
        for proof in verify_model(name):
            assert proof.ok, proof
            assert proof.away is not None
            assert proof.allowed is not None
            assert proof.away <= proof.allowed


def test_every_card_says_licence_data_figures_and_limits() -> None:
    for name in list_models():
        card = load_about(name)
        assert card.licence
        assert card.limits
        assert card.main_figures, name
        assert {item.purpose for item in card.data} & {"training"}, name
        for way in card.main_figures:
            assert set(way.split("/")) & set(card.protocols), f"{name}: {way} without a protocol"
        assert flat_figures(card.figures)


def test_what_is_no_network_is_neither_card_nor_embedder() -> None:
    assert COLOUR in list_models()
    assert COLOUR not in list_cards()
    assert COLOUR not in list_embedders()
    with pytest.raises(ModelError, match="no model named"):
        load_card(COLOUR)


def test_an_unknown_model_names_all_known_ones() -> None:
    with pytest.raises(ModelError, match="no model named 'nothing'") as caught:
        list(verify_model("nothing"))
    for name in list_models():
        assert name in caught.value.hint


def test_a_changed_file(registry: Path) -> None:
    path = registry / f"{SMALL}.onnx"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(data)
    for proof in failures(SMALL):
        assert "not the file that its card describes" in proof.why
        assert "install" in proof.hint
    with pytest.raises(ModelError, match="not the file"):
        open_embedder(SMALL)


def test_a_missing_file(registry: Path) -> None:
    (registry / f"{SMALL}.onnx").unlink()
    for proof in failures(SMALL):
        assert "is missing" in proof.why


def test_a_damaged_card_is_one_failed_proof(registry: Path) -> None:
    (registry / f"{SMALL}.json").write_text('{"name": ', encoding="utf-8")
    (proof,) = failures_of_card(SMALL)
    assert "not valid JSON" in proof.why
    edit_text = (registry / f"{COLOUR}.json").read_text(encoding="utf-8")
    (registry / f"{COLOUR}.json").write_text(edit_text.replace('"limits"', '"limit"'), "utf-8")
    forget()
    (proof,) = failures_of_card(COLOUR)
    assert "limit" in proof.why


def failures_of_card(name: str) -> list[Proof]:
    forget()
    proofs = list(verify_model(name))
    assert [proof.runtime for proof in proofs] == [""]
    assert name in proofs[0].why
    return proofs


@needs_openvino
def test_a_runtime_that_moves_the_golden_vectors_is_named_and_the_other_holds(
    registry: Path,
) -> None:
    # OpenVINO is 2e-6 away, onnxruntime made them.
    edit(registry, SMALL, golden__tolerance={"f32": 1e-8, "bf16": 1e-8})
    found = {(proof.runtime, proof.precision): proof for proof in verify_model(SMALL)}
    moved = found["openvino", "f32"]
    assert "other answers than its golden vectors" in moved.why
    assert "allowed 1e-08 in f32" in moved.why
    assert "f32" in moved.hint
    assert found["onnxruntime", "f32"].ok


@needs_openvino
def test_a_precision_that_moves_them_is_named_and_the_others_hold(registry: Path) -> None:
    edit(registry, "yolo11n", golden__tolerance={"f32": 0.02, "bf16": 0.3, "int8": 0.1})
    found = {(proof.runtime, proof.precision): proof for proof in verify_model("yolo11n")}
    assert "allowed 0.1 in int8" in found["openvino", "int8"].why
    assert found["openvino", "f32"].ok
    assert found["onnxruntime", "f32"].ok


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda values: values * 1.1, "other answers"),
        (lambda values: values * np.nan, "cannot be used"),
        (lambda values: values[:-1], "cannot be used"),
    ],
    ids=["others", "NaN", "fewer than places"],
)
def test_changed_golden_vectors(
    registry: Path, change: Callable[[np.ndarray], np.ndarray], what: str
) -> None:
    path = registry / f"{SMALL}-golden.npz"
    with np.load(path) as given:
        indices, values = given["indices_K"], given["values_K"]
    np.savez(path, indices_K=indices, values_K=change(values))
    for proof in failures(SMALL):
        assert what in proof.why


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"text"])
def test_golden_vectors_that_are_no_file_of_numbers(registry: Path, content: bytes) -> None:
    (registry / f"{SMALL}-golden.npz").write_bytes(content)
    for proof in failures(SMALL):
        assert "cannot be used" in proof.why


def test_a_network_without_golden_vectors_is_not_proved(registry: Path) -> None:
    edit(registry, SMALL, golden=None)
    for proof in failures(SMALL):
        assert "no golden vectors" in proof.why


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"input__name": "pictures"}, "its input is 'pictures', the file's 'crops'"),
        ({"input__sizes": [[128, 128]]}, "its input is 128 x 128 pixels, the file's 192 x 160"),
        ({"golden__size": [160, 192]}, "its input is 160 x 192 pixels"),
        ({"input__dynamic_size": True}, "any size"),
        ({"output_name": "features"}, "its output is 'features', the file's 'vectors'"),
        ({"dimension": 128}, "its vectors have 128 numbers, the file's 256"),
    ],
)
def test_a_card_that_does_not_fit_its_file(
    registry: Path, fields: dict[str, Any], what: str
) -> None:
    edit(registry, SMALL, **fields)
    for proof in failures(SMALL):
        assert "does not fit its file" in proof.why
        assert what in proof.why
        assert "one and the same training" in proof.hint
    with pytest.raises(ModelError, match="does not fit its file"):
        open_embedder(SMALL)


def test_a_detectors_classes_must_be_the_files(registry: Path) -> None:
    edit(registry, "yolo11n", num_classes=6)
    for proof in failures("yolo11n"):
        assert "its 6 classes need 10 rows" in proof.why


@pytest.mark.parametrize(
    "fields",
    [
        {"input__colour": "BGR"},
        {"input__scale": 1 / 255},
        {"input__mean": [103.53, 116.28, 123.675]},
        {"input__std": [1.0, 1.0, 1.0]},
    ],
    ids=["channel order", "scale", "mean", "deviation"],
)
def test_a_card_with_another_preparation_moves_the_golden_vectors(
    registry: Path, fields: dict[str, Any]
) -> None:
    """Nothing in the file tells the order of channels: only the answer does."""
    edit(registry, SMALL, **fields)
    for proof in failures(SMALL):
        assert "other answers than its golden vectors" in proof.why


@needs_openvino
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers(registry: Path, value: float) -> None:
    import openvino  # its telemetry is off: yanji.detect.runtimes was imported before

    path = registry / f"{SMALL}.onnx"
    parts = openvino.Core().read_model(str(path)).get_ops()
    held = [part.data for part in parts if part.get_type_name() == "Constant"]
    weights = max(held, key=lambda values: values.size).astype("<f4")
    broken = weights.copy()
    broken.flat[:7] = value
    data = path.read_bytes()
    assert data.count(weights.tobytes()) == 1
    path.write_bytes(data.replace(weights.tobytes(), broken.tobytes()))
    bless(registry, SMALL)
    for proof in failures(SMALL):
        assert "what is no number" in proof.why
        assert "train the model again" in proof.hint
    with pytest.raises(ModelError, match="no number"):
        open_embedder(SMALL)


def colours(folder: Path, **changed: np.ndarray) -> None:
    path = folder / f"{COLOUR}.npz"
    with np.load(path) as given:
        arrays = dict(given)
    np.savez(path, **(arrays | changed))


def test_changed_weights_of_the_colours(registry: Path) -> None:
    colours(registry, others_bias=np.zeros(10, np.float32))
    (proof,) = failures(COLOUR)
    assert "not the file that its card describes" in proof.why
    crop = np.full((40, 40, 3), 90, np.uint8)
    crop[:, 20:] = 160
    with pytest.raises(ModelError, match="not the file"):
        name_colour([(crop, 1.0)], "car")


def test_colours_of_another_training_under_this_card(registry: Path) -> None:
    with np.load(registry / f"{COLOUR}.npz") as given:
        weights = given["others_weights"]
    colours(registry, others_weights=weights[:, ::-1])
    bless(registry, COLOUR)
    (proof,) = failures(COLOUR)
    assert "other answers than its golden ones" in proof.why


def test_colours_that_are_no_numbers(registry: Path) -> None:
    colours(registry, others_bias=np.full(10, np.nan, np.float32))
    bless(registry, COLOUR)
    (proof,) = failures(COLOUR)
    assert "finite" in proof.why


def test_a_cut_off_file_of_the_colours(registry: Path) -> None:
    path = registry / f"{COLOUR}.npz"
    path.write_bytes(path.read_bytes()[:3000])
    bless(registry, COLOUR)
    (proof,) = failures(COLOUR)
    assert "cannot be used" in proof.why


def test_a_card_without_its_model(registry: Path) -> None:
    with pytest.raises(UsageError):
        open_embedder(COLOUR)
