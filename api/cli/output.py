"""How answers and errors are printed."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from yanji.configs.errors import YanjiError


def print_json(document: object, *, indent: int | None = 2) -> None:
    """One JSON document on stdout; Chinese stays readable where the terminal can show it."""
    text = json.dumps(document, ensure_ascii=False, indent=indent)
    if text != _shown(text):
        text = json.dumps(document, ensure_ascii=True, indent=indent)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def print_line(text: str = "") -> None:
    """One line on stdout."""
    sys.stdout.write(_shown(text) + "\n")


def _shown(text: str) -> str:
    """What stdout cannot encode (an old locale, a file name that is no text) as an escape."""
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def note(text: str) -> None:
    """One line on stderr: progress and remarks never mix with an answer."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def print_error(error: YanjiError, *, as_json: bool) -> None:
    """One clear sentence and what to do next; no traceback."""
    if as_json:
        print_json({"error": {"code": error.code, "message": error.message, "hint": error.hint}})
        return
    note(f"yanji: {error.message}")
    if error.hint:
        note(f"       {error.hint}")


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns aligned by their widest cell; wide (CJK) characters count double."""
    cells = [list(heads), *[list(row) for row in rows]]
    widths = [max(_width(row[column]) for row in cells) for column in range(len(heads))]
    return [
        "  ".join(
            text + " " * (width - _width(text)) for text, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in cells
    ]


def _width(text: str) -> int:
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)
