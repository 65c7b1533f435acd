"""What is true of a recording whatever decodes it: is it readable, what is its content id."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

from yanji.configs.errors import SourceError
from yanji.ingest.boot import boot_id
from yanji.ingest.frame import Run, run_id_of

NOT_A_VIDEO_HINT = "play it with a video player to see whether it is damaged"
CUT_HINT = "the recorder was cut off before it wrote the index; repair it with its vendor's tool"
HEAD_BYTES = 512


def check_regular_file(path: Path) -> int:
    """Give the size in bytes, or say in a `SourceError` why this is no file to read."""
    try:
        status = path.stat()
    except FileNotFoundError:
        raise SourceError(f"there is no file {path}", hint="check the path") from None
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from None
    if stat.S_ISDIR(status.st_mode):
        raise SourceError(f"{path} is a folder, not a recording", hint="give a file of it")
    if not stat.S_ISREG(status.st_mode):
        raise SourceError(f"{path} is not a regular file")
    return status.st_size


def file_sha256(path: Path) -> str:
    """Give the sha256 (64 hex digits) of a file's content, read as a stream.

    Raises:
        SourceError: the file is missing, not a regular file, or not readable.
    """
    check_regular_file(path)
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(
            f"cannot read {path}: {error.strerror}", hint="check the permissions"
        ) from None


def text_of(path: Path) -> str:
    """Write a path as text that can be stored: names on Linux are bytes, in any old encoding."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")


def recording_run(path: Path, camera_id: str, started_ns: int, sha256: str) -> Run:
    """Build the run of a recording; the same file, camera and start always give the same id."""
    return Run(
        run_id=run_id_of(sha256, camera_id, started_ns),
        camera_id=camera_id,
        kind="file",
        source=text_of(Path(path.name)),
        started_ns=started_ns,
        boot_id=boot_id(),
        content_sha256=sha256,
    )
