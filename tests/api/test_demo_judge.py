"""The demo's judge: which routes are the true one, and whom a sighting shows."""

from __future__ import annotations

from yanji.api.demo_judge import Shown, Witness, iou, judge_route
from yanji.index.reader import read_archive
from yanji.ingest.testcity.demo_data import load_truth, snapshot_of
from yanji.ingest.testcity.truth import TrueDrive, TruePassage

FPS = 10.0
DRIVE = TrueDrive(
    "E1", "ebike", "ebike", "", (),
    (TruePassage("K04", 50, 80), TruePassage("K03", 200, 209), TruePassage("K01", 300, 400)),
)  # fmt: skip
"""K03 shows it for one second only."""


def shown(*passages: int) -> list[Shown]:
    return [Shown("E1", (number,)) for number in passages]


def test_only_the_true_route_is_right() -> None:
    assert judge_route(shown(0, 1, 2), DRIVE, FPS).right
    assert judge_route(shown(0, 2), DRIVE, FPS).right, "one second need not be seen"
    torn = judge_route(shown(0, 0, 1, 2, 2), DRIVE, FPS)
    assert torn.right, "a track that broke is still the vehicle"
    wide = [Shown("E1", (0,)), Shown("E1", ()), Shown("E1", (2,))]
    assert judge_route(wide, DRIVE, FPS).right, "seen far away, which is no passage"


def test_what_is_missing_is_named() -> None:
    verdict = judge_route(shown(0, 1), DRIVE, FPS)
    assert not verdict.right
    assert [passage.camera_id for passage in verdict.missing] == ["K01"]
    nothing = judge_route([], DRIVE, FPS)
    assert not nothing.right
    assert len(nothing.missing) == 2


def test_another_vehicle_or_no_sighting_in_the_route_is_wrong() -> None:
    for wrong in (Shown("E2", (0,)), Shown(None), None):
        verdict = judge_route([*shown(0), wrong, *shown(2)], DRIVE, FPS)
        assert not verdict.right
        assert verdict.num_wrong == 1
        assert not verdict.missing


def test_a_wrong_order_is_wrong() -> None:
    verdict = judge_route(shown(2, 0), DRIVE, FPS)
    assert not verdict.right
    assert not verdict.in_order
    assert not verdict.missing
    assert not verdict.num_wrong


def test_overlap_of_boxes() -> None:
    assert iou((0, 0, 10, 10), (0, 0, 10, 10)) == 1
    assert iou((0, 0, 10, 10), (5, 0, 15, 10)) == 1 / 3
    assert iou((0, 0, 10, 10), (10, 0, 20, 10)) == 0


def test_the_witness_finds_the_frames_by_the_pictures(indexed_town) -> None:
    """The town's clips begin 4 s and 20 s late, its clocks are wrong: shifts beyond what live
    cameras have are found all the same when the truth begins there too."""
    whole = load_truth(("K03", "K04"))
    target = snapshot_of(whole).identity
    with read_archive(indexed_town.archive) as reader:
        witness = Witness(reader, cut_truth(whole, {"K04": 40, "K03": 200}))
        shown = {
            sighting.camera_id: witness.shown_by(sighting)
            for sighting in reader.sightings()
            if witness.shown_by(sighting).identity == target
        }
        shifts = {run.camera_id: witness.shift_of(run) / whole.fps for run in reader.runs()}
    assert shown["K04"].passages == (0,)
    assert shown["K03"].passages == (1,)
    for camera_id, shift_s in shifts.items():
        # Sightings are corrected, the start of the run is what the camera's clock showed.
        assert abs(shift_s - whole.cameras[camera_id].clock_offset_s) < 0.25


def cut_truth(truth, firsts):
    """The truth of clips that begin later."""
    from dataclasses import replace

    cameras = {
        name: replace(
            camera,
            frames=tuple(
                replace(frame, number=frame.number - firsts[name])
                for frame in camera.frames
                if frame.number >= firsts[name]
            ),
        )
        for name, camera in truth.cameras.items()
    }
    drives = {
        name: replace(
            drive,
            passages=tuple(
                TruePassage(
                    p.camera_id,
                    p.first_frame - firsts.get(p.camera_id, 0),
                    p.last_frame - firsts.get(p.camera_id, 0),
                )
                for p in drive.passages
            ),
        )
        for name, drive in truth.drives.items()
    }
    return replace(truth, cameras=cameras, drives=drives)
