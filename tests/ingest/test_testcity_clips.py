"""The demo's committed clips are what their truth and their site say."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import yaml

from yanji.ingest.testcity import demo_data
from yanji.ingest.testcity.demo_data import Truth
from yanji.ingest.testcity.erase import without_vehicle
from yanji.ingest.testcity.film import boxes_at
from yanji.ingest.testcity.traffic import VIEWS

CAMERAS = ("K01", "K02", "K03")


@pytest.fixture(scope="module")
def truth() -> Truth:
    return demo_data.load_truth()


def _images(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


def test_everything_committed_is_at_most_4_mb() -> None:
    sizes = {path.name: path.stat().st_size for path in demo_data.clips_folder().iterdir()}
    expected = {*(f"{camera}.mp4" for camera in CAMERAS), "truth.json", "site.yaml", "snapshot.jpg"}
    assert set(sizes) == expected
    assert sum(sizes.values()) <= 4_000_000


@pytest.mark.parametrize("camera_id", CAMERAS)
def test_clip_decodes_fully_and_has_no_b_frames(camera_id: str, truth: Truth) -> None:
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
        frames = list(container.decode(video=0))
    assert len(frames) == truth.num_frames
    assert {(frame.width, frame.height) for frame in frames} == {(truth.width, truth.height)}
    assert frames[-1].time == pytest.approx(truth.duration_s - 1 / truth.fps)


def test_at_least_six_vehicles_at_each_camera_and_the_target_at_all(truth: Truth) -> None:
    assert tuple(truth.cameras) == CAMERAS
    for camera_id, passages in truth.cameras.items():
        full = {p.identity for p in passages if p.last_s - p.first_s >= 2.0}
        assert len(full) >= 6
        assert truth.target in full
        same_model = {
            p.identity
            for p in passages
            if p.kind == truth.passage(camera_id, truth.target).kind and p.identity in full
        }
        assert len(same_model) >= 3, "others like the target beside it"


def test_boxes_lie_inside_the_picture_and_inside_the_clip(truth: Truth) -> None:
    for passages in truth.cameras.values():
        for passage in passages:
            numbers = [box.frame_number for box in passage.boxes]
            assert numbers == list(range(numbers[0], numbers[-1] + 1))
            assert passage.first_s == numbers[0] / truth.fps
            assert passage.last_s == numbers[-1] / truth.fps < truth.duration_s
            for box in passage.boxes:
                x1, y1, x2, y2 = box.box_px
                assert 0 <= x1 < x2 <= truth.width
                assert 0 <= y1 < y2 <= truth.height
                assert 0 <= box.covered <= 1


def test_truth_is_that_of_the_traffic(truth: Truth) -> None:
    """The committed truth is not stale: recompute a few frames from the schedule."""
    for view in VIEWS:
        for number in (0, 60, 125, 215):
            expected = {i: box for i, (box, _) in boxes_at(view, number).items()}
            found = {
                passage.identity: box.box_px
                for passage in truth.cameras[view.camera_id]
                for box in passage.boxes
                if box.frame_number == number
            }
            assert found == expected


def test_clips_show_the_target_where_the_truth_says(truth: Truth) -> None:
    """Against the median picture of the clip, the target's box is where the picture differs."""
    for camera_id in CAMERAS:
        images = _images(demo_data.clip_path(camera_id))
        empty = np.median(np.stack(images[::10]), axis=0)
        boxes = truth.passage(camera_id, truth.target).boxes
        middle = boxes[len(boxes) // 2]
        x1, y1, x2, y2 = middle.box_px
        changed = np.abs(images[middle.frame_number].astype(float) - empty).max(axis=2) > 30
        assert changed[y1:y2, x1:x2].mean() > 0.3
        assert changed[y2:, :].mean() < 0.02


def test_travel_times_fit_the_roads_of_the_site(truth: Truth) -> None:
    site = yaml.safe_load(demo_data.demo_site_path().read_text("utf-8"))
    assert [camera["id"] for camera in site["cameras"]] == list(CAMERAS)
    for road in site["roads"]:
        slowest, fastest = (speed / 3.6 for speed in road["speed_kmh"])
        for identity in {p.identity for p in truth.cameras[road["from"]]}:
            try:
                before = truth.passage(road["from"], identity)
                after = truth.passage(road["to"], identity)
            except KeyError:
                continue
            if before.first_s == 0 or after.first_s == 0 or after.first_s < before.first_s:
                continue  # was there before the clips began, or drives the other way
            travel_s = after.first_s - before.first_s
            assert road["distance_m"] / fastest <= travel_s <= road["distance_m"] / slowest


def test_snapshot_is_the_frame_of_the_truth(truth: Truth) -> None:
    picture = cv2.imread(str(demo_data.snapshot_path()))
    assert picture.shape == (truth.height, truth.width, 3)
    number = round(truth.snapshot.time_s * truth.fps)
    frame = _images(demo_data.clip_path(truth.snapshot.camera_id))[number]
    assert np.abs(picture.astype(float) - frame).mean() < 3
    in_view = {
        passage.identity: box.box_px
        for passage in truth.cameras[truth.snapshot.camera_id]
        for box in passage.boxes
        if box.frame_number == number
    }
    assert in_view[truth.target] == truth.snapshot.box_px
    areas = {i: (x2 - x1) * (y2 - y1) for i, (x1, y1, x2, y2) in in_view.items()}
    assert max(areas, key=lambda identity: areas[identity]) == truth.target


def test_a_vehicle_can_be_taken_out(truth: Truth, tmp_path: Path) -> None:
    out = tmp_path / "K02.mp4"
    without_vehicle(truth, "K02", truth.target, out)
    before, after = _images(demo_data.clip_path("K02")), _images(out)
    assert len(after) == truth.num_frames
    empty = np.median(np.stack(before[::10]), axis=0)
    boxes = truth.passage("K02", truth.target).boxes
    for box in boxes[3:-3:6]:
        x1, y1, x2, y2 = box.box_px
        there = np.abs(before[box.frame_number].astype(float) - empty)[y1:y2, x1:x2].mean()
        gone = np.abs(after[box.frame_number].astype(float) - empty)[y1:y2, x1:x2].mean()
        assert gone < 0.25 * there


def test_truth_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "truth.json"
    path.write_text('{"version": 2}', "utf-8")
    with pytest.raises(ValueError, match="version 2"):
        demo_data.load_truth(path)
