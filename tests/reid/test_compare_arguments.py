"""Which candidates are compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from yanji.configs.errors import UsageError
from yanji.reid.training.compare import read_candidates


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"seed{i}.onnx" for i in range(3)]
    for path in paths:
        path.write_bytes(b"")
    return paths


def test_trainings_of_one_model_and_a_file_alone(files: list[Path]) -> None:
    joined = ",".join(map(str, files[:2]))
    assert read_candidates([f"new={joined}", str(files[2])]) == {
        "new": tuple(files[:2]),
        "seed2": (files[2],),
    }


@pytest.mark.parametrize("text", ["new=", "new=gone.onnx", "gone.onnx", "", ","])
def test_wrong_candidates_are_told(text: str) -> None:
    with pytest.raises(UsageError):
        read_candidates([text])


def test_a_name_given_twice_is_told(files: list[Path]) -> None:
    with pytest.raises(UsageError, match="twice"):
        read_candidates([f"new={files[0]}", f"new={files[1]}"])
