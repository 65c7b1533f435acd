"""The reports of `yanji eval detect|track --testcity` as tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from yanji.api.cli.output import table

_MOST_NAMED = 5


def detect_lines(figures: dict[str, Any]) -> list[str]:
    """See `yanji.detect.evaluate_testcity.city_figures`."""
    return list(_detect(figures))


def track_lines(figures: dict[str, Any]) -> list[str]:
    """See `yanji.api.evaluate_city.evaluate_city`."""
    return list(_track(figures))


def _detect(figures: dict[str, Any]) -> Iterator[str]:
    yield f"{figures['note']}: {figures['frames']} frames, input {figures['size']} px"
    for title, name in (("from 40 px", "groups"), ("at the bars", "bars")):
        yield from _recall_table(title, figures[name])
    for title, name in (("size, px", "sizes"), ("view", "views"), ("light", "lights")):
        for group, cells in figures[name].items():
            yield from _recall_table(f"{group} by {title}", cells)
    for title, name in (("kind", "kinds"), ("true class", "classes"), ("camera", "cameras")):
        yield from _recall_table(title, figures[name])
    yield ""
    yield (
        f"boxes on nothing: {figures['false_boxes']}, "
        f"{_share(figures['false_boxes_per_1000_frames'], 1)} per 1000 frames"
    )


def _recall_table(title: str, cells: dict[str, dict[str, Any]]) -> Iterator[str]:
    yield ""
    rows = [
        [name, _share(cell["recall"]), str(cell["n"]), _seen_as(cell["seen_as"])]
        for name, cell in cells.items()
    ]
    yield from table([title, "recall", "n", "seen as"], rows)


def _seen_as(counts: dict[str, int]) -> str:
    named = [f"{name} {number}" for name, number in counts.items()]
    more = [f"{len(named) - _MOST_NAMED} more"] if len(named) > _MOST_NAMED else []
    return ", ".join(named[:_MOST_NAMED] + more)


def _track(figures: dict[str, Any]) -> Iterator[str]:
    boxes = "true boxes" if figures["true_boxes"] else f"input {figures['size']} px"
    yield f"{figures['note']}: {boxes}, {figures['fps']:g} frames a second"
    if figures["tracking"] is not None:
        shares = ["IDF1", "HOTA", "DetA", "AssA", "MOTA"]
        counts = ["id_switches", "merged", "vehicles", "boxes"]
        yield ""
        rows = [
            [group, camera, *[_share(row[key]) for key in shares], *[str(row[k]) for k in counts]]
            for group, cameras in figures["tracking"].items()
            for camera, row in cameras.items()
        ]
        yield from table(["tracking", "camera", *shares, *counts], rows)
    sightings = figures["sightings"]
    yield ""
    rows = [
        [group, str(row["passages"]), _share(row["sighted"]), _share(row["per_passage"], 2)]
        for group, row in sightings.items()
        if isinstance(row, dict)
    ]
    yield from table(["passages", "n", "sighted", "sightings each"], rows)
    yield f"{sightings['sightings']} sightings, {sightings['of_no_vehicle']} of no vehicle"
    yield ""
    rows = [
        [
            group,
            str(row["vehicles"]),
            str(row["passages"]),
            _share(row["completeness"]),
            _share(row["purity"]),
            _share(row["exact"]),
            str(row["never_sighted"]),
            *[str(number) for number in row["missing"].values()],
        ]
        for group, row in figures["routes"].items()
    ]
    heads = ["routes", "vehicles", "passages", "complete", "pure", "exact", "never sighted"]
    yield from table([*heads, "not sighted", "not in route"], rows)


def _share(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
