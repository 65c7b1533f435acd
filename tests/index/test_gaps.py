"""Gaps as answers name them: all that overlap, by corrected times, and those that last."""

from __future__ import annotations

from yanji.index.cameras import Camera
from yanji.index.reader import read_archive
from yanji.index.writer import open_archive
from yanji.ingest.gap import Gap


def test_gaps_that_overlap_only_by_their_camera_s_clock_are_found(folder):
    """The database sieves by wall times; a clock that is an hour ahead must not lose a gap."""
    hour = 3600 * 10**9
    with open_archive(folder, low_water_bytes=0) as writer:
        for camera_id, offset_s in (("K01", 3600.0), ("K02", -3600.0), ("K03", 0.0)):
            writer.register_camera(Camera(camera_id))
            writer.set_clock_offset(camera_id, 0, offset_s, 1.0)
        writer.write_gaps(
            [
                Gap("K01", 11 * hour, 11 * hour + 5, "lost"),  # truly at 10:00
                Gap("K02", 9 * hour, 9 * hour + 5, "lost"),  # truly at 10:00
                Gap("K03", 10 * hour, None, "lost"),
                Gap("K03", 8 * hour, 8 * hour + 5, "lost"),
            ]
        )
    with read_archive(folder) as reader:
        found = reader.gaps(10 * hour - 1, 10 * hour + 1)
        assert [gap.camera_id for gap in found] == ["K01", "K02", "K03"]
        assert reader.gaps(12 * hour, 13 * hour) == [Gap("K03", 10 * hour, None, "lost")]
        assert reader.open_gaps() == [Gap("K03", 10 * hour, None, "lost")]
