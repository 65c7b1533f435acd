"""The report of `yanji eval attributes --testcity` as tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from yanji.api.cli.output import table


def attribute_lines(figures: dict[str, Any]) -> list[str]:
    """See `yanji.api.evaluate_attributes.evaluate_attributes`."""
    return list(_lines(figures))


def _lines(figures: dict[str, Any]) -> Iterator[str]:
    boxes = "true boxes" if figures["true_boxes"] else f"input {figures['size']} px"
    yield f"{figures['note']}: {boxes}, {figures['num_sightings']} sightings of known vehicles"
    colour = figures["colour"]
    rows = [["all", *_cells(colour["all"])]]
    for part in ("lights", "groups"):
        rows += [[name, *_cells(cell)] for name, cell in colour[part].items()]
    for group, lights in colour["groups_by_light"].items():
        rows += [[f"{group}, {light}", *_cells(cell)] for light, cell in lights.items()]
    yield ""
    yield from table([f"colour, from {colour['min_score']:g}", "n", "told", "right of told"], rows)
    yield ""
    confusion = [
        [name, "  ".join(f"{told} {num}" for told, num in row.items())]
        for name, row in colour["confusion"].items()
    ]
    yield from table(["true colour", "told"], confusion)
    way = figures["direction"]
    yield ""
    yield (
        f"direction: told of {_share(way['told'])} of {way['n']}, off by "
        f"{'-' if way['median_off_deg'] is None else way['median_off_deg']} degrees (median), "
        f"within 45 degrees {_share(way['within_45'])}, kept by its filter "
        f"{_share(way['within_filter'])}; derived view right {_share(way['views_right'])}"
    )


def _cells(cell: dict[str, Any]) -> list[str]:
    return [str(cell["n"]), _share(cell["told"]), _share(cell["right"])]


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
