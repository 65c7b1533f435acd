"""Five minutes of four real cameras: memory stays, a camera that goes away is picked up again."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from yanji.index.reader import read_archive
from yanji.ingest.rtsp_server import serve_folder

FOOTAGE = Path(__file__).parents[2].parent / "shared" / "footage"
CLIPS = (
    "shenzhen_busroad_day",
    "bangkok_overpass_trucks",
    "road_motorcycle_480p",
    "uk_motorway_720p",
)
RUN_S, DOWN_AT_S, DOWN_S = 310, 200, 12
MAX_GROWTH_MB, MAX_RESIDENT_MB = 20, 700

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FOOTAGE.is_dir(), reason="needs ../shared/footage"),
]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clips without B-frames, as the RTSP server needs them."""
    folder = tmp_path_factory.mktemp("clips")
    for name in CLIPS:
        _without_b_frames(FOOTAGE / f"{name}.mp4", folder / f"{name}.mp4")
    return folder


def _without_b_frames(source: Path, target: Path) -> None:
    with av.open(str(source)) as read, av.open(str(target), "w") as write:
        stream = read.streams.video[0]
        rate = round(float(stream.average_rate or 25))
        made = write.add_stream("libx264", rate=rate)
        made.width, made.height = stream.width // 2 * 2, stream.height // 2 * 2
        made.pix_fmt = "yuv420p"
        made.options = {"bf": "0", "g": str(rate * 2), "preset": "veryfast", "crf": "21"}
        for number, frame in enumerate(read.decode(stream)):
            plain = frame.reformat(made.width, made.height, "yuv420p")
            plain.pts, plain.time_base = number, Fraction(1, rate)
            plain.pict_type = av.video.frame.PictureType.NONE
            write.mux(made.encode(plain))
        write.mux(made.encode())


class _Watch:
    """Reads the status lines of `yanji run --json`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.began = time.monotonic()
        self.seen: list[tuple[float, dict[str, Any]]] = []
        self._thread = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._thread.start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.seen.append((time.monotonic() - self.began, json.loads(line)))

    def close(self, process: subprocess.Popen[str]) -> None:
        """Read what is left, once the process has ended."""
        self._thread.join(10)
        assert process.stdout is not None
        process.stdout.close()

    def resident_mb(self, role: str, from_s: float, to_s: float) -> list[float]:
        return [
            status["resident_bytes"][role] / 1e6
            for at, status in self.seen
            if from_s <= at <= to_s and role in status["resident_bytes"]
        ]


@pytest.fixture
def server_folder(clips: Path) -> Path:
    return clips


def test_five_minutes_of_four_cameras(server_folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    with ExitStack() as servers:
        first = servers.enter_context(serve_folder(server_folder))
        site = tmp_path / "site.yaml"
        cameras = "".join(
            f'  - {{id: "{name}", url: "{first.url_of(name + ".mp4")}"}}\n' for name in CLIPS
        )
        site.write_text(f"site: {{name: soak, timezone: UTC}}\ncameras:\n{cameras}")
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "yanji.api.cli", "run", "-c", str(site)),
                *("--archive", str(archive), "--workers", "1", "--json", "--status-every", "5"),
                "--no-page",
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        watch = _Watch(process)
        try:
            time.sleep(DOWN_AT_S)
            servers.close()
            time.sleep(DOWN_S)
            servers.enter_context(serve_folder(server_folder, port=first.port))
            time.sleep(RUN_S - DOWN_AT_S - DOWN_S)
        finally:
            process.terminate()
            status = process.wait(60)
            watch.close(process)
    assert status == 0

    minute_two = watch.resident_mb("worker-0", 115, 130)
    minute_five = watch.resident_mb("worker-0", 285, 305)
    growth_mb = max(minute_five) - min(minute_two)
    total_mb = max(minute_five)
    last = [status for at, status in watch.seen if at < RUN_S][-1]
    with read_archive(archive) as reader:
        gaps = [gap for gap in reader.gaps(None, None, None) if gap.to_ns is not None]
        num = reader.num_sightings()
    print(
        f"\nworker resident: minute two {min(minute_two):.0f} MB, minute five {total_mb:.0f} MB, "
        f"growth {growth_mb:.1f} MB; {num} sightings; "
        + "; ".join(
            f"{c['camera_id']} {c['state']} in {c['fps_in']:.1f} fps analysed "
            f"{c['fps_analysed']:.1f} fps dropped {c['num_dropped']}"
            for c in last["cameras"]
        )
        + f"; gaps {[round((g.to_ns - g.from_ns) / 1e9, 1) for g in gaps if g.to_ns]} s"
    )
    assert growth_mb <= MAX_GROWTH_MB
    assert total_mb <= MAX_RESIDENT_MB
    assert {c["state"] for c in last["cameras"]} == {"up"}
    assert {gap.camera_id for gap in gaps} == set(CLIPS)
    for gap in gaps:
        assert gap.to_ns is not None
        assert DOWN_S - 1 <= (gap.to_ns - gap.from_ns) / 1e9 <= DOWN_S + 15
