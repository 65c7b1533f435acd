"""Opens what a server works with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yanji.api.query import load_models
from yanji.api.web.access import Access
from yanji.api.web.camera_board import CameraBoard
from yanji.api.web.desk import Desk
from yanji.api.web.live import LiveHub
from yanji.api.web.metrics import Metrics
from yanji.api.web.models import LoadModels, QueryModels
from yanji.api.web.snapshots import HeldSnapshots
from yanji.api.web.totals_board import TotalsBoard
from yanji.api.web.words import camera_infos, sighting_info
from yanji.configs.settings import Settings
from yanji.configs.site import Site
from yanji.index.feedback import FeedbackStore
from yanji.index.reader import read_archive


@contextmanager
def open_desk(
    settings: Settings,
    site: Site | None,
    archive: Path,
    token: str,
    *,
    live: bool = False,
    pictures: Path | None = None,
    load: LoadModels = load_models,
) -> Iterator[Desk]:
    """Open an archive and all that is needed to answer questions about it; closed at the end.

    Raises:
        ArchiveError: there is no archive, or it cannot be read.
    """
    with read_archive(archive) as reader, FeedbackStore.open(archive) as feedback:
        hub = LiveHub(
            reader,
            lambda: camera_infos(desk),
            lambda sighting: sighting_info(sighting, desk.zone),
        )
        desk = Desk(
            settings=settings,
            site=site,
            reader=reader,
            models=QueryModels(settings, load),
            snapshots=HeldSnapshots(),
            feedback=feedback,
            access=Access(token),
            cameras=CameraBoard(live=live),
            hub=hub,
            totals=TotalsBoard(reader),
            metrics=Metrics(),
            pictures=pictures,
            basemap=site.basemap if site is not None else None,
        )
        yield desk
