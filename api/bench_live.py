"""`yanji run` as a process of its own, watching cameras that a bench plays to it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from yanji.configs.errors import YanjiError
from yanji.configs.settings import ENV_PREFIX, Settings

STATUS_S: Final = 0.5
END_S: Final = 60.0
PASSED_ON: Final = ("runtime", "precision", "detector", "embedder")
"""Settings that the process is given; all others are the defaults."""


@dataclass
class LiveRun:
    """The process, and what it says of itself."""

    process: subprocess.Popen[str]
    began_ns: int
    """Host wall time just before it was started, ns since 1970 UTC."""
    archive: Path
    statuses: list[dict[str, Any]] = field(default_factory=list)
    """Every status line so far, see `yanji.api.status.status_document`."""

    def last(self) -> dict[str, Any]:
        """The newest status; empty before the first.

        Raises:
            YanjiError: the process has ended.
        """
        if self.process.poll() is not None:
            raise YanjiError(
                "`yanji run` ended before the measurement did.",
                hint="Its own message stands above.",
            )
        return self.statuses[-1] if self.statuses else {}

    def process_id(self, role: str) -> int | None:
        """Of `writer`, `worker-0`, ..., once it has been told."""
        found = self.last().get("processes", {}).get(role)
        return None if found is None else int(found)

    def wait_until_all_up(self, limit_s: float) -> None:
        """Wait until every camera gives pictures.

        Raises:
            YanjiError: not in this time.
        """
        until_s = time.monotonic() + limit_s
        while time.monotonic() < until_s:
            cameras = self.last().get("cameras", [])
            if cameras and all(camera["state"] == "up" for camera in cameras):
                return
            time.sleep(0.1)
        states = [
            " ".join(filter(None, (camera["state"], camera["problem"])))
            for camera in self.last().get("cameras", [])
        ]
        raise YanjiError(
            f"The bench's cameras were not all up after {limit_s:.0f} s: "
            f"{', '.join(states) or 'nothing was said of them'}."
        )


@contextlib.contextmanager
def running(folder: Path, urls: Mapping[str, str], settings: Settings) -> Iterator[LiveRun]:
    """Run one worker on cameras at `urls` (by id), without the page, until the block is left.

    Args:
        folder: for the site and the archive; nothing else lies in it.
        urls: `rtsp://` of each camera.
        settings: models, runtime and precision.
    """
    site = folder / "site.yaml"
    lines = [f'  - {{id: "{name}", url: "{url}"}}\n' for name, url in urls.items()]
    site.write_text(
        "site: {name: bench, timezone: UTC}\ncameras:\n" + "".join(lines), encoding="utf-8"
    )
    archive = folder / "archive"
    own = {name: text for name, text in os.environ.items() if not name.startswith(ENV_PREFIX)}
    given = {f"{ENV_PREFIX}{key.upper()}": str(getattr(settings, key)) for key in PASSED_ON}
    began_ns = time.time_ns()
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "yanji.api.cli", "run", "-c", str(site)),
            *("--archive", str(archive), "--workers", "1", "--no-page"),
            *("--json", "--status-every", str(STATUS_S)),
        ],
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**own, **given, f"{ENV_PREFIX}LOG_LEVEL": "error"},
    ) as process:
        run = LiveRun(process, began_ns, archive)
        reader = threading.Thread(target=_read, args=(run,), daemon=True)
        reader.start()
        try:
            yield run
        finally:
            if process.poll() is None:
                process.terminate()
            try:
                process.wait(END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            reader.join(END_S)


def _read(run: LiveRun) -> None:
    assert run.process.stdout is not None  # noqa: S101 - opened as a pipe
    for line in run.process.stdout:
        with contextlib.suppress(json.JSONDecodeError):
            said = json.loads(line)
            if "cameras" in said:
                run.statuses.append(said)
