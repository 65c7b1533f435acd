"""`yanji eval calibration`: what it measures on, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

NAMES = [f"{name}_{number:03d}_cam{camera}.jpg" for name in ("car", "truck") for number in range(4)
         for camera in (1, 2)]  # fmt: skip


@pytest.fixture
def listed(tmp_path: Path) -> tuple[Path, Path]:
    """Eight made-up vehicles, each a colour of its own with a little noise."""
    rng = np.random.default_rng(1)
    colours = {name.rsplit("_", 1)[0]: rng.integers(0, 255, 3) for name in NAMES}
    for name in NAMES:
        noise = rng.normal(colours[name.rsplit("_", 1)[0]], 20, (60, 80, 3))
        cv2.imwrite(str(tmp_path / name), noise.clip(0, 255).astype(np.uint8))
    path = tmp_path / "list.txt"
    path.write_text("\n".join(NAMES), encoding="utf-8")
    return tmp_path, path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "either --crops"),
        (("--crops", "x", "--images", "y", "--list", "z"), "either --crops"),
        (("--images", "x"), "belong together"),
        (("--crops", "x", "--view", "rear"), "--view belongs to --list"),
        (("--crops", "missing"), "crops.jsonl"),
        (("--images", "missing", "--list", "missing.txt"), "does not exist"),
    ],
)
def test_what_does_not_fit_is_refused(yanji, arguments, words) -> None:
    answer = yanji("eval", "calibration", *arguments, "--model", "yanji-reid-1")
    assert answer.status == 2
    assert words in answer.err


def test_a_model_without_calibration_is_refused(yanji, listed) -> None:
    images, path = listed
    given = ("--images", images, "--list", path, "--model", "histogram")
    answer = yanji("eval", "calibration", *given)
    assert answer.status == 1
    assert "no calibration" in answer.err


def test_a_list_is_measured_beside_the_constant(yanji, listed) -> None:
    images, path = listed
    given = ("--images", images, "--list", path, "--view", "rear", "--all", "--json")
    answer = yanji("eval", "calibration", *given, "--model", "yanji-reid-1")
    assert answer.status == 0
    whole = answer.json["natural"]["all"]
    assert (whole["num_events"], whole["num_vehicles"]) == (16 * 5, 8)
    assert whole["gain"] == pytest.approx(whole["constant_brier"] - whole["brier"])
    assert set(answer.json) == {"natural", "no views known"}
