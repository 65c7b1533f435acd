from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from yanji.api import bench_live, bench_memory, bench_models, bench_start
from yanji.api.bench_live import running
from yanji.api.bench_start import measure_start
from yanji.configs.default_models import DEFAULT_EMBEDDER
from yanji.configs.errors import ModelError, SourceError, YanjiError
from yanji.configs.settings import Settings, load_settings
from yanji.ingest.rtsp_server import serve_folder
from yanji.ingest.testcity.demo_data import clips_folder

CLIP = clips_folder() / "K03.mp4"


@pytest.fixture
def settings() -> Settings:
    return load_settings(flags={"runtime": "onnxruntime", "precision": "f32"})


def test_models_cameras_and_start_are_measured(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_memory, "bench_footage", lambda videos, seconds, say: {"h264": CLIP})
    said: list[str] = []
    figures: dict[str, Any] = bench_memory.bench_memory(
        [CLIP], settings, cameras=(2,), watch_s=1, starts=1, say=said.append
    )
    models = figures["models"]
    sizes = [models[f"{step}_mb"] for step in ("started", "imported", "opened", "used")]
    assert 5 < sizes[0] < sizes[1] < sizes[2] <= sizes[3] < 1000, "each step adds"
    assert models["overhead_mb"] == pytest.approx(sizes[3] - sizes[1], abs=0.11)
    assert all(models[f"{step}_cpu_s"] > 0 for step in ("import", "open", "first_use"))
    (row,) = figures["cameras"]
    assert row["cameras"] == 2
    assert row["per_camera_mb"] == pytest.approx((row["worker_mb"] - sizes[2]) / 2, abs=0.11)
    assert row["worker_mb"] > sizes[1]
    assert row["writer_mb"] > 0
    first = figures["first_sighting"]
    parts = [value for name, value in first.items() if name.startswith("to_")]
    assert sum(parts) == pytest.approx(first["total_s"], abs=0.01), "nothing is left out"
    assert min(parts) > -0.2, "ticks of the system's clock are coarse"
    assert first["to_worker_s"] > 0.1
    assert first["to_connecting_s"] > 0.1, "imports and models"
    assert first["range_s"] == [first["total_s"]] * 2
    assert {name: bar["limit"] for name, bar in figures["bars"].items()} == {
        "model_overhead_mb": 200,
        "per_camera_mb": 120,
        "first_sighting_s": 5,
    }
    assert figures["bars"]["model_overhead_mb"]["kept"] is (models["overhead_mb"] <= 200)
    assert len(said) == 3


def test_a_bar_is_kept_broken_or_not_measured() -> None:
    assert bench_memory._bar(120.0, 120)["kept"] is True
    assert bench_memory._bar(120.1, 120)["kept"] is False
    assert bench_memory._bar(None, 5) == {"value": None, "limit": 5, "kept": None}


def test_what_is_not_wanted_is_not_measured(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = bench_models.ModelMemory(10, 100, 200, 250.5, 1, 1, 1, 1, 1, 1)
    monkeypatch.setattr(bench_memory, "measure_models", lambda settings: sizes)
    monkeypatch.setattr(bench_memory, "bench_footage", lambda videos, seconds, say: {"h264": CLIP})
    figures: dict[str, Any] = bench_memory.bench_memory([CLIP], settings, cameras=(), starts=0)
    assert figures["cameras"] == []
    assert figures["first_sighting"] is None
    assert figures["bars"]["model_overhead_mb"] == {"value": 150.5, "limit": 200, "kept": True}
    assert figures["bars"]["per_camera_mb"]["kept"] is None
    assert figures["bars"]["first_sighting_s"]["kept"] is None


def test_models_that_do_not_open_are_an_error_with_its_sentence() -> None:
    with pytest.raises(ModelError, match="no model named 'nobody'"):
        bench_models.measure_models(
            load_settings(flags={"detector": "nobody", "runtime": "onnxruntime"})
        )


def test_a_film_without_vehicles_is_told(settings: Settings, still_film: Path) -> None:
    with serve_folder(still_film) as server, pytest.raises(YanjiError, match="no sighting"):
        measure_start(server.url_of("grey.mp4"), settings, limit_s=3)


@pytest.fixture
def still_film(tmp_path: Path) -> Path:
    folder = tmp_path / "film"
    folder.mkdir()
    with av.open(str(folder / "grey.mp4"), "w") as made:
        stream = made.add_stream("libx264", rate=10, options={"bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 320, 192, "yuv420p"
        for _ in range(30):
            image = np.full((192, 320, 3), 128, np.uint8)
            made.mux(stream.encode(av.VideoFrame.from_ndarray(image, "bgr24")))
        made.mux(stream.encode())
    return folder


def test_a_connection_is_seen_from_outside() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not bench_start._is_connected(port)
        with socket.create_connection(("127.0.0.1", port)):
            assert bench_start._is_connected(port)


def test_when_a_process_began_is_read_from_outside() -> None:
    began = bench_start._began_ticks(os.getpid())
    assert began is not None
    with open("/proc/uptime", encoding="ascii") as uptime:
        alive_s = float(uptime.read().split()[0]) - began / os.sysconf("SC_CLK_TCK")
    assert 0 <= alive_s < 24 * 3600
    assert bench_start._began_ticks(2**22 + 1) is None


def test_the_process_gets_the_models_of_the_settings_and_no_other_setting(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stray variable of the installation, such as a password's, must not reach the bench."""
    monkeypatch.setenv("YANJI_ARCHIVE", str(tmp_path / "real"))
    monkeypatch.setenv("YANJI_LOG_FILE", str(tmp_path / "log.txt"))
    seen: list[dict[str, str]] = []
    true_popen = bench_live.subprocess.Popen

    def popen(arguments: list[str], **more: Any) -> Any:
        seen.append(more["env"])
        return true_popen(["sleep", "60"], **more)

    monkeypatch.setattr(bench_live.subprocess, "Popen", popen)
    with running(tmp_path, {"bench": "rtsp://127.0.0.1:1/x"}, settings) as run:
        assert run.last() == {}
        assert run.process_id("worker-0") is None
        with pytest.raises(YanjiError, match="nothing was said"):
            run.wait_until_all_up(0.2)
    assert run.process.returncode is not None, "it is gone when the block is left"
    assert {name: text for name, text in seen[0].items() if name.startswith("YANJI_")} == {
        "YANJI_RUNTIME": "onnxruntime",
        "YANJI_PRECISION": "f32",
        "YANJI_DETECTOR": "yolo11n",
        "YANJI_EMBEDDER": DEFAULT_EMBEDDER,
        "YANJI_LOG_LEVEL": "error",
    }


def test_a_run_that_ends_by_itself_is_told(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("a file where the archive should be", encoding="utf-8")
    with running(tmp_path, {"bench": "rtsp://127.0.0.1:1/x"}, settings) as run:
        run.process.wait(60)
        with pytest.raises(YanjiError, match="ended before"):
            run.last()


def test_a_missing_film_is_refused(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"gone\.mp4"):
        bench_memory.bench_memory([tmp_path / "gone.mp4"], settings)
