"""Makes the demo's files: one clip per camera, the truth, and the snapshot of the target."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np

from yanji.configs.errors import UsageError
from yanji.ingest.frame import BgrImage
from yanji.ingest.testcity.encode import encode
from yanji.ingest.testcity.kinds import KINDS, corners_of
from yanji.ingest.testcity.light import expose
from yanji.ingest.testcity.scene import View, amodal_box
from yanji.ingest.testcity.traffic import (
    FPS,
    HEIGHT_PX,
    NUM_FRAMES,
    TARGET,
    VEHICLES,
    VIEWS,
    WIDTH_PX,
    placed,
)

log = logging.getLogger(__name__)

MIN_INSIDE: Final = 0.5
"""A vehicle counts as in view while at least this share of its box is in the picture ..."""
MIN_SIDE_PX: Final = 40
"""... and the longer side of the box has at least this many pixels."""
SNAPSHOT_FRAME: Final = 37
"""Of the first camera's clip; the target is then the largest vehicle in the picture."""

Box = tuple[int, int, int, int]


def make_clips(out: Path, camera_ids: Sequence[str] = (), without: str | None = None) -> None:
    """Render clips into a folder, with `truth.json` and the snapshot of the target.

    Args:
        out: folder; made if missing; files in it are replaced.
        camera_ids: which cameras; all if empty. The snapshot comes from the first camera's clip.
        without: identity of a vehicle to leave out.

    Raises:
        RendererError: moderngl or EGL is missing.
        UsageError: no such camera.
    """
    known = [view.camera_id for view in VIEWS]
    for camera_id in camera_ids:
        if camera_id not in known:
            raise UsageError(f"no camera {camera_id} in the test city", hint=f"one of {known}")
    out.mkdir(parents=True, exist_ok=True)
    for view in VIEWS:
        if not camera_ids or view.camera_id in camera_ids:
            path = out / f"{view.camera_id}.mp4"
            encode(path, frames(view, without=without))
            log.info("%s: %d bytes", path.name, path.stat().st_size)
    text = json.dumps(truth(without), ensure_ascii=False, separators=(",", ":"))
    (out / "truth.json").write_text(text.replace('{"identity"', '\n{"identity"') + "\n", "utf-8")
    first = out / f"{VIEWS[0].camera_id}.mp4"
    if first.exists():
        write_snapshot(first, out / "snapshot.jpg")


def frames(
    view: View, numbers: Sequence[int] = range(NUM_FRAMES), without: str | None = None
) -> Iterator[BgrImage]:
    """Render frames of one camera, (540, 960, 3) BGR, as its sensor sees them.

    The noise of a frame depends on the view's seed and the frame's number alone.
    """
    from yanji.ingest.testcity.render import Renderer

    renderer = Renderer(view, WIDTH_PX, HEIGHT_PX)
    try:
        for number in numbers:
            scene = placed(view, number / FPS, without)
            random = np.random.default_rng((view.seed, number))
            yield expose(renderer.frame(list(scene.values())), view.sensor, random)
    finally:
        renderer.close()


def boxes_at(view: View, number: int, without: str | None = None) -> dict[str, tuple[Box, float]]:
    """Say who is in view in one frame: identity -> (box, covered).

    The box is x1, y1, x2, y2 in pixels, as if nothing stood before the vehicle, cut at the
    picture's border. `covered` is the share (0..1) of it behind boxes of nearer vehicles.
    """
    seen: dict[str, tuple[Box, float]] = {}
    nearer = np.zeros((HEIGHT_PX, WIDTH_PX), bool)
    scene = placed(view, number / FPS, without)
    eye_x, eye_y, _ = view.eye
    by_distance = sorted(
        scene.items(), key=lambda item: np.hypot(item[1].x_m - eye_x, item[1].y_m - eye_y)
    )
    for identity, vehicle in by_distance:
        found = amodal_box(corners_of(vehicle.kind), vehicle, view, WIDTH_PX, HEIGHT_PX)
        if found is None:
            continue
        (x1, y1, x2, y2), inside = found
        box = (round(x1), round(y1), round(x2), round(y2))
        area = nearer[box[1] : box[3], box[0] : box[2]]
        covered = float(area.mean()) if area.size else 1.0
        nearer[box[1] : box[3], box[0] : box[2]] = True
        if inside >= MIN_INSIDE and max(x2 - x1, y2 - y1) >= MIN_SIDE_PX:
            seen[identity] = (box, covered)
    return seen


def truth(without: str | None = None) -> dict[str, Any]:
    """Compute what every clip shows; the format is described in `docs/design/testcity.md`."""
    cameras = {}
    for view in VIEWS:
        tracks: dict[str, list[list[float]]] = {}
        for number in range(NUM_FRAMES):
            for identity, (box, covered) in boxes_at(view, number, without).items():
                tracks.setdefault(identity, []).append([number, *box, round(covered, 2)])
        kinds = {vehicle.identity: vehicle.kind for vehicle in VEHICLES}
        cameras[view.camera_id] = [
            {
                "identity": identity,
                "kind": kinds[identity],
                "class": KINDS[kinds[identity]].vehicle_class,
                "first_s": rows[0][0] / FPS,
                "last_s": rows[-1][0] / FPS,
                "boxes": rows,
            }
            for identity, rows in sorted(tracks.items())
        ]
    box = boxes_at(VIEWS[0], SNAPSHOT_FRAME)[TARGET][0]
    return {
        "version": 1,
        "width": WIDTH_PX,
        "height": HEIGHT_PX,
        "fps": FPS,
        "num_frames": NUM_FRAMES,
        "target": TARGET,
        "snapshot": {
            "camera_id": VIEWS[0].camera_id,
            "time_s": SNAPSHOT_FRAME / FPS,
            "box": list(box),
        },
        "cameras": cameras,
    }


def write_snapshot(clip: Path, out: Path) -> None:
    """Save the snapshot frame of the first camera's clip as it was encoded."""
    with av.open(str(clip)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number == SNAPSHOT_FRAME:
                cv2.imwrite(
                    str(out), frame.to_ndarray(format="bgr24"), [cv2.IMWRITE_JPEG_QUALITY, 92]
                )
                return
