"""Figures of docs/design/testcity.md: `python tests/ingest/testcity_figures.py`.

Runs the detector over the demo's clips at five frames a second and compares with the truth.
Figures of a rendered street are never accuracy on real streets.
"""

from collections import defaultdict

import numpy as np
import numpy.typing as npt

from yanji.api.pipeline import open_detector
from yanji.configs.settings import Settings
from yanji.detect.classes import CLASSES
from yanji.detect.detections import FloatArray
from yanji.detect.suppress import iou_matrix
from yanji.ingest.recording import open_recording
from yanji.ingest.testcity import demo_data

EVERY = 2
SURE = 0.25
MATCH_IOU = 0.5


def main() -> None:
    """Print recall per kind of vehicle, the classes given, false boxes and the target's figures."""
    truth = demo_data.load_truth()
    detector = open_detector(Settings())
    found: dict[str, list[bool]] = defaultdict(list)
    sizes: dict[str, list[int]] = defaultdict(list)
    given: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    seen: dict[tuple[str, str], int] = defaultdict(int)
    num_false, num_frames = 0, 0
    for camera_id, passages in truth.cameras.items():
        recording = open_recording(demo_data.clip_path(camera_id), camera_id, 0)
        with recording.connect() as connection:
            for frame in connection:
                if frame.number % EVERY:
                    continue
                num_frames += 1
                detections = detector.detect(frame.picture)
                sure = detections.scores_N >= SURE
                boxes_N4, classes_N = detections.boxes_N4[sure], detections.classes_N[sure]
                here = [
                    (passage, box)
                    for passage in passages
                    for box in passage.boxes
                    if box.frame_number == frame.number
                ]
                true_M4 = np.array([box.box_px for _, box in here], np.float32).reshape(-1, 4)
                overlap_MN = iou_matrix(true_M4, boxes_N4)[0]
                if len(boxes_N4):
                    near = overlap_MN.max(axis=0) if len(here) else np.zeros(len(boxes_N4))
                    whole = _whole(boxes_N4, truth.width, truth.height)
                    num_false += int(((near < 0.1) & whole).sum())
                for (passage, box), overlap_N in zip(here, overlap_MN, strict=True):
                    if box.covered > 0.3:
                        continue
                    hit = bool(len(overlap_N)) and bool(overlap_N.max() >= MATCH_IOU)
                    found[passage.kind].append(hit)
                    x1, y1, x2, y2 = box.box_px
                    sizes[passage.kind].append(max(x2 - x1, y2 - y1))
                    if hit:
                        name = CLASSES[int(classes_N[int(overlap_N.argmax())])]
                        given[passage.kind][name] += 1
                        seen[camera_id, passage.identity] += 1
                    if passage.identity == truth.target:
                        found[f"target at {camera_id}"].append(hit)
    for kind, hits in found.items():
        names = ", ".join(f"{n} {c}" for n, c in sorted(given[kind].items(), key=lambda r: -r[1]))
        size = f"{np.median(sizes[kind]):.0f} px" if kind in sizes else ""
        print(f"{kind:16s} n={len(hits):4d} recall={np.mean(hits):.2f} {size} {names}")
    for camera_id, passages in truth.cameras.items():
        times = [seen[camera_id, passage.identity] for passage in passages]
        print(f"{camera_id}: {sum(t >= 3 for t in times)} of {len(times)} vehicles seen 3 times")
    print(f"boxes on nothing: {num_false} in {num_frames} frames")


def _whole(boxes_N4: FloatArray, width: int, height: int) -> npt.NDArray[np.bool_]:
    """Leave out what the truth does not list: small vehicles and those cut by the border."""
    x1, y1, x2, y2 = boxes_N4.T
    large = np.maximum(x2 - x1, y2 - y1) >= 60
    return np.asarray(large & (x1 > 4) & (y1 > 4) & (x2 < width - 4) & (y2 < height - 4))


if __name__ == "__main__":
    main()
