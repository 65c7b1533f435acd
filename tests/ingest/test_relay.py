"""What may be connected to, what passes to libavformat, and how a password is answered for."""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import itertools
import queue
import random
import shutil
import socket
import ssl
import subprocess
import threading
import time

import av
import av.error
import pytest

from yanji.configs.errors import CredentialsError, LostError, UnreachableError
from yanji.ingest import address as address_module
from yanji.ingest.address import addresses_of, may_be_camera
from yanji.ingest.authorize import Authorizer
from yanji.ingest.camera_line import connect_to_camera
from yanji.ingest.credentials import Credentials
from yanji.ingest.fake_camera import FakeCamera, Script
from yanji.ingest.relay import GarbageError, Relay, parse_answer
from yanji.ingest.rtsp import OPTIONS, RtspSource
from yanji.ingest.rtsp_connection import RtspLimits

SHORT = RtspLimits(open_s=4.0, read_s=1.0, silence_s=2.0)
PASSWORD = "Canary:7@/% geheim#雁"


class Canary:
    """Another host's service, which nobody may connect to."""

    def __init__(self) -> None:
        self._came: queue.Queue[int] = queue.Queue()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = self._listener.getsockname()[1]
        self.url = f"rtsp://127.0.0.1:{self._port}/inner"
        self._thread = threading.Thread(target=self._count, daemon=True)
        self._thread.start()

    def _count(self) -> None:
        while True:
            try:
                connection, (_, port) = self._listener.accept()
            except OSError:
                return
            connection.close()
            self._came.put(port)

    @property
    def num_connects(self) -> int:
        """How many came before this question: it comes itself, and counts up to itself."""
        with socket.create_connection(("127.0.0.1", self._port), timeout=10) as own:
            mine = own.getsockname()[1]
            return sum(1 for _ in iter(lambda: self._came.get(timeout=10), mine))

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


@pytest.fixture
def canary():
    canary = Canary()
    yield canary
    canary.close()


@pytest.mark.parametrize(
    ("found", "host", "allowed"),
    [
        ("192.168.1.20", "camera", True),
        ("10.0.0.1", "10.0.0.1", True),
        ("203.0.113.5", "camera.example", True),
        ("fd12:3456::1", "camera", True),
        ("2001:db8::1", "camera", True),
        ("127.0.0.1", "localhost", True),
        ("127.0.0.1", "LocalHost.", True),
        ("127.3.2.1", "127.3.2.1", True),
        ("::1", "::1", True),
        ("127.0.0.1", "camera.example", False),
        ("127.0.0.1", "2130706433", False),
        ("127.0.0.1", "0x7f.1", False),
        ("127.0.0.1", "0177.0.0.1", False),
        ("::ffff:127.0.0.1", "camera", False),
        ("64:ff9b::7f00:1", "camera", False),
        ("2002:7f00:1::", "camera", False),
        ("::1", "camera", False),
        ("0.0.0.0", "0.0.0.0", False),  # noqa: S104
        ("0.1.2.3", "camera", False),
        ("::", "camera", False),
        ("255.255.255.255", "camera", False),
        ("224.0.0.1", "camera", False),
        ("ff02::1", "camera", False),
        ("169.254.169.254", "169.254.169.254", False),
        ("::ffff:169.254.169.254", "camera", False),
        ("fe80::1", "camera", False),
        ("fd00:ec2::254", "camera", False),
        ("100.100.100.200", "camera", False),
    ],
)
def test_which_addresses_a_camera_may_have(found, host, allowed):
    assert may_be_camera(ipaddress.ip_address(found), host) is allowed


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
def test_other_spellings_of_this_host_are_seen_through(host):
    with pytest.raises(UnreachableError) as caught:
        addresses_of(host, 554, 5)
    assert caught.value.code in ("address", "unreachable")  # not every resolver knows them all


def test_a_name_that_changes_its_address_is_connected_as_it_was_judged(monkeypatch, canary):
    port = int(canary.url.rpartition(":")[2].partition("/")[0])
    answers = iter(["192.0.2.1", "127.0.0.1"])
    asked, tried = [], []

    def look_up(host, port, **_):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    def connect(address, timeout):
        tried.append(address[0])
        raise TimeoutError

    monkeypatch.setattr(address_module.socket, "getaddrinfo", look_up)
    monkeypatch.setattr("yanji.ingest.camera_line.socket.create_connection", connect)
    for _ in range(2):
        with pytest.raises(UnreachableError) as caught:
            connect_to_camera(f"rtsp://rebinding.example:{port}/", open_s=5)
    assert caught.value.code == "address"
    assert asked == ["rebinding.example"] * 2
    assert tried == ["192.0.2.1"]
    monkeypatch.undo()
    assert canary.num_connects == 0


