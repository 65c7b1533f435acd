"""The labels of a map: which camera it is, and when it saw the vehicle."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from yanji.api.map_pen import Colour, Pen, Point, text_width
from yanji.api.map_plan import Box, Stop, free_box, nearest_in
from yanji.api.map_strip import badge
from yanji.api.map_style import INK, MAP, ROUTE, SOFT, WHITE, RouteMap, moment_of, span_of

_MOST: Final = 40
"""Of more cameras in view only those are named of which there is something to say."""
_LEADER: Final = 24.0
"""A label farther off than this many pixels is joined to its camera by a line."""


def labels(
    pen: Pen,
    shown: RouteMap,
    stops: Sequence[Stop],
    at: Mapping[str, Point],
    taken: Sequence[Box],
    busy: Sequence[Point],
) -> None:
    """Write the labels of the cameras in view, those of the route first.

    Args:
        pen: draws.
        shown: the map.
        stops: of its route.
        at: the cameras in view, and where.
        taken: boxes that must stay free.
        busy: points that should stay free.
    """
    rows: dict[str, list[Stop]] = {name: [] for name in at}
    for stop in stops:
        if stop.camera_id in rows:
            rows[stop.camera_id].append(stop)
    boxes: dict[str, Box] = {}
    for name in sorted(at, key=lambda name: not rows[name]):
        if rows[name] or len(at) <= _MOST or _extra(shown, name):
            size, away = _size(shown, name, rows[name])
            full = [*taken, *boxes.values()]
            boxes[name] = free_box(at[name], size, away, MAP, full, busy)
    # All lines before all boxes: none crosses out what is written.
    for name, box in boxes.items():
        end = nearest_in(box, at[name])
        if math.dist(at[name], end) > _LEADER:
            pen.line([at[name], end], ROUTE if rows[name] else SOFT, 1.5)
    for name, box in boxes.items():
        _write(pen, shown, name, rows[name], box)


def _size(shown: RouteMap, name: str, here: Sequence[Stop]) -> tuple[Point, float]:
    """Width and height of a label, and how far it keeps from its camera."""
    label = shown.cameras[name].label
    if not here:
        extra = _extra(shown, name)
        width = max(text_width(label, 15), text_width(extra, 13)) + 12
        return (width, 40.0 if extra else 22.0), 13.0
    wide = max(
        text_width(stop.numbers, 15) + 22 + text_width(_times(shown, stop), 16) for stop in here
    )
    return (max(wide, text_width(label, 18)) + 24, 30.0 + 27 * len(here)), 20.0


def _write(pen: Pen, shown: RouteMap, name: str, here: Sequence[Stop], box: Box) -> None:
    label = shown.cameras[name].label
    ground: Colour = (255, 255, 255, 190)
    if not here:
        pen.box(box, ground, None)
        pen.text((box[0] + 6, box[1] + 16), label, 15, SOFT, "ls")
        pen.text((box[0] + 6, box[1] + 34), _extra(shown, name), 13, SOFT, "ls")
        return
    pen.box(box, WHITE, ROUTE)
    pen.text((box[0] + 10, box[1] + 21), label, 18, INK, "ls")
    for row, stop in enumerate(here):
        y = box[1] + 41 + 27 * row
        right = badge(pen, (box[0] + 10, y), stop.numbers)
        pen.text((right + 7, y + 6), _times(shown, stop), 16, INK, "ls")


def _times(shown: RouteMap, stop: Stop) -> str:
    return span_of(stop.first_ns, stop.last_ns, shown.zone)


def _extra(shown: RouteMap, name: str) -> str:
    """What else is known of a camera that is not in the route."""
    for gap in shown.trace.gaps:
        if gap.camera_id == name:
            end = f"{moment_of(gap.to_ns, shown.zone):%H:%M:%S}" if gap.to_ns is not None else "now"
            return f"down {moment_of(gap.from_ns, shown.zone):%H:%M:%S} to {end}"
    for camera in shown.trace.next:
        if camera.camera_id == name and camera.state in ("ahead", "now"):
            return f"next? {span_of(camera.earliest_ns, camera.latest_ns, shown.zone)}"
    return ""
