"""What is in an archive: runs, stats, new embeddings, repair, the audit log."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from yanji.configs.default_models import DEFAULT_EMBEDDER
from yanji.index.reader import read_archive
from yanji.ingest.testcity.demo_data import snapshot_path

CASE = ("--case", "2026-17", "--reason", "hit and run at the bridge")


def crops_of(archive: Path) -> set[str]:
    return {path.name for path in (archive / "crops").rglob("*.jpg")}


def vectors_of(archive: Path, yanji) -> dict[str, int]:
    stats = yanji("archive", "stats", "--archive", archive, "--json").json
    return {model["model_id"]: model["vectors"] for model in stats["models"]}


@pytest.fixture
def audited(yanji, filled):
    """Three searches on record."""
    for _ in range(3):
        assert yanji("search", snapshot_path(), "--archive", filled, *CASE).status == 0
    return filled / "audit.jsonl"


def test_runs_are_listed_for_people_and_programs(yanji, town):
    runs = yanji("runs", "list", "--archive", town.archive, "-c", town.site, "--json").json["runs"]
    assert [run["camera_id"] for run in runs] == ["K04", "K03"]
    assert [run["start"] for run in runs] == [
        "2026-11-20T08:00:05.340+08:00",
        "2026-11-20T08:00:17.570+08:00",
    ]
    assert set(runs[0]) == {
        *("run_id", "camera_id", "kind", "source", "start", "end", "end_reason"),
        *("start_source", "start_sigma_s", "state", "sightings"),
    }
    assert {(run["start_source"], run["start_sigma_s"]) for run in runs} == {("manifest", 0.0)}
    told = yanji("runs", "list", "--archive", town.archive, "--camera", "K03")
    assert runs[1]["run_id"] in told.out
    assert runs[0]["run_id"] not in told.out
    unknown = yanji("runs", "list", "--archive", town.archive, "-c", town.site, "--camera", "K9")
    assert (unknown.status, "K9" in unknown.sentence) == (2, True)


def test_a_removed_run_takes_rows_crops_and_vectors_and_leaves_the_audit(yanji, town):
    archive = town.archive
    assert yanji("search", snapshot_path(), "--archive", archive, *CASE).status == 0
    runs = yanji("runs", "list", "--archive", archive, "--json").json["runs"]
    wrong, kept = runs[0], runs[1]
    audit = (archive / "audit.jsonl").read_bytes()
    removed = yanji("runs", "remove", wrong["run_id"], "--archive", archive, "--json")
    assert removed.status == 0
    assert removed.json["removed"] == [{"run_id": wrong["run_id"], "sightings": wrong["sightings"]}]
    with read_archive(archive) as reader:
        left = reader.sightings()
        assert {item.camera_id for item in left} == {kept["camera_id"]}
        named = {f"{sha256}.jpg" for item in left for sha256 in item.crops}
    assert crops_of(archive) == named
    assert vectors_of(archive, yanji) == {DEFAULT_EMBEDDER: len(left)}
    assert yanji("check", "--archive", archive).status == 0
    assert (archive / "audit.jsonl").read_bytes() == audit
    assert yanji("audit", "verify", "--archive", archive).status == 0
    again = yanji("runs", "remove", wrong["run_id"], "--archive", archive)
    assert again.status == 1
    assert wrong["run_id"] in again.sentence


def test_a_removed_recording_can_be_indexed_again(yanji, town, indexed_town):
    runs = yanji("runs", "list", "--archive", town.archive, "--json").json["runs"]
    assert yanji("runs", "remove", runs[1]["run_id"], "--archive", town.archive).status == 0
    asked = ("--manifest", town.manifest, "-c", town.site, "--archive", town.archive, "--json")
    again = yanji("index", *asked)
    assert [file["state"] for file in again.json["files"]] == ["skipped", "done"]
    with read_archive(town.archive) as ours, read_archive(indexed_town.archive) as whole:
        assert {item.sighting_id for item in ours.sightings()} == {
            item.sighting_id for item in whole.sightings()
        }


@pytest.mark.parametrize(
    "arguments",
    [
        ("runs", "list"),
        ("runs", "remove", "0" * 32),
        ("archive", "stats"),
        ("archive", "reembed"),
        ("check",),
        ("check", "--repair"),
        ("audit", "verify"),
    ],
)
def test_where_there_is_no_archive_none_is_made(yanji, tmp_path, arguments):
    nowhere = tmp_path / "nowhere"
    answer = yanji(*arguments, "--archive", nowhere)
    assert answer.status == 1
    assert f"no archive in {nowhere}" in answer.sentence
    assert yanji(*arguments, "--archive", nowhere, "--json").error["code"] == "no_archive"
    assert not nowhere.exists()


def test_a_file_and_a_broken_database_are_no_archive(yanji, tmp_path):
    file = tmp_path / "file"
    file.write_text("x")
    assert yanji("runs", "list", "--archive", file).status == 1
    clip = ("index", snapshot_path(), "--camera", "K1", "--start", "2026-11-20T08:00:00Z")
    assert "not a folder" in yanji(*clip, "--archive", file).sentence
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "archive.db").write_bytes(b"no database, but a long text\n" * 200)
    for arguments in (("runs", "list"), ("archive", "stats"), ("check", "--repair")):
        answer = yanji(*arguments, "--archive", broken)
        assert answer.status == 1
        assert str(broken) in answer.err + answer.out
    assert (broken / "archive.db").read_bytes() == b"no database, but a long text\n" * 200


def test_stats_count_what_is_there(yanji, filled):
    stats = yanji("archive", "stats", "--archive", filled, "--json")
    assert stats.status == 0
    document = stats.json
    assert document["sightings"] == 6
    assert document["cameras"] == 2
    assert document["runs"] == 2
    assert document["first"] == "2026-11-20T00:00:00.000+00:00"
    assert document["crop_bytes"] > 0
    assert document["days_left"] > 0
    told = yanji("archive", "stats", "--archive", filled)
    assert "6 sightings" in told.out
    assert "the disk lasts" in told.out


def test_missing_colours_are_named_once(yanji, town):
    with sqlite3.connect(town.archive / "archive.db") as raw:
        raw.execute("UPDATE sightings SET colour = NULL, colour_score = NULL")
    first = yanji("archive", "colours", "--archive", town.archive, "--json")
    assert first.status == 0
    assert first.json["named"] > 0
    assert first.json["unreadable"] == 0
    again = yanji("archive", "colours", "--archive", town.archive)
    assert again.status == 0
    assert again.out.startswith("0 sightings have a colour now, 0 stay in doubt")
    assert yanji("check", "--archive", town.archive).status == 0
    assert yanji("archive", "colours", "--archive", town.archive / "none").status == 1


def test_an_archive_moves_to_another_model_and_back(yanji, town, monkeypatch):
    archive = ("--archive", town.archive)
    search = ("search", snapshot_path(), *archive, *CASE, "--json")
    before = yanji(*search).json["hits"]
    moved = yanji("archive", "reembed", "--model", "histogram", *archive, "--json")
    assert moved.status == 0
    assert moved.json["embedded"] == len(before)
    assert set(vectors_of(town.archive, yanji)) == {"histogram", DEFAULT_EMBEDDER}
    again = yanji("archive", "reembed", "--model", "histogram", *archive, "--json")
    assert (again.json["embedded"], again.json["already"]) == (0, len(before))
    with monkeypatch.context() as patch:
        patch.setenv("YANJI_EMBEDDER", "histogram")
        assert len(yanji(*search).json["hits"]) == len(before)
    dropped = yanji("archive", "reembed", "--model", "histogram", "--drop-old", *archive, "--json")
    assert dropped.json["dropped"] == len(before)
    refused = yanji(*search)
    assert refused.status == 1
    assert refused.error["code"] == "model_not_in_archive"
    assert "only of histogram" in refused.error["message"]
    assert "yanji archive reembed" in refused.error["hint"]
    back = yanji("archive", "reembed", *archive, "--drop-old")
    assert back.status == 0
    assert f"{len(before)} sightings embedded by {DEFAULT_EMBEDDER}" in back.out
    after = yanji(*search).json["hits"]
    assert after[0]["sighting_id"] == before[0]["sighting_id"]
    # Crops are stored as JPEG, so the new vectors are not bit for bit the old ones: hits that are
    # nearly as alike may change places.
    scores = {hit["sighting_id"]: hit["score"] for hit in before}
    assert {hit["sighting_id"]: hit["score"] for hit in after} == pytest.approx(scores, abs=0.05)
    assert yanji("check", *archive).status == 0


def test_an_unknown_model_is_one_sentence(yanji, filled):
    answer = yanji("archive", "reembed", "--model", "nonesuch", "--archive", filled)
    assert answer.status in (1, 2)
    assert "nonesuch" in answer.sentence


def test_a_lost_crop_is_found_and_mended(yanji, filled):
    lost = next((filled / "crops").rglob("*.jpg"))
    lost.unlink()
    found = yanji("check", "--archive", filled, "--json")
    assert found.status == 1
    assert [problem["kind"] for problem in found.json["problems"]] == ["crop_missing"]
    assert found.json["ok"] is False
    mended = yanji("check", "--repair", "--archive", filled)
    assert mended.status == 0
    assert "(mended)" in mended.out
    assert "all holds" in yanji("check", "--archive", filled).out
    # Its sighting is still found by its vector.
    hits = yanji("search", snapshot_path(), "--archive", filled, *CASE, "--json").json["hits"]
    assert [hit["crop"] for hit in hits].count(None) == 1
    assert len(hits) == 6


def test_an_untouched_log_verifies(yanji, audited, filled):
    answer = yanji("audit", "verify", "--archive", filled, "--json")
    assert answer.status == 0
    assert answer.json["ok"] is True
    assert answer.json["records"] == 3
    head = answer.json["head"]
    told = yanji("audit", "verify", "--archive", filled, "--head", head)
    assert told.status == 0
    assert "the chain holds" in told.out
    later = yanji("search", snapshot_path(), "--archive", filled, *CASE)
    assert later.status == 0
    assert yanji("audit", "verify", "--archive", filled, "--head", head).status == 0


def edit(lines):
    record = json.loads(lines[1])
    record["reason"] = "nothing of interest"
    lines[1] = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def delete(lines):
    del lines[1]


def reorder(lines):
    lines[0], lines[1] = lines[1], lines[0]


def cut(lines):
    del lines[-1]


def empty(lines):
    lines.clear()


@pytest.mark.parametrize("tamper", [edit, delete, reorder, cut, empty])
def test_tampering_is_found(yanji, audited, filled, tamper):
    lines = audited.read_text(encoding="utf-8").splitlines()
    tamper(lines)
    audited.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    answer = yanji("audit", "verify", "--archive", filled)
    assert answer.status == 1
    assert "CHANGED" in answer.out
    as_json = yanji("audit", "verify", "--archive", filled, "--json")
    assert as_json.status == 1
    assert as_json.json["problems"]


def test_a_cut_with_its_head_is_found_by_a_head_noted_down(yanji, audited, filled, tmp_path):
    """Who may write log and head can cut both; only a head kept elsewhere shows it."""
    kept = tmp_path / "kept"
    shutil.copytree(filled, kept)
    assert yanji("search", snapshot_path(), "--archive", filled, *CASE).status == 0
    head = yanji("audit", "verify", "--archive", filled, "--json").json["head"]
    for name in ("audit.jsonl", "audit.head"):
        shutil.copy(kept / name, filled / name)
    assert yanji("audit", "verify", "--archive", filled).status == 0
    assert yanji("audit", "verify", "--archive", filled, "--head", head).status == 1


def test_an_archive_nobody_asked_has_an_empty_log(yanji, filled):
    answer = yanji("audit", "verify", "--archive", filled, "--json")
    assert answer.status == 0
    assert answer.json["records"] == 0


@pytest.mark.parametrize("head", ["rubbish", "3", "-1-" + "0" * 64, "9-xyz"])
def test_a_head_that_is_none_is_wrong_usage(yanji, filled, head):
    answer = yanji("audit", "verify", "--archive", filled, f"--head={head}")
    assert answer.status == 2
    assert answer.sentence
