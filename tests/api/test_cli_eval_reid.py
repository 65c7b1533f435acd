"""`yanji eval reid` on rendered crops, and options that do not go together."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest


@pytest.fixture
def crops(tmp_path: Path) -> Path:
    """Three e-bikes from the front and the rear, told apart by their upper halves only."""
    records = []
    for vehicle, colour in enumerate([(200, 40, 40), (40, 200, 40), (40, 40, 200)]):
        picture = np.full((40, 60, 3), 90, np.uint8)
        picture[:18] = colour
        for camera, angle in enumerate((0, 180)):
            name = f"ebike_{vehicle}_cam{camera}.png"
            cv2.imwrite(str(tmp_path / name), picture)
            records.append(
                {
                    "record": "crop", "path": name, "identity": f"ebike_{vehicle}",
                    "class": "ebike", "group": "two_wheeler", "livery": "", "light": "day",
                    "angle_deg": angle, "cut": 0, "occlusion": 0, "size_px": [60, 40],
                }
            )  # fmt: skip
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (tmp_path / "crops.jsonl").write_text(lines)
    return tmp_path


def test_rendered_crops_with_and_without_riders(yanji, crops):
    asked = ("eval", "reid", "--crops", crops, "--model", "histogram")
    figures = yanji(*asked, "--json").json
    assert set(figures) == {"front_rear"}
    assert figures["front_rear"]["all"]["R1"] == 1
    assert figures["front_rear"]["all"]["num_vehicles"] == 3
    # What told them apart is covered: all equal, and equal ranks against us.
    covered = yanji(*asked, "--mask-rider", "--json").json
    assert covered["front_rear"]["two_wheeler"]["R1"] == 0
    told = yanji(*asked, "--vehicles", "2", "--draws", "1").out
    assert "front_rear" in told
    assert "no_livery" in told


def test_a_list_with_riders_covered(yanji, crops):
    names = [path.rename(path.with_suffix(".jpg")).name for path in sorted(crops.glob("*.png"))]
    (crops / "list.txt").write_text("\n".join(names))
    asked = ("eval", "reid", "--images", crops, "--list", crops / "list.txt")
    asked = (*asked, "--model", "histogram", "--json")
    assert yanji(*asked).json["all"]["R1"] == 1
    assert yanji(*asked, "--mask-rider").json["all"]["R1"] == 0


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--images", "x"),
        ("--list", "x"),
        ("--crops", "x", "--images", "x"),
        ("--crops", "x", "--list", "x"),
        ("--crops", "x", "--feedback"),
        ("--crops", "x", "--draws", "0"),
        ("--crops", "x", "--vehicles", "1"),
        ("--images", "x", "--list", "x", "--draws", "2"),
        ("--images", "x", "--list", "x", "--vehicles", "9"),
        ("--images", "x", "--list", "x", "--feedback", "--mask-rider"),
        ("--crops", "nowhere"),
    ],
)
def test_options_that_do_not_go_together(yanji, options):
    answer = yanji("eval", "reid", *options, "--model", "histogram", "--json")
    assert answer.status == 2
    assert answer.error["message"]
