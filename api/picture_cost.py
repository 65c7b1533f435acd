"""CPU time of a picture for the camera wall: `python -m yanji.api.picture_cost VIDEO`."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from itertools import islice
from pathlib import Path

import numpy as np

from yanji.api.pictures import EVERY_S, write_picture
from yanji.api.worker import one_thread_each
from yanji.detect.detections import Detections
from yanji.ingest.file import FileSource

_NUM_FRAMES = 100
_NUM_PERSONS = 8


def measure_pictures(path: Path, num_frames: int = _NUM_FRAMES) -> float:
    """Write pictures of the first frames of a video, with eight heads in each.

    Returns:
        CPU time of one picture, milliseconds.
    """
    one_thread_each()
    left_M = np.linspace(0, 300, _NUM_PERSONS, dtype=np.float32)
    persons_M4 = np.stack([left_M, left_M * 0 + 100, left_M + 40, left_M * 0 + 200], axis=1)
    nothing = Detections(
        np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.int64), persons_M4
    )
    spent_s, num_written = 0.0, 0
    with tempfile.TemporaryDirectory() as folder, FileSource(path, "K01", 0).connect() as frames:
        for frame in islice(frames, num_frames):
            began_s = time.process_time()
            write_picture(Path(folder), frame, nothing)
            spent_s += time.process_time() - began_s
            num_written += 1
    return spent_s / num_written * 1000


def main() -> None:
    """Print the cost as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", type=Path)
    cost_ms = measure_pictures(parser.parse_args().video)
    per_second_ms = cost_ms / EVERY_S
    print(json.dumps({"picture_ms": round(cost_ms, 2), "camera_s_ms": round(per_second_ms, 2)}))


if __name__ == "__main__":
    main()
