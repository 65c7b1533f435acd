"""What the way to an inference process and back costs, without a device.

`python -m yanji.api.inference_cost --clients 4` prints, per picture: CPU milliseconds of a worker
and of the process (taking over, preparing the network's input, handing over), the median round
trip, and how full batches were. The device itself answers zeros at once.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np

from yanji.api.memory import keep_large_blocks
from yanji.detect.batching import Batcher, BatchLimits, FloatArray, ServedModel
from yanji.detect.card import load_card
from yanji.detect.inference_service import InferenceService
from yanji.detect.runtimes.cuda import Batches
from yanji.detect.runtimes.remote import InferenceClient

KEY = b"inference cost"
MODEL = "yolo11n"
SHAPE = (1, 384, 640)
WARM_UP = 20


@dataclass(frozen=True, slots=True)
class Cost:
    """Per picture."""

    worker_cpu_ms: float
    process_cpu_ms: float
    round_trip_ms: float
    """Median; with several clients it holds the wait for company."""
    pictures_per_batch: float


class NoDevice:
    """A session that answers at once."""

    def run(self, outputs: list[str], inputs: Mapping[str, FloatArray]) -> list[FloatArray]:
        """Answer zeros, as large as a detector's answers to 384 x 640."""
        return [np.zeros((len(next(iter(inputs.values()))), 84, 5040), np.float32)]


def measure(num_clients: int, num_pictures: int) -> Cost:
    """Let clients ask for pictures, each as fast as it can.

    Args:
        num_clients: threads of this process, as workers would be.
        num_pictures: that each asks for.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    with tempfile.TemporaryDirectory(prefix="yanji-") as folder:
        address = str(Path(folder) / "inference")
        process = context.Process(target=_serve, args=(address, theirs), daemon=True)
        process.start()
        times_s: list[float] = []
        barrier = threading.Barrier(num_clients + 1)

        def ask() -> None:
            run = InferenceClient(address, KEY)(load_card(MODEL), SHAPE).run
            image = np.random.default_rng(0).integers(0, 256, (*SHAPE, 3), np.uint8)
            for number in range(WARM_UP + num_pictures):
                if number == WARM_UP:
                    barrier.wait()  # all are warm
                    barrier.wait()  # the counters are read
                began_s = time.perf_counter()
                run(image)
                if number >= WARM_UP:
                    times_s.append(time.perf_counter() - began_s)

        clients = [threading.Thread(target=ask, daemon=True) for _ in range(num_clients)]
        for client in clients:
            client.start()
        barrier.wait()
        before, cpu_s = _counters(ours), time.process_time()
        barrier.wait()
        for client in clients:
            client.join()
        cpu_s = time.process_time() - cpu_s
        after = _counters(ours)
        ours.close()
        process.join(10)
    number = num_clients * num_pictures
    spent_s, num_batches = (end - begin for end, begin in zip(after, before, strict=True))
    return Cost(
        worker_cpu_ms=1e3 * cpu_s / number,
        process_cpu_ms=1e3 * spent_s / number,
        round_trip_ms=1e3 * median(times_s),
        pictures_per_batch=number / num_batches,
    )


def _serve(address: str, parent: Connection) -> None:
    keep_large_blocks()
    cv2.setNumThreads(1)
    card = load_card(MODEL)
    session: Any = NoDevice()
    served = ServedModel(Batches(session, card).run, card.sha256, "none")
    batcher = Batcher({MODEL: served}, BatchLimits())
    InferenceService(batcher, address, KEY)

    def answer() -> None:
        try:
            while True:
                parent.recv()
                parent.send((time.process_time(), batcher.num_batches))
        except (EOFError, OSError):
            ended.set()

    ended = threading.Event()
    threading.Thread(target=answer, daemon=True).start()
    while not ended.is_set():
        batcher.step(0.2)


def _counters(process: Connection) -> tuple[float, int]:
    process.send("how much")
    spent_s, num_batches = process.recv()
    return spent_s, num_batches


def main() -> None:
    """Measure and print one line."""
    parser = argparse.ArgumentParser(prog="python -m yanji.api.inference_cost")
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--pictures", type=int, default=500, help="that each client asks for")
    given = parser.parse_args()
    cost = measure(given.clients, given.pictures)
    print(
        f"{given.clients} clients: worker {cost.worker_cpu_ms:.2f} ms CPU, "
        f"process {cost.process_cpu_ms:.2f} ms CPU, round trip {cost.round_trip_ms:.2f} ms, "
        f"{cost.pictures_per_batch:.1f} pictures per batch"
    )


if __name__ == "__main__":
    main()
