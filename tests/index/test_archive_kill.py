"""SIGKILL at any moment: nothing acknowledged is lost, nothing is there twice, it opens again."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from yanji.index.check import check
from yanji.index.reader import read_archive

CHILD = """
import hashlib, sys
from pathlib import Path
import numpy as np
from yanji.index.cameras import Camera
from yanji.index.writer import open_archive
from yanji.ingest.frame import Run
from yanji.reid.sighting import CropFile, Embedding, Sighting

folder, attempt = Path(sys.argv[1]), int(sys.argv[2])
random = np.random.default_rng(attempt)
writer = open_archive(folder, low_water_bytes=0)
print("ready", flush=True)
writer.register_camera(Camera("K01"))
run = Run(f"run{attempt}", "K01", "rtsp", "x", attempt, "boot", None)
writer.start_run(run)
for number in range(100_000):
    batch = []
    for part in range(4):
        state = "provisional" if random.random() < 0.5 else "closed"
        # half of the ids come back with other crops: replaced files are unlinked
        name = f"{attempt}-{number // 2}-{part}"
        jpeg = random.bytes(3000)
        crop = CropFile(jpeg, hashlib.sha256(jpeg).hexdigest(), 1, 1, (0, 0, 1, 1), 0, 0.5)
        vector = random.standard_normal(16).astype(np.float32)
        embedding = Embedding("m", "0" * 64, vector / np.linalg.norm(vector))
        batch.append(Sighting(hashlib.sha256(name.encode()).hexdigest()[:32], run, state, False,
            number, number + 1, 0.0, 1.0, "car", 1.0, None, None, 0.5, (crop,), (embedding,)))
    writer.write(batch)
    print("".join(item.sighting_id + " " for item in batch), flush=True)
"""


@pytest.fixture
def chance() -> random.Random:
    return random.Random(20261122)


def test_kills_lose_nothing(tmp_path: Path, chance: random.Random):
    folder = tmp_path / "archive"
    acked: set[str] = set()
    for attempt in range(8):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(folder), str(attempt)], stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        lines = [child.stdout.readline() for _ in range(chance.randint(0, 8))]
        time.sleep(chance.uniform(0.0, 0.05))
        child.kill()
        lines += child.stdout.read().splitlines(keepends=True)
        child.stdout.close()
        assert child.wait() == -9
        acked.update(
            name.decode() for line in lines if line.endswith(b"\n") for name in line.split()
        )
        with read_archive(folder) as reader:
            stored = [item.sighting_id for item in reader.sightings()]
            assert len(stored) == len(set(stored))
            assert acked <= set(stored)
            # At most the one batch that was committed and not yet acknowledged.
            acked.update(stored)
    assert len(acked) > 40
    report = check(folder, repair=True)
    assert {problem.kind for problem in report.problems} <= {"orphan"}
    assert len(report.problems) <= 8 * 8, (
        "a batch of crops not yet named, and one no longer, per kill"
    )
    again = check(folder)
    assert again.problems == ()
    assert again.num_sightings == len(acked)
    with read_archive(folder) as reader:
        ended = [row.end_reason for row in reader.runs()]
    assert set(ended) == {"unknown"}
