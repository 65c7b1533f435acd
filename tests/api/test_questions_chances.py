"""Questions to a calibrated model: probabilities of what was asked, none of what verdicts moved."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from yanji.api import questions
from yanji.api.cli.answers import percent
from yanji.api.questions import Case, Sought, ask_search, ask_trace
from yanji.detect.card_calibration import ScoreCurve
from yanji.index.cameras import Camera
from yanji.index.graph import Road, RoadGraph
from yanji.index.hit import Filter
from yanji.index.reader import ArchiveReader, read_archive
from yanji.index.route import QueryPoint
from yanji.index.writer import open_archive
from yanji.ingest.frame import Run, run_id_of
from yanji.reid.calibration import Calibration, Look, probability_of
from yanji.reid.sighting import Embedding, Sighting

START_NS = 1_795_132_800 * 10**9
CASE = Case("2026-17", "hit_and_run", "at the bridge", "tester", ("hit_and_run",))
WEIGHTS = "0" * 64
GRAPH = RoadGraph(roads=[Road("K01", "K02", 600, 15, 60)])
CURVE = ScoreCurve(
    scores=(0.0, 1.0), log_ratios=(-5.0, 5.0), kind="isotonic", num_same=9, num_different=90
)


def unit(*parts: float) -> np.typing.NDArray[np.float32]:
    vector_D = np.zeros(8, np.float32)
    vector_D[: len(parts)] = parts
    return vector_D / np.linalg.norm(vector_D)


QUERY = Embedding("m1", WEIGHTS, unit(1))
SEEN = {
    "near": ("K01", 0, "car", unit(1, 0.2)),
    "far": ("K02", 60, "car", unit(1, 0.4)),
    "bike": ("K02", 90, "ebike", unit(1, 0.9)),
    **{f"x{n}": ("K01", 4000 + 50 * n, "van", unit(0.1, 0, 1, n / 9)) for n in range(9)},
}
IDS = {name: hashlib.sha256(name.encode()).hexdigest()[:32] for name in SEEN}
NAMES = {sighting_id: name for name, sighting_id in IDS.items()}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chances") / "archive"
    with open_archive(folder, low_water_bytes=0) as writer:
        for camera_id in ("K01", "K02"):
            writer.register_camera(Camera(camera_id))
            run_id = run_id_of("live", camera_id, START_NS)
            run = Run(run_id, camera_id, "rtsp", "rtsp://x/1", START_NS, "boot", None)
            writer.start_run(run)
            writer.write([sighting(run, name) for name in SEEN if SEEN[name][0] == camera_id])
    return folder


def sighting(run: Run, name: str) -> Sighting:
    _, seconds, vehicle_class, vector_D = SEEN[name]
    first_ns = START_NS + seconds * 10**9
    times = (first_ns, first_ns + 3 * 10**9, float(seconds), seconds + 3.0)
    look = (vehicle_class, 0.9, None, None, 0.5, (), (Embedding("m1", WEIGHTS, vector_D),))
    return Sighting(IDS[name], run, "closed", False, *times, *look)


@pytest.fixture
def reader(archive: Path, monkeypatch: pytest.MonkeyPatch):
    curves = {"any": {"any": CURVE}, "four_wheel": {"any": CURVE}}
    calibration = Calibration("m1", WEIGHTS, curves)
    monkeypatch.setattr(questions, "calibration_for", lambda _embedding, _folder: calibration)
    with read_archive(archive) as opened:
        yield opened


def found(reader: ArchiveReader, look: Look, **verdicts: object) -> dict[str, float | None]:
    answer, _ = ask_search(reader, Sought(QUERY, look=look), Filter(), 20, CASE, **verdicts)
    return {NAMES[hit.sighting.sighting_id]: hit.probability for hit in answer.hits}


def worth(name: str, num: int) -> float:
    return pytest.approx(probability_of(10 * float(SEEN[name][3][0]) - 5, num), abs=2e-3)


def test_hits_have_probabilities_among_their_group(reader) -> None:
    chances = found(reader, Look("car"))
    assert chances["near"] == worth("near", 11)
    assert chances["far"] == worth("far", 11)
    assert chances["bike"] is None


def test_a_vehicle_of_unknown_class_is_looked_for_among_all(reader) -> None:
    chances = found(reader, Look())
    assert chances["near"] == worth("near", 12)
    assert chances["bike"] == worth("bike", 12)


def test_a_filter_leaves_fewer_to_choose_from(reader) -> None:
    wanted = Filter(cameras=frozenset({"K02"}))
    answer, _ = ask_search(reader, Sought(QUERY, look=Look("car")), wanted, 20, CASE)
    assert answer.hits[0].probability == worth("far", 1)


def test_verdicts_leave_only_what_was_said(reader) -> None:
    chances = found(reader, Look("car"), confirmed=[IDS["near"]])
    assert chances.pop("near") == 1.0
    assert set(chances.values()) == {None}
    assert set(found(reader, Look("car"), rejected=[IDS["far"]]).values()) == {None}


def test_other_models_stay_without(archive) -> None:
    with read_archive(archive) as reader:
        assert set(found(reader, Look("car")).values()) == {None}


def test_legs_say_it_too(reader) -> None:
    point = QueryPoint("K01", START_NS, START_NS + 3 * 10**9, 0.5, IDS["near"])
    asked = {"image_sha256": None, "parameters": {}, "look": Look("car")}
    traced = ask_trace(reader, QUERY, GRAPH, point, 3600.0, CASE, **asked)
    legs = {NAMES[leg.sighting_id]: leg.probability for leg in traced.trace.routes[0].legs}
    assert legs["near"] is None
    # Two of the four wheels lie in the window, with the one asked about.
    assert legs["far"] == worth("far", 2)
    moved = ask_trace(
        reader, QUERY, GRAPH, point, 3600.0, CASE, **asked, confirmed=[IDS["far"]]
    ).trace
    assert {leg.probability for leg in moved.routes[0].legs} == {None, 1.0}


def test_percentages_never_claim_certainty() -> None:
    shares = (None, 0.0, 0.004, 0.37, 0.996, 1.0)
    assert [percent(one) for one in shares] == ["-", "0 %", "< 1 %", "37 %", "> 99 %", "100 %"]
