"""All that a request may use. One desk per server; everything in it is safe for several threads."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Annotated, cast
from zoneinfo import ZoneInfo

import anyio
from fastapi import Depends, Request

from yanji.api.questions import graph_of
from yanji.api.web.access import Access, Caller
from yanji.api.web.camera_board import CameraBoard
from yanji.api.web.live import LiveHub
from yanji.api.web.metrics import Metrics
from yanji.api.web.models import QueryModels
from yanji.api.web.snapshots import HeldSnapshots
from yanji.api.web.totals_board import TotalsBoard
from yanji.configs.settings import Settings
from yanji.configs.site import Site

# FEEDBACK
from yanji.index.feedback import FeedbackStore
from yanji.index.graph import RoadGraph
from yanji.index.reader import ArchiveReader

HEAVY_AT_ONCE = 4
"""Searches and traces that run at the same time; the others wait without a thread."""
UPLOADS_AT_ONCE = 8
"""Pictures that come in at the same time: each takes up to 20 MiB before it is decoded."""
DECODES_AT_ONCE = 2
"""Decoding 25 million pixels takes up to 250 MB."""


@dataclass(frozen=True, slots=True)
class Lanes:
    """How much long work runs at once; each lane is a bound on threads."""

    heavy: anyio.CapacityLimiter = field(
        default_factory=lambda: anyio.CapacityLimiter(HEAVY_AT_ONCE)
    )
    uploads: anyio.CapacityLimiter = field(
        default_factory=lambda: anyio.CapacityLimiter(UPLOADS_AT_ONCE)
    )
    decode: anyio.CapacityLimiter = field(
        default_factory=lambda: anyio.CapacityLimiter(DECODES_AT_ONCE)
    )


@dataclass(frozen=True, slots=True)
class Desk:
    """What the routes work with."""

    settings: Settings
    site: Site | None
    reader: ArchiveReader
    models: QueryModels
    snapshots: HeldSnapshots
    feedback: FeedbackStore
    access: Access
    cameras: CameraBoard
    hub: LiveHub
    totals: TotalsBoard
    metrics: Metrics
    pictures: Path | None
    """Folder of the cameras' latest pictures (`yanji.api.pictures`); None where there is none."""
    basemap: Path | None
    """The site's own map; None where there is none."""
    lanes: Lanes = field(default_factory=Lanes)
    started_s: float = field(default_factory=time.monotonic)
    version: str = field(default_factory=lambda: metadata.version("yanji"))

    @property
    def zone(self) -> ZoneInfo | None:
        """The site's time zone, for what is read and shown; None: times need an offset."""
        return self.site.zone if self.site is not None else None

    def graph(self) -> RoadGraph:
        """Roads of the site, else the places that the archive knows."""
        return graph_of(self.site, self.reader)


def desk_of(request: Request) -> Desk:
    """The desk of the app that a request came to."""
    return cast(Desk, request.app.state.desk)


def caller_of(request: Request) -> Caller:
    """Who sent a request; the guard has put it there."""
    return cast(Caller, request.state.caller)


DeskOf = Annotated[Desk, Depends(desk_of)]
CallerOf = Annotated[Caller, Depends(caller_of)]
