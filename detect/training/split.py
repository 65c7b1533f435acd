"""Which camera filmed a frame, and which cameras are held out: never the same camera on both sides.

Neighbouring frames of one camera are nearly the same picture: a split by frame would measure what
was learnt by heart.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable
from pathlib import PurePosixPath
from typing import Final

from yanji.configs.errors import UsageError

FRAME_NUMBER: Final = r"^(?P<camera>.+?)[_-]\d+$"
"""The usual rule: all of the name before its last number, `gate-3_000123.jpg` is of `gate-3`."""
HELD_OUT_SHARE: Final = 0.2
_HINT: Final = "Say it by --camera-of REGEX, whose group is the camera: --camera-of '^(K[0-9]+)_'"


def camera_rule(pattern: str | None) -> Callable[[str], str]:
    """Make the function that tells the camera from a picture's name.

    Args:
        pattern: regular expression, searched in the name without suffix; its first group is the
            camera. None: the folder of the picture where it has one, else `FRAME_NUMBER`.

    Raises:
        UsageError: not a regular expression, or without a group; the function raises it for a name
            that does not fit.
    """
    try:
        rule = re.compile(pattern if pattern is not None else FRAME_NUMBER)
    except re.error as error:
        raise UsageError(f"--camera-of is not a regular expression: {error}.") from error
    if not rule.groups:
        raise UsageError("--camera-of has no group.", hint=_HINT)

    def camera_of(name: str) -> str:
        place = PurePosixPath(name)
        if pattern is None and place.parent.name:
            return str(place.parent)
        found = rule.search(str(place.with_suffix("")))
        if found is None or not found.group(1):
            raise UsageError(f"The name {name} does not tell its camera.", hint=_HINT)
        return found.group(1)

    return camera_of


def hold_out(cameras: Iterable[str], wanted: Collection[str] = ()) -> frozenset[str]:
    """Choose the cameras that are not trained on.

    Args:
        cameras: of all pictures.
        wanted: these; empty: about a fifth of them by a hash of their names, at least one: which
            side a camera is on does not hang on the others.

    Raises:
        UsageError: fewer than two cameras, a camera that has no picture, or none left to train on.
    """
    known = sorted(set(cameras))
    if len(known) < 2:
        raise UsageError(
            f"All pictures are of one camera ({known[0] if known else 'none'}).",
            hint="Figures need cameras that were not trained on: label frames of a second one. "
            "If there are several, " + _HINT[0].lower() + _HINT[1:],
        )
    strangers = sorted(set(wanted) - set(known))
    if strangers:
        raise UsageError(
            f"--hold-out names {strangers[0]!r}, of which there is no picture.",
            hint=f"Cameras: {', '.join(known)}.",
        )
    if set(wanted) == set(known):
        raise UsageError("--hold-out leaves no camera to train on.")
    if wanted:
        return frozenset(wanted)
    in_order = sorted(known, key=_share)
    chosen = [name for name in in_order if _share(name) < HELD_OUT_SHARE]
    return frozenset(chosen[: len(known) - 1] or in_order[:1])


def _share(name: str) -> float:
    """Map a name to a number from 0 to 1 that is always the same."""
    return int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) / 2**32
