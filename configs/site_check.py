"""Find everything that is wrong or odd in a site file, in one pass."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from yanji.configs.basemap import check_basemap
from yanji.configs.datum import in_china
from yanji.configs.distance import Place
from yanji.configs.errors import UsageError
from yanji.configs.finding import (
    Finding,
    Location,
    findings_of,
    in_order,
    keys_of,
    raise_errors,
    unknown_key,
)
from yanji.configs.site import Camera, Road, Site, SiteHeader, camera_id_of
from yanji.configs.site_rules import (
    Cameras,
    Lines,
    Roads,
    UnreadIds,
    check_cameras,
    check_ids,
    check_places,
    check_roads,
)
from yanji.configs.yaml_lines import Document, Value, read_document

_Entry = TypeVar("_Entry", Camera, Road)


def check_site_file(path: Path | str) -> list[Finding]:
    """List all errors and warnings of a site file, in the order of its lines. Never raises."""
    _site, findings = _read(Path(path))
    return findings


def check_site(site: Site, lines: Lines | None = None) -> list[Finding]:
    """List what only several values together get wrong; one value alone is the models' affair.

    Args:
        site: as written, before any change of datum.
        lines: line of every value of the file, where the site comes from one.
    """
    cameras, roads = dict(enumerate(site.cameras)), dict(enumerate(site.roads))
    return in_order(_together(site.site, cameras, roads, lines or {}, {}))


def read_site(path: Path) -> Site:
    """Read a site as the file gives it, datum included; the base map's path becomes absolute.

    Raises:
        SettingsError: the file has at least one error.
    """
    site, findings = _read(path)
    raise_errors(path, findings)
    if site is None:
        raise AssertionError("a site file without errors gave no site")
    if site.basemap is None:
        return site
    basemap = str((path.parent / site.basemap).resolve())
    return site.model_copy(update={"site": site.site.model_copy(update={"basemap": basemap})})


def _together(
    header: SiteHeader, cameras: Cameras, roads: Roads, lines: Lines, unread: UnreadIds
) -> Iterator[Finding]:
    yield from check_ids(cameras, lines, unread)
    yield from check_cameras(cameras, lines)
    yield from check_places(header, cameras, lines)
    yield from check_roads(header, cameras, roads, lines, unread)
    if header.timezone is None:
        message = "The site names no time zone."
        hint = "Add `timezone` under `site`; without it times need an offset."
        yield Finding("warning", "no_timezone", message, hint, lines.get(("site",)))


def _read(path: Path) -> tuple[Site | None, list[Finding]]:
    document = read_document(path)
    findings = list(document.problems)
    value, lines = document.value, document.lines
    if not value:
        return None, findings
    known = keys_of(Site)
    findings += [unknown_key(key, known, lines.get((key,))) for key in value if key not in known]
    header = _header(document, findings)
    cameras = _entries(Camera, "cameras", document, findings)
    roads = _entries(Road, "roads", document, findings)
    if value.get("cameras") in (None, []):
        hint = "List at least one, like `- {id: K01}`."
        line = lines.get(("cameras",), 1)
        findings.append(Finding("error", "no_cameras", "The site has no cameras.", hint, line))
    unread = _unread_ids(value.get("cameras"), cameras)
    # A header with an error says nothing about zone and datum: no remarks on top of that error.
    assumed = header or SiteHeader(timezone="UTC")
    findings += _together(assumed, cameras, roads, lines, unread)
    findings += check_basemap(assumed.basemap, path.parent, lines)
    if header is None or any(finding.severity == "error" for finding in findings):
        return None, in_order(findings)
    site = Site(site=header, cameras=tuple(cameras.values()), roads=tuple(roads.values()))
    return site, in_order(findings)


def _header(document: Document, findings: list[Finding]) -> SiteHeader | None:
    value = document.value.get("site")
    try:
        return SiteHeader.model_validate({} if value is None else value)
    except ValidationError as error:
        findings += findings_of(error, SiteHeader, document.lines, ("site",))
        return None


def _entries(
    model: type[_Entry], key: str, document: Document, findings: list[Finding]
) -> dict[int, _Entry]:
    """Read the entries of a list one by one; those with errors are left out."""
    listed = document.value.get(key)
    if listed is None:
        return {}
    if not isinstance(listed, list):
        line = document.lines.get((key,))
        hint = "Begin every entry with `- `."
        findings.append(Finding("error", "bad_value", f"`{key}` should be a list.", hint, line))
        return {}
    entries: dict[int, _Entry] = {}
    for number, value in enumerate(listed):
        location: Location = (key, number)
        try:
            entries[number] = model.model_validate(value)
        except ValidationError as error:
            found = findings_of(error, model, document.lines, location)
            findings += found if model is not Camera else _say_swapped(found, value)
    return entries


def _say_swapped(findings: list[Finding], value: Value) -> list[Finding]:
    """Name the cause where a latitude is out of range and would do as a longitude."""
    given = value if isinstance(value, dict) else {}
    try:
        place = Place(float(str(given["longitude"])), float(str(given["latitude"])))
    except (KeyError, ValueError):
        return findings
    if not (90 < abs(place.latitude) <= 180 and abs(place.longitude) <= 90):
        return findings
    where = " and are then in China" if in_china(Place(place.latitude, place.longitude)) else ""
    return [
        Finding(
            "error",
            "swapped_place",
            f"A latitude of {place.latitude:g} does not exist: the two look swapped.",
            f"Exchange the two: longitude {place.latitude:g}, latitude {place.longitude:g}{where}.",
            finding.line,
        )
        if finding.message.startswith("`latitude`")
        else finding
        for finding in findings
    ]


def _unread_ids(listed: Value, cameras: Cameras) -> dict[int, str]:
    """Return the ids of those cameras whose entry has an error, by position."""
    ids: dict[int, str] = {}
    for number, value in enumerate(listed if isinstance(listed, list) else []):
        if number not in cameras and isinstance(value, dict) and value.get("id") is not None:
            with contextlib.suppress(UsageError):
                ids[number] = camera_id_of(str(value["id"]))
    return ids
