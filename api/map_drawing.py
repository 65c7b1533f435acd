"""Draws a route's map: the head, the roads and cameras with the route, the strip below."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from PIL import Image

from yanji.api.map_labels import labels
from yanji.api.map_pen import Colour, Pen, Point, text_width
from yanji.api.map_plan import (
    Box,
    Sheet,
    Stop,
    along,
    cut_ends,
    free_box,
    middle_of,
    scale_bar_m,
    sheet_of,
    shifted_right,
    stops_of,
    touches,
)
from yanji.api.map_strip import strip
from yanji.api.map_style import (
    DOWN,
    GREY,
    HEAD,
    INK,
    KERB,
    LAND,
    MAP,
    ROAD,
    ROUTE,
    ROW,
    SOFT,
    TILE,
    WHITE,
    WIDTH,
    MapCamera,
    RouteMap,
    count_of,
    moment_of,
    offset_of,
    seconds_of,
)

_WEDGE = 76.0
"""Radius in pixels."""
_MOST_NAMES = 8


def draw(shown: RouteMap) -> Image.Image:
    """Draw the whole picture: WIDTH pixels wide, as high as the strip needs."""
    tiles = len(shown.legs) + (shown.snapshot is not None)
    rows = max(1, math.ceil(tiles / ROW))
    height = round(MAP[3] + 16 + rows * (TILE[1] + 10) + (34 if shown.note else 10))
    pen = Pen(WIDTH, height, WHITE)
    _map(pen, shown)
    # After the map: what reaches over its edge is covered.
    pen.box((-9, -9, WIDTH + 9, HEAD), WHITE)
    pen.box((-9, MAP[3], WIDTH + 9, height + 9), WHITE)
    _head(pen, shown)
    strip(pen, shown)
    if shown.note:
        pen.text((16, height - 14), shown.note, 15, SOFT, "ls")
    return pen.finished()


def _head(pen: Pen, shown: RouteMap) -> None:
    routes, legs = shown.trace.routes, shown.legs
    if not routes:
        pen.text((16, 34), "No sighting is like the vehicle", 24, INK, "ls")
    else:
        pen.text((16, 34), f"Route 1 of {len(routes)}:  {_way(shown)}", 24, INK, "ls")
        first, last = (
            moment_of(legs[0].first_ns, shown.zone),
            moment_of(legs[-1].last_ns, shown.zone),
        )
        span = f"{first:%Y-%m-%d %H:%M:%S} to {last:%H:%M:%S} {offset_of(first)}"
        if first.date() != last.date():
            span = f"{first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} {offset_of(first)}"
        pen.text((16, 62), f"{span}   evidence {routes[0].score:.2f}", 16, SOFT, "ls")
    pen.text((WIDTH - 16, 34), "yanji", 24, INK, "rs")
    pen.text((WIDTH - 16, 62), f"audit record {shown.audit_id}", 14, SOFT, "rs")


def _way(shown: RouteMap) -> str:
    """Name the cameras in order; of a long way only its ends."""
    names = [
        shown.cameras[stop.camera_id].label if stop.camera_id in shown.cameras else stop.camera_id
        for stop in stops_of(shown.legs)
    ]
    if len(names) > _MOST_NAMES:
        names = [*names[:3], f"{len(names) - 5} more", *names[-2:]]
    return " > ".join(names)


def _map(pen: Pen, shown: RouteMap) -> None:
    pen.box((-9, MAP[1], WIDTH + 9, MAP[3]), LAND)
    places = {name: camera.place for name, camera in shown.cameras.items() if camera.place}
    stops = stops_of(shown.legs)
    wanted = [places[stop.camera_id] for stop in stops if stop.camera_id in places]
    sheet = sheet_of(wanted or list(places.values()), MAP)
    at = {name: sheet.px(place) for name, place in places.items()}
    busy = _roads(pen, shown, at)
    in_route = {stop.camera_id for stop in stops}
    down = {gap.camera_id for gap in shown.trace.gaps}
    visible = [name for name, place in places.items() if sheet.shows(place)]
    for name in sorted(visible, key=lambda name: name in in_route):
        busy += _camera(pen, shown.cameras[name], at[name], name in in_route, name in down)
    lines = _arrows(pen, shown, stops, at)
    busy += [point for line in lines for point in along(line, MAP)] * 3
    legend = _legend(pen, shown, stops, at, sheet, bool(down))
    taken = [legend, _north_and_scale(pen, sheet)]
    taken += [(x - 15, y - 15, x + 15, y + 15) for x, y in (at[name] for name in visible)]
    taken += _drive_labels(pen, stops, lines, taken, busy)
    labels(pen, shown, stops, {name: at[name] for name in visible}, taken, busy)


def _roads(pen: Pen, shown: RouteMap, at: Mapping[str, Point]) -> list[Point]:
    """Draw the roads that touch the map; returns points on them."""
    lines = [(at[a], at[b]) for a, b in shown.roads if a in at and b in at]
    lines = [line for line in lines if touches(line, MAP)]
    for line in lines:
        pen.line(line, KERB, 19)
    for line in lines:
        pen.line(line, ROAD, 16)
    return [point for line in lines for point in along(line, MAP)]


def _camera(pen: Pen, camera: MapCamera, at: Point, seen: bool, down: bool) -> list[Point]:
    """Draw a camera and where it looks; returns points that a label should leave free."""
    colour = ROUTE if seen else GREY
    free: list[Point] = []
    if camera.heading_deg is not None:
        pen.wedge(at, camera.heading_deg, _WEDGE, (*colour[:3], 70))
        for turn in (-20, 0, 20):
            to = math.radians(camera.heading_deg + turn)
            end = (at[0] + _WEDGE * math.sin(to), at[1] - _WEDGE * math.cos(to))
            free += along((at, end), MAP)
    if down:
        pen.disc(at, 14, WHITE, DOWN)
    pen.disc(at, 9, colour, WHITE)
    return free


def _arrows(
    pen: Pen, shown: RouteMap, stops: Sequence[Stop], at: Mapping[str, Point]
) -> list[list[Point]]:
    """Draw the drives; returns a line for each, empty where a place is unknown."""
    lines: list[list[Point]] = []
    for a, b in pairwise(stops):
        travel = shown.graph.travel(a.camera_id, b.camera_id)
        by_road = travel is not None and travel.basis == "roads"
        via = travel.via if travel is not None else ()
        names = [a.camera_id, *via, b.camera_id]
        if a.camera_id not in at or b.camera_id not in at:
            lines.append([])
            continue
        line = shifted_right(cut_ends([at[name] for name in names if name in at], 18), 5)
        pen.line(line, WHITE, 9)
        pen.line([*line[:-1], _before(line, 10)], ROUTE, 5, 0 if by_road else 9)
        pen.arrow_head(line[-1], (line[-1][0] - line[-2][0], line[-1][1] - line[-2][1]), 22, ROUTE)
        lines.append(line)
    return lines


def _before(line: Sequence[Point], by: float) -> Point:
    """End a line before its arrow's tip."""
    (ax, ay), (bx, by_) = line[-2], line[-1]
    far = math.dist(line[-2], line[-1]) or 1.0
    return bx + (ax - bx) * min(by / far, 1.0), by_ + (ay - by_) * min(by / far, 1.0)


