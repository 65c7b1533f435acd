"""Which files are indexed: folders and manifests."""

from __future__ import annotations

import os
import unicodedata
from datetime import datetime
from pathlib import Path

import pytest

from yanji.configs.errors import UsageError
from yanji.ingest.folder import find_recordings
from yanji.ingest.manifest import read_manifest


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def names(folder: Path, paths: tuple[Path, ...]) -> list[str]:
    return [str(path.relative_to(folder)) for path in paths]


def test_a_folder_is_searched_sorted_and_filtered(tmp_path):
    touch(tmp_path, "b/2.MP4", "b/10.mkv", "a.avi", "路口/早.dav", "notes.txt", "x.mp4.part")
    touch(tmp_path, ".hidden.mp4", "._a.avi", ".trash/c.mp4")
    found = find_recordings([tmp_path])
    assert names(tmp_path, found.files) == ["a.avi", "b/10.mkv", "b/2.MP4", "路口/早.dav"]
    assert found.problems == ()


def test_links_are_followed_and_loops_end(tmp_path):
    touch(tmp_path, "real/a.mp4", "elsewhere.mp4")
    (tmp_path / "real" / "loop").symlink_to(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path / "real")
    (tmp_path / "dead.mp4").symlink_to(tmp_path / "none.mp4")
    found = find_recordings([tmp_path])
    assert {path.resolve().name for path in found.files} == {"a.mp4", "elsewhere.mp4"}
    assert len(found.files) == 2
    assert found.problems == ()


def test_named_files_are_taken_once_in_order_whatever_they_are_called(tmp_path):
    touch(tmp_path, "b.mp4", "a.mp4", "recording.bin")
    given = [tmp_path / "recording.bin", tmp_path / "b.mp4", tmp_path]
    assert names(tmp_path, find_recordings(given).files) == ["recording.bin", "b.mp4", "a.mp4"]


def test_missing_and_empty_paths_are_reported_and_the_others_go_on(tmp_path):
    touch(tmp_path, "a.mp4", "empty/readme.txt")
    found = find_recordings([tmp_path / "none", tmp_path / "empty", tmp_path / "a.mp4"])
    assert names(tmp_path, found.files) == ["a.mp4"]
    assert [problem.path.name for problem in found.problems] == ["none", "empty"]
    assert "there is no file" in found.problems[0].message
    assert "there is no recording" in found.problems[1].message


def test_a_folder_that_cannot_be_read_is_reported(tmp_path, monkeypatch):
    touch(tmp_path, "a.mp4", "closed/b.mp4")
    scan = os.scandir

    def refuse(path: str):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = find_recordings([tmp_path])
    assert names(tmp_path, found.files) == ["a.mp4"]
    assert "Permission denied" in found.problems[0].message


def parse_time(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text} is not a time") from None
    if moment.tzinfo is None:
        raise UsageError(f"{text} has no offset")
    return int(moment.timestamp()) * 10**9


def manifest(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    touch(folder, "day/a.mp4", "b.mp4")
    path = folder / "list.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_good_and_bad_rows(tmp_path):
    path = manifest(
        tmp_path,
        "camera_id,path,start,remark\r\n"
        "K01,day/a.mp4,2026-03-01T08:00:00+08:00,fine\r\n"
        "\r\n"
        "K02,none.mp4,2026-03-01T08:00:00+08:00,\r\n"
        ",b.mp4,2026-03-01T08:00:00+08:00,\r\n"
        "K03,b.mp4,2026-03-01T08:00:00,\r\n"
        "K04,b.mp4\r\n"
        f' K05 ,"{tmp_path}/b.mp4",2026-03-01T00:00:00Z,\r\n',
    )
    read = read_manifest(path, parse_time)
    assert [(row.line, row.camera_id, row.path) for row in read.rows] == [
        (2, "K01", tmp_path / "day/a.mp4"),
        (7, "K04", tmp_path / "b.mp4"),
        (8, "K05", tmp_path / "b.mp4"),
    ]
    given_ns = 1_772_323_200_000_000_000
    assert [row.started_ns for row in read.rows] == [given_ns, None, given_ns]
    assert [problem.line for problem in read.problems] == [4, 5, 6]
    assert "none.mp4" in read.problems[0].message
    assert "camera_id is empty" in read.problems[1].message
    assert "no offset" in read.problems[2].message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_spreadsheets_write(tmp_path, encoding, delimiter):
    lines = ["Camera_ID,PATH,start", "向阳路口,b.mp4,2026-03-01T08:00:00+08:00"]
    path = manifest(tmp_path, "\n".join(lines).replace(",", delimiter), encoding)
    (row,) = read_manifest(path, parse_time).rows
    assert row.camera_id == "向阳路口"


def test_camera_ids_are_normalised(tmp_path):
    decomposed = unicodedata.normalize("NFD", "Straße Ü")
    path = manifest(tmp_path, f"camera_id,path,start\n{decomposed},b.mp4,2026-03-01T08:00:00Z\n")
    assert read_manifest(path, parse_time).rows[0].camera_id == "Straße Ü"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("camera_id,path\nK01,b.mp4\n", "no column start"),
        ("", "no column camera_id, path, start"),
        ("camera_id,path,start\n\n", "names no recording"),
        ('camera_id,path,start\n"K01,b.mp4', "is not CSV"),
    ],
)
def test_a_manifest_that_is_none(tmp_path, text, message):
    with pytest.raises(UsageError, match=message):
        read_manifest(manifest(tmp_path, text), parse_time)


def test_a_manifest_that_cannot_be_read(tmp_path):
    with pytest.raises(UsageError, match="No such file"):
        read_manifest(tmp_path / "none.csv", parse_time)
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\xff\x00" * 50)
    with pytest.raises(UsageError):
        read_manifest(binary, parse_time)
