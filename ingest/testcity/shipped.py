"""Renders the demo's clips again: `python -m yanji.ingest.testcity.shipped --out DIR`.

They are the test city with one story: a delivery e-bike comes from the east, passes K04, K03 and
K01, where it waits for oncoming traffic, and the clips end before it comes to K02. Needs the extra
`testcity`; the clips are committed, and playing them needs no renderer.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import av
import cv2

from yanji.configs.errors import UsageError, YanjiError
from yanji.ingest.testcity.demo_data import SNAPSHOT_FILE, seen_at
from yanji.ingest.testcity.passages import counts
from yanji.ingest.testcity.traffic.drive import Planned
from yanji.ingest.testcity.truth import Box, CityTruth, TrueSnapshot, clip_of, write_city

if TYPE_CHECKING:
    from yanji.ingest.testcity.render import Order

TARGET: Final = "E900"
STORY: Final = (
    Planned(TARGET, "delivery_ebike", 900, ("E2", "J22", "J12", "J11", "J21", "E1"), -31.0),
    # Two that come the other way at K03, the first straight on, the second to the right. Without
    # them another e-bike leaves K03's picture just where and when the target comes into it, and
    # the tracker takes the two for one.
    Planned("E901", "ebike", 901, ("W2", "J12", "J22", "E2"), -20.5),
    Planned("E902", "pedal_ebike", 902, ("W2", "J12", "J11", "S1"), -20.2),
)
JPEG_QUALITY: Final = 92
_MAX_HIDDEN: Final = 0.02
_BORDER: Final = 0.05
"""Of the picture's width and height, free on each side of the target."""
_LARGE: Final = 0.9
"""Of the longest side that it has in these frames."""


def shipped_order() -> Order:
    """Return what is shipped: four cameras, each in another light, 50 s."""
    from yanji.ingest.testcity.render import Order

    light = "evening,night,overcast,day"
    return Order(cameras=4, seconds=50, seed=90, light=light, preset="slow", story=STORY)


def choose_snapshot(truth: CityTruth, identity: str = TARGET) -> TrueSnapshot:
    """Choose the frame that shows a vehicle best at the first camera that it passes.

    Best is where it is nearest to the middle, among the frames in which it is large, whole, some
    way off the border, hidden by nobody and seen obliquely.

    Raises:
        UsageError: there is no such frame.
    """
    passages = truth.drives[identity].passages
    camera_id = min(passages, key=lambda p: p.first_frame).camera_id if passages else ""
    found = {
        number: seen
        for number, seen in (seen_at(truth, camera_id, identity) if camera_id else {}).items()
        if counts(seen, truth.width, truth.height)
        and _off_border(seen.full_px, truth)
        and seen.occlusion <= _MAX_HIDDEN
        and seen.view == "oblique"
    }
    if not found:
        raise UsageError(f"No frame shows {identity} whole, free and obliquely.")
    large = _LARGE * max(seen.size_px for seen in found.values())
    off = {
        number: abs(seen.full_px[0] + seen.full_px[2] - truth.width)
        for number, seen in found.items()
        if seen.size_px >= large
    }
    number = min(off, key=lambda number: (off[number], number))
    x1, y1, x2, y2 = (float(round(edge)) for edge in found[number].full_px)
    return TrueSnapshot(camera_id, number, identity, (x1, y1, x2, y2))


def _off_border(box: Box, truth: CityTruth) -> bool:
    x1, y1, x2, y2 = box
    dx, dy = _BORDER * truth.width, _BORDER * truth.height
    return x1 >= dx and y1 >= dy and x2 <= truth.width - dx and y2 <= truth.height - dy


def write_snapshot(folder: Path, truth: CityTruth) -> CityTruth:
    """Write the picture to search with, and its record into the truth.

    Raises:
        UsageError: no frame shows the target well.
    """
    shot = choose_snapshot(truth)
    with av.open(str(clip_of(folder, shot.camera_id))) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number == shot.frame:
                image = frame.to_ndarray(format="bgr24")
                break
        else:
            raise UsageError(f"The clip of {shot.camera_id} ends before frame {shot.frame}.")
    encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
    (folder / SNAPSHOT_FILE).write_bytes(encoded.tobytes())
    full = dataclasses.replace(truth, snapshot=shot)
    write_city(folder, full)
    return full


def main(arguments: list[str] | None = None) -> int:
    """Render, choose the snapshot; a second call completes what the first one left."""
    parser = argparse.ArgumentParser(description="Render the clips of the demo.")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args(arguments)
    try:
        from yanji.ingest.testcity.render import render_city

        truth = render_city(shipped_order(), given.out, given.workers, _say)
        shot = write_snapshot(given.out, truth).snapshot
    except YanjiError as error:
        print(f"{error.message} {error.hint}".rstrip(), file=sys.stderr)
        return error.exit_code
    print(f"snapshot: {shot}")
    return 0


def _say(done: int, total: int) -> None:
    if done % 100 == 0:
        print(f"{done} of {total} frames", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
