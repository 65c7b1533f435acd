"""The frames of a camera's two streams as one run, in order of time.

The sub-stream leads: its frames make the run, and a key frame of the main stream is put among them
where it was filmed. A main frame is several times as large, so it comes later than the small ones
of its moment; the small ones therefore wait as long as main frames usually come late.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from yanji.ingest.frame import Frame, Picture
from yanji.ingest.run_cut import RunCut
from yanji.ingest.twin_picture import TwinPicture, misfit_of

SIZE_WAIT_S: Final = 4.0
"""So long the frames of the sub-stream wait for the main stream to show its size: two key-frame
intervals of 2 s. Longer, and the first sighting of a start would come after 5 s."""
KEPT_WITHOUT_SIZE: Final = 2
"""Newest frames kept meanwhile: as many as the queue behind takes at once."""
MOST_HOLD_S: Final = 1.0
"""Small frames wait no longer for a main one; half of the lag from which a camera is degraded."""
HOLD_MARGIN_S: Final = 0.1
"""Beyond what the last main frame was late."""
HOLD_SHRINKS: Final = 0.9
"""Per main frame, where these come sooner than they did."""
MOST_LATE_S: Final = 0.5
"""A main frame that comes later than the small ones waited is analysed as if it were filmed right
after the last of them, as far as this: what it shows is that old. Above, a vehicle has moved by
its own length and would be taken for another one."""
SAME_S: Final = 0.05
"""Closer than this to a main frame, a small one shows nothing more: it is left out, which saves one
analysed frame for each key frame."""
MOST_EARLY_S: Final = 2.0
"""A main frame further ahead of the sub-stream has a clock of its own."""

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class MergeCounts:
    """What was handed on so far."""

    num_frames: int = 0
    """Frames of both streams."""
    num_main: int = 0
    """Of these, of the main stream."""
    num_dropped: int = 0
    """Of the frames, thrown away by the queue behind."""
    num_misplaced: int = 0
    """Main frames that came too late or too early to be handed on."""


class TwinMerge:
    """Merges the streams of one camera, over all their runs. One thread at a time calls it.

    What holds of the frames given to `on_frame`, whatever arrives: within a run neither stream time
    nor wall time falls, all pictures are of one size, and none comes after `end_run`.
    """

    def __init__(self, on_frame: Callable[[Frame], bool]) -> None:
        self._on_frame = on_frame
        self.counts = MergeCounts()
        self._misfit = self._misplaced = ""
        self._size: Size | None = None
        """Of the main stream."""
        self._gave_up = False
        """The main stream failed before it showed its size."""
        self._unsized: deque[Frame] = deque(maxlen=KEPT_WITHOUT_SIZE)
        self._first_ns: int | None = None
        """When the sub-stream came up, by its first frame."""
        self._run_id: str | None = None
        """Of the sub-stream's run, before it is cut."""
        self._cut = RunCut()
        self._newest: Frame | None = None
        """The last frame of the sub-stream, as it is handed on."""
        self._begin_ns = 0
        """Wall time of the first frame of the run that is handed on."""
        self._held: list[tuple[Frame, bool]] = []
        """Of one run, and not yet handed on; with each, whether it is of the main stream."""
        self._hold_s = 0.0
        self._last: Frame | None = None
        """The last frame that was handed on."""
        self._last_main_ns = 0
        """Wall time of the last main frame that was."""

    @property
    def problem(self) -> str:
        """Why frames of the main stream are not used although they come; empty where they are."""
        return self._misfit or self._misplaced

    def pass_time(self, wall_ns: int) -> None:
        """Take note of a decoded frame of the sub-stream, ns since 1970 UTC; never falling."""
        if self._first_ns is None:
            self._first_ns = wall_ns
        self._admit_unsized(wall_ns)
        self._release(wall_ns - round(self._hold_s * 1e9))

    def take_sub(self, frame: Frame) -> None:
        """Take a frame of the sub-stream that is to be analysed."""
        self._unsized.append(frame)
        self.pass_time(frame.wall_ns)

    def take_main(self, frame: Frame, newest_sub_ns: int, ahead_s: float = 0.0) -> None:
        """Take a key frame of the main stream.

        Args:
            frame: of a run of its own.
            newest_sub_ns: wall time of the newest decoded frame of the sub-stream.
            ahead_s: how much later the sub-stream's clock shows the moment of this frame than the
                frame's own wall time does.
        """
        size = (frame.picture.width, frame.picture.height)
        if size != self._size:
            self._size = size
            self._admit_unsized(newest_sub_ns)
        newest = self._newest
        if newest is None or not isinstance(newest.picture, TwinPicture):
            return  # no run, or one that cannot have it
        if (newest.picture.width, newest.picture.height) != size:
            return  # the next frame of the sub-stream begins a run of this size
        wall_ns = frame.wall_ns + round(ahead_s * 1e9)
        late_s = (newest_sub_ns - wall_ns) / 1e9
        last_ns = wall_ns if self._last is None else self._last.wall_ns
        if late_s < -MOST_EARLY_S:
            self._misplace(f"{-late_s:.1f} s ahead of")
        elif late_s > MOST_HOLD_S + MOST_LATE_S:
            self._misplace(f"{late_s:.1f} s behind")
        else:
            self._hold_s = min(
                MOST_HOLD_S, max(late_s + HOLD_MARGIN_S, self._hold_s * HOLD_SHRINKS)
            )
            if last_ns - wall_ns > MOST_LATE_S * 1e9:
                self._misplace(f"{late_s:.1f} s behind")  # the next one is waited for
                return
            self._misplaced = ""
            placed = replace(
                frame,
                run=newest.run,
                stream_s=newest.stream_s + (wall_ns - newest.wall_ns) / 1e9,
                wall_ns=max(wall_ns, self._begin_ns),
            )
            self._held.append((placed, True))

    def give_up_main(self) -> None:
        """Wait no longer for a main stream that has not shown its size yet: it failed."""
        self._gave_up = True

    def end_run(self) -> None:
        """End the run: the sub-stream is down, or shows nothing. What waits is handed on."""
        self._size_decided()
        self._release(None)
        self._run_id = self._newest = self._last = self._first_ns = None

    def _size_decided(self) -> None:
        unsized = list(self._unsized)
        self._unsized.clear()
        for frame in unsized:
            self._admit(frame)

    def _admit_unsized(self, wall_ns: int) -> None:
        first_ns = wall_ns if self._first_ns is None else self._first_ns
        waited = wall_ns - first_ns >= SIZE_WAIT_S * 1e9
        if self._size is not None or self._gave_up or waited:
            self._size_decided()

    def _admit(self, frame: Frame) -> None:
        """Give a frame of the sub-stream its size and its run."""
        begins = frame.run.run_id != self._run_id
        if begins:
            self._release(None)
            self._run_id, self._cut = frame.run.run_id, RunCut()
        frame = replace(frame, picture=self._in_main_pixels(frame))
        if self._cut.is_due(frame):
            self._release(None)
            self._cut.begin(frame)
            begins = True
        self._newest = self._cut.apply(frame)
        if begins:
            self._last, self._begin_ns = None, frame.wall_ns
        self._held.append((self._newest, False))

    def _in_main_pixels(self, frame: Frame) -> Picture:
        picture = frame.picture
        if self._size is None:
            return picture
        self._misfit = misfit_of((picture.width, picture.height), self._size)
        return picture if self._misfit else TwinPicture(picture, *self._size)

    def _misplace(self, how: str) -> None:
        self._misplaced = f"the main stream is {how} the sub-stream"
        self.counts = replace(self.counts, num_misplaced=self.counts.num_misplaced + 1)

    def _release(self, until_ns: int | None) -> None:
        """Hand on what waits and was filmed until then; None: everything."""
        # Stable, so that of two at one time the one that came first stays first.
        self._held.sort(key=lambda held: held[0].wall_ns)
        while self._held and (until_ns is None or self._held[0][0].wall_ns <= until_ns):
            frame, is_main = self._held.pop(0)
            if is_main or not self._is_shown(frame):
                self._hand_on(frame, is_main)
                self._last_main_ns = frame.wall_ns if is_main else self._last_main_ns

    def _is_shown(self, frame: Frame) -> bool:
        """Whether a main frame of the same moment is handed on too; never for a run's first."""
        if self._last is None:
            return False
        mains = [self._last_main_ns] + [one.wall_ns for one, is_main in self._held[:1] if is_main]
        return any(abs(frame.wall_ns - when_ns) < SAME_S * 1e9 for when_ns in mains)

    def _hand_on(self, frame: Frame, is_main: bool) -> None:
        last = self._last
        if last is not None:
            frame = replace(
                frame,
                number=last.number if is_main else frame.number,
                stream_s=max(frame.stream_s, last.stream_s),
                wall_ns=max(frame.wall_ns, last.wall_ns),
            )
        self._last = frame
        dropped = self._on_frame(frame)
        counts = self.counts
        self.counts = replace(
            counts,
            num_frames=counts.num_frames + 1,
            num_main=counts.num_main + is_main,
            num_dropped=counts.num_dropped + dropped,
        )
