"""The demo's committed clips are what their truth and their site say."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from yanji.configs.errors import UsageError
from yanji.configs.site import load_site
from yanji.ingest.testcity import demo_data, shipped
from yanji.ingest.testcity.erase import without_vehicle
from yanji.ingest.testcity.passages import counts, passages_of
from yanji.ingest.testcity.truth import CityTruth, TrueVehicle, read_truth, write_city

CAMERAS = ("K01", "K02", "K03", "K04")


@pytest.fixture(scope="module")
def truth() -> CityTruth:
    return demo_data.load_truth()


def _images(path: Path, every: int = 1, first: int = 0, last: int = 10**6) -> Iterator[np.ndarray]:
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number > last:
                return
            if number >= first and (number - first) % every == 0:
                yield frame.to_ndarray(format="bgr24")


def _median(path: Path) -> np.ndarray:
    few = np.stack(list(_images(path, every=25)))
    return np.sort(few, axis=0)[len(few) // 2].astype(np.int16)


def _edges(seen: TrueVehicle, truth: CityTruth) -> tuple[int, int, int, int]:
    x1, y1, x2, y2 = (round(edge) for edge in seen.clipped_px(truth.width, truth.height))
    return x1, y1, x2, y2


def _whole(truth: CityTruth, camera_id: str, identity: str) -> dict[int, TrueVehicle]:
    """Frames in which a vehicle is wholly in view."""
    size = truth.width, truth.height
    seen = demo_data.seen_at(truth, camera_id, identity)
    return {n: v for n, v in seen.items() if counts(v, *size) and v.inside(*size) == 1.0}


def test_everything_committed_is_at_most_10_mb() -> None:
    sizes = {path.name: path.stat().st_size for path in demo_data.clips_folder().iterdir()}
    per_camera = {f"{camera}.{end}" for camera in CAMERAS for end in ("mp4", "truth.jsonl")}
    others = {"city.truth.jsonl", "site.yaml", "manifest.csv", "order.json", "snapshot.jpg"}
    assert set(sizes) == per_camera | others
    assert sum(sizes.values()) <= 10_000_000


@pytest.mark.parametrize("camera_id", CAMERAS)
def test_clip_decodes_fully_and_has_no_b_frames(camera_id: str, truth: CityTruth) -> None:
    path = demo_data.clip_path(camera_id)
    assert path.read_bytes()[4:200].find(b"moov") > 0, "index must come first"
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
    assert stream.codec_context.name == "h264"
    assert not stream.codec_context.has_b_frames
    assert [packet.pts for packet in packets] == [packet.dts for packet in packets]
    keys = [number for number, packet in enumerate(packets) if packet.is_keyframe]
    assert max(np.diff([*keys, len(packets)])) <= 2 * truth.fps
    with av.open(str(path)) as container:
        frames = [(f.width, f.height, f.time) for f in container.decode(video=0)]
    assert len(frames) == truth.num_frames == len(truth.cameras[camera_id].frames)
    assert {frame[:2] for frame in frames} == {(960, 540)} == {(truth.width, truth.height)}
    assert frames[-1][2] == pytest.approx(truth.duration_s - 1 / truth.fps)
    assert truth.duration_s >= 45


def test_the_clips_are_the_order_of_the_program_that_makes_them(truth: CityTruth) -> None:
    pytest.importorskip("moderngl")
    order = shipped.shipped_order()
    assert (order.seed, order.num_frames, order.fps) == (truth.seed, truth.num_frames, truth.fps)
    assert (order.width, order.height) == (truth.width, truth.height)


def test_passages_are_those_of_the_frames(truth: CityTruth) -> None:
    assert tuple(truth.cameras) == CAMERAS
    for camera_id, camera in truth.cameras.items():
        assert [frame.number for frame in camera.frames] == list(range(truth.num_frames))
        size = truth.width, truth.height
        found = passages_of(camera_id, camera.frames, *size, truth.fps)
        known = {
            identity: list(demo_data.passages_at(truth, camera_id, identity))
            for identity in truth.drives
        }
        assert {i: p for i, p in known.items() if p} == found
        assert len(found) >= 15, "traffic at every camera"


def test_boxes_lie_inside_the_picture(truth: CityTruth) -> None:
    for camera in truth.cameras.values():
        for frame in camera.frames:
            for seen in frame.vehicles:
                assert seen.identity in truth.drives
                x1, y1, x2, y2 = seen.visible_px
                assert 0 <= x1 < x2 <= truth.width
                assert 0 <= y1 < y2 <= truth.height
                assert 0 <= seen.occlusion <= 1


def test_the_target_passes_three_cameras_and_others_like_it_pass_too(truth: CityTruth) -> None:
    target = truth.drives[demo_data.snapshot_of(truth).identity]
    assert target.vehicle_class == "ebike"
    assert len({passage.camera_id for passage in target.passages}) == len(target.passages) == 3
    for passage in target.passages:
        # Each in another light.
        others = {
            drive.identity
            for drive in truth.drives.values()
            if drive.identity != target.identity
            and drive.vehicle_class in ("ebike", "motorcycle")
            and any(p.camera_id == passage.camera_id for p in drive.passages)
        }
        assert len(others) >= 2, passage
    lights = {truth.cameras[passage.camera_id].light for passage in target.passages}
    assert len(lights) == 3
    twins = {i for i, drive in truth.drives.items() if drive.kind == target.kind and drive.passages}
    assert len(twins) >= 2, "others of its kind are about"


def test_clips_show_the_target_where_the_truth_says(truth: CityTruth) -> None:
    """Against the median picture of the clip, the target's box is where the picture differs."""
    target = demo_data.snapshot_of(truth).identity
    for passage in truth.drives[target].passages:
        clip = demo_data.clip_path(passage.camera_id)
        empty = _median(clip)
        whole = _whole(truth, passage.camera_id, target)
        for number in sorted(whole)[2::12]:
            [image] = _images(clip, first=number, last=number)
            changed = np.abs(image - empty).max(axis=2) > 24
            x1, y1, x2, y2 = _edges(whole[number], truth)
            inside = changed[y1:y2, x1:x2].mean()
            dx = x2 - x1
            beside = [
                changed[y1:y2, max(x1 - dx, 0) : max(x1 - 15, 0)],
                changed[y1:y2, x2 + 15 : x2 + dx],
            ]
            assert inside > 0.3, (passage, number)
            free = [part.mean() for part in beside if part.size]
            assert min(free) < 0.5 * inside, (passage, number)


