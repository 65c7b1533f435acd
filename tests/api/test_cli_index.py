"""`yanji index`: what recordings, starts, manifests and disks may have wrong; twice; killed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from yanji.configs.errors import DiskFullError
from yanji.index.migrations import Migration, migrations
from yanji.index.reader import read_archive
from yanji.index.writer import ArchiveWriter, open_archive
from yanji.ingest.testcity.demo_data import demo_site_path

EIGHT = "2026-11-20T08:00:00+08:00"


def ids_of(archive: Path) -> dict[str, tuple[str, str, int]]:
    with read_archive(archive) as reader:
        return {
            item.sighting_id: (item.camera_id, item.vehicle_class, item.first_ns)
            for item in reader.sightings()
        }


def tree_of(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def index(yanji, tmp_path):
    """Indexes into `tmp_path/new`; every call leaves a valid archive or none."""
    archive = tmp_path / "new"

    def call(*arguments):
        answer = yanji("index", *arguments, "--archive", archive)
        if (archive / "archive.db").exists():
            assert yanji("check", "--archive", archive).status == 0
        return answer

    return call


def test_the_town_was_indexed_with_the_sites_times(indexed_town):
    files = indexed_town.indexed["files"]
    assert [file["start"] for file in files] == [
        "2026-11-20T08:00:05.340+08:00",
        "2026-11-20T08:00:17.570+08:00",
    ]
    assert {file["state"] for file in files} == {"done"}
    assert all(file["sightings"] >= 1 for file in files)
    assert indexed_town.indexed["problems"] == []
    assert indexed_town.indexed["sightings"] == len(ids_of(indexed_town.archive))


def test_indexing_again_adds_nothing(yanji, town):
    before = yanji("runs", "list", "--archive", town.archive, "--json").out
    ids = ids_of(town.archive)
    asked = ("--manifest", town.manifest, "-c", town.site, "--archive", town.archive)
    again = yanji("index", *asked, "--json")
    assert again.status == 0
    assert {file["state"] for file in again.json["files"]} == {"skipped"}
    assert again.json["sightings"] == 0
    assert yanji("runs", "list", "--archive", town.archive, "--json").out == before
    assert ids_of(town.archive) == ids
    told = yanji("index", *asked)
    assert told.status == 0
    assert "2 were in the archive already" in told.out


def test_killed_and_run_again_it_completes_with_the_same_ids(
    environment, yanji, clips, indexed_town, tmp_path
):
    archive = tmp_path / "killed"
    arguments = ["--manifest", str(indexed_town.manifest), "-c", str(indexed_town.site)]
    program = "import sys; from yanji.api.cli.program import main; sys.exit(main(sys.argv[1:]))"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "index", *arguments, "--archive", str(archive)],
        env=environment,
        stderr=subprocess.DEVNULL,
    )
    # In the middle: rows of the first recording are in, and it is not finished.
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not any((archive / "crops").rglob("*.jpg")):
        assert process.poll() is None
        time.sleep(0.02)
    readers = psutil.Process(process.pid).children(recursive=True)
    assert readers
    process.kill()
    process.wait()
    # Its readers have nobody left to tell, and end too.
    for reader in readers:
        with contextlib.suppress(psutil.NoSuchProcess):
            while reader.status() != psutil.STATUS_ZOMBIE:
                assert time.monotonic() < deadline
                time.sleep(0.05)
    assert any((archive / "crops").rglob("*.jpg"))
    assert len(ids_of(archive)) < len(ids_of(indexed_town.archive))
    again = yanji("index", *arguments, "--archive", archive, "--json")
    assert again.status == 0
    assert ids_of(archive) == ids_of(indexed_town.archive)
    assert yanji("check", "--archive", archive).status == 0
    runs = yanji("runs", "list", "--archive", archive, "--json").json["runs"]
    assert [run["state"] for run in runs] == ["done", "done"]


def test_bad_rows_and_bad_files_are_reported_and_the_others_go_on(index, clips, tmp_path):
    (tmp_path / "text.mp4").write_text("not a video at all\n" * 100)
    (tmp_path / "zero.mp4").write_bytes(b"")
    whole = clips["K01"].read_bytes()
    (tmp_path / "headless.mp4").write_bytes(whole[: len(whole) // 2])
    manifest = tmp_path / "night.csv"
    rows = [
        "camera_id,path,start",
        f"K04,text.mp4,{EIGHT}",
        f"K04,zero.mp4,{EIGHT}",
        f"K04,headless.mp4,{EIGHT}",
        f"K04,gone.mp4,{EIGHT}",
        f"K99,text.mp4,{EIGHT}",
        "K04,text.mp4,last night",
        "K04,text.mp4,",
        f"K01,{clips['K01']},2026-11-20 08:00:00",
    ]
    manifest.write_text("\n".join(rows), encoding="utf-8")
    answer = index("--manifest", manifest, "-c", demo_site_path(), "--json")
    assert answer.status == 1
    document = answer.json
    assert sorted(problem["line"] for problem in document["problems"]) == [5, 6, 7, 8]
    words = {problem["line"]: problem["message"] for problem in document["problems"]}
    assert "gone.mp4" in words[5]
    assert "K99" in words[6]
    assert "not a time" in words[7]
    assert "start" in words[8]
    for line, message in words.items():
        assert message.startswith(f"{manifest}:{line}: ")
    states = {Path(file["path"]).name: file for file in document["files"]}
    for name in ("text.mp4", "zero.mp4", "headless.mp4"):
        assert states[name]["state"] == "failed"
        assert states[name]["error"]["code"] == "not_a_video"
        assert name in states[name]["error"]["message"]
    assert states["K01.mp4"]["state"] == "done"
    assert states["K01.mp4"]["start"] == "2026-11-20T08:00:00.000+08:00"


def test_a_recording_that_was_cut_off_is_kept_as_far_as_it_goes(index, clips, tmp_path):
    """The index of such a file stands at its beginning: half of it can be played."""
    import av

    whole = tmp_path / "whole.mp4"
    with (
        av.open(str(clips["K04"])) as given,
        av.open(str(whole), "w", format="mp4", options={"movflags": "faststart"}) as made,
    ):
        copy = made.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.pts is not None:
                packet.stream = copy
                made.mux(packet)
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 3 // 4])
    answer = index(cut, "--camera", "K04", "--start", EIGHT, "--json")
    assert answer.status == 1
    [file] = answer.json["files"]
    assert file["state"] == "damaged"
    assert "cut off" in file["error"]["message"]
    assert file["sightings"] > 0
    assert len(ids_of(tmp_path / "new")) == file["sightings"]


def test_unicode_names_and_files_that_follow_each_other(index, clips, cut, tmp_path):
    # The same letter written in two ways is one camera.
    first = cut(clips["K01"], tmp_path / "向阳路口 é 早.mp4", 0.0, 1.9)
    second = shutil.copy(clips["K01"], tmp_path / "向阳路口 é 晚.mp4")
    camera = "向阳 e\u0301"
    answer = index(first, second, "--camera", camera, "--start", EIGHT, "--json")
    assert answer.status == 0
    files = answer.json["files"]
    assert [file["camera_id"] for file in files] == ["向阳 \u00e9"] * 2
    assert [file["start"] for file in files] == [
        "2026-11-20T00:00:00.000+00:00",
        "2026-11-20T00:00:01.900+00:00",
    ]
    assert [Path(file["path"]) for file in files] == [first, Path(second)]


def test_a_recording_named_twice_is_indexed_once(index, clips, tmp_path):
    copy = Path(shutil.copy(clips["K01"], tmp_path / "copy.mp4"))
    answer = index(clips["K01"], copy, "--camera", "K01", "--start", EIGHT, "--json")
    assert answer.status == 1
    assert len(answer.json["files"]) == 1
    [problem] = answer.json["problems"]
    assert "same recording" in problem["message"]
    # By another name it is still known.
    again = index(copy, "--camera", "K01", "--start", EIGHT, "--json")
    assert again.status == 0
    assert again.json["files"][0]["state"] == "skipped"
    manifest = tmp_path / "m.csv"
    rows = [f"K01,{clips['K01']},{EIGHT}", f"K01,{copy},{EIGHT}"]
    manifest.write_text("\n".join(["camera_id,path,start", *rows]), encoding="utf-8")
    third = index("--manifest", manifest, "--json")
    assert (third.status, third.json["sightings"]) == (0, 0)


@pytest.mark.parametrize("broken", ["missing", "text"])
def test_no_start_is_guessed_behind_a_file_whose_length_is_unknown(index, clips, tmp_path, broken):
    first = tmp_path / "first.mp4"
    if broken == "text":
        first.write_text("not a video")
    answer = index(first, clips["K01"], "--camera", "K01", "--start", EIGHT, "--json")
    assert answer.status == 1
    messages = [problem["message"] for problem in answer.json["problems"]]
    assert any("K01.mp4: its start is not known" in message for message in messages)
    assert not any(file["state"] == "done" for file in answer.json["files"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("{clip}", "--camera", "K04", "--start", "2026-11-20T08:00:00"), "no offset"),
        (("{clip}", "--camera", "K04", "--start", "soon"), "not a time"),
        (("{clip}", "--camera", "K77", "--start", EIGHT, "-c", "{site}"), "K77"),
        (("{clip}", "--camera", "a/b", "--start", EIGHT), "camera id"),
        (("{clip}", "--camera", "", "--start", EIGHT), "camera id"),
        (("{clip}", "--camera", "K" * 65, "--start", EIGHT), "camera id"),
        (("{clip}", "--camera", "K04"), "neither in its name nor in the file"),
        (("{clip}", "--start", EIGHT), "belong together"),
        ((), "belong together"),
        (("--manifest", "none.csv"), "none.csv"),
        (("--manifest", "{clip}"), "{clip}"),
        (("--manifest", "none.csv", "--camera", "K04"), "stands alone"),
        (("{clip}", "--camera", "K04", "--start", EIGHT, "-c", "no-site.yaml"), "no-site.yaml"),
    ],
)
def test_wrong_usage_makes_no_archive(index, clips, tmp_path, arguments, words):
    names = {"clip": clips["K01"], "site": demo_site_path()}
    filled_in = [argument.format(**names) for argument in arguments]
    plain = index(*filled_in)
    assert plain.status == 2
    assert words.format(**names) in plain.sentence
    assert index(*filled_in, "--json").error["code"]
    assert not (tmp_path / "new").exists()


def test_a_second_writer_is_refused(index, clips, tmp_path):
    with open_archive(tmp_path / "new"):
        answer = index(clips["K01"], "--camera", "K01", "--start", EIGHT)
        assert answer.status == 1
        assert "another process writes" in answer.sentence
        as_json = index(clips["K01"], "--camera", "K01", "--start", EIGHT, "--json")
        assert as_json.error["code"] == "archive_busy"


def test_below_the_low_water_mark_it_ends_at_once(index, clips, monkeypatch, tmp_path):
    monkeypatch.setenv("YANJI_DISK__LOW_WATER_MB", "100000000")
    began = time.monotonic()
    answer = index(clips["K01"], "--camera", "K01", "--start", EIGHT)
    assert time.monotonic() - began < 3
    assert answer.status == 1
    assert "low-water mark" in answer.sentence
    assert "run the same command again" in answer.err
    as_json = index(clips["K01"], "--camera", "K01", "--start", EIGHT, "--json")
    assert as_json.error["code"] == "disk_full"
    assert ids_of(tmp_path / "new") == {}


def test_a_disk_that_fills_up_ends_it_and_the_next_call_completes(
    index, clips, monkeypatch, tmp_path
):
    write = ArchiveWriter.write

    def full(self, sightings):
        raise DiskFullError("the disk of the archive is full")

    monkeypatch.setattr(ArchiveWriter, "write", full)
    arguments = (clips["K01"], "--camera", "K01", "--start", EIGHT)
    answer = index(*arguments, "--json")
    assert (answer.status, answer.error["code"]) == (1, "disk_full")
    assert ids_of(tmp_path / "new") == {}
    monkeypatch.setattr(ArchiveWriter, "write", write)
    again = index(*arguments, "--json")
    assert again.status == 0
    assert len(ids_of(tmp_path / "new")) == again.json["sightings"] > 0


def test_an_archive_of_a_newer_version_is_not_touched(yanji, filled, clips):
    later = Migration(len(migrations()) + 1, "later", "CREATE TABLE later (a INTEGER);")
    open_archive(filled, known=(*migrations(), later), low_water_bytes=0).close()
    before = tree_of(filled)
    asked = ("--archive", filled)
    snapshot = demo_site_path().with_name("snapshot.jpg")
    for arguments in (
        ("index", clips["K01"], "--camera", "K01", "--start", EIGHT),
        ("search", snapshot, "--case", "1", "--reason", "x"),
        ("trace", "0" * 32, "--case", "1", "--reason", "x"),
        ("runs", "list"),
        ("runs", "remove", "0" * 32),
        ("archive", "stats"),
        ("archive", "reembed"),
        ("check",),
        ("check", "--repair"),
    ):
        answer = yanji(*arguments, *asked)
        assert answer.status == 1, arguments
        assert "this yanji knows up to" in answer.sentence
        assert yanji(*arguments, *asked, "--json").error["code"] == "archive_too_new"
        assert tree_of(filled) == before, arguments


def test_progress_goes_to_stderr_and_the_answer_to_stdout(yanji, town):
    asked = ("--manifest", town.manifest, "-c", town.site, "--archive", town.archive)
    answer = yanji("index", *asked, "--json")
    assert json.loads(answer.out)["files"]
    assert "K04.mp4 (K04): skipped" in answer.err


def test_a_file_name_that_is_no_text_is_a_name_all_the_same(index, yanji, clips, tmp_path):
    """Old recorders write names in GBK; on Linux a name is bytes."""
    odd = tmp_path / "odd\udcff.mp4"
    shutil.copy(clips["K01"], odd)
    answer = index(odd, "--camera", "K01", "--start", EIGHT, "--json")
    assert answer.status == 0
    assert answer.json["files"][0]["path"] == str(odd)
    [run] = yanji("runs", "list", "--archive", tmp_path / "new", "--json").json["runs"]
    assert run["source"] == "odd\\udcff.mp4"
    assert "odd\\udcff.mp4" in yanji("runs", "list", "--archive", tmp_path / "new").out


def kill_readers(*_arguments):
    for child in psutil.Process().children():
        if "spawn_main" in " ".join(child.cmdline()):
            child.kill()


def test_a_reader_that_dies_gives_its_recording_to_another(index, clips, monkeypatch, tmp_path):
    calls = []

    def kill_first(self, progress):
        if not calls:
            calls.append(progress)
            kill_readers()

    monkeypatch.setattr("yanji.api.cli.recordings.Display.progress", kill_first)
    answer = index(clips["K01"], "--camera", "K01", "--start", EIGHT, "--json")
    assert calls
    assert answer.status == 0
    assert answer.json["files"][0]["state"] == "done"
    assert len(ids_of(tmp_path / "new")) == answer.json["sightings"] > 0


def test_a_recording_that_kills_its_readers_is_given_up(index, clips, monkeypatch, tmp_path):
    monkeypatch.setattr("yanji.api.cli.recordings.Display.progress", kill_readers)
    answer = index(clips["K04"], "--camera", "K04", "--start", EIGHT, "--json")
    assert answer.status == 1
    [file] = answer.json["files"]
    assert (file["state"], file["error"]["code"]) == ("failed", "reader_died")
    assert ids_of(tmp_path / "new") == {}


def test_ctrl_c_leaves_a_valid_archive(index, clips, monkeypatch, tmp_path):
    def interrupt(self, progress):
        raise KeyboardInterrupt

    monkeypatch.setattr("yanji.api.cli.recordings.Display.progress", interrupt)
    assert index(clips["K01"], "--camera", "K01", "--start", EIGHT).status == 130
    assert ids_of(tmp_path / "new") == {}
    assert not psutil.Process().children(recursive=True) or all(
        "spawn_main" not in " ".join(child.cmdline()) for child in psutil.Process().children()
    )


def test_indexing_deletes_what_is_older_than_allowed(yanji, index, clips, tmp_path, monkeypatch):
    old = ("--camera", "K01", "--start", "2024-01-01T08:00:00+08:00")
    assert index(clips["K01"], *old).status == 0
    archive = tmp_path / "new"
    assert yanji("archive", "stats", "--archive", archive, "--json").json["sightings"] > 0
    monkeypatch.setenv("YANJI_RETENTION__DAYS", "30")
    assert index(clips["K01"], *old).status == 0
    assert yanji("archive", "stats", "--archive", archive, "--json").json["sightings"] == 0
