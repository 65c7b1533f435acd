"""Colours of real vehicles against what a person sees in the pictures.

`colours_by_eye.json`: clip, second, box, class as detected, and the names that are right, the best
one first. Written before the classifier was asked; nothing was tuned on it.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from yanji.detect.crops import cut_crop
from yanji.ingest.recording import open_recording
from yanji.reid.colour import name_colour
from yanji.reid.colours import COLOURS

pytestmark = pytest.mark.slow

BY_EYE: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("colours_by_eye.json").read_text(encoding="utf-8")
)
NO_PERSONS = np.empty((0, 4), np.float32)


def answers(footage: Any) -> list[tuple[dict[str, Any], str | None]]:
    """Each vehicle of the list with the colour that one crop of it is given."""
    found = []
    for clip in sorted({row["clip"] for row in BY_EYE}):
        rows = sorted((row for row in BY_EYE if row["clip"] == clip), key=lambda row: row["at_s"])
        with open_recording(footage.clip(clip), "colours", 0).connect() as connection:
            frames = iter(connection)
            frame = next(frames)
            for row in rows:
                while frame.stream_s < row["at_s"] - 1e-6:
                    frame = next(frames)
                box = np.array(row["box"], np.float32)
                crop = cut_crop(frame.picture.bgr(), box, row["class"], NO_PERSONS)
                named = name_colour([(crop, 1.0)], row["class"])
                found.append((row, named.colour if named else None))
    return found


def test_the_list_is_of_known_colours() -> None:
    assert len(BY_EYE) >= 60
    assert {name for row in BY_EYE for name in row["colours"]} <= set(COLOURS)


def test_colours_by_eye(footage: Any, capsys: pytest.CaptureFixture[str]) -> None:
    found = answers(footage)
    told = [(row, colour) for row, colour in found if colour is not None]
    right = [row for row, colour in told if colour in row["colours"]]
    best = [row for row, colour in told if colour == row["colours"][0]]
    wrong = Counter(
        (row["colours"][0], colour) for row, colour in told if colour not in row["colours"]
    )
    with capsys.disabled():
        print(
            f"\n{len(found)} vehicles by eye, {len(told)} told a colour: {len(right)} one that is "
            f"right, {len(best)} the best one; wrong (true, told): {wrong.most_common()}"
        )
        for clip in sorted({row["clip"] for row, _ in found}):
            mine = [(row, colour) for row, colour in told if row["clip"] == clip]
            good = sum(colour in row["colours"] for row, colour in mine)
            num = sum(row["clip"] == clip for row, _ in found)
            print(f"  {clip}: {num}, told {len(mine)}, right {good}")
    assert len(told) >= 0.6 * len(found)
    assert len(right) >= 0.75 * len(told)
