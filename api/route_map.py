"""The best route of a trace as a picture: roads, cameras, numbered arrows, what was seen where.

It shows what `yanji trace` prints and nothing else; the crops are those of the archive, in which
heads are blurred already.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from pathlib import Path

import cv2
import numpy as np

from yanji.api.map_drawing import draw
from yanji.api.map_style import MapCamera, RouteMap
from yanji.api.questions import Traced, graph_of
from yanji.configs.distance import Place
from yanji.configs.errors import NothingFoundError, UsageError, YanjiError
from yanji.configs.site import Site
from yanji.index.reader import ArchiveReader
from yanji.index.route import Leg
from yanji.ingest.frame import BgrImage


def check_map_path(path: Path) -> None:
    """Refuse a file for the map before anybody waits for it.

    Raises:
        UsageError: it is not named .png, or its folder is not there.
    """
    if path.suffix.lower() != ".png":
        raise UsageError(f"The map is a PNG: {path.name} must end in .png.")
    if not path.parent.is_dir():
        raise UsageError(f"There is no folder {path.parent} for the map.")


def map_cameras(site: Site | None, reader: ArchiveReader) -> dict[str, MapCamera]:
    """Take the cameras of the site, or those that the archive knows.

    Raises:
        UsageError: none of them has a place, so that there is nothing to draw.
    """
    rows: Iterable[tuple[str, Place | None, float | None]]
    if site is not None:
        rows = [(camera.id, camera.place, camera.heading_deg) for camera in site.cameras]
    else:
        rows = [
            (c.camera_id, _place(c.longitude, c.latitude), c.heading_deg) for c in reader.cameras()
        ]
    cameras = {
        name: MapCamera(name, place, heading, name if name.isascii() else f"#{number}")
        for number, (name, place, heading) in enumerate(rows, start=1)
    }
    if not any(camera.place for camera in cameras.values()):
        raise UsageError(
            "No camera has a place, so there is no map to draw.",
            hint="Give `longitude` and `latitude` of the cameras in the site file (-c FILE).",
        )
    return cameras


def route_map(
    traced: Traced,
    site: Site | None,
    reader: ArchiveReader,
    cameras: dict[str, MapCamera],
    snapshot: BgrImage | None,
    note: str = "",
) -> RouteMap:
    """Gather what the map of a trace needs; a crop that is gone is left out."""
    routes = traced.trace.routes
    crops: dict[int, BgrImage] = {}
    for number, leg in enumerate(routes[0].legs if routes else (), start=1):
        image = _crop(reader, traced, leg)
        if image is not None:
            crops[number] = image
    roads = tuple((r.from_camera, r.to_camera) for r in site.roads) if site is not None else ()
    zone = site.zone if site is not None and site.zone is not None else UTC
    return RouteMap(
        cameras=cameras,
        roads=roads,
        graph=graph_of(site, reader),
        trace=traced.trace,
        audit_id=traced.audit_id,
        crops=crops,
        snapshot=snapshot,
        zone=zone,
        note=note,
    )


def write_map(drawn: RouteMap, path: Path) -> None:
    """Draw and write a PNG, whole or not at all.

    Raises:
        YanjiError: the file cannot be written.
    """
    image = draw(drawn)
    unfinished = path.with_name(path.name + ".tmp")
    try:
        image.save(unfinished, format="PNG", optimize=True)
        unfinished.replace(path)
    except OSError as error:
        raise YanjiError(
            f"The map cannot be written to {path}: {error.strerror or error}.",
            hint="Give another file: --map FILE.png",
        ) from error


def _place(longitude: float | None, latitude: float | None) -> Place | None:
    return None if longitude is None or latitude is None else Place(longitude, latitude)


def _crop(reader: ArchiveReader, traced: Traced, leg: Leg) -> BgrImage | None:
    """Read the best crop of a leg that is still there."""
    if leg.sighting_id is None:
        return None
    known = traced.sightings.get(leg.sighting_id)
    names = known.crops if known is not None else reader.sighting(leg.sighting_id).crops
    for name in names:
        try:
            image = cv2.imread(str(reader.crop_path(name)))
        except NothingFoundError:
            continue
        if image is not None:
            return image.astype(np.uint8)
    return None
