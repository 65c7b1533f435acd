"""Runs and the ledger of recordings.

A recording is committed whole: while its run is `incomplete` no reader sees its sightings; the
transaction that finishes it shows them all. Begun again after a crash it starts from nothing and
ends with the same ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import Connection, func, select

from yanji.configs.errors import ArchiveError
from yanji.index.cameras import camera_key
from yanji.index.counters import give_out
from yanji.index.delete import delete_sightings_of_run
from yanji.index.tables import CAMERAS, GAPS, INCOMPLETE, RUNS, SIGHTINGS, VECTORS
from yanji.ingest.frame import Run
from yanji.ingest.gap import Gap

FileState = Literal["new", "incomplete", "done"]
UNKNOWN_END: Final = "unknown"
"""End reason of a run whose process died."""
OWN_GAPS: Final = (UNKNOWN_END, "shutdown")
"""End reasons after which nobody watches: the archive itself opens a gap, the next run closes it.
After any other the capture loop goes on and reports its own gap."""


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run as read back. Times are wall times."""

    run_id: str
    camera_id: str
    kind: str
    source: str
    started_ns: int
    ended_ns: int | None
    end_reason: str | None
    content_sha256: str | None
    state: str
    """`open`, `ended` (live), `incomplete`, `done` (recordings)."""
    path: str | None
    progress_s: float
    start_source: str
    """Of a recording: `given`, `manifest`, `name`, `container`; empty: live, or not noted."""
    start_sigma_s: float
    num_sightings: int


def put_run(connection: Connection, run: Run, state: str, path: str | None = None) -> int:
    """Add a run, or reopen the one with its id. Returns its key."""
    camera = camera_key(connection, run.camera_id)
    known = connection.execute(select(RUNS.c.run_key).where(RUNS.c.run_id == run.run_id)).scalar()
    if known is not None:
        connection.execute(
            RUNS.update()
            .where(RUNS.c.run_key == known)
            .values(
                state=state,
                ended_ns=None,
                end_reason=None,
                path=path,
                progress_s=0.0,
                start_source=run.start_source,
                start_sigma_s=run.start_sigma_s,
            )
        )
        return int(known)
    key = give_out(connection, "run")
    connection.execute(
        RUNS.insert().values(
            run_key=key,
            run_id=run.run_id,
            camera_key=camera,
            kind=run.kind,
            source=run.source,
            started_ns=run.started_ns,
            boot_id=run.boot_id,
            content_sha256=run.content_sha256,
            state=state,
            path=path,
            progress_s=0.0,
            start_source=run.start_source,
            start_sigma_s=run.start_sigma_s,
        )
    )
    return key


def run_key(connection: Connection, run_id: str) -> int:
    """Key of a run.

    Raises:
        ArchiveError: the archive does not know it.
    """
    key = connection.execute(select(RUNS.c.run_key).where(RUNS.c.run_id == run_id)).scalar()
    if key is None:
        raise ArchiveError(
            f"the archive has no run {run_id}", hint="`yanji runs list`", code="unknown_run"
        )
    return int(key)


def start_live_run(connection: Connection, run: Run) -> None:
    """Add an open run and close the gaps that it ends."""
    put_run(connection, run, "open")
    camera = camera_key(connection, run.camera_id)
    connection.execute(
        GAPS.update()
        .where((GAPS.c.camera_key == camera) & GAPS.c.to_ns.is_(None))
        .where(GAPS.c.from_ns <= run.started_ns)
        .values(to_ns=run.started_ns, seq=give_out(connection, "seq"))
    )


def end_live_run(connection: Connection, run_id: str, ended_ns: int, reason: str) -> None:
    """Close a run; one that has ended stays as it was. `finish_file` alone shows a recording."""
    key = run_key(connection, run_id)
    connection.execute(
        RUNS.update()
        .where((RUNS.c.run_key == key) & (RUNS.c.state == INCOMPLETE))
        .values(ended_ns=ended_ns, end_reason=reason)
    )
    ended = connection.execute(
        RUNS.update()
        .where((RUNS.c.run_key == key) & (RUNS.c.state == "open"))
        .values(state="ended", ended_ns=ended_ns, end_reason=reason)
    )
    if ended.rowcount and reason in OWN_GAPS:
        query = (
            select(CAMERAS.c.camera_id).join_from(
                RUNS, CAMERAS, RUNS.c.camera_key == CAMERAS.c.camera_key
            )
        ).where(RUNS.c.run_key == key)
        camera_id = str(connection.execute(query).scalar_one())
        put_gaps(connection, [Gap(camera_id, ended_ns, None, reason)])


