"""HEIC snapshots, as phones take them: sizes are known from the header before decoding."""

from __future__ import annotations

import struct
from typing import Final

from PIL import Image

from yanji.configs.errors import PictureError
from yanji.ingest.snapshot_strict import boxes, file_boxes

_HEVC_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis"})
_AV1_BRANDS: Final = frozenset({b"avif", b"avis", b"avio"})


def require_hevc(content: bytes, name: str, hint: str) -> None:
    """Let only still pictures in HEVC through.

    Raises:
        PictureError: `picture_format`: an AVIF picture, a film, or another kind of such a file.
    """
    brands = _brands(content)
    if brands & _AV1_BRANDS:
        raise PictureError(
            f"{name} is an AVIF picture, which is not read",
            hint="save it as JPEG or PNG first",
            code="picture_format",
        )
    if not brands & _HEVC_BRANDS:
        raise PictureError(
            f"{name} is not a picture that can be read", hint=hint, code="picture_format"
        )


def header_sizes(content: bytes) -> list[tuple[int, int]]:
    """Width and height of everything that the header announces: picture, tiles, thumbnails."""
    sizes: list[tuple[int, int]] = []
    for kind, begin, end in file_boxes(content, 0, len(content)):
        if kind != b"meta":
            continue
        for part, part_begin, part_end in boxes(content, begin + 4, end):
            if part != b"iprp":
                continue
            for group, group_begin, group_end in boxes(content, part_begin, part_end):
                if group != b"ipco":
                    continue
                for item, item_begin, item_end in boxes(content, group_begin, group_end):
                    if item == b"ispe" and item_end - item_begin >= 12:
                        sizes.append(struct.unpack_from(">II", content, item_begin + 4))
    return sizes


def decode_heif(content: bytes) -> tuple[Image.Image, bytes]:
    """Decode the primary picture: upright pixels, and its EXIF notes (may be empty).

    The decoder applies the rotation that the container notes. The orientation in the EXIF notes
    says the same once more (cameras write both) and must not be applied again.

    Raises:
        Exception: any, for a damaged file.
    """
    from pillow_heif import open_heif

    opened = open_heif(content)
    exif = opened.info.get("exif")
    picture: Image.Image = opened.to_pillow()
    return picture, exif if isinstance(exif, bytes) else b""


def is_heif(content: bytes) -> bool:
    """Whether the first bytes are those of an ISO base media file."""
    return content[4:8] == b"ftyp"


def _brands(content: bytes) -> frozenset[bytes]:
    size = min(int.from_bytes(content[:4], "big"), len(content), 4096)
    named = {content[8:12]}
    named.update(content[place : place + 4] for place in range(16, size - 3, 4))
    return frozenset(named)
