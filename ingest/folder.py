"""PATH... of a command line becomes a list of recordings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from yanji.ingest.containers import VIDEO_SUFFIXES


@dataclass(frozen=True, slots=True)
class PathProblem:
    """A path that gives no recording; the others go on."""

    path: Path
    message: str


@dataclass(frozen=True, slots=True)
class Recordings:
    """The files found, each once, in the order given (inside a folder: sorted by path)."""

    files: tuple[Path, ...]
    problems: tuple[PathProblem, ...]


def find_recordings(paths: Iterable[Path]) -> Recordings:
    """Expand files and folders.

    A file that is named is taken whatever its suffix. A folder is searched to the bottom, links to
    folders included (each real folder once, so a loop ends), for `VIDEO_SUFFIXES`; hidden files
    and folders (`.name`, thus also half-copied `.name.part` and `._name`) are skipped.
    """
    files: dict[Path, Path] = {}
    problems: list[PathProblem] = []
    for path in paths:
        if path.is_dir():
            found = list(_walk(path, problems))
            if not found:
                problems.append(PathProblem(path, f"there is no recording in {path}"))
        elif path.exists():
            found = [path]
        else:
            found = []
            problems.append(PathProblem(path, f"there is no file {path}"))
        for file in found:
            files.setdefault(file.resolve(), file)
    return Recordings(tuple(files.values()), tuple(problems))


def _walk(folder: Path, problems: list[PathProblem]) -> Iterator[Path]:
    seen: set[tuple[int, int]] = set()
    found: list[Path] = []

    def report(error: OSError) -> None:
        where = Path(error.filename)
        problems.append(PathProblem(where, f"cannot read {where}: {error.strerror}"))

    for parent, folders, names in os.walk(folder, followlinks=True, onerror=report):
        status = os.stat(parent)
        identity = (status.st_dev, status.st_ino)
        if identity in seen:
            folders.clear()
            continue
        seen.add(identity)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            path = Path(parent, name)
            wanted = path.suffix.lower() in VIDEO_SUFFIXES and not name.startswith(".")
            if wanted and path.is_file():
                found.append(path)
    yield from sorted(found, key=lambda path: path.parts)