def end_orphaned_runs(connection: Connection) -> int:
    """Close the runs of a process that died, at their last sign of life. Returns how many."""
    last = func.coalesce(func.max(SIGHTINGS.c.last_wall_ns), RUNS.c.started_ns)
    query = (
        select(RUNS.c.run_id, last)
        .join_from(RUNS, SIGHTINGS, RUNS.c.run_key == SIGHTINGS.c.run_key, isouter=True)
        .where(RUNS.c.state == "open")
        .group_by(RUNS.c.run_key, RUNS.c.run_id, RUNS.c.started_ns)
    )
    orphaned = connection.execute(query).all()
    for run_id, last_ns in orphaned:
        end_live_run(connection, run_id, int(last_ns), UNKNOWN_END)
    return len(orphaned)


def put_gaps(connection: Connection, gaps: list[Gap]) -> None:
    """Add gaps; one of the same camera and start is updated, a closed one is not opened again."""
    seq = give_out(connection, "seq")
    for gap in gaps:
        camera = camera_key(connection, gap.camera_id)
        same = (GAPS.c.camera_key == camera) & (GAPS.c.from_ns == gap.from_ns)
        if connection.execute(select(GAPS).where(same)).first() is None:
            connection.execute(
                GAPS.insert().values(
                    camera_key=camera,
                    from_ns=gap.from_ns,
                    to_ns=gap.to_ns,
                    cause=gap.cause,
                    seq=seq,
                )
            )
        elif gap.to_ns is not None:
            connection.execute(
                GAPS.update().where(same).values(to_ns=gap.to_ns, cause=gap.cause, seq=seq)
            )


def file_state(
    connection: Connection, content_sha256: str, camera_id: str, started_ns: int
) -> FileState:
    """What the ledger knows of a recording: the same content, camera and start."""
    query = (
        select(RUNS.c.state)
        .join_from(RUNS, CAMERAS, RUNS.c.camera_key == CAMERAS.c.camera_key)
        .where(CAMERAS.c.camera_id == camera_id, RUNS.c.content_sha256 == content_sha256)
        .where(RUNS.c.started_ns == started_ns)
    )
    state = connection.execute(query).scalar()
    if state is None:
        return "new"
    return "incomplete" if state == INCOMPLETE else "done"


def begin_file(connection: Connection, run: Run, path: str, now_ns: int) -> None:
    """Open a recording's run; rows of an earlier try that was cut off are dropped.

    Raises:
        ArchiveError: it is done; remove the run to index it again.
    """
    query = select(RUNS.c.run_key, RUNS.c.state).where(RUNS.c.run_id == run.run_id)
    row = connection.execute(query).first()
    if row is not None and row.state != INCOMPLETE:
        raise ArchiveError(
            f"{path} is already in the archive", hint="`yanji runs remove` first", code="file_done"
        )
    if row is not None:
        delete_sightings_of_run(connection, row.run_key, now_ns)
    put_run(connection, run, INCOMPLETE, path)


def finish_file(connection: Connection, run_id: str, ended_ns: int | None) -> None:
    """Show all sightings of a recording at once: readers find them by their new `seq`."""
    key = run_key(connection, run_id)
    finished = connection.execute(
        RUNS.update()
        .where((RUNS.c.run_key == key) & (RUNS.c.state == INCOMPLETE))
        .values(
            state="done",
            ended_ns=func.coalesce(ended_ns, RUNS.c.ended_ns),
            end_reason=func.coalesce(RUNS.c.end_reason, "done"),
        )
    )
    if not finished.rowcount:
        return
    seq = give_out(connection, "seq")
    connection.execute(SIGHTINGS.update().where(SIGHTINGS.c.run_key == key).values(seq=seq))
    mine = select(SIGHTINGS.c.sighting_key).where(SIGHTINGS.c.run_key == key)
    connection.execute(VECTORS.update().where(VECTORS.c.sighting_key.in_(mine)).values(seq=seq))


def read_runs(connection: Connection, camera_id: str | None = None) -> list[StoredRun]:
    """Runs in the order of their start."""
    query = (
        select(RUNS, CAMERAS.c.camera_id, func.count(SIGHTINGS.c.sighting_key).label("num"))
        .join_from(RUNS, CAMERAS, RUNS.c.camera_key == CAMERAS.c.camera_key)
        .join(SIGHTINGS, RUNS.c.run_key == SIGHTINGS.c.run_key, isouter=True)
        .group_by(RUNS.c.run_key, CAMERAS.c.camera_id)
        .order_by(RUNS.c.started_ns, RUNS.c.run_key)
    )
    if camera_id is not None:
        query = query.where(CAMERAS.c.camera_id == camera_id)
    return [
        StoredRun(
            run_id=row.run_id,
            camera_id=row.camera_id,
            kind=row.kind,
            source=row.source,
            started_ns=row.started_ns,
            ended_ns=row.ended_ns,
            end_reason=row.end_reason,
            content_sha256=row.content_sha256,
            state=row.state,
            path=row.path,
            progress_s=row.progress_s,
            start_source=row.start_source,
            start_sigma_s=row.start_sigma_s,
            num_sightings=row.num,
        )
        for row in connection.execute(query)
    ]
