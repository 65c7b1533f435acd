"""A camera that plays a film of the test city is one like any other to the whole installation."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from yanji.api.plan import CameraPlan
from yanji.api.supervisor import Supervisor
from yanji.configs.settings import Settings
from yanji.configs.site import Camera, Credentials
from yanji.index.reader import read_archive
from yanji.ingest.fake_camera import FakeCamera
from yanji.ingest.fake_film import Film
from yanji.ingest.fake_script import Script
from yanji.ingest.testcity.demo_data import clip_path

PATIENCE_S = 60.0


def test_the_vehicles_of_a_film_become_sightings(tmp_path: Path) -> None:
    script = Script(scene=Film(clip_path("K03"), from_s=20.0), password=("root", "geheim"))
    archive = tmp_path / "archive"
    with FakeCamera(script) as camera:
        plan = CameraPlan(
            Camera(id="望江门", url=camera.url(), username="root", password_env="X"),
            Credentials("root", "geheim"),
        )
        supervisor = Supervisor(Settings(workers=1, embedder="histogram"), [plan], archive)
        running = threading.Thread(target=supervisor.run, daemon=True)
        running.start()
        deadline = time.monotonic() + PATIENCE_S
        while supervisor.camera_beats[0].num_sightings < 1:
            assert time.monotonic() < deadline, supervisor.camera_beats
            assert running.is_alive()
            time.sleep(0.1)
        supervisor.stop()
        running.join(60)
        assert not running.is_alive()
    assert camera.num_connects == 1
    with read_archive(archive) as reader:
        sightings = reader.sightings()
        assert sightings
        assert {one.camera_id for one in sightings} == {"望江门"}
        assert {one.state for one in sightings} == {"closed"}
