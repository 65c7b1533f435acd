"""The stream addresses of an ONVIF camera, asked of a tiny device of the tests' own."""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.etree import ElementTree

import pytest

from yanji.configs.errors import CredentialsError, UnreachableError, UsageError
from yanji.configs.networks import network_of
from yanji.ingest.address import CameraRules
from yanji.ingest.credentials import Credentials
from yanji.ingest.onvif_line import MAX_ANSWER, OnvifLine
from yanji.ingest.onvif_streams import FoundStream, choose, service_of, streams_of

PASSWORD = "Canary:7@geheim雁"
WHO = Credentials("yanji", PASSWORD)
LINE = OnvifLine(WHO, answer_s=5.0)
MAIN = FoundStream("mainStream", "rtsp://10.0.0.11/101?unicast=1&p=1", "H264", 1920, 1080, 25.0)
SUB = FoundStream("Unter <1>", "rtsp://10.0.0.11/102", "H264", 640, 360, 12.0)
THUMB = FoundStream("thumb", "rtsp://10.0.0.11/103", "JPEG", 160, 90, None)


class Device:
    """Answers as an ONVIF camera does; `mode` says what is wrong with it."""

    def __init__(self) -> None:
        self.mode = ""
        self.ahead = timedelta(0)
        self.streams = [SUB, MAIN]
        self.media_path = "/onvif/Media?x=1"
        self.media_host: str | None = None
        self.asked: list[tuple[str, str]] = []
        """Path and question of every request."""
        self.said = ""
        """All that was received, headers included."""
        device = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                text = self.rfile.read(int(self.headers["Content-Length"])).decode()
                device.said += f"{self.headers}{text}"
                status, headers, answer = device.answer(self.path, self.headers, text)
                # What is wrong in these is only that: the rest is a right answer.
                if device.mode == "entities":
                    answer = answer.replace(b"?>", b'?><!DOCTYPE a [<!ENTITY b "c">]>', 1)
                if device.mode == "flood":
                    answer += b" " * MAX_ANSWER
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/onvif/device_service"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def answer(self, path: str, headers: object, text: str) -> tuple[int, list, bytes]:
        ElementTree.fromstring(text)  # noqa: S314 - of our own client
        question = re.search(r"<s:Body><(\w+)", text)[1]
        self.asked.append((path, question))
        if self.mode == "redirect":
            return 302, [("Location", "http://192.0.2.1/")], b""
        if self.mode == "garbage":
            return 200, [], b"\xff\xfe<html>"
        if question == "GetSystemDateAndTime":
            assert "UsernameToken" not in text, "this one needs no password"
            return 200, [], self._clock()
        refused = self._refused(headers, text)
        if refused is not None:
            return refused
        return self._media(question, text)

    def _refused(self, headers: object, text: str) -> tuple[int, list, bytes] | None:
        if self.mode.startswith("http"):
            if "Digest username" in str(headers):
                return None
            offered = 'Basic realm="r"'
            if self.mode == "http digest":
                offered = 'Digest realm="r", nonce="n", qop="auth", algorithm=MD5'
            return 401, [("WWW-Authenticate", offered)], b""
        if self._is_right(text):
            return None
        fault = (
            "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:NotAuthorized"
            "</s:Value></s:Subcode></s:Code></s:Fault>"
        )
        return 400, [], self._wrapped(fault)

    def _is_right(self, text: str) -> bool:
        nonce, created, digest = (
            re.search(rf"<\w+:{name}[^>]*>([^<]+)<", text)
            for name in ("Nonce", "Created", "Password")
        )
        if nonce is None or created is None or digest is None:
            return False
        age = datetime.now(UTC) + self.ahead - datetime.fromisoformat(created[1])
        wanted = hashlib.sha1(  # noqa: S324 - what the standard names
            base64.b64decode(nonce[1]) + created[1].encode() + PASSWORD.encode()
        ).digest()
        return abs(age) < timedelta(seconds=5) and base64.b64decode(digest[1]) == wanted

    def _clock(self) -> bytes:
        if self.mode == "no clock":
            return self._wrapped("<a/>")
        now = datetime.now(UTC) + self.ahead
        day = f"<t:Year>{now.year}</t:Year><t:Month>{now.month}</t:Month><t:Day>{now.day}</t:Day>"
        time = (
            f"<t:Hour>{now.hour}</t:Hour><t:Minute>{now.minute}</t:Minute>"
            f"<t:Second>{now.second}</t:Second>"
        )
        return self._wrapped(
            "<d:GetSystemDateAndTimeResponse><d:SystemDateAndTime><t:UTCDateTime>"
            f"<t:Time>{time}</t:Time><t:Date>{day}</t:Date></t:UTCDateTime>"
            "</d:SystemDateAndTime></d:GetSystemDateAndTimeResponse>"
        )

    def _media(self, question: str, text: str) -> tuple[int, list, bytes]:
        if question == "GetCapabilities":
            host = self.media_host or f"127.0.0.1:{self.port}"
            return (
                200,
                [],
                self._wrapped(
                    "<d:GetCapabilitiesResponse><d:Capabilities><t:Media>"
                    f"<t:XAddr>http://{host}{self.media_path}</t:XAddr>"
                    "</t:Media></d:Capabilities></d:GetCapabilitiesResponse>"
                ),
            )
        if question == "GetProfiles":
            inner = "".join(_profile(number, one) for number, one in enumerate(self.streams))
            return (
                200,
                [],
                self._wrapped(
                    f"<m:GetProfilesResponse>{inner}"
                    '<m:Profiles token="sound"/></m:GetProfilesResponse>'
                ),
            )
        number = re.search(r"<ProfileToken>p&lt;(\d+)<", text)
        if self.mode == "one broken" and number[1] == "0":
            return 500, [], self._wrapped("<s:Fault/>")
        url = self.streams[int(number[1])].url.replace("&", "&amp;")
        if self.mode == "tells passwords":
            url = url.replace("rtsp://", "rtsp://root:Canary7@") + "?user=a&amp;password=Canary7"
        return (
            200,
            [],
            self._wrapped(
                f"<m:GetStreamUriResponse><m:MediaUri><t:Uri> {url} </t:Uri></m:MediaUri>"
                "</m:GetStreamUriResponse>"
            ),
        )

    @staticmethod
    def _wrapped(body: str) -> bytes:
        return (
            '<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
            ' xmlns:d="d" xmlns:m="m" xmlns:t="t">'
            f"<s:Body>{body}</s:Body></s:Envelope>"
        ).encode()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def _profile(number: int, stream: FoundStream) -> str:
    rate = "" if stream.fps is None else f"<t:FrameRateLimit>{stream.fps:g}</t:FrameRateLimit>"
    return (
        f'<m:Profiles token="p&lt;{number}"><t:Name>{stream.profile.replace("<", "&lt;")}</t:Name>'
        f"<t:VideoEncoderConfiguration><t:Encoding>{stream.codec}</t:Encoding><t:Resolution>"
        f"<t:Width>{stream.width}</t:Width><t:Height>{stream.height}</t:Height></t:Resolution>"
        f"<t:RateControl>{rate}</t:RateControl></t:VideoEncoderConfiguration></m:Profiles>"
    )


