"""`yanji clock set|list|estimate`: also beside a writer, and what is refused."""

from __future__ import annotations

import hashlib
import threading
import time
from multiprocessing.connection import Listener

import numpy as np
import pytest

from yanji.api.writer import Intake
from yanji.configs.times import parse_time
from yanji.index.cameras import Camera
from yanji.index.handover import FOLDER
from yanji.index.reader import read_archive
from yanji.index.writer import open_archive
from yanji.ingest.frame import Run, run_id_of
from yanji.reid.sighting import CropFile, Embedding, Sighting

SECOND = 10**9
EIGHT_NS = parse_time("2026-11-20T08:00:00+08:00")
SITE = """
site: {name: two, timezone: Asia/Shanghai}
cameras: [{id: K01}, {id: K02}, {id: K03}]
roads:
- {from: K01, to: K02, distance_m: 90, speed_kmh: [15, 60]}
- {from: K02, to: K03, distance_m: 90, speed_kmh: [15, 60], oneway: true}
"""


def sighting(run: Run, name: str, at_s: float, look: int) -> Sighting:
    """A vehicle of a look of its own, one second in view."""
    vector_D = np.random.default_rng(look).standard_normal(64).astype(np.float32)
    middle_ns = EIGHT_NS + round(at_s * 1e9)
    jpeg = name.encode()
    crop = CropFile(
        jpeg, hashlib.sha256(jpeg).hexdigest(), 8, 6, (1.0, 2.0, 9.0, 8.0), middle_ns, 0.5
    )
    return Sighting(
        sighting_id=hashlib.sha256(name.encode()).hexdigest()[:32],
        run=run,
        state="closed",
        stationary=False,
        first_wall_ns=middle_ns - SECOND // 2,
        last_wall_ns=middle_ns + SECOND // 2,
        first_stream_s=0.0,
        last_stream_s=1.0,
        vehicle_class="car",
        class_score=0.9,
        colour=None,
        plate=None,
        quality=0.5,
        crops=(crop,),
        embeddings=(Embedding("m1", "a" * 64, vector_D / np.linalg.norm(vector_D)),),
    )


def fill(folder, *, ahead_s: float = 3.0, num: int = 60, kind: str = "file") -> None:
    """Two cameras 90 m apart, `num` vehicles each way; the clock of K02 is ahead."""
    random = np.random.default_rng(7)
    with open_archive(folder, low_water_bytes=0) as writer:
        runs = {}
        for camera in ("K01", "K02", "K03"):
            writer.register_camera(Camera(camera))
            writer.set_clock_offset(camera, 0, 0.0, 2.0, "site")
            content = hashlib.sha256(camera.encode()).hexdigest()
            run_id = run_id_of(content, camera, EIGHT_NS)
            sha256 = content if kind == "file" else None
            runs[camera] = Run(run_id, camera, kind, "x", EIGHT_NS, "boot", sha256)  # type: ignore[arg-type]
            if kind == "file":
                writer.begin_file(runs[camera], "x.mp4")
            else:
                writer.start_run(runs[camera])
        seen = []
        for number in range(2 * num):
            there = number % 2 == 0
            at_s = float(random.uniform(0, 3600))
            drive_s = 90 / (random.uniform(22, 48) / 3.6) + (20 if random.random() < 0.3 else 0)
            first, second = (at_s, at_s + drive_s) if there else (at_s + drive_s, at_s)
            seen.append(sighting(runs["K01"], f"a{number}", first, number))
            seen.append(sighting(runs["K02"], f"b{number}", second + ahead_s, number))
        writer.write(seen)
        if kind == "file":
            for run in runs.values():
                writer.finish_file(run.run_id)


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "archive"
    fill(folder)
    return folder


@pytest.fixture
def site(tmp_path):
    path = tmp_path / "site.yaml"
    path.write_text(SITE, encoding="utf-8")
    return path


def test_a_clock_that_was_read_mends_all_times(yanji, archive, site):
    with read_archive(archive) as reader:
        before = {seen.sighting_id: seen.first_ns for seen in reader.sightings()}
    asked = ("clock", "set", "K02", "--shows", "2026-11-20 08:00:03", "--at", "2026-11-20 08:00:00")
    answer = yanji(*asked, "-c", site, "--archive", archive, "--json")
    assert answer.status == 0
    assert answer.json == {
        "camera_id": "K02",
        "valid_from": None,
        "ahead_s": 3.0,
        "sigma_s": 0.5,
        "source": "clock",
        "state": "written",
    }
    with read_archive(archive) as reader:
        for seen in reader.sightings():
            moved_ns = before[seen.sighting_id] - seen.first_ns
            assert moved_ns == (3 * SECOND if seen.camera_id == "K02" else 0)
    # A later reading holds from then on; the first stays for what was before.
    later = ("--shows", "2026-11-20T09:00:05+08:00", "--at", "2026-11-20T09:00:00+08:00")
    assert yanji("clock", "set", "K02", *later, "--archive", archive).status == 0
    listed = yanji("clock", "list", "--camera", "K02", "-c", site, "--archive", archive, "--json")
    assert [
        (entry["valid_from"], entry["ahead_s"], entry["source"]) for entry in listed.json["offsets"]
    ] == [
        (None, 0.0, "site"),
        (None, 3.0, "clock"),
        ("2026-11-20T09:00:05.000+08:00", 5.0, "clock"),
    ]
    shown = yanji("clock", "list", "--archive", archive)
    assert "clock read" in shown.out
    assert "nobody" in shown.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("K99", "--shows", "{t}", "--at", "{t}"), "no camera `K99`"),
        (("K01", "--shows", "08:00", "--at", "{t}"), "not a time"),
        (("K01", "--shows", "2026-11-20T08:00:00", "--at", "{t}"), "no offset"),
        (("K01", "--at", "{t}"), "--shows"),
        (("K01", "--shows", "{t}", "--at", "{t}", "--sigma", "nan"), "finite"),
        (("K01", "--shows", "{t}", "--at", "{t}", "--sigma", "-1"), "-1"),
        (("K01", "--shows", "{t}", "--at", "{t}", "--from", "soon"), "not a time"),
    ],
)
def test_wrong_usage_writes_nothing(yanji, archive, arguments, words):
    before = yanji("clock", "list", "--archive", archive, "--json").out
    filled_in = [argument.format(t="2026-11-20T08:00:00Z") for argument in arguments]
    answer = yanji("clock", "set", *filled_in, "--archive", archive)
    assert answer.status == 2
    assert words in answer.sentence
    assert yanji("clock", "list", "--archive", archive, "--json").out == before


