"""The films of eight cameras of the test city."""

from __future__ import annotations

import os
from pathlib import Path

from yanji.ingest.fake_film import Film
from yanji.ingest.testcity.demo_data import clip_path

NUM_CAMERAS = 8
HALF_S = 25.0
"""Into the shipped clips of 50 s: the second camera of a clip begins in its middle."""


def city_films() -> list[Film]:
    """Those of the large test city where it is rendered, else the four shipped ones, twice.

    `YANJI_TESTCITY` names the folder of the large one; `make testcity` fills it.
    """
    folder = Path(os.environ.get("YANJI_TESTCITY", "")).expanduser()
    large = [folder / f"K{number:02}.mp4" for number in range(1, NUM_CAMERAS + 1)]
    if all(path.is_file() for path in large):
        return [Film(path) for path in large]
    shipped = [clip_path(f"K{number:02}") for number in range(1, 5)]
    return [Film(path, from_s) for from_s in (0.0, HALF_S) for path in shipped]
