"""The program itself: help, unknown verbs, settings files, figures, errors of the system."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import click
import cv2
import pytest

from yanji.api.cli.libraries import explain_import_error
from yanji.api.cli.program import _VERBS, program
from yanji.ingest.array_picture import ArrayPicture
from yanji.ingest.testcity.demo_data import (
    clip_path,
    load_truth,
    snapshot_of,
    snapshot_path,
)
from yanji.reid.registry import DEFAULT_EMBEDDER

HEAVY = ("av", "cv2", "openvino", "faiss", "onnxruntime", "torch", "trackers", "sqlalchemy")
EXAMPLES = Path(__file__).parents[2] / "configs"


def all_verbs() -> list[tuple[str, ...]]:
    """Every verb and every verb within a verb."""
    found: list[tuple[str, ...]] = [()]
    context = click.Context(program)
    for name in program.list_commands(context):
        verb = program.get_command(context, name)
        assert verb is not None
        found.append((name,))
        if isinstance(verb, click.Group):
            found += [(name, inner) for inner in verb.list_commands(context)]
    return found


def test_every_help_works_and_loads_no_models(environment):
    code = (
        "import json, sys\n"
        "from yanji.api.cli.program import main\n"
        "states = [main([*verb, '--help']) for verb in json.loads(sys.argv[1])]\n"
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "print(json.dumps([states, heavy]), file=sys.stderr)\n"
    )
    verbs = all_verbs()
    assert len(verbs) > 20
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(verbs)],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    states, heavy = json.loads(done.stderr.splitlines()[-1])
    assert states == [0] * len(verbs)
    assert heavy == []
    for name, (_, help_line) in _VERBS.items():
        assert name in done.stdout
        assert help_line.split()[0] in done.stdout


def test_every_verb_has_json_output():
    context = click.Context(program)
    for name in program.list_commands(context):
        verb = program.get_command(context, name)
        assert verb is not None
        leaves = verb.commands.values() if isinstance(verb, click.Group) else [verb]
        for leaf in leaves:
            options = [option for parameter in leaf.params for option in parameter.opts]
            assert "--json" in options, (name, leaf.name)


def test_the_version_is_the_packages(yanji):
    assert metadata.version("yanji") in yanji("--version").out


@pytest.mark.parametrize(
    "arguments", [("fly",), ("runs", "fly"), ("search",), ("index", "--no-such-option"), ("eval",)]
)
def test_wrong_usage_names_the_help(yanji, arguments):
    answer = yanji(*arguments)
    assert answer.status == 2
    assert answer.sentence
    assert "--help" in answer.err
    assert answer.out == ""
    assert yanji(*arguments, "--json").error["code"] == "usage"


def test_the_program_alone_says_what_it_can(yanji):
    answer = yanji()
    assert answer.status == 2
    assert "search" in answer.out + answer.err


def test_the_example_site_and_settings_are_accepted(yanji, filled):
    checked = yanji("site", "check", EXAMPLES / "site.example.yaml", "--json")
    assert checked.status == 0
    assert checked.json["ok"] is True
    settings = EXAMPLES / "yanji.example.yaml"
    answer = yanji("runs", "list", "--settings", settings, "--archive", filled, "--json")
    assert answer.status == 0


def test_a_bad_site_is_listed_line_by_line(yanji, tmp_path):
    path = tmp_path / "site.yaml"
    path.write_text(
        "site: {name: x, timezone: Asia/Shanghai}\n"
        "cameras:\n"
        '  - {id: K01, url: "rtsp://user:secret7@10.0.0.1/a", longitude: 112.6, latitude: 26.8}\n'
        "  - {id: K01, longitude: 112.6, latitude: 26.8}\n"
        "roads:\n"
        "  - {from: K01, to: K09, distance_m: 100, speed_kmh: [10, 50]}\n",
        encoding="utf-8",
    )
    answer = yanji("site", "check", path, "--json")
    assert answer.status == 1
    assert answer.json["ok"] is False
    lines = {finding["line"] for finding in answer.json["findings"]}
    assert {3, 4, 6} <= lines
    told = yanji("site", "check", "-c", path)
    assert told.status == 1
    assert f"{path}:3: error" in told.out
    assert "secret7" not in answer.out + told.out + told.err
    # Every verb that takes a site refuses it with file and line.
    refused = yanji("run", "-c", path)
    assert refused.status == 2
    assert f"{path}:" in refused.sentence
    assert "secret7" not in refused.err


def test_a_site_that_is_missing_or_no_yaml(yanji, tmp_path):
    assert yanji("site", "check", tmp_path / "none.yaml").status in (1, 2)
    (tmp_path / "bad.yaml").write_text("cameras: [\n")
    bad = yanji("site", "check", tmp_path / "bad.yaml", "--json")
    assert bad.status in (1, 2)
    assert yanji("site", "check").status == 2


def test_a_site_without_addresses_cannot_be_run(yanji, tmp_path):
    path = tmp_path / "site.yaml"
    path.write_text(
        "site: {name: x, timezone: Asia/Shanghai}\n"
        "cameras:\n  - {id: K01, longitude: 112.6, latitude: 26.8}\n"
    )
    answer = yanji("run", "-c", path)
    assert answer.status == 2
    assert "nothing to run" in answer.sentence


@pytest.mark.parametrize("value", ["nan", "inf", "0", "-1", "soon"])
def test_odd_numbers_are_refused(yanji, value):
    every = ("run", "-c", EXAMPLES / "site.example.yaml", f"--status-every={value}")
    assert yanji(*every).status == 2
    assert yanji("bench", "pipeline", f"--fps={value}").status == 2


def test_an_unknown_setting_is_refused_with_its_line(yanji, tmp_path, filled):
    (tmp_path / "yanji.yaml").write_text("runtime: auto\nretentoin: {days: 3}\n")
    answer = yanji("runs", "list", "--archive", filled)
    assert answer.status == 2
    assert "yanji.yaml:2" in answer.sentence
    assert "retentoin" in answer.sentence


def test_an_unknown_variable_is_refused(yanji, monkeypatch, filled):
    monkeypatch.setenv("YANJI_RETENTOIN__DAYS", "3")
    answer = yanji("runs", "list", "--archive", filled)
    assert answer.status == 2
    assert "YANJI_RETENTOIN__DAYS" in answer.sentence


def test_the_archive_comes_from_flag_variable_or_file(yanji, monkeypatch, tmp_path, filled):
    monkeypatch.setenv("YANJI_ARCHIVE", str(filled))
    assert len(yanji("runs", "list", "--json").json["runs"]) == 2
    assert yanji("runs", "list", "--archive", tmp_path / "other").status == 1
    monkeypatch.delenv("YANJI_ARCHIVE")
    (tmp_path / "yanji.yaml").write_text("archive: filled\n")
    assert len(yanji("runs", "list", "--json").json["runs"]) == 2


def test_schemas_are_written(yanji, tmp_path):
    answer = yanji("schemas", tmp_path / "schema")
    assert answer.status == 0
    for name in ("site", "settings"):
        json.loads((tmp_path / "schema" / f"{name}.schema.json").read_text(encoding="utf-8"))
    written = yanji("schemas", tmp_path / "schema", "--json").json["written"]
    assert len(written) == 2


def test_an_error_of_the_system_is_a_sentence(yanji, tmp_path):
    (tmp_path / "file").write_text("x")
    answer = yanji("schemas", tmp_path / "file" / "below")
    assert answer.status == 1
    assert str(tmp_path / "file") in answer.sentence
    assert yanji("schemas", tmp_path / "file" / "below", "--json").error["code"] == "system"


def test_models_are_listed_and_verified(yanji):
    models = yanji("models", "list", "--json").json["models"]
    names = {model["name"] for model in models}
    assert {"yolo11n", DEFAULT_EMBEDDER, "yanji-colour-1"} <= names
    assert all(model["licence"] and len(model["sha256"]) == 64 for model in models)
    assert all(model["data"] and model["main_figures"] for model in models)
    assert "yolo11n" in yanji("models", "list").out
    for model in models:
        told = yanji("models", "list", model["name"]).out
        assert model["sha256"] in told
        assert all(item["licence"] in told for item in model["data"])
        assert all(limit in told for limit in model["limits"])
        assert told in yanji("models", "list", "--long").out
    wrong = yanji("models", "list", "yolo99")
    assert wrong.status == 1
    assert "yanji-colour-1" in wrong.err
    verified = yanji("models", "verify", "--json")
    assert verified.status == 0
    assert {result["model"] for result in verified.json["results"]} == names
    assert all(result["ok"] for result in verified.json["results"])


def test_figures_of_a_tiny_reid_list(yanji, tmp_path):
    x1, y1, x2, y2 = (round(edge) for edge in snapshot_of(load_truth(())).box_px)
    picture = cv2.imread(str(snapshot_path()))
    other = cv2.flip(picture, 1)[y1:y2, :120]
    names = []
    for camera in (1, 2):
        for vehicle, image in ((7, picture[y1:y2, x1:x2]), (8, other)):
            names.append(f"ebike_{vehicle}_cam{camera}.jpg")
            cv2.imwrite(str(tmp_path / names[-1]), image)
    (tmp_path / "list.txt").write_text("\n".join(names) + "\n")
    asked = ("eval", "reid", "--images", tmp_path, "--list", tmp_path / "list.txt")
    answer = yanji(*asked, "--model", "histogram", "--json")
    assert answer.status == 0
    figures = answer.json
    assert {"all", "all_veri", "two_wheeler", "ebike"} <= set(figures)
    # The same pictures under another camera's name: found without fail.
    assert figures["all"] == {"mAP": 1.0, "R1": 1.0, "R5": 1.0, "num_queries": 4}
    assert "two_wheeler" in yanji(*asked, "--model", "histogram").out
    judged = yanji(*asked, "--model", "histogram", "--feedback", "--json").json
    # One stranger is on the other camera, and two are rejected where a person can.
    assert judged["rejected_before"]["num_queries"] == 0
    assert "confirmed_after" in yanji(*asked, "--model", "histogram", "--feedback").out
    (tmp_path / "list.txt").write_text("ebike_7_cam1.jpg\ngone_1_cam2.jpg\n")
    assert yanji(*asked, "--model", "histogram").status == 2
    (tmp_path / "list.txt").write_text("")
    assert yanji(*asked, "--model", "histogram", "--json").error["message"]


def test_figures_of_a_tiny_detector_set(yanji, tmp_path):
    images, labels = tmp_path / "images", tmp_path / "labels"
    images.mkdir()
    labels.mkdir()
    x1, y1, x2, y2 = (round(edge) for edge in snapshot_of(load_truth(())).box_px)
    # Around the target: the other vehicles have no labels.
    picture = cv2.imread(str(snapshot_path()))[y1 - 60 : y2 + 60, x1 - 60 : x2 + 60]
    height, width = picture.shape[:2]
    cv2.imwrite(str(images / "a.png"), picture)
    x1, y1, x2, y2 = 60, 60, x2 - x1 + 60, y2 - y1 + 60
    box = ((x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height)
    (labels / "a.txt").write_text("0 " + " ".join(f"{part:.6f}" for part in box) + "\n")
    (tmp_path / "names.txt").write_text("motorcycle\n")
    asked = ("eval", "detect", "--images", images, "--labels", labels)
    answer = yanji(*asked, "--names", tmp_path / "names.txt", "--json")
    assert answer.status == 0
    assert answer.json["any_vehicle"]["AP50"] == pytest.approx(1.0)
    told = yanji(*asked, "--names", tmp_path / "names.txt")
    assert "AP50_95" in told.out
    at = yanji(*asked, "--names", tmp_path / "names.txt", "--thresholds", "0.4,0.1", "--json")
    for name in ("any_vehicle", "two_wheeler", "motorcycle"):
        assert at.json[name]["recall_at_0.4"] == at.json[name]["num_found_at_0.1"] == 1
        assert "recall_at_0.25" not in at.json[name]
    for wrong in ("0", "1", "nan", "a", "", "0.1;0.2"):
        assert yanji(*asked, "--names", tmp_path / "names.txt", "--thresholds", wrong).status == 2
    assert yanji("eval", "detect", "--testcity", tmp_path, "--thresholds", "0.4").status == 2
    missing = yanji(*asked, "--names", tmp_path / "none.txt")
    assert missing.status == 2
    assert "none.txt" in missing.sentence
    (labels / "a.txt").write_text("0 0.5 0.5\n")
    bad = yanji(*asked, "--names", tmp_path / "names.txt")
    assert bad.status == 2
    assert "a.txt" in bad.sentence


def test_the_detector_is_measured_down_to_its_least_sure_answers(yanji, monkeypatch, tmp_path):
    """Average precision runs over all scores; the thresholds of tracking would cut it short."""
    scores = []

    def spy(images, labels, names, detector, thresholds):
        found = detector.detect(ArrayPicture(cv2.imread(str(snapshot_path()))))
        scores.extend(found.scores_N.tolist())
        return {}

    monkeypatch.setattr("yanji.detect.evaluate.evaluate_folder", spy)
    (tmp_path / "names.txt").write_text("car\n")
    asked = ("eval", "detect", "--images", tmp_path, "--labels", tmp_path)
    assert yanji(*asked, "--names", tmp_path / "names.txt").status == 0
    assert min(scores) < 0.05


def test_the_index_is_measured(yanji):
    answer = yanji("bench", "index", "--vectors", "1000", "--dimension", "16", "--json")
    assert answer.status == 0
    assert answer.json["num_vectors"] == 1000
    assert yanji("bench", "index", "--vectors", "10").status == 2


def test_the_bench_of_the_pipeline_refuses_what_is_no_video(yanji, tmp_path):
    (tmp_path / "text.mp4").write_text("no video")
    answer = yanji("bench", "pipeline", tmp_path / "text.mp4", "--rounds", "1")
    assert answer.status == 1
    assert "text.mp4" in answer.sentence
    assert yanji("bench", "pipeline", tmp_path / "none.mp4", "--rounds", "1").status == 1
    assert clip_path("K01").is_file()


def test_a_missing_system_library_is_explained_with_its_package():
    error = ImportError("libGL.so.1: cannot open shared object file: No such file or directory")
    explained = explain_import_error(error)
    assert explained is not None
    assert "libGL.so.1" in explained.message
    assert explained.hint.endswith("libgl1")
    assert explain_import_error(ImportError("No module named x")) is None


def test_such_an_import_error_ends_the_program_with_a_sentence(yanji, monkeypatch, filled):
    def broken(*_arguments: object) -> None:
        raise ImportError("libGL.so.1: cannot open shared object file: No such file or directory")

    monkeypatch.setattr("yanji.index.reader.read_archive", broken)
    answer = yanji("runs", "list", "--archive", filled)
    assert answer.status == 1
    assert "libGL.so.1 is missing" in answer.sentence


def test_ctrl_c_is_no_traceback(yanji, monkeypatch, filled):
    def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("yanji.index.reader.read_archive", interrupted)
    assert yanji("runs", "list", "--archive", filled).status == 130


def test_a_terminal_without_chinese_gets_escapes_and_valid_json(environment, filled):
    from yanji.index.cameras import Camera
    from yanji.index.writer import open_archive
    from yanji.ingest.frame import Run

    with open_archive(filled, low_water_bytes=0) as writer:
        writer.register_camera(Camera("向阳😀"))
        writer.start_run(Run("f" * 32, "向阳😀", "rtsp", "rtsp://x/1", 10**18, "boot", None))
    program = [sys.executable, "-m", "yanji.api.cli", "runs", "list", "--archive", str(filled)]
    old = environment | {"PYTHONIOENCODING": "ascii"}
    plain = subprocess.run(program, capture_output=True, env=old, check=True)
    assert b"\\u5411\\u9633" in plain.stdout
    as_json = subprocess.run([*program, "--json"], capture_output=True, env=old, check=True)
    cameras = {run["camera_id"] for run in json.loads(as_json.stdout)["runs"]}
    assert "向阳😀" in cameras
