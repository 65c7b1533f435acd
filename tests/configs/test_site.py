from __future__ import annotations

import pickle
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yanji.configs.datum import gcj02_from_wgs84
from yanji.configs.distance import Place
from yanji.configs.errors import SettingsError, UsageError
from yanji.configs.site import Camera, Credentials, Site, camera_id_of, load_site
from yanji.configs.site_check import check_site_file

EXAMPLE = Path(__file__).parents[2] / "configs" / "site.example.yaml"
SECRET = "hunter2"


def site_of(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "site.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(tmp_path: Path, text: str) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        load_site(site_of(tmp_path, text))
    assert caught.value.exit_code == 2
    return caught.value


def test_the_example_is_valid_and_without_remarks() -> None:
    site = load_site(EXAMPLE)
    assert check_site_file(EXAMPLE) == []
    assert (site.name, str(site.zone)) == ("雁城", "Asia/Shanghai")
    first = site.camera("K01")
    assert (first.name, first.url, first.heading_deg) == ("向阳路口", "rtsp://10.0.0.11/h264", 90)
    assert (first.analyse_fps, first.clock_offset_s) == (5, 0)
    assert first.place == Place(112.61, 26.89)
    assert site.camera("K03").url is None
    assert [(r.from_camera, r.to_camera, r.oneway) for r in site.roads] == [
        ("K01", "K02", False),
        ("K02", "K03", True),
    ]
    assert site.roads[0].speed_kmh == (15, 60)
    assert site.password_envs == {"K01_PASSWORD", "K02_PASSWORD"}


def test_the_smallest_site(tmp_path: Path) -> None:
    site = load_site(site_of(tmp_path, "cameras: [{id: 007}]\nroads:\n"))
    assert [camera.id for camera in site.cameras] == ["007"], "not the number 7"
    assert (site.zone, site.roads, site.cameras[0].place) == (None, (), None)


def test_a_site_goes_to_other_processes(tmp_path: Path) -> None:
    site = load_site(EXAMPLE)
    assert site.zone is not None
    assert pickle.loads(pickle.dumps(site)) == site  # noqa: S301 - just written


def test_places_of_a_chinese_map_come_out_as_wgs84(tmp_path: Path) -> None:
    true = Place(112.61, 26.89)
    shown = gcj02_from_wgs84(true)
    text = (
        "site: {datum: gcj02}\ncameras:\n"
        f"  - {{id: A, longitude: {shown.longitude!r}, latitude: {shown.latitude!r}}}\n"
        "  - {id: B}\n"
    )
    site = load_site(site_of(tmp_path, text))
    assert site.cameras[0].place == pytest.approx(true, abs=1e-6)
    assert (site.cameras[1].place, site.site.datum) == (None, "wgs84")


def test_an_unknown_camera_is_named_with_the_likeliest(tmp_path: Path) -> None:
    site = load_site(EXAMPLE)
    with pytest.raises(UsageError, match="no camera `K 01`") as caught:
        site.camera("K 01")
    assert "K01" in caught.value.hint
    with pytest.raises(UsageError) as caught:
        site.camera("north")
    assert caught.value.hint == "Known: K01, K02, K03."


def test_ids_are_compared_in_one_normalisation(tmp_path: Path) -> None:
    text = unicodedata.normalize("NFD", "cameras: [{id: Café}]\n")
    site = load_site(site_of(tmp_path, text))
    assert site.cameras[0].id == "Caf\u00e9"
    assert site.camera("Cafe\u0301") is site.cameras[0]


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "a/b",
        ".",
        "..",
        "a\nb",
        "a\x00",
        "x" * 65,
        " a",
        "a ",
        "a\u202eb",
        "a\u200bb",
        "a\ud800",
    ],
)
def test_ids_that_would_do_harm_are_refused(bad: str) -> None:
    with pytest.raises(UsageError):
        camera_id_of(bad)


@given(st.text(max_size=70))
def test_an_accepted_id_stays_as_it_is(text: str) -> None:
    try:
        camera_id = camera_id_of(text)
    except UsageError:
        return
    assert camera_id_of(camera_id) == camera_id == unicodedata.normalize("NFC", text)
    assert 1 <= len(camera_id) <= 64
    assert "/" not in camera_id


