from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from yanji.configs.default_models import DEFAULT_EMBEDDER
from yanji.configs.errors import SettingsError
from yanji.configs.settings import PURPOSES, Settings, env_names, load_settings

EXAMPLE = Path(__file__).parents[2] / "configs" / "yanji.example.yaml"


@pytest.fixture(autouse=True)
def _clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.upper().startswith("YANJI_"):
            monkeypatch.delenv(name)


def file_of(text: str) -> Path:
    path = Path("conf.yaml")
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults() -> None:
    found = load_settings()
    assert found.archive == Path("archive")
    assert (found.runtime, found.precision, found.workers) == ("auto", "auto", "auto")
    assert found.num_workers == len(os.sched_getaffinity(0))
    assert (found.detector, found.embedder) == ("yolo11n", DEFAULT_EMBEDDER)
    assert (found.retention.days, found.disk.low_water_mb) == (None, 1024)
    assert (found.purposes, found.default_purpose) == (PURPOSES, "hit_and_run")
    assert found.log_level == "info"


def test_the_example_shows_the_defaults() -> None:
    shown = load_settings(EXAMPLE)
    assert shown.model_copy(update={"archive": Path("archive")}) == load_settings()
    assert set(yaml.safe_load(EXAMPLE.read_text())) == set(Settings.model_fields)


def test_flag_over_environment_over_file_over_default(monkeypatch: pytest.MonkeyPatch) -> None:
    path = file_of("workers: 2\ndetector: file\nembedder: file\nretention: {days: 2}\n")
    monkeypatch.setenv("YANJI_EMBEDDER", "env")
    monkeypatch.setenv("YANJI_WORKERS", "3")
    monkeypatch.setenv("YANJI_RETENTION__DAYS", "3")
    flags = {"workers": 4, "archive": None, "retention": {"days": None}}
    found = load_settings(path, flags)
    assert (found.workers, found.embedder, found.detector) == (4, "env", "file")
    assert (found.retention.days, found.disk.low_water_mb) == (3, 1024)


