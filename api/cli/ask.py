"""`yanji search` and `yanji trace`: a snapshot in, sightings and routes out."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yanji.api.cli.answers import (
    print_search,
    query_document,
    say_what_was_taken,
    search_document,
    trace_document,
    trace_lines,
)
from yanji.api.cli.attribute_options import attribute_filter, attribute_options
from yanji.api.cli.options import (
    Setup,
    case_options,
    installation_options,
    set_up,
    site_option,
)
from yanji.api.cli.output import note, print_json, print_line
from yanji.configs.errors import NothingFoundError, UsageError
from yanji.configs.times import parse_duration, parse_time
from yanji.detect.classes import CLASSES, GROUPS, expand

if TYPE_CHECKING:
    from yanji.api.query import Query
    from yanji.api.questions import Case
    from yanji.index.reader import ArchiveReader
    from yanji.index.route import QueryPoint
    from yanji.reid.sighting import Embedding

_SIGHTING_ID = re.compile(r"[0-9a-f]{32}")
_CLASS_NAMES = sorted(set(CLASSES) | set(GROUPS))


@click.command("search")
@click.argument("image", type=click.Path(path_type=Path))
@click.option("--box", "box_text", metavar="X1,Y1,X2,Y2", help="The vehicle, in upright pixels.")
@click.option("--from", "from_text", metavar="ISO", help="Only sightings after this time.")
@click.option("--to", "to_text", metavar="ISO", help="Only sightings before this time.")
@click.option("--camera", "cameras", multiple=True, metavar="ID", help="Only this camera (again).")
@click.option(
    "--class",
    "classes",
    multiple=True,
    type=click.Choice(_CLASS_NAMES),
    help="Only this class or group (again); without it the snapshot's class filters nothing.",
)
@attribute_options
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@case_options
@site_option()
@installation_options
def search_verb(
    image: Path,
    box_text: str | None,
    from_text: str | None,
    to_text: str | None,
    cameras: tuple[str, ...],
    classes: tuple[str, ...],
    colours: tuple[str, ...],
    directions: tuple[str, ...],
    only_known: bool,
    limit: int,
    case: str | None,
    reason: str | None,
    purpose: str | None,
    site_file: Path | None,
    settings_file: Path | None,
    archive: Path | None,
    as_json: bool,
) -> int:
    """Find the vehicle of IMAGE (the largest, or the one in --box) among all sightings."""
    from yanji.api.query import parse_box
    from yanji.api.questions import ask_search, open_case

    setup = set_up(
        as_json=as_json, archive=archive, settings_file=settings_file, site_file=site_file
    )
    asked = open_case(setup.settings, case, reason, purpose)
    box = parse_box(box_text) if box_text is not None else None
    from_ns = parse_time(from_text, setup.zone) if from_text is not None else None
    to_ns = parse_time(to_text, setup.zone) if to_text is not None else None
    if from_ns is not None and to_ns is not None and from_ns > to_ns:
        raise UsageError("--from is later than --to.")
    attributes = attribute_filter(colours, directions, only_known)
    with _open(setup) as reader:
        wanted = replace(
            attributes,
            from_ns=from_ns,
            to_ns=to_ns,
            cameras=_known_cameras(setup, reader, cameras),
            classes=expand(classes) if classes else None,
        )
        query = _query(setup, image, box, asked, "search")
        answer, audit_id = ask_search(reader, query, wanted, limit, asked)
        if answer.without_vector:
            note(
                f"{answer.without_vector} sightings have no vector of {query.embedding.model_id} "
                "and were not compared: `yanji archive reembed` makes them"
            )
        if as_json:
            print_json(search_document(answer, query, audit_id, reader, setup.zone))
        else:
            print_search(answer, query, audit_id, reader, setup.zone)
    return 0 if answer.hits else 3


@click.command("trace")
@click.argument("image_or_sighting", metavar="IMAGE|SIGHTING")
@click.option("--box", "box_text", metavar="X1,Y1,X2,Y2", help="The vehicle, in upright pixels.")
@click.option("--at", "at_camera", metavar="CAMERA", help="Where the snapshot was taken.")
@click.option("--time", "at_time", metavar="ISO", help="When the snapshot was taken.")
@click.option("--window", default="3h", show_default=True, help="How far before and after.")
@click.option(
    "--map",
    "map_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.png",
    help="Draw the best route as a map.",
)
@attribute_options
@case_options
@site_option()
@installation_options
def trace_verb(
    image_or_sighting: str,
    box_text: str | None,
    at_camera: str | None,
    at_time: str | None,
    window: str,
    map_file: Path | None,
    colours: tuple[str, ...],
    directions: tuple[str, ...],
    only_known: bool,
    case: str | None,
    reason: str | None,
    purpose: str | None,
    site_file: Path | None,
    settings_file: Path | None,
    archive: Path | None,
    as_json: bool,
) -> int:
    """Chain what looks like the vehicle of IMAGE (or of a stored SIGHTING) into routes."""
    from yanji.api.query import parse_box
    from yanji.api.questions import ask_trace, graph_of, open_case
    from yanji.api.route_map import check_map_path, map_cameras, route_map, write_map
    from yanji.index.chances import look_of
    from yanji.index.route import QueryPoint

    setup = set_up(
        as_json=as_json, archive=archive, settings_file=settings_file, site_file=site_file
    )
    asked = open_case(setup.settings, case, reason, purpose)
    box = parse_box(box_text) if box_text is not None else None
    window_s = parse_duration(window)
    attributes = attribute_filter(colours, directions, only_known)
    if (at_camera is None) != (at_time is None):
        raise UsageError("--at and --time belong together: where and when the snapshot was taken.")
    if map_file is not None:
        check_map_path(map_file)
    taken: Query | None = None
    with _open(setup) as reader:
        # Before anything is asked: without places there will be no map.
        places = map_cameras(setup.site, reader) if map_file is not None else {}
        point: QueryPoint | None = None
        if at_camera is not None and at_time is not None:
            known_cameras = _known_cameras(setup, reader, (at_camera,))
            at_camera = next(iter(known_cameras or (at_camera,)))
            at_ns = parse_time(at_time, setup.zone)
            point = QueryPoint(at_camera, at_ns, at_ns)

        sighting_id = None if Path(image_or_sighting).exists() else image_or_sighting.lower()
        if sighting_id is not None and _SIGHTING_ID.fullmatch(sighting_id):
            if box is not None:
                raise UsageError("--box belongs to a picture, not to a stored sighting.")
            embedding, known = _stored(setup, reader, sighting_id, asked)
            look = look_of(reader.sighting(sighting_id))
            point = point or known
            image_sha256: str | None = None
            parameters: dict[str, object] = {"sighting_id": sighting_id}
            question: dict[str, object] = {"sighting_id": sighting_id}
        else:
            query = _query(setup, Path(image_or_sighting), box, asked, "trace")
            embedding, image_sha256, look = query.embedding, query.image_sha256, query.look
            parameters = {"box": list(query.box)}
            question = query_document(query)
            taken = query
        parameters |= {"at": at_camera, "time": at_time}
        traced = ask_trace(
            reader,
            embedding,
            graph_of(setup.site, reader),
            point,
            window_s,
            asked,
            image_sha256=image_sha256,
            parameters=parameters,
            attributes=attributes,
            look=look,
        )
        if map_file is not None:
            snapshot = taken.crop if taken is not None else None
            write_map(route_map(traced, setup.site, reader, places, snapshot), map_file)
    if as_json:
        drawn = {"map": str(map_file)} if map_file is not None else {}
        print_json({"query": question, **trace_document(traced, setup.zone), **drawn})
    else:
        if taken is not None:
            say_what_was_taken(taken)
        for line in trace_lines(traced, setup.zone):
            print_line(line)
        if map_file is not None:
            print_line(f"map: {map_file}")
            for camera in places.values():
                if camera.label != camera.camera_id:
                    print_line(f"  {camera.label} on the map is {camera.camera_id}")
    # A route that is only the place asked about was not found: it was given.
    found = any(
        leg.sighting_id is not None and leg.score is not None
        for route in traced.trace.routes
        for leg in route.legs
    )
    return 0 if found else 3


def _open(setup: Setup) -> ArchiveReader:
    from yanji.index.reader import read_archive

    return read_archive(setup.archive)


def _query(
    setup: Setup, image: Path, box: tuple[float, float, float, float] | None, case: Case, verb: str
) -> Query:
    """Read the snapshot; an empty one is recorded before the user hears of it."""
    from yanji.api.query import check_box, load_models, make_query
    from yanji.api.questions import record_empty_question
    from yanji.ingest.snapshot import load_snapshot

    # Picture and box are judged before the models are loaded: a bad one is refused at once.
    snapshot = load_snapshot(image)
    if box is not None:
        check_box(box, snapshot)
    detector, embedder = load_models(setup.settings)
    try:
        return make_query(snapshot, image, box, detector, embedder)
    except NothingFoundError as error:
        record_empty_question(setup.archive, case, verb, snapshot.sha256, error.code)
        raise


def _stored(
    setup: Setup, reader: ArchiveReader, sighting_id: str, case: Case
) -> tuple[Embedding, QueryPoint]:
    """Vector, place and time of a stored sighting, by the installation's model.

    Raises:
        NothingFoundError: no such sighting, or it has no vector of this model; recorded.
    """
    from yanji.api.questions import record_empty_question, stored_vehicle

    try:
        return stored_vehicle(reader, sighting_id, setup.settings.embedder)
    except NothingFoundError as error:
        record_empty_question(
            setup.archive, case, "trace", None, error.code, sighting_id=sighting_id
        )
        raise


def _known_cameras(
    setup: Setup, reader: ArchiveReader, cameras: tuple[str, ...]
) -> frozenset[str] | None:
    """Check ids against the site, or against the archive where no site is given."""
    if not cameras:
        return None
    stored = {camera.camera_id for camera in reader.cameras()}
    wanted = [setup.site_camera(camera) for camera in cameras]
    for camera in wanted:
        if setup.site is None and camera not in stored:
            raise UsageError(
                f"The archive has no camera {camera!r}.",
                hint=f"Its cameras: {', '.join(sorted(stored)[:12]) or 'none yet'}",
                code="unknown_camera",
            )
    return frozenset(wanted)
