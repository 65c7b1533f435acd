"""Where a picture file ends, and what may follow: no decoder looks there, other programs do.

A file that is a picture and something else as well (a ZIP, a PDF, a program's archive) is refused.
Cameras append a few things of their own, which are known and let through: padding, a second JPEG
(multi-picture format), Samsung's trailer ("SEF"), and the film of a motion photo. Structures are
walked without decoding anything, so that a lying header costs nothing.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Final

from yanji.configs.errors import PictureError

MAX_SCANS: Final = 100
"""Of a progressive JPEG; cameras and programs write about ten. Each costs a pass over the picture,
so a thousand of them keep a decoder busy for minutes."""
_ZIP_END: Final = b"PK\x05\x06"
_ZIP_ENTRY: Final = b"PK\x01\x02"
_ZIP_REACH: Final = 65_536 + 22
"""A ZIP is found by its end record, which can be followed by a comment of up to 64 KiB."""
_PDF_REACH: Final = 1024
_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""A marker amid entropy-coded data: not a stuffed zero, not a restart, not a fill byte."""
_PADDING: Final = re.compile(rb"\x00+|\xff+(?!\xd8)")
_FILE_BOXES: Final = frozenset(
    b"ftyp meta mdat moov free skip wide uuid mpvd moof mfra sidx styp emsg udta meco".split()
)
"""Boxes that stand side by side in a HEIF or MP4 file."""


class CutOffError(ValueError):
    """The file ends before the picture does, or its structure is broken."""


def require_nothing_hidden(content: bytes, name: str) -> int:
    """Refuse a picture that holds more than a picture.

    Args:
        content: the file; its first bytes are those of a JPEG, PNG, WebP, BMP or HEIF.
        name: for messages.

    Returns:
        Where the picture ends.

    Raises:
        PictureError: `picture_trailing`.
        CutOffError: the structure ends too soon.
    """
    end = _end_of_picture(content)
    tail = content[-_ZIP_REACH:]
    hides_zip = _ZIP_END in tail and _ZIP_ENTRY in content
    if hides_zip or b"%PDF-" in content[:_PDF_REACH] or not _is_known(content, end):
        raise PictureError(
            f"{name} holds something else beside the picture",
            hint="open it and save it anew as JPEG or PNG",
            code="picture_trailing",
        )
    return end


def _end_of_picture(content: bytes) -> int:
    if content.startswith(b"\xff\xd8"):
        return _end_of_jpeg(content, 0)
    if content.startswith(b"\x89PNG"):
        return _end_of_png(content)
    if content.startswith(b"RIFF"):
        return _end_of_webp(content)
    if content.startswith(b"BM"):
        # Some programs leave the size at zero; then nothing says where the picture ends.
        size = int.from_bytes(content[2:6], "little")
        return min(size, len(content)) or len(content)
    return _end_of_boxes(content, 0, len(content))


def _end_of_jpeg(content: bytes, start: int) -> int:
    """Behind the end marker of the JPEG that begins at `start`."""
    place, num_scans = start + 2, 0
    while True:
        while content[place : place + 2] == b"\xff\xff":
            place += 1
        if len(content) < place + 2 or content[place] != 0xFF:
            raise CutOffError("no marker where one must be")
        kind = content[place + 1]
        place += 2
        if kind == 0xD9:
            return place
        if kind == 0x01 or 0xD0 <= kind <= 0xD7:
            continue
        if len(content) < place + 2:
            raise CutOffError("a segment is cut off")
        place += max(2, int.from_bytes(content[place : place + 2], "big"))
        if kind == 0xDA:
            num_scans += 1
            if num_scans > MAX_SCANS:
                raise CutOffError("more scans than any camera writes")
            marker = _MARKER.search(content, place)
            if marker is None:
                raise CutOffError("no end marker")
            place = marker.start()


def _end_of_png(content: bytes) -> int:
    place = 8
    while place + 12 <= len(content):
        length = int.from_bytes(content[place : place + 4], "big")
        kind = content[place + 4 : place + 8]
        place += 12 + length
        if kind == b"IEND":
            break
    else:
        raise CutOffError("no end chunk")
    if place > len(content):
        raise CutOffError("a chunk is cut off")
    return place


