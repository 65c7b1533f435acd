"""What is in an archive: `yanji runs`, `archive`, `check`, `audit`."""

from __future__ import annotations

from pathlib import Path

import click

from yanji.api.cli.options import installation_options, set_up, site_option
from yanji.api.cli.output import note, print_json, print_line, table
from yanji.configs.errors import YanjiError
from yanji.configs.times import format_time


@click.group("runs")
def runs_verb() -> None:
    """List or remove what one recording or connection brought in."""


@runs_verb.command("list")
@click.option("--camera", help="Only this camera.")
@site_option()
@installation_options
def runs_list(
    camera: str | None,
    site_file: Path | None,
    settings_file: Path | None,
    archive: Path | None,
    as_json: bool,
) -> int:
    """List the runs, oldest first."""
    from yanji.index.reader import read_archive

    setup = set_up(
        as_json=as_json, archive=archive, settings_file=settings_file, site_file=site_file
    )
    runs = read_archive(setup.archive).runs(setup.site_camera(camera) if camera else None)
    if as_json:
        print_json(
            {
                "runs": [
                    {
                        "run_id": run.run_id,
                        "camera_id": run.camera_id,
                        "kind": run.kind,
                        "source": run.source,
                        "start": format_time(run.started_ns, setup.zone),
                        "start_source": run.start_source or None,
                        "start_sigma_s": run.start_sigma_s,
                        "end": format_time(run.ended_ns, setup.zone) if run.ended_ns else None,
                        "end_reason": run.end_reason,
                        "state": run.state,
                        "sightings": run.num_sightings,
                    }
                    for run in runs
                ]
            }
        )
        return 0
    rows = [
        [
            run.run_id,
            run.camera_id,
            format_time(run.started_ns, setup.zone),
            run.state,
            str(run.num_sightings),
            run.source,
        ]
        for run in runs
    ]
    for line in table(["run", "camera", "start", "state", "sightings", "source"], rows):
        print_line(line)
    return 0


@runs_verb.command("remove")
@click.argument("run_ids", metavar="RUN...", nargs=-1, required=True)
@installation_options
def runs_remove(
    run_ids: tuple[str, ...], settings_file: Path | None, archive: Path | None, as_json: bool
) -> int:
    """Remove runs with their sightings, crops and vectors: undoes a wrong start or camera."""
    from yanji.api.writer_process import open_archive

    setup = set_up(as_json=as_json, archive=archive, settings_file=settings_file)
    removed = []
    _require_archive(setup.archive)
    with open_archive(setup.archive, setup.settings) as writer:
        for run_id in run_ids:
            deleted = writer.remove_run(run_id)
            removed.append({"run_id": run_id, "sightings": deleted.sightings})
            if not as_json:
                print_line(f"{run_id}: {deleted.sightings} sightings removed")
    if as_json:
        print_json({"removed": removed})
    return 0


@click.group("archive")
def archive_verb() -> None:
    """Size of the archive; new embeddings, missing colours."""


@archive_verb.command("stats")
@installation_options
def archive_stats(settings_file: Path | None, archive: Path | None, as_json: bool) -> int:
    """Sightings, bytes per day, days left on the disk."""
    from yanji.index.reader import read_archive
    from yanji.index.stats import read_stats

    setup = set_up(as_json=as_json, archive=archive, settings_file=settings_file)
    low_water = setup.settings.disk.low_water_mb * 1_000_000
    stats = read_stats(read_archive(setup.archive), low_water_bytes=low_water)
    document = {
        "archive_id": stats.archive_id,
        "schema_version": stats.schema_version,
        "cameras": stats.num_cameras,
        "runs": stats.num_runs,
        "sightings": stats.num_sightings,
        "provisional": stats.num_provisional,
        "first": format_time(stats.first_ns) if stats.first_ns is not None else None,
        "last": format_time(stats.last_ns) if stats.last_ns is not None else None,
        "database_bytes": stats.database_bytes,
        "crop_bytes": stats.crop_bytes,
        "bytes_per_day": stats.bytes_per_day,
        "free_bytes": stats.free_bytes,
        "days_left": stats.days_left,
        "models": [
            {
                "model_id": model.model_id,
                "weights_sha256": model.weights_sha256,
                "vectors": model.num_vectors,
                "active": model.active,
            }
            for model in stats.models
        ],
    }
    if as_json:
        print_json(document)
        return 0
    print_line(
        f"{stats.num_sightings} sightings ({stats.num_provisional} provisional) of "
        f"{stats.num_cameras} cameras in {stats.num_runs} runs"
    )
    if stats.first_ns is not None and stats.last_ns is not None:
        print_line(f"from {format_time(stats.first_ns)} to {format_time(stats.last_ns)}")
    print_line(
        f"database {stats.database_bytes / 1e6:.1f} MB, crops {stats.crop_bytes / 1e6:.1f} MB"
    )
    if stats.bytes_per_day is not None and stats.days_left is not None:
        print_line(
            f"{stats.bytes_per_day / 1e6:.1f} MB per day; the disk lasts {stats.days_left:.0f} days"
        )
    for model in stats.models:
        print_line(
            f"model {model.model_id} {model.weights_sha256[:12]}: {model.num_vectors} vectors"
            + (" (active)" if model.active else "")
        )
    return 0


