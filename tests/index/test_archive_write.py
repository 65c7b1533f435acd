"""What `ArchiveWriter.write` promises: idempotent, last message wins, closed stays closed."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from yanji.configs.errors import ArchiveError, UsageError
from yanji.index.cameras import Camera, camera_id_of
from yanji.index.check import check
from yanji.index.crops import crop_path, stored_files
from yanji.index.reader import read_archive
from yanji.ingest.gap import Gap
from yanji.reid.sighting import CropFile, Embedding

SECOND = 10**9


def make_crop(content: bytes) -> CropFile:
    import hashlib

    return CropFile(content, hashlib.sha256(content).hexdigest(), 8, 6, (1, 2, 9, 8), 0, 0.5)


def test_writing_twice_adds_nothing(writer, maker, folder):
    run = maker.run()
    writer.start_run(run)
    batch = [maker.sighting(n, run) for n in range(3)]
    first = writer.write(batch)
    with read_archive(folder) as reader:
        before = reader.sightings()
        second = writer.write(batch)
        after = reader.sightings()
    assert (first.stored, first.unchanged) == (3, 0)
    assert (second.stored, second.unchanged) == (0, 3)
    assert before == after
    assert len(before) == 3


def test_a_read_back_sighting_is_what_was_written(writer, maker, folder):
    run = maker.run()
    writer.start_run(run)
    crops = (make_crop(b"best"), make_crop(b"second"))
    sighting = maker.sighting(5, run, crops=crops, plate="湘D12345", stationary=True)
    writer.write([sighting])
    with read_archive(folder) as reader:
        stored = reader.sighting(sighting.sighting_id)
        assert (stored.camera_id, stored.run_id) == ("K01", run.run_id)
        assert (stored.first_ns, stored.last_ns) == (sighting.first_wall_ns, sighting.last_wall_ns)
        assert (stored.plate, stored.colour, stored.stationary) == ("湘D12345", "blue", True)
        assert stored.crops == (crops[0].sha256, crops[1].sha256)
        assert reader.crop_path(stored.crops[1]).read_bytes() == b"second"
        details = reader.crops(sighting.sighting_id)
        assert details[0].box_xyxy_px == (1.0, 2.0, 9.0, 8.0)
        model = sighting.embeddings[0]
        vector = reader.embedding(sighting.sighting_id, model.model_id, model.weights_sha256)
        assert np.allclose(vector.vector_D, model.vector_D, atol=1e-3)


@pytest.mark.parametrize("in_one_batch", [False, True])
def test_last_message_wins_and_closed_stays_closed(writer, maker, folder, in_one_batch):
    run = maker.run()
    writer.start_run(run)
    begun = maker.sighting(1, run, state="provisional")
    refreshed = replace(
        begun, last_wall_ns=begun.last_wall_ns + 30 * SECOND, crops=None, embeddings=None
    )
    closed = replace(refreshed, state="closed", plate="A1", last_wall_ns=begun.last_wall_ns + 40)
    late = replace(refreshed, plate="wrong")
    messages = [begun, refreshed, closed, late]
    for batch in [messages] if in_one_batch else [[message] for message in messages]:
        writer.write(batch)
    with read_archive(folder) as reader:
        (stored,) = reader.sightings()
    assert stored.state == "closed"
    assert stored.plate == "A1"
    assert stored.last_ns == closed.last_wall_ns
    assert stored.crops == (begun.crops[0].sha256,)  # crops=None kept them


def test_replaced_crops_are_unlinked_unless_another_sighting_names_them(writer, maker, folder):
    run = maker.run()
    writer.start_run(run)
    shared, own, better = make_crop(b"shared"), make_crop(b"own"), make_crop(b"better")
    one = maker.sighting(1, run, crops=(shared, own), state="provisional")
    two = maker.sighting(2, run, crops=(shared,))
    writer.write([one, two])
    writer.write([replace(one, crops=(better,))])
    assert {name for name, _, _ in stored_files(folder)} == {shared.sha256, better.sha256}
    writer.close()
    assert check(folder).problems == ()


def test_a_crop_that_comes_back_is_not_unlinked(writer, maker, folder):
    run = maker.run()
    writer.start_run(run)
    first, second = make_crop(b"first"), make_crop(b"second")
    one = maker.sighting(1, run, crops=(first,))
    for crop in (second, first, second, first):
        writer.write([replace(one, crops=(crop,))])
    assert {name for name, _, _ in stored_files(folder)} == {first.sha256}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"vehicle_class": "person"}, "class"),
        ({"last_wall_ns": 0}, "ends before"),
        ({"crops": (CropFile(b"x", "0" * 64, 1, 1, (0, 0, 1, 1), 0, 0.1),)}, "content"),
        ({"embeddings": (Embedding("m1", "0" * 64, np.full(16, np.nan, np.float32)),)}, "finite"),
        ({"embeddings": (Embedding("m1", "0" * 64, np.ones(16, np.float32)),)}, "unit"),
        ({"embeddings": (Embedding("m1", "0" * 64, np.ones((1, 1), np.float32)),)}, "one row"),
    ],
)
def test_a_poisoned_sighting_is_refused_and_the_others_are_stored(
    writer, maker, folder, change, reason
):
    run = maker.run()
    writer.start_run(run)
    good, bad = maker.sighting(1, run), replace(maker.sighting(2, run), **change)
    written = writer.write([bad, good])
    assert written.stored == 1
    assert [refusal.sighting_id for refusal in written.refused] == [bad.sighting_id]
    assert reason in written.refused[0].reason
    with read_archive(folder) as reader:
        assert [item.sighting_id for item in reader.sightings()] == [good.sighting_id]


def test_another_dimension_of_the_same_model_is_refused_and_nothing_is_stored(
    writer, maker, folder
):
    run = maker.run()
    writer.start_run(run)
    writer.write([maker.sighting(1, run)])
    weights = maker.sighting(1, run).embeddings[0].weights_sha256
    short = Embedding("m1", weights, np.array([1.0], np.float32))
    with pytest.raises(ArchiveError, match="1 numbers, the archive has 16"):
        writer.write([maker.sighting(2, run), maker.sighting(3, run, embeddings=(short,))])
    with read_archive(folder) as reader:
        assert reader.num_sightings() == 1


def test_a_run_must_be_started_and_its_camera_registered(writer, maker):
    with pytest.raises(ArchiveError, match="was not started"):
        writer.write([maker.sighting(1, maker.run())])
    with pytest.raises(ArchiveError, match="no camera 'K99'"):
        writer.start_run(maker.run("K99"))


def test_camera_ids_of_any_script_work_and_are_never_part_of_a_path(writer, maker, folder):
    camera_id = '路口 é‑ñ\\..:*?"<>| №1'
    writer.register_camera(Camera(unicodedata.normalize("NFD", camera_id), name="东"))
    run = maker.run(unicodedata.normalize("NFC", camera_id))
    writer.start_run(run)
    writer.write([maker.sighting(1, run)])
    with read_archive(folder) as reader:
        assert reader.sightings()[0].camera_id == unicodedata.normalize("NFC", camera_id)
        assert Camera(unicodedata.normalize("NFC", camera_id), name="东") in reader.cameras()
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*")]
    assert all(name.isascii() and "?" not in name for name in names)


@pytest.mark.parametrize("given", ["", "  ", "a/b", "a\nb", "a\x00", "x" * 65, "\u202eevil"])
def test_bad_camera_ids_are_refused(given):
    with pytest.raises(UsageError, match="not accepted"):
        camera_id_of(given)


def test_a_camera_keeps_its_place_when_registered_again_without_one(writer, folder):
    writer.register_camera(Camera("K01", "东门", 112.61, 26.89, 90.0))
    writer.register_camera(Camera("K01"))
    with read_archive(folder) as reader:
        assert reader.cameras()[0] == Camera("K01", "东门", 112.61, 26.89, 90.0)


def test_a_gap_is_closed_once_and_never_opened_again(writer, folder):
    writer.write_gaps([Gap("K01", 100, None, "lost")])
    writer.write_gaps([Gap("K01", 100, 300, "lost")])
    writer.write_gaps([Gap("K01", 100, None, "lost")])
    with read_archive(folder) as reader:
        assert reader.gaps() == [Gap("K01", 100, 300, "lost")]
        assert reader.gaps(from_ns=301) == []
        assert reader.gaps(to_ns=99) == []
        assert reader.gaps(cameras=frozenset({"K02"})) == []


def test_crop_names_from_outside_are_checked(folder: Path):
    with pytest.raises(ArchiveError):
        crop_path(folder, "../../etc/passwd")
