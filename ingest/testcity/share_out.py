"""Shares tasks out to processes, one for each core; a task is done whole or reported as failed."""

from __future__ import annotations

import multiprocessing
import queue
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, TypeVar

from yanji.configs.errors import YanjiError

Task = TypeVar("Task")
Result = TypeVar("Result")
OpenWork = Callable[[], AbstractContextManager[Callable[[Task], Iterable[Result]]]]

_LOOK_S: Final = 0.5
"""How often is looked whether the processes still live."""
AGAIN: Final = "Run the same command again: what was finished is kept."


def share_out(
    tasks: Sequence[Task],
    num_processes: int,
    open_work: OpenWork[Task, Result],
    report: Callable[[Result], None],
) -> float:
    """Do all tasks; returns the CPU seconds that the processes needed before their first one.

    With one process the tasks are done in this one.

    Args:
        tasks: in the order in which they are begun; what they hold must be picklable.
        num_processes: at most so many, at least 1.
        open_work: called once in every process; gives what does one task and yields results on
            the way. Picklable.
        report: gets every result, in this process, in the order in which they are ready.

    Raises:
        YanjiError: a task failed or a process died; all processes are stopped then.
    """
    if not tasks:
        return 0.0
    if min(num_processes, len(tasks)) == 1:
        begin_s = time.process_time()
        with open_work() as work:
            opened_s = time.process_time() - begin_s
            for task in tasks:
                for result in work(task):
                    report(result)
        return opened_s
    context = multiprocessing.get_context("spawn")
    news: Any = context.Queue()
    taken: Any = context.Value("l", 0)
    processes = [
        context.Process(target=_work, args=(tasks, taken, open_work, news), daemon=True)
        for _ in range(min(num_processes, len(tasks)))
    ]
    for process in processes:
        process.start()
    ended, opened_s = 0, 0.0
    try:
        while ended < len(processes):
            try:
                kind, value = news.get(timeout=_LOOK_S)
            except queue.Empty:
                if _died(processes, ended) and news.empty():
                    raise YanjiError("A drawing process died.", hint=AGAIN) from None
                continue
            if kind == "done":
                report(value)
            elif kind == "opened":
                opened_s += value
            elif kind == "ended":
                ended += 1
            else:
                raise value
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()
    return opened_s


def _died(processes: Sequence[Any], ended: int) -> bool:
    """Whether a process is gone that has not said that it ended."""
    return sum(not process.is_alive() for process in processes) > ended


def _work(tasks: Sequence[Task], taken: Any, open_work: OpenWork[Task, Result], news: Any) -> None:
    """A process: takes the next task as long as there is one and somebody waits for it."""
    parent = multiprocessing.parent_process()
    try:
        with open_work() as work:
            news.put(("opened", time.process_time()))
            while parent is None or parent.is_alive():
                with taken.get_lock():
                    number = taken.value
                    taken.value += 1
                if number >= len(tasks):
                    break
                for result in work(tasks[number]):
                    news.put(("done", result))
        news.put(("ended", None))
    except KeyboardInterrupt:
        news.put(("ended", None))
    except YanjiError as error:
        news.put(("failed", error))
    except Exception as error:  # its class may not survive the way to the parent
        failed = YanjiError(f"Drawing failed: {type(error).__name__}: {error}.", hint=AGAIN)
        news.put(("failed", failed))
