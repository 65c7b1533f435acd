"""The start model in ultralytics, and a whole run on a few drawn pictures; needs the extra."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from yanji.configs.settings import load_settings
from yanji.detect.card import Card, load_card, verify_weights
from yanji.detect.runtime import open_runtime
from yanji.detect.yolo import Detector, Thresholds
from yanji.ingest.array_picture import ArrayPicture
from yanji.ingest.frame import BgrImage

MISSING = [name for name in ("torch", "ultralytics", "onnx") if not importlib.util.find_spec(name)]
needs_extra = pytest.mark.skipif(
    bool(MISSING), reason=f"needs the extra train-detect: {', '.join(MISSING)} not installed"
)
pytestmark = needs_extra

ALL_SCORES = Thresholds(candidate=0.001, faint_two_wheeler=0.001, person=0.01)
SILENT = (
    "import pathlib, socket, sys, warnings\n"
    "def refuse(*args, **kwargs): pathlib.Path('called').touch(); raise OSError\n"
    "socket.socket.connect = socket.getaddrinfo = refuse\n"
)


def drawn(seed: int) -> BgrImage:
    """A street of rectangles; what they are does not matter."""
    random = np.random.default_rng(seed)
    image = np.full((192, 320, 3), 120, np.uint8)
    cv2.rectangle(image, (0, 120), (320, 192), (70, 70, 70), -1)
    x = int(random.integers(10, 150))
    cv2.rectangle(image, (x, 70), (x + 120, 150), (40, 40, 200), -1)
    cv2.rectangle(image, (x + 20, 140), (x + 40, 160), (0, 0, 0), -1)
    cv2.rectangle(image, (x + 80, 140), (x + 100, 160), (0, 0, 0), -1)
    noise = random.integers(0, 12, image.shape).astype(np.uint8)
    return np.asarray(cv2.add(image, noise), np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three cameras with three labelled frames each."""
    root = tmp_path_factory.mktemp("frames")
    (root / "images").mkdir()
    (root / "labels").mkdir()
    (root / "names.txt").write_text("tricycle\nperson\ncar\n", encoding="utf-8")
    for number in range(9):
        stem = f"K{number % 3}_{number:04d}"
        cv2.imwrite(str(root / "images" / f"{stem}.png"), drawn(number))
        text = f"{'0' if number % 2 else '2'} 0.5 0.55 0.4 0.45\n1 0.1 0.2 0.05 0.2\n"
        (root / "labels" / f"{stem}.txt").write_text(text, encoding="utf-8")
    return root


def in_new_home(home: Path, code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SILENT + code],
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
        cwd=home,
        env={"HOME": str(home), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"},
    )


