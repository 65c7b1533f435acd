"""`yanji clock`: how far the cameras' clocks are off."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yanji.api.cli.clock_answers import (
    entry_document,
    estimate_document,
    order_document,
    print_estimate,
    since,
    words_of,
)
from yanji.api.cli.options import Setup, finite, installation_options, set_up, site_option
from yanji.api.cli.output import note, print_json, print_line, table
from yanji.configs.errors import ArchiveBusyError, NothingFoundError, UsageError
from yanji.configs.times import parse_time

if TYPE_CHECKING:
    from yanji.index.clock_estimate import ClockEstimate
    from yanji.index.handover import OffsetOrder
    from yanji.index.offsets import StoredOffset
    from yanji.index.reader import ArchiveReader

READING_SIGMA_S = 0.5
"""Two clocks read by a person: each shows whole seconds, and looking from one to the other takes
some tenths."""
REFERENCE_SIGMA_S = 0.5
"""Of the clock that all others were compared with, where nobody compared it with a good one."""
_TAKEN_WITHIN_S = 5.0
_FAR_S = 3600.0
_DAY_NS = 86_400 * 10**9


@click.group("clock")
def clock_verb() -> None:
    """How far the cameras' clocks are off: read from a picture, listed, estimated."""


@clock_verb.command("set")
@click.argument("camera")
@click.option("--shows", metavar="ISO", required=True, help="What the clock of CAMERA shows ...")
@click.option("--at", metavar="ISO", required=True, help="... at this true time.")
@click.option(
    "--sigma",
    "sigma_s",
    type=click.FloatRange(0.0, 86_400.0),
    callback=finite,
    default=READING_SIGMA_S,
    show_default=True,
    help="Standard deviation of the comparison, seconds.",
)
@click.option(
    "--from",
    "begins",
    metavar="ISO",
    help="By the clock of CAMERA, from when on it was as much off, or `always` [default: always "
    "for the first comparison of a camera, later ones from --shows on].",
)
@click.option(
    "--live",
    is_flag=True,
    help="CAMERA is watched live: --shows is the time that yanji gives the picture.",
)
@site_option()
@installation_options
def clock_set(
    camera: str,
    shows: str,
    at: str,
    sigma_s: float,
    begins: str | None,
    live: bool,
    site_file: Path | None,
    settings_file: Path | None,
    archive: Path | None,
    as_json: bool,
) -> int:
    """Note that CAMERA's clock showed one time at another, true time.

    All answers follow at once, also about the past. It works while `yanji run` writes the archive.
    """
    from yanji.index.handover import OffsetOrder
    from yanji.index.offsets import begins_ns, read_offset_table
    from yanji.index.reader import read_archive

    setup = set_up(
        as_json=as_json, archive=archive, settings_file=settings_file, site_file=site_file
    )
    camera_id = setup.site_camera(camera)
    shows_ns, at_ns = parse_time(shows, setup.zone), parse_time(at, setup.zone)
    ahead_s = (shows_ns - at_ns) / 1e9
    with read_archive(setup.archive) as reader:
        _require_camera(reader, camera_id)
        if not live:
            _refuse_live(reader, camera_id, shows_ns)
        with reader.snapshot() as now:
            known = read_offset_table(now.connection)
        from_ns = _begin(begins, setup) if begins else begins_ns(known, camera_id, shows_ns)
        order = OffsetOrder(camera_id, from_ns, ahead_s, sigma_s, "clock")
        state = _write(setup, reader, [order])
    if abs(ahead_s) > _FAR_S:
        note(f"{camera_id} is {ahead_s / 3600:+.1f} hours off: is its zone or its date wrong?")
    if as_json:
        print_json({**order_document(order, setup), "state": state})
    else:
        holds = since(from_ns, setup)
        print_line(f"{camera_id}: clock {ahead_s:+.3f} s ahead (sigma {sigma_s:g} s), {holds}")
        _tell(state)
    return 0


