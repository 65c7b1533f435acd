"""What a camera's own clock says, from the RTCP sender reports of its stream.

A report pairs the camera's wall clock with its stream clock. libavformat keeps the last one and
hands it on as side data: `rtcp_sr` on the packet that follows a report, and `prft` (a "producer
reference time": microseconds since 1970, then flags) on every packet after the first report.

The reports place no frame: whether a camera's clock is right is not known, and whether it was set
meanwhile is not either. They tell how far the clock that a camera shows is from this host's.
"""

from __future__ import annotations

import struct
from typing import Final

from av.packet import Packet
from av.video.stream import VideoStream

FARTHEST_S: Final = 86_400.0
"""A camera further off than a day has no clock: many count from their start, or from 1970."""
_WALLCLOCK = struct.Struct("=q")
"""First field of libavutil's AVProducerReferenceTime, in the machine's own byte order."""


class SenderReports:
    """Follows the sender reports of one run."""

    def __init__(self) -> None:
        self.num_reports = 0
        """Reports seen."""
        self.camera_ahead_s: float | None = None
        """Camera's clock minus host's at the last report, seconds: positive for a camera that is
        ahead. The delay of the picture, commonly 0.1 to 0.5 s, is part of it (a right camera reads
        as that much behind). None before the first report, or where the camera has no clock."""
        self._is_new = False
        self._reported: tuple[float, float] | None = None

    def read(self, packet: Packet[VideoStream]) -> None:
        """Take in the report that a packet may carry; `seen` then compares it."""
        # The first packet of a stream may have no stamp: then the next one tells the same.
        self._is_new = self._is_new or packet.has_sidedata("rtcp_sr")
        if not self._is_new or packet.pts is None or not packet.has_sidedata("prft"):
            return
        self._is_new = False
        raw = bytes(packet.get_sidedata("prft"))
        if len(raw) < _WALLCLOCK.size:
            return
        (camera_us,) = _WALLCLOCK.unpack_from(raw)
        self._reported = (camera_us / 1e6, float(packet.pts * packet.time_base))

    def seen(self, stamp_s: float | None, wall_ns: int) -> bool:
        """Compare the last report with a frame: its own stamp in seconds, its host wall time.

        Returns:
            True when a report was compared for the first time.
        """
        if self._reported is None or stamp_s is None:
            return False
        camera_s, reported_s = self._reported
        self._reported = None
        self.num_reports += 1
        ahead_s = camera_s + (stamp_s - reported_s) - wall_ns / 1e9
        self.camera_ahead_s = ahead_s if abs(ahead_s) <= FARTHEST_S else None
        return True
