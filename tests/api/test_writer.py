from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Client, Listener
from pathlib import Path

import numpy as np
import pytest

from yanji.api.messages import (
    FileBegun,
    FileFinished,
    FileProgress,
    Message,
    Outage,
    RunEnded,
    RunStarted,
    Seen,
)
from yanji.api.writer import Intake, apply_message, merged
from yanji.configs.errors import DiskFullError
from yanji.index.cameras import Camera
from yanji.index.reader import read_archive
from yanji.index.writer import ArchiveWriter, open_archive
from yanji.ingest.frame import Run
from yanji.ingest.gap import Gap
from yanji.reid.sighting import Embedding, Sighting

KEY = b"test"
RUN = Run("a" * 32, "K01", "rtsp", "rtsp://camera/1", 1_000, "boot", None)


def sighting(number: int, run: Run = RUN, **changes: object) -> Sighting:
    vector_D = np.zeros(4, np.float32)
    vector_D[number % 4] = 1
    base = Sighting(
        sighting_id=f"{number:032x}",
        run=run,
        state="closed",
        stationary=False,
        first_wall_ns=2_000,
        last_wall_ns=3_000,
        first_stream_s=0.0,
        last_stream_s=1.0,
        vehicle_class="car",
        class_score=1.0,
        colour=None,
        plate=None,
        quality=0.5,
        crops=(),
        embeddings=(Embedding("m", "0" * 64, vector_D),),
    )
    return dataclasses.replace(base, **changes)  # type: ignore[arg-type]


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[ArchiveWriter]:
    with open_archive(tmp_path / "archive", low_water_bytes=0) as archive:
        archive.register_camera(Camera("K01"))
        yield archive


class Station:
    """An intake at work in a thread, and one worker's connection to it."""

    def __init__(self, archive: ArchiveWriter, address: Path) -> None:
        self.seen: list[Message] = []
        self.intake = Intake(
            archive, Listener(str(address), authkey=KEY), on_message=self.seen.append
        )
        self.stop = threading.Event()
        self.intake.start()
        self.address = str(address)
        self.thread = threading.Thread(
            target=self.intake.work, args=(self.stop.is_set,), kwargs={"idle_s": 0.02}
        )
        self.thread.start()

    def connect(self) -> Client:  # type: ignore[valid-type]
        return Client(self.address, authkey=KEY)

    def close(self) -> None:
        self.stop.set()
        self.thread.join(10)
        self.intake.stop_accepting()


@pytest.fixture
def station(archive: ArchiveWriter, tmp_path: Path) -> Iterator[Station]:
    station = Station(archive, tmp_path / "socket")
    yield station
    station.close()


def test_acknowledged_means_committed(station: Station, archive: ArchiveWriter) -> None:
    worker = station.connect()
    worker.send((0, RunStarted(RUN)))
    worker.send((1, Seen((sighting(1), sighting(2)))))
    acknowledged = -1
    while acknowledged < 1:
        assert worker.poll(10)
        acknowledged = worker.recv()
    with read_archive(archive.folder) as reader:
        assert reader.num_sightings() == 2


def test_one_bad_sighting_does_not_take_the_others_with_it(
    station: Station, archive: ArchiveWriter
) -> None:
    stranger = dataclasses.replace(RUN, run_id="b" * 32, camera_id="K99")
    worker = station.connect()
    worker.send((0, RunStarted(RUN)))
    worker.send((1, Seen((sighting(1), sighting(2, stranger), sighting(3)))))
    acknowledged = -1
    while acknowledged < 1:
        assert worker.poll(10)
        acknowledged = worker.recv()
    with read_archive(archive.folder) as reader:
        assert reader.num_sightings() == 2
    assert station.intake.state.num_rejected >= 1


def test_a_worker_that_dies_in_the_middle_of_a_message_disturbs_nobody(
    station: Station, archive: ArchiveWriter
) -> None:
    dying, living = station.connect(), station.connect()
    dying._send(b"\x00\x00\x10\x00half a message")  # a length, and less than that
    dying.close()
    living.send((0, RunStarted(RUN)))
    living.send((1, Seen((sighting(1),))))
    acknowledged = -1
    while acknowledged < 1:
        assert living.poll(10)
        acknowledged = living.recv()
    deadline = time.monotonic() + 5
    while station.intake.num_connections > 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert station.intake.num_connections == 1


