"""Writes single crops of rendered vehicles for training: pictures, and an index that says all.

A folder of crops holds

- `000/car_00012_cam07.jpg`: `<class>_<identity>_cam<camera>.jpg`, a thousand identities a folder;
  the longer side is `min(256, what the camera's picture gives)` pixels, nothing is enlarged;
- `crops.jsonl`, written last: JSON lines, each with its `record`. `order` (once): what was asked
  for. `camera` (one for each virtual camera): place, lens and light with all its parameters.
  `crop` (one for each picture):
  path, identity, kind, class, group, plate, livery; camera, light (its name);
  angle_deg (-180..180: 0 from the front, 90 its left flank, 180 from the rear, as in
  `truth.TrueVehicle`), elevation_deg (of the camera above the horizon), distance_m;
  size_px (width, height), scale (pixels of the crop for one of the camera's picture),
  box_px (the vehicle's full box, pixels of the crop; may reach outside);
  jitter (left, upper, right, lower edge of the box: how far too far out, as shares of the width or
  height of the box inside the picture, -0.08..0.08; 4 % margin on each side come on top);
  cut (share of the full box beyond the border of the picture), occlusion (share of the rest that
  something nearer hides), others (vehicles near by), post;
  blur_px, motion_px, motion_deg, bloom, gain, gain_bgr, saturation, gamma, noise, jpeg_quality;
- `order.json`, and while it is being written `scenery/` and `parts/`.

The same order gives the same bytes on the same machine and libraries, with any number of processes
and after any stop; on another processor the pixels differ by rounding (mean below one grey level).
"""

from __future__ import annotations

import functools
import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from yanji.configs.errors import UsageError
from yanji.ingest.testcity.crop_order import (
    BLOCK,
    INDEX_FILE,
    PARTS,
    SCENERY,
    VERSION,
    CropOrder,
    claim,
    part_file,
    scenery_file,
    writing,
)
from yanji.ingest.testcity.crop_views import camera_record, views_of
from yanji.ingest.testcity.crop_work import Finish, open_block_work, open_place_work
from yanji.ingest.testcity.share_out import share_out
from yanji.ingest.testcity.truth import write_records


@dataclass(frozen=True, slots=True)
class Cost:
    """What one call did."""

    drawn: int
    """Crops; those that were there already do not count."""
    drawing_cpu_s: float
    """Of all processes, from choosing to the written file."""
    setup_cpu_s: float
    """Streets, still pictures, graphics contexts."""
    wall_s: float

    @property
    def per_core_second(self) -> float | None:
        """Crops for each second of one core while drawing; None when nothing was drawn."""
        return self.drawn / self.drawing_cpu_s if self.drawn else None

    @property
    def per_core_second_with_setup(self) -> float | None:
        """The same, with what comes before the first crop."""
        return self.drawn / (self.drawing_cpu_s + self.setup_cpu_s) if self.drawn else None


def write_crops(
    order: CropOrder,
    folder: Path,
    workers: int,
    progress: Callable[[str, int, int], None],
    finish: Finish | None = None,
) -> Cost:
    """Draw all crops and write the index; a folder in which the order was begun is completed.

    Args:
        order: what to draw.
        folder: made if missing.
        workers: processes, at least 1.
        progress: told what is being drawn (`places`, `crops`), how many are done, and of how many.
        finish: a function that can be pickled; None: crops are written as they are.

    Raises:
        UsageError: the order is impossible, or the folder holds another one.
        RendererError: moderngl or a system library is missing.
        YanjiError: the folder cannot be written, or a process died; what was finished is kept.
    """
    order.check()
    begin_s = time.monotonic()
    with writing(folder):
        claim(order, folder)
        if (folder / INDEX_FILE).exists():
            _tidy(folder)
            progress("crops", order.crops, order.crops)
            return Cost(0, 0.0, 0.0, time.monotonic() - begin_s)
        for name in (PARTS, SCENERY):
            (folder / name).mkdir(exist_ok=True)
        setup_s = _draw_places(order, folder, workers, progress)
        drawn, drawing_s, opened_s = _draw_blocks(order, folder, workers, progress, finish)
        write_records(folder / INDEX_FILE, _records(order, folder))
        _tidy(folder)
    return Cost(drawn, drawing_s, setup_s + opened_s, time.monotonic() - begin_s)


def read_index(folder: Path) -> Iterator[dict[str, Any]]:
    """Read the index: all records in order.

    Raises:
        UsageError: there is no index, for example because the crops are not complete.
    """
    try:
        lines = (folder / INDEX_FILE).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(
            f"{folder.name} has no {INDEX_FILE}.",
            hint="It is written last: run yanji testcity crops with the same options again.",
        ) from error
    return (json.loads(line) for line in lines)


def _draw_places(
    order: CropOrder, folder: Path, workers: int, progress: Callable[[str, int, int], None]
) -> float:
    """Draw the still pictures that are missing; returns CPU seconds."""
    missing = [
        place
        for place in range(order.places)
        if not all(
            scenery_file(folder, view.camera_id).exists() for view in views_of(order.seed, place)
        )
    ]
    done, spent_s = order.places - len(missing), 0.0

    def report(cpu_s: float) -> None:
        nonlocal done, spent_s
        done, spent_s = done + 1, spent_s + cpu_s
        progress("places", done, order.places)

    work = functools.partial(open_place_work, order, folder)
    return share_out(missing, workers, work, report) + spent_s


def _draw_blocks(
    order: CropOrder, folder: Path, workers: int, progress: Callable[[str, int, int], None],
    finish: Finish | None,
) -> tuple[int, float, float]:  # fmt: skip
    """Draw the blocks that are missing: crops drawn, CPU seconds for them, and before them."""
    firsts = range(0, order.identities, BLOCK)
    missing = [first for first in firsts if not part_file(folder, first).exists()]
    kept = sum(
        min(BLOCK, order.identities - first) for first in firsts if first not in set(missing)
    )
    done, drawn, spent_s = kept * order.views, 0, 0.0
    progress("crops", done, order.crops)

    def report(result: tuple[int, float]) -> None:
        nonlocal done, drawn, spent_s
        done, drawn, spent_s = done + result[0], drawn + result[0], spent_s + result[1]
        progress("crops", done, order.crops)

    work = functools.partial(open_block_work, order, folder, finish)
    opened_s = share_out(missing, workers, work, report)
    return drawn, spent_s, opened_s


def _records(order: CropOrder, folder: Path) -> Iterable[dict[str, Any]]:
    note = "rendered; never accuracy on real streets"
    yield {"record": "order", "version": VERSION, "note": note, **asdict(order)}
    for place in range(order.places):
        for view in views_of(order.seed, place):
            yield {**camera_record(view), "place": place}
    for first in range(0, order.identities, BLOCK):
        for line in part_file(folder, first).read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


def _tidy(folder: Path) -> None:
    for name in (PARTS, SCENERY):
        shutil.rmtree(folder / name, ignore_errors=True)
