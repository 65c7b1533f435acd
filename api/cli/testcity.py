"""`yanji testcity`: render a city, look at its truth, cut crops for training."""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yanji.api.cli.output import note, print_json, print_line, table
from yanji.api.cli.testcity_crops import crops_verb
from yanji.configs.errors import UsageError

if TYPE_CHECKING:
    from yanji.ingest.testcity.truth import CityTruth

_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")
RENDERED = "Rendered; never accuracy on real streets."


@click.group("testcity")
def testcity_verb() -> None:
    """A street that yanji renders itself: clips with the truth beside them."""


@testcity_verb.command("render")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder; resumes.")
@click.option("--cameras", type=int, default=4, show_default=True)
@click.option("--seconds", type=float, default=60.0, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Decides everything.")
@click.option("--size", default="960x540", show_default=True, help="WIDTHxHEIGHT, pixels.")
@click.option("--fps", type=int, default=10, show_default=True)
@click.option(
    "--light",
    default="mixed",
    show_default=True,
    help="day, overcast, evening, night; several with commas are taken in turn; mixed: all four.",
)
@click.option("--workers", type=click.IntRange(1, 256), help="Processes [default: one a core].")
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
def render_verb(
    out: Path,
    cameras: int,
    seconds: float,
    seed: int,
    size: str,
    fps: int,
    light: str,
    workers: int | None,
    as_json: bool,
) -> int:
    """Render clips with truth, site and manifest; needs the extra `testcity`, no screen, no GPU."""
    from yanji.ingest.testcity.render import Order, render_city

    width, height = _size(size)
    order = Order(cameras, seconds, seed, width, height, fps, light)
    began = time.monotonic()
    truth = render_city(order, out, workers or os.cpu_count() or 1, _Progress())
    seen = sum(bool(drive.passages) for drive in truth.drives.values())
    figures = {
        "cameras": len(truth.cameras),
        "frames": order.num_frames * len(truth.cameras),
        "vehicles": seen,
        "passages": sum(len(drive.passages) for drive in truth.drives.values()),
        "seconds": round(time.monotonic() - began, 1),
        "out": str(out),
        "note": RENDERED,
    }
    if as_json:
        print_json(figures)
    else:
        print_line(
            f"{figures['cameras']} clips of {seconds:g} s in {out}: {seen} vehicles seen, "
            f"{figures['passages']} passages. {RENDERED}"
        )
    return 0


@testcity_verb.command("inspect")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--camera", help="Draw this camera's truth.")
@click.option("--frame", type=click.IntRange(0), help="[default: the fullest]")
@click.option("--clip", is_flag=True, help="Draw the whole clip instead of one frame.")
@click.option("--out", type=click.Path(path_type=Path), help="Picture or clip to write.")
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
def inspect_verb(
    folder: Path,
    camera: str | None,
    frame: int | None,
    clip: bool,
    out: Path | None,
    as_json: bool,
) -> int:
    """List what a folder of clips shows; with --camera draw boxes, identities and view angles."""
    import cv2

    from yanji.ingest.testcity.inspection import (
        describe_frame,
        draw_clip,
        draw_frame,
        fullest_frame,
    )
    from yanji.ingest.testcity.truth import read_truth

    if camera is None and (frame is not None or clip or out is not None):
        raise UsageError("--frame, --clip and --out need --camera.")
    if clip and frame is not None:
        raise UsageError("--frame and --clip exclude each other.")
    truth = read_truth(folder, None if camera is None else [camera])
    if camera is None:
        return _summary(truth, as_json=as_json)
    if clip:
        path = out or Path(f"{camera}-truth.mp4")
        draw_clip(folder, truth, camera, path)
        print_line(f"{path}: {RENDERED}") if not as_json else print_json({"out": str(path)})
        return 0
    number = fullest_frame(truth, camera) if frame is None else frame
    path = out or Path(f"{camera}-{number:05d}.png")
    if not cv2.imwrite(str(path), draw_frame(folder, truth, camera, number)):
        raise UsageError(f"{path} cannot be written.", hint="Name a .png or .jpg in a folder.")
    rows = describe_frame(
        next(f for f in truth.cameras[camera].frames if f.number == number), truth
    )
    heads = ["identity", "kind", "view", "angle_deg", "occlusion", "size_px", "counts"]
    if as_json:
        vehicles = [dict(zip(heads, row, strict=True)) for row in rows]
        print_json({"out": str(path), "frame": number, "vehicles": vehicles})
        return 0
    for line in table(heads, rows):
        print_line(line)
    print_line(f"{path}. {RENDERED}")
    return 0


def _summary(truth: CityTruth, *, as_json: bool) -> int:
    rows = [
        [
            camera.camera_id,
            camera.name,
            camera.node,
            camera.light,
            f"{camera.heading_deg:.0f}",
            f"{camera.eye_m[2]:.1f}",
            f"{camera.clock_offset_s:+.2f}",
            str(
                sum(
                    visit.camera_id == camera.camera_id
                    for drive in truth.drives.values()
                    for visit in drive.passages
                )
            ),
        ]
        for camera in truth.cameras.values()
    ]
    heads = ["camera", "name", "junction", "light", "heading_deg", "height_m", "clock_offset_s"]
    heads.append("passages")
    several = sum(len({p.camera_id for p in d.passages}) > 1 for d in truth.drives.values())
    if as_json:
        print_json(
            {
                "seed": truth.seed,
                "seconds": truth.duration_s,
                "cameras": [dict(zip(heads, row, strict=True)) for row in rows],
                "vehicles": sum(bool(drive.passages) for drive in truth.drives.values()),
                "at_several_cameras": several,
                "note": RENDERED,
            }
        )
        return 0
    for line in table(heads, rows):
        print_line(line)
    print_line(f"{several} vehicles pass more than one camera. {RENDERED}")
    return 0


def _size(text: str) -> tuple[int, int]:
    found = _SIZE.fullmatch(text)
    if found is None:
        raise UsageError(f"--size {text!r} is no size.", hint="For example 960x540.")
    return int(found[1]), int(found[2])


class _Progress:
    """A line on stderr every two seconds, or one that renews itself on a terminal."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._next = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now < self._next and done < total:
            return
        self._next = now + 2.0
        left_s = (now - self._began) / max(done, 1) * (total - done)
        text = f"{done} of {total} frames, about {left_s:.0f} s left"
        if sys.stderr.isatty():
            sys.stderr.write("\r" + text + ("\n" if done >= total else "   "))
            sys.stderr.flush()
        else:
            note(text)


testcity_verb.add_command(crops_verb)
