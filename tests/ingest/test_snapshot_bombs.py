"""Small files that want much: refused, or read, within a second of work and 200 MB."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

CHILD = """
import sys, time, pathlib
from yanji.configs.errors import PictureError
from yanji.ingest.snapshot import load_snapshot
import pillow_heif
before = int(pathlib.Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])
for name in sys.argv[1:]:
    began = time.process_time()
    try:
        load_snapshot(pathlib.Path(name))
        code = 'read'
    except PictureError as error:
        code = error.code
    # ru_maxrss would count the parent that forked this child, too.
    status = pathlib.Path('/proc/self/status').read_text()
    print(code, time.process_time() - began, int(status.split('VmHWM:')[1].split()[0]) / 1024)
"""


def encoded(kind: str, size: tuple[int, int] = (64, 48), **options: object) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, (200, 30, 60)).save(stream, kind, **options)
    return stream.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def inflating(size: int) -> bytes:
    """`size` zeros, squeezed."""
    squeeze = zlib.compressobj(9)
    part = bytes(2**20)
    return b"".join(squeeze.compress(part) for _ in range(size // 2**20)) + squeeze.flush()


def png_with(*notes: bytes) -> bytes:
    plain = encoded("PNG")
    return plain[:33] + b"".join(notes) + plain[33:]


def huge_webp(kind: bytes) -> bytes:
    side = 16_383
    head = {
        b"VP8X": b"\x02\0\0\0" + (side - 1).to_bytes(3, "little") * 2,
        b"VP8L": b"\x2f" + (side - 1 | (side - 1) << 14).to_bytes(4, "little") + bytes(9),
        b"VP8 ": b"\x30\x01\x00\x9d\x01\x2a" + struct.pack("<HH", side, side) + bytes(10),
    }[kind]
    body = b"WEBP" + kind + struct.pack("<I", len(head)) + head
    return b"RIFF" + struct.pack("<I", len(body)) + body


def many_frames() -> bytes:
    noise = np.random.default_rng(1).integers(0, 255, (400, 8, 8, 3), np.uint8)
    frames = [Image.fromarray(frame) for frame in noise]
    stream = io.BytesIO()
    frames[0].save(stream, "WEBP", save_all=True, append_images=frames[1:], duration=1)
    return stream.getvalue()


def huge_jpeg() -> bytes:
    content = bytearray(encoded("JPEG"))
    start = content.index(b"\xff\xc0")
    content[start + 5 : start + 9] = struct.pack(">HH", 65_000, 65_000)
    return bytes(content)


def huge_heic(width: int, height: int) -> bytes:
    pillow_heif = pytest.importorskip("pillow_heif")
    stream = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (64, 48))).save(stream)
    content = bytearray(stream.getvalue())
    place = content.index(b"ispe") + 8
    content[place : place + 8] = struct.pack(">II", width, height)
    return bytes(content)


def scans(number: int) -> bytes:
    content = encoded("JPEG", (3000, 3000), progressive=True)
    last = content.rindex(b"\xff\xda")
    return content[:last] + content[last:-2] * number + b"\xff\xd9"


def flate_png() -> bytes:
    """A small picture whose data inflate to 256 MB."""
    header = struct.pack(">IIBBBBB", 64, 48, 8, 2, 0, 0, 0)
    data = inflating(2**28)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def cases() -> dict[str, tuple[bytes, set[str]]]:
    bomb = inflating(2**27)
    many, damaged = {"picture_too_many_pixels"}, {"picture_damaged"}
    small = inflating(2**20)
    notes = [chunk(b"zTXt", b"note%d\0\0" % n + small) for n in range(100)]
    return {
        "wide.webp": (huge_webp(b"VP8X"), many),
        "lossless.webp": (huge_webp(b"VP8L"), many),
        "lossy.webp": (huge_webp(b"VP8 "), many),
        "frames.webp": (many_frames(), {"read"}),
        "huge.jpg": (huge_jpeg(), many),
        "scans.jpg": (scans(1500), damaged),
        "wide.heic": (huge_heic(2**31, 2**31), many),
        "none.heic": (huge_heic(0, 48), damaged),
        "text.png": (png_with(chunk(b"zTXt", b"note\0\0" + bomb)), damaged),
        "texts.png": (png_with(*notes), damaged),
        "itext.png": (png_with(chunk(b"iTXt", b"note\0\1\0\0\0" + bomb)), damaged),
        "profile.png": (png_with(chunk(b"iCCP", b"icc\0\0" + bomb)), damaged),
        "late.png": (
            encoded("PNG")[:-12] + chunk(b"zTXt", b"n\0\0" + bomb) + chunk(b"IEND", b""),
            damaged,
        ),
        "flate.png": (flate_png(), {"read", "picture_damaged"}),
    }


def test_bombs_cost_next_to_nothing(tmp_path: Path) -> None:
    pytest.importorskip("pillow_heif")
    made = cases()
    paths = []
    for name, (content, _) in made.items():
        paths.append(tmp_path / name)
        paths[-1].write_bytes(content)
    child = subprocess.run(
        [sys.executable, "-W", "error", "-c", CHILD, *map(str, paths)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert child.stderr == ""
    lines = [line.split() for line in child.stdout.splitlines()]
    assert len(lines) == len(made)
    for (name, (_, expected)), (code, seconds, megabytes) in zip(made.items(), lines, strict=True):
        assert code in expected, name
        assert float(seconds) < 1, name
        assert float(megabytes) < 200, name
