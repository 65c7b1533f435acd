"""HEIC snapshots: read, upright once, bounded from their header; and when a picture was taken."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from yanji.configs.errors import PictureError
from yanji.ingest.snapshot import read_snapshot
from yanji.ingest.snapshot_heif import header_sizes
from yanji.ingest.snapshot_notes import taken_of

pillow_heif = pytest.importorskip("pillow_heif")

_EXIF, _ORIENTATION = 0x8769, 0x0112
_ORIGINAL, _OFFSET, _FRACTION = 0x9003, 0x9011, 0x9291


def corner_picture() -> Image.Image:
    image = np.full((400, 600, 3), 128, np.uint8)
    image[:200, :300] = (255, 0, 0)
    return Image.fromarray(image)


def notes(orientation: int = 1, **times: str) -> Image.Exif:
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    tags = {"original": _ORIGINAL, "offset": _OFFSET, "fraction": _FRACTION}
    for name, value in times.items():
        exif.get_ifd(_EXIF)[tags[name]] = value
    return exif


def heic(picture: Image.Image, **options: object) -> bytes:
    stream = io.BytesIO()
    pillow_heif.from_pillow(picture).save(stream, quality=90, **options)
    return stream.getvalue()


def test_a_heic_is_read() -> None:
    content = heic(corner_picture())
    snapshot = read_snapshot(content)
    assert (snapshot.width, snapshot.height) == (600, 400)
    assert snapshot.image.dtype == np.uint8
    assert snapshot.image.flags.c_contiguous
    assert snapshot.image[20, 20].tolist() == pytest.approx([0, 0, 255], abs=8)
    assert snapshot.image[380, 580].tolist() == pytest.approx([128, 128, 128], abs=8)
    assert snapshot.taken is None


def test_a_tiled_heic_as_phones_write_it_is_read() -> None:
    content = heic(corner_picture(), tile_size=256)
    assert b"grid" in content
    assert read_snapshot(content).image[20, 20].tolist() == pytest.approx([0, 0, 255], abs=8)


@pytest.mark.parametrize(
    ("orientation", "red"),
    [(1, "tl"), (2, "tr"), (3, "br"), (4, "bl"), (5, "tl"), (6, "tr"), (7, "br"), (8, "bl")],
)
def test_a_rotation_noted_twice_is_applied_once(orientation: int, red: str) -> None:
    """The container and the EXIF notes say the same; where the red quarter comes by EXIF."""
    content = heic(corner_picture(), exif=notes(orientation).tobytes())
    assert (b"irot" in content or b"imir" in content) == (orientation > 1)
    stored = pillow_heif.open_heif(content)
    assert Image.Exif().get(_ORIENTATION) is None
    snapshot = read_snapshot(content)
    size = (600, 400) if orientation < 5 else (400, 600)
    assert (snapshot.width, snapshot.height) == size == stored.size
    corners = {
        "tl": snapshot.image[20, 20],
        "tr": snapshot.image[20, -20],
        "bl": snapshot.image[-20, 20],
        "br": snapshot.image[-20, -20],
    }
    reds = [name for name, pixel in corners.items() if pixel[2] > 240 and pixel[0] < 20]
    assert reds == [red]


def test_a_heic_that_announces_too_much_is_refused_from_its_header() -> None:
    content = bytearray(heic(corner_picture()))
    assert header_sizes(bytes(content)) == [(600, 400)]
    place = content.index(b"ispe") + 8
    content[place : place + 8] = struct.pack(">II", 5001, 5000)
    with pytest.raises(PictureError, match="5001 × 5000") as caught:
        read_snapshot(bytes(content))
    assert caught.value.code == "picture_too_many_pixels"


def test_a_heic_that_announces_too_little_is_refused() -> None:
    content = bytearray(heic(corner_picture()))
    place = content.index(b"ispe") + 8
    content[place : place + 8] = struct.pack(">II", 64, 64)
    with pytest.raises(PictureError) as caught:
        read_snapshot(bytes(content))
    assert caught.value.code == "picture_damaged"


@pytest.mark.parametrize("brand", [b"avif", b"avis"])
def test_avif_is_refused_with_a_sentence(brand: bytes) -> None:
    content = struct.pack(">I", 24) + b"ftyp" + brand + b"\0\0\0\0mif1miaf" + b"\0" * 60
    with pytest.raises(PictureError, match="AVIF") as caught:
        read_snapshot(content)
    assert caught.value.code == "picture_format"
    assert "JPEG" in caught.value.hint


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({"original": "2026:11:22 21:30:05"}, "2026-11-22T21:30:05"),
        (
            {"original": "2026:11:22 21:30:05", "offset": "+08:00"},
            "2026-11-22T21:30:05+08:00",
        ),
        (
            {"original": "2026:11:22 21:30:05", "offset": "-03:30", "fraction": "25"},
            "2026-11-22T21:30:05.250000-03:30",
        ),
        ({"original": "2026-11-22 21:30:05", "offset": "   :  "}, "2026-11-22T21:30:05"),
        ({"original": "2026:11:22 21:30:05", "offset": "+99:00"}, "2026-11-22T21:30:05"),
        ({"original": "2026:11:22 21:30:05", "fraction": "x"}, "2026-11-22T21:30:05"),
        ({"original": "0000:00:00 00:00:00"}, None),
        ({"original": "2026:02:30 10:00:00"}, None),
        ({"original": "    :  :     :  :  "}, None),
        ({"original": "yesterday"}, None),
        ({}, None),
    ],
)
def test_the_time_it_was_taken_is_read_where_it_is_one(times, expected) -> None:
    exif = notes(**times)
    assert taken_of(exif) == expected
    assert read_snapshot(heic(corner_picture(), exif=exif.tobytes())).taken == expected
    for kind in ("JPEG", "PNG", "WEBP"):
        stream = io.BytesIO()
        corner_picture().save(stream, kind, exif=exif)
        assert read_snapshot(stream.getvalue()).taken == expected


def test_broken_notes_cost_only_the_time() -> None:
    broken = b"Exif\0\0MM\0*\xff\xff\xff\xff" + b"\xff" * 30
    stream = io.BytesIO()
    corner_picture().save(stream, "JPEG", exif=broken)
    for content in (stream.getvalue(), heic(corner_picture(), exif=broken)):
        snapshot = read_snapshot(content)
        assert snapshot.taken is None
        assert snapshot.width == 600
