"""The site's own base map: what is refused, and with which line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from yanji.configs import basemap
from yanji.configs.basemap import basemap_kind
from yanji.configs.errors import SettingsError
from yanji.configs.site import load_site
from yanji.configs.site_check import check_site_file

EMPTY = json.dumps({"type": "FeatureCollection", "features": []})


def site_of(folder: Path, named: str) -> Path:
    path = folder / "site.yaml"
    text = f"site:\n  timezone: Asia/Shanghai\n  basemap: {named}\ncameras:\n- {{id: A}}\n"
    path.write_text(text, encoding="utf-8")
    return path


def pmtiles(tile_type: int, version: int = 3, size: int = 127) -> bytes:
    header = bytearray(b"PMTiles" + bytes([version]) + bytes(119))
    header[99] = tile_type
    return bytes(header[:size])


def refusal(folder: Path, named: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load_site(site_of(folder, named))
    assert caught.value.hint or "must end" in caught.value.message
    return str(caught.value)


def test_a_map_is_found_beside_the_site_file(tmp_path: Path) -> None:
    folder = tmp_path / "地图"
    folder.mkdir()
    (folder / "城区.geojson").write_text(EMPTY, encoding="utf-8")
    site = load_site(site_of(tmp_path, "地图/城区.geojson"))
    assert site.basemap == (folder / "城区.geojson").resolve()
    assert site.in_wgs84().basemap == site.basemap


def test_a_site_needs_no_map(tmp_path: Path) -> None:
    assert load_site(site_of(tmp_path, "null")).basemap is None


@pytest.mark.parametrize("tile_type", [2, 3, 4, 5])
def test_raster_tiles_are_taken(tmp_path: Path, tile_type: int) -> None:
    (tmp_path / "m.pmtiles").write_bytes(pmtiles(tile_type))
    assert load_site(site_of(tmp_path, "m.pmtiles")).basemap == tmp_path.resolve() / "m.pmtiles"


def test_a_missing_map_is_an_error_with_its_line(tmp_path: Path) -> None:
    (finding, *_rest) = [f for f in check_site_file(site_of(tmp_path, "m.json")) if f.line == 3]
    assert (finding.severity, finding.code) == ("error", "no_basemap")
    assert f"{tmp_path / 'site.yaml'}:3: The base map `m.json` is missing." in refusal(
        tmp_path, "m.json"
    )


def test_a_folder_is_no_map(tmp_path: Path) -> None:
    (tmp_path / "m.json").mkdir()
    assert "is missing" in refusal(tmp_path, "m.json")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("m.json", b"", "is not JSON"),
        ("m.json", b"\xff\xfe{", "is not JSON"),
        ("m.json", b"[" * 100_000, "is not JSON"),
        ("m.json", b"[]", "not GeoJSON"),
        ("m.json", b'{"type": "Topology"}', "not GeoJSON"),
        ("m.json", b'{"type": ["Point"]}', "not GeoJSON"),
        ("m.pmtiles", b"", "not a PMTiles file"),
        ("m.pmtiles", pmtiles(2, version=2), "not a PMTiles file"),
        ("m.pmtiles", pmtiles(2, size=126), "not a PMTiles file"),
        ("m.pmtiles", pmtiles(1), "no raster tiles"),
        ("m.pmtiles", pmtiles(0), "no raster tiles"),
    ],
)
def test_a_file_that_cannot_be_drawn_is_refused(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    message = refusal(tmp_path, name)
    assert said in message
    assert "site.yaml:3:" in message


def test_a_map_too_large_for_a_browser_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(basemap, "LARGEST_GEOJSON_BYTES", len(EMPTY) - 1)
    (tmp_path / "m.json").write_text(EMPTY, encoding="utf-8")
    assert "is larger than" in refusal(tmp_path, "m.json")


def test_another_ending_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.mbtiles").write_bytes(b"")
    assert "site.yaml:3: `basemap` must end with" in refusal(tmp_path, "m.mbtiles")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.geojson", "geojson"),
        ("a.JSON", "geojson"),
        ("a.b.pmtiles", "pmtiles"),
        ("json", None),
        ("a.png", None),
    ],
)
def test_the_ending_tells_the_kind(name: str, kind: str | None) -> None:
    assert basemap_kind(Path(name)) == kind
