"""Search: what may be wrong with a snapshot, a box or a case, and the one sentence that says so."""

import json
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from yanji.api.audit_verify import verify
from yanji.ingest.testcity.demo_data import (
    load_truth,
    passages_at,
    snapshot_of,
    snapshot_path,
)

CASE = ("--case", "2026-17", "--reason", "hit and run at the bridge")


@pytest.fixture
def search(yanji, filled):
    """Searches the made-up archive."""

    def call(image, *more, case=CASE):
        return yanji("search", image, "--archive", filled, *case, *more)

    return call


def png_bomb(path: Path, side: int) -> Path:
    """A tiny PNG whose header promises side x side pixels, with rows that would really unpack."""

    def chunk(name: bytes, content: bytes) -> bytes:
        body = name + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 4_000_000, 9)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )
    return path


def test_the_answer_has_the_form_that_programs_rely_on(search, filled):
    answer = search(snapshot_path(), "--json")
    assert answer.status == 0
    document = answer.json
    assert {"query", "hits", "searched", "gaps", "audit_id"} <= set(document)
    assert set(document["query"]) == {"image", "box", "class", "others"}
    assert document["searched"] == 6
    assert len(document["hits"]) == 6
    for hit in document["hits"]:
        assert set(hit) == {
            *("sighting_id", "camera_id", "first_seen", "last_seen", "class", "colour"),
            *("plate", "score", "probability", "crop", "colour_score"),
            *("travel_deg", "travel_score", "direction", "view", "view_score"),
        }
        assert hit["probability"] is None
        assert hit["first_seen"].endswith("+00:00")
        assert Path(hit["crop"]).is_file()
    scores = [hit["score"] for hit in document["hits"]]
    assert scores == sorted(scores, reverse=True)
    # The snapshot shows a two-wheeler: its class keeps nothing out.
    assert {hit["class"] for hit in document["hits"]} == {"car", "ebike"}
    assert verify(filled).records == 1


def test_only_the_class_option_filters(search):
    wheels = search(snapshot_path(), "--class", "two_wheeler", "--json").json
    assert {hit["class"] for hit in wheels["hits"]} == {"ebike"}
    one = search(snapshot_path(), "--class", "car", "--camera", "K01", "--limit", "2", "--json")
    assert [hit["camera_id"] for hit in one.json["hits"]] == ["K01", "K01"]


def test_colours_and_directions_filter_and_are_recorded(search, filled):
    def hits(*more):
        return search(snapshot_path(), *more, "--json").json["hits"]

    assert len(hits("--colour", "blue")) == 6
    assert search(snapshot_path(), "--colour", "red").status == 3
    # Nothing is known of where they drove to: nothing is hidden, unless that is asked for.
    assert len(hits("--direction", "ne", "--direction", "towards")) == 6
    none = search(snapshot_path(), "--direction", "N", "--only-known")
    assert none.status == 3
    assert "blue" in search(snapshot_path()).out
    last = json.loads((filled / "audit.jsonl").read_text(encoding="utf-8").splitlines()[-2])
    assert last["parameters"]["directions"] == ["N"]
    assert last["parameters"]["only_known"] is True


