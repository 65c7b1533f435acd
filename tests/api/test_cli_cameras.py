"""`yanji cameras`: a running installation is asked, a camera is tested."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import av
import numpy as np
import pytest
import yaml

from yanji.api.web.documents import ArchiveHealth, CameraCounts, CameraInfo, Cameras, Health
from yanji.configs.errors import CredentialsError
from yanji.configs.networks import network_of
from yanji.detect.detections import Detections
from yanji.detect.yolo import Thresholds
from yanji.ingest.credentials import Credentials
from yanji.ingest.discover import FoundCamera
from yanji.ingest.fake_camera import FakeCamera
from yanji.ingest.fake_footage import Scene
from yanji.ingest.onvif_line import OnvifLine
from yanji.ingest.onvif_streams import FoundStream

TOKEN = "secret-token-0123456789"
PASSWORD = "Canary:7@geheim"
UP = CameraInfo(
    camera_id="K01",
    name="向阳路口",
    longitude=None,
    latitude=None,
    heading_deg=None,
    state="up",
    since=None,
    cause=None,
    fps=25.0,
    analysed_fps=5.0,
    lag_s=0.21,
    degraded=False,
    num_sightings=7,
    num_dropped=3,
    num_reconnects=1,
    last_seen=None,
    picture=None,
    picture_at=None,
)
DOWN = UP.model_copy(
    update={
        "camera_id": "K02",
        "state": "down",
        "since": "2026-11-22T21:30:00+08:00",
        "cause": "unreachable",
    }
)
RECORDED = UP.model_copy(
    update={
        "camera_id": "K03",
        "state": "recorded",
        **dict.fromkeys(("fps", "analysed_fps", "lag_s", "num_dropped", "num_reconnects")),
    }
)

Installation = Callable[..., str]


@pytest.fixture
def installation() -> Iterator[Installation]:
    """Starts what answers like an installation with these cameras; gives its address."""
    servers: list[ThreadingHTTPServer] = []

    def start(*cameras: CameraInfo, archive: str = "writing") -> str:
        counts = CameraCounts(total=len(cameras), up=0, down=0, degraded=0)
        health = Health(
            status="ok",
            version="0",
            uptime_s=1.0,
            cameras=counts,
            archive=ArchiveHealth(
                state=archive, detail="no room", num_sightings=7, free_bytes=10**9
            ),
        )
        answers = {
            "/api/v1/cameras": Cameras(cameras=cameras).model_dump_json(),
            "/api/v1/health": health.model_dump_json(),
        }

        class Answering(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                allowed = self.headers["Authorization"] == f"Bearer {TOKEN}"
                refusal = {"code": "unauthorised", "title": "The token is wrong.", "status": 401}
                body = (answers[self.path] if allowed else json.dumps(refusal)).encode()
                self.send_response(200 if allowed else 401)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        servers.append(server)
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_the_status_of_cameras_that_are_well(yanji, installation):
    told = yanji("cameras", "status", "--url", installation(UP, RECORDED), "--token", TOKEN)
    assert told.status == 0
    head, up, recorded = told.out.splitlines()
    assert head.split()[:3] == ["camera", "state", "fps"]
    assert up.split() == ["K01", "up", "25.0", "5.0", "0.2", "s", "3", "1", "7"]
    assert recorded.split() == ["K03", "recorded", "-", "-", "-", "-", "-", "7"]


def test_a_camera_that_is_down_is_status_1_and_says_since_when_and_why(yanji, installation):
    address = installation(UP, DOWN)
    told = yanji("cameras", "status", "--url", address, "--token", TOKEN)
    assert told.status == 1
    assert "unreachable since 2026-11-22T21:30:00+08:00" in told.out
    told = yanji("cameras", "status", "--url", address, "--token", TOKEN, "--json")
    assert told.status == 1
    assert told.json["url"] == address
    assert [one["state"] for one in told.json["cameras"]] == ["up", "down"]
    assert told.json["archive"]["free_bytes"] == 10**9


def test_a_camera_that_is_late_is_watched_and_marked(yanji, installation):
    address = installation(UP.model_copy(update={"degraded": True}))
    told = yanji("cameras", "status", "--url", address, "--token", TOKEN)
    assert told.status == 0
    assert "degraded" in told.out


def test_a_full_disk_is_told(yanji, installation):
    address = installation(UP, archive="disk_full")
    assert "no room" in yanji("cameras", "status", "--url", address, "--token", TOKEN).out


def test_the_printed_link_is_enough(yanji, installation):
    link = f"{installation(UP)}/#t={TOKEN}"
    told = yanji("cameras", "status", "--url", link)
    assert told.status == 0
    assert TOKEN not in told.out + told.err


def test_the_address_and_the_token_are_those_of_the_settings(yanji, installation, monkeypatch):
    port = installation(UP).rpartition(":")[2]
    monkeypatch.setenv("YANJI_API__TOKEN", TOKEN)
    monkeypatch.setenv("YANJI_API__PORT", port)
    monkeypatch.setenv("YANJI_API__HOST", "0.0.0.0")  # noqa: S104 - asked on the loopback
    assert yanji("cameras", "status").status == 0


def test_no_camera_is_status_3(yanji, installation):
    told = yanji("cameras", "status", "--url", installation(), "--token", TOKEN, "--json")
    assert told.status == 3
    assert told.error["code"] == "nothing_found"


def test_nobody_there_is_a_sentence(yanji):
    told = yanji("cameras", "status", "--url", "http://127.0.0.1:9", "--token", TOKEN)
    assert told.status == 1
    assert "does not answer at http://127.0.0.1:9" in told.sentence
    assert TOKEN not in told.err


def test_a_wrong_token_is_a_sentence(yanji, installation):
    told = yanji("cameras", "status", "--url", installation(UP), "--token", "x" * 16, "--json")
    assert (told.status, told.error["code"]) == (1, "unauthorised")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((), "token"),
        (("--url", "K01"), "address"),
        (("--url", "http://a@b"), "address"),
        (("--url", "http://[", "--token", TOKEN), "address"),
    ],
)
def test_what_is_missing_is_usage(yanji, given, said):
    told = yanji("cameras", "status", *given)
    assert told.status == 2
    assert said in told.sentence


def test_a_port_that_is_another_each_time_cannot_be_guessed(yanji, monkeypatch):
    monkeypatch.setenv("YANJI_API__PORT", "0")
    assert "api.port" in yanji("cameras", "status", "--token", TOKEN).sentence


@pytest.fixture
def camera() -> Iterator[FakeCamera]:
    with FakeCamera() as made:
        made.script.scene = Scene(width=640, height=384, gop=50, num_b_frames=1)
        yield made


class _Finder:
    """A detector that finds one person in the middle, and no vehicle."""

    thresholds = Thresholds()

    def detect(self, picture: object, *, overhead: bool) -> Detections:
        empty = np.zeros((0, 4), np.float32)
        person = np.array([[40, 20, 200, 180]], np.float32)
        return Detections(empty, np.zeros(0, np.float32), np.zeros(0, np.int64), person)


def test_a_camera_is_tested_and_advice_given(yanji, camera):
    told = yanji("cameras", "probe", camera.url(), "--seconds", "1")
    assert told.status == 0
    assert "640x384" in told.out
    assert "* The stream has B-frames" in told.out


def test_the_picture_has_its_heads_blurred(yanji, camera, monkeypatch, tmp_path):
    monkeypatch.setattr("yanji.api.pipeline.open_detector", lambda settings: _Finder())
    path = tmp_path / "gate.jpg"
    told = yanji("cameras", "probe", camera.url(), "--seconds", "1", "--picture", path, "--json")
    assert told.status == 0
    document = told.json
    assert (document["codec"], document["width"], document["b_frames"]) == ("h264", 640, True)
    assert document["picture"] == str(path)
    assert document["vehicles"] == 0
    with av.open(str(path)) as file:
        shown = next(file.decode(video=0)).to_ndarray(format="bgr24")
    assert shown.shape == (384, 640, 3)


def test_without_the_detector_no_picture_is_written(yanji, camera, tmp_path, monkeypatch):
    monkeypatch.setenv("YANJI_DETECTOR", "no-such-model")
    path = tmp_path / "gate.jpg"
    told = yanji("cameras", "probe", camera.url(), "--seconds", "1", "--picture", path)
    assert told.status == 1
    assert not path.exists()


def test_the_password_comes_from_a_variable_and_is_nowhere_said(yanji, camera, monkeypatch):
    camera.script.password = ("yanji", PASSWORD)
    monkeypatch.setenv("YANJI_K01_PASSWORD", PASSWORD)
    login = ("--username", "yanji", "--password-env", "YANJI_K01_PASSWORD")
    told = yanji("cameras", "probe", camera.url(), *login, "--seconds", "1", "--json")
    assert told.status == 0
    assert "Canary" not in told.out + told.err
    monkeypatch.setenv("YANJI_K01_PASSWORD", PASSWORD + "x")
    told = yanji("cameras", "probe", camera.url(), *login, "--json")
    assert (told.status, told.error["code"]) == (1, "credentials")
    assert "Canary" not in told.out + told.err


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("YANJI_CAMERA_NETWORKS", "10.20.0.0/16", "none of the networks"),
        ("YANJI_CAMERA_SCHEMES", "rtsps", "rtsp is not allowed"),
    ],
)
def test_a_camera_that_the_settings_do_not_allow_is_not_tested(
    yanji, camera, monkeypatch, variable, value, said
):
    monkeypatch.setenv(variable, value)
    told = yanji("cameras", "probe", camera.url(), "--json")
    assert (told.status, told.error["code"]) == (1, "address")
    assert said in told.error["message"]
    assert variable.removeprefix("YANJI_").lower() in told.error["hint"]


def test_a_camera_that_does_not_answer_is_a_sentence(yanji, camera):
    camera.close()
    told = yanji("cameras", "probe", camera.url(), "--json")
    assert (told.status, told.error["code"]) == (1, "unreachable")


@pytest.mark.parametrize(
    "given",
    [
        ("clip.mp4",),
        ("rtsp://user:Canary@127.0.0.1/1",),
        ("rtsp://127.0.0.1:9/1", "--picture", "gate.png"),
        ("rtsp://127.0.0.1:9/1", "--password-env", "K01"),
        ("rtsp://127.0.0.1:9/1", "--username", "u", "--password-env", "NOT_SET"),
        ("rtsps://127.0.0.1:9/1", "--certificate", "ab"),
    ],
)
def test_what_cannot_be_meant_is_usage(yanji, given):
    told = yanji("cameras", "probe", *given)
    assert told.status == 2
    assert "Canary" not in told.out + told.err


def test_the_verbs_are_listed(yanji):
    told = yanji("cameras", "--help")
    assert told.status == 0
    assert {"status", "probe", "discover"} <= set(told.out.split())


def test_cameras_that_were_found_are_listed(yanji, monkeypatch):
    gate = FoundCamera("192.0.2.9", "http://192.0.2.9/onvif", "Gate West", "X1", "")
    monkeypatch.setattr("yanji.ingest.discover.discover", lambda seconds: [gate])
    told = yanji("cameras", "discover")
    assert told.status == 0
    assert "192.0.2.9" in told.out
    assert yanji("cameras", "discover", "--json").json["cameras"][0]["name"] == "Gate West"


def test_no_camera_found_is_status_3(yanji, monkeypatch):
    monkeypatch.setattr("yanji.ingest.discover.discover", lambda seconds: [])
    told = yanji("cameras", "discover", "--json")
    assert (told.status, told.error["code"]) == (3, "nothing_found")


GATE = FoundCamera("192.0.2.9", "http://192.0.2.9:8080/onvif/service", "Gate West", "X1", "")
MAIN = FoundStream("main", "rtsp://192.0.2.9/101", "H264", 1920, 1080, 25.0)
SUB = FoundStream("sub", "rtsp://192.0.2.9/102", "H264", 640, 360, None)
THIRD = FoundStream("third", "rtsp://192.0.2.9/103", "JPEG", 160, 90, 1.0)
LOGIN = ("--username", "yanji", "--password-env", "K01_PASSWORD")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, OnvifLine]]:
    """One camera of the network is found; each that is asked has three streams, or refuses."""
    asked: list[tuple[str, OnvifLine]] = []

    def streams_of(service: str, line: OnvifLine) -> list[FoundStream]:
        asked.append((service, line))
        if "192.0.2.8" in service:
            raise CredentialsError("refused", hint="look there")
        return [MAIN, SUB, THIRD]

    monkeypatch.setattr("yanji.ingest.discover.discover", lambda seconds: [GATE])
    monkeypatch.setattr("yanji.ingest.onvif_streams.streams_of", streams_of)
    monkeypatch.setenv("K01_PASSWORD", PASSWORD)
    return asked


def test_the_streams_of_a_named_camera_are_lines_for_the_site_file(yanji, asked):
    told = yanji("cameras", "discover", "--streams-of", "192.0.2.9", *LOGIN)
    assert told.status == 0
    lines = [line for line in told.out.splitlines() if "rtsp://" in line]
    assert lines == [
        "    url: rtsp://192.0.2.9/101  # main H264 1920x1080 25 fps",
        "    detect_url: rtsp://192.0.2.9/102  # sub H264 640x360",
        "    # also: rtsp://192.0.2.9/103  # third JPEG 160x90 1 fps",
    ]
    pasted = yaml.safe_load("\n".join(["- id: K01", *(line[2:] for line in lines)]))
    assert pasted == [{"id": "K01", "url": MAIN.url, "detect_url": SUB.url}]
    ((service, line),) = asked
    assert service == GATE.service, "where it says itself that its service is"
    assert line.credentials == Credentials("yanji", PASSWORD)
    assert "Canary" not in told.out + told.err


def test_only_named_cameras_are_asked_and_given_the_password(yanji, asked):
    assert yanji("cameras", "discover").status == 0
    assert asked == []
    told = yanji("cameras", "discover", *LOGIN)
    assert told.status == 2
    assert "--username goes to cameras that are named" in told.sentence


def test_a_camera_that_did_not_answer_is_asked_where_the_standard_says(yanji, asked, monkeypatch):
    monkeypatch.setattr("yanji.ingest.discover.discover", lambda seconds: [])
    told = yanji("cameras", "discover", "--streams-of", "10.0.0.5:81", "--json")
    assert told.status == 0
    assert asked[0] == ("http://10.0.0.5:81/onvif/device_service", OnvifLine())
    (streams,) = told.json["streams"]
    assert (streams["url"], streams["detect_url"]) == (MAIN.url, SUB.url)
    assert [one["width"] for one in streams["profiles"]] == [1920, 640, 160]


def test_one_camera_that_refuses_hides_no_other_and_is_status_1(yanji, asked):
    hosts = ("--streams-of", "192.0.2.8", "--streams-of", "192.0.2.9")
    told = yanji("cameras", "discover", *hosts, *LOGIN)
    assert told.status == 1
    assert "192.0.2.8: refused" in told.out
    assert "url: rtsp://192.0.2.9/101" in told.out
    told = yanji("cameras", "discover", *hosts, *LOGIN, "--json")
    assert [one["problem"] and one["problem"]["code"] for one in told.json["streams"]] == [
        "credentials",
        None,
    ]


def test_what_is_no_host_is_usage_and_nobody_is_asked(yanji, asked):
    told = yanji("cameras", "discover", "--streams-of", "http://192.0.2.9")
    assert told.status == 2
    assert asked == []


def test_the_settings_narrow_who_is_asked(yanji, asked, monkeypatch):
    monkeypatch.setenv("YANJI_CAMERA_NETWORKS", "10.20.0.0/16")
    yanji("cameras", "discover", "--streams-of", "192.0.2.9")
    assert asked[0][1].rules.networks == (network_of("10.20.0.0/16"),)
