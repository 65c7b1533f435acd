"""Snapshots that are something else as well, that end too soon, or that cameras appended to."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from yanji.configs.errors import PictureError
from yanji.ingest.snapshot import read_snapshot
from yanji.ingest.snapshot_strict import MAX_SCANS

RNG = np.random.default_rng(3)
PICTURE = Image.fromarray(RNG.integers(0, 255, (48, 64, 3), np.uint8))


def encoded(kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    if kind == "HEIC":
        pillow_heif = pytest.importorskip("pillow_heif")
        pillow_heif.from_pillow(PICTURE).save(stream, quality=80)
    else:
        PICTURE.save(stream, kind, **options)
    return stream.getvalue()


KINDS = ("JPEG", "PNG", "WEBP", "HEIC")
FILES = {kind: encoded(kind) for kind in KINDS}


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


FILM = box(b"ftyp", b"mp42\0\0\0\0mp42isom") + box(b"mdat", b"\1\2\3" * 50) + box(b"moov", b"x" * 9)


def sef(*blocks: bytes) -> bytes:
    """Samsung's trailer."""
    entries, behind = b"", sum(len(block) for block in blocks)
    for block in blocks:
        entries += struct.pack("<HHII", 0, 0x0A01, behind, len(block))
        behind -= len(block)
    head = b"SEFH" + struct.pack("<II", 106, len(blocks)) + entries
    return b"".join(blocks) + head + struct.pack("<I", len(head)) + b"SEFT"


def archive(comment: bytes = b"") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        made.writestr("run.sh", "echo x")
        made.comment = comment
    return stream.getvalue()


def refusal(content: bytes) -> PictureError:
    with pytest.raises(PictureError) as caught:
        read_snapshot(content)
    assert caught.value.hint
    assert caught.value.message.startswith("the picture")
    return caught.value


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "appended",
    [b"\0" * 5000, b"\xff" * 33, b"\0\0" + FILES["JPEG"], FILM, sef(b"a note", b"x" * 99)],
    ids=["zeros", "ones", "a second jpeg", "a film", "samsung"],
)
def test_what_cameras_append_is_let_through(kind: str, appended: bytes) -> None:
    plain = read_snapshot(FILES[kind])
    seen = read_snapshot(FILES[kind] + appended)
    assert (seen.image == plain.image).all()
    assert seen.sha256 != plain.sha256


def test_several_things_that_cameras_append_follow_each_other() -> None:
    content = FILES["JPEG"] + b"\0" * 7 + FILES["JPEG"] + b"\xff\xff" + FILM
    assert read_snapshot(content).width == 64
    assert read_snapshot(FILES["JPEG"] + FILES["JPEG"] + sef(FILM, b"note")).width == 64


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "appended",
    [
        b"#!/bin/sh\necho hidden\n",
        b"<script>alert(1)</script>",
        b"\0" * 20 + b"x" + b"\0" * 20,
        b"Rar!\x1a\x07\x01\x00" + b"r" * 50,
        b"SEFT",
        b"x" * 40 + struct.pack("<I", 12) + b"SEFT",
        b"\xff\xd8\xff is no jpeg",
        FILES["PNG"],
    ],
    ids=["script", "html", "a letter", "rar", "bare seft", "empty sef", "false jpeg", "png"],
)
def test_anything_else_behind_the_picture_is_refused(kind: str, appended: bytes) -> None:
    assert refusal(FILES[kind] + appended).code in ("picture_trailing", "picture_damaged")


@pytest.mark.parametrize("kind", KINDS)
def test_a_script_behind_the_picture_is_called_what_it_is(kind: str) -> None:
    error = refusal(FILES[kind] + b"#!/bin/sh\n")
    assert error.code == "picture_trailing"
    assert "something else" in error.message


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: sef(x), lambda x: FILM + box(b"free", x)])
def test_a_zip_is_refused_wherever_it_hides(kind: str, wrap) -> None:
    hidden = wrap(archive())
    content = FILES[kind] + hidden
    assert zipfile.is_zipfile(io.BytesIO(content))
    assert refusal(content).code == "picture_trailing"


def test_a_zip_within_the_picture_is_refused_too() -> None:
    # In a comment of a JPEG, the picture itself being the ZIP's comment.
    rest = FILES["JPEG"][2:]
    hidden = archive()
    content = b"\xff\xd8\xff\xfe" + struct.pack(">H", len(hidden) + 2) + hidden + rest
    assert zipfile.is_zipfile(io.BytesIO(content))
    assert refusal(content).code == "picture_trailing"


