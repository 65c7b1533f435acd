"""The bars on the shipped clips, detector as shipped. Rendered; not accuracy on real streets.

Figures of docs/design/testcity.md: `pytest -s -m slow tests/accuracy/test_testcity_bars.py`.
"""

import json
import subprocess
import sys

import pytest

from yanji.ingest.testcity.demo_data import clips_folder


def _figures(*arguments: str) -> dict:
    command = [sys.executable, "-m", "yanji.api.cli", "eval", *arguments]
    command += ["--testcity", str(clips_folder()), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "four_wheels", "two_wheelers"), [("640", 0.85, 0.60), ("960", 0.92, 0.70)]
)
def test_recall(size: str, four_wheels: float, two_wheelers: float) -> None:
    figures = _figures("detect", "--size", size)
    bars = {name: cell["recall"] for name, cell in figures["bars"].items()}
    print(f"\n{size}: {bars} ({figures['note']})")
    assert bars["four_wheel from 80 px"] >= four_wheels
    assert bars["two_wheeler from 120 px, oblique"] >= two_wheelers


@pytest.mark.slow
def test_four_wheels_keep_their_identity() -> None:
    figures = _figures("track")
    combined = {name: cells["combined"] for name, cells in figures["tracking"].items()}
    print("\n", {name: round(cell["IDF1"], 3) for name, cell in combined.items()})
    assert combined["four_wheel"]["IDF1"] >= 0.85