@clock_verb.command("list")
@click.option("--camera", help="Only this camera.")
@site_option()
@installation_options
def clock_list(
    camera: str | None,
    site_file: Path | None,
    settings_file: Path | None,
    archive: Path | None,
    as_json: bool,
) -> int:
    """List what is known of the cameras' clocks, by whom, and from when on."""
    from yanji.index.offsets import read_offset_table
    from yanji.index.reader import read_archive

    setup = set_up(
        as_json=as_json, archive=archive, settings_file=settings_file, site_file=site_file
    )
    with read_archive(setup.archive) as reader, reader.snapshot() as now:
        entries = read_offset_table(now.connection)
    if camera is not None:
        camera_id = setup.site_camera(camera)
        entries = [entry for entry in entries if entry.camera_id == camera_id]
    if as_json:
        print_json({"offsets": [entry_document(entry, setup) for entry in entries]})
        return 0
    rows = [
        [
            entry.camera_id,
            since(entry.valid_from_ns, setup),
            f"{entry.ahead_s:+.3f}",
            f"{entry.sigma_s:.2f}",
            words_of(entry),
        ]
        for entry in entries
    ]
    for line in table(["camera", "holds", "ahead s", "sigma s", "known by"], rows):
        print_line(line)
    return 0


@clock_verb.command("estimate")
@click.option("--from", "since", metavar="ISO", help="[default: a day before --to]")
@click.option("--to", "until", metavar="ISO", help="[default: the newest sighting]")
@click.option("--reference", help="Camera whose clock is taken to be right [default: the surest].")
@click.option(
    "--most",
    "most_s",
    type=click.FloatRange(1.0, 600.0),
    callback=finite,
    default=30.0,
    show_default=True,
    help="Largest offset that is looked for, seconds.",
)
@click.option("--apply", "apply_it", is_flag=True, help="Write what is better than what is known.")
@site_option(required=True)
@installation_options
def clock_estimate(
    since: str | None,
    until: str | None,
    reference: str | None,
    most_s: float,
    apply_it: bool,
    site_file: Path | None,
    settings_file: Path | None,
    archive: Path | None,
    as_json: bool,
) -> int:
    """Estimate the clocks from vehicles that passed two cameras, with the error of each.

    Roads must lead both ways: vehicles of one direction alone cannot tell a slow clock from a slow
    road. Traffic lights that favour one direction remain in the error.
    """
    from yanji.index.clock_estimate import estimate_clocks
    from yanji.index.graph import graph_from_site
    from yanji.index.hit import Filter
    from yanji.index.offsets import in_force, read_offset_table
    from yanji.index.reader import read_archive

    setup = set_up(
        as_json=as_json, archive=archive, settings_file=settings_file, site_file=site_file
    )
    assert setup.site is not None  # noqa: S101 - `required`; narrows for the type checker
    roads = [(road.from_camera, road.to_camera) for road in setup.site.roads]
    with read_archive(setup.archive) as reader:
        from_ns, to_ns = _period(reader, since, until, setup)
        with reader.snapshot() as now:
            known = read_offset_table(now.connection)
        if reference is not None:
            chosen = setup.site_camera(reference)
        else:
            ends = [
                camera.id for camera in setup.site.cameras if any(camera.id in r for r in roads)
            ]
            ends = ends or [setup.site.cameras[0].id]
            chosen = min(ends, key=lambda camera: in_force(known, camera, to_ns).sigma_s)
        estimate = estimate_clocks(
            reader,
            graph_from_site(setup.site),
            roads,
            chosen,
            Filter(from_ns, to_ns),
            most_s=most_s,
        )
        orders = _orders(estimate, known, to_ns)
        better = [order for order in orders if _is_better(order, known, to_ns)]
        state = _write(setup, reader, better) if apply_it and len(better) > 0 else "not written"
    if as_json:
        document = estimate_document(estimate, orders, better, setup, (from_ns, to_ns))
        print_json({**document, "state": state})
    else:
        print_estimate(estimate, orders, better, setup, (from_ns, to_ns))
        _tell(state)
    if len(orders) <= 1:
        return NothingFoundError.exit_code
    return 0