def test_a_resolver_that_hangs_costs_its_time_out_and_no_more(monkeypatch):
    release = threading.Event()
    monkeypatch.setattr(
        address_module.socket, "getaddrinfo", lambda *_, **__: release.wait(30) and []
    )
    began = time.monotonic()
    with pytest.raises(UnreachableError, match="is not answered"):
        addresses_of("camera.example", 554, 0.3)
    assert time.monotonic() - began < 5
    release.set()


@pytest.mark.parametrize("mode", ["redirect", "redirect_setup", "redirect_later", "smuggle"])
def test_a_redirect_leads_nowhere(canary, mode):
    with FakeCamera(Script(mode=mode, elsewhere=canary.url)) as camera:
        source = RtspSource("K01", camera.url(), Credentials("root", PASSWORD), limits=SHORT)
        with pytest.raises((UnreachableError, LostError)) as caught, source.connect() as connection:
            list(connection)
    assert canary.num_connects == 0
    assert caught.value.code == "redirect"
    assert "Canary" not in str(caught.value)


def test_libavformat_alone_would_follow(canary):
    """What the relay is for; when this fails, it may have become needless."""
    with FakeCamera(Script(mode="redirect", elsewhere=canary.url)) as camera:
        with pytest.raises(av.error.FFmpegError):
            av.open(camera.url(), options=dict(OPTIONS), timeout=(4, 4))
        assert canary.num_connects == 1


def test_a_camera_that_redirects_only_the_second_time_leads_nowhere_either(canary):
    with FakeCamera(Script(elsewhere=canary.url)) as camera:
        source = RtspSource("K01", camera.url(), limits=SHORT)
        with source.connect() as connection:
            next(iter(connection))
        camera.script.mode = "redirect"
        with pytest.raises(UnreachableError) as caught:
            source.connect()
        assert caught.value.code == "redirect"
        camera.script.mode = "play"
        with source.connect() as connection:
            next(iter(connection))
    assert canary.num_connects == 0


def test_urls_that_a_camera_names_are_only_words(canary):
    """Content-Base and controls of another host are asked for on the same connection."""
    with FakeCamera(Script(mode="point", elsewhere=canary.url)) as camera:
        with RtspSource("K01", camera.url(), limits=SHORT).connect() as connection:
            assert len(list(itertools.islice(connection, 10))) == 10
        assert any(canary.url in request for request in camera.requests)
        assert camera.num_connects == 1
    assert canary.num_connects == 0


def test_the_camera_hears_its_own_name_and_never_the_relays():
    with FakeCamera() as camera:
        url = f"rtsp://localhost:{camera.port}/live/1?channel=2"
        with RtspSource("K01", url, limits=SHORT).connect() as connection:
            next(iter(connection))
        heard = [request.split(" ")[0] for request in camera.requests]
        # On a busy machine the goodbye may come too late.
        assert heard[:4] == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]
        assert heard[4:] in (["TEARDOWN"], [])
        assert all(f" rtsp://localhost:{camera.port}/" in request for request in camera.requests)


def test_a_password_is_asked_for_by_digest_and_answered():
    with FakeCamera(Script(password=("ro ot", PASSWORD))) as camera:
        with RtspSource(
            "K01", camera.url(), Credentials("ro ot", PASSWORD), limits=SHORT
        ).connect() as connection:
            next(iter(connection))
        for wrong in (None, Credentials("ro ot", "Canary")):
            with pytest.raises(CredentialsError):
                RtspSource("K01", camera.url(), wrong, limits=SHORT).connect()
        assert camera.num_connects == 3
        # Without an answer once, with one at most once more: cameras lock accounts.
        assert len([request for request in camera.requests[-2:] if "OPTIONS" in request]) == 2