@pytest.fixture
def device() -> Iterator[Device]:
    made = Device()
    yield made
    made.close()


def test_the_streams_of_a_camera_the_largest_first(device):
    assert streams_of(device.url, LINE) == [MAIN, SUB]
    assert {path for path, _ in device.asked} == {"/onvif/device_service", "/onvif/Media?x=1"}
    assert PASSWORD not in device.said
    assert "Canary" not in device.said
    assert "Canary" not in repr(LINE)


@pytest.mark.parametrize("hours", [-5, 8])
def test_a_camera_whose_clock_is_wrong_is_answered_in_its_own_time(device, hours):
    device.ahead = timedelta(hours=hours)
    assert streams_of(device.url, LINE) == [MAIN, SUB]


def test_a_camera_that_does_not_tell_its_time_is_taken_to_have_ours(device):
    device.mode = "no clock"
    assert len(streams_of(device.url, LINE)) == 2


def test_a_user_name_may_be_anything(device):
    assert len(streams_of(device.url, OnvifLine(Credentials("<&雁\"'", PASSWORD)))) == 2


def test_http_digest_is_answered(device):
    device.mode = "http digest"
    assert streams_of(device.url, LINE) == [MAIN, SUB]
    assert "Canary" not in device.said


def test_basic_is_never_answered_in_the_clear(device):
    device.mode = "http basic"
    with pytest.raises(CredentialsError):
        streams_of(device.url, LINE)
    assert "Basic" not in device.said.replace("Basic realm", "")
    assert base64.b64encode(f"yanji:{PASSWORD}".encode()).decode() not in device.said


