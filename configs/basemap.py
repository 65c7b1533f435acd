"""The map that a site may supply, drawn below its roads and cameras: what kind it is, and whether
its file can be drawn at all. Its places are WGS 84, whatever the datum of the site file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

from yanji.configs.finding import Finding, Location, line_of

BasemapKind = Literal["geojson", "pmtiles"]

LARGEST_GEOJSON_BYTES: Final = 32 * 2**20
"""A browser holds all of it; what is larger belongs into tiles."""
_PMTILES_HEADER_BYTES: Final = 127
_PMTILES_START: Final = b"PMTiles\x03"
_TILE_TYPE_AT: Final = 99
_RASTER_TYPES: Final = frozenset({2, 3, 4, 5})
"""PNG, JPEG, WebP, AVIF in the PMTiles specification, version 3."""
_GEOJSON_TYPES: Final = frozenset({
    "FeatureCollection", "Feature", "GeometryCollection", "Point", "MultiPoint", "LineString",
    "MultiLineString", "Polygon", "MultiPolygon",
})  # fmt: skip


def basemap_kind(path: Path) -> BasemapKind | None:
    """Tell the kind by the ending; None for one that no page can draw."""
    ending = path.suffix.lower()
    if ending in (".geojson", ".json"):
        return "geojson"
    return "pmtiles" if ending == ".pmtiles" else None


def check_basemap(
    named: str | None, folder: Path, lines: Mapping[Location, int]
) -> Iterator[Finding]:
    """Find what keeps a base map from being drawn.

    Args:
        named: the value of `site.basemap`.
        folder: of the site file; the value is relative to it.
        lines: line of every value of the site file.
    """
    if named is None:
        return
    line = line_of(("site", "basemap"), lines)
    path = folder / named
    if not path.is_file():
        hint = f"The path is relative to the site file; there is no file {path}."
        yield Finding("error", "no_basemap", f"The base map `{named}` is missing.", hint, line)
        return
    try:
        wrong = _wrong_with(path)
    except OSError as error:
        wrong = f"cannot be read ({error.strerror}).", "Give yanji the right to read it."
    if wrong is not None:
        message, hint = wrong
        yield Finding("error", "bad_basemap", f"The base map `{named}` {message}", hint, line)


def _wrong_with(path: Path) -> tuple[str, str] | None:
    if basemap_kind(path) == "pmtiles":
        with path.open("rb") as file:
            return _wrong_header(file.read(_PMTILES_HEADER_BYTES))
    if path.stat().st_size > LARGEST_GEOJSON_BYTES:
        most_mib = LARGEST_GEOJSON_BYTES // 2**20
        return f"is larger than {most_mib} MiB.", "Make raster tiles of it (.pmtiles)."
    try:
        value = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return "is not JSON.", "Export it as GeoJSON."
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in _GEOJSON_TYPES:
        return "is JSON but not GeoJSON.", "Its `type` should be FeatureCollection."
    return None


def _wrong_header(header: bytes) -> tuple[str, str] | None:
    if len(header) < _PMTILES_HEADER_BYTES or not header.startswith(_PMTILES_START):
        return "is not a PMTiles file of version 3.", "Make it with the program `pmtiles`."
    if header[_TILE_TYPE_AT] not in _RASTER_TYPES:
        return (
            "holds no raster tiles.",
            "Take tiles of pictures (PNG, JPEG, WebP): vector tiles need fonts and styles.",
        )
    return None