def test_a_time_window_keeps_what_overlaps_it(search):
    window = ("--from", "2026-11-20T08:01:00+08:00", "--to", "2026-11-20T00:01:10Z")
    hits = search(snapshot_path(), *window, "--json").json["hits"]
    assert {hit["first_seen"] for hit in hits} == {"2026-11-20T00:01:00.000+00:00"}
    nothing = search(snapshot_path(), "--from", "2027-01-01T00:00:00Z")
    assert nothing.status == 3
    assert "No sighting matches" in nothing.out


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--from", "2026-11-20T09:00Z", "--to", "2026-11-20T08:00Z"), "--from is later than --to"),
        (("--from", "2026-11-20T09:00"), "no offset"),
        (("--to", "yesterday"), "not a time"),
        (("--class", "person"), "person"),
        (("--class", "spaceship"), "spaceship"),
        (("--purpose", "curiosity"), "curiosity"),
        (("--camera", "K77"), "K77"),
        (("--camera", "a/b"), "must not hold"),
        (("--limit", "0"), "limit"),
        (("--limit", "many"), "many"),
        (("--box", "5,5,5,5"), "empty"),
        (("--box", "90,90,10,10"), "empty"),
        (("--box", "nan,0,10,10"), "not a box"),
        (("--box", "0,0,inf,10"), "not a box"),
        (("--box", "1,2,3"), "not a box"),
        (("--box", "a,b,c,d"), "not a box"),
        (("--box", "-50,-50,100,100"), "outside"),
        (("--box", "100,100,5000,200"), "outside"),
        (("--box", "5000,5000,5100,5100"), "outside"),
        (("--colour", "mauve"), "mauve"),
        (("--direction", "up"), "up"),
        (("--only-known",), "--colour or --direction"),
    ],
)
def test_wrong_usage_is_one_sentence_and_status_2(search, filled, more, words):
    plain = search(snapshot_path(), *more)
    assert plain.status == 2
    assert words in plain.sentence
    assert plain.out == ""
    as_json = search(snapshot_path(), *more, "--json")
    assert as_json.status == 2
    assert words in as_json.error["message"]
    assert not (filled / "audit.jsonl").exists()


@pytest.mark.parametrize(
    "case",
    [
        (),
        ("--case", "1"),
        ("--reason", "why"),
        ("--case", " ", "--reason", "why"),
        ("--case", "1", "--reason", ""),
    ],
)
def test_without_case_and_reason_nothing_is_answered(search, case):
    plain = search(snapshot_path(), case=case)
    assert plain.status == 2
    assert "is needed" in plain.sentence
    assert plain.out == ""
    assert search(snapshot_path(), "--json", case=case).error["code"] == "usage"


def test_a_snapshot_without_a_vehicle_is_status_3_and_recorded(search, filled, tmp_path):
    path = tmp_path / "wall.png"
    Image.new("RGB", (640, 480), (90, 120, 90)).save(path)
    answer = search(path)
    assert answer.status == 3
    assert "no vehicle" in answer.sentence
    assert answer.out == ""
    as_json = search(path, "--json")
    assert (as_json.status, as_json.error["code"]) == (3, "no_vehicle")
    records = (filled / "audit.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(records) == 2
    assert all('"outcome":"no_vehicle"' in record for record in records)


def test_a_black_snapshot_and_a_black_box_say_that_there_is_nothing_to_see(search, tmp_path):
    path = tmp_path / "night.jpg"
    Image.new("RGB", (640, 480), (1, 0, 2)).save(path)
    for box in ((), ("--box", "100,100,300,250")):
        answer = search(path, *box)
        assert answer.status == 3
        assert "nothing to see" in answer.sentence
        assert search(path, *box, "--json").error["code"] == "no_vehicle"


def test_a_drawn_box_is_searched_even_where_the_detector_sees_nothing(search, tmp_path):
    path = tmp_path / "wall.png"
    Image.new("RGB", (640, 480), (90, 120, 90)).save(path)
    answer = search(path, "--box", "100,100,300,250", "--json")
    assert answer.status == 0
    assert answer.json["query"]["class"] is None
    assert answer.json["query"]["box"] == [100, 100, 300, 250]


@pytest.mark.parametrize(
    ("name", "content", "words", "code"),
    [
        ("empty.jpg", b"", "empty", "picture_empty"),
        ("text.jpg", b"this is no picture at all", "not a picture", "picture_format"),
        ("cut.jpg", None, "cut off", "picture_damaged"),
    ],
)
def test_a_file_that_is_no_whole_picture_is_refused(search, tmp_path, name, content, words, code):
    path = tmp_path / name
    whole = snapshot_path().read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if content is None else content)
    answer = search(path)
    assert answer.status == 1
    assert words in answer.sentence
    assert search(path, "--json").error["code"] == code


