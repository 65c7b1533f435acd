"""Between libavformat and a camera: it sees all that is said on the line (`camera_line.py`).

libavformat follows a redirect to wherever it points, looks names up by itself, and needs the
password in a URL that it prints. So it is given a URL on the loopback, without a password, and
this relay does what it must not do:

- it speaks over the one connection that was judged and whose TLS was checked, and makes no other;
- it answers the camera's question for user name and password;
- until the stream plays, it passes on only what it has understood: the status, a few headers, the
  body. A redirect ends the connection. Afterwards it moves bytes and walks from packet to packet.

The path of the local URL holds a random word, so no other user of the host can take the stream.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import select
import socket
import ssl
import threading
import time
from dataclasses import dataclass, replace
from typing import Literal, Self
from urllib.parse import urlsplit

from yanji.ingest.authorize import Authorizer
from yanji.ingest.credentials import Credentials

MAX_TEXT = 64 * 1024
"""Bytes of one request or answer, headers and body: several times what a camera says."""

PIECE = 64 * 1024
"""Bytes moved at once at most."""

REST_S = 0.02
"""A breath after each piece of a playing stream that was not full: fewer and larger pieces, each
at most this much later (docs/design/ingest.md gives what it saves)."""

GOODBYE_S = 0.2
"""For the last request to pass and the thread to end by itself."""

CLOSE_S = 2.0
"""For the thread to end after its sockets were shut down."""

PASSED_HEADERS = (
    *("session", "content-base", "content-type", "transport", "public", "range", "rtp-info"),
)
"""What libavformat needs of an answer, in lower case. `Location` is not among it."""

Ending = Literal["redirect", "garbage", "lost"]
"""Why a relay ended: the camera sent it elsewhere, said what is not RTSP, or hung up."""

_PACKET = 0x24
_STATUS = re.compile(rb"RTSP/1\.\d +(\d{3})(?: |$)")
_HEADER = re.compile(r"([A-Za-z0-9-]+)[ \t]*:[ \t]*(.*)")
_EMPTY_LINE = re.compile(rb"\n\r*\n")


class GarbageError(ValueError):
    """What arrived is not RTSP."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One RTSP answer of a camera."""

    status: int
    number: int
    """The CSeq it answers to; 0 where it says none."""
    headers: tuple[tuple[str, str], ...]
    """Names in lower case."""
    num_body: int
    """Bytes of the body."""

    def all_of(self, name: str) -> list[str]:
        """Give the values of every header called `name`."""
        return [value for one, value in self.headers if one == name]


@dataclass(frozen=True, slots=True)
class _Request:
    """One request of libavformat, as it may be sent to the camera: without its number."""

    number: int
    method: str
    uri: str
    lines: tuple[str, ...]
    again: bool = False

    @classmethod
    def of(cls, text: bytes) -> Self:
        first, *others = text.decode("latin-1").replace("\r", "").rstrip("\n").split("\n")
        numbers = [line for line in others if line.lower().startswith("cseq:")]
        method, uri, _ = first.split(" ", 2)
        return cls(
            number=int(numbers[0].partition(":")[2]) if numbers else 0,
            method=method,
            uri=uri,
            lines=(first, *(line for line in others if line not in numbers)),
        )


def parse_answer(text: bytes) -> Answer:
    """Read an answer up to its empty line.

    Raises:
        GarbageError: it is none.
    """
    first, *lines = text.replace(b"\r", b"").split(b"\n")
    match = _STATUS.match(first)
    if match is None:
        raise GarbageError
    found = (_HEADER.fullmatch(line.decode("latin-1")) for line in lines)
    headers = tuple((one[1].lower(), one[2].strip()) for one in found if one is not None)
    return Answer(
        status=int(match[1]),
        number=_the_number(headers, "cseq"),
        headers=headers,
        num_body=_the_number(headers, "content-length"),
    )


def _the_number(headers: tuple[tuple[str, str], ...], name: str) -> int:
    values = {value for one, value in headers if one == name} or {"0"}
    if len(values) > 1 or not re.fullmatch(r"[0-9]{1,9}", min(values)):
        raise GarbageError
    return int(min(values))


def _head_end(data: bytes, start: int) -> int:
    """Where the body begins; -1 while the headers are not all there.

    An empty line ends them, written \\n or \\r\\n: libavformat reads them so.
    """
    found = _EMPTY_LINE.search(data, start)
    return -1 if found is None else found.end()


def _packet_size(data: bytes, at: int) -> int:
    """Bytes of the interleaved packet at `at`, its header of 4 included; 0 while unknown."""
    return 4 + int.from_bytes(data[at + 2 : at + 4], "big") if len(data) - at >= 4 else 0


