"""The manifest of recordings: a CSV file with the columns `camera_id,path,start`.

A row may leave `start` empty: it is then looked for in the file's name and in the file.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from yanji.configs.errors import UsageError, YanjiError

COLUMNS = ("camera_id", "path", "start")
MAX_BYTES = 64 * 1024 * 1024
"""A million rows; anything larger is not a manifest."""


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One recording to index."""

    line: int
    """Line in the file, counted from 1 (the header is line 1)."""
    camera_id: str
    """Unicode NFC, without blanks around it; otherwise as written."""
    path: Path
    started_ns: int | None
    """Wall time of the first frame, nanoseconds since 1970 UTC; None where the row gives none."""


@dataclass(frozen=True, slots=True)
class ManifestProblem:
    """A row that cannot be used; the others go on."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """All rows, good and bad, in the order of the file."""

    rows: tuple[ManifestRow, ...]
    problems: tuple[ManifestProblem, ...]


def read_manifest(path: Path, parse_time: Callable[[str], int]) -> Manifest:
    """Read a manifest.

    `parse_time` turns ISO 8601 text into ns since 1970 UTC and raises a `YanjiError` for text it
    refuses (a naive time without a site). Paths are relative to the manifest's own folder. UTF-8
    with or without BOM, or GB 18030 (what a Chinese spreadsheet writes); comma, semicolon or tab,
    as in the header; further columns are ignored, empty rows skipped.

    Raises:
        UsageError: the manifest itself cannot be read, is empty or lacks a column.
    """
    text = _text(path)
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[ManifestRow] = []
    problems: list[ManifestProblem] = []
    try:
        names = {name.strip().lower(): name for name in reader.fieldnames or () if name}
        missing = [name for name in COLUMNS if name not in names]
        if missing:
            raise UsageError(
                f"{path} has no column {', '.join(missing)}",
                hint=f"its first line must be {','.join(COLUMNS)}",
            )
        for record in reader:
            values = {name: (record[names[name]] or "").strip() for name in COLUMNS}
            if not any(values.values()):
                continue
            try:
                rows.append(_row(reader.line_num, values, path.parent, parse_time))
            except YanjiError as error:
                problems.append(ManifestProblem(reader.line_num, error.message))
    except csv.Error as error:
        raise UsageError(f"{path} line {reader.line_num} is not CSV: {error}") from None
    if not rows and not problems:
        raise UsageError(f"{path} names no recording", hint="add one line for each recording")
    return Manifest(tuple(rows), tuple(problems))


def _row(
    line: int, values: dict[str, str], folder: Path, parse_time: Callable[[str], int]
) -> ManifestRow:
    empty = [name for name in COLUMNS if not values[name] and name != "start"]
    if empty:
        raise UsageError(f"{', '.join(empty)} is empty")
    if "\0" in values["path"]:
        raise UsageError("path holds a NUL character")
    path = folder / values["path"]
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    return ManifestRow(
        line=line,
        camera_id=unicodedata.normalize("NFC", values["camera_id"]),
        path=path,
        started_ns=parse_time(values["start"]) if values["start"] else None,
    )


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"{path} is too large for a manifest")
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the manifest {path}: {error.strerror}") from None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UsageError(f"{path} is not a text file", hint="save it as CSV in UTF-8")
