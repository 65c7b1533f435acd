"""Search: exact, fenced by model, in one order, equal for every back end and after any history."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from yanji.configs.errors import ModelError
from yanji.index.hit import Filter
from yanji.index.reader import read_archive
from yanji.index.search import search
from yanji.index.tables import DAY_NS
from yanji.index.vectors import BACKENDS
from yanji.ingest.gap import Gap
from yanji.reid.sighting import Embedding

SECOND = 10**9


def ids_of(answer):
    return [hit.sighting.sighting_id for hit in answer.hits]


@pytest.mark.parametrize("backend", sorted(BACKENDS))
def test_hits_are_ranked_and_counted(writer, maker, folder, backend):
    run = maker.run()
    writer.start_run(run)
    batch = [maker.sighting(n, run, at_ns=n * DAY_NS // 5) for n in range(30)]
    writer.write(batch)
    query = batch[11].embeddings[0]
    with read_archive(folder, backend=backend) as reader:
        answer = search(reader, query, Filter(), 7)
        without = search(reader, query, Filter(), 7, frozenset({batch[11].sighting_id, "unknown"}))
        assert search(reader, query, Filter(), 0).hits == ()
    scores = [hit.score for hit in answer.hits]
    assert len(scores) == 7
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(1, abs=1e-3)
    assert (answer.searched, answer.without_vector) == (30, 0)
    assert answer.hits[0].probability is None
    expected = sorted(batch, key=lambda s: -float(s.embeddings[0].vector_D @ query.vector_D))
    assert ids_of(answer) == [item.sighting_id for item in expected[:7]]
    assert ids_of(without)[:6] == ids_of(answer)[1:]
    assert without.searched == 29


def test_equal_scores_are_ordered_by_time_then_id_however_many_tie(writer, maker, folder):
    run = maker.run()
    writer.start_run(run)
    # 100 sightings of one picture over four days, two at each moment.
    batch = [
        maker.sighting(n, run, seed=1, at_ns=(n // 2) * DAY_NS // 13) for n in reversed(range(100))
    ]
    writer.write(batch)
    with read_archive(folder) as reader:
        answer = search(reader, batch[0].embeddings[0], Filter(), 5)
    expected = sorted(batch, key=lambda item: (item.first_wall_ns, item.sighting_id))
    assert ids_of(answer) == [item.sighting_id for item in expected[:5]]


def test_models_are_fenced(writer, maker, folder):
    run = maker.run()
    writer.start_run(run)
    with read_archive(folder) as reader:
        unknown = maker.sighting(1, run, model="other").embeddings[0]
        empty = search(reader, unknown, Filter(), 5)
        assert (empty.hits, empty.searched) == ((), 0)
        writer.write([maker.sighting(1, run), maker.sighting(2, run)])
        with pytest.raises(ModelError, match=r"no vectors of model other .* only of m1") as caught:
            search(reader, unknown, Filter(), 5)
        assert "yanji archive reembed" in caught.value.hint
        same_name = replace(maker.sighting(1, run).embeddings[0], weights_sha256="f" * 64)
        with pytest.raises(ModelError):
            search(reader, same_name, Filter(), 5)
        # A sighting of another model is counted, never compared.
        writer.write([maker.sighting(3, run, model="other")])
        answer = search(reader, maker.sighting(1, run).embeddings[0], Filter(), 5)
        assert (answer.searched, answer.without_vector, len(answer.hits)) == (2, 1, 2)
        short = Embedding("m1", unknown.weights_sha256, np.ones(1, np.float32))
        with pytest.raises(ModelError):
            search(reader, short, Filter(), 5)


def test_gaps_that_could_hide_the_vehicle_are_named(writer, maker, folder):
    writer.write_gaps([Gap("K01", 100, 200, "lost"), Gap("K02", 150, None, "lost")])
    run = maker.run()
    writer.start_run(maker.run("K01"))
    with read_archive(folder) as reader:
        query = maker.sighting(1, run).embeddings[0]
        both = search(reader, query, Filter(from_ns=120, to_ns=160), 5)
        one = search(reader, query, Filter(from_ns=201, cameras=frozenset({"K01", "K02"})), 5)
    assert [gap.camera_id for gap in both.gaps] == ["K01", "K02"]
    assert [gap.camera_id for gap in one.gaps] == ["K02"]


def test_an_open_reader_answers_like_a_fresh_one_after_any_history(writer, maker, folder):
    """Blocks that follow by `seq` hold what blocks loaded anew hold."""
    chance = random.Random(7)
    query = maker.sighting(0, maker.run()).embeddings[0]
    runs = []
    with read_archive(folder) as follower:
        for step in range(25):
            kind = chance.random()
            if kind < 0.5 or not runs:
                run = maker.run(chance.choice(["K01", "K02"]), started_ns=step * DAY_NS // 3)
                writer.start_run(run)
                runs.append(run)
                writer.write(
                    [
                        maker.sighting(n, run, state=chance.choice(["provisional", "closed"]))
                        for n in range(chance.randint(1, 6))
                    ]
                )
            elif kind < 0.7:
                run = chance.choice(runs)
                number = chance.randint(0, 5)
                writer.write([maker.sighting(number, run, seed=1000 + step)])
            elif kind < 0.8:
                run = runs.pop(chance.randrange(len(runs)))
                writer.remove_run(run.run_id)
            elif kind < 0.9:
                writer.enforce_retention(step * DAY_NS // 3, days=chance.randint(1, 4))
            else:
                writer.set_clock_offset("K01", step * DAY_NS // 3, chance.uniform(-9e4, 9e4), 1.0)
            wanted = Filter(
                from_ns=chance.choice([None, step * DAY_NS // 4]),
                cameras=chance.choice([None, frozenset({"K01"})]),
            )
            with read_archive(folder, backend="flat") as fresh:
                one, two = (search(r, query, wanted, 8) for r in (follower, fresh))
                kept = fresh.sightings(wanted)
            assert one == two
            assert one.searched == len(kept)