def test_the_end_record_of_a_zip_alone_is_chance() -> None:
    comment = b"\xff\xfe\x00\x10 PK\x05\x06 a chance"[:18]
    content = b"\xff\xd8" + comment + FILES["JPEG"][2:]
    assert read_snapshot(content).width == 64


def test_a_pdf_is_refused() -> None:
    comment = b"%PDF-1.7 and more"
    content = b"\xff\xd8\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment
    assert refusal(content + FILES["JPEG"][2:]).code == "picture_trailing"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("missing", [1, 2, 5, 12, 100])
def test_a_file_that_lacks_its_last_bytes_is_refused(kind: str, missing: int) -> None:
    assert refusal(FILES[kind][:-missing]).code == "picture_damaged"


@pytest.mark.parametrize("kind", KINDS)
def test_every_beginning_of_a_file_is_refused(kind: str) -> None:
    content = FILES[kind]
    for length in range(1, len(content), max(1, len(content) // 150)):
        assert refusal(content[:length]).code in ("picture_damaged", "picture_format")


def test_progressive_and_restarting_jpegs_end_where_they_end() -> None:
    for options in ({"progressive": True}, {"restart_marker_blocks": 1}, {"quality": 100}):
        content = encoded("JPEG", **options)
        assert read_snapshot(content).width == 64
        assert refusal(content + b"echo").code == "picture_trailing"


def test_fill_bytes_before_markers_are_no_end() -> None:
    content = FILES["JPEG"]
    assert read_snapshot(content[:-2] + b"\xff\xff\xff\xd9").width == 64
    assert read_snapshot(content[:2] + b"\xff\xff" + content[2:]).width == 64


def test_a_jpeg_of_too_many_scans_is_refused() -> None:
    content = encoded("JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    scan = content[last:-2]
    assert read_snapshot(content[:last] + scan * 3 + b"\xff\xd9").width == 64
    error = refusal(content[:last] + scan * (MAX_SCANS + 1) + b"\xff\xd9")
    assert error.code == "picture_damaged"


def test_a_webp_ends_where_its_header_says() -> None:
    content = FILES["WEBP"]
    note = b"EXIF" + struct.pack("<I", 3) + b"abc\0"
    riff = struct.pack("<I", len(content) - 8 + len(note))
    assert read_snapshot(content[:4] + riff + content[8:] + note).width == 64
    assert refusal(content + note).code == "picture_trailing"


def test_codes_tell_programs_what_is_wrong() -> None:
    assert refusal(b"").code == "picture_empty"
    assert refusal(b"\xff\xd8\xff" + b"\0" * (64 * 2**20)).code == "picture_too_large"
    assert refusal(b"GIF89a" + b"\0" * 60).code == "picture_format"
    assert refusal(b"MZ" + b"\0" * 60).code == "picture_format"
    assert refusal(box(b"ftyp", b"isom\0\0\0\0isommp41") + FILM).code == "picture_format"
    header = struct.pack(">IIBBBBB", 6000, 5000, 8, 2, 0, 0, 0)
    chunk = (
        struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    )
    assert refusal(b"\x89PNG\r\n\x1a\n" + chunk).code == "picture_too_many_pixels"


def outcome(content: bytes) -> None:
    """A picture or a `PictureError`; anything else fails the test."""
    try:
        image, code = read_snapshot(content).image, "picture_"
    except PictureError as error:
        image, code = np.zeros((1, 1, 3), np.uint8), error.code
    assert image.ndim == 3
    assert code.startswith("picture_")


STARTS = [
    b"",
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"RIFF\x20\0\0\0WEBP",
    b"BM",
    b"\0\0\0\x18ftypheic",
]


@given(st.sampled_from(STARTS), st.binary(max_size=300))
@settings(max_examples=400, deadline=None)
def test_random_bytes_are_refused_or_read(start: bytes, rest: bytes) -> None:
    outcome(start + rest)


@given(
    st.sampled_from(KINDS),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=12),
    st.floats(0, 1),
    st.binary(max_size=40),
)
@settings(max_examples=400, deadline=None)
def test_mutations_of_pictures_are_refused_or_read(
    kind: str, changes: list[tuple[float, int]], cut: float, appended: bytes
) -> None:
    content = bytearray(FILES[kind])
    for place, value in changes:
        # Structures stand at the beginning: half of the changes go there.
        content[int(place * len(content)) // (1 + value % 2 * 7)] = value
    if cut < 0.3:
        del content[int(cut / 0.3 * len(content)) :]
    outcome(bytes(content) + appended)