# --- passwords -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "rtsp://yanji:hunter2@10.0.0.1/h264",
        "rtsp://hunter2@10.0.0.1/h264",
        "rtsp://yanji%3Ahunter2@10.0.0.1/",
        "rtsp://yanji:hunter2/x@10.0.0.1/",
        "rtsp://yanji:12/hunter2@10.0.0.1/",
        "rtsp://yanji:#hunter2@10.0.0.1/",
        "rtsp://yanji:[hunter2@10.0.0.1/",
        "rtsp://10.0.0.1/user=admin&password=hunter2&channel=1",
        "rtsp://10.0.0.1/s?PWD=hunter2",
        "http://10.0.0.1/hunter2",
        "hunter2",
        "rtsp:///hunter2",
        "rtsp://10.0.0.1:hunter2/",
        "rtsp://10.0.0.1/hunter2 x",
        "file:///etc/hunter2",
    ],
)
def test_a_refused_url_is_never_repeated(
    tmp_path: Path, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    text = f'site: {{timezone: UTC}}\ncameras:\n  - {{id: A}}\n  - {{id: B, url: "{url}"}}\n'
    error = refusal(tmp_path, text)
    assert f"{tmp_path}/site.yaml:4: `url` " in error.message
    findings = check_site_file(tmp_path / "site.yaml")
    assert [f.line for f in findings if f.severity == "error"] == [4]
    seen = f"{error!r}{error.hint}{findings}{caplog.text}{error.__cause__!r}{error.__context__!r}"
    assert SECRET not in seen
    with pytest.raises(ValueError, match="url") as raw:
        Camera(id="B", url=url)
    assert SECRET not in str(raw.value)


@pytest.mark.parametrize(
    "url", ["rtsp://10.0.0.1", "rtsps://cam.example:322/a%40b?c=d", "rtsp://[::1]:8554/x"]
)
def test_urls_that_are_fine(url: str) -> None:
    assert Camera(id="A", url=url).url == url


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("password: hunter2", "`password` is not a known key"),
        ("pasword_env: hunter2", "`pasword_env` is not a known key"),
        ("password_env: hunter2", "`password_env` string should match"),
        ("username: [hunter2]", "`username` should be a valid string"),
        ("analyse_fps: hunter2", "`analyse_fps` should be a valid number"),
        ("url: 'rtsp://a:hunter2@b", "is not YAML"),
        ("url: \x07hunter2", "does not allow"),
    ],
)
def test_no_message_repeats_a_value(tmp_path: Path, line: str, words: str) -> None:
    error = refusal(tmp_path, f"cameras:\n  - id: A\n    {line}\n")
    assert words in error.message
    assert SECRET not in error.message + error.hint + repr(check_site_file(tmp_path / "site.yaml"))


def test_a_password_comes_from_the_environment_and_does_not_show() -> None:
    camera = Camera(id="A", username="yanji", password_env="A_PASSWORD")
    found = camera.credentials({"A_PASSWORD": SECRET})
    assert found == Credentials("yanji", SECRET)
    assert f"{found} {found!r}" == "Credentials() Credentials()"
    assert Camera(id="A").credentials({}) is None
    assert Camera(id="A", username="u").credentials({}) == Credentials("u", "")


@pytest.mark.parametrize("env", [{}, {"A_PASSWORD": ""}])
def test_a_password_that_is_not_there_is_an_error(env: dict[str, str]) -> None:
    camera = Camera(id="A", username="yanji", password_env="A_PASSWORD")
    with pytest.raises(SettingsError, match=r"camera A is missing: .* A_PASSWORD"):
        camera.credentials(env)


