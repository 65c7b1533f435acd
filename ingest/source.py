"""What every source of frames looks like: the one seam between cameras and the rest."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Protocol, Self

from yanji.ingest.frame import Frame, Run


class Connection(Protocol):
    """One unbroken run of a source. Iterating ends when a recording ends.

    A live connection never ends quietly: end of stream, a false read and an exception all
    become `LostError`.
    """

    @property
    def run(self) -> Run:
        """The run that every frame of this connection belongs to."""
        ...

    def __iter__(self) -> Iterator[Frame]:
        """Yield every decoded frame in order."""
        ...

    def close(self) -> None:
        """Release the decoder and the socket; safe to call twice."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Source(Protocol):
    """A camera or a recording that can be connected to, again and again."""

    @property
    def camera_id(self) -> str:
        """Public id of the camera."""
        ...

    def connect(self) -> Connection:
        """Open one run.

        Raises:
            UnreachableError, CredentialsError: live source, worth another try later.
            NotAVideoError, SourceError: not worth another try.
        """
        ...
