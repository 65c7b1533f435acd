"""A fake camera in a process of its own, which may be stopped and killed."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from yanji.ingest.fake_camera import FakeCamera
from yanji.ingest.fake_film import Film
from yanji.ingest.fake_footage import Scene
from yanji.ingest.fake_script import Script

START_TIMEOUT_S = 30.0


@contextmanager
def fake_camera_process(
    scene: Scene | Film | None = None,
    port: int = 0,
    password: tuple[str, str] | None = None,
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run a camera that shows `scene`, on `port` (0: a free one).

    Returns:
        Its port, 0 where it did not start within `START_TIMEOUT_S`, and its process.
    """
    scene = scene or Scene()
    order = {
        "kind": "film" if isinstance(scene, Film) else "scene",
        "scene": {name: _plain(value) for name, value in asdict(scene).items()},
        "port": port,
        "password": password,
        "parent": os.getpid(),
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "yanji.ingest.fake_camera_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert child.stdin is not None  # noqa: S101
        assert child.stdout is not None  # noqa: S101
        # Not as arguments: these are seen by everybody on the host, the password among them.
        child.stdin.write(json.dumps(order).encode())
        child.stdin.close()
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            line = child.stdout.readline() if selector.select(START_TIMEOUT_S) else b""
        yield int(line or b"0"), child
    finally:
        child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


def main() -> None:
    """Run in the child; not a command for users."""
    order = json.load(sys.stdin)
    told = order["scene"]
    scene = Film(Path(told.pop("path")), **told) if order["kind"] == "film" else Scene(**told)
    password = order["password"]
    script = Script(scene=scene, password=None if password is None else tuple(password))
    script.footage()
    camera = FakeCamera(script, order["port"])
    sys.stdout.write(f"{camera.port}\n")
    sys.stdout.flush()
    while os.getppid() == order["parent"]:
        time.sleep(0.3)
    os._exit(0)


if __name__ == "__main__":
    main()
