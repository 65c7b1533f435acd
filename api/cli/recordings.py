"""`yanji index`: recordings into the archive."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from yanji.api.cli.job_starts import content_of, fps_of, job_of_name, jobs_of_names
from yanji.api.cli.options import Setup, installation_options, set_up, site_option
from yanji.api.cli.output import note, print_json, print_line
from yanji.configs.errors import NotAVideoError, SourceError, UsageError
from yanji.configs.times import format_time, parse_time

if TYPE_CHECKING:
    from yanji.api.reading import Job
    from yanji.api.recordings import Outcome, Progress


@click.command("index")
@click.argument("paths", metavar="PATH...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--camera", help="Camera that recorded PATH...")
@click.option(
    "--start",
    metavar="ISO",
    help="When the first picture of PATH... was taken [default: from the name of each file, else "
    "from its metadata].",
)
@click.option(
    "--manifest",
    type=click.Path(path_type=Path),
    help="CSV with the columns camera_id,path,start instead of PATH, --camera and --start; an "
    "empty start is looked for like a missing --start.",
)
@site_option()
@installation_options
def index_verb(
    paths: tuple[Path, ...],
    camera: str | None,
    start: str | None,
    manifest: Path | None,
    site_file: Path | None,
    settings_file: Path | None,
    archive: Path | None,
    as_json: bool,
) -> int:
    """Index recordings. With --start, PATHs (or the files of a folder) follow each other in time.

    What is in the archive already is skipped; what was cut off is completed.
    """
    from yanji.api.recordings import index_recordings
    from yanji.api.writer import enforce_retention
    from yanji.api.writer_process import open_archive, register_cameras
    from yanji.index.cameras import Camera

    setup = set_up(
        as_json=as_json, archive=archive, settings_file=settings_file, site_file=site_file
    )
    if manifest is not None:
        if paths or camera is not None or start is not None:
            raise UsageError("--manifest stands alone: it names paths, cameras and starts itself.")
        jobs, problems = _jobs_of_manifest(setup, manifest)
    else:
        if not paths or camera is None:
            raise UsageError(
                "PATH and --camera belong together.",
                hint="yanji index REC.mp4 --camera K01 --start 2026-11-20T08:00:00+08:00, "
                "or --manifest FILE.csv",
            )
        if start is None:
            jobs, problems = jobs_of_names(setup, paths, camera)
        else:
            jobs, problems = _jobs_of_paths(setup, paths, camera, start)
    for problem in problems:
        note(str(problem["message"]))

    terminal = sys.stderr.isatty() and not as_json
    display = Display(len(jobs), terminal=terminal, zone=setup.zone)
    outcomes: list[Outcome] = []
    if jobs:
        with open_archive(setup.archive, setup.settings) as writer:
            if setup.site is not None:
                register_cameras(writer, setup.site.cameras)
            for camera_id in {job.camera_id for job in jobs}:
                writer.register_camera(Camera(camera_id))
            outcomes = index_recordings(
                jobs,
                writer,
                setup.settings,
                on_progress=display.progress,
                on_outcome=display.outcome,
            )
            enforce_retention(writer, setup.settings.retention.days)
    display.end()
    failed = [outcome for outcome in outcomes if outcome.state in ("failed", "damaged")]
    num_sightings = sum(outcome.num_sightings for outcome in outcomes)
    if as_json:
        print_json(
            {
                "files": [_outcome_document(outcome, setup) for outcome in outcomes],
                "problems": problems,
                "sightings": num_sightings,
            }
        )
    else:
        num_done = sum(outcome.state in ("done", "damaged") for outcome in outcomes)
        num_skipped = sum(outcome.state == "skipped" for outcome in outcomes)
        print_line(
            f"{num_sightings} sightings from {num_done} recordings; {num_skipped} were in the "
            f"archive already; {len(failed) + len(problems)} with problems"
        )
    return 1 if failed or problems else 0


def _jobs_of_manifest(setup: Setup, path: Path) -> tuple[list[Job], list[dict[str, object]]]:
    from yanji.api.reading import Job
    from yanji.ingest.manifest import read_manifest

    manifest = read_manifest(path, lambda text: parse_time(text, setup.zone))
    problems: list[dict[str, object]] = [
        {"line": problem.line, "message": f"{path}:{problem.line}: {problem.message}"}
        for problem in manifest.problems
    ]
    jobs: list[Job] = []
    for row in manifest.rows:
        try:
            camera_id = setup.site_camera(row.camera_id)
        except UsageError as error:
            problems.append({"line": row.line, "message": f"{path}:{row.line}: {error.message}"})
            continue
        if row.started_ns is not None:
            job = Job(
                row.path,
                camera_id,
                row.started_ns,
                fps_of(setup, camera_id),
                start_source="manifest",
            )
        else:
            try:
                job = job_of_name(setup, row.path, camera_id)
            except UsageError as error:
                where = f"{path}:{row.line}"
                problems.append({"line": row.line, "message": f"{where}: {error.message}"})
                continue
        jobs.append(job)
    return jobs, problems


def _jobs_of_paths(
    setup: Setup, paths: tuple[Path, ...], camera: str, start: str
) -> tuple[list[Job], list[dict[str, object]]]:
    """Recordings in the order given, each beginning where the one before it ends.

    One that is missing, or whose length is not known, breaks the chain: what follows would get a
    wrong start without anybody noticing, so it is reported and left out.
    """
    from yanji.api.reading import Job
    from yanji.ingest.folder import find_recordings

    camera_id = setup.site_camera(camera)
    started_ns = parse_time(start, setup.zone)
    jobs: list[Job] = []
    problems: list[dict[str, object]] = []
    named: dict[Path, Path] = {}
    contents: dict[str, Path] = {}
    broken = ""
    for given in paths:
        found = find_recordings((given,))
        for problem in found.problems:
            problems.append({"path": str(problem.path), "message": problem.message})
            broken = broken or f"{problem.path} is missing"
        for path in found.files:
            if named.setdefault(path.resolve(), path) is not path:
                continue
            content = content_of(path)
            if content and contents.setdefault(content, path) is not path:
                message = f"{path} holds the same recording as {contents[content]}: left out."
                problems.append({"path": str(path), "message": message})
                continue
            if jobs and not broken:
                duration_s = _duration_s(jobs[-1].path)
                if duration_s is None:
                    broken = f"the length of {jobs[-1].path.name} is not"
                else:
                    started_ns += round(duration_s * 1e9)
            if broken:
                message = f"{path}: its start is not known, because {broken}; "
                message += "index it with its own --start."
                problems.append({"path": str(path), "message": message})
                continue
            jobs.append(Job(path, camera_id, started_ns, fps_of(setup, camera_id), content))
    return jobs, problems


def _duration_s(path: Path) -> float | None:
    from yanji.ingest.recording import open_recording

    try:
        # Only the length is asked for: no need to read the whole file for its checksum.
        source = open_recording(path, "length", 0, content_sha256="0" * 64)
        with source.connect() as connection:
            return connection.duration_s
    except (NotAVideoError, SourceError):
        return None


def _outcome_document(outcome: Outcome, setup: Setup) -> dict[str, object]:
    document: dict[str, object] = {
        "path": str(outcome.path),
        "camera_id": outcome.camera_id,
        "start": format_time(outcome.started_ns, setup.zone),
        "start_source": outcome.start_source,
        "state": outcome.state,
        "run_id": outcome.run_id,
        "sightings": outcome.num_sightings,
    }
    if outcome.message:
        document["error"] = {
            "code": outcome.code,
            "message": outcome.message,
            "hint": outcome.hint,
        }
    return document


class Display:
    """Progress on stderr: one changing line on a terminal, a line now and then elsewhere."""

    def __init__(
        self,
        num_jobs: int,
        *,
        terminal: bool,
        zone: ZoneInfo | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._num_jobs = num_jobs
        self._num_through = 0
        self._zone = zone
        self._clock = clock
        self._began_s = clock()
        self._open: dict[str, Progress] = {}
        self._through_s = 0.0
        """Stream seconds of the recordings that are through."""
        self._lengths_s: dict[str, float] = {}
        self._terminal = terminal
        self._every_s = 1.0 if terminal else 10.0
        self._next_s = self._began_s + self._every_s

    def progress(self, progress: Progress) -> None:
        """Note how far a recording is and say so from time to time."""
        self._open[progress.key] = progress
        if progress.duration_s:
            self._lengths_s[progress.key] = progress.duration_s
        if self._clock() < self._next_s:
            return
        self._next_s = self._clock() + self._every_s
        text = self.line()
        if self._terminal:
            sys.stderr.write(f"\r{text}\x1b[K")
            sys.stderr.flush()
        else:
            note(text)

    def line(self) -> str:
        """How many are through, how fast it goes and how long it will take."""
        text = f"{self._num_through} of {self._num_jobs} recordings"
        read_s = self._through_s + sum(progress.stream_s for progress in self._open.values())
        rate = read_s / max(self._clock() - self._began_s, 1e-3)
        if rate <= 0:
            return text
        text += f", {rate:.1f} times real time"
        if self._lengths_s:
            # Recordings that were not opened yet are taken to be as long as the average.
            average_s = sum(self._lengths_s.values()) / len(self._lengths_s)
            left_s = average_s * (self._num_jobs - self._num_through - len(self._open))
            for key, progress in self._open.items():
                left_s += max(0.0, self._lengths_s.get(key, average_s) - progress.stream_s)
            text += f", about {_duration(left_s / rate)} left"
        return text

    def outcome(self, outcome: Outcome) -> None:
        """Say what became of one recording."""
        self._num_through += 1
        last = self._open.pop(outcome.key, None)
        if last is not None:
            self._through_s += last.stream_s
        self.end()
        text = f"{outcome.path.name} ({outcome.camera_id}): {outcome.state}"
        if outcome.start_source in ("name", "container"):
            start = format_time(outcome.started_ns, self._zone, digits=0)
            source = "its name" if outcome.start_source == "name" else "its metadata"
            text += f", begins {start} by {source}"
        if outcome.state in ("done", "damaged"):
            text += f", {outcome.num_sightings} sightings"
        if outcome.message:
            text += f": {outcome.message} {outcome.hint}".rstrip()
        note(text)

    def end(self) -> None:
        """Clear the changing line."""
        if self._terminal:
            sys.stderr.write("\r\x1b[K")


def _duration(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"
