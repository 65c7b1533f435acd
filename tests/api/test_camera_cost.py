"""What a camera costs is measured while it is up, and remembered."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from yanji.api.camera_cost import (
    COST_FILE,
    LEAST_S,
    WINDOW_S,
    CameraCosts,
    CostKeeper,
    CpuRate,
    kind_of,
    read_costs,
)
from yanji.api.plan import CameraBeat, WorkerBeat
from yanji.api.worker_slot import no_beat
from yanji.configs.site import Camera
from yanji.index.check import check
from yanji.index.writer import open_archive

CAMERAS = [
    Camera(id="北门", url="rtsp://camera/1"),
    Camera(id="K02", url="rtsp://camera/2", decode="key_frames"),
    Camera(id="K03", url="rtsp://camera/3"),
]


def camera_beat(camera_id: str, cpu_s: float, state: str = "up") -> CameraBeat:
    return replace(no_beat(camera_id), state=state, cpu_s=cpu_s)


def beat(*cameras: CameraBeat) -> WorkerBeat:
    return WorkerBeat(0, cameras, 0)


def costs_after(cpu_s_per_s: float, seconds: int = 60, camera_id: str = "北门") -> CameraCosts:
    costs = CameraCosts(CAMERAS, {})
    for second in range(seconds + 1):
        costs.take(beat(camera_beat(camera_id, second * cpu_s_per_s)), float(second))
    return costs


def test_a_rate_is_of_the_time_measured():
    rate = CpuRate()
    for second in range(31):
        rate.add(100.0 + second, second * 0.25)
    assert rate.rate() == pytest.approx(0.25)
    assert rate.measured_s == pytest.approx(30)


def test_too_short_a_time_tells_nothing():
    assert CpuRate().rate(0) is None
    assert costs_after(0.25, int(LEAST_S) - 1).measured() == {}
    assert costs_after(0.25, int(LEAST_S)).measured() == {"北门": pytest.approx(0.25)}


def test_the_window_slides_and_memory_is_bounded():
    rate = CpuRate()
    spent_s = 0.0
    for second in range(5000):
        spent_s += 0.5 if second < 4000 else 0.1
        rate.add(float(second), spent_s)
    assert rate.rate() == pytest.approx(0.1)
    assert WINDOW_S <= rate.measured_s < WINDOW_S + 2
    assert len(rate._steps) <= WINDOW_S + 2


def test_only_the_time_up_counts():
    costs = CameraCosts(CAMERAS, {})
    cpu_s = 0.0
    for second in range(200):
        up = second % 100 < 50
        cpu_s += 0.4 if up else 0.0
        costs.take(beat(camera_beat("北门", cpu_s, "up" if up else "down")), float(second))
    assert costs.measured()["北门"] == pytest.approx(0.4, rel=0.05)


def test_a_new_process_and_a_long_silence_are_left_out():
    rate = CpuRate()
    for second in range(30):
        rate.add(float(second), second * 0.2)
    rate.add(30.0, 0.0)  # a new process counts from nothing
    for second in range(31, 60):
        rate.add(float(second), (second - 30) * 0.2)
    rate.add(200.0, 500.0)  # nobody knows what was in between
    assert rate.rate() == pytest.approx(0.2)


def test_begun_anew_a_camera_s_count_is_not_that_of_its_old_worker():
    costs = costs_after(0.2)
    costs.begin_anew(["北门", "K09"])
    costs.take(beat(camera_beat("北门", 500.0)), 61.0)
    costs.take(beat(camera_beat("北门", 500.2)), 62.0)
    assert costs.measured()["北门"] == pytest.approx(0.2)


def test_a_stranger_costs_what_its_like_costs_else_the_usual():
    costs = costs_after(0.5)
    north, key_frames, like_north = CAMERAS
    assert costs.of(north) == pytest.approx(0.5)
    assert costs.of(like_north) == pytest.approx(0.5)
    assert costs.of(key_frames) == CameraCosts(CAMERAS, {}).of(key_frames) < 0.1
    assert CameraCosts(CAMERAS, {}).of(north) > CameraCosts(CAMERAS, {}).of(key_frames)


def test_what_was_remembered_counts_until_it_is_measured():
    costs = CameraCosts(CAMERAS, {"北门": 0.9, "gone": 0.1})
    assert costs.of(CAMERAS[0]) == 0.9
    assert costs.known() == {"北门": 0.9}
    for second in range(60):
        costs.take(beat(camera_beat("北门", second * 0.3)), float(second))
    assert costs.of(CAMERAS[0]) == pytest.approx(0.3)


def test_costs_outlive_the_process(tmp_path: Path):
    with open_archive(tmp_path, low_water_bytes=0):
        pass
    CostKeeper(tmp_path, costs_after(0.25)).close()
    assert read_costs(tmp_path, CAMERAS) == {"北门": 0.25}
    # Another address is the same work; another way of decoding is not.
    moved = CAMERAS[0].model_copy(update={"url": "rtsp://camera/9"})
    changed = CAMERAS[0].model_copy(update={"decode": "key_frames"})
    assert read_costs(tmp_path, [moved]) == {"北门": 0.25}
    assert read_costs(tmp_path, [changed]) == {}
    assert kind_of(moved) != kind_of(changed)
    assert check(tmp_path).problems == ()
    assert [path.name for path in tmp_path.glob("*cost*")] == [COST_FILE]
    assert [path.name for path in tmp_path.glob(".*cost*")] == []


def test_nothing_known_is_nothing_written(tmp_path: Path):
    CostKeeper(tmp_path, CameraCosts(CAMERAS, {})).close()
    assert list(tmp_path.iterdir()) == []
    assert read_costs(tmp_path, CAMERAS) == {}
    assert read_costs(tmp_path / "none", CAMERAS) == {}


def test_it_is_written_now_and_then(tmp_path: Path):
    keeper = CostKeeper(tmp_path, costs_after(0.25), every_s=600)
    for now_s in (5.0, 604.9):
        keeper.tend(now_s)
    assert not (tmp_path / COST_FILE).exists()
    keeper.tend(605.0)
    assert keeper._thread is not None
    keeper._thread.join(10)
    assert read_costs(tmp_path, CAMERAS) == {"北门": 0.25}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        '{"version": 2, "cameras": {}}',
        '{"version": 1, "cameras": []}',
        '{"version": 1, "cameras": {"K02": 3}}',
        '{"version": 1, "cameras": {"K02": {"cpu_s_per_s": -1, "kind": ""}}}',
        '{"version": 1, "cameras": {"K02": {"cpu_s_per_s": NaN, "kind": ""}}}',
        '{"version": 1, "cameras": {"K02": {"cpu_s_per_s": "0.2", "kind": ""}}}',
        "[" * 100_000,
        "\x00\xff",
    ],
)
def test_a_damaged_file_is_a_warning(tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture):
    (tmp_path / COST_FILE).write_text(text, "latin-1")
    assert read_costs(tmp_path, CAMERAS) == {}
    assert "cameras are placed without it" in caplog.text


def test_a_disk_that_takes_nothing_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    keeper = CostKeeper(tmp_path / "gone", costs_after(0.25))
    keeper.close()
    keeper.close()
    assert caplog.text.count("cannot be remembered") == 1


def test_the_file_is_for_people_too(tmp_path: Path):
    CostKeeper(tmp_path, costs_after(0.25)).close()
    document = json.loads((tmp_path / COST_FILE).read_text("utf-8"))
    assert document["cameras"]["北门"]["cpu_s_per_s"] == 0.25
    assert "北门" in (tmp_path / COST_FILE).read_text("utf-8")
