"""Snapshots: every format, every kind of damage, and bombs."""

from __future__ import annotations

import hashlib
import io
import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from yanji.configs.errors import PictureError
from yanji.ingest.snapshot import MAX_BYTES, load_snapshot, read_snapshot


def corner_picture(width: int = 60, height: int = 40) -> Image.Image:
    """Red top left quarter on grey."""
    image = np.full((height, width, 3), 128, np.uint8)
    image[: height // 2, : width // 2] = (255, 0, 0)
    return Image.fromarray(image)


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def png_chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def huge_png(side: int) -> bytes:
    """A true PNG of side x side grey pixels: one bit each, so it can be made in a second."""
    squeeze = zlib.compressobj(1)
    row = b"\0" * (side // 8 + 1)
    data = b"".join(squeeze.compress(row * 100) for _ in range(side // 100)) + squeeze.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP"])
def test_formats(tmp_path, kind):
    content = encoded(corner_picture(), kind)
    path = tmp_path / "截图.dat"
    path.write_bytes(content)
    snapshot = load_snapshot(path)
    assert (snapshot.width, snapshot.height) == (60, 40)
    assert snapshot.image.dtype == np.uint8
    assert snapshot.image.flags.c_contiguous
    assert snapshot.sha256 == hashlib.sha256(content).hexdigest()
    assert snapshot.image[10, 10].tolist() == pytest.approx([0, 0, 255], abs=8)
    assert snapshot.image[30, 50].tolist() == pytest.approx([128, 128, 128], abs=8)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_honoured(orientation):
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = corner_picture() if undo is None else corner_picture().transpose(undo)
    exif = Image.Exif()
    exif[0x0112] = orientation
    for kind in ("JPEG", "PNG", "WEBP"):
        snapshot = read_snapshot(encoded(stored, kind, exif=exif))
        assert (snapshot.width, snapshot.height) == (60, 40)
        assert snapshot.image[10, 10].tolist() == pytest.approx([0, 0, 255], abs=12)


def test_broken_exif_does_not_spoil_the_picture():
    content = encoded(corner_picture(), "JPEG", exif=b"Exif\0\0" + b"MM\0*\xff\xff\xff\xff" * 5)
    assert read_snapshot(content).width == 60


@pytest.mark.parametrize(
    ("mode", "kind", "expected"),
    [
        ("L", "PNG", (100, 100, 100)),
        ("L", "JPEG", (100, 100, 100)),
        ("LA", "PNG", (255, 255, 255)),
        ("RGBA", "PNG", (255, 255, 255)),
        ("P", "PNG", (100, 100, 100)),
        ("CMYK", "JPEG", (155, 155, 155)),
        ("1", "PNG", (0, 0, 0)),
        ("I;16", "PNG", (100, 100, 100)),
    ],
)
def test_modes_become_bgr(mode, kind, expected):
    if mode == "I;16":
        picture = Image.fromarray(np.full((20, 30), 100 * 256 + 7, np.uint16))
    else:
        grey = Image.new("L", (30, 20), 0 if mode == "1" else 100)
        fill = {"LA": (100, 0), "RGBA": (100, 100, 100, 0), "CMYK": (100, 100, 100, 0)}.get(mode)
        picture = grey.convert(mode) if fill is None else Image.new(mode, (30, 20), fill)
    image = read_snapshot(encoded(picture, kind)).image
    assert image.shape == (20, 30, 3)
    assert image[5, 5].tolist() == pytest.approx(list(expected), abs=3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP"])
def test_cut_off_pictures_are_refused(kind):
    noise = np.random.default_rng(1).integers(0, 255, (200, 300, 3), np.uint8)
    content = encoded(Image.fromarray(noise), kind)
    for share in (0.02, 0.3, 0.6, 0.9):
        with pytest.raises(PictureError, match="damaged or cut off") as caught:
            read_snapshot(content[: int(len(content) * share)])
        assert caught.value.hint


def test_noise_in_a_file_gives_an_answer_or_a_picture_error():
    noise = random.Random(5)
    outcomes = {"read": 0, "refused": 0}
    for kind in ("JPEG", "PNG", "WEBP", "BMP"):
        content = encoded(corner_picture(), kind)
        for _ in range(100):
            damaged = bytearray(content)
            for _ in range(noise.choice([1, 5, 50])):
                damaged[noise.randrange(12, len(damaged))] = noise.randrange(256)
            try:
                read_snapshot(bytes(damaged))
                outcomes["read"] += 1
            except PictureError:
                outcomes["refused"] += 1
    assert sum(outcomes.values()) == 400
    assert min(outcomes.values()) > 20


def test_what_is_no_picture(tmp_path):
    text = tmp_path / "text.jpg"
    text.write_text("not a picture")
    empty = tmp_path / "empty.jpg"
    empty.touch()
    large = tmp_path / "large.jpg"
    with large.open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    for path, message in (
        (text, "not a picture"),
        (empty, "is empty"),
        (large, "larger than 64 MB"),
        (tmp_path / "none.jpg", "there is no picture"),
        (tmp_path, "not a picture file"),
        (Path("/dev/zero"), "not a picture file"),
    ):
        with pytest.raises(PictureError, match=message) as caught:
            load_snapshot(path)
        assert str(path) in caught.value.message
        assert caught.value.hint
    with pytest.raises(PictureError, match="AVIF") as caught:
        read_snapshot(b"\0\0\0\x18ftypavif" + b"\0" * 100)
    assert caught.value.code == "picture_format"
    with pytest.raises(PictureError, match="larger than"):
        read_snapshot(b"\xff\xd8\xff" + b"\0" * MAX_BYTES)


def test_a_header_that_lies_about_its_size():
    jpeg = bytearray(encoded(corner_picture(), "JPEG"))
    start = jpeg.index(b"\xff\xc0")
    jpeg[start + 5 : start + 9] = struct.pack(">HH", 30000, 30000)
    with pytest.raises(PictureError, match="30000 × 30000"):
        read_snapshot(bytes(jpeg))
    bmp = bytearray(encoded(corner_picture(), "BMP"))
    bmp[18:26] = struct.pack("<ii", 60000, 60000)
    with pytest.raises(PictureError):
        read_snapshot(bytes(bmp))
    just_above = encoded(Image.new("1", (5001, 5000)), "PNG")
    with pytest.raises(PictureError, match="more than 25 million"):
        read_snapshot(just_above)
    assert read_snapshot(encoded(Image.new("1", (5000, 5000)), "PNG")).width == 5000


def test_a_picture_of_40000_x_40000_is_refused_in_a_second_and_200_mb(tmp_path):
    path = tmp_path / "bomb.png"
    path.write_bytes(huge_png(40_000))
    code = (
        "import sys, time, pathlib\n"
        "from yanji.configs.errors import PictureError\n"
        "from yanji.ingest.snapshot import load_snapshot\n"
        "began = time.monotonic()\n"
        "try:\n"
        "    load_snapshot(pathlib.Path(sys.argv[1]))\n"
        "except PictureError as error:\n"
        "    print(error.message)\n"
        "print(time.monotonic() - began)\n"
        # ru_maxrss would count the parent that forked this child, too.
        "status = pathlib.Path('/proc/self/status').read_text()\n"
        "print(int(status.split('VmHWM:')[1].split()[0]) / 1024)\n"
    )
    child = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    message, seconds, megabytes = child.stdout.splitlines()
    assert "40000 × 40000" in message
    assert float(seconds) < 1
    assert float(megabytes) < 200
    assert child.stderr == ""
