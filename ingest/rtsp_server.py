"""A small RTSP server for the demo, the bench and tests: plays the clips of a folder as cameras.

The child process runs the server of aio-rtsp-toolkit. It prints its port and then watches its
parent: when that dies, however it dies, the child ends within half a second.

Limits of that server: RTSP over TCP, H.264 or H.265 in .mp4 or .mkv without B-frames, no
passwords. The folder should hold nothing else that matters, as any file in it can be asked for.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import selectors
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from yanji.configs.errors import SourceError

HOST = "127.0.0.1"
START_TIMEOUT_S = 20.0
_PARENT_POLL_S = 0.3


@dataclass(frozen=True, slots=True)
class RtspServer:
    """A running server."""

    port: int
    pid: int
    """Of the child process; tests freeze and kill it."""

    def url_of(self, name: str, *, loop: bool = True) -> str:
        """Give the URL of the file `name` of the folder; it plays for ever, or once."""
        return f"rtsp://{HOST}:{self.port}/{quote(name)}?play_count={0 if loop else 1}"


@contextmanager
def serve_folder(folder: Path, port: int = 0) -> Iterator[RtspServer]:
    """Serve `folder` on the loopback interface until the block is left.

    Port 0 takes a free one. The server answers when the block begins.

    Raises:
        SourceError: the folder is missing, or the server does not start (port in use).
    """
    if not folder.is_dir():
        raise SourceError(f"there is no folder {folder}", hint="check the path")
    child = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "yanji.ingest.rtsp_server",
            *("--folder", str(folder.absolute()), "--port", str(port)),
            *("--parent", str(os.getpid())),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield RtspServer(port=_announced_port(child), pid=child.pid)
    finally:
        child.kill()  # it holds nothing that needs an orderly end, and may be frozen
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


def _announced_port(child: subprocess.Popen[bytes]) -> int:
    if child.stdout is None:
        raise SourceError("the RTSP server has no output")
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        ready = selector.select(START_TIMEOUT_S)
    line = child.stdout.readline() if ready else b""
    if not line.strip().isdigit():
        raise SourceError("the RTSP server did not start", hint="is its port in use already?")
    return int(line)


async def _serve(folder: Path, port: int, parent: int) -> None:
    from aio_rtsp_toolkit.server import RtspServer as Server

    silent = os.open(os.devnull, os.O_WRONLY)
    announce = os.dup(1)
    os.dup2(silent, 1)  # the server logs every request to stdout, which nobody reads
    server = await Server(str(folder), host=HOST, port=port).start()
    bound = server._server.sockets[0].getsockname()[1]
    os.write(announce, f"{bound}\n".encode())
    os.close(announce)
    serving = asyncio.ensure_future(server.serve_forever())
    while os.getppid() == parent and not serving.done():
        await asyncio.sleep(_PARENT_POLL_S)
    os._exit(0)  # streaming threads of the server would keep a plain exit waiting


def main(arguments: list[str] | None = None) -> None:
    """Run in the child; not a command for users."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    given = parser.parse_args(arguments)
    asyncio.run(_serve(given.folder, given.port, given.parent))


if __name__ == "__main__":
    main()