def test_a_full_disk_is_waited_for_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = {"bytes": 10**12}
    monkeypatch.setattr("yanji.api.writer._RETRY_FULL_S", 0.05)
    with open_archive(
        tmp_path / "archive", low_water_bytes=10**9, free=lambda folder: free["bytes"]
    ) as archive:
        archive.register_camera(Camera("K01"))
        station = Station(archive, tmp_path / "socket")
        worker = station.connect()
        worker.send((0, RunStarted(RUN)))
        assert worker.poll(10)
        worker.recv()
        free["bytes"] = 10**8
        worker.send((1, Seen((sighting(1),))))
        assert not worker.poll(0.5), "acknowledged although nothing could be written"
        assert station.intake.state.state == "disk_full"
        assert "full" in station.intake.state.detail or "free" in station.intake.state.detail
        free["bytes"] = 10**12
        assert worker.poll(10)
        worker.recv()
        assert station.intake.state.state == "writing"
        with read_archive(archive.folder) as reader:
            assert reader.num_sightings() == 1
        station.close()


def test_a_disk_that_stays_full_ends_with_an_error_when_told_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yanji.api.writer._RETRY_FULL_S", 0.05)
    free = {"bytes": 10**12}
    with open_archive(
        tmp_path / "archive", low_water_bytes=10**9, free=lambda folder: free["bytes"]
    ) as archive:
        archive.register_camera(Camera("K01"))
        archive.start_run(RUN)
        free["bytes"] = 0
        intake = Intake(archive, Listener(str(tmp_path / "socket"), authkey=KEY))
        with pytest.raises(DiskFullError):
            intake._commit([Seen((sighting(1),))], lambda: True)
        intake.stop_accepting()


def test_every_message_may_come_twice(archive: ArchiveWriter, tmp_path: Path) -> None:
    recording = Run("c" * 32, "K01", "file", "a.mp4", 5_000, "boot", "d" * 64)
    messages: list[Message] = [
        RunStarted(RUN),
        Outage(Gap("K01", 10, None, "lost")),
        Outage(Gap("K01", 10, 20, "lost")),
        Seen((sighting(1),)),
        RunEnded(RUN.run_id, 4_000, "lost"),
        FileBegun(recording, "a.mp4"),
        Seen((sighting(2, recording),)),
        FileFinished(recording.run_id, 9_000, 1, None, "key"),
    ]
    for message in messages:
        apply_message(archive, message)
    with read_archive(archive.folder) as reader:
        before = (reader.sightings(), reader.gaps(), [run.run_id for run in reader.runs()])
    intake = Intake(archive, Listener(str(tmp_path / "socket"), authkey=KEY))
    for message in messages:
        intake._apply(message)
    intake.stop_accepting()
    assert intake.state.num_rejected == 0
    with read_archive(archive.folder) as reader:
        after = (reader.sightings(), reader.gaps(), [run.run_id for run in reader.runs()])
    assert [s.sighting_id for s in after[0]] == [s.sighting_id for s in before[0]]
    assert after[1:] == before[1:]


def test_a_batch_writes_neighbouring_sightings_at_once_and_keeps_the_order_of_the_rest() -> None:
    recording = Run("c" * 32, "K01", "file", "a.mp4", 5_000, "boot", "d" * 64)
    one, two, three = sighting(1), sighting(2), sighting(3)
    late = FileProgress(recording.run_id, 9.0, 10.0, "key")
    finished = FileFinished(recording.run_id, 9_000, 3, None, "key")
    batch: list[Message] = [
        FileBegun(recording, "a.mp4"),
        Seen((one,)),
        FileProgress(recording.run_id, 5.0, 10.0, "key"),
        Seen((two,)),
        RunEnded(RUN.run_id, 4_000, "lost"),
        Seen((three,)),
        late,
        finished,
    ]
    assert merged(batch) == [
        FileBegun(recording, "a.mp4"),
        Seen((one, two)),
        RunEnded(RUN.run_id, 4_000, "lost"),
        Seen((three,)),
        finished,
        late,
    ]
    assert merged([]) == []