# --- files that are wrong as such ------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "The file is empty."),
        ("# nothing\n", 1, "The file is empty."),
        ("- a\n", 1, "not a mapping"),
        ("just text", 1, "not a mapping"),
        (
            "cameras: [{id: A}]\nsite: {}\ncameras: []\n",
            3,
            "`cameras` is given twice, first on line 1",
        ),
        ("cameras:\n- id: A\n  id: B\n", 3, "`id` is given twice, first on line 2"),
        ("cameras:\n- {id: A}\n---\ncameras: []\n", 3, "second document"),
        ("cameras:\n- &a {id: A}\n- *a\n", 2, "anchor or alias"),
        ("cameras:\n- {id: !!int 3}\n", 2, "tag"),
        ("cameras:\n- {id: A\n", 3, "is not YAML"),
        ("cameras:\n\t- {id: A}\n", 2, "is not YAML"),
        ("cameras:\n- {[a]: A}\n", 2, "not plain text"),
        ("cameras: " + "[" * 40 + "]" * 40, 1, "nested too deeply"),
        ("cameras: []\n", 1, "The site has no cameras."),
        ("site:\n  name: x\n", 1, "The site has no cameras."),
        ("cameras: {id: A}\n", 1, "`cameras` should be a list."),
        ("cameras:\n- {id: A}\n- K02\n", 3, "should be a mapping"),
        ("cameras:\n- {id: A}\ncamera: []\n", 3, "`camera` is not a known key."),
        ("site:\n  timezon: UTC\ncameras:\n- {id: A}\n", 2, "`timezon` is not a known key."),
        ("site:\n  timezone: Asia/Shangai\ncameras:\n- {id: A}\n", 2, "Asia/Shanghai"),
        ("site:\n  timezone: ../../etc/passwd\ncameras:\n- {id: A}\n", 2, "not a known time zone"),
        ("site:\n  datum: bd09\ncameras:\n- {id: A}\n", 2, "'wgs84' or 'gcj02'"),
        ("cameras:\n- {name: x}\n", 2, "`id` is missing."),
        ("cameras:\n- {id: }\n", 2, "`id` should be a valid string"),
        ("cameras:\n- id: A\n  analyse_fps: 0\n", 3, "greater than 0"),
        ("cameras:\n- id: A\n  analyse_fps: 31\n", 3, "less than or equal to 30"),
        ("cameras:\n- id: A\n  analyse_fps_min: 0.5\n", 3, "greater than or equal to 1"),
        ("cameras:\n- id: A\n  analyse_fps_min: 6\n", 2, "above its `analyse_fps`"),
        ("cameras:\n- id: A\n  decode: some\n", 3, "'no_b_frames' or 'key_frames'"),
        ("cameras:\n- id: A\n  clock_offset_s: .inf\n", 3, "valid number"),
        ("cameras:\n- id: A\n  clock_offset_s: inf\n", 3, "finite number"),
        ("cameras:\n- id: A\n  heading_deg: 361\n", 3, "less than or equal to 360"),
        ("cameras:\n- id: A\n  longitude: 181\n  latitude: 91\n", 3, "less than or equal to 180"),
        ("cameras: [{id: A}, {id: B}]\nroads:\n- {from: A, to: B}\n", 3, "`distance_m` is missing"),
        (
            "cameras: [{id: A}]\nroads:\n- {from: A, to: B, distance_m: 5, speed_kmh: 30}\n",
            3,
            "valid tuple",
        ),
    ],
)
def test_every_error_names_file_and_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    error = refusal(tmp_path, text)
    assert error.message.startswith(f"{tmp_path}/site.yaml:{line}: ")
    assert words in error.message


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"cameras:\n- {id: \xff}\n", "site.yaml:2: The file is not UTF-8"),
        ("cameras: []".encode("utf-16"), "not UTF-8"),
        (b"cameras:\n- {id: A\x00}\n", "site.yaml:2: The file holds a character"),
    ],
)
def test_files_that_are_no_text(tmp_path: Path, raw: bytes, words: str) -> None:
    path = tmp_path / "site.yaml"
    path.write_bytes(raw)
    with pytest.raises(SettingsError, match=words):
        load_site(path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not exist"):
        load_site(tmp_path / "site.yaml")
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        load_site(tmp_path)
    assert [f.code for f in check_site_file(tmp_path)] == ["missing_file"]


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_bytes(b"\xef\xbb\xbfcameras:\r\n- {id: A}\r\n")
    assert load_site(path).cameras[0].id == "A"


def test_further_errors_are_counted(tmp_path: Path) -> None:
    error = refusal(tmp_path, "cameras:\n- {id: A, nam: x}\n- {id: B, nam: x}\n")
    assert error.message.endswith("`nam` is not a known key. (and 1 more in this file)")
    assert error.hint == "Did you mean `name`?"


@given(st.binary(max_size=200))
def test_no_file_whatsoever_gives_anything_but_findings(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(raw)
    assert any(finding.severity == "error" for finding in check_site_file(path))


def test_a_city_is_read_in_seconds(tmp_path: Path) -> None:
    lines = ["site: {timezone: Asia/Shanghai}", "cameras:"]
    lines += [
        f"  - {{id: K{n}, url: 'rtsp://10.0.0.1/{n}', longitude: {112 + n / 1e5}, latitude: 26.9}}"
        for n in range(2_000)
    ]
    site = load_site(site_of(tmp_path, "\n".join(lines)))
    assert len(site.cameras) == 2_000
    assert isinstance(site, Site)
