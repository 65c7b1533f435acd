"""How true the shipped probabilities are on real vehicles that they were not fitted on."""

from __future__ import annotations

from pathlib import Path

import pytest

from yanji.detect.card import load_card
from yanji.reid.calibration import calibration_of
from yanji.reid.evaluate_calibration import listed_report
from yanji.reid.registry import DEFAULT_EMBEDDER, open_embedder
from yanji.reid.shots import halves, listed_shots

pytestmark = pytest.mark.slow

REID = Path(__file__).parents[2].parent / "shared" / "reid"


def test_first_hits_of_real_rear_views(capsys: pytest.CaptureFixture[str]) -> None:
    if not (REID / "val.txt").is_file():
        pytest.skip("needs ../shared/reid")
    calibration = calibration_of(load_card(DEFAULT_EMBEDDER))
    assert calibration is not None
    embedder = open_embedder(DEFAULT_EMBEDDER, "onnxruntime")
    shots = listed_shots(REID / "images", REID / "val.txt", embedder, "rear")
    reports = listed_report(halves(shots)[1], calibration)
    with capsys.disabled():
        for name, parts in reports.items():
            figures = parts["all"]
            print(
                f"\n{DEFAULT_EMBEDDER}, {name}: {figures['num_events']} events, ECE "
                f"{figures['ece']:.3f}, Brier {figures['brier']:.4f} beside "
                f"{figures['constant_brier']:.4f}"
            )
    whole = reports["natural"]["all"]
    assert whole["ece"] <= 0.07
    assert whole["brier"] < 0.5 * whole["constant_brier"]
