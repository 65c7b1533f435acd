"""Recordings whose start nobody gave: from their names, else from what the files say."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from yanji.api.cli.options import Setup
from yanji.configs.errors import SourceError, UsageError
from yanji.ingest.recording_name import HINT

if TYPE_CHECKING:
    from yanji.api.reading import Job

_DEFAULT_FPS = 5.0


def fps_of(setup: Setup, camera_id: str) -> float:
    """Frames analysed per second of a camera's recordings."""
    return setup.site.camera(camera_id).analyse_fps if setup.site is not None else _DEFAULT_FPS


def job_of_name(setup: Setup, path: Path, camera_id: str) -> Job:
    """Make the job of one recording without a given start.

    Raises:
        UsageError: name and file give no start that can be trusted.
    """
    from yanji.api.reading import Job
    from yanji.ingest.recording_start import find_start

    start = find_start(path.absolute(), setup.zone, time.time_ns())
    return Job(
        path,
        camera_id,
        start.started_ns,
        fps_of(setup, camera_id),
        start_source=start.source,
        start_sigma_s=start.sigma_s,
    )


def jobs_of_names(
    setup: Setup, paths: tuple[Path, ...], camera: str
) -> tuple[list[Job], list[dict[str, object]]]:
    """Make the jobs of all recordings of PATH...; those without a start are reported."""
    from yanji.ingest.folder import find_recordings

    camera_id = setup.site_camera(camera)
    found = find_recordings(paths)
    problems: list[dict[str, object]] = [
        {"path": str(problem.path), "message": problem.message} for problem in found.problems
    ]
    jobs: list[Job] = []
    known: dict[str, Job] = {}
    refused: list[UsageError] = []
    for path in found.files:
        try:
            job = _alone(job_of_name(setup, path, camera_id), known)
        except UsageError as error:
            refused.append(error)
            message = f"{error.message} {error.hint}".strip()
            problems.append({"path": str(path), "message": message})
        else:
            jobs.append(job)
    if refused and not jobs and len(refused) == len(problems):
        others = f" {len(refused) - 1} more are like it." if len(refused) > 1 else ""
        raise UsageError(refused[0].message + others, hint=refused[0].hint)
    return jobs, problems


def _alone(job: Job, known: dict[str, Job]) -> Job:
    """Note the content of a recording.

    Raises:
        UsageError: it was named before with another start: a copy, and one of the names is wrong.
    """
    content = content_of(job.path)
    first = known.setdefault(content, job) if content else job
    if first.started_ns != job.started_ns:
        raise UsageError(
            f"{job.path} holds the same recording as {first.path}, but its name gives another "
            "start.",
            hint=HINT,
        )
    return replace(job, content_sha256=content)


def content_of(path: Path) -> str:
    """Sha256 of a recording; empty where it cannot be read (then indexing says why)."""
    from yanji.ingest.content import file_sha256

    try:
        return file_sha256(path)
    except SourceError:
        return ""