def test_an_archive_that_is_not_there_is_not_made(yanji, tmp_path):
    asked = ("--shows", "2026-11-20T08:00:00Z", "--at", "2026-11-20T08:00:00Z")
    answer = yanji("clock", "set", "K01", *asked, "--archive", tmp_path / "none", "--json")
    assert answer.error["code"] == "no_archive"
    assert not (tmp_path / "none").exists()


def test_the_clock_in_a_live_picture_is_not_the_one_that_is_wrong(yanji, tmp_path, site):
    folder = tmp_path / "live"
    fill(folder, num=2, kind="rtsp")
    asked = ("--shows", "2026-11-20 08:00:01", "--at", "2026-11-20 08:00:00")
    common = ("clock", "set", "K01", *asked, "-c", site, "--archive", folder)
    answer = yanji(*common)
    assert answer.status == 2
    assert "watched live" in answer.sentence
    assert yanji(*common, "--live").status == 0


def test_beside_a_writer_that_is_busy_it_is_handed_over(yanji, archive, monkeypatch):
    monkeypatch.setattr("yanji.api.cli.clocks._TAKEN_WITHIN_S", 0.2)
    with open_archive(archive, low_water_bytes=0):
        asked = ("--shows", "2026-11-20T08:00:03Z", "--at", "2026-11-20T08:00:00Z")
        answer = yanji("clock", "set", "K01", *asked, "--archive", archive, "--json")
        assert (answer.status, answer.json["state"]) == (0, "handed over")
        assert len(list((archive / FOLDER).iterdir())) == 1
    # The next command that writes takes it in first.
    asked = ("--shows", "2026-11-20T08:00:01Z", "--at", "2026-11-20T08:00:00Z")
    assert yanji("clock", "set", "K02", *asked, "--archive", archive).status == 0
    listed = yanji("clock", "list", "--archive", archive, "--json").json["offsets"]
    assert ("K01", 3.0) in {(entry["camera_id"], entry["ahead_s"]) for entry in listed}


def test_a_running_writer_takes_it_in(yanji, archive):
    stop = threading.Event()
    with (
        open_archive(archive, low_water_bytes=0) as writer,
        Listener(None, authkey=b"x" * 32) as listener,
    ):
        worker = threading.Thread(target=Intake(writer, listener).work, args=(stop.is_set,))
        worker.start()
        try:
            asked = ("--shows", "2026-11-20T08:00:03Z", "--at", "2026-11-20T08:00:00Z")
            began_s = time.monotonic()
            answer = yanji("clock", "set", "K01", *asked, "--archive", archive, "--json")
            assert (answer.status, answer.json["state"]) == (0, "written")
            assert time.monotonic() - began_s < 30
        finally:
            stop.set()
            worker.join()


def test_clocks_are_estimated_from_vehicles_and_applied(yanji, archive, site):
    asked = ("clock", "estimate", "-c", site, "--archive", archive)
    answer = yanji(*asked, "--json")
    assert answer.status == 0
    first, second = answer.json["pairs"]
    assert first["b_ahead_of_a_s"] == pytest.approx(3.0, abs=0.5)
    assert first["vehicles_a_to_b"] + first["vehicles_b_to_a"] > 100
    assert "one way" in second["refused"]
    assert answer.json["state"] == "not written"
    assert {entry["camera_id"] for entry in answer.json["cameras"]} == {"K01", "K02"}
    shown = yanji(*asked, "--apply")
    assert "K02 is +" in shown.out
    assert "K01 is the measure" in shown.out
    listed = yanji("clock", "list", "--camera", "K02", "--archive", archive, "--json")
    newest = listed.json["offsets"][-1]
    assert newest["source"] == "pairs"
    assert newest["ahead_s"] == pytest.approx(3.0, abs=0.5)
    assert newest["sigma_s"] < 2.0
    # What remains is nothing, and is no surer than what is known now.
    again = yanji(*asked, "--apply", "--json")
    assert again.json["pairs"][0]["b_ahead_of_a_s"] == pytest.approx(0.0, abs=0.5)


def test_with_too_few_vehicles_it_says_so(yanji, tmp_path, site):
    fill(tmp_path / "few", num=4)
    answer = yanji("clock", "estimate", "-c", site, "--archive", tmp_path / "few")
    assert answer.status == 3
    assert "surely seen at both" in answer.out
    nothing = ("--from", "2020-01-01T00:00:00Z", "--to", "2020-01-02T00:00:00Z")
    empty = yanji("clock", "estimate", "-c", site, *nothing, "--archive", tmp_path / "few")
    assert empty.status == 3
