"""Forms with a picture: read into memory, never into a file; the picture's file name is ignored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from yanji.api.web.body_limit import MAX_PICTURE_BYTES, TooLargeError
from yanji.api.web.problems import RequestError

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

FILE = "file"
READ_S = 120.0
"""A line that broke must not keep one of the few places of uploads for ever."""
MAX_FIELD_BYTES = 8_192
MAX_PARTS = 1_100
MAX_PART_HEADER_BYTES = 8_192


@dataclass(frozen=True, slots=True)
class UploadForm:
    """What a form held."""

    content: bytes = field(repr=False)
    fields: dict[str, list[str]]


async def read_form(request: Request, fields: frozenset[str] = frozenset()) -> UploadForm:
    """Read `multipart/form-data` with one part `file` and text parts of the names given.

    Raises:
        RequestError: `too_slow`; not such a form, no or several files, or a part that is not known.
        TooLargeError: the picture is larger than 20 MiB; nothing is read any further.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise RequestError(
            "The request is no form with a picture.",
            hint="Send multipart/form-data with the picture in the part `file`.",
        )
    reading = _Reading(fields)
    try:
        parser = MultipartParser(boundary, reading.callbacks())
        with anyio.fail_after(READ_S):
            async for piece in request.stream():
                parser.write(piece)
        parser.finalize()
    except TimeoutError:
        raise RequestError("The picture took too long to arrive.", code="too_slow") from None
    except (FormParserError, UnicodeDecodeError):
        raise RequestError("The form is damaged or cut off.") from None
    if not reading.is_complete:
        raise RequestError("The form is damaged or cut off.")
    if reading.content is None:
        raise RequestError("The form has no part `file`.", hint="The picture belongs there.")
    return UploadForm(bytes(reading.content), reading.fields)


class _Reading:
    """A form while it comes in."""

    def __init__(self, known: frozenset[str]) -> None:
        self._known = known
        self._num_parts = 0
        self._num_header_bytes = 0
        self._header_name = bytearray()
        self._header_value = bytearray()
        self._disposition = b""
        self._name = ""
        self._text = bytearray()
        self.content: bytearray | None = None
        self.fields: dict[str, list[str]] = {}
        self.is_complete = False

    def callbacks(self) -> MultipartCallbacks:
        """For the parser."""
        return {
            "on_part_begin": self._part_begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_text,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._part_data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    def _part_begin(self) -> None:
        self._num_parts += 1
        if self._num_parts > MAX_PARTS:
            raise RequestError("The form has too many parts.")
        self._num_header_bytes = 0
        self._disposition = b""
        self._text = bytearray()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._header_name += data[start:end]

    def _header_text(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._header_value += data[start:end]

    def _count_header(self, num_bytes: int) -> None:
        self._num_header_bytes += num_bytes
        if self._num_header_bytes > MAX_PART_HEADER_BYTES:
            raise RequestError("A part of the form has too long headers.")

    def _header_end(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._disposition = bytes(self._header_value)
        self._header_name = bytearray()
        self._header_value = bytearray()

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if self._name == FILE:
            if self.content is not None:
                raise RequestError("The form has several parts `file`.", hint="Send one picture.")
            self.content = bytearray()
        elif self._name not in self._known:
            known = ", ".join(f"`{name}`" for name in sorted({FILE, *self._known}))
            raise RequestError("The form has an unknown part.", hint=f"Known: {known}.")

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._name == FILE and self.content is not None:
            if len(self.content) + end - start > MAX_PICTURE_BYTES:
                raise TooLargeError(is_picture=True)
            self.content += data[start:end]
        else:
            if len(self._text) + end - start > MAX_FIELD_BYTES:
                raise RequestError("A field of the form is too long.")
            self._text += data[start:end]

    def _part_end(self) -> None:
        if self._name != FILE:
            self.fields.setdefault(self._name, []).append(self._text.decode("utf-8"))

    def _end(self) -> None:
        self.is_complete = True
