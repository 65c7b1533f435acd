"""What one crop costs to embed, alone and in batches.

`python -m yanji.reid.embed_cost [--model NAME] [--runtime R] [--precision P]` prints it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from yanji.detect.golden import golden_picture
from yanji.reid.embedder import Embedder
from yanji.reid.registry import DEFAULT_EMBEDDER, open_embedder

CROP_PX = (150, 130)
"""(height, width), the usual size of a crop before it is stretched."""
NUM_CROPS = 16


@dataclass(frozen=True, slots=True)
class EmbedCost:
    """Medians over interleaved rounds, CPU milliseconds of the process for one crop."""

    alone_ms: float
    """One crop to a call."""
    together_ms: float
    """Sixteen crops to a call: two batches of eight."""


def measure_embedding(
    embedder: Embedder, *, num_rounds: int = 9, timer_s: Callable[[], float] = time.process_time
) -> EmbedCost:
    """Time an opened embedder on sixteen made-up crops, after one round to warm up.

    Args:
        embedder: any.
        num_rounds: at least 1.
        timer_s: seconds that grow with the work done. Of the whole process: runtimes compute in
            threads of their own.
    """
    crops = [golden_picture(seed, *CROP_PX) for seed in range(NUM_CROPS)]

    def alone() -> None:
        for crop in crops:
            embedder.embed([crop])

    def together() -> None:
        embedder.embed(crops)

    times_ms: tuple[list[float], list[float]] = ([], [])
    for round_number in range(num_rounds + 1):
        for kept, step in zip(times_ms, (alone, together), strict=True):
            began_s = timer_s()
            step()
            if round_number > 0:
                kept.append((timer_s() - began_s) * 1000 / NUM_CROPS)
    return EmbedCost(statistics.median(times_ms[0]), statistics.median(times_ms[1]))


def main() -> None:
    """Read the arguments, measure, print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=DEFAULT_EMBEDDER)
    parser.add_argument("--runtime", choices=("auto", "onnxruntime", "openvino"), default="auto")
    parser.add_argument("--precision", choices=("auto", "f32", "bf16"), default="auto")
    arguments = parser.parse_args()
    embedder = open_embedder(arguments.model, arguments.runtime, arguments.precision)
    print(json.dumps(asdict(measure_embedding(embedder))))


if __name__ == "__main__":
    main()