def _check_size(held: bytes) -> None:
    if len(held) > 2 * MAX_TEXT:
        raise GarbageError


class Relay:
    """One connection to a camera, offered to libavformat at `url`. Close it after the container."""

    def __init__(
        self,
        upstream: socket.socket,
        url: str,
        credentials: Credentials | None,
        *,
        open_s: float,
    ) -> None:
        parts = urlsplit(url)
        self._upstream = upstream
        self._open_s = open_s
        self._authorizer = Authorizer(credentials)
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self._local_base = f"rtsp://127.0.0.1:{port}/{secrets.token_hex(16)}"
        self._camera_base = f"{parts.scheme}://{parts.netloc}"
        self.url = self._local_base + url.partition("://")[2].removeprefix(parts.netloc)
        """What libavformat opens; holds no password, and is of no use once it is opened."""
        self.ending: Ending | None = None
        """Why it ended; None while it runs."""
        self.status = 0
        """The last status the camera answered with before it played; 0 before the first."""
        self._reader: socket.socket | None = None
        self._playing = self._closed = False
        self._sent: dict[int, _Request] = {}
        self._num_sent = 0
        self._from_reader = self._from_camera = b""
        self._skip = 0
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End both connections and the thread; safe to call twice.

        After the container is closed: then the camera still hears its goodbye.
        """
        if self._reader is not None:
            self._thread.join(GOODBYE_S)
        self._closed = True
        for end in (self._listener, self._upstream, self._reader):
            if end is not None:
                with contextlib.suppress(OSError):
                    # Past SSLSocket.shutdown, which is not made for another thread.
                    socket.socket.shutdown(end, socket.SHUT_RDWR)
        self._thread.join(CLOSE_S)

    def _run(self) -> None:
        try:
            with self._listener:
                reader = self._accept()
            with reader:
                self._reader = reader
                # Told before the reader is hung up on, who asks at once.
                self._end(self._pumped(reader))
        except (OSError, ValueError):
            pass  # nobody came
        finally:
            self._end("lost")
            self._upstream.close()

    def _pumped(self, reader: socket.socket) -> Ending:
        try:
            self._pump(reader)
        except GarbageError:
            return "garbage"
        except (OSError, ValueError):
            pass  # a socket that was closed, here or there
        return "lost"

    def _end(self, ending: Ending) -> None:
        self.ending = self.ending or ending

    def _accept(self) -> socket.socket:
        """Wait for the one who knows the word."""
        deadline_s = time.monotonic() + self._open_s
        word = f" {self._local_base}".encode()
        while not self._closed and (left_s := deadline_s - time.monotonic()) > 0:
            self._listener.settimeout(left_s)
            reader, _ = self._listener.accept()
            reader.settimeout(left_s)
            with contextlib.suppress(OSError):
                self._from_reader = reader.recv(MAX_TEXT)
            if word in self._from_reader.partition(b"\n")[0]:
                reader.settimeout(None)
                reader.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return reader
            reader.close()
        raise TimeoutError

    def _pump(self, reader: socket.socket) -> None:
        self._upstream.settimeout(None)
        first, self._from_reader = self._from_reader, b""
        self._to_camera(first)
        poll = select.poll()
        poll.register(reader, select.POLLIN)
        poll.register(self._upstream, select.POLLIN)
        while self.ending is None and not self._closed:
            ready = {number for number, _ in poll.poll()}
            if reader.fileno() in ready:
                data = reader.recv(MAX_TEXT)
                if not data:
                    self._let_hear_out()
                    return
                self._to_camera(data)
            if self._upstream.fileno() in ready:
                data = self._upstream.recv(PIECE)
                while isinstance(self._upstream, ssl.SSLSocket) and self._upstream.pending():
                    data += self._upstream.recv(PIECE)
                if not data:
                    return
                passed = self._walk(data) if self._playing else self._converse(data)
                if passed:
                    reader.sendall(passed)
                if self._playing and len(data) < PIECE:
                    time.sleep(REST_S)

    def _let_hear_out(self) -> None:
        """Let the camera read the goodbye: closing at once, with its packets unread, resets it."""
        socket.socket.shutdown(self._upstream, socket.SHUT_WR)
        until_s = time.monotonic() + GOODBYE_S / 2
        while (left_s := until_s - time.monotonic()) > 0:
            self._upstream.settimeout(left_s)
            if not self._upstream.recv(PIECE):
                return

    def _to_camera(self, data: bytes) -> None:
        """Pass on whole requests, with the camera's own URL in them, and reports as they are."""
        held = self._from_reader + data
        while held:
            if held[0] == _PACKET:
                size = _packet_size(held, 0)
                if not size or len(held) < size:
                    break
                self._upstream.sendall(held[:size])
                held = held[size:]
                continue
            end = _head_end(held, 0)
            if end < 0:
                break
            text = held[:end].replace(self._local_base.encode(), self._camera_base.encode())
            self._send(_Request.of(text))
            held = held[end:]
        _check_size(held)
        self._from_reader = held

    def _send(self, request: _Request) -> None:
        """Send a request under a number of our own, as one may be sent twice."""
        self._num_sent += 1
        self._sent[self._num_sent] = request
        self._sent.pop(self._num_sent - 8, None)  # long answered
        lines = [line.encode("latin-1") for line in request.lines]
        lines.append(b"CSeq: %d" % self._num_sent)
        header = self._authorizer.header(request.method, request.uri)
        if header is not None:
            lines.append(header.encode())
        self._upstream.sendall(b"\r\n".join([*lines, b"", b""]))

    def _converse(self, data: bytes) -> bytes:
        """Before it plays: only whole answers that are understood, in words of our own."""
        held = self._from_camera + data
        passed = []
        while held and not self._playing:
            if held[0] == _PACKET:
                size = _packet_size(held, 0)
                if not size or len(held) < size:
                    break
                passed.append(held[:size])
                held = held[size:]
                continue
            if not (held.startswith(b"RTSP/1.") or b"RTSP/1.".startswith(held)):
                raise GarbageError
            end = _head_end(held, 0)
            if end < 0:
                break
            answer = parse_answer(held[:end])
            if len(held) < end + answer.num_body:
                break
            passed.append(self._answered(answer, held[end : end + answer.num_body]))
            held = held[end + answer.num_body :]
            if self.ending is not None:
                return b""
        self._from_camera = b"" if self._playing else held
        _check_size(self._from_camera)
        return b"".join(passed) + (self._walk(held) if self._playing else b"")

    def _answered(self, answer: Answer, body: bytes) -> bytes:
        """Judge an answer; give it anew with what libavformat needs, or nothing."""
        request = self._sent.get(answer.number)
        if 100 <= answer.status < 200:
            return b""
        if 300 <= answer.status < 400:
            self._end("redirect")
            return b""
        if request is None:
            raise GarbageError
        if answer.status == 401 and self._try_again(request, answer):
            return b""
        self.status = answer.status
        self._playing = request.method == "PLAY" and answer.status == 200
        lines = [f"RTSP/1.0 {answer.status} {answer.status}", f"CSeq: {request.number}"]
        lines += [f"{name}: {value}" for name, value in answer.headers if name in PASSED_HEADERS]
        lines += [f"Content-Length: {len(body)}", "", ""]
        return "\r\n".join(lines).encode("latin-1") + body

    def _try_again(self, request: _Request, answer: Answer) -> bool:
        can = self._authorizer.take(answer.all_of("www-authenticate")) and not request.again
        if can:
            self._send(replace(request, again=True))
        return can

    def _walk(self, data: bytes) -> bytes:
        """While it plays: everything passes; answers between the packets are looked at."""
        if self._from_camera:
            data, self._from_camera = self._from_camera + data, b""
        at, size, skip = 0, len(data), self._skip
        while at < size:
            if skip:
                step = min(skip, size - at)
                at += step
                skip -= step
            elif data[at] == _PACKET:
                length = _packet_size(data, at)
                if not length:
                    break  # the rest of it comes with the next piece
                skip = length
            elif data.startswith((b"RTSP/1.", b"REDIRECT "), at):
                end = _head_end(data, at)
                if end < 0 and size - at < MAX_TEXT:
                    break
                skip = self._heard(data[at:end]) if end > 0 else 1
                at = max(at, end)
            else:
                at += 1  # out of step: libavformat looks for the next packet, and so does this
        self._skip = skip
        if at == size:
            return data
        self._from_camera = data[at:]
        return data[:at]

    def _heard(self, text: bytes) -> int:
        """Look at an answer, or an order, that came while playing; give the bytes of its body."""
        if text.startswith(b"REDIRECT "):
            self._end("redirect")
            return 0
        try:
            answer = parse_answer(text)
        except GarbageError:
            return 0
        if 300 <= answer.status < 400:
            self._end("redirect")
        request = self._sent.get(answer.number)
        if answer.status == 401 and request is not None:
            self._try_again(request, answer)  # its number for answers grew old
        return answer.num_body
