"""`yanji index` without a start: names, metadata, manifest rows that leave it empty."""

from __future__ import annotations

import shutil

import pytest

from yanji.index.reader import read_archive
from yanji.ingest.testcity.demo_data import demo_site_path


@pytest.fixture
def night(clips, tmp_path):
    """A folder as an NVR leaves it; K01's clip has no vehicle that is needed here."""
    folder = tmp_path / "向阳路口"
    folder.mkdir()
    shutil.copy(clips["K01"], folder / "NVR_ch1_main_20261120080000_20261120083000.mp4")
    return folder


def test_starts_are_read_from_names_and_told(yanji, night, tmp_path):
    shutil.copy(night / "NVR_ch1_main_20261120080000_20261120083000.mp4", tmp_path / "part.mp4")
    (night / "hiv00001.mp4").write_bytes((tmp_path / "part.mp4").read_bytes() + b"\0")
    archive = tmp_path / "new"
    asked = ("index", night, "--camera", "K01", "-c", demo_site_path(), "--archive", archive)
    answer = yanji(*asked, "--json")
    assert answer.status == 1  # one file says nothing
    (file,) = answer.json["files"]
    assert file["start"] == "2026-11-20T08:00:00.000+08:00"
    assert (file["start_source"], file["state"]) == ("name", "done")
    (problem,) = answer.json["problems"]
    assert problem["path"].endswith("hiv00001.mp4")
    assert "neither in its name nor in the file" in problem["message"]
    (run,) = yanji("runs", "list", "--archive", archive, "--json").json["runs"]
    assert (run["start_source"], run["start_sigma_s"]) == ("name", 0.5)
    again = yanji(*asked)
    assert "begins 2026-11-20T08:00:00+08:00 by its name" in again.err


def test_a_given_start_is_the_strongest(yanji, night, tmp_path):
    given = ("--start", "2026-11-21T09:00:00+08:00", "--archive", tmp_path / "new", "--json")
    answer = yanji("index", night, "--camera", "K01", *given)
    assert answer.status == 0
    (file,) = answer.json["files"]
    assert file["start"] == "2026-11-21T01:00:00.000+00:00"
    assert file["start_source"] == "given"


def test_a_manifest_row_may_leave_its_start_empty(yanji, night, tmp_path):
    name = "NVR_ch1_main_20261120080000_20261120083000.mp4"
    shutil.copy(night / name, night / "K01.mp4")
    manifest = night / "list.csv"
    rows = [
        f"K01,{name},",
        "K01,K01.mp4,",
        "K01,K01.mp4,2026-11-20T10:00:00+08:00",
    ]
    manifest.write_text("\n".join(["camera_id,path,start", *rows]), encoding="utf-8")
    asked = ("index", "--manifest", manifest, "-c", demo_site_path(), "--json")
    answer = yanji(*asked, "--archive", tmp_path / "new")
    assert answer.status == 1
    assert [file["start_source"] for file in answer.json["files"]] == ["name", "manifest"]
    (problem,) = answer.json["problems"]
    assert problem["line"] == 3
    assert problem["message"].startswith(f"{manifest}:3: ")


def test_without_a_site_a_name_has_no_zone(yanji, night, tmp_path):
    answer = yanji("index", night, "--camera", "K01", "--archive", tmp_path / "new")
    assert answer.status == 2
    assert "in which zone" in answer.sentence
    assert not (tmp_path / "new").exists()


def test_copies_with_different_starts_are_not_indexed_twice(yanji, night, tmp_path):
    name = "NVR_ch1_main_20261120080000_20261120083000.mp4"
    shutil.copy(night / name, night / "NVR_ch1_main_20261120090000_20261120093000.mp4")
    asked = ("index", night, "--camera", "K01", "-c", demo_site_path(), "--json")
    answer = yanji(*asked, "--archive", tmp_path / "new")
    assert answer.status == 1
    assert len(answer.json["files"]) == 1
    assert "holds the same recording" in answer.json["problems"][0]["message"]


def test_the_uncertainty_of_a_start_comes_on_top_of_the_clocks(writer_of_one, tmp_path):
    with read_archive(tmp_path / "one") as reader:
        (seen,) = reader.sightings()
    assert seen.sigma_s == pytest.approx((2.0**2 + 1800.0**2) ** 0.5)


@pytest.fixture
def writer_of_one(made_up_archive):
    made_up_archive(start_source="container", start_sigma_s=1800.0)


@pytest.fixture
def made_up_archive(tmp_path):
    """Writes an archive of one sighting in a run that is as asked."""
    from yanji.index.cameras import Camera
    from yanji.index.writer import open_archive
    from yanji.ingest.frame import Run, run_id_of
    from yanji.reid.sighting import Sighting

    def make(**fields: object) -> None:
        started_ns = 1_790_000_000 * 10**9
        run_id = run_id_of("c" * 64, "K01", started_ns)
        run = Run(run_id, "K01", "file", "a.mp4", started_ns, "boot", "c" * 64, **fields)  # type: ignore[arg-type]
        seen = Sighting(
            sighting_id="a" * 32,
            run=run,
            state="closed",
            stationary=False,
            first_wall_ns=started_ns,
            last_wall_ns=started_ns + 10**9,
            first_stream_s=0.0,
            last_stream_s=1.0,
            vehicle_class="car",
            class_score=0.9,
            colour=None,
            plate=None,
            quality=0.5,
            crops=(),
            embeddings=(),
        )
        with open_archive(tmp_path / "one", low_water_bytes=0) as writer:
            writer.register_camera(Camera("K01"))
            writer.begin_file(run, "a.mp4")
            writer.write([seen])
            writer.finish_file(run_id)

    return make
