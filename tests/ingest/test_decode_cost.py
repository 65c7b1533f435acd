"""The measurement of decoding runs and its figures belong together."""

from __future__ import annotations

import pytest

from yanji.configs.errors import NotAVideoError
from yanji.ingest.decode_cost import measure_decode


def test_figures(make_clip, tmp_path):
    cost = measure_decode(make_clip(num_frames=60, size=(640, 360)), num_frames=60, num_rounds=3)
    assert cost.floor_ms > 0
    assert cost.sampled_floor_ms > cost.floor_ms
    assert 0.5 < cost.frames_over_floor < 2
    assert 0.5 < cost.sampled_over_floor < 2
    text = tmp_path / "text.mp4"
    text.write_text("x")
    with pytest.raises(NotAVideoError):
        measure_decode(text)
