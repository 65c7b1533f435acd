"""Renders a whole city into a folder: one process for each core, resumable."""

from __future__ import annotations

import functools
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import cv2

from yanji.configs.errors import UsageError
from yanji.ingest.testcity.cameras import lights_of
from yanji.ingest.testcity.city import START, City, build_city, camera_start, look_of
from yanji.ingest.testcity.drawing.gpu import Gpu
from yanji.ingest.testcity.drawing.renderer import Renderer
from yanji.ingest.testcity.drawing.still import paint_grounds
from yanji.ingest.testcity.film import film
from yanji.ingest.testcity.passages import passages_of
from yanji.ingest.testcity.share_out import share_out
from yanji.ingest.testcity.site_of import manifest_text, write_site
from yanji.ingest.testcity.traffic.drive import Planned
from yanji.ingest.testcity.truth import (
    CityTruth,
    TrueDrive,
    TruePassage,
    TrueSnapshot,
    camera_file,
    read_camera,
    write_city,
)
from yanji.ingest.testcity.vehicles.kinds import KINDS
from yanji.ingest.testcity.vehicles.paint_names import colour_names

PICTURES: Final = 1
"""Raised when the same order would give other pictures: parts of both kinds must not be mixed."""
ORDER_FILE: Final = "order.json"
PRESET: Final = "veryfast"
"""Of x264; the shipped clips take a slower one."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be rendered."""

    cameras: int
    seconds: float
    seed: int
    width: int = 960
    height: int = 540
    fps: int = 10
    light: str = "mixed"
    preset: str = PRESET
    crf: int = 26
    story: tuple[Planned, ...] = ()

    @property
    def num_frames(self) -> int:
        """Frames of each clip."""
        return round(self.seconds * self.fps)

    def check(self) -> None:
        """Refuse what cannot be rendered.

        Raises:
            UsageError: a number out of range.
        """
        lights_of(self.light)
        problems = {
            "--cameras must be 1 to 81": not 1 <= self.cameras <= 81,
            "--seconds must be above 0, at most 3600": not 0 < self.seconds <= 3600,
            "--size must be even, 64x64 to 3840x2160": not (
                64 <= self.width <= 3840
                and 64 <= self.height <= 2160
                and self.width % 2 == self.height % 2 == 0
            ),
            "--fps must be 1 to 30": not 1 <= self.fps <= 30,
            "--seconds must hold at least one frame": not self.seconds * self.fps >= 0.5,
            "--seed must not be negative": self.seed < 0,
        }
        for problem, found in problems.items():
            if found:
                raise UsageError(f"{problem}.")

    def city(self) -> City:
        """Build the city that is rendered."""
        return build_city(self.seed, self.cameras, self.seconds, self.light, self.story)


def render_city(
    order: Order,
    folder: Path,
    workers: int,
    progress: Callable[[int, int], None],
    snapshot: TrueSnapshot | None = None,
) -> CityTruth:
    """Render all clips, the truth beside them, `site.yaml` and `manifest.csv`.

    A folder in which the same order was begun is completed; nothing that is done is done again.

    Args:
        order: what to render.
        folder: made if missing.
        workers: processes, at least 1; each draws whole cameras.
        progress: told (frames done, frames in all) after every ten seconds of film.
        snapshot: goes into the truth.

    Raises:
        UsageError: the order is impossible, or the folder holds another one.
        RendererError: moderngl or a system library is missing.
        YanjiError: a worker failed; what it had finished is kept.
    """
    order.check()
    _begin(order, folder)
    city = order.city()
    _draw_all(order, folder, workers, progress)
    shutil.rmtree(folder / "parts", ignore_errors=True)
    write_site(folder, city.network, city.views)
    starts = {view.camera_id: camera_start(view) for view in city.views}
    (folder / "manifest.csv").write_text(manifest_text(city.views, starts), encoding="utf-8")
    truth = truth_of(order, city, folder, snapshot)
    write_city(folder, truth)
    return truth


def truth_of(
    order: Order, city: City, folder: Path, snapshot: TrueSnapshot | None = None
) -> CityTruth:
    """Put together what the clips in a folder show, from the truth beside them."""
    cameras = {v.camera_id: read_camera(camera_file(folder, v.camera_id)) for v in city.views}
    passages: dict[str, list[TruePassage]] = {}
    for camera_id, camera in cameras.items():
        found = passages_of(camera_id, camera.frames, order.width, order.height, order.fps)
        for identity, visits in found.items():
            passages.setdefault(identity, []).extend(visits)
    drives = {}
    for drive in city.drives:
        visits = sorted(
            passages.get(drive.identity, []), key=lambda p: (p.first_frame, p.camera_id)
        )
        look = look_of(drive.kind, drive.look_seed, city.seed)
        drives[drive.identity] = TrueDrive(
            identity=drive.identity,
            kind=drive.kind,
            vehicle_class=KINDS[drive.kind].vehicle_class,
            plate=look.plate,
            route=tuple((node, at_s) for node, at_s in drive.route if at_s <= order.seconds),
            passages=tuple(visits),
            colours=colour_names(drive.kind, look),
        )
    return CityTruth(
        seed=order.seed,
        width=order.width,
        height=order.height,
        fps=order.fps,
        num_frames=order.num_frames,
        start=START,
        cameras=cameras,
        drives=drives,
        snapshot=snapshot,
    )


def _begin(order: Order, folder: Path) -> None:
    """Claim a folder for an order, or find the same one begun."""
    text = json.dumps({"pictures": PICTURES, **asdict(order)}, ensure_ascii=False, indent=1) + "\n"
    marker = folder / ORDER_FILE
    folder.mkdir(parents=True, exist_ok=True)
    if marker.exists():
        if marker.read_text(encoding="utf-8") != text:
            raise UsageError(
                f"{folder.name} holds another city (or one of another version).",
                hint=f"Give another --out, or remove {folder.name} first. It was ordered as in "
                f"{ORDER_FILE}.",
            )
        return
    if any(folder.iterdir()):
        raise UsageError(f"{folder.name} is not empty.", hint="Give a new or an empty folder.")
    marker.write_text(text, encoding="utf-8")


def _draw_all(
    order: Order, folder: Path, workers: int, progress: Callable[[int, int], None]
) -> None:
    total = order.num_frames * order.cameras
    done = 0

    def report(num_frames: int) -> None:
        nonlocal done
        done += num_frames
        progress(done, total)

    work = functools.partial(_open_filming, order, folder)
    share_out(range(order.cameras), workers, work, report)


@contextmanager
def _open_filming(order: Order, folder: Path) -> Iterator[Callable[[int], Iterator[int]]]:
    """Give what films the camera of a number, part by part."""
    os.environ["LP_NUM_THREADS"] = "1"
    cv2.setNumThreads(1)
    city = order.city()
    opened: list[Gpu] = []

    def work(number: int) -> Iterator[int]:
        view = city.views[number]

        def open_renderer() -> Renderer:
            if not opened:
                opened.append(Gpu())
            grounds = paint_grounds(city.network, city.seed, view.node)
            return Renderer(opened[0], view, city.street, grounds, (order.width, order.height))

        yield from film(
            city, view, open_renderer, folder, order.num_frames, order.fps, order.preset, order.crf
        )

    try:
        yield work
    finally:
        for gpu in opened:
            gpu.close()
