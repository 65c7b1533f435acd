"""Films one camera of a city: clip and truth, in parts of ten seconds: a stop costs little."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from yanji.ingest.frame import BgrImage
from yanji.ingest.testcity.city import City, glows_at, shown_at
from yanji.ingest.testcity.drawing.light import Lens
from yanji.ingest.testcity.drawing.renderer import Drawn, Renderer
from yanji.ingest.testcity.drawing.views import View
from yanji.ingest.testcity.encode import encode, join
from yanji.ingest.testcity.truth import (
    TrueCamera,
    TrueFrame,
    TrueVehicle,
    camera_file,
    camera_record,
    clip_of,
    frame_record,
    write_records,
)

PART_S: Final = 10
"""A multiple of the distance of key frames."""


def film(
    city: City,
    view: View,
    open_renderer: Callable[[], Renderer],
    folder: Path,
    num_frames: int,
    fps: int,
    preset: str = "medium",
    crf: int = 26,
) -> Iterator[int]:
    """Write `<camera>.mp4` and `<camera>.truth.jsonl`; parts that an earlier call left are kept.

    Args:
        city: what there is to see.
        view: the camera.
        open_renderer: called when there is something left to draw.
        folder: where the files go; parts lie in its folder `parts`.
        num_frames: of the clip.
        fps: frames a second.
        preset: x264's.
        crf: x264's.

    Yields:
        After each part how many frames it has, also for those that were there already.
    """
    clip, truth = clip_of(folder, view.camera_id), camera_file(folder, view.camera_id)
    if clip.exists() and truth.exists():
        yield num_frames
        return
    parts = folder / "parts" / view.camera_id
    parts.mkdir(parents=True, exist_ok=True)
    renderer: Renderer | None = None
    size = PART_S * fps
    clips, records = [], [camera_record(camera_of(view))]
    for first in range(0, num_frames, size):
        numbers = range(first, min(first + size, num_frames))
        part, seen = parts / f"{first:06d}.mp4", parts / f"{first:06d}.jsonl"
        if not (part.exists() and seen.exists()):
            if renderer is None:
                renderer = open_renderer()
            _film_part(city, view, renderer, numbers, fps, (part, seen), preset, crf)
        yield len(numbers)
        clips.append(part)
        records += [json.loads(line) for line in seen.read_text(encoding="utf-8").splitlines()]
    join(clips, clip, fps)
    write_records(truth, records)
    for file in parts.iterdir():
        file.unlink()
    parts.rmdir()


def draw(city: City, view: View, renderer: Renderer, time_s: float) -> Drawn:
    """Draw one moment, clean."""
    return renderer.frame(shown_at(city, time_s), glows_at(city, view, time_s))


def camera_of(view: View) -> TrueCamera:
    """Describe a camera, without frames."""
    return TrueCamera(
        camera_id=view.camera_id,
        name=view.name,
        node=view.node,
        eye_m=view.eye_m,
        heading_deg=round(view.heading_deg, 2),
        tilt_deg=view.tilt_deg,
        field_deg=view.field_deg,
        light=view.light.name,
        clock_offset_s=view.clock_offset_s,
    )


def true_frame(number: int, drawn: Drawn) -> TrueFrame:
    """Turn what the renderer says into truth."""
    return TrueFrame(
        number,
        tuple(
            TrueVehicle(s.identity, s.full_px, s.visible_px, s.angle_deg, s.occlusion)
            for s in sorted(drawn.seen, key=lambda s: s.identity)
        ),
    )


def _film_part(
    city: City, view: View, renderer: Renderer, numbers: range, fps: int,
    files: tuple[Path, Path], preset: str, crf: int,
) -> None:  # fmt: skip
    records: list[dict[str, Any]] = []
    lens: list[Lens] = []

    def images() -> Iterator[BgrImage]:
        for number in numbers:
            drawn = draw(city, view, renderer, number / fps)
            if not lens:
                height, width = drawn.image.shape[:2]
                lens.append(Lens(view.sensor, width, height, view.seed))
            records.append(frame_record(true_frame(number, drawn)))
            yield lens[0].expose(drawn.image, number)

    encode(files[0], images(), fps, preset, crf)
    write_records(files[1], records)
