"""`check` finds and mends what breaks its promises; `reembed` moves an archive to a new model."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from yanji.configs.errors import ArchiveBusyError, ArchiveError, ModelError
from yanji.index.check import QUARANTINE, check
from yanji.index.crops import crop_path
from yanji.index.hit import Filter
from yanji.index.reader import read_archive
from yanji.index.reembed import reembed
from yanji.index.search import search
from yanji.ingest.frame import BgrImage
from yanji.reid.sighting import CropFile, Embedding


class MeanColour:
    """An embedder: the mean colour, and a constant."""

    model_id = "mean-colour"
    weights_sha256 = hashlib.sha256(b"mean-colour 1").hexdigest()
    dimension = 4

    def __init__(self, fail_after: int | None = None) -> None:
        self.num_crops = 0
        self._fail_after = fail_after

    def embed(self, crops: Sequence[BgrImage]):
        self.num_crops += len(crops)
        if self._fail_after is not None and self.num_crops > self._fail_after:
            raise KeyboardInterrupt
        rows = [[*crop.reshape(-1, 3).mean(axis=0), 50.0] for crop in crops]
        rows_ND = np.array(rows, np.float32).reshape(-1, 4)
        return rows_ND / np.linalg.norm(rows_ND, axis=1, keepdims=True)


def picture(number: int) -> CropFile:
    colour = (number * 7 % 256, number * 31 % 256, number * 101 % 256)
    image = np.full((24, 32, 3), colour, np.uint8)
    jpeg = cv2.imencode(".jpg", image)[1].tobytes()
    return CropFile(jpeg, hashlib.sha256(jpeg).hexdigest(), 32, 24, (0, 0, 32, 24), 0, 0.5)


@pytest.fixture
def filled(writer, maker):
    run = maker.run()
    writer.start_run(run)
    batch = [maker.sighting(n, run, crops=(picture(n), picture(n + 1000))) for n in range(150)]
    writer.write(batch)
    return batch


def query_of(embedder: MeanColour, sighting) -> Embedding:
    images = [
        cv2.imdecode(np.frombuffer(crop.jpeg, np.uint8), cv2.IMREAD_COLOR)
        for crop in sighting.crops
    ]
    mean_D = embedder.embed(images).mean(axis=0)
    unit_D = mean_D / np.linalg.norm(mean_D)
    return Embedding(embedder.model_id, embedder.weights_sha256, unit_D)


def test_a_healthy_archive_has_no_problems_also_beside_its_writer(writer, filled, folder):
    names = {crop.sha256 for item in filled for crop in item.crops}
    report = check(folder)
    assert (report.problems, report.ok) == ((), True)
    assert (report.num_sightings, report.num_crops) == (150, len(names))
    with pytest.raises(ArchiveBusyError):
        check(folder, repair=True)


def test_reembed_is_resumed_where_it_stopped(writer, filled, folder):
    with pytest.raises(KeyboardInterrupt):
        reembed(writer, MeanColour(fail_after=200))
    with read_archive(folder) as reader:
        assert [(m.num_vectors, m.active) for m in reader.models()] == [(150, True), (64, False)]
    told = []
    embedder = MeanColour()
    done = reembed(writer, embedder, lambda now, total: told.append((now, total)))
    assert (done.embedded, done.already, done.unreadable, done.dropped) == (86, 64, 0, 0)
    assert embedder.num_crops == 2 * 86
    assert told == [(128, 150), (150, 150)]
    with read_archive(folder) as reader:
        assert [(m.num_vectors, m.active) for m in reader.models()] == [(150, False), (150, True)]
        query = query_of(embedder, filled[17])
        answer = search(reader, query, Filter(), 1)
        assert answer.hits[0].score == pytest.approx(1, abs=1e-3)
        assert answer.searched == 150
        # The old vectors stay until they are dropped.
        old = filled[17].embeddings[0]
        assert search(reader, old, Filter(), 1).hits[0].sighting.sighting_id == (
            filled[17].sighting_id
        )
        assert reembed(writer, embedder, drop_old=True).dropped == 150
        with pytest.raises(ModelError):
            search(reader, old, Filter(), 1)
        assert search(reader, query, Filter(), 1).searched == 150
    assert old.vector_D.astype("<f2").tobytes() not in (folder / "archive.db").read_bytes()
    writer.close()
    assert check(folder).problems == ()


def test_an_unreadable_crop_keeps_its_old_vector(writer, filled, folder):
    for crop in filled[3].crops:
        crop_path(folder, crop.sha256).unlink()
    with pytest.raises(ArchiveError, match="1 sightings have no readable crop"):
        reembed(writer, MeanColour(), drop_old=True)
    with read_archive(folder) as reader:
        assert [m.num_vectors for m in reader.models()] == [150, 149]


def test_every_broken_promise_is_found_and_mended(writer, filled, folder):
    writer.close()
    lost, damaged = filled[1].crops[0], filled[2].crops[0]
    crop_path(folder, lost.sha256).unlink()
    crop_path(folder, damaged.sha256).write_bytes(b"other bytes")
    orphan = crop_path(folder, "e" * 64)
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"x")
    young = folder / "crops" / "ee" / "stray.txt"
    young.write_bytes(b"x")
    os.utime(orphan, (1_000_000, 1_000_000))
    with sqlite3.connect(folder / "archive.db") as raw:
        keys = {
            name: raw.execute(
                "SELECT sighting_key FROM sightings WHERE sighting_id = ?", (item.sighting_id,)
            ).fetchone()[0]
            for name, item in (("nan", filled[5]), ("short", filled[6]), ("none", filled[7]))
        }
        nan = np.full(16, np.nan, "<f2").tobytes()
        raw.execute("UPDATE vectors SET vector = ? WHERE sighting_key = ?", (nan, keys["nan"]))
        raw.execute("UPDATE vectors SET vector = x'00' WHERE sighting_key = ?", (keys["short"],))
        raw.execute("DELETE FROM vectors WHERE sighting_key = ?", (keys["none"],))
    raw.close()
    found = check(folder)
    assert not found.ok
    assert sorted(problem.kind for problem in found.problems) == [
        "crop_damaged",
        "crop_missing",
        "orphan",
        "vector_bad",
        "vector_bad",
        "vector_missing",
    ]
    mended = check(folder, repair=True)
    assert sorted(p.kind for p in mended.problems if p.repaired) == [
        "crop_damaged",
        "crop_missing",
        "orphan",
        "orphan",  # alone with the archive, the young file is one too
        "vector_bad",
        "vector_bad",
    ]
    assert (folder / QUARANTINE / f"{damaged.sha256}.jpg").read_bytes() == b"other bytes"
    left = check(folder)
    assert [problem.kind for problem in left.problems] == ["vector_missing"] * 3
    assert left.num_sightings == 150
    with read_archive(folder) as reader:
        assert len(reader.sighting(filled[1].sighting_id).crops) == 1


def test_a_torn_database_is_named_not_hidden(writer, filled, folder):
    writer.close()
    database = folder / "archive.db"
    content = bytearray(database.read_bytes())
    for page in range(3, len(content) // 4096, 2):
        content[page * 4096 : page * 4096 + 512] = bytes(512)
    database.write_bytes(content)
    report = check(folder)
    assert report.problems
    assert {problem.kind for problem in report.problems} == {"database"}
    assert not report.ok


def test_a_missing_archive_is_not_made_by_checking(tmp_path):
    with pytest.raises(ArchiveError, match="there is no archive"):
        check(tmp_path / "none", repair=True)
    assert not (tmp_path / "none").exists()
