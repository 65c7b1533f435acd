"""The log as JSON lines in files that are rotated, beside the plain one on stderr.

Every process has a file of its own: `yanji.log` in the settings makes `yanji-run.log`,
`yanji-worker-0.log`, `yanji-writer.log`, `yanji-server.log`. A file that two processes rotate loses
lines, and a queue to one process loses the last words of the one that dies, which are those that
matter. A lock on the file keeps a second process off it, be it a second `yanji run` or a
process that was replaced and is not quite dead; it then logs on stderr alone, and says so there.
"""

from __future__ import annotations

import fcntl
import io
import json
import logging
import logging.handlers
import sys
import time
from pathlib import Path
from typing import Final

from yanji.api.logs import start_logging
from yanji.configs.errors import SettingsError
from yanji.configs.settings import Settings

log = logging.getLogger(__name__)

_MB: Final = 1_000_000


class JsonLine(logging.Formatter):
    """One JSON object for each record, on one line."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Give `time` (UTC), `level`, `logger`, `process`, `message`, and `exception` if any."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        document = {
            "time": f"{moment}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": self._process,
            "message": record.getMessage(),
        }
        if record.exc_info:
            document["exception"] = self.formatException(record.exc_info)
        return json.dumps(document, ensure_ascii=False)


class RotatedFile(logging.handlers.RotatingFileHandler):
    """A file that belongs to this process alone as long as it is open."""

    def __init__(self, path: Path, process: str, *, max_bytes: int, keep: int) -> None:
        """Open the file.

        Raises:
            OSError: it cannot be written, or another process has it (`BlockingIOError`).
        """
        self._num_failures = 0
        """Since the last record that was written."""
        super().__init__(
            path, maxBytes=max_bytes, backupCount=keep, encoding="utf-8", errors="backslashreplace"
        )
        self.setFormatter(JsonLine(process))

    def _open(self) -> io.TextIOWrapper:
        stream = super()._open()
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            stream.close()
            raise
        return stream

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; what fails stops nothing."""
        before = self._num_failures
        super().emit(record)
        if self._num_failures == before:
            self._num_failures = 0

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Tell a failure once, on stderr: a full disk would fill the terminal as well."""
        if not self._num_failures:
            error = sys.exc_info()[1]
            sys.stderr.write(f"the log file {self.baseFilename} cannot be written: {error}\n")
        self._num_failures += 1


def log_path(settings: Settings, process: str) -> Path | None:
    """The file of one process; None where no file is wanted."""
    path = settings.log_file
    return None if path is None else path.with_name(f"{path.stem}-{process}{path.suffix}")


def log_to_file(settings: Settings, process: str) -> None:
    """Write the log of this process into its file as well, if the settings name one.

    Raises:
        SettingsError: the file cannot be written.
    """
    path = log_path(settings, process)
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatedFile(
            path, process, max_bytes=settings.log_max_mb * _MB, keep=settings.log_keep
        )
    except BlockingIOError:
        raise SettingsError(
            f"Another process writes the log file {path}.",
            hint="Give each installation its own log_file.",
        ) from None
    except OSError as error:
        raise SettingsError(
            f"The log file {path} cannot be written: {error.strerror}.",
            hint="Correct log_file.",
        ) from None
    logging.getLogger().addHandler(handler)


def start_process_logging(settings: Settings, process: str) -> None:
    """Set up the log of a child process; without its file it works all the same, and says so."""
    start_logging(settings.log_level)
    try:
        log_to_file(settings, process)
    except SettingsError as error:
        log.warning("%s It logs here only.", error.message)