def _drive_labels(
    pen: Pen, stops: Sequence[Stop], lines: Sequence[list[Point]], taken: list[Box],
    busy: list[Point],
) -> list[Box]:  # fmt: skip
    """Write how long each drive took beside the middle of its arrow."""
    boxes: list[Box] = []
    for stop, line in zip(stops[1:], lines, strict=True):
        if not line or stop.travel_s is None:
            continue
        text = seconds_of(stop.travel_s)
        middle, _ = middle_of(line)
        size = (text_width(text, 15) + 14, 24.0)
        box = free_box(middle, size, 10, MAP, [*taken, *boxes], busy)
        pen.box(box, (255, 255, 255, 235), None)
        pen.text(_centre(box, 5), text, 15, ROUTE, "ms")
        boxes.append(box)
    return boxes


def _legend(
    pen: Pen, shown: RouteMap, stops: Sequence[Stop], at: Mapping[str, Point], sheet: Sheet,
    any_down: bool,
) -> Box:  # fmt: skip
    rows: list[tuple[Colour, str]] = [(ROUTE, "camera of the route, and where it looks")]
    rows.append((GREY, "camera without a sighting in the route"))
    if any_down:
        rows.append((DOWN, "was down: the vehicle can have passed"))
    lost = sorted({shown.cameras[s.camera_id].label if s.camera_id in shown.cameras
                   else s.camera_id for s in stops if s.camera_id not in at})  # fmt: skip
    outside = sum(c.place is not None and not sheet.shows(c.place) for c in shown.cameras.values())
    notes = [f"not on the map (no place): {', '.join(lost)}"] if lost else []
    notes += [f"{count_of(outside, 'more camera')} outside of the map"] if outside else []
    width = max(text_width(text, 14) for text in [*notes, *(text for _, text in rows)]) + 46
    height = 12 + 22 * (len(rows) + len(notes))
    box = (12.0, MAP[3] - 12 - height, 12 + width, MAP[3] - 12)
    pen.box(box, (255, 255, 255, 225), None)
    for row, (colour, text) in enumerate(rows):
        y = box[1] + 18 + 22 * row
        pen.disc((box[0] + 16, y), 6, colour)
        pen.text((box[0] + 32, y + 5), text, 14, INK, "ls")
    for row, text in enumerate(notes, start=len(rows)):
        pen.text((box[0] + 10, box[1] + 23 + 22 * row), text, 14, INK, "ls")
    return box


def _north_and_scale(pen: Pen, sheet: Sheet) -> Box:
    metres = scale_bar_m(sheet.px_per_m, 190)
    long = metres * sheet.px_per_m
    box = (WIDTH - 272.0, MAP[3] - 72, WIDTH - 12.0, MAP[3] - 12)
    pen.box(box, (255, 255, 255, 225), None)
    x, y = box[0] + 14, box[3] - 16
    pen.line([(x, y - 7), (x, y), (x + long, y), (x + long, y - 7)], INK, 2)
    text = f"{metres:g} m" if metres < 1000 else f"{metres / 1000:g} km"
    pen.text((x + long / 2, y - 8), text, 15, INK, "ms")
    top = (box[2] - 24, box[1] + 22)
    pen.line([(top[0], box[3] - 10), top], INK, 2)
    pen.arrow_head((top[0], top[1] - 2), (0, -1), 16, INK)
    pen.text((top[0], box[1] + 17), "N", 15, INK, "ms")
    return box


def _centre(box: Box, drop: float) -> Point:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2 + drop
