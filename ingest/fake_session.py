"""One connection to a fake camera: its answers, its packets, and all it does wrong."""

from __future__ import annotations

import hashlib
import random
import re
import select
import socket
import struct
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from yanji.ingest.fake_footage import TICKS_PER_S, Codec, payloads
from yanji.ingest.fake_script import HOST

if TYPE_CHECKING:
    from yanji.ingest.fake_camera import FakeCamera

NONCE = "f00dcafe"


class Session:
    """One connection, served in the thread that calls `run`."""

    def __init__(self, camera: FakeCamera, connection: socket.socket) -> None:
        self._camera = camera
        self._script = camera.script
        self._connection = connection
        self._held = b""
        self._udp: socket.socket | None = None
        self._udp_to = (HOST, 0)
        self._sequence = random.randrange(1000)  # noqa: S311
        self._num_sent = 0
        self._playing_since_s: float | None = None
        self._pending: Iterator[tuple[float, int, tuple[bytes, ...], Codec]] | None = None
        self._next: tuple[float, int, tuple[bytes, ...], Codec] | None = None
        self._report_at_s = 0.0

    def run(self) -> None:
        """Answer and play until either side ends it.

        Raises:
            OSError: the connection broke.
            ValueError: what came is not RTSP.
        """
        try:
            while self._turn():
                pass
        finally:
            if self._udp is not None:
                self._udp.close()

    def _turn(self) -> bool:
        if self._script.frozen:
            time.sleep(0.05)
            return True
        if self._script.mode == "garbage":
            self._connection.sendall(random.randbytes(4096))  # noqa: S311
            time.sleep(0.2)
            return True
        ready, _, _ = select.select([self._connection], [], [], self._wait_s())
        if ready:
            data = self._connection.recv(65536)
            if not data:
                return False
            self._held += data
            if self._script.mode != "mute" and not self._answer_all():
                return False
        return self._play_due()

    def _wait_s(self) -> float:
        if self._next is None:
            return 0.1
        return min(0.1, max(0.0, self._next[0] - time.monotonic()))

    def _answer_all(self) -> bool:
        while self._held:
            if self._held[0] == 0x24:  # a receiver report
                size = 4 + int.from_bytes(self._held[2:4], "big")
                if len(self._held) < max(4, size):
                    return True
                self._held = self._held[size:]
                continue
            text, end, rest = self._held.partition(b"\r\n\r\n")
            if not end:
                return True
            self._held = rest
            if not self._answer(text.decode("latin-1")):
                return False
        return True

    def _answer(self, text: str) -> bool:
        script = self._script
        method, uri, _ = text.split("\r\n", 1)[0].split(" ", 2)
        self._camera.requests.append(f"{method} {uri}")
        mode = script.mode
        if mode == "drip":
            for byte in b"RTSP/1.0 200 OK\r\n" + b"X-Filler: none\r\n" * 100:
                self._connection.sendall(bytes([byte]))
                time.sleep(script.drip_s)
            return False
        moved = f"Location: {script.elsewhere}"
        if (mode, method) in (("redirect", "DESCRIBE"), ("redirect_setup", "SETUP")):
            self._say(text, "302 Moved Temporarily", [moved])
        elif mode == "refuse" or (script.password and not self._is_let_in(text, method, uri)):
            challenge = f'WWW-Authenticate: Digest realm="camera", nonce="{NONCE}"'
            self._say(text, "401 Unauthorized", [challenge])
        elif mode == "smuggle" and method == "OPTIONS":
            hidden = f"RTSP/1.0 302 Moved\nCSeq: 2\n{moved}\n"
            raw = f"RTSP/1.0 200 OK\nCSeq: {_number(text)}\nPublic: DESCRIBE\n\n{hidden}\r\n\r\n"
            self._connection.sendall(raw.encode())
        elif method == "DESCRIBE":
            self._describe(text, uri)
        elif method == "SETUP":
            self._set_up(text)
        elif method == "PLAY":
            self._say(text, "200 OK", ["Session: 1234", "Range: npt=0.000-"])
            self._begin()
        else:
            public = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER"
            self._say(text, "200 OK", [public])
        return method != "TEARDOWN"

    def _is_let_in(self, text: str, method: str, uri: str) -> bool:
        given = dict(re.findall(r'(\w+)="([^"]*)"', text))
        user, password = self._script.password or ("", "")

        def md5(one: str) -> str:
            return hashlib.md5(one.encode(), usedforsecurity=False).hexdigest()

        right = md5(f"{md5(f'{user}:camera:{password}')}:{NONCE}:{md5(f'{method}:{uri}')}")
        return given.get("uri") == uri and given.get("response") == right

    def _say(self, text: str, status: str, lines: list[str], body: str = "") -> None:
        lines = [f"RTSP/1.0 {status}", f"CSeq: {_number(text)}", *lines]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self._connection.sendall("\r\n".join([*lines, "", body]).encode("latin-1"))

    def _describe(self, text: str, uri: str) -> None:
        pointing = self._script.mode == "point"
        base = self._script.elsewhere if pointing else uri
        media = self._script.footage().media_lines()
        if self._script.mode == "sound":
            media = ["m=audio 0 RTP/AVP 0", "a=control:track1"]
        if pointing:
            media[-1] = f"a=control:{self._script.elsewhere}/track1"
        host = urlsplit(self._script.elsewhere).hostname if pointing else HOST
        sdp = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=fake", f"c=IN IP4 {host}", "t=0 0", *media]
        lines = ["Content-Type: application/sdp", f"Content-Base: {base}/"]
        self._say(text, "200 OK", lines, "\r\n".join([*sdp, ""]))

    def _set_up(self, text: str) -> None:
        asked = re.search(r"(?im)^Transport: *(.*)$", text)
        wanted = asked[1].strip() if asked else ""
        self._camera.transports_asked.append(wanted)
        ports = re.search(r"client_port=(\d+)-(\d+)", wanted)
        if "TCP" in wanted and "tcp" in self._script.transports:
            given = "RTP/AVP/TCP;unicast;interleaved=0-1"
        elif ports is not None and "udp" in self._script.transports:
            self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._udp.bind((HOST, 0))
            self._udp_to = (HOST, int(ports[1]))
            server = self._udp.getsockname()[1]
            given = f"RTP/AVP/UDP;unicast;{ports[0]};server_port={server}-{server + 1}"
        else:
            self._say(text, "461 Unsupported Transport", [])
            return
        self._say(text, "200 OK", [f"Transport: {given}", "Session: 1234;timeout=60"])

    def _begin(self) -> None:
        self._playing_since_s = time.monotonic()
        if self._script.mode != "hollow":
            self._pending = self._frames(self._playing_since_s)
            self._next = next(self._pending)

    def _frames(self, since_s: float) -> Iterator[tuple[float, int, tuple[bytes, ...], Codec]]:
        """When to send each picture, its stamp in ticks, and its units."""
        base_s = 0.0
        while True:
            scene = self._script.scene
            footage = self._script.footage()
            lasted_s = footage.duration_s
            for place, unit in enumerate(footage.units):
                if place and unit.is_key and self._script.scene != scene:
                    lasted_s = unit.due_s
                    break
                ticks = round(self._script.stamp_s(base_s + unit.stamp_s) * TICKS_PER_S)
                yield since_s + base_s + unit.due_s, ticks, unit.nals, footage.codec
            base_s += lasted_s

    def _play_due(self) -> bool:
        if self._playing_since_s is None:
            return True
        now_s = time.monotonic()
        if self._script.mode == "redirect_later" and now_s - self._playing_since_s > 1:
            uri = self._script.elsewhere
            order = f"REDIRECT {uri} RTSP/1.0\r\nCSeq: 1\r\nLocation: {uri}\r\n\r\n"
            self._connection.sendall(order.encode())
            self._playing_since_s = now_s + 3600
        while self._next is not None and self._next[0] <= now_s and self._pending is not None:
            _, ticks, nals, codec = self._next
            self._send_picture(ticks, nals, codec)
            self._next = next(self._pending)
            self._num_sent += 1
            self._camera.num_frames += 1
            if self._script.ends_after is not None and self._num_sent >= self._script.ends_after:
                self._send(1, struct.pack(">BBHI", 0x81, 203, 1, 7))
                return False
        return True

    def _send_picture(self, ticks: int, nals: tuple[bytes, ...], codec: Codec) -> None:
        self._report(ticks)
        stamp = (ticks + 1000) % 2**32
        packets = []
        for payload, last in payloads(codec, nals):
            self._sequence = (self._sequence + 1) % 2**16
            head = struct.pack(">BBHII", 0x80, 96 | last << 7, self._sequence, stamp, 7)
            packets.append(head + payload)
        self._send(0, *packets)

    def _report(self, ticks: int) -> None:
        ahead_s = self._script.clock_ahead_s
        now_s = time.monotonic()
        if ahead_s is None or now_s < self._report_at_s:
            return
        self._report_at_s = now_s + 1
        ntp = round((time.time() + ahead_s + 2_208_988_800) * 2**32)
        stamp = (ticks + 1000) % 2**32
        self._send(1, struct.pack(">BBHIQIII", 0x80, 200, 6, 7, ntp, stamp, 0, 0))

    def _send(self, channel: int, *packets: bytes) -> None:
        if self._udp is not None:
            for packet in packets:
                self._udp.sendto(packet, (self._udp_to[0], self._udp_to[1] + channel))
            return
        framed = (struct.pack(">BBH", 0x24, channel, len(one)) + one for one in packets)
        self._connection.sendall(b"".join(framed))  # a picture in one piece: a call for all of it


def _number(text: str) -> str:
    found = re.search(r"(?im)^CSeq: *(\d+)", text)
    return found[1] if found else "0"
