"""Colours that an archive lacks are named from its crops; a stopped pass goes on."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from yanji.index import recolour as module
from yanji.index.check import check
from yanji.index.crops import crop_path
from yanji.index.hit import Filter
from yanji.index.reader import read_archive
from yanji.index.recolour import recolour
from yanji.index.search import search
from yanji.reid.sighting import CropFile

PAINTS = ((40, 30, 170), (150, 90, 35), (228, 231, 230))
NAMES = ("red", "blue", "white")


def picture(paint: tuple[int, int, int], number: int) -> CropFile:
    """A body of one paint on road, as a stored crop; each is another file."""
    image = np.full((60, 80, 3), 105, np.float32)
    image[8:52, 8:72] = paint
    image[16:26, 20:60] = 42
    image += np.random.default_rng(number).normal(0, 3, image.shape)
    jpeg = cv2.imencode(".jpg", np.clip(image, 0, 255).astype(np.uint8))[1].tobytes()
    return CropFile(jpeg, hashlib.sha256(jpeg).hexdigest(), 80, 60, (0, 0, 80, 60), 0, 0.5)


@pytest.fixture
def filled(writer, maker):
    """150 sightings of three paints as an older yanji wrote them, and one that has its colour."""
    run = maker.run()
    writer.start_run(run)
    batch = [
        maker.sighting(n, run, crops=(picture(PAINTS[n % 3], n),), colour=None) for n in range(150)
    ]
    batch.append(
        maker.sighting(150, run, crops=(picture(PAINTS[0], 150),), colour="green", colour_score=0.6)
    )
    writer.write(batch)
    return batch


def colours(folder) -> dict[str, str | None]:
    with read_archive(folder) as reader:
        return {one.sighting_id: one.colour for one in reader.sightings(limit=1000)}


def test_missing_colours_are_named_and_the_others_stay(writer, filled, folder) -> None:
    told: list[tuple[int, int]] = []
    with read_archive(folder) as reader:
        query = filled[3].embeddings[0]
        only_red = Filter(colours=frozenset({"red"}), only_known=True)
        assert search(reader, query, only_red, 200).hits == ()
        done = recolour(writer, lambda now, total: told.append((now, total)))
        assert (done.named, done.doubtful, done.unreadable) == (150, 0, 0)
        assert told == [(64, 150), (128, 150), (150, 150)]
        # A reader that was open before sees them too.
        found = search(reader, query, only_red, 200).hits
        assert {hit.sighting.sighting_id for hit in found} == {
            one.sighting_id for one in filled[0:150:3]
        }
        assert all(0.5 <= (hit.sighting.colour_score or 0) <= 1 for hit in found)
    after = colours(folder)
    for number, one in enumerate(filled[:150]):
        assert after[one.sighting_id] == NAMES[number % 3]
    assert after[filled[150].sighting_id] == "green"
    writer.close()
    assert check(folder).problems == ()


def test_a_stopped_pass_goes_on_and_a_whole_one_is_not_done_again(
    writer, filled, folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = module.name_colour
    num_asked = 0

    def stopping(after: int) -> Callable[..., object]:
        def name(*arguments: object) -> object:
            nonlocal num_asked
            num_asked += 1
            if num_asked > after:
                raise KeyboardInterrupt
            return real(*arguments)  # type: ignore[arg-type]

        return name

    monkeypatch.setattr(module, "name_colour", stopping(100))
    with pytest.raises(KeyboardInterrupt):
        recolour(writer)
    # Whole batches only.
    assert sum(one is not None for one in colours(folder).values()) == 64 + 1
    num_asked = 0
    monkeypatch.setattr(module, "name_colour", stopping(1000))
    assert recolour(writer).named == 86
    assert num_asked == 86
    assert recolour(writer).named == 0
    assert num_asked == 86


def test_doubt_is_not_looked_at_twice_but_other_weights_begin_anew(
    writer, filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "name_colour", lambda *_: None)
    assert recolour(writer).doubtful == 150
    assert recolour(writer).doubtful == 0
    card = module.load_colour_card().model_copy(update={"sha256": "7" * 64})
    monkeypatch.setattr(module, "load_colour_card", lambda: card)
    assert recolour(writer).doubtful == 150


def test_black_and_unreadable_crops_give_no_colour(writer, maker, folder) -> None:
    run = maker.run()
    writer.start_run(run)
    black = picture((0, 0, 0), 1)
    jpeg = cv2.imencode(".jpg", np.zeros((40, 40, 3), np.uint8))[1].tobytes()
    black = CropFile(jpeg, hashlib.sha256(jpeg).hexdigest(), 40, 40, (0, 0, 40, 40), 0, 0.5)
    dot = cv2.imencode(".jpg", np.full((1, 1, 3), 90, np.uint8))[1].tobytes()
    small = CropFile(dot, hashlib.sha256(dot).hexdigest(), 1, 1, (0, 0, 1, 1), 0, 0.5)
    lost = picture(PAINTS[1], 2)
    batch = [
        maker.sighting(n, run, crops=(crop,), colour=None)
        for n, crop in enumerate((black, small, lost))
    ]
    writer.write(batch)
    crop_path(folder, lost.sha256).unlink()
    done = recolour(writer)
    assert (done.named, done.doubtful, done.unreadable) == (0, 1, 2)
    assert set(colours(folder).values()) == {None}


def test_an_archive_of_schema_4_gets_its_colours(writer, filled, folder) -> None:
    """What the migration leaves: no score beside no colour."""
    with sqlite3.connect(folder / "archive.db") as raw:
        lacking = raw.execute(
            "SELECT count(*) FROM sightings WHERE colour IS NULL AND colour_score IS NULL"
        ).fetchone()[0]
    assert lacking == 150
    assert recolour(writer).named == 150
    with sqlite3.connect(folder / "archive.db") as raw:
        assert raw.execute(
            "SELECT count(*) FROM sightings WHERE (colour IS NULL) != (colour_score IS NULL)"
        ).fetchone() == (0,)
