from __future__ import annotations

from pathlib import Path

import pytest

from yanji.configs.finding import Finding
from yanji.configs.site import Camera, Road, Site, SiteHeader
from yanji.configs.site_check import check_site, check_site_file

ZONE = "site: {timezone: Asia/Shanghai}\n"
TWO = """\
site: {timezone: Asia/Shanghai}
cameras:
  - {id: K01, longitude: 112.610, latitude: 26.89}
  - {id: K02, longitude: 112.616, latitude: 26.89}
"""  # 595 m apart


def findings_of(tmp_path: Path, text: str) -> list[Finding]:
    path = tmp_path / "site.yaml"
    path.write_text(text, encoding="utf-8")
    return check_site_file(path)


def brief(findings: list[Finding]) -> list[tuple[str, str, int | None]]:
    return [(finding.severity, finding.code, finding.line) for finding in findings]


def test_a_good_site_gives_nothing(tmp_path: Path) -> None:
    text = TWO + "roads:\n  - {from: K01, to: K02, distance_m: 640, speed_kmh: [15, 60]}\n"
    assert findings_of(tmp_path, text) == []


CAMERAS = [
    ("two", "- {id: K01}\n- {id: K01}\n", [("error", "duplicate_camera", 4)]),
    ("nfc", "- {id: Cafe\u0301}\n- {id: Caf\u00e9}\n", [("error", "duplicate_camera", 4)]),
    ("case", "- {id: k01}\n- {id: K01}\n", [("warning", "similar_camera", 4)]),
    (
        "url",
        "- {id: A, url: 'rtsp://h/1'}\n- {id: B, url: 'rtsp://h/1'}\n- {id: C, url: 'rtsp://h/2'}\n",
        [("warning", "same_url", 4)],
    ),
    ("user", "- {id: A, password_env: A_PW}\n", [("error", "no_username", 3)]),
    ("half", "- {id: A, longitude: 112}\n", [("error", "half_place", 3)]),
    ("password", "- {id: A, url: 'rtsp://u:p@h/'}\n", [("error", "password_in_url", 3)]),
    (
        "sub",
        "- {id: A, url: 'rtsp://h/1',\n   detect_url: 'rtsp://h:5/2', decode: no_b_frames}\n",
        [],
    ),
    ("sub_alone", "- {id: A,\n   detect_url: 'rtsp://h/2'}\n", [("error", "detect_url", 4)]),
    (
        "sub_same",
        "- {id: A, url: 'rtsp://h/1',\n   detect_url: 'rtsp://h/1'}\n",
        [("error", "detect_url", 4)],
    ),
    (
        "sub_keys",
        "- {id: A, url: 'rtsp://h/1',\n   detect_url: 'rtsp://h/2', decode: key_frames}\n",
        [("error", "detect_url", 4)],
    ),
    (
        "sub_host",
        "- {id: A, url: 'rtsp://h/1',\n   detect_url: 'rtsp://g/2'}\n",
        [("warning", "detect_url", 4)],
    ),
    (
        "sub_of_another",
        "- {id: A, url: 'rtsp://h/1'}\n- {id: B, url: 'rtsp://h/2',\n   detect_url: 'rtsp://h/1'}\n",
        [("warning", "same_url", 5)],
    ),
    (
        "sub_password",
        "- {id: A, url: 'rtsp://h/1',\n   detect_url: 'rtsp://u:geheim@h/2'}\n",
        [("error", "password_in_url", 4)],
    ),
]


@pytest.mark.parametrize(
    ("text", "expected"), [c[1:] for c in CAMERAS], ids=[c[0] for c in CAMERAS]
)
def test_cameras(tmp_path: Path, text: str, expected: list[tuple[str, str, int]]) -> None:
    found = brief(findings_of(tmp_path, ZONE + "cameras:\n" + text))
    assert [finding for finding in found if finding[1] != "no_place"] == expected


def test_a_refused_sub_stream_is_not_repeated(tmp_path: Path) -> None:
    text = "cameras:\n- {id: A, url: 'rtsp://h/1', detect_url: 'rtsp://u:geheim@h/2'}\n"
    assert "geheim" not in repr(findings_of(tmp_path, ZONE + text))


def test_a_camera_without_a_place_is_a_warning(tmp_path: Path) -> None:
    found = findings_of(tmp_path, ZONE + "cameras:\n- {id: A}\n")
    assert brief(found) == [("warning", "no_place", 3)]
    assert "by time alone" in found[0].hint


ROADS = [
    ("to: K03", "distance_m: 640, speed_kmh: [15, 60]", "error", "road_to_nowhere"),
    ("to: K01", "distance_m: 640, speed_kmh: [15, 60]", "error", "road_to_itself"),
    ("to: K02", "distance_m: 640, speed_kmh: [60, 15]", "error", "absurd_speed"),
    ("to: K02", "distance_m: 640, speed_kmh: [0, 60]", "error", "absurd_speed"),
    ("to: K02", "distance_m: 640, speed_kmh: [-5, -1]", "error", "absurd_speed"),
    ("to: K02", "distance_m: 640, speed_kmh: [15, 201]", "error", "absurd_speed"),
    ("to: K02", "distance_m: 640, speed_kmh: [0.5, 60]", "warning", "absurd_speed"),
    ("to: K02", "distance_m: 560, speed_kmh: [15, 60]", "error", "short_road"),
    ("to: K02", "distance_m: 0.64, speed_kmh: [15, 60]", "error", "short_road"),
    ("to: K02", "distance_m: 12000, speed_kmh: [15, 60]", "warning", "long_road"),
    ("to: K02", "distance_m: 0, speed_kmh: [15, 60]", "error", "bad_value"),
]


