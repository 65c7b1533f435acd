"""Who waits for a model shows that it lives."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from yanji.api import model_opening
from yanji.api.model_opening import ModelOpener
from yanji.configs.errors import ModelError
from yanji.configs.settings import Settings
from yanji.detect.card import Card, load_card
from yanji.ingest.array_picture import ArrayPicture


def test_beats_go_on_in_the_asking_thread_while_models_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    beats: list[int] = []
    slow_s = 0.6
    real = model_opening.open_runtime

    def slow(*given: object) -> object:
        assert threading.current_thread() is not threading.main_thread()
        time.sleep(slow_s)
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(model_opening, "open_runtime", slow)
    opener = ModelOpener(Settings(), lambda: beats.append(threading.get_ident()))
    detector, embedder = opener.open_both()
    assert set(beats) == {threading.get_ident()}
    assert embedder.dimension > 0
    before = len(beats)
    tall = ArrayPicture(np.zeros((640, 360, 3), np.uint8))
    detector.detect(tall)  # another shape: compiled in the middle of the work
    assert len(beats) > before
    again = len(beats)
    detector.detect(tall)
    assert len(beats) == again


def test_a_model_that_hangs_is_beaten_for_no_longer_than_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(model_opening, "LONGEST_S", 0.5)
    free = threading.Event()
    beats: list[float] = []

    def hang(card: Card, *_: object) -> object:
        free.wait(10)
        raise ModelError(f"{card.name} was let go")

    monkeypatch.setattr(model_opening, "open_runtime", hang)
    opener = ModelOpener(Settings(), lambda: beats.append(time.monotonic()))
    threading.Timer(1.5, free.set).start()
    with pytest.raises(ModelError, match="let go"):
        opener(load_card("yolo11n"), (1, 384, 640))
    assert 1 <= len(beats) <= 3


def test_models_opened_side_by_side_leave_the_language_of_the_process_alone(tmp_path: Path) -> None:
    code = (
        "import locale\n"
        "from yanji.api.model_opening import ModelOpener\n"
        "from yanji.configs.settings import Settings\n"
        "before = locale.setlocale(locale.LC_CTYPE)\n"
        "for _ in range(4):\n"
        "    ModelOpener(Settings(), lambda: None).open_both()\n"
        "    assert locale.setlocale(locale.LC_CTYPE) == before\n"
    )
    changed = os.environ | {"XDG_CACHE_HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=changed, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_int8_asked_of_all_models_is_taken_where_there_is_one() -> None:
    detector, embedder = ModelOpener(Settings(precision="int8"), lambda: None).open_both()
    assert detector.first.precision == "int8"
    assert embedder.dimension > 0
