"""Back ends: equal answers, damaged models refused, nothing calls out."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from yanji.configs.errors import ModelError
from yanji.detect.card import Card, weights_path
from yanji.detect.detections import Detections
from yanji.detect.golden import check_golden, golden_batch, golden_error, golden_picture
from yanji.detect.runtime import available_runtimes, open_runtime
from yanji.detect.suppress import iou_matrix
from yanji.detect.yolo import Detector
from yanji.ingest.array_picture import ArrayPicture

MIN_IOU = 0.9
MAX_SCORE_DIFFERENCE = 0.1
"""Between runtimes and precisions, for boxes with a score of at least 0.35 (docs/design)."""
RUNTIMES = available_runtimes()
needs_openvino = pytest.mark.skipif("openvino" not in RUNTIMES, reason="needs openvino")


def test_golden_picture_is_the_same_everywhere() -> None:
    digest = hashlib.sha256(golden_picture(91, 384, 640).tobytes()).hexdigest()
    assert digest == GOLDEN_SHA256


GOLDEN_SHA256 = "ef83806c1e8722d5449f13371a6189bab322251b36c966069002648a689ac9c3"


@pytest.mark.parametrize("name", RUNTIMES)
def test_golden_vectors_hold_in_fp32(card: Card, name: str) -> None:
    runtime = open_runtime(card, name, "f32")  # type: ignore[arg-type]
    assert check_golden(card, runtime.run(golden_batch(card)), "f32") < 0.002
    assert runtime.input_shape == (1, 384, 640)
    assert runtime.name.startswith(name)


def test_another_picture_fails_the_golden_vectors(card: Card) -> None:
    runtime = open_runtime(card)
    with pytest.raises(ModelError, match="other answers"):
        check_golden(card, runtime.run(golden_picture(92, 384, 640)[None]), runtime.precision)


def test_not_a_number_is_infinitely_far() -> None:
    values = np.array([0.5, np.nan], np.float32)
    assert golden_error("yolo_rms", values, np.array([0.5, 0.5], np.float32)) == float("inf")


def damaged(card: Card, folder: Path, seed: int) -> tuple[Card, Path]:
    """4 KB of the weights zeroed; the card claims the damaged file's sha256."""
    data = bytearray(weights_path(card).read_bytes())
    start = int(np.random.default_rng(seed).integers(len(data) // 10, len(data) // 2))
    data[start : start + 4096] = bytes(4096)
    path = folder / f"damaged{seed}.onnx"
    path.write_bytes(data)
    return card.model_copy(update={"sha256": hashlib.sha256(data).hexdigest()}), path


@pytest.mark.parametrize("name", RUNTIMES)
@pytest.mark.parametrize("seed", [1, 2])
def test_damaged_weights_that_load_are_refused_by_golden_vectors(
    card: Card, tmp_path: Path, name: str, seed: int
) -> None:
    other, path = damaged(card, tmp_path, seed)
    with pytest.raises(ModelError):
        open_runtime(other, name, "f32", weights=path)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", RUNTIMES)
def test_a_file_that_is_no_model_is_one_clear_error(card: Card, tmp_path: Path, name: str) -> None:
    path = tmp_path / "text.onnx"
    path.write_bytes(b"not a model")
    other = card.model_copy(
        update={"sha256": hashlib.sha256(b"not a model").hexdigest(), "size_bytes": 11}
    )
    with pytest.raises(ModelError, match="cannot load model 'yolo11n'"):
        open_runtime(other, name, weights=path)  # type: ignore[arg-type]


def test_unknown_runtime_and_impossible_precision(card: Card) -> None:
    with pytest.raises(ModelError, match="not installed"):
        open_runtime(card, "tflite")  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="f32 only"):
        open_runtime(card, "onnxruntime", "bf16")


@needs_openvino
def test_nothing_calls_out(tmp_path: Path) -> None:
    """Importing openvino sends telemetry, from a forked process; ours does not."""
    code = (
        "import pathlib, socket, sys\n"
        "def refuse(*args, **kwargs): pathlib.Path('called').touch(); raise OSError\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "import yanji.detect.tracker\n"
        "from yanji.detect.card import load_card\n"
        "from yanji.detect.golden import golden_batch\n"
        "from yanji.detect.runtime import open_runtime\n"
        "card = load_card('yolo11n')\n"
        "open_runtime(card, 'openvino').run(golden_batch(card))\n"
        "loaded = {'torch', 'matplotlib', 'openvino_telemetry.main'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
        # As on any other machine: a new home, and no sign of a build server.
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    ours = tmp_path / ".cache" / "yanji" / "openvino"
    left = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert left == set(ours.glob("*.blob")), "only what we keep of compiled networks"


def in_cache(root: Path, code: str) -> str:
    """Open the detector in a process of its own, with its cache under `root`."""
    opened = (
        "from yanji.detect.card import load_card\n"
        "from yanji.detect.runtime import open_runtime\n"
        "from yanji.detect.runtimes.openvino import compiled_folder\n"
        "def go(): return open_runtime(load_card('yolo11n'), 'openvino', 'f32').name\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", opened + code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"XDG_CACHE_HOME": str(root)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_what_is_kept_of_a_compiled_network_may_be_damaged(tmp_path: Path) -> None:
    assert in_cache(tmp_path, "print(go())") == "openvino:CPU"
    (kept,) = (tmp_path / "yanji" / "openvino").glob("*.blob")
    whole = kept.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], b"\0" * len(whole)):
        kept.unlink(missing_ok=True)
        kept.write_bytes(damaged)
        assert in_cache(tmp_path, "print(go())") == "openvino:CPU"


def test_networks_are_kept_only_where_nobody_else_can_write(tmp_path: Path) -> None:
    mine = tmp_path / "yanji" / "openvino"
    assert in_cache(tmp_path, "print(compiled_folder())") == str(mine)
    assert mine.stat().st_mode & 0o077 == 0
    mine.chmod(0o777)
    assert in_cache(tmp_path, "print(compiled_folder())") == "None"
    mine.rmdir()
    (tmp_path / "else").mkdir()
    mine.symlink_to(tmp_path / "else")
    assert in_cache(tmp_path, "print(compiled_folder(), go())") == "None openvino:CPU"
    assert in_cache(Path("relative"), "print(compiled_folder())") == "None"
    blocked = tmp_path / "file"
    blocked.touch()
    assert in_cache(blocked, "print(compiled_folder())") == "None"


def test_onnxruntime_leaves_no_id_behind(tmp_path: Path) -> None:
    """Its telemetry is native code that no trapped socket sees; its id in the home folder is."""
    code = (
        "from yanji.detect.card import load_card\n"
        "from yanji.detect.golden import golden_batch\n"
        "from yanji.detect.runtime import open_runtime\n"
        "card = load_card('yolo11n')\n"
        "open_runtime(card, 'onnxruntime').run(golden_batch(card))\n"
    )
    home = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    ours = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=home, check=False)
    assert ours.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_openvino_is_imported_in_one_place_only() -> None:
    root = Path(__file__).parents[2]
    importing = re.compile(r"^\s*(import|from) openvino\b", re.MULTILINE)
    folders = ("api", "configs", "detect", "index", "ingest", "reid")
    found = {
        str(path.relative_to(root))
        for folder in folders
        for path in (root / folder).rglob("*.py")
        if importing.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"detect/runtimes/openvino.py"}