@pytest.mark.parametrize(("to", "rest", "severity", "code"), ROADS)
def test_roads(tmp_path: Path, to: str, rest: str, severity: str, code: str) -> None:
    text = f"{TWO}roads:\n  - {{from: K01, {to}, {rest}}}\n"
    assert brief(findings_of(tmp_path, text)) == [(severity, code, 6)]


@pytest.mark.parametrize("distance_m", [566, 595, 640, 11_800])
def test_lengths_that_are_fine(tmp_path: Path, distance_m: int) -> None:
    road = f"{{from: K01, to: K02, distance_m: {distance_m}, speed_kmh: [15, 60]}}"
    assert findings_of(tmp_path, f"{TWO}roads:\n  - {road}\n") == []


@pytest.mark.parametrize(
    ("first", "second", "is_twice"),
    [
        ("from: K01, to: K02", "from: K01, to: K02", True),
        ("from: K01, to: K02", "from: K02, to: K01", True),
        ("from: K01, to: K02, oneway: true", "from: K02, to: K01, oneway: true", False),
        ("from: K01, to: K02, oneway: true", "from: K01, to: K02, oneway: true", True),
        ("from: K01, to: K02, oneway: true", "from: K02, to: K01", True),
    ],
)
def test_roads_that_are_there_twice(
    tmp_path: Path, first: str, second: str, is_twice: bool
) -> None:
    rest = "distance_m: 640, speed_kmh: [15, 60]"
    found = findings_of(tmp_path, f"{TWO}roads:\n- {{{first}, {rest}}}\n- {{{second}, {rest}}}\n")
    assert brief(found) == ([("error", "duplicate_road", 7)] if is_twice else [])
    assert not is_twice or "first on line 6" in found[0].message


def site(places: list[tuple[float, float]], datum: str = "wgs84") -> Site:
    cameras = tuple(
        Camera(id=f"K{n}", longitude=lon, latitude=lat) for n, (lon, lat) in enumerate(places)
    )
    header = SiteHeader.model_validate({"timezone": "Asia/Shanghai", "datum": datum})
    return Site(site=header, cameras=cameras)


def test_a_latitude_that_is_a_longitude(tmp_path: Path) -> None:
    found = findings_of(tmp_path, TWO + "  - {id: K03, longitude: 26.89, latitude: 112.61}\n")
    assert brief(found) == [("error", "swapped_place", 5)]
    assert "longitude 112.61, latitude 26.89" in found[0].hint


PARIS = [(2.35, 48.85), (2.36, 48.86), (2.37, 48.87)]


def test_a_swap_that_stays_in_range_is_seen_by_the_others() -> None:
    found = check_site(site([*PARIS, (48.86, 2.36)]))
    assert brief(found) == [("error", "swapped_place", None)]
    assert "`K3`" in found[0].message
    assert brief(check_site(site([PARIS[0], (48.86, 2.36)]))) == [("error", "swapped_place", None)]


def test_a_wide_site_is_a_warning() -> None:
    assert check_site(site(PARIS)) == []
    found = check_site(site([*PARIS, (13.4, 52.5)]))
    assert brief(found) == [("warning", "wide_site", None)]
    assert "`K3` is 875 km" in found[0].message


def test_gcj02_ends_at_the_border() -> None:
    found = check_site(site(PARIS[:1], "gcj02"))
    assert brief(found) == [("error", "datum", None)]
    assert check_site(site([(112.61, 26.89)], "gcj02")) == []


def test_a_site_made_by_a_program_is_checked_without_lines() -> None:
    road = Road.model_validate({"from": "K0", "to": "K9", "distance_m": 10, "speed_kmh": [1, 2]})
    made = site(PARIS).model_copy(update={"roads": (road,)})
    assert brief(check_site(made)) == [("error", "road_to_nowhere", None)]


def test_no_zone_is_a_warning(tmp_path: Path) -> None:
    text = TWO.replace("site: {timezone: Asia/Shanghai}", "site: {name: x}")
    assert brief(findings_of(tmp_path, text)) == [("warning", "no_timezone", 1)]


def test_all_problems_of_a_file_come_out_in_one_pass(tmp_path: Path) -> None:
    text = """\
site: {name: 雁城, timezone: Asia/Shanghaj}
cameras:
  - {id: A, longitude: 112.61, latitude: 26.89, url: "rtsp://a:b@h/"}
  - {id: A, longitude: 26.89, latitude: 112.61, heading: 3}
  - {id: B, longitude: 112.61, latitude: 26.89, analyse_fps: fast}
  - {id: C, longitude: 112.61, latitude: 26.89, name: x, name: y}
  - seven
roads:
  - {from: A, to: B, distance_m: 640, speed_kmh: [60, 15]}
  - {from: A, to: D, distance_m: 640, speed_kmh: [15, 60]}
  - {from: C, to: B}
zones: 3
"""
    assert brief(findings_of(tmp_path, text)) == [
        ("error", "bad_value", 1),
        ("error", "password_in_url", 3),
        ("error", "swapped_place", 4),
        ("error", "unknown_key", 4),
        ("error", "duplicate_camera", 4),
        ("error", "bad_value", 5),
        ("error", "duplicate_key", 6),
        ("error", "bad_value", 7),
        ("error", "absurd_speed", 9),
        ("error", "road_to_nowhere", 10),
        ("error", "missing_key", 11),
        ("error", "missing_key", 11),
        ("error", "unknown_key", 12),
    ]
