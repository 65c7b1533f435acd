"""A live camera's parts follow from its settings; one with a `detect_url` has two streams."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from yanji.api.live_camera import open_live_camera, rtsp_source, streams_of
from yanji.api.pipeline import CameraPipeline, open_detector, open_reid
from yanji.api.plan import CameraPlan
from yanji.configs.settings import load_settings
from yanji.configs.site import Camera, Credentials
from yanji.detect.passage import Passage
from yanji.ingest.address import CameraRules
from yanji.ingest.av_picture import AvPicture
from yanji.ingest.capture import Capture
from yanji.ingest.file import FileSource
from yanji.ingest.sample import Sampler
from yanji.ingest.testcity.demo_data import clip_path
from yanji.ingest.twin_capture import TwinCapture
from yanji.ingest.twin_files import paired_frames

PIN = "ab" * 32
SUB_SIZE, MAIN_SIZE = (320, 180), (960, 540)
SECONDS = 6
START_NS = 1_790_000_000_000_000_000


def plan_of(**wanted: Any) -> CameraPlan:
    camera = Camera(id="K01", url="rtsps://camera/main", tls_sha256=PIN, **wanted)
    return CameraPlan(camera, Credentials("root", "geheim"))


def opened(plan: CameraPlan) -> tuple[Any, list[Any]]:
    made: list[Any] = []

    def make_source(wanted: CameraPlan) -> Any:
        made.append(rtsp_source(wanted, rules))
        return made[-1]

    rules = CameraRules()
    nobody: Any = object()
    live = open_live_camera(
        plan,
        make_source=make_source,
        detector=nobody,
        embedder=nobody,
        pictures=None,
        on_frame=lambda _: False,
        on_gap=lambda _: None,
        open_gap=None,
    )
    assert all(source._rules is rules for source in made)
    return live.capture, made


def test_a_camera_with_one_stream_has_one_capture() -> None:
    capture, made = opened(plan_of())
    assert isinstance(capture, Capture)
    assert [source._url for source in made] == ["rtsps://camera/main"]


def test_a_sub_stream_is_read_whole_and_key_frames_of_the_main_one() -> None:
    plan = plan_of(detect_url="rtsps://camera/sub", decode="no_b_frames", analyse_fps=7)
    capture, made = opened(plan)
    assert isinstance(capture, TwinCapture)
    assert [(s._url, s._decode_mode, s.camera_id) for s in made] == [
        ("rtsps://camera/sub", "no_b_frames", "K01"),
        ("rtsps://camera/main", "key_frames", "K01 (main stream)"),
    ]
    for source in made:
        assert source._credentials == Credentials("root", "geheim")
        assert source._tls_sha256 == PIN
        assert "geheim" not in repr(source)
    assert capture.stats().camera_id == "K01"
    # What makes a source of a plan is asked for single streams only.
    assert [stream.camera.detect_url for stream in streams_of(plan)] == [None, None]


def recoded(folder: Path, size: tuple[int, int]) -> Path:
    """The first seconds of a clip, with a key frame each second, as a camera would send it."""
    path = folder / f"{size[0]}.mp4"
    with av.open(str(clip_path("K01"))) as clip, av.open(str(path), "w") as out:
        options = {"g": "10", "bf": "0", "preset": "ultrafast", "crf": "18", "sc_threshold": "0"}
        stream = out.add_stream("libx264", rate=10, options=options)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number, frame in enumerate(clip.decode(video=0)):
            if number >= SECONDS * 10:
                break
            image = frame.reformat(*size, "bgr24", interpolation="AREA").to_ndarray()
            frame = av.VideoFrame.from_ndarray(image, "bgr24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


class Listening(CameraPipeline):
    """Keeps the passages that were described."""

    passages: list[Passage]

    def _describe(self, passages: list[Passage]) -> list[Any]:
        self.passages += passages
        return super()._describe(passages)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Passage], set[int], list[Any]]:
    """Closed passages of a clip read as two streams; times of the main frames; sightings."""
    folder = tmp_path_factory.mktemp("twins")
    settings = load_settings(None, {})
    pipeline = Listening(open_detector(settings), open_reid(settings), 5.0)
    pipeline.passages = []
    with (
        FileSource(recoded(folder, SUB_SIZE), "K01", START_NS).connect() as sub,
        FileSource(
            recoded(folder, MAIN_SIZE), "K01", START_NS, decode="key_frames"
        ).connect() as main,
    ):
        main_ns, sightings = set(), {}
        # The first views of what is there from the start are the sub-stream's.
        later = (frame for frame in main if frame.stream_s > 0.5)
        for frame in paired_frames(sub, later, Sampler(5.0)):
            if isinstance(frame.picture, AvPicture):
                main_ns.add(frame.wall_ns)
            sightings |= {s.sighting_id: s for s in pipeline.step(frame)}
        sightings |= {s.sighting_id: s for s in pipeline.finish()}
    closed = [passage for passage in pipeline.passages if passage.state == "closed"]
    return closed, main_ns, list(sightings.values())


def test_the_best_crops_come_from_the_main_stream(seen: Any) -> None:
    closed, main_ns, _ = seen
    assert len(main_ns) == SECONDS - 1
    crossing = [p for p in closed if p.last_stream_s - p.first_stream_s > 2.0]
    assert len(crossing) >= 2
    best = [passage.crops[0] for passage in crossing]
    assert all(crop.wall_ns in main_ns for crop in best)
    # Nothing enlarged: as sharp as the clip itself, in its pixels.
    for crop in best:
        x1, y1, x2, y2 = crop.box_xyxy_px
        assert crop.image.shape[1] == pytest.approx((x2 - x1) * 1.08, abs=4)
        assert crop.image.shape[0] == pytest.approx((y2 - y1) * 1.08, abs=4)


def test_a_vehicle_is_one_passage_across_both_streams_in_main_pixels(seen: Any) -> None:
    closed, _, sightings = seen
    boxes = np.array([passage.last_box_xyxy_px for passage in closed])
    assert boxes[:, 2].max() > SUB_SIZE[0]
    assert boxes.max(axis=0)[2] <= MAIN_SIZE[0]
    assert boxes.max(axis=0)[3] <= MAIN_SIZE[1]
    # Five frames a second, of which some are the main stream's.
    longest = max(closed, key=lambda passage: passage.num_observations)
    lasted_s = longest.last_stream_s - longest.first_stream_s
    assert longest.num_observations == pytest.approx(5 * lasted_s + 1, abs=1)
    assert lasted_s > 2, "a main frame is every second"
    assert {sighting.sighting_id for sighting in sightings} >= {p.sighting_id for p in closed}