def test_a_missing_picture_and_a_folder_are_refused(search, tmp_path):
    missing = search(tmp_path / "none.jpg")
    assert (missing.status, missing.out) == (1, "")
    assert "no picture" in missing.sentence
    assert "not a picture" in search(tmp_path).sentence


def test_a_huge_picture_is_refused_at_once_and_cheaply(environment, filled, tmp_path):
    bomb = png_bomb(tmp_path / "bomb.png", 40_000)
    code = (
        "import sys, time\n"
        "from yanji.api.cli.program import main\n"
        "began = time.process_time()\n"
        "status = main(sys.argv[1:])\n"
        # Not ru_maxrss: a child inherits that of its parent.
        "lines = open('/proc/self/status').read().splitlines()\n"
        "peak = next(line.split()[1] for line in lines if line.startswith('VmHWM'))\n"
        "print(status, int(peak) // 1024, time.process_time() - began)\n"
    )
    arguments = ["search", str(bomb), "--archive", str(filled), *CASE]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
        check=True,
    )
    status, peak_mb, cpu_s = done.stdout.split()
    assert int(status) == 1
    assert "40000 × 40000" in done.stderr
    assert "Traceback" not in done.stderr
    assert int(peak_mb) < 200
    # The interpreter's own start and imports included; no pixel may be decoded.
    assert float(cpu_s) < 3


def test_exif_rotation_is_undone_and_boxes_are_upright(search, tmp_path):
    upright = Image.open(snapshot_path())
    path = tmp_path / "phone.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    upright.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif, quality=95)
    plain = search(snapshot_path(), "--json").json["query"]
    turned = search(path, "--json").json["query"]
    assert turned["class"] == plain["class"]
    assert np.allclose(turned["box"], plain["box"], atol=6)
    width, height = upright.size
    assert width > height
    # A box that only fits the upright picture is taken, one that only fits the file's is not.
    assert search(path, "--box", f"{width - 60},10,{width},60").status == 0
    assert search(path, "--box", f"10,{height + 20},60,{height + 80}").status == 2


@pytest.mark.parametrize("kind", ["grey.png", "alpha.png", "small.webp", "plain.bmp"])
def test_other_kinds_of_pictures_find_the_same_vehicle(search, tmp_path, kind):
    path = tmp_path / kind
    picture = Image.open(snapshot_path())
    if kind == "grey.png":
        picture = picture.convert("L")
    if kind == "alpha.png":
        picture = picture.convert("RGBA")
    picture.save(path, **({"quality": 90} if kind.endswith("webp") else {}))
    answer = search(path, "--json")
    assert answer.status == 0
    found = answer.json["query"]
    truth = snapshot_of(load_truth(())).box_px
    middle = (found["box"][0] + found["box"][2]) / 2, (found["box"][1] + found["box"][3]) / 2
    assert truth[0] < middle[0] < truth[2]
    assert truth[1] < middle[1] < truth[3]


def test_the_largest_vehicle_is_taken_and_the_others_are_listed(search, tmp_path):
    picture = Image.open(snapshot_path())
    x1, y1, x2, y2 = snapshot_of(load_truth(())).box_px
    small = picture.crop((x1 - 30, y1 - 30, x2 + 30, y2 + 30))
    small = small.resize((round(small.width * 0.85), round(small.height * 0.85)))
    picture.paste(small, (650, 330))
    path = tmp_path / "two.png"
    picture.save(path)
    before = search(snapshot_path(), "--json").json["query"]
    query = search(path, "--json").json["query"]
    assert len(query["others"]) == len(before["others"]) + 1
    assert np.allclose(query["box"], before["box"], atol=6)
    second = query["others"][0]
    assert second[0] > 650, "the largest of the others comes first"
    told = search(path)
    assert f"{len(query['others'])} more (choose with --box)" in told.err
    chosen = search(path, "--box", ",".join(map(str, second)), "--json").json["query"]
    assert chosen["box"] == second
    assert chosen["others"][0] == query["box"]


