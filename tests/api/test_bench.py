from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import onnxruntime
import pytest

from yanji.api import bench_footage, bench_ultralytics
from yanji.api.bench import bench_pipeline
from yanji.configs.settings import load_settings
from yanji.ingest.recording import open_recording
from yanji.ingest.testcity.demo_data import clips_folder

CLIP = clips_folder() / "K01.mp4"
SECONDS = 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def figures(folder: Path) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench_footage, "_kept_folder", lambda: folder)
        return bench_pipeline([CLIP], load_settings(), analyse_fps=2, rounds=1, seconds=SECONDS)


def test_the_bench_compares_like_with_like(figures: dict[str, Any]) -> None:
    facts = figures["facts"]
    assert facts["num_analysed"] == 4, "two frames a second of 2 s"
    assert facts["num_analysed_floor"] == facts["num_analysed_plain"] == 4, "the same frames"
    assert facts["stream_s"] == pytest.approx(1.96)
    for name in ("floor_ms", "yanji_ms", "plain_ms", "yanji_over_floor", "plain_over_yanji"):
        assert figures[name] > 0
    assert facts["rounds"] == 1
    assert {"runtime", "precision", "vehicles_in_view", "resident_mb"} <= set(facts)


def test_every_stream_says_how_many_cameras_and_what_it_still_sees(
    figures: dict[str, Any],
) -> None:
    ways = {"h264", "h264_b", "h265", "fast", "no_b_frames", "key_frames", "motion_gate"}
    ways |= {"sub_stream", "sub_stream_1.2_fps"}
    assert set(figures["cameras_per_core"]) == ways
    assert all(number > 0 for number in figures["cameras_per_core"].values())
    assert set(figures["passages_found"]) == ways - {"h264"}
    assert all(0 <= share <= 1 for share in figures["passages_found"].values())


def test_without_ultralytics_its_arm_is_null_and_says_why(
    figures: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_ultralytics.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="not installed"):
        bench_ultralytics.UltralyticsTrack(load_settings())
    if "ultralytics" not in sys.modules:
        assert figures["ultralytics_ms"] is None
        assert "ultralytics" in figures["facts"]["ultralytics"]


def test_ultralytics_is_given_the_same_frames_one_thread_and_no_stdout(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shapes: list[tuple[int, ...]] = []
    opened: list[Any] = []

    def open_session(path: str, options: Any, **_: Any) -> None:
        opened.append(options)

    monkeypatch.setattr(onnxruntime, "InferenceSession", open_session)

    class Yolo:
        def __init__(self, weights: str, task: str) -> None:
            assert Path(weights).is_file()

        def track(self, frame: Any, **options: Any) -> None:
            assert options["persist"]
            print("Loading the model")
            if not shapes:
                onnxruntime.InferenceSession("a.onnx", None, providers=["CPUExecutionProvider"])
            shapes.append(frame.shape)

    fakes = {"torch": ModuleType("torch"), "ultralytics": ModuleType("ultralytics")}
    vars(fakes["torch"])["set_num_threads"] = lambda number: None
    vars(fakes["ultralytics"])["YOLO"] = Yolo
    for name, module in fakes.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(bench_ultralytics.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setenv("YOLO_CONFIG_DIR", str(tmp_path))
    for name in ("YOLO_OFFLINE", "YOLO_AUTOINSTALL", "YOLO_VERBOSE"):
        monkeypatch.setenv(name, "")
    arm = bench_ultralytics.UltralyticsTrack(load_settings())
    assert arm.run(clips_folder() / "K01.mp4", {0, 5, 9})[1] == 3
    # One before the clock starts: it loads the model then.
    assert shapes == [(1080, 1920, 3)] + [(540, 960, 3)] * 3
    assert capsys.readouterr().out == ""
    assert [options.intra_op_num_threads for options in opened] == [1]
    assert onnxruntime.InferenceSession is open_session


def test_parts_that_do_not_fit_are_a_reason_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """torch beside a torchvision of another release says so by a RuntimeError."""
    (tmp_path / "torch.py").write_text("raise RuntimeError('operator nms does not exist')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setattr(bench_ultralytics.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setenv("YOLO_CONFIG_DIR", str(tmp_path))
    for name in ("YOLO_OFFLINE", "YOLO_AUTOINSTALL", "YOLO_VERBOSE"):
        monkeypatch.setenv(name, "")
    with pytest.raises(ImportError, match="torch cannot be loaded: operator nms"):
        bench_ultralytics.UltralyticsTrack(load_settings())


def test_footage_is_encoded_once_at_25_frames(
    figures: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_footage, "_kept_folder", lambda: folder)
    said: list[str] = []
    files = bench_footage.bench_footage([CLIP], SECONDS, say=said.append)
    assert not said, "it is there already"
    assert set(folder.iterdir()) == set(files.values()), "nothing half made is left"
    for name, file in files.items():
        with open_recording(file, "bench", 0).connect() as connection:
            frames = [(frame.stream_s, frame.picture.height) for frame in connection]
        assert len(frames) == SECONDS * 25
        assert frames[-1][0] == pytest.approx(SECONDS - 0.04)
        assert frames[0][1] == (360 if name == "sub_stream" else 1080)


def test_short_footage_is_shown_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bench_footage, "_kept_folder", lambda: tmp_path)
    sub_stream = {"sub_stream": bench_footage.ENCODINGS["sub_stream"]}
    monkeypatch.setattr(bench_footage, "ENCODINGS", sub_stream)
    files = bench_footage.bench_footage([CLIP], SECONDS)
    again = bench_footage.bench_footage([files["sub_stream"]], 2.5 * SECONDS)
    with open_recording(again["sub_stream"], "bench", 0).connect() as connection:
        assert len(list(connection)) == 2.5 * SECONDS * 25
