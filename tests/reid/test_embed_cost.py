from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from yanji.ingest.frame import BgrImage
from yanji.reid.embed_cost import NUM_CROPS, measure_embedding
from yanji.reid.embedder import Vectors


@dataclass
class SlowStart:
    """Three seconds a call and one a crop by its own clock; the first round costs more."""

    model_id: str = "slow"
    weights_sha256: str = "0" * 64
    dimension: int = 1
    now_s: float = 0.0
    num_calls: int = 0

    def embed(self, crops: Sequence[BgrImage]) -> Vectors:
        self.num_calls += 1
        self.now_s += 3 + len(crops) + (500 if self.num_calls <= NUM_CROPS + 1 else 0)
        return np.ones((len(crops), 1), np.float32)


def test_cost_is_for_one_crop_and_leaves_the_warm_up_out() -> None:
    embedder = SlowStart()
    cost = measure_embedding(embedder, num_rounds=3, timer_s=lambda: embedder.now_s)
    assert cost.alone_ms == pytest.approx(4000)
    assert cost.together_ms == pytest.approx(1000 * (3 + NUM_CROPS) / NUM_CROPS)
    assert embedder.num_calls == 4 * (NUM_CROPS + 1)