def test_no_answer_without_an_audit_record(search, filled, monkeypatch):
    (filled / "audit.jsonl").mkdir()
    answer = search(snapshot_path())
    assert answer.status == 1
    assert "audit log" in answer.sentence
    assert answer.out == ""
    as_json = search(snapshot_path(), "--json")
    assert as_json.error["code"] == "audit"


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_read_only_archive_answers_nothing(search, filled):
    filled.chmod(0o500)
    try:
        answer = search(snapshot_path())
    finally:
        filled.chmod(0o700)
    assert (answer.status, answer.out) == (1, "")
    assert "audit log" in answer.sentence


def test_a_full_disk_under_the_audit_log_answers_nothing(search, monkeypatch):
    def full(fd, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("yanji.api.audit.os.write", full)
    answer = search(snapshot_path())
    monkeypatch.undo()
    assert (answer.status, answer.out) == (1, "")
    assert "No space left" in answer.sentence


def test_a_missing_crop_costs_its_picture_and_not_the_answer(search, filled):
    for crop in list((filled / "crops").rglob("*.jpg")):
        crop.unlink()
    answer = search(snapshot_path(), "--json")
    assert answer.status == 0
    assert [hit["crop"] for hit in answer.json["hits"]] == [None] * 6
    assert search(snapshot_path()).status == 0


def test_sightings_of_another_model_are_not_compared(search, yanji, filled, monkeypatch):
    monkeypatch.setenv("YANJI_EMBEDDER", "histogram")
    answer = search(snapshot_path())
    assert answer.status == 1
    assert "histogram" in answer.sentence
    assert answer.out == ""


def test_no_archive_and_an_empty_one(yanji, tmp_path, filled):
    nowhere = yanji("search", snapshot_path(), "--archive", tmp_path / "nowhere", *CASE, "--json")
    assert (nowhere.status, nowhere.error["code"]) == (1, "no_archive")
    assert not (tmp_path / "nowhere").exists()
    for run in yanji("runs", "list", "--archive", filled, "--json").json["runs"]:
        assert yanji("runs", "remove", run["run_id"], "--archive", filled).status == 0
    empty = yanji("search", snapshot_path(), "--archive", filled, *CASE, "--json")
    assert empty.status == 3
    assert empty.json["hits"] == []
    assert empty.json["searched"] == 0


def test_with_a_site_times_are_its_own_and_its_cameras_count(yanji, town):
    asked = ("--archive", town.archive, "-c", town.site, *CASE)
    answer = yanji("search", snapshot_path(), *asked, "--from", "2026-11-20 08:00", "--json")
    assert answer.status == 0
    assert {hit["camera_id"] for hit in answer.json["hits"]} == {"K03", "K04"}
    assert all(hit["first_seen"].endswith("+08:00") for hit in answer.json["hits"])
    unknown = yanji("search", snapshot_path(), *asked, "--camera", "K09")
    assert unknown.status == 2
    assert "K09" in unknown.sentence
    # In the site, though nothing was indexed of it.
    assert yanji("search", snapshot_path(), *asked, "--camera", "K02").status == 3


def test_the_target_comes_first_at_both_cameras(yanji, town):
    truth = load_truth(("K03", "K04"))
    target = snapshot_of(truth).identity
    for camera in ("K03", "K04"):
        asked = ("--archive", town.archive, "--camera", camera, *CASE, "--json")
        hits = yanji("search", snapshot_path(), *asked).json["hits"]
        # The true time: the site's clock offsets are taken off.
        seconds = float(hits[0]["last_seen"][17:23])
        [passage] = passages_at(truth, camera, target)
        assert abs(seconds - passage.last_frame / truth.fps) < 0.7, hits[0]
