"""Which frames of a stream are decoded at all: the cheapest frame is one that is skipped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:  # whoever reads with OpenCV has no PyAV
    from av.video.stream import VideoStream

DecodeMode = Literal["all", "fast", "no_b_frames", "key_frames"]
"""`all` frames; all, but edges of blocks not smoothed (`fast`: a quarter cheaper, and at most a
little coarser until the next key frame); all but B-frames (a stream without any stays whole); key
frames only."""

_Skip = Literal["DEFAULT", "BIDIR", "NONKEY"]
_SKIP: Final[dict[DecodeMode, _Skip]] = {
    "all": "DEFAULT",
    "fast": "DEFAULT",
    "no_b_frames": "BIDIR",
    "key_frames": "NONKEY",
}

KEY_FRAME_WAIT_S = 12.0
"""A live stream of which only key frames are decoded is given up after so long without one, not
after `RtspLimits.silence_s`; one that sends nothing at all is still found by the time-out of a
read. Below the 20 s after which a capture thread counts as hanging."""


def gives_all(mode: DecodeMode) -> bool:
    """Whether every frame comes out, so that one that does not is missing."""
    return mode in ("all", "fast")


def decode_only(stream: VideoStream, mode: DecodeMode) -> None:
    """Tell the decoder of a stream what to leave out, before its first packet."""
    stream.codec_context.skip_frame = _SKIP[mode]
    if mode == "fast":
        stream.codec_context.options = {"skip_loop_filter": "all"}
