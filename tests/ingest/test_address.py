"""Cameras only where the installation says they are, and only as it says, at every connect."""

from __future__ import annotations

import ipaddress
import random
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from yanji.configs.errors import UnreachableError
from yanji.configs.networks import network_of
from yanji.configs.settings import Settings
from yanji.ingest import address as address_module
from yanji.ingest.address import ANY_CAMERA, CameraRules, addresses_of, rules_of
from yanji.ingest.camera_line import connect_to_camera
from yanji.ingest.capture import Capture
from yanji.ingest.fake_camera import FakeCamera
from yanji.ingest.gap import Gap
from yanji.ingest.rtsp import RtspSource
from yanji.ingest.rtsp_connection import RtspLimits

SHORT = RtspLimits(open_s=4.0, read_s=1.0, silence_s=2.0)
Resolver = Callable[..., None]


def rules(*networks: str, schemes: tuple[str, ...] = ("rtsp", "rtsps")) -> CameraRules:
    return CameraRules(tuple(map(network_of, networks)), frozenset(schemes))


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    """Names lead to the addresses that are given, look-up by look-up, the last for ever."""

    def answer(*answers: list[str]) -> None:
        left = list(answers)

        def look_up(host: str, port: int, **_: object) -> list[object]:
            found = left.pop(0) if len(left) > 1 else left[0]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

        monkeypatch.setattr(address_module.socket, "getaddrinfo", look_up)

    return answer


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("10.20.0.1", True),
        ("10.20.255.255", True),
        ("10.21.0.0", False),
        ("192.0.2.7", True),
        ("192.0.2.8", False),
        ("fd12:3456::9", True),
        ("fd12:3457::9", False),
        ("::ffff:10.20.0.1", True),
        ("::ffff:10.21.0.1", False),
        ("64:ff9b::a14:1", True),
        ("64:ff9b::a15:1", False),
        ("2002:a14:1::", True),
        ("2002:a15:1::", False),
        ("127.0.0.1", False),
        ("::1", False),
    ],
)
def test_an_address_is_in_a_network_in_whatever_form_it_is_written(address, allowed):
    listed = rules("10.20.0.0/16", "192.0.2.7", "fd12:3456::/32")
    assert listed.allow(ipaddress.ip_address(address)) is allowed
    assert ANY_CAMERA.allow(ipaddress.ip_address(address))


def test_the_settings_become_rules():
    assert rules_of(Settings()) == ANY_CAMERA
    narrow = Settings(camera_networks=("10.20.0.0/16",), camera_schemes=("rtsps",))
    assert rules_of(narrow) == rules("10.20.0.0/16", schemes=("rtsps",))


def test_of_several_addresses_only_those_in_the_networks_are_tried(resolve):
    resolve(["203.0.113.5", "10.20.0.1", "fd12:3456::9"])
    found = addresses_of("camera", 554, 5, rules("10.20.0.0/16"))
    assert found == [ipaddress.ip_address("10.20.0.1")]


def test_a_name_that_leads_outside_is_refused_and_not_connected_to(resolve, monkeypatch):
    resolve(["203.0.113.5"])
    monkeypatch.setattr("yanji.ingest.camera_line.socket.create_connection", _never)
    with pytest.raises(UnreachableError, match=r"203\.0\.113\.5, which is in none") as caught:
        connect_to_camera("rtsp://camera.example/a", open_s=5, rules=rules("10.20.0.0/16"))
    assert caught.value.code == "address"
    assert "camera_networks" in caught.value.hint


def test_what_no_camera_may_have_stays_refused_where_its_network_is_listed(resolve):
    resolve(["169.254.169.254"])
    with pytest.raises(UnreachableError, match="no camera may have"):
        addresses_of("camera", 554, 5, rules("169.254.0.0/16"))


def test_a_name_that_moves_out_of_the_networks_is_refused_at_the_next_connect(resolve, monkeypatch):
    resolve(["10.20.0.1"], ["10.21.0.1"])
    tried: list[str] = []

    def connect(address: tuple[str, int], timeout: float) -> None:
        tried.append(address[0])
        raise TimeoutError

    monkeypatch.setattr("yanji.ingest.camera_line.socket.create_connection", connect)
    codes = []
    for _ in range(2):
        with pytest.raises(UnreachableError) as caught:
            connect_to_camera("rtsp://camera/a", open_s=5, rules=rules("10.20.0.0/16"))
        codes.append(caught.value.code)
    assert codes == ["unreachable", "address"]
    assert tried == ["10.20.0.1"]


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_a_scheme_that_is_not_allowed_is_not_even_looked_up(scheme, monkeypatch):
    monkeypatch.setattr(address_module.socket, "getaddrinfo", _never)
    with pytest.raises(UnreachableError, match=f"{scheme} is not allowed here") as caught:
        connect_to_camera(
            f"{scheme}://10.20.0.1/?password=Canary",
            open_s=5,
            rules=CameraRules(None, frozenset({"rtsps"})),
        )
    assert caught.value.code == "address"
    assert "camera_schemes" in caught.value.hint
    assert "Canary" not in caught.value.message


@pytest.fixture
def camera() -> Iterator[FakeCamera]:
    with FakeCamera() as made:
        yield made


def test_a_camera_of_this_host_plays_where_the_loopback_is_listed(camera):
    source = RtspSource("K01", camera.url(), limits=SHORT, rules=rules("127.0.0.0/8"))
    with source.connect() as connection:
        assert next(iter(connection)).number == 0


def test_the_capture_records_the_refusal_as_address(camera):
    gaps: list[Gap] = []
    told = threading.Event()
    source = RtspSource("K01", camera.url(), limits=SHORT, rules=rules("10.20.0.0/16"))
    capture = Capture(
        source,
        analyse_fps=5,
        on_frame=lambda frame: False,
        on_gap=lambda gap: (gaps.append(gap), told.set())[0],
        rng=random.Random(1),
    )
    capture.start()
    assert told.wait(20)
    assert capture.stats().state == "down"
    assert "in none of the networks" in capture.stats().problem
    assert capture.stop(5)
    assert [gap.cause for gap in gaps] == ["address"]


def _never(*_: object, **__: object) -> None:
    raise AssertionError("nobody may be asked")