@pytest.mark.parametrize("name", sorted(env_names()))
def test_every_setting_has_a_variable(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    values: dict[str, tuple[str, Any]] = {
        "YANJI_ARCHIVE": ("x/y", Path("x/y")),
        "YANJI_RUNTIME": ("openvino", "openvino"),
        "YANJI_PRECISION": ("f32", "f32"),
        "YANJI_DEVICE": ("cuda:0,cuda:1", "cuda:0,cuda:1"),
        "YANJI_WORKERS": ("7", 7),
        "YANJI_PIN_WORKERS": ("false", False),
        "YANJI_DETECTOR": ("m", "m"),
        "YANJI_EMBEDDER": ("m", "m"),
        "YANJI_MODELS": ("x/y", Path("x/y")),
        "YANJI_CAMERA_NETWORKS": ("10.0.0.0/8, fd00::/8", ("10.0.0.0/8", "fd00::/8")),
        "YANJI_CAMERA_SCHEMES": ("rtsps,https", ("rtsps", "https")),
        "YANJI_RETENTION__DAYS": ("30", 30),
        "YANJI_DISK__LOW_WATER_MB": ("5", 5),
        "YANJI_API__HOST": ("::1", "::1"),
        "YANJI_API__PORT": ("0", 0),
        "YANJI_API__TOKEN": ("a-token-of-16-ch", SecretStr("a-token-of-16-ch")),
        "YANJI_API__OPEN_METRICS": ("true", True),
        "YANJI_PURPOSES": ("hit_and_run, 测试", ("hit_and_run", "测试")),
        "YANJI_DEFAULT_PURPOSE": ("exercise", "exercise"),
        "YANJI_LOG_LEVEL": ("debug", "debug"),
        "YANJI_LOG_FILE": ("x/y.log", Path("x/y.log")),
        "YANJI_LOG_MAX_MB": ("2", 2),
        "YANJI_LOG_KEEP": ("3", 3),
    }
    text, expected = values[name]
    monkeypatch.setenv(name, text)
    found: Any = load_settings()
    for step in env_names()[name]:
        found = getattr(found, str(step))
    assert found == expected


def test_each_device_is_a_process_of_its_own() -> None:
    assert load_settings().gpus == ()
    assert load_settings(file_of("device: cpu\nruntime: openvino\n")).gpus == ()
    assert load_settings(file_of("device: cuda:1\n")).gpus == ("cuda:1",)
    assert load_settings(file_of("device: cuda:0,cuda:10\n")).gpus == ("cuda:0", "cuda:10")


def test_null_in_the_environment_takes_a_limit_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YANJI_RETENTION__DAYS", "null")
    assert load_settings(file_of("retention: {days: 3}\n")).retention.days is None


def test_the_folder_in_a_file_is_relative_to_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("etc").mkdir()
    path = Path("etc/yanji.yaml")
    for text, expected in [
        ("data", Path("etc/data")),
        (".", Path("etc")),
        ("/var/yanji", Path("/var/yanji")),
        ("~/yanji", Path.home() / "yanji"),
    ]:
        path.write_text(f"archive: {text}\n")
        assert load_settings(path).archive == expected
    monkeypatch.setenv("YANJI_ARCHIVE", "data")
    assert load_settings(path).archive == Path("data")
    assert load_settings(path, {"archive": Path("flag")}).archive == Path("flag")


def test_the_file_of_the_current_folder_is_taken_by_itself() -> None:
    Path("yanji.yaml").write_text("workers: 3\n")
    assert load_settings().workers == 3
    with pytest.raises(SettingsError, match=r"other\.yaml: The file does not exist"):
        load_settings("other.yaml")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("workers: 0\n", 1, "`workers` must be `auto` or a number from 1 to 1024."),
        ("runtime: auto\nworkers: many\n", 2, "`workers` must be"),
        ("workers: 1.5\n", 1, "`workers` must be"),
        ("workers:\n", 1, "`workers` must be"),
        ("runtime: tensorrt\n", 1, "'onnxruntime' or 'openvino'"),
        ("precision: f16\n", 1, "'bf16' or 'int8'"),
        ("device: gpu\n", 1, "`device` must be `cpu`, or NVIDIA devices such as `cuda:0`"),
        ("device: cuda\n", 1, "`device` must be `cpu`, or"),
        ("device: cuda:0,cpu\n", 1, "`device` must be `cpu`, or"),
        ("device: cuda:0,cuda:0\n", 1, "`device` must be `cpu`, or"),
        ("device: [cuda:0]\n", 1, "`device` must be `cpu`, or"),
        ("device:\n", 1, "`device` must be `cpu`, or"),
        ("runtime: openvino\ndevice: cuda:0\n", 2, "`device` needs `runtime` to be auto or onnx"),
        ("precision: bf16\ndevice: cuda:0\n", 2, "`device` needs `precision` to be auto or f32"),
        ("runtime: x\ndevice: cuda:0\n", 1, "`runtime` should be"),
        ("retention:\n  day: 3\n", 2, "`day` is not a known key."),
        ("retention:\n  days: 0\n", 2, "`retention.days` should be greater than or equal to 1."),
        ("retention: 3\n", 1, "`retention` should be a mapping"),
        ("disk:\n\n  low_water_mb: x\n", 3, "`disk.low_water_mb` should be a valid integer"),
        ("archive:\n", 1, "`archive` must be the path of a folder."),
        ("archive: ''\n", 1, "`archive` must be the path of a folder."),
        ("archive: [a]\n", 1, "`archive` must be the path of a folder."),
        ("detector: ../../etc/passwd\n", 1, "`detector` string should match"),
        ("purposes: []\n", 1, "at least 1 item"),
        ("purposes: hit_and_run\n", 1, "valid tuple"),
        ("purposes: [hit_and_run, 'a b']\n", 1, "`purposes[1]` string should match"),
        ("purposes: [a]\ndefault_purpose: b\n", 2, "must be one of `purposes`."),
        ("purposes: [a]\n", 1, "`default_purpose` must be one of `purposes`."),
        ("log_level: loud\n", 1, "'debug', 'info', 'warning' or 'error'"),
        ("token: hunter2\n", 1, "`token` is not a known key."),
        ("cameras: []\n", 1, "`cameras` is not a known key."),
        ("workers: 1\nworkers: 2\n", 2, "`workers` is given twice, first on line 1."),
        ("", 1, "The file is empty."),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(file_of(text))
    assert caught.value.message.startswith(f"conf.yaml:{line}: ")
    assert words in caught.value.message
    assert "hunter2" not in caught.value.message + caught.value.hint
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("YANJI_WORKERS", "0", "YANJI_WORKERS: `workers` must be"),
        ("YANJI_WORKERS", "", "YANJI_WORKERS: `workers` must be"),
        ("YANJI_ARCHIVE", "", "YANJI_ARCHIVE: `archive` must be the path of a folder."),
        ("YANJI_DISK__LOW_WATER_MB", "x", "YANJI_DISK__LOW_WATER_MB: `disk.low_water_mb` should"),
        ("YANJI_PURPOSES", "a,,b", "YANJI_PURPOSES: `purposes[1]` string should"),
        ("YANJI_WORKER", "2", "The environment variable YANJI_WORKER is not one"),
        ("YANJI_RETENTION", '{"days": 3}', "The environment variable YANJI_RETENTION is not one"),
        ("YANJI_RETENTION__DAY", "3", "The environment variable YANJI_RETENTION__DAY is not one"),
        ("YANJI_TOKEN", "hunter2", "The environment variable YANJI_TOKEN is not one"),
        ("yanji_archive", "x", "The environment variable yanji_archive is not one"),
    ],
)
def test_a_wrong_variable_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings(file_of("workers: 0\n"))
    assert words in caught.value.message
    assert "hunter2" not in caught.value.message + caught.value.hint


