"""What to make of a probe: each advice is one sentence, with what to set at the camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from yanji.ingest.probe import Probe

LONGEST_KEY_INTERVAL_S: Final = 2.0
"""So long is the wait for a first picture after each reconnect, at most."""
LEAST_FPS: Final = 5.0
"""Frames analysed per second by default."""
LARGEST_PX: Final = 1920 * 1088
"""1080p; the rows of a picture come in sixteens."""
WIDEST_SPREAD_S: Final = 0.5
"""What two cameras' times of one event may differ by (docs/design/time.md)."""
FARTHEST_CLOCK_S: Final = 2.0
"""Well above the delay of a picture, which is part of what was measured."""
SLOWEST_ARRIVAL: Final = 0.9
"""Share of the stream's own rate."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing that could be better."""

    code: str
    """Stable, for programs."""
    sentence: str


def advice_on(probe: Probe) -> list[Advice]:
    """All that could be better, the most important first; empty for a camera that is set well."""
    found = (
        _black(probe),
        _damage(probe),
        _arrival(probe),
        _rate(probe),
        _key_frames(probe),
        _clock(probe),
        _spread(probe),
        _b_frames(probe),
        _codec(probe),
        _size(probe),
    )
    return [advice for advice in found if advice is not None]


def _black(probe: Probe) -> Advice | None:
    if not probe.is_black:
        return None
    return Advice("black", "The picture is black: look for a covered lens, or a camera at rest.")


def _damage(probe: Probe) -> Advice | None:
    if probe.num_broken == 0:
        return None
    return Advice(
        "damaged",
        f"{probe.num_broken} pictures were damaged: look at the network between here and the "
        "camera, and at the number of its readers.",
    )


def _arrival(probe: Probe) -> Advice | None:
    if probe.fps is None or probe.arrived_fps is None:
        return None
    if probe.arrived_fps >= SLOWEST_ARRIVAL * probe.fps:
        return None
    return Advice(
        "late",
        f"The camera films {probe.fps:.1f} frames per second and {probe.arrived_fps:.1f} arrive: "
        "the network or this machine does not keep up; lower the bitrate or the size.",
    )


def _rate(probe: Probe) -> Advice | None:
    if probe.fps is None or probe.fps >= SLOWEST_ARRIVAL * LEAST_FPS:
        return None
    return Advice(
        "few_frames",
        f"{probe.fps:.1f} frames per second are few: a fast vehicle may be in none of them; set "
        f"at least {LEAST_FPS:g}, better 10 to 25.",
    )


def _key_frames(probe: Probe) -> Advice | None:
    wanted = f"set a key frame (I frame) every {LONGEST_KEY_INTERVAL_S:g} s"
    if probe.fps is not None:
        wanted += f", {round(LONGEST_KEY_INTERVAL_S * probe.fps)} frames"
    if probe.key_interval_s is None:
        if probe.measured_s <= LONGEST_KEY_INTERVAL_S * 1.25:
            return None  # read for too short to tell
        return Advice(
            "key_frames",
            f"In {probe.measured_s:.0f} s no second key frame came: after each loss of the line it "
            f"takes as long until there is a picture; {wanted}.",
        )
    if probe.key_interval_s <= LONGEST_KEY_INTERVAL_S * 1.05:
        return None
    return Advice(
        "key_frames",
        f"Key frames come every {probe.key_interval_s:.1f} s: after each loss of the line it "
        f"takes up to as long until there is a picture; {wanted}.",
    )


def _clock(probe: Probe) -> Advice | None:
    ahead_s = probe.camera_ahead_s
    if ahead_s is None or abs(ahead_s) <= FARTHEST_CLOCK_S:
        return None
    side = "ahead of" if ahead_s > 0 else "behind"
    return Advice(
        "clock",
        f"The camera's clock is {abs(ahead_s):.0f} s {side} this machine's: times of live "
        "sightings do not depend on it, but the clock in its picture and its own recordings are "
        "wrong by as much; let it follow a time server (NTP).",
    )


def _spread(probe: Probe) -> Advice | None:
    if probe.spread_s is None or probe.spread_s <= WIDEST_SPREAD_S:
        return None
    return Advice(
        "uneven",
        f"Pictures arrive unevenly, up to {probe.spread_s:.1f} s late: look at the network, and "
        "for smoothing or buffering in the camera's settings.",
    )


def _b_frames(probe: Probe) -> Advice | None:
    if not probe.has_b_frames:
        return None
    return Advice(
        "b_frames",
        "The stream has B-frames, which come late by nature and save little on a fixed view; "
        "turn them off, or choose the profile Baseline.",
    )


def _codec(probe: Probe) -> Advice | None:
    if probe.codec == "h264":
        return None
    if probe.codec == "hevc":
        return Advice(
            "hevc",
            "H.265 takes about a fifth more of a processor to decode than H.264; choose H.264 "
            "where the network has room.",
        )
    return Advice(
        "codec", f"{probe.codec} is unusual for a camera; H.264 is what everything is tested with."
    )


def _size(probe: Probe) -> Advice | None:
    pixels = probe.width * probe.height
    if pixels > LARGEST_PX:
        return Advice(
            "large",
            f"{probe.width}x{probe.height} costs {pixels / (1920 * 1080):.1f} times the decoding "
            "of 1080p; choose 1920x1080, or the camera's second, smaller stream.",
        )
    return None
