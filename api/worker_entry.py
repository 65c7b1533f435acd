"""Where a worker's process begins: the supervisor names it without loading what a worker needs.

Decoder, detector and OpenCV are half a second and 50 MB that only the worker itself should pay.
"""

from __future__ import annotations

from multiprocessing.connection import Connection

from yanji.api.plan import WorkerPlan


def run_worker(plan: WorkerPlan, supervisor: Connection) -> None:
    """Entry point of the process; see `yanji.api.worker.run_worker`."""
    from yanji.api import worker

    worker.run_worker(plan, supervisor)