@pytest.mark.parametrize("who", [None, Credentials("yanji", "wrong")])
def test_a_wrong_password_is_that(device, who):
    with pytest.raises(CredentialsError) as caught:
        streams_of(device.url, OnvifLine(who))
    assert "Canary" not in caught.value.message + caught.value.hint


def test_a_media_service_elsewhere_is_asked_at_the_named_host_only(device):
    device.media_host = "192.0.2.1"
    assert streams_of(device.url, LINE) == [MAIN, SUB]
    device.media_host, device.media_path = "[", ""
    device.asked.clear()
    streams_of(device.url, LINE)
    assert {path for path, _ in device.asked} == {"/onvif/device_service"}


def test_one_profile_that_fails_hides_no_other(device):
    device.mode = "one broken"
    assert streams_of(device.url, LINE) == [MAIN]


def test_no_profile_with_a_picture_is_a_sentence(device):
    device.streams = []
    with pytest.raises(UnreachableError, match="offers no stream"):
        streams_of(device.url, LINE)


def test_what_is_no_camera_s_url_is_left_out(device):
    device.streams = [
        MAIN,
        FoundStream("a", "http://10.0.0.11/x", "H264", 9, 9, None),
        FoundStream("b", "rtsp:///x", "H264", 9, 9, None),
        FoundStream("c", "rtsp://h/\u202e x", "H264", 9, 9, None),
    ]
    assert streams_of(device.url, LINE) == [MAIN]


def test_passwords_that_a_camera_puts_into_its_urls_are_not_shown(device):
    device.mode = "tells passwords"
    shown = [one.url for one in streams_of(device.url, LINE)]
    assert shown[1] == "rtsp://10.0.0.11/102?user=a&password=***"
    assert "Canary" not in str(shown)


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        ("redirect", "redirect"),
        ("entities", "unreachable"),
        ("garbage", "unreachable"),
        ("flood", "unreachable"),
    ],
)
def test_what_is_no_answer_is_refused(device, mode, code):
    device.mode = mode
    with pytest.raises(UnreachableError) as caught:
        streams_of(device.url, LINE)
    assert caught.value.code == code
    assert len(device.asked) <= 2


def test_only_a_camera_that_the_settings_allow_is_asked(device):
    for rules in (
        CameraRules((network_of("10.20.0.0/16"),)),
        CameraRules(None, frozenset({"rtsp", "https"})),
    ):
        with pytest.raises(UnreachableError) as caught:
            streams_of(device.url, OnvifLine(WHO, rules))
        assert caught.value.code == "address"
    assert device.asked == []
    assert streams_of(device.url, OnvifLine(WHO, CameraRules((network_of("127.0.0.0/8"),))))


def test_a_camera_that_drips_its_answer_is_given_up():
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            connection, _ = listener.accept()
            with connection:
                while not over.wait(0.05):
                    try:
                        connection.sendall(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(UnreachableError, match="does not answer as an ONVIF camera"):
            OnvifLine(answer_s=0.4).ask(f"http://127.0.0.1:{listener.getsockname()[1]}/a", "<b/>")
        over.set()
        thread.join()


def test_nobody_there_is_a_sentence():
    with pytest.raises(UnreachableError, match="refuses connections"):
        streams_of("http://127.0.0.1:9/onvif/device_service", LINE)


@pytest.mark.parametrize(
    ("streams", "sub"),
    [
        ([MAIN], None),
        ([MAIN, SUB], SUB),
        ([MAIN, SUB, THUMB], SUB),
        ([MAIN, MAIN], None),
        ([MAIN, replace(SUB, width=704, height=576)], None),
        ([MAIN, replace(SUB, width=0, height=0)], None),
    ],
)
def test_the_main_and_the_sub_stream_are_chosen(streams, sub):
    choice = choose(streams)
    assert (choice.url, choice.detect_url) == (MAIN, sub)


def test_a_host_has_its_service_where_the_standard_puts_it():
    assert service_of("10.0.0.11") == "http://10.0.0.11/onvif/device_service"
    assert service_of("gate:8000") == "http://gate:8000/onvif/device_service"
    assert service_of("fd00::1") == "http://[fd00::1]/onvif/device_service"


@pytest.mark.parametrize(
    "host", ["", "a/b", "u:p@h", "h:0", "h:x", "a b", "http://h", "a?b", "a#b"]
)
def test_what_is_no_host_is_refused(host):
    with pytest.raises(UsageError, match="is no host"):
        service_of(host)
