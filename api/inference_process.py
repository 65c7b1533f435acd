"""The inference process of one device: models there, batches for all workers that it serves.

Its main thread computes and sends the beats itself, so that a device that hangs falls silent. One
that fails batch after batch (a driver that was reset stays broken for the process) ends itself and
is replaced; the workers wait for the next one.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from yanji.api.log_file import start_process_logging
from yanji.api.memory import keep_large_blocks
from yanji.api.plan import STOP, Failed, resident_bytes
from yanji.configs.errors import YanjiError
from yanji.configs.settings import Settings
from yanji.detect.batching import Batcher, ServedModel
from yanji.detect.inference_service import InferenceService

log = logging.getLogger(__name__)

BEAT_S = 1.0
STEP_S = 0.2
LAST_WORDS_S = 20.0
"""Told to stop, or alone, it serves so long the workers that still close their tracks."""
MAX_FAILURES_IN_A_ROW = 4


@dataclass(frozen=True, slots=True)
class InferencePlan:
    """All that an inference process needs to start."""

    number: int
    settings: Settings
    device: str
    """`cuda:0` and so on."""
    address: str
    authkey: bytes


@dataclass(frozen=True, slots=True)
class InferenceBeat:
    """Sent about once a second by the thread that computes."""

    number: int
    num_batches: int
    num_pictures: int
    num_waiting: int
    """Pictures that wait to be computed."""
    num_connections: int
    resident_bytes: int


def run_inference(plan: InferencePlan, supervisor: Connection) -> None:
    """Entry point of the process."""
    serve_models(plan, supervisor, open_models)


def open_models(plan: InferencePlan) -> Mapping[str, ServedModel]:
    """Open the installation's detector and embedder on the device.

    Raises:
        ModelError: see `yanji.detect.runtimes.cuda.open_served`.
    """
    from yanji.detect.card import list_cards, load_card
    from yanji.detect.runtimes.cuda import open_served

    folder = plan.settings.models
    names = [plan.settings.detector]
    if plan.settings.embedder in list_cards(folder):  # the baseline is no network
        names.append(plan.settings.embedder)
    return {name: open_served(load_card(name, folder), plan.device) for name in names}


def serve_models(
    plan: InferencePlan,
    supervisor: Connection,
    open_them: Callable[[InferencePlan], Mapping[str, ServedModel]],
) -> None:
    """Open models, then compute for whoever connects until told to stop.

    Args:
        plan: what to open and where to listen.
        supervisor: hears beats, and why it failed.
        open_them: opens the models; another one in tests, where there is no device.
    """
    # Ctrl-C reaches the whole group; only the supervisor decides when this ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    start_process_logging(plan.settings, f"inference-{plan.number}")
    keep_large_blocks()
    import cv2  # not for the supervisor, which only names this process

    cv2.setNumThreads(1)  # the other cores are the workers'
    try:
        batcher = Batcher(open_them(plan))
        Path(plan.address).unlink(missing_ok=True)  # of a process before this one
        service = InferenceService(batcher, plan.address, plan.authkey)
        _compute(plan, supervisor, batcher, service)
    except YanjiError as error:
        _send(supervisor, Failed(error.code, error.message, error.hint, fatal=True))
    except Exception as error:
        # The border of the process: the supervisor must hear why it ended, whatever it was.
        log.exception("the inference process failed")
        text = f"The inference process of {plan.device} failed: {error!r}."
        _send(supervisor, Failed("inference", text, "", fatal=False))


def _compute(
    plan: InferencePlan, supervisor: Connection, batcher: Batcher, service: InferenceService
) -> None:
    next_beat_s = 0.0
    ends_s: float | None = None
    while True:
        now = time.monotonic()
        if now >= next_beat_s:
            next_beat_s = now + BEAT_S
            told = not _send(supervisor, _beat(plan, batcher, service)) or _told(supervisor)
            if told and ends_s is None:
                ends_s = now + LAST_WORDS_S
            if ends_s is not None and (service.num_connections == 0 or now >= ends_s):
                service.close()
                return
        batcher.step(STEP_S)
        if batcher.num_failures_in_a_row >= MAX_FAILURES_IN_A_ROW:
            text = f"The device {plan.device} computed none of {MAX_FAILURES_IN_A_ROW} batches."
            _send(supervisor, Failed("inference", text, "", fatal=False))
            return


def _beat(plan: InferencePlan, batcher: Batcher, service: InferenceService) -> InferenceBeat:
    return InferenceBeat(
        number=plan.number,
        num_batches=batcher.num_batches,
        num_pictures=batcher.num_pictures,
        num_waiting=batcher.num_waiting,
        num_connections=service.num_connections,
        resident_bytes=resident_bytes(),
    )


def _told(supervisor: Connection) -> bool:
    """Say whether to stop; a supervisor that is gone counts as an order."""
    with contextlib.suppress(EOFError, OSError):
        return bool(supervisor.poll(0)) and supervisor.recv() == STOP
    return True


def _send(supervisor: Connection, message: object) -> bool:
    try:
        supervisor.send(message)
    except (OSError, ValueError):
        return False
    return True
