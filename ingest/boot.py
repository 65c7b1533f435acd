"""Which boot of the host this is: orders runs of one box across jumps of its clock."""

from __future__ import annotations

import uuid
from functools import cache
from pathlib import Path

BOOT_ID_PATH = Path("/proc/sys/kernel/random/boot_id")


@cache
def boot_id() -> str:
    """Give the id of the running boot, the same for every process of the host until it restarts.

    Where the kernel offers none (no Linux, a sealed container) the id is drawn at random once per
    process and begins with `process-`: runs of different processes then never look as if they
    could be ordered by it.
    """
    return read_boot_id(BOOT_ID_PATH)


def read_boot_id(path: Path) -> str:
    """Read the id from `path`, or draw one; see `boot_id`."""
    try:
        return str(uuid.UUID(path.read_text(encoding="ascii").strip()))
    except (OSError, ValueError):
        return f"process-{uuid.uuid4()}"
