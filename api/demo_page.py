"""The page beside the demo: open before anything is played, and after the answer until Ctrl-C."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urlencode

from yanji.api.client import Client
from yanji.api.plan import CameraStates
from yanji.api.server_child import ServerChild
from yanji.api.web.server_plan import ServerPlan, page_link, token_of
from yanji.api.writer_process import open_archive
from yanji.configs.errors import YanjiError
from yanji.configs.settings import Settings
from yanji.configs.site import Site
from yanji.configs.times import format_time

if TYPE_CHECKING:
    from yanji.api.demo import DemoResult

log = logging.getLogger(__name__)


@dataclass
class DemoPage:
    """The page's server. It belongs to the demo, because the supervisor ends with the clips."""

    settings: Settings
    pictures: Path
    """Folder of the cameras' latest pictures."""
    on_ready: Callable[[str], None]
    """Told the link to the page as soon as it answers."""
    make_server: Callable[[ServerPlan], ServerChild] = ServerChild
    server: ServerChild | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.server is not None:
            self.server.stop()

    def open(self, site: Site, archive: Path) -> None:
        """Make the archive, so that there is one to show, and start the server on it.

        Raises:
            YanjiError: the server cannot start (its port is in use).
        """
        with open_archive(archive, self.settings):
            pass
        self.server = self.make_server(
            ServerPlan(
                settings=self.settings,
                site=site,
                archive=archive,
                token=token_of(self.settings),
                live=True,
                pictures=self.pictures,
                host=self.settings.api.host,
                port=self.settings.api.port,
                warm=False,
            )
        )
        self.server.wait_until_ready()
        self.on_ready(page_link(self._url, self.server.plan.token))

    def link_to(self, result: DemoResult) -> str:
        """Upload the snapshot and link to its trace; the server loads its models with that.

        The plain link if the server does not take the snapshot: the answer was printed anyway.
        """
        assert self.server is not None  # noqa: S101 - opened before anything was played
        token = self.server.plan.token
        number, reason = result.case.number, result.case.reason
        try:
            with Client(self._url, token, case=number, reason=reason) as client:
                snapshot_id = client.upload(result.query.path).snapshot_id
        except YanjiError as error:
            log.error("the page did not take the snapshot: %s", error.message)
            return page_link(self._url, token)
        route = trace_route(result, snapshot_id)
        return page_link(self._url, token, to=route, case=number, reason=reason)

    def stay(self) -> None:
        """Keep the page up until Ctrl-C; the cameras are shown as recorded."""
        assert self.server is not None  # noqa: S101 - opened before anything was played
        try:
            while True:
                self.server.tend(lambda: CameraStates((), None))
                time.sleep(0.25)
        except KeyboardInterrupt:
            return

    @property
    def _url(self) -> str:
        beat = self.server.beat if self.server is not None else None
        return beat.url if beat is not None else ""


def trace_route(result: DemoResult, snapshot_id: str) -> str:
    """The address, within the page, of the demo's question."""
    question = {
        "snapshot": snapshot_id,
        "box": ",".join(f"{edge:.0f}" for edge in result.query.box),
        "at": result.point.camera_id,
        "time": format_time(result.point.first_ns, result.site.zone),
        "window": str(result.window_s),
    }
    return "/trace?" + urlencode(question, safe=",:")


def has_display(platform: str, environment: Mapping[str, str]) -> bool:
    """Whether a browser could open a window here."""
    displays = (environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    return platform == "darwin" or any(displays)