def test_a_mistyped_variable_is_told_the_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YANJI_RETENTION_DAYS", "3")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.hint == "Did you mean `YANJI_RETENTION__DAYS`?"


def test_a_variable_that_holds_a_cameras_password_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YANJI_K01", "hunter2")
    assert load_settings(free_env={"YANJI_K01"}) == load_settings(free_env={"YANJI_K01", "X"})
    with pytest.raises(SettingsError, match="YANJI_K01"):
        load_settings()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"workers": 0}, "The flag for workers: `workers` must be"),
        ({"retention": {"days": 0}}, "The flag for retention.days: `retention.days` should"),
        ({"archive": ""}, "The flag for archive: `archive` must"),
    ],
)
def test_a_wrong_flag_is_refused_as_such(flags: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(file_of("workers: 3\n"), flags)
    assert caught.value.message.startswith(words)


def test_settings_are_frozen_and_go_to_other_processes() -> None:
    found = load_settings(file_of("workers: 3\n"))
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 - just written
    assert type(found) is Settings
    with pytest.raises(ValueError, match="frozen"):
        found.workers = 4


def test_sections_left_empty_are_defaults() -> None:
    found = load_settings(file_of("retention:\ndisk:\nworkers: 1\n"))
    assert (found.retention.days, found.disk.low_water_mb) == (None, 1024)


@pytest.mark.parametrize(
    ("api", "key"),
    [
        ({"token": "fifteen-letters"}, "api.token"),
        ({"token": "with a blank in it"}, "api.token"),
        ({"token": "雁" * 20}, "api.token"),
        ({"token": "x" * 257}, "api.token"),
        ({"port": 65_536}, "api.port"),
        ({"port": -1}, "api.port"),
        ({"host": ""}, "api.host"),
        ({"host": "http://127.0.0.1"}, "api.host"),
        ({"hots": "127.0.0.1"}, "hots"),
    ],
)
def test_a_wrong_address_or_token_is_refused_and_no_token_is_repeated(
    api: dict[str, Any], key: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        load_settings(flags={"api": api})
    assert key in str(raised.value)
    for token in (api.get("token", "?"),):
        assert token == "?" or token not in f"{raised.value} {raised.value.hint}"


def test_the_token_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "yanji.yaml"
    file.write_text("api: {token: a-secret-of-the-desk}\n", encoding="utf-8")
    found = load_settings(file)
    assert found.api.token is not None
    assert found.api.token.get_secret_value() == "a-secret-of-the-desk"
    assert "a-secret" not in f"{found!r} {found}"


def test_an_empty_section_is_the_default(tmp_path: Path) -> None:
    file = tmp_path / "yanji.yaml"
    file.write_text("api:\n", encoding="utf-8")
    assert load_settings(file).api.port == 8420
