from __future__ import annotations

import pytest

from yanji.api.bench import bench_pipeline
from yanji.configs.settings import load_settings
from yanji.ingest.testcity.demo_data import clips_folder


def test_the_bench_compares_like_with_like() -> None:
    clip = clips_folder() / "K01.mp4"
    figures = bench_pipeline(clip, load_settings(), analyse_fps=0.5, rounds=1)
    assert figures["num_analysed"] == 25, "one frame every 2 s of a clip of 50 s"
    assert figures["num_analysed_floor"] == figures["num_analysed"], "both arms, the same frames"
    assert figures["stream_s"] == pytest.approx(49.9)
    floor_ms, yanji_ms = figures["floor_ms"], figures["yanji_ms"]
    assert isinstance(floor_ms, float)
    assert isinstance(yanji_ms, float)
    assert floor_ms > 0
    assert yanji_ms > 0
    assert {"yanji_over_floor", "cameras_per_core", "runtime", "precision"} <= set(figures)
