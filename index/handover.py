"""Clock offsets for an archive that another process is writing.

A box watches for months; stopping it to set a clock would cost a gap. So whoever learns an offset
leaves it as a small file in the archive's folder, and the process that owns the archive takes it
in within a second or two, or the next one at its start. A file is there whole or not at all, and
taking it in twice changes nothing.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from yanji.configs.errors import ArchiveError, DiskFullError
from yanji.index.writer import ArchiveWriter

_log = logging.getLogger(__name__)

FOLDER: Final = "handover"
"""In the archive's folder."""
MAX_BYTES: Final = 10_000
"""Of one file; larger ones were not written here."""


@dataclass(frozen=True, slots=True)
class OffsetOrder:
    """An offset to write, see `ArchiveWriter.set_clock_offset`."""

    camera_id: str
    valid_from_ns: int
    offset_s: float
    sigma_s: float
    source: str


def hand_over(archive: Path, orders: Iterable[OffsetOrder]) -> tuple[Path, ...]:
    """Leave offsets for the archive's writer, in their order.

    Returns:
        The files; each is gone when it has been taken in.
    """
    folder = archive / FOLDER
    folder.mkdir(exist_ok=True)
    made: list[Path] = []
    for number, order in enumerate(orders):
        name = f"{time.time_ns():020d}-{number:04d}-{secrets.token_hex(4)}.json"
        hidden = folder / f".{name}"
        with hidden.open("w", encoding="utf-8") as stream:
            json.dump(asdict(order), stream, ensure_ascii=False)
            stream.flush()
            os.fsync(stream.fileno())
        made.append(hidden.rename(folder / name))
    return tuple(made)


def take_over(writer: ArchiveWriter) -> int:
    """Take in what was left; a file that cannot be used is logged and put aside as `.bad`.

    Returns:
        How many offsets were written.

    Raises:
        DiskFullError: the files stay for the next time.
    """
    folder = writer.folder / FOLDER
    try:
        waiting = sorted(path for path in folder.iterdir() if path.suffix == ".json")
    except FileNotFoundError:
        return 0
    num = 0
    for path in waiting:
        if path.name.startswith("."):
            continue  # somebody is writing it
        try:
            order = _read(path)
            writer.set_clock_offset(
                order.camera_id, order.valid_from_ns, order.offset_s, order.sigma_s, order.source
            )
        except DiskFullError:
            raise
        except (ArchiveError, ValueError, TypeError, OSError) as error:
            _log.error("the offset in %s was not taken in: %s", path, error)
            path.replace(path.with_suffix(".bad"))
            continue
        path.unlink(missing_ok=True)
        num += 1
        _log.info("camera %s: its clock is %+.2f s ahead", order.camera_id, order.offset_s)
    return num


def _read(path: Path) -> OffsetOrder:
    if path.stat().st_size > MAX_BYTES:
        raise ValueError("it is too large")
    order = OffsetOrder(**json.loads(path.read_text(encoding="utf-8")))
    numbers = (order.offset_s, order.sigma_s)
    if not all(isinstance(number, (int, float)) and abs(number) < 1e12 for number in numbers):
        raise ValueError("its numbers are none")
    if not isinstance(order.valid_from_ns, int) or order.sigma_s < 0:
        raise ValueError("its numbers are none")
    return order