def test_travel_times_fit_the_roads_of_the_site(truth: CityTruth) -> None:
    """From leaving one view to entering the next, as the trace reckons it."""
    site = load_site(demo_data.demo_site_path())
    assert [camera.id for camera in site.cameras] == list(CAMERAS)
    drives = 0
    for road in site.roads:
        slowest, fastest = (speed / 3.6 for speed in road.speed_kmh)
        for drive in truth.drives.values():
            for before, after in zip(drive.passages, drive.passages[1:], strict=False):
                if {before.camera_id, after.camera_id} != {road.from_camera, road.to_camera}:
                    continue
                travel_s = (after.first_frame - before.last_frame) / truth.fps
                assert travel_s >= (road.distance_m - 60) / fastest - 0.5, drive.identity
                assert travel_s <= road.distance_m / slowest + 60, drive.identity
                drives += 1
    assert drives >= 5


def test_the_clocks_of_site_and_manifest_are_those_of_the_truth(truth: CityTruth) -> None:
    site = load_site(demo_data.demo_site_path())
    true_start = datetime.fromisoformat(truth.start)
    with (demo_data.clips_folder() / "manifest.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["camera_id"] for row in rows] == list(CAMERAS)
    for row in rows:
        camera = truth.cameras[row["camera_id"]]
        assert site.camera(camera.camera_id).clock_offset_s == camera.clock_offset_s
        ahead = (datetime.fromisoformat(row["start"]) - true_start).total_seconds()
        assert ahead == pytest.approx(camera.clock_offset_s)
    assert any(abs(camera.clock_offset_s) > 1 for camera in truth.cameras.values())


def test_snapshot_is_the_frame_of_the_truth(truth: CityTruth) -> None:
    shot = demo_data.snapshot_of(truth)
    assert shot == shipped.choose_snapshot(truth), "the choice is a function of the truth"
    picture = cv2.imread(str(demo_data.snapshot_path()))
    assert picture.shape == (truth.height, truth.width, 3)
    [frame] = _images(demo_data.clip_path(shot.camera_id), first=shot.frame, last=shot.frame)
    assert np.abs(picture.astype(float) - frame).mean() < 3
    in_view = {v.identity: v for v in truth.cameras[shot.camera_id].frames[shot.frame].vehicles}
    assert tuple(_edges(in_view[shot.identity], truth)) == shot.box_px
    assert in_view[shot.identity].occlusion <= 0.02
    areas = {}
    for identity, seen in in_view.items():
        x1, y1, x2, y2 = _edges(seen, truth)
        areas[identity] = (x2 - x1) * (y2 - y1)
    assert max(areas, key=lambda identity: areas[identity]) == shot.identity


def test_a_vehicle_can_be_taken_out(truth: CityTruth, tmp_path: Path) -> None:
    target = demo_data.snapshot_of(truth).identity
    clip, out = demo_data.clip_path("K03"), tmp_path / "K03.mp4"
    without_vehicle(truth, "K03", target, clip, out)
    with av.open(str(out)) as container:
        assert sum(1 for _ in container.decode(video=0)) == truth.num_frames
    empty = _median(clip)
    whole = _whole(truth, "K03", target)
    for number in sorted(whole)[1::5]:
        [before] = _images(clip, first=number, last=number)
        [after] = _images(out, first=number, last=number)
        x1, y1, x2, y2 = _edges(whole[number], truth)
        there = np.abs(before - empty)[y1:y2, x1:x2].mean()
        gone = np.abs(after - empty)[y1:y2, x1:x2].mean()
        assert gone < 0.25 * there
    with pytest.raises(KeyError, match="K02"):
        without_vehicle(truth, "K02", target, demo_data.clip_path("K02"), tmp_path / "none.mp4")


def test_clips_without_a_snapshot_say_so(truth: CityTruth, tmp_path: Path) -> None:
    write_city(tmp_path, dataclasses.replace(truth, snapshot=None))
    with pytest.raises(UsageError, match="no snapshot"):
        demo_data.snapshot_of(read_truth(tmp_path))


def test_a_target_that_is_never_seen_well_gives_no_snapshot(truth: CityTruth) -> None:
    unseen = next(i for i, drive in truth.drives.items() if not drive.passages)
    with pytest.raises(UsageError, match="No frame shows"):
        shipped.choose_snapshot(truth, unseen)
