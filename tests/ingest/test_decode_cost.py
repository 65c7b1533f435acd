"""The measurement of decoding runs and its figures belong together."""

from __future__ import annotations

import itertools

import pytest

from yanji.configs.errors import NotAVideoError
from yanji.ingest.av_picture import AvPicture
from yanji.ingest.decode_cost import ANALYSED_PX, measure_decode


def test_figures_on_a_scripted_timer(make_clip, tmp_path, monkeypatch):
    scaled = []
    real = AvPicture.scaled_bgr
    monkeypatch.setattr(
        AvPicture,
        "scaled_bgr",
        lambda self, *size: (scaled.append(size), real(self, *size))[1],
    )
    # Begin and end of each step: bare decoding takes 6 s, frames 9, bare scaling 8, ours 10.
    readings = itertools.cycle([0, 6, 0, 9, 0, 8, 0, 10])
    cost = measure_decode(
        make_clip(num_frames=60), num_frames=60, num_rounds=3, timer_s=lambda: next(readings)
    )
    assert (cost.floor_ms, cost.frames_ms) == (100, 150)
    assert cost.sampled_floor_ms == pytest.approx(8000 / 60)
    assert cost.sampled_ms == pytest.approx(10000 / 60)
    assert cost.frames_over_floor == pytest.approx(1.5)
    assert cost.sampled_over_floor == pytest.approx(1.25)
    assert scaled == [ANALYSED_PX] * 12 * 3  # 60 frames at 25 fps, 5 a second, three rounds
    text = tmp_path / "text.mp4"
    text.write_text("x")
    with pytest.raises(NotAVideoError):
        measure_decode(text)
