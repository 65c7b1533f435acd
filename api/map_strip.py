"""The strip below a route's map: what was asked for, and what each sighting looks like."""

from __future__ import annotations

from yanji.api.map_pen import Pen, Point, text_width
from yanji.api.map_style import INK, LAND, MAP, ROUTE, ROW, SOFT, TILE, WHITE, RouteMap, clock_of
from yanji.ingest.frame import BgrImage


def strip(pen: Pen, shown: RouteMap) -> None:
    """Show what was asked for, and the best crop of each sighting of the route."""
    number = 0
    if shown.snapshot is not None:
        _tile(pen, number, None, "asked for", "snapshot", shown.snapshot)
        number += 1
    for count, leg in enumerate(shown.legs, start=1):
        camera = shown.cameras.get(leg.camera_id)
        head = f"{camera.label if camera else leg.camera_id}  {clock_of(leg.first_ns, shown.zone)}"
        below = "place and time given" if leg.score is None else f"similarity {leg.score:.2f}"
        _tile(pen, number, str(count), head, below, shown.crops.get(count))
        number += 1


def _tile(
    pen: Pen, number: int, leg: str | None, head: str, below: str, image: BgrImage | None
) -> None:
    x = 16 + (number % ROW) * (TILE[0] + 4)
    y = MAP[3] + 14 + (number // ROW) * (TILE[1] + 10)
    edge = ROUTE if leg else INK
    pen.box((x, y, x + TILE[0], y + TILE[1]), LAND, edge)
    left = x + 8
    if leg:
        left = badge(pen, (x + 7, y + 18), leg) + 6
    pen.text((left, y + 23), head, 15, INK, "ls")
    pen.text((x + 8, y + TILE[1] - 9), below, 14, SOFT, "ls")
    inside = (x + 4, y + 34, x + TILE[0] - 4, y + TILE[1] - 27)
    if image is not None:
        pen.picture(image, inside)
    else:
        pen.text(
            ((inside[0] + inside[2]) / 2, (inside[1] + inside[3]) / 2), "no picture", 14, SOFT, "ms"
        )


def badge(pen: Pen, left: Point, number: str) -> float:
    """Draw the number of a stop; returns where it ends."""
    width = max(text_width(number, 14) + 12, 22.0)
    x, y = left
    pen.box((x, y - 11, x + width, y + 11), ROUTE)
    pen.text((x + width / 2, y + 5), number, 14, WHITE, "ms")
    return x + width
