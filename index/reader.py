"""Reading an archive from any process, beside its writer. All times are corrected times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
from sqlalchemy import Connection, Engine, func, select

from yanji.configs.errors import ArchiveError, NothingFoundError
from yanji.index.blocks import Blocks, Changes
from yanji.index.cameras import Camera
from yanji.index.counters import batches, current
from yanji.index.crops import crop_path
from yanji.index.gaps import gaps_between, open_gaps
from yanji.index.hit import Filter, StoredSighting
from yanji.index.listing import by_time, first_sightings
from yanji.index.migrations import found_version, migrations, refuse_newer
from yanji.index.models import StoredModel, newest_weights, read_models
from yanji.index.runs import StoredRun, read_runs
from yanji.index.select import StoredCrop, crops_of, select_sightings, visible
from yanji.index.spans import counts_of_cameras, latest_of_cameras, time_span
from yanji.index.sqlite import DATABASE, archive_errors, open_for_reading
from yanji.index.tables import CAMERAS, MODELS, SIGHTINGS, VECTORS
from yanji.ingest.gap import Gap
from yanji.reid.embedder import Vectors
from yanji.reid.sighting import Embedding


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One moment of the archive: everything read through it belongs together."""

    connection: Connection
    seq: int


class ArchiveReader:
    """Reads one archive; cheap to keep open. Safe for several threads."""

    def __init__(self, folder: Path, engine: Engine, *, backend: str = "faiss") -> None:
        self.folder = folder
        self._engine = engine
        self.blocks = Blocks(backend)

    @classmethod
    def open(cls, folder: Path, *, backend: str = "faiss") -> ArchiveReader:
        """Same as `read_archive`."""
        return read_archive(folder, backend=backend)

    def __enter__(self) -> ArchiveReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        self._engine.dispose()

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """One read transaction."""
        with archive_errors(self.folder), self._engine.begin() as connection:
            yield Snapshot(connection, current(connection, "seq"))

    def refresh(self) -> Changes:
        """Take in what was written since the last call: changed and deleted sightings.

        Searching does it by itself; pages that follow the archive call it every second or two.
        """
        # The lock first: a thread with an older snapshot must not find newer blocks.
        with self.blocks.lock, self.snapshot() as now:
            return self.blocks.catch_up(now.connection, now.seq)

    def cameras(self) -> list[Camera]:
        """All cameras, by id."""
        with self.snapshot() as now:
            rows = now.connection.execute(select(CAMERAS).order_by(CAMERAS.c.camera_id)).all()
        return [
            Camera(row.camera_id, row.name, row.longitude, row.latitude, row.heading_deg)
            for row in rows
        ]

    def sighting(self, sighting_id: str) -> StoredSighting:
        """One sighting.

        Raises:
            NothingFoundError: it is not there (or its recording is not finished).
        """
        with self.snapshot() as now:
            found = list(
                select_sightings(now.connection, None, SIGHTINGS.c.sighting_id == sighting_id)
            )
        if not found:
            raise NothingFoundError(
                f"the archive has no sighting {sighting_id}", hint="it may have been deleted"
            )
        return found[0]

    def sightings(
        self, wanted: Filter | None = None, *, limit: int | None = None, newest_first: bool = False
    ) -> list[StoredSighting]:
        """Sightings that the filter keeps, by corrected time, then id.

        A sighting is kept when its time in view overlaps `from_ns..to_ns` (both included).
        """
        with self.snapshot() as now:
            if limit is None:
                found = list(select_sightings(now.connection, wanted or Filter()))
                found.sort(key=by_time, reverse=newest_first)
                return found
            return first_sightings(now.connection, wanted or Filter(), limit, newest_first)

    def sightings_page(
        self,
        wanted: Filter | None = None,
        *,
        after: tuple[int, str] | None = None,
        limit: int,
        newest_first: bool = True,
    ) -> list[StoredSighting]:
        """A page of sightings by corrected first time, then id.

        `after`: first time and id of the last sighting of the page before; the next page begins
        behind it, whatever has come or gone meanwhile. Only the days that the page touches are
        read. A clock offset that is learned between two pages can repeat or pass over sightings.
        """
        with self.snapshot() as now:
            kept = wanted or Filter()
            return first_sightings(now.connection, kept, limit, newest_first, after)

    def sightings_of(self, sighting_ids: Iterable[str]) -> dict[str, StoredSighting]:
        """Sightings by id; unknown ones are not in it."""
        with self.snapshot() as now:
            return {
                seen.sighting_id: seen
                for batch in batches(sorted(set(sighting_ids)))
                for seen in select_sightings(
                    now.connection, None, SIGHTINGS.c.sighting_id.in_(batch)
                )
            }

    def vectors_of(
        self, sighting_ids: Iterable[str], model_id: str, weights_sha256: str
    ) -> dict[str, Vectors]:
        """(D,) float32 vectors of one model by sighting id; those without one are not in it."""
        query = (
            select(SIGHTINGS.c.sighting_id, VECTORS.c.vector)
            .join_from(VECTORS, SIGHTINGS, VECTORS.c.sighting_key == SIGHTINGS.c.sighting_key)
            .join(MODELS, MODELS.c.model_key == VECTORS.c.model_key)
            .where(MODELS.c.model_id == model_id, MODELS.c.weights_sha256 == weights_sha256)
            .where(visible())
        )
        with self.snapshot() as now:
            return {
                row.sighting_id: np.frombuffer(row.vector, dtype="<f2").astype(np.float32)
                for batch in batches(sorted(set(sighting_ids)))
                for row in now.connection.execute(query.where(SIGHTINGS.c.sighting_id.in_(batch)))
            }

    def sightings_since(self, seq: int) -> list[StoredSighting]:
        """New and changed sightings after the `seq` of the last one seen, oldest change first."""
        with self.snapshot() as now:
            found = list(select_sightings(now.connection, None, SIGHTINGS.c.seq > seq))
        return sorted(found, key=lambda item: (item.seq, item.first_ns, item.sighting_id))

    def num_sightings_since(self, seq: int) -> int:
        """How many `sightings_since` would read: a recording brings in thousands in one go."""
        with self.snapshot() as now:
            query = select(func.count()).select_from(SIGHTINGS)
            query = query.where(SIGHTINGS.c.seq > seq, visible())
            return int(now.connection.execute(query).scalar_one())

    def crops(self, sighting_id: str) -> tuple[StoredCrop, ...]:
        """The crops of a sighting, best first, with their boxes and (corrected) times."""
        with self.snapshot() as now:
            return crops_of(now.connection, sighting_id)

    def crop_path(self, sha256: str) -> Path:
        """The file of a crop.

        Raises:
            ArchiveError: not a crop's name.
            NothingFoundError: it is gone.
        """
        path = crop_path(self.folder, sha256)
        if not path.is_file():
            raise NothingFoundError(f"crop {sha256[:12]}… is gone", hint="it may have been deleted")
        return path

    def embedding(self, sighting_id: str, model_id: str, weights_sha256: str) -> Embedding:
        """The vector of a sighting by one model.

        Raises:
            NothingFoundError: the sighting has no vector of that model.
        """
        query = (
            select(VECTORS.c.vector)
            .join_from(VECTORS, SIGHTINGS, VECTORS.c.sighting_key == SIGHTINGS.c.sighting_key)
            .join(MODELS, MODELS.c.model_key == VECTORS.c.model_key)
            .where(SIGHTINGS.c.sighting_id == sighting_id, visible())
            .where(MODELS.c.model_id == model_id, MODELS.c.weights_sha256 == weights_sha256)
        )
        with self.snapshot() as now:
            blob = now.connection.execute(query).scalar()
        if blob is None:
            raise NothingFoundError(
                f"sighting {sighting_id} has no vector of model {model_id}",
                hint="`yanji archive reembed` makes them from the stored crops",
            )
        vector_D = np.frombuffer(blob, dtype="<f2").astype(np.float32)
        return Embedding(model_id, weights_sha256, vector_D)

    def models(self) -> list[StoredModel]:
        """Models that have vectors here; counts them, which takes a while in a large archive."""
        with self.snapshot() as now:
            return read_models(now.connection)

    def newest_weights(self, model_id: str) -> str | None:
        """Weights (sha256) of the model of a name, see `yanji.index.models.newest_weights`."""
        with self.snapshot() as now:
            return newest_weights(now.connection, model_id)

    def gaps(
        self,
        from_ns: int | None = None,
        to_ns: int | None = None,
        cameras: frozenset[str] | None = None,
    ) -> list[Gap]:
        """Outages that overlap a time, in corrected times, oldest first."""
        with self.snapshot() as now:
            return gaps_between(now.connection, from_ns, to_ns, cameras)

    def open_gaps(self) -> list[Gap]:
        """Outages that last, by camera; of one camera the newest last."""
        with self.snapshot() as now:
            return open_gaps(now.connection)

    def runs(self, camera_id: str | None = None) -> list[StoredRun]:
        """Runs and recordings, unfinished ones too. Times are wall times."""
        with self.snapshot() as now:
            return read_runs(now.connection, camera_id)

    def time_span(self) -> tuple[int, int] | None:
        """About the first and last moment of the archive, see `yanji.index.spans`."""
        with self.snapshot() as now:
            return time_span(now.connection)

    def latest_of_cameras(self) -> dict[str, int]:
        """Corrected last moment of each camera's newest sighting."""
        with self.snapshot() as now:
            return latest_of_cameras(now.connection)

    def counts_of_cameras(self) -> dict[str, int]:
        """Sightings of each camera that has some."""
        with self.snapshot() as now:
            return counts_of_cameras(now.connection)

    def num_sightings(self) -> int:
        """How many sightings readers see."""
        with self.snapshot() as now:
            query = select(func.count()).select_from(SIGHTINGS).where(visible())
            return int(now.connection.execute(query).scalar_one())


def read_archive(folder: Path, *, backend: str = "faiss") -> ArchiveReader:
    """Open an archive for reading, beside a living writer or in a read-only folder.

    Raises:
        ArchiveTooNewError: written by a newer yanji.
        ArchiveError: there is none, or it cannot be read.
    """
    database = folder / DATABASE
    if not database.is_file():
        raise ArchiveError(
            f"there is no archive in {folder}",
            hint="give --archive DIR, or make one with `yanji index` or `yanji run`",
            code="no_archive",
        )
    known = migrations()
    version = found_version(database)
    refuse_newer(version, known, str(folder))
    if version < len(known):
        raise ArchiveError(
            f"archive {folder} has the older schema {version}",
            hint="any command that writes to it (`yanji check --repair`) brings it up to date",
            code="archive_old",
        )
    return ArchiveReader(folder, open_for_reading(database), backend=backend)