def _period(
    reader: ArchiveReader, since: str | None, until: str | None, setup: Setup
) -> tuple[int, int]:
    span = reader.time_span()
    if span is None:
        raise NothingFoundError("The archive holds no sightings.", hint="Index something first.")
    to_ns = parse_time(until, setup.zone) if until else span[1]
    from_ns = parse_time(since, setup.zone) if since else to_ns - _DAY_NS
    if from_ns >= to_ns:
        raise UsageError("--from is not before --to.")
    return from_ns, to_ns


def _orders(
    estimate: ClockEstimate, known: Sequence[StoredOffset], to_ns: int
) -> list[OffsetOrder]:
    """The offsets as they would be written: what held at the end of the period, corrected."""
    from yanji.index.handover import OffsetOrder
    from yanji.index.offsets import ALWAYS_NS, in_force

    if len(estimate.cameras) <= 1:
        return []
    right = in_force(known, estimate.reference, to_ns)
    # The surest camera's own clock may be wrong: then all are, together, and no route notices.
    base_s = right.sigma_s if right.is_compared else REFERENCE_SIGMA_S
    orders = []
    for camera_id, found in sorted(estimate.cameras.items()):
        now = in_force(known, camera_id, to_ns)
        sigma_s = (found.sigma_s**2 + base_s**2) ** 0.5
        ahead_s = now.ahead_s + found.ahead_s
        from_ns = max(now.valid_from_ns, ALWAYS_NS)
        orders.append(
            OffsetOrder(camera_id, from_ns, round(ahead_s, 3), round(sigma_s, 3), "pairs")
        )
    return orders


def _is_better(order: OffsetOrder, known: Sequence[StoredOffset], to_ns: int) -> bool:
    """Surer than what is known; or nobody knew, and it is plainly not what was assumed."""
    from yanji.index.offsets import in_force

    now = in_force(known, order.camera_id, to_ns)
    if order.sigma_s < now.sigma_s:
        return True
    return not now.is_compared and abs(order.offset_s - now.ahead_s) > 2 * order.sigma_s


def _write(setup: Setup, reader: ArchiveReader, orders: Sequence[OffsetOrder]) -> str:
    """Write, or leave it to the process that holds the archive.

    Returns:
        `written`, or `handed over`: the writer had no time for it yet.
    """
    from yanji.api.writer_process import open_archive
    from yanji.index.handover import hand_over

    try:
        with open_archive(setup.archive, setup.settings) as writer:
            for order in orders:
                writer.set_clock_offset(
                    order.camera_id,
                    order.valid_from_ns,
                    order.offset_s,
                    order.sigma_s,
                    order.source,
                )
        return "written"
    except ArchiveBusyError:
        left = hand_over(reader.folder, orders)
    until_s = time.monotonic() + _TAKEN_WITHIN_S
    while time.monotonic() < until_s:
        if not any(path.exists() for path in left):
            return "written"
        time.sleep(0.1)
    return "handed over"


def _tell(state: str) -> None:
    if state == "handed over":
        note("another process writes the archive: it takes this in when it can, or the next one")


def _require_camera(reader: ArchiveReader, camera_id: str) -> None:
    known = [camera.camera_id for camera in reader.cameras()]
    if camera_id not in known:
        shown = ", ".join(known[:10]) + (", …" if len(known) > 10 else "")
        raise UsageError(
            f"The archive has no camera `{camera_id}`.", hint=f"Known: {shown or 'none'}."
        )


def _refuse_live(reader: ArchiveReader, camera_id: str, shows_ns: int) -> None:
    runs = [run for run in reader.runs(camera_id) if run.started_ns <= shows_ns]
    if runs and runs[-1].kind == "rtsp":
        raise UsageError(
            f"{camera_id} was watched live then: its times are those of this computer, not of the "
            "clock in its picture.",
            hint="With --live, give as --shows the time that yanji gives a picture and as --at its "
            "true time (the clock in it, where that is right). See docs/design/time.md.",
        )


def _begin(text: str, setup: Setup) -> int:
    from yanji.index.offsets import ALWAYS_NS

    return ALWAYS_NS if text == "always" else parse_time(text, setup.zone)
