"""Shared by all folders: a rendered test city without a renderer, coloured boxes on grey."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import settings

from yanji.ingest.testcity.truth import (
    CityTruth,
    TrueCamera,
    TrueDrive,
    TrueFrame,
    TruePassage,
    TrueVehicle,
    camera_file,
    camera_record,
    clip_of,
    frame_record,
    write_city,
    write_records,
)

# How long an example takes says how busy the machine is.
settings.register_profile("yanji", deadline=None)
settings.load_profile("yanji")

WIDTH, HEIGHT, FPS, NUM_FRAMES = 320, 192, 10, 60
SIDE_PX = 50.0


@dataclass(frozen=True)
class Drawn:
    """A vehicle that crosses pictures from left to right, 50 x 50 px, 5 px a frame."""

    vehicle_class: str
    bgr: tuple[int, int, int]
    passages: tuple[tuple[str, int, int], ...]
    """Camera, first frame, last frame."""
    top_px: float = 60.0

    def seen(self, identity: str, camera_id: str, number: int) -> TrueVehicle | None:
        for camera, first, last in self.passages:
            if camera == camera_id and first <= number <= last:
                left = 20.0 + 5 * (number - first)
                box = (left, self.top_px, left + SIDE_PX, self.top_px + SIDE_PX)
                return TrueVehicle(identity, box, box, 90.0, 0.0)
        return None


DrawCity = Callable[[Path, Mapping[str, Drawn]], CityTruth]


@pytest.fixture(scope="session")
def drawn() -> type[Drawn]:
    return Drawn


@pytest.fixture(scope="session")
def draw_city() -> DrawCity:
    """Writes clips of 6 s, 10 frames a second, and their truth; returns the truth."""
    return write_drawn_city


def write_drawn_city(folder: Path, vehicles: Mapping[str, Drawn]) -> CityTruth:
    folder.mkdir(parents=True, exist_ok=True)
    cameras = {}
    for camera_id in sorted({place[0] for one in vehicles.values() for place in one.passages}):
        frames = tuple(
            TrueFrame(
                number,
                tuple(
                    seen
                    for identity, one in vehicles.items()
                    if (seen := one.seen(identity, camera_id, number)) is not None
                ),
            )
            for number in range(NUM_FRAMES)
        )
        camera = TrueCamera(
            camera_id, camera_id, "J1", (0.0, 0.0, 5.0), 0.0, 10.0, 60.0, "day", 0.0, frames
        )
        cameras[camera_id] = camera
        records = [camera_record(camera), *(frame_record(frame) for frame in frames)]
        write_records(camera_file(folder, camera_id), records)
        _draw(clip_of(folder, camera_id), camera, vehicles)
    drives = {
        identity: TrueDrive(
            identity,
            one.vehicle_class,
            one.vehicle_class,
            "",
            (),
            tuple(TruePassage(*place) for place in one.passages),
        )
        for identity, one in vehicles.items()
    }
    start = "2026-11-20T08:00:00+08:00"
    truth = CityTruth(1, WIDTH, HEIGHT, FPS, NUM_FRAMES, start, cameras, drives)
    write_city(folder, truth)
    return truth


def _draw(path: Path, camera: TrueCamera, vehicles: Mapping[str, Drawn]) -> None:
    with av.open(str(path), "w") as made:
        stream = made.add_stream("mpeg4", rate=Fraction(FPS))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.bit_rate = 2_000_000
        for frame in camera.frames:
            image = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
            for seen in frame.vehicles:
                x1, y1, x2, y2 = (int(edge) for edge in seen.full_px)
                image[y1:y2, x1:x2] = vehicles[seen.identity].bgr
            made.mux(stream.encode(av.VideoFrame.from_ndarray(image, "bgr24")))
        made.mux(stream.encode())


def cut_clip(source: Path, target: Path, from_s: float, to_s: float) -> Path:
    """Copy the packets of a part of a clip, from a key frame on."""
    with av.open(str(source)) as given, av.open(str(target), "w", format="mp4") as made:
        video = given.streams.video[0]
        copy = made.add_stream_from_template(video)
        for packet in given.demux(video):
            if packet.pts is None or packet.dts is None or packet.time_base is None:
                continue
            at_s = float(packet.pts * packet.time_base)
            if from_s <= at_s < to_s:
                shift = round(Fraction(from_s) / packet.time_base)
                packet.pts -= shift
                packet.dts -= shift
                packet.stream = copy
                made.mux(packet)
    return target


@pytest.fixture(scope="session")
def cut() -> Callable[[Path, Path, float, float], Path]:
    return cut_clip