def test_digest_as_the_standards_examples_have_it(monkeypatch):
    monkeypatch.setattr("yanji.ingest.authorize.secrets.token_hex", lambda _: "0a4f113b")
    old = Authorizer(Credentials("Mufasa", "Circle Of Life"))
    assert old.header("GET", "/dir/index.html") is None
    assert old.take(
        [
            'Basic realm="x"',
            'Digest realm="testrealm@host.com", qop="auth,auth-int", '
            'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
        ]
    )
    header = old.header("GET", "/dir/index.html")
    assert 'response="6629fae49393a05397450978507c4ef1"' in header
    assert "nc=00000001" in header
    assert 'opaque="5ccc069c403ebaf9f0171e9517f40e41"' in header

    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    monkeypatch.setattr("yanji.ingest.authorize.secrets.token_hex", lambda _: cnonce)
    challenge = (
        'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    new = Authorizer(Credentials("Mufasa", "Circle of Life"))
    assert new.take([challenge.format("MD5"), challenge.format("SHA-256")])
    header = new.header("GET", "/dir/index.html")
    assert 'response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"' in header
    assert not Authorizer(None).take([challenge.format("MD5")])
    assert not new.take(["Bearer x", 'Digest algorithm=SHA-512, nonce="1"', "Digest ,,"])
    assert "Mufasa" not in repr(vars(new)["_credentials"])


def test_answers_are_read_as_libavformat_reads_them():
    answer = parse_answer(b"RTSP/1.0 200 OK\nCSeq: 3\r\nContent-Length: 12\r\n\r\n")
    assert (answer.status, answer.number, answer.num_body) == (200, 3, 12)
    for wrong in (
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"RTSP/1.0 2000\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nCSeq: x\r\n\r\n",
    ):
        with pytest.raises(GarbageError):
            parse_answer(wrong)


def test_nobody_else_on_this_host_gets_the_stream():
    with FakeCamera() as camera:
        url = camera.url()
        relay = Relay(connect_to_camera(url, open_s=4), url, None, open_s=4)
        port = int(relay.url.split(":")[2].split("/")[0])
        with socket.create_connection(("127.0.0.1", port), timeout=4) as stranger:
            stranger.sendall(f"OPTIONS rtsp://127.0.0.1:{port}/live/1 RTSP/1.0\r\n\r\n".encode())
            assert stranger.recv(100) == b""
        assert camera.requests == []
        with socket.create_connection(("127.0.0.1", port), timeout=4) as knowing:
            knowing.sendall(f"OPTIONS {relay.url} RTSP/1.0\r\nCSeq: 9\r\n\r\n".encode())
            assert b"CSeq: 9" in knowing.recv(1000)
        relay.close()
        assert camera.requests == [f"OPTIONS {url}"]


class Played:
    """A relay whose stream plays: the reader's end and the camera's end of it, by hand."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            url = f"rtsp://127.0.0.1:{listener.getsockname()[1]}/live"
            upstream = connect_to_camera(url, open_s=5)
            self.camera, _ = listener.accept()
        self.relay = Relay(upstream, url, Credentials("root", PASSWORD), open_s=5)
        port = int(self.relay.url.split(":")[2].split("/")[0])
        self.reader = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.camera.settimeout(5)
        self.ask("PLAY", 7)
        assert b"PLAY rtsp://127.0.0.1" in self.camera.recv(4096)
        self.camera.sendall(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nSession: 5\r\n\r\n")
        assert self.reader.recv(4096).startswith(b"RTSP/1.0 200")

    def ask(self, method: str, number: int) -> None:
        request = f"{method} {self.relay.url} RTSP/1.0\r\nCSeq: {number}\r\n\r\n"
        self.reader.sendall(request.encode())

    def read(self, num_bytes: int) -> bytes:
        data = b""
        while len(data) < num_bytes and (more := self.reader.recv(65536)):
            data += more
        return data

    def close(self) -> None:
        self.relay.close()
        self.reader.close()
        self.camera.close()


@pytest.fixture
def played():
    played = Played()
    yield played
    played.close()


def packet(size: int) -> bytes:
    return b"$\0" + size.to_bytes(2, "big") + (b"RTSP/1.0 302 x\r\n\r\n$\1\0\4" * 99)[:size]


def test_a_playing_stream_passes_byte_for_byte_in_whatever_pieces(played):
    rng = random.Random(4)
    answer = b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 4\r\n\r\n$$$$"
    stream = b"".join(packet(rng.randrange(1500)) for _ in range(40))
    stream = packet(7) + answer + stream + b"\x80noise" + packet(90) + answer + packet(0)
    sent = 0
    while sent < len(stream):
        size = rng.choice((1, 2, 3, 5, 700, 3000))
        played.camera.sendall(stream[sent : sent + size])
        sent += size
    assert played.read(len(stream)) == stream
    played.reader.sendall(b"$\1\0\3abc")
    played.ask("OPTIONS", 8)
    heard = b""
    while not heard.endswith(b"\r\n\r\n"):
        heard += played.camera.recv(4096)
    assert heard.startswith(b"$\1\0\3abcOPTIONS rtsp://127.0.0.1")
    assert b"Authorization" not in heard  # never asked for


def test_a_number_that_grew_old_while_playing_is_answered_anew(played):
    played.ask("OPTIONS", 8)
    assert b"OPTIONS" in played.camera.recv(4096)
    challenge = b'WWW-Authenticate: Digest realm="c", nonce="new", stale=true\r\n'
    refusal = b"RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\n" + challenge + b"\r\n"
    played.camera.sendall(packet(50) + refusal + packet(50))
    again = played.camera.recv(4096)
    assert b'nonce="new"' in again
    assert b"CSeq: 3" in again
    assert played.relay.ending is None


@pytest.mark.parametrize("answer", ["RTSP/1.0 302 Moved\r\n", "REDIRECT rtsp://b/ RTSP/1.0\r\n"])
def test_a_redirect_between_packets_ends_the_relay(played, answer):
    played.camera.sendall(packet(50) + answer.encode() + b"CSeq: 2\r\nLocation: x\r\n\r\n")
    while played.reader.recv(4096):
        pass
    assert played.relay.ending == "redirect"


def test_endless_headers_are_garbage():
    with FakeCamera(Script(mode="drip", drip_s=0.0)) as camera, pytest.raises(UnreachableError):
        RtspSource("K01", camera.url(), limits=SHORT).connect()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"rtsp://127.0.0.1:{listener.getsockname()[1]}/"
        upstream = connect_to_camera(url, open_s=5)
        camera_end, _ = listener.accept()
    relay = Relay(upstream, url, None, open_s=5)
    port = int(relay.url.split(":")[2].split("/")[0])
    with camera_end, socket.create_connection(("127.0.0.1", port), timeout=20) as reader:
        reader.sendall(f"OPTIONS {relay.url} RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode())
        with contextlib.suppress(OSError):
            camera_end.sendall(b"RTSP/1.0 200 OK\r\n" + b"X: y\r\n" * 100_000)
        with contextlib.suppress(OSError):
            assert reader.recv(100) == b""
    assert relay.ending == "garbage"
    relay.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("making a certificate needs openssl")
    folder = tmp_path_factory.mktemp("tls")
    both = folder / "both.pem"
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=camera", "-keyout", str(key), "-out", str(cert)),
        ],
        check=True,
        capture_output=True,
    )
    both.write_text(key.read_text() + cert.read_text())
    return both


class TlsFront:
    """Ends TLS in front of a fake camera."""

    def __init__(self, certificate, camera: FakeCamera) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._context, self._camera = context, camera
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            try:
                outer = self._context.wrap_socket(plain, server_side=True)
            except OSError:
                plain.close()
                continue
            inner = socket.create_connection(("127.0.0.1", self._camera.port))
            self._open += [outer, inner]
            for one, other in ((outer, inner), (inner, outer)):
                thread = threading.Thread(target=self._move, args=(one, other), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _move(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65536):
                other.sendall(data)
        except OSError:
            pass
        finally:
            for end in (one, other):
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(end, socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._camera.close()
        for thread in self._threads:
            thread.join(5)
        for end in self._open:
            end.close()


def test_rtsps_is_read_only_from_a_camera_with_the_right_certificate(certificate, canary):
    begin = "-----BEGIN CERTIFICATE"
    pem = ssl.PEM_cert_to_DER_cert(begin + certificate.read_text().partition(begin)[2])
    pin = hashlib.sha256(pem).hexdigest()
    camera = FakeCamera(Script(password=("root", PASSWORD), elsewhere=canary.url))
    front = TlsFront(certificate, camera)
    url = f"rtsps://127.0.0.1:{front.port}/live/1"
    credentials = Credentials("root", PASSWORD)
    for wrong in (None, "0" * 64):
        with pytest.raises(UnreachableError) as caught:
            RtspSource("K01", url, credentials, tls_sha256=wrong, limits=SHORT).connect()
        assert caught.value.code == "certificate"
        assert "tls_sha256" in caught.value.hint
    assert camera.requests == []  # so no password went out
    source = RtspSource("K01", url, credentials, tls_sha256=pin.upper(), limits=SHORT)
    with source.connect() as connection:
        assert len(list(itertools.islice(connection, 30))) == 30
    camera.script.mode = "redirect"
    with pytest.raises(UnreachableError) as caught:
        source.connect()
    assert caught.value.code == "redirect"
    assert canary.num_connects == 0
    with pytest.raises(UnreachableError, match="over TLS"):
        RtspSource("K01", f"rtsps://127.0.0.1:{camera.port}/", limits=SHORT).connect()
    front.close()
