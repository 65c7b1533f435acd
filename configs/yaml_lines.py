"""Read a YAML settings file so that every value keeps its line and its spelling.

Scalars stay text: `id: 007` is the camera 007 and not 7, `name: no` is a name and not False;
the settings' models turn text into numbers. What makes a file mean something else than it seems
to is refused: keys given twice, tags, anchors and aliases, a second document.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import yaml

from yanji.configs.finding import Finding, Location

Value: TypeAlias = "str | list[Value] | dict[str, Value] | None"

LARGEST_FILE_BYTES = 32_000_000
"""About 100,000 cameras; more is a mistaken file name, not a site."""
_DEEPEST = 20
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Only events are used, so no value is ever constructed: safe with any file.


@dataclass(frozen=True, slots=True)
class Document:
    """The content of one settings file."""

    path: Path
    value: dict[str, Value]
    """Empty when the file cannot be read at all."""
    lines: dict[Location, int]
    """Line of every value and, for a key of a mapping, of the key; counted from 1."""
    problems: tuple[Finding, ...]
    """Errors of the file as such; the values of a key given twice are those given first."""


class _UnreadableError(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


@dataclass(slots=True)
class _Reader:
    events: Iterator[yaml.Event]
    lines: dict[Location, int] = field(default_factory=dict)
    problems: list[Finding] = field(default_factory=list)

    def read(self, event: yaml.Event, location: Location) -> Value:
        line = _line(event)
        self.lines.setdefault(location, line)
        if len(location) > _DEEPEST:
            raise _unreadable("is nested too deeply", line)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _unreadable("uses an anchor or alias (& or *)", line, "Write the value out.")
        if getattr(event, "tag", None) not in (None, "!"):
            raise _unreadable("uses a tag (!)", line, "Write the plain value.")
        if isinstance(event, yaml.ScalarEvent):
            plain = event.implicit[0]
            return None if plain and event.value in _NULLS else str(event.value)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(location)
        return self._mapping(location)

    def _list(self, location: Location) -> Value:
        items: list[Value] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.read(event, (*location, len(items))))
        return items

    def _mapping(self, location: Location) -> Value:
        mapping: dict[str, Value] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            line = _line(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise _unreadable("has a key that is not plain text", line)
            key = str(event.value)
            place = (*location, key)
            if key in mapping:
                first = self.lines[place]
                self.problems.append(
                    Finding(
                        "error",
                        "duplicate_key",
                        f"`{key[:40]}` is given twice, first on line {first}.",
                        "Keep one of the two.",
                        line,
                    )
                )
                # Read past the second value; its lines must not overwrite those of the first.
                known = dict(self.lines)
                self.read(next(self.events), place)
                self.lines = known
                continue
            self.lines[place] = line
            mapping[key] = self.read(next(self.events), place)
        return mapping


def read_document(path: Path) -> Document:
    """Read a settings file. Never raises for what the file holds: see `Document.problems`."""
    try:
        text = _text_of(path)
        return _parsed(path, text)
    except _UnreadableError as error:
        return Document(path, {}, {}, (error.finding,))


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE_BYTES + 1)
    except FileNotFoundError:
        raise _unreadable("does not exist", None, "Check the path.", "missing_file") from None
    except OSError as error:
        raise _unreadable(f"cannot be read: {error.strerror}", None, code="missing_file") from None
    if len(raw) > LARGEST_FILE_BYTES:
        raise _unreadable(f"is larger than {LARGEST_FILE_BYTES // 1_000_000} MB", None)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _unreadable("is not UTF-8 text", line, "Save it as UTF-8.", "not_utf8") from None


def _parsed(path: Path, text: str) -> Document:
    reader = _Reader(iter(yaml.parse(text, Loader=_Loader)))
    try:
        value = _one_document(reader)
    except yaml.MarkedYAMLError as error:
        # The text around the mark is left out of the message: it may hold a password.
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else None
        raise _unreadable(f"is not YAML: {error.problem or error.context}", line) from None
    except yaml.YAMLError:
        # A ReaderError, the one kind without a mark; its own text would quote the file.
        line = _line_of_control(text)
        raise _unreadable("holds a character that YAML does not allow", line) from None
    if value is None:
        raise _unreadable("is empty", 1, "configs/*.example.yaml show what belongs in it.", "empty")
    if not isinstance(value, dict):
        raise _unreadable("is not a mapping of keys to values", 1, "Start with `key: value`.")
    return Document(path, value, reader.lines, tuple(reader.problems))


def _one_document(reader: _Reader) -> Value:
    value: Value = None
    num_documents = 0
    for event in reader.events:
        if isinstance(event, yaml.DocumentStartEvent):
            num_documents += 1
            if num_documents > 1:
                raise _unreadable("holds a second document (---)", _line(event))
            value = reader.read(next(reader.events), ())
    return value


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return mark.line + 1 if mark is not None else 1


def _line_of_control(text: str) -> int | None:
    for number, line in enumerate(text.split("\n"), start=1):
        if not all(c.isprintable() or c in "\t\r" for c in line):
            return number
    return None


def _unreadable(
    what: str, line: int | None, hint: str = "", code: str = "bad_file"
) -> _UnreadableError:
    return _UnreadableError(Finding("error", code, f"The file {what}.", hint, line))