def _end_of_webp(content: bytes) -> int:
    end = 8 + int.from_bytes(content[4:8], "little")
    if end > len(content):
        raise CutOffError("shorter than its header says")
    return end


def announced_size(content: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG or WebP by its first chunk; None for other formats.

    Their decoders take room and inflate notes before they say how large the picture is.

    Raises:
        CutOffError: there is no such chunk.
    """
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        if content[12:16] != b"IHDR" or len(content) < 24:
            raise CutOffError("no header")
        return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _webp_size(content)
    return None


def _webp_size(content: bytes) -> tuple[int, int]:
    kind, head = content[12:16], content[20:30]
    if len(head) < 10:
        raise CutOffError("the header is cut off")
    if kind == b"VP8X":
        return 1 + int.from_bytes(head[4:7], "little"), 1 + int.from_bytes(head[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(head[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", head, 6)
        return width & 0x3FFF, height & 0x3FFF
    raise CutOffError("no picture where one must be")


def boxes(content: bytes, start: int, stop: int) -> Iterator[tuple[bytes, int, int]]:
    """Walk the boxes of an ISO base media file (HEIF, MP4): kind, begin of the content, end.

    Stops where no box can begin any more, which may be before `stop`.

    Raises:
        CutOffError: a box reaches beyond `stop`.
    """
    place = start
    while place + 8 <= stop:
        size, kind = struct.unpack_from(">I4s", content, place)
        head = 8
        if size == 1 and place + 16 <= stop:
            size, head = int.from_bytes(content[place + 8 : place + 16], "big"), 16
        elif size == 0:
            size = stop - place
        if size < head:
            return
        if place + size > stop:
            raise CutOffError("a box reaches beyond the end")
        yield kind, place + head, place + size
        place += size


def _is_known(content: bytes, end: int) -> bool:
    """Whether everything from `end` on is what cameras append."""
    stop = _begin_of_samsung_trailer(content, end)
    place = end
    while place < stop:
        padding = _PADDING.match(content, place, stop)
        if content.startswith(b"\xff\xd8\xff", place):
            place = _end_of_jpeg(content, place)
        elif padding is not None and not _is_film(content, place):
            # A film begins with the zeros of its first size: they are not padding.
            film = content.find(b"ftyp", padding.end(), padding.end() + 8) - 4
            place = film if place < film < padding.end() else padding.end()
        else:
            behind = _end_of_boxes(content, place, stop) if _is_film(content, place) else place
            if behind == place:
                return False
            place = behind
    return place == stop


def _is_film(content: bytes, place: int) -> bool:
    return content[place + 4 : place + 8] == b"ftyp"


def file_boxes(content: bytes, start: int, stop: int) -> Iterator[tuple[bytes, int, int]]:
    """As `boxes`, for those of a whole file: stops at the first that no such file has."""
    walk = boxes(content, start, stop)
    place = start
    while content[place + 4 : place + 8] in _FILE_BOXES:
        found = next(walk, None)
        if found is None:
            return
        yield found
        place = found[2]


def _end_of_boxes(content: bytes, start: int, stop: int) -> int:
    """Behind the last box of the file that begins at `start`; `start` where there is none."""
    return max((end for _, _, end in file_boxes(content, start, stop)), default=start)


def _begin_of_samsung_trailer(content: bytes, end: int) -> int:
    """Where the data blocks of Samsung's trailer begin, or the end of the file without one.

    Layout from the back: "SEFT", size of the directory, the directory ("SEFH", version, number of
    entries, and for each the kind, its distance before the directory and its size), the blocks.
    """
    size = len(content)
    if not content.endswith(b"SEFT") or size < end + 20:
        return size
    length = int.from_bytes(content[size - 8 : size - 4], "little")
    head = size - 8 - length
    if head < end or content[head : head + 4] != b"SEFH" or length < 12:
        return size
    count = int.from_bytes(content[head + 8 : head + 12], "little")
    if length < 12 + 12 * count:
        return size
    begin = head
    for entry in range(count):
        distance = int.from_bytes(content[head + 16 + 12 * entry :][:4], "little")
        begin = min(begin, head - distance)
    return begin if begin >= end else size
