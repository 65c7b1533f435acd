"""The site file and the manifest that belong to a rendered city, as an installation has them."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import Any, Final

import yaml

from yanji.ingest.testcity.drawing.views import View
from yanji.ingest.testcity.network import Network

ORIGIN: Final = (112.610000, 26.890000)
"""Longitude and latitude of the city's origin, WGS-84."""
_M_PER_DEGREE: Final = 111_320.0
SPEED_KMH: Final = (6, 60)
"""Slowest and fastest usual speed: the slowest holds a wait of half a minute at a red light."""
HEADER: Final = """# The site of a rendered test city (docs/design/testcity.md).
# clock_offset_s is what each camera's clock is truly ahead; a demo fills in the addresses.
"""


def site_text(network: Network, views: tuple[View, ...]) -> str:
    """Write the site file: cameras with place and heading, roads with true lengths."""
    cameras: list[dict[str, Any]] = []
    for view in views:
        longitude, latitude = place_of(view.eye_m[0], view.eye_m[1])
        cameras.append(
            {
                "id": view.camera_id,
                "name": view.name,
                "url": f"rtsp://127.0.0.1/{view.camera_id}.mp4",
                "longitude": longitude,
                "latitude": latitude,
                "heading_deg": round(view.heading_deg, 1),
                "analyse_fps": 5,
                "clock_offset_s": view.clock_offset_s,
            }
        )
    roads = [
        {"from": a, "to": b, "distance_m": round(length), "speed_kmh": list(SPEED_KMH)}
        for a, b, length in camera_roads(network, views)
    ]
    document: dict[str, Any] = {
        "site": {"name": "雁城", "timezone": "Asia/Shanghai", "datum": "wgs84"},
        "cameras": cameras,
    }
    if roads:
        document["roads"] = roads
    text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False, default_flow_style=None)
    return HEADER + str(text)


def manifest_text(views: tuple[View, ...], starts: dict[str, str]) -> str:
    """Write the manifest: each clip with the start that its camera's own clock shows."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["camera_id", "path", "start"])
    for view in views:
        rows.writerow([view.camera_id, f"{view.camera_id}.mp4", starts[view.camera_id]])
    return out.getvalue()


def write_site(folder: Path, network: Network, views: tuple[View, ...]) -> None:
    """Write `site.yaml`."""
    (folder / "site.yaml").write_text(site_text(network, views), encoding="utf-8")


def place_of(x_m: float, y_m: float) -> tuple[float, float]:
    """Turn city axes into longitude and latitude, degrees."""
    longitude = ORIGIN[0] + x_m / (_M_PER_DEGREE * math.cos(math.radians(ORIGIN[1])))
    return round(longitude, 7), round(ORIGIN[1] + y_m / _M_PER_DEGREE, 7)


def camera_roads(network: Network, views: tuple[View, ...]) -> list[tuple[str, str, float]]:
    """Find the drives between cameras that pass no other camera: (from, to, metres), each once."""
    camera_at = {view.node: view.camera_id for view in views}
    found: dict[tuple[str, str], float] = {}
    for view in views:
        reached = {view.node: 0.0}
        waiting = [view.node]
        while waiting:
            name = min(waiting, key=lambda n: reached[n])
            waiting.remove(name)
            if name != view.node and name in camera_at:
                pair = tuple(sorted((view.camera_id, camera_at[name])))
                found[(pair[0], pair[1])] = reached[name]
                continue
            for road in network.roads:
                if name in (road.start, road.end):
                    other = road.end if road.start == name else road.start
                    length = reached[name] + road.length_m
                    if not network.nodes[other].gate and length < reached.get(other, math.inf):
                        reached[other] = length
                        waiting.append(other)
    return [(a, b, length) for (a, b), length in sorted(found.items())]