def train(home: Path, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    arguments = ["train", "detect", "--out", str(home / "mine"), "--name", "yard-1"]
    arguments += ["--images", str(folder / "images"), "--labels", str(folder / "labels")]
    arguments += ["--names", str(folder / "names.txt"), "--hold-out", "K1", "--size", "320"]
    arguments += ["--epochs", "2", "--batch", "3", "--json", *more]
    code = f"from yanji.api.cli.program import main\nsys.exit(main({arguments!r}))\n"
    return in_new_home(home, code)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Path:
    home = tmp_path_factory.mktemp("home")
    done = train(home, folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["name"] == "yard-1", "nothing else on stdout"
    return home


def test_a_run_writes_a_model_and_nothing_else_and_calls_nobody(trained: Path) -> None:
    left = {str(path.relative_to(trained)) for path in trained.rglob("*") if path.is_file()}
    compiled = {path for path in left if path.startswith(".cache/yanji/openvino/")}
    assert left - compiled == {
        f"mine/yard-1{end}" for end in (".json", ".md", ".onnx", "-golden.npz")
    }
    assert not (trained / "mine" / ".yard-1.unfinished").exists()


def test_the_labelled_folder_is_left_as_it_was(trained: Path, folder: Path) -> None:
    assert sorted(path.suffix for path in folder.rglob("*") if path.is_file()) == sorted(
        [".png"] * 9 + [".txt"] * 10
    )


def test_the_card_tells_the_run_and_the_model_passes_its_golden_vectors(trained: Path) -> None:
    mine = load_card("yard-1", trained / "mine")
    figures: Any = mine.figures
    assert figures["data"]["cameras"] == ["K0", "K2"]
    assert figures["data"]["cameras_held_out"] == ["K1"]
    assert (figures["data"]["num_train"], figures["data"]["num_held_out"]) == (6, 3)
    assert figures["data"]["boxes_train"] == {"car": 4, "tricycle": 2}
    assert figures["recipe"]["epochs"] == 2
    assert figures["versions"]["ultralytics"]
    assert set(figures["held_out_after"]) >= {"any_vehicle", "car", "tricycle"}
    assert "tricycle" in mine.class_map.values()
    open_runtime(mine, "onnxruntime")


def test_settings_make_yanji_use_it(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from yanji.api.pipeline import open_detector

    monkeypatch.setenv("YANJI_MODELS", str(trained / "mine"))
    monkeypatch.setenv("YANJI_DETECTOR", "yard-1")
    opened = open_detector(load_settings())
    assert opened.card.name == "yard-1"
    opened.detect(ArrayPicture(drawn(1)))


@pytest.fixture
def photo(shared: Path) -> BgrImage:
    """A real picture with persons."""
    image = cv2.imread(str(sorted((shared / "gt" / "elevator_ebike" / "images").iterdir())[1]))
    assert image is not None
    return np.asarray(image, np.uint8)


def test_persons_and_boxes_are_those_of_the_start_model_to_the_bit(
    trained: Path, card: Card, photo: BgrImage
) -> None:
    mine = load_card("yard-1", trained / "mine")
    before = Detector(card, "onnxruntime", "f32", ALL_SCORES)
    after = Detector(mine, "onnxruntime", "f32", ALL_SCORES)
    raw_before, _ = before.raw(ArrayPicture(photo))
    raw_before = raw_before.copy()
    raw_after, _ = after.raw(ArrayPicture(photo))
    assert mine.person_class == 0
    assert raw_before[4].max() > 0.5, "somebody is there"
    np.testing.assert_array_equal(raw_after[:5], raw_before[:5])
    kept = [(new, old) for new, name in mine.class_map.items() if name == "bus" for old in [5]]
    ((new, old),) = kept
    np.testing.assert_array_equal(raw_after[4 + new], raw_before[4 + old])
    np.testing.assert_array_equal(
        after.detect(ArrayPicture(photo)).persons_M4, before.detect(ArrayPicture(photo)).persons_M4
    )


def test_the_name_is_taken_afterwards(trained: Path, folder: Path) -> None:
    done = train(trained, folder)
    assert done.returncode == 2
    assert "already" in json.loads(done.stdout)["error"]["message"]


def test_ultralytics_computes_what_the_file_of_the_start_model_does(
    card: Card, tmp_path: Path
) -> None:
    import onnxruntime
    import torch

    from yanji.detect.training.graph import weights_of
    from yanji.detect.training.network import start_network, ultralytics_kept_quiet

    path = verify_weights(card)
    session: Any = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    batch = np.random.default_rng(2).random((2, 3, 192, 320), np.float32)
    (wanted,) = session.run([card.output_name], {card.input.name: batch})
    with ultralytics_kept_quiet(tmp_path), torch.no_grad():
        answer = start_network(weights_of(path))(torch.from_numpy(batch))[0].numpy()
    np.testing.assert_allclose(answer[:, 4:], wanted[:, 4:], atol=1e-5)
    np.testing.assert_allclose(answer[:, :4], wanted[:, :4], atol=0.02)


def test_a_branch_that_was_not_trained_answers_as_before(card: Card, tmp_path: Path) -> None:
    import onnxruntime

    from yanji.detect.training.branch import begin, rows_of
    from yanji.detect.training.graph import weights_of, with_branch

    path = verify_weights(card)
    weights = weights_of(path)
    trained = ("car", "ebike", "motorcycle")
    rows = rows_of(card, trained)
    model = with_branch(path, begin(card, weights, trained), rows)
    options: dict[str, Any] = {"providers": ["CPUExecutionProvider"]}
    before: Any = onnxruntime.InferenceSession(str(path), **options)
    after: Any = onnxruntime.InferenceSession(model.SerializeToString(), **options)
    row = {name: number for number, name in rows.class_map.items()}
    for shape in ((1, 3, 192, 320), (2, 3, 64, 96)):
        batch = np.random.default_rng(4).random(shape, np.float32)
        (old,) = before.run(None, {card.input.name: batch})
        (new,) = after.run(None, {card.input.name: batch})
        assert new.shape == (shape[0], 4 + rows.num, old.shape[2])
        np.testing.assert_array_equal(new[:, :4], old[:, :4])
        np.testing.assert_array_equal(new[:, 4 + row["car"]], old[:, 4 + 2])
        np.testing.assert_array_equal(new[:, 4 + row["truck"]], old[:, 4 + 7])


@pytest.mark.parametrize("part", ["head", "all"])
def test_moving_weights_are_exported_and_persons_held(
    part: str, folder: Path, tmp_path: Path, card: Card, photo: BgrImage
) -> None:
    done = train(tmp_path, folder, "--train", part, "--epochs", "1")
    assert done.returncode == 0, done.stderr
    mine = load_card("yard-1", tmp_path / "mine")
    figures: Any = mine.figures
    assert figures["recipe"]["part"] == part
    before = Detector(card, "onnxruntime", "f32").raw(ArrayPicture(photo))[0].copy()
    after = Detector(mine, "onnxruntime", "f32").raw(ArrayPicture(photo))[0]
    assert not np.array_equal(before[:4], after[:4]), "boxes have moved"
    assert np.abs(before[4] - after[4]).max() < (1e-6 if part == "head" else 0.2)


def test_the_second_loss_is_nothing_where_nothing_has_changed() -> None:
    import torch

    from yanji.detect.training.keeping import kept_loss

    torch.manual_seed(1)
    scores, boxes = torch.randn(2, 3, 50), torch.randn(2, 64, 50)
    same = kept_loss(scores, scores, boxes, boxes)
    assert float(same) == pytest.approx(0, abs=1e-5)
    assert float(kept_loss(scores + 0.5, scores, boxes, boxes)) > 0.01
    assert float(kept_loss(scores, scores, boxes + torch.randn(2, 64, 50), boxes)) > 0.01