@archive_verb.command("reembed")
@click.option("--model", help="Name of the embedder [default: that of the settings].")
@click.option("--drop-old", is_flag=True, help="Delete the vectors of all other models.")
@installation_options
def archive_reembed(
    model: str | None,
    drop_old: bool,
    settings_file: Path | None,
    archive: Path | None,
    as_json: bool,
) -> int:
    """Move the archive to a model, from its stored crops; run again after a stop, it goes on."""
    from yanji.api.pipeline import open_reid
    from yanji.api.writer_process import open_archive
    from yanji.index.reembed import reembed

    setup = set_up(
        as_json=as_json,
        archive=archive,
        settings_file=settings_file,
        flags={"embedder": model} if model else None,
    )
    _require_archive(setup.archive)
    embedder = open_reid(setup.settings)
    with open_archive(setup.archive, setup.settings) as writer:
        done = reembed(
            writer,
            embedder,
            lambda num, total: note(f"{num} of {total} sightings"),
            drop_old=drop_old,
        )
    document = {
        "model_id": embedder.model_id,
        "weights_sha256": embedder.weights_sha256,
        "embedded": done.embedded,
        "already": done.already,
        "unreadable": done.unreadable,
        "dropped": done.dropped,
    }
    if as_json:
        print_json(document)
    else:
        print_line(
            f"{done.embedded} sightings embedded by {embedder.model_id}, {done.already} had their "
            f"vector, {done.unreadable} without a readable crop, {done.dropped} old vectors dropped"
        )
    return 1 if done.unreadable else 0


@archive_verb.command("colours")
@installation_options
def archive_colours(settings_file: Path | None, archive: Path | None, as_json: bool) -> int:
    """Name colours that are missing, from stored crops; run again after a stop, it goes on."""
    from yanji.api.writer_process import open_archive
    from yanji.index.recolour import recolour

    setup = set_up(as_json=as_json, archive=archive, settings_file=settings_file)
    _require_archive(setup.archive)
    with open_archive(setup.archive, setup.settings) as writer:
        done = recolour(writer, lambda num, total: note(f"{num} of {total} sightings"))
    document = {"named": done.named, "doubtful": done.doubtful, "unreadable": done.unreadable}
    if as_json:
        print_json(document)
    else:
        print_line(
            f"{done.named} sightings have a colour now, {done.doubtful} stay in doubt, "
            f"{done.unreadable} without a readable crop"
        )
    return 1 if done.unreadable else 0


@click.command("check")
@click.option("--repair", is_flag=True, help="Mend what can be mended (needs the archive alone).")
@installation_options
def check_verb(
    repair: bool, settings_file: Path | None, archive: Path | None, as_json: bool
) -> int:
    """Prove the archive's invariants; exit 1 when one does not hold."""
    from yanji.index.check import check

    setup = set_up(as_json=as_json, archive=archive, settings_file=settings_file)
    _require_archive(setup.archive)
    report = check(setup.archive, repair=repair)
    if as_json:
        print_json(
            {
                "ok": report.ok,
                "sightings": report.num_sightings,
                "crops": report.num_crops,
                "problems": [
                    {
                        "kind": problem.kind,
                        "message": problem.message,
                        "repaired": problem.repaired,
                    }
                    for problem in report.problems
                ],
            }
        )
    else:
        for problem in report.problems:
            print_line(f"{problem.message}{' (mended)' if problem.repaired else ''}")
        print_line(
            f"{report.num_sightings} sightings and {report.num_crops} crops examined: "
            f"{'all holds' if report.ok else 'NOT as it should be'}"
        )
    return 0 if report.ok else 1


@click.group("audit")
def audit_verb() -> None:
    """The record of who looked for what, why, under which case."""


@audit_verb.command("verify")
@click.option("--head", "expected_head", metavar="SEQ-HASH", help="A head noted down earlier.")
@installation_options
def audit_verify(
    expected_head: str | None, settings_file: Path | None, archive: Path | None, as_json: bool
) -> int:
    """Find an edit, a deletion, a reordering or a cut in the audit log; then exit 1."""
    from yanji.api.audit_verify import verify

    setup = set_up(as_json=as_json, archive=archive, settings_file=settings_file)
    if not setup.archive.is_dir():
        _require_archive(setup.archive)
    report = verify(setup.archive, expected_head=expected_head)
    if as_json:
        print_json(
            {
                "ok": report.ok,
                "records": report.records,
                "head": str(report.head),
                "problems": [
                    {
                        "code": problem.code,
                        "message": problem.message,
                        "line": problem.line,
                        "seq": problem.seq,
                    }
                    for problem in report.problems
                ],
                "notes": list(report.notes),
            }
        )
    else:
        for line in (*[problem.message for problem in report.problems], *report.notes):
            print_line(line)
        state = "the chain holds" if report.ok else "the log was CHANGED or is incomplete"
        print_line(f"{report.records} records: {state}; head {report.head}")
    return 0 if report.ok else 1


def _require_archive(folder: Path) -> None:
    """Opening for writing would make an archive where there is none: a typing error, here."""
    from yanji.index.sqlite import DATABASE

    if not (folder / DATABASE).is_file():
        raise YanjiError(
            f"There is no archive in {folder}.",
            hint="Give --archive DIR, or make one with `yanji index` or `yanji run`.",
            code="no_archive",
        )
