"""From frames to passages: when each vehicle was truly in view of a camera."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from yanji.ingest.testcity.truth import TrueFrame, TruePassage, TrueVehicle

MIN_INSIDE: Final = 0.5
MIN_SIDE_PX: Final = 40.0
MAX_OCCLUSION: Final = 0.5
PAUSE_S: Final = 3.0
"""A longer time without a frame that counts makes two passages of one."""
MIN_FRAMES_S: Final = 0.5
"""Shorter visits are none: nobody could be asked to see them."""


def counts(seen: TrueVehicle, width: int, height: int) -> bool:
    """Say whether a vehicle is seen well enough in a frame to be asked for (see `TruePassage`)."""
    return (
        seen.size_px >= MIN_SIDE_PX
        and seen.occlusion <= MAX_OCCLUSION
        and seen.inside(width, height) >= MIN_INSIDE
    )


def passages_of(
    camera_id: str, frames: Sequence[TrueFrame], width: int, height: int, fps: float
) -> dict[str, list[TruePassage]]:
    """Find all passages at one camera, by identity, in order of time."""
    numbers: dict[str, list[int]] = {}
    for frame in frames:
        for seen in frame.vehicles:
            if counts(seen, width, height):
                numbers.setdefault(seen.identity, []).append(frame.number)
    found: dict[str, list[TruePassage]] = {}
    for identity, seen_in in numbers.items():
        begin = seen_in[0]
        for before, after in zip(seen_in, [*seen_in[1:], None], strict=True):
            if after is not None and after - before <= PAUSE_S * fps:
                continue
            if before - begin + 1 >= MIN_FRAMES_S * fps:
                found.setdefault(identity, []).append(TruePassage(camera_id, begin, before))
            if after is not None:
                begin = after
    return found