def assert_equal(one: Detections, other: Detections) -> None:
    """Every sure box of one has its partner in the other."""
    for a, b in ((one, other), (other, one)):
        sure_N = a.scores_N >= 0.35
        if not sure_N.any():
            continue
        iou_NM, _ = iou_matrix(a.boxes_N4[sure_N], b.boxes_N4)
        partner_N = iou_NM.argmax(axis=1)
        assert iou_NM.max(axis=1).min() >= MIN_IOU
        assert (a.classes_N[sure_N] == b.classes_N[partner_N]).all()
        assert np.abs(a.scores_N[sure_N] - b.scores_N[partner_N]).max() <= MAX_SCORE_DIFFERENCE


@needs_openvino
def test_detections_are_equal_between_runtimes_and_precisions(card: Card, shared: Path) -> None:
    from yanji.detect.runtimes.openvino import has_bf16

    stems = ["000000001490", "000000000724", "000000002153", "000000001353", "000000000785"]
    detectors = [
        Detector(card, "onnxruntime"),
        Detector(card, "openvino", "f32"),
    ]
    if has_bf16():  # int8 is further away: tests/detect/test_int8_accuracy.py
        detectors.append(Detector(card, "openvino", "bf16"))
    num_boxes = 0
    clip = cv2.VideoCapture(str(shared / "footage" / "uk_motorway_720p.mp4"))
    pictures = [clip.read()[1] for _ in range(2)]
    clip.release()
    folder = shared / "gt" / "coco_val128" / "images"
    pictures += [cv2.imread(str(folder / f"{stem}.jpg")) for stem in stems]
    for picture in pictures:
        reference, *others = (
            detector.detect(ArrayPicture(np.asarray(picture, np.uint8))) for detector in detectors
        )
        num_boxes += len(reference.scores_N)
        for other in others:
            assert_equal(reference, other)
    assert num_boxes > 10
