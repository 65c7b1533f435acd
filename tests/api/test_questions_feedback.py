"""Confirmed and rejected sightings: what they do to answers, and that records hold them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from yanji.api.audit_verify import verify
from yanji.api.questions import Case, Sought, ask_search, ask_trace
from yanji.configs.errors import NothingFoundError, UsageError
from yanji.index.cameras import Camera
from yanji.index.graph import Road, RoadGraph
from yanji.index.hit import Filter
from yanji.index.reader import ArchiveReader, read_archive
from yanji.index.route import QueryPoint
from yanji.index.writer import open_archive
from yanji.ingest.frame import Run, run_id_of
from yanji.reid.sighting import Embedding, Sighting

START_NS = 1_795_132_800 * 10**9
SECOND = 10**9
CASE = Case("2026-17", "hit_and_run", "at the bridge", "tester", ("hit_and_run",))
WEIGHTS = "0" * 64
DIMENSION = 8
GRAPH = RoadGraph(roads=[Road("K01", "K02", 600, 15, 60), Road("K02", "K03", 600, 15, 60)])


def towards(*parts: float) -> np.ndarray:
    """A unit vector of these first numbers."""
    vector_D = np.zeros(DIMENSION, np.float32)
    vector_D[: len(parts)] = parts
    return vector_D / np.linalg.norm(vector_D)


QUERY = Embedding("m1", WEIGHTS, towards(1))
# Name: camera, seconds, vector. The vehicle seen from behind (`rear`, `rear2`) looks like the
# query hardly at all, and a stranger (`wrong`, `wrong2`) looks more like it.
SEEN = {
    "front": ("K01", 0, towards(1, 0.2)),
    "wrong": ("K02", 300, towards(1, 0, 0.7)),
    "wrong2": ("K03", 1300, towards(1, 0, 0.9)),
    "rear": ("K02", 60, towards(0.6, 1)),
    "rear2": ("K03", 125, towards(0.45, 1)),
    "blank": ("K01", 2000, None),
    **{f"x{n}": (f"K0{n % 3 + 1}", 4000 + 50 * n, towards(0.1, 0, 0, 1, n / 9)) for n in range(9)},
}
IDS = {name: hashlib.sha256(name.encode()).hexdigest()[:32] for name in SEEN}
NAMES = {sighting_id: name for name, sighting_id in IDS.items()}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("judged") / "archive"
    with open_archive(folder, low_water_bytes=0) as writer:
        for camera_id in ("K01", "K02", "K03"):
            writer.register_camera(Camera(camera_id))
            run_id = run_id_of("live", camera_id, START_NS)
            run = Run(run_id, camera_id, "rtsp", "rtsp://x/1", START_NS, "boot", None)
            writer.start_run(run)
            writer.write(
                [sighting(run, name) for name, (camera, *_) in SEEN.items() if camera == camera_id]
            )
    return folder


def sighting(run: Run, name: str) -> Sighting:
    _, seconds, vector_D = SEEN[name]
    first_ns = START_NS + seconds * SECOND
    embeddings = () if vector_D is None else (Embedding("m1", WEIGHTS, vector_D),)
    times = (first_ns, first_ns + 3 * SECOND, float(seconds), seconds + 3.0)
    look = ("car", 0.9, None, None, 0.5, (), embeddings)
    return Sighting(IDS[name], run, "closed", False, *times, *look)


@pytest.fixture
def reader(archive: Path):
    with read_archive(archive) as opened:
        yield opened


def ids(*names: str) -> list[str]:
    return [IDS[name] for name in names]


def search_names(reader: ArchiveReader, limit: int = 4, **options: object) -> list[str]:
    wanted = options.pop("wanted", Filter())
    answer, _ = ask_search(reader, Sought(QUERY), wanted, limit, CASE, **options)
    return [NAMES[hit.sighting.sighting_id] for hit in answer.hits]


def last_record(reader: ArchiveReader) -> dict[str, object]:
    lines = (reader.folder / "audit.jsonl").read_text(encoding="utf-8").splitlines()
    assert verify(reader.folder).ok
    return json.loads(lines[-1])


def test_without_verdicts_it_is_the_plain_search(reader) -> None:
    assert search_names(reader) == ["front", "wrong", "wrong2", "rear"]
    parameters = last_record(reader)["parameters"]
    assert "confirmed" not in parameters
    assert "rejected" not in parameters


def test_confirmed_ones_stand_first_and_pull_the_others_of_the_vehicle_up(reader) -> None:
    assert search_names(reader, confirmed=ids("rear")) == ["rear", "front", "rear2", "wrong"]
    both = search_names(reader, confirmed=ids("rear", "front"))
    assert both[:2] == ["front", "rear"]  # by score
    answer, _ = ask_search(reader, Sought(QUERY), Filter(), 3, CASE, confirmed=ids("rear"))
    moved = towards(*(QUERY.vector_D + SEEN["rear"][2]))
    assert answer.hits[0].score == pytest.approx(float(moved @ SEEN["rear"][2]), abs=1e-3)
    assert answer.hits[1].score == pytest.approx(float(moved @ SEEN["front"][2]), abs=1e-3)


def test_a_confirmed_one_that_few_would_see_is_still_first(reader) -> None:
    assert search_names(reader, limit=1, confirmed=ids("x8")) == ["x8"]
    assert search_names(reader, limit=2, confirmed=ids("x8"))[0] == "x8"
    assert len(search_names(reader, limit=2, confirmed=ids("x8", "x7", "x6"))) == 2


def test_rejected_ones_are_left_out_and_push_their_like_down(reader) -> None:
    names = search_names(reader, limit=3, rejected=ids("wrong"), confirmed=ids("front"))
    assert "wrong" not in names
    far, _ = ask_search(reader, Sought(QUERY), Filter(), 9, CASE, rejected=ids("wrong"))
    near, _ = ask_search(reader, Sought(QUERY), Filter(), 9, CASE)
    scores = [
        next(hit.score for hit in answer.hits if hit.sighting.sighting_id == IDS["wrong2"])
        for answer in (far, near)
    ]
    assert scores[0] < scores[1]


def test_filters_hold_for_confirmed_ones_too(reader) -> None:
    wanted = Filter(cameras=frozenset({"K01"}))
    assert "rear" not in search_names(reader, wanted=wanted, confirmed=ids("rear"))


def test_a_sighting_without_a_vector_moves_nothing(reader) -> None:
    plain = search_names(reader)
    assert search_names(reader, confirmed=ids("blank")) == plain
    assert search_names(reader, rejected=ids("blank")) == plain


def test_the_sighting_asked_about_is_no_hit_of_its_own(reader) -> None:
    asked = Sought(QUERY, sighting_id=IDS["front"])
    answer, _ = ask_search(reader, asked, Filter(), 20, CASE, confirmed=ids("front", "rear"))
    names = [NAMES[hit.sighting.sighting_id] for hit in answer.hits]
    assert names[0] == "rear"
    assert "front" not in names
    assert last_record(reader)["parameters"]["sighting_id"] == IDS["front"]


@pytest.mark.parametrize("kind", ["confirmed", "rejected"])
def test_unknown_sightings_are_named(reader, kind: str) -> None:
    with pytest.raises(NothingFoundError, match="f" * 32) as caught:
        search_names(reader, **{kind: [*ids("rear"), "f" * 32]})
    assert caught.value.code == "unknown_sighting"
    with pytest.raises(NothingFoundError) as caught:
        trace_of(reader, **{kind: ["f" * 32]})
    assert caught.value.code == "unknown_sighting"


def test_contradictions_are_refused(reader) -> None:
    with pytest.raises(UsageError, match="both confirmed and rejected"):
        search_names(reader, confirmed=ids("rear"), rejected=ids("rear"))
    point = QueryPoint("K01", START_NS, START_NS + 3 * SECOND, 0.5, IDS["front"])
    with pytest.raises(UsageError, match="cannot be rejected"):
        trace_of(reader, point, rejected=ids("front"))


def trace_of(reader: ArchiveReader, point: QueryPoint | None = None, **options: object):
    return ask_trace(
        reader, QUERY, GRAPH, point, 7200.0, CASE, image_sha256=None, parameters={}, **options
    )


def route_names(traced) -> list[str]:
    return [NAMES[leg.sighting_id] for leg in traced.trace.routes[0].legs]


def test_a_route_passes_what_is_confirmed_and_not_what_is_rejected(reader) -> None:
    assert "wrong" in route_names(trace_of(reader))
    traced = trace_of(reader, confirmed=ids("rear"), rejected=ids("wrong", "wrong2"))
    assert route_names(traced) == ["front", "rear", "rear2"]
    assert [leg.facts.confirmed for leg in traced.trace.routes[0].legs] == [False, True, False]
    for route in traced.trace.routes:
        assert not {IDS["wrong"], IDS["wrong2"]} & {leg.sighting_id for leg in route.legs}


def test_confirmed_legs_are_scored_by_what_the_others_say(reader) -> None:
    traced = trace_of(reader, confirmed=ids("rear"))
    leg = next(leg for leg in traced.trace.routes[0].legs if leg.sighting_id == IDS["rear"])
    assert leg.score == pytest.approx(float(QUERY.vector_D @ SEEN["rear"][2]), abs=1e-3)


def test_a_confirmed_sighting_without_a_vector_is_in_the_route_and_known(reader) -> None:
    traced = trace_of(reader, confirmed=ids("blank"))
    assert "blank" in route_names(traced)
    assert traced.sightings[IDS["blank"]].camera_id == "K01"


def test_verdicts_and_extra_parameters_are_in_the_record_before_the_answer(reader) -> None:
    extra = {"via": "page", "client": "127.0.0.1", "limit": "mine"}
    verdicts = {"confirmed": ids("rear"), "rejected": ids("wrong", "wrong2")}
    ask_search(reader, Sought(QUERY, "1" * 64), Filter(), 3, CASE, extra=extra, **verdicts)
    record = last_record(reader)
    assert record["action"] == "search"
    assert record["image_sha256"] == "1" * 64
    assert record["parameters"]["via"] == "page"
    assert record["parameters"]["limit"] == 3  # what was really asked
    assert record["parameters"]["confirmed"] == ids("rear")
    assert record["parameters"]["rejected"] == sorted(ids("wrong", "wrong2"))
    trace_of(reader, extra=extra, **verdicts)
    record = last_record(reader)
    assert record["action"] == "trace"
    assert record["parameters"]["client"] == "127.0.0.1"
    assert record["parameters"]["confirmed"] == ids("rear")
    assert IDS["rear"] in record["result_ids"]
