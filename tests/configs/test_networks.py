"""Networks and schemes of cameras, as the settings name them."""

from __future__ import annotations

from pathlib import Path

import pytest

from yanji.configs.errors import SettingsError
from yanji.configs.networks import SCHEMES
from yanji.configs.settings import load_settings


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_the_settings_nothing_is_narrowed() -> None:
    found = load_settings()
    assert found.camera_networks is None
    assert found.camera_schemes == SCHEMES == ("rtsp", "rtsps", "http", "https")


def test_networks_are_read_in_one_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("yanji.yaml").write_text("camera_networks: [10.20.0.0/16, 192.0.2.7, 'FD12:3456::/32']\n")
    assert load_settings().camera_networks == ("10.20.0.0/16", "192.0.2.7/32", "fd12:3456::/32")
    monkeypatch.setenv("YANJI_CAMERA_NETWORKS", "10.0.0.0/8, fd00::/8")
    assert load_settings().camera_networks == ("10.0.0.0/8", "fd00::/8")
    monkeypatch.setenv("YANJI_CAMERA_NETWORKS", "null")
    assert load_settings().camera_networks is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("camera_networks: []", "at least 1 item"),
        ("camera_networks: 10.0.0.0/8", "valid tuple"),
        ("camera_networks: [10.0.0.1/8]", "write 10.0.0.0/8 or the address alone"),
        ("camera_networks: [10.0.0.0/33]", "must be a network like 10.20.0.0/16"),
        ("camera_networks: [camera.example]", "must be a network like 10.20.0.0/16"),
        ("camera_networks: ['10.0.0.0/8,']", "must be a network like"),
        ("camera_networks: ['::ffff:10.0.0.0/104']", "write the IPv4 network"),
        ("camera_networks: ['64:ff9b::a00:0/104']", "write the IPv4 network"),
        ("camera_networks: ['2002:a00::/24']", "write the IPv4 network"),
        ("camera_schemes: []", "at least 1 item"),
        ("camera_schemes: [rtspt]", "should be 'rtsp', 'rtsps', 'http' or 'https'"),
    ],
)
def test_what_is_no_network_or_scheme_is_refused_with_its_line(text: str, words: str) -> None:
    Path("yanji.yaml").write_text(f"{text}\n")
    with pytest.raises(SettingsError, match=r"^yanji\.yaml:1: ") as caught:
        load_settings()
    assert words in caught.value.message
