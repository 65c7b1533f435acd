"""The tree of errors that a user can meet, drawn first.

Every error carries three things: a `code` (stable, for programs), a message (one sentence that
says what is wrong) and a `hint` (one sentence that says what to do next, may be empty). The
command line prints them without a traceback and leaves with `exit_code`:
1 failed or partly failed, 2 wrong usage, 3 nothing found.

Only `SourceError` and its children with `retryable = True` are tried again, by the capture loop.
Passwords never enter a message: see `yanji.ingest.rtsp`.
"""

from __future__ import annotations


class YanjiError(Exception):
    """Something failed in a way that a user can act on."""

    code = "failed"
    exit_code = 1

    def __init__(self, message: str, *, hint: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code

    def __reduce__(self) -> tuple[object, ...]:
        """Errors cross process borders: keep hint and code."""
        return (_rebuild, (type(self), self.message, self.hint, self.code))


def _rebuild(kind: type[YanjiError], message: str, hint: str, code: str) -> YanjiError:
    return kind(message, hint=hint, code=code)


class UsageError(YanjiError):
    """The command, a setting or a value is not one that yanji accepts (exit 2)."""

    code = "usage"
    exit_code = 2


class SettingsError(UsageError):
    """`site.yaml` or `yanji.yaml` is wrong; the message names file and line."""

    code = "settings"


class NothingFoundError(YanjiError):
    """The question was fine and the answer is empty (exit 3)."""

    code = "nothing_found"
    exit_code = 3


class ModelError(YanjiError):
    """A model file is missing, changed, or gives other answers than its golden vectors."""

    code = "model"


class PictureError(YanjiError):
    """A snapshot cannot be read: damaged, too large, or not a picture."""

    code = "picture"


class SourceError(YanjiError):
    """A camera or a recording cannot be read."""

    code = "source"
    retryable = False


class UnreachableError(SourceError):
    """The camera does not answer; raised while connecting; tried again by the capture loop."""

    code = "unreachable"
    retryable = True


class LostError(SourceError):
    """An established connection ended, broke or went silent; tried again by the capture loop."""

    code = "lost"
    retryable = True


class CredentialsError(SourceError):
    """The camera refused the user name or password; tried again slowly, shown as a state."""

    code = "credentials"
    retryable = True


class NotAVideoError(SourceError):
    """A file holds no decodable video (a text file named .mp4, zero bytes, audio only)."""

    code = "not_a_video"


class ArchiveError(YanjiError):
    """The archive cannot be opened, read or written."""

    code = "archive"


class ArchiveBusyError(ArchiveError):
    """Another process already writes this archive."""

    code = "archive_busy"


class ArchiveTooNewError(ArchiveError):
    """The archive was written by a newer yanji; nothing was touched."""

    code = "archive_too_new"


class DiskFullError(ArchiveError):
    """The disk is at its low-water mark: intake stops, what is stored stays readable."""

    code = "disk_full"


class AuditError(YanjiError):
    """The audit record cannot be written (no answer leaves) or does not verify."""

    code = "audit"
