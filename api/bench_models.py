"""What the models of a worker add to a process: measured in a new one, step by step."""

from __future__ import annotations

import importlib
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final

from yanji.api.children import kill, spawn
from yanji.api.plan import resident_bytes
from yanji.configs.errors import YanjiError
from yanji.configs.settings import Settings

LIMIT_S: Final = 120.0
"""For a busy machine; it takes 3 s."""
LIBRARIES: Final = ("yanji.api.worker", "yanji.detect.runtimes.{runtime}")
"""What a worker has imported once its models are open."""


@dataclass(frozen=True, slots=True)
class ModelMemory:
    """Megabytes (10^6) resident after each step, and what the steps took."""

    started_mb: float
    """A process of Python's that can talk to its parent."""
    imported_mb: float
    """With everything imported that a worker imports, and no model."""
    opened_mb: float
    """With both models open."""
    used_mb: float
    """Each used: a 1080p picture detected, nine crops embedded."""
    import_s: float
    """Seconds on the clock, which other work on the machine stretches."""
    open_s: float
    first_use_s: float
    import_cpu_s: float
    """Seconds of CPU."""
    open_cpu_s: float
    first_use_cpu_s: float

    @property
    def overhead_mb(self) -> float:
        """What the models add to a process that imported the same."""
        return self.used_mb - self.imported_mb


def measure_models(settings: Settings) -> ModelMemory:
    """Open the installation's models in a process of their own and look at its size.

    Raises:
        YanjiError: that process failed.
    """
    child = spawn(_open_and_look, settings, "yanji-bench-models", time.monotonic())
    try:
        if not child.pipe.poll(LIMIT_S):
            raise YanjiError("The process that opens the models did not answer.")
        said = child.pipe.recv()
    except EOFError:
        raise YanjiError("The process that opens the models died.") from None
    finally:
        kill(child)
    if isinstance(said, YanjiError):
        raise said
    assert isinstance(said, ModelMemory)  # noqa: S101 - narrows for the type checker
    return said


def _open_and_look(settings: Settings, parent: Connection) -> None:
    """Entry point of the process; imports nothing before its size was read."""
    try:
        parent.send(_looked(settings))
    except YanjiError as error:
        parent.send(error)


@dataclass(frozen=True, slots=True)
class _Step:
    """Where a process stands."""

    resident: int
    clock_s: float
    cpu_s: float


def _now() -> _Step:
    return _Step(resident_bytes(), time.monotonic(), time.process_time())


def _looked(settings: Settings) -> ModelMemory:
    started = _now()
    worker = importlib.import_module(LIBRARIES[0])
    chosen: str = settings.runtime
    if chosen == "auto":
        chosen = importlib.import_module("yanji.detect.runtime").available_runtimes()[0]
    importlib.import_module(LIBRARIES[1].format(runtime=chosen))
    imported = _now()

    importlib.import_module("yanji.api.memory").share_one_heap()
    worker.one_thread_each()
    pipeline = importlib.import_module("yanji.api.pipeline")
    detector, embedder = pipeline.open_detector(settings), pipeline.open_reid(settings)
    opened = _now()

    numpy = importlib.import_module("numpy")
    noise = numpy.random.default_rng(1).integers(0, 256, (1080, 1920, 3), numpy.uint8)
    picture = importlib.import_module("yanji.ingest.array_picture").ArrayPicture
    detector.detect(picture(noise))
    embedder.embed([noise[row : row + 150, :130] for row in range(9)])
    used = _now()

    sizes = [round(step.resident / 1e6, 1) for step in (started, imported, opened, used)]
    pairs = ((started, imported), (imported, opened), (opened, used))
    clock = [round(after.clock_s - before.clock_s, 3) for before, after in pairs]
    cpu = [round(after.cpu_s - before.cpu_s, 3) for before, after in pairs]
    return ModelMemory(*sizes, *clock, *cpu)
