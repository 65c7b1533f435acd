"""`yanji cameras probe`: what a newcomer uses to test a camera."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from yanji.api.cli.camera_login import credentials_of, login_options
from yanji.api.cli.options import finite, set_up
from yanji.api.cli.output import note, print_json, print_line
from yanji.configs.errors import UsageError

if TYPE_CHECKING:
    from yanji.configs.settings import Settings
    from yanji.ingest.frame import Picture
    from yanji.ingest.probe import Probe
    from yanji.ingest.probe_advice import Advice

_CODECS: Final = {"h264": "H.264", "hevc": "H.265"}


@click.command("probe")
@click.argument("url")
@login_options
@click.option(
    "--certificate",
    "tls_sha256",
    metavar="HEX",
    help="SHA-256 of the certificate of an rtsps camera that no authority signed.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(1, 600),
    callback=finite,
    default=6.0,
    show_default=True,
    help="How long to read.",
)
@click.option(
    "--picture",
    "picture_file",
    metavar="FILE.jpg",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the last picture, heads blurred, 640 pixels at most.",
)
@click.option(
    "--settings",
    "settings_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Installation settings [default: ./yanji.yaml where it exists].",
)
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON on stdout.")
def cameras_probe(
    url: str,
    username: str | None,
    password_env: str | None,
    tls_sha256: str | None,
    seconds: float,
    picture_file: Path | None,
    settings_file: Path | None,
    as_json: bool,
) -> int:
    """Connect to the camera at URL (rtsp://host/path), read a few seconds and say what came.

    Nothing is stored. The picture is written only after the detector found whose heads to blur.
    """
    from yanji.ingest.address import rules_of
    from yanji.ingest.clock import SystemClock
    from yanji.ingest.credentials import safe_url
    from yanji.ingest.probe import probe
    from yanji.ingest.probe_advice import advice_on
    from yanji.ingest.rtsp import RtspSource

    if picture_file is not None and picture_file.suffix.lower() not in (".jpg", ".jpeg"):
        raise UsageError("--picture writes JPEG only.", hint="Name a file that ends in .jpg")
    if tls_sha256 is not None and not _is_sha256(tls_sha256):
        raise UsageError("--certificate is not 64 hexadecimal digits.")
    setup = set_up(
        as_json=as_json,
        settings_file=settings_file,
        free_env=[password_env] if password_env else (),
    )
    source = RtspSource(
        "probe",
        url,
        credentials_of(username, password_env),
        tls_sha256=tls_sha256,
        rules=rules_of(setup.settings),
    )
    if not as_json:
        note(f"reading {safe_url(url)} for {seconds:g} s ...")
    found, picture = probe(source.connect, seconds, SystemClock())
    advice = advice_on(found)
    num_vehicles = None
    if picture_file is not None:
        num_vehicles = _write_picture(picture_file, picture, setup.settings)
    if as_json:
        print_json(
            {
                "url": safe_url(url),
                **_probe_document(found),
                "picture": str(picture_file) if picture_file is not None else None,
                "vehicles": num_vehicles,
                "advice": [{"code": one.code, "sentence": one.sentence} for one in advice],
            }
        )
    else:
        _print_probe(found)
        if picture_file is not None:
            _print_fact("picture", f"{picture_file}, heads blurred; vehicles in it: {num_vehicles}")
        _print_advice(advice)
    return 0


def _is_sha256(text: str) -> bool:
    return len(text) == 64 and not set(text.lower()) - set("0123456789abcdef")


def _write_picture(path: Path, picture: Picture, settings: Settings) -> int:
    """Write the picture as people may see it; returns the number of vehicles in it."""
    from yanji.api.pictures import jpeg_of
    from yanji.api.pipeline import open_detector

    detector = open_detector(settings)
    detections = detector.detect(picture, overhead=True)
    path.write_bytes(jpeg_of(picture, detections))
    return int((detections.scores_N >= detector.thresholds.candidate).sum())


def _probe_document(found: Probe) -> dict[str, object]:
    def rounded(number: float | None, digits: int) -> float | None:
        return None if number is None else round(number, digits)

    return {
        "codec": found.codec,
        "profile": found.profile,
        "width": found.width,
        "height": found.height,
        "fps": rounded(found.fps, 2),
        "arrived_fps": rounded(found.arrived_fps, 2),
        "told_fps": rounded(found.told_fps, 2),
        "key_interval_s": rounded(found.key_interval_s, 2),
        "b_frames": found.has_b_frames,
        "kbit_per_s": rounded(found.kbit_per_s, 0),
        "first_picture_s": rounded(found.first_picture_s, 3),
        "spread_s": rounded(found.spread_s, 3),
        "camera_ahead_s": rounded(found.camera_ahead_s, 2),
        "black": found.is_black,
        "frames": found.num_frames,
        "broken": found.num_broken,
        "measured_s": rounded(found.measured_s, 2),
    }


def _print_probe(found: Probe) -> None:
    codec = _CODECS.get(found.codec, found.codec)
    _print_fact("codec", f"{codec} {found.profile}" if found.profile else codec)
    _print_fact("size", f"{found.width}x{found.height}")
    told = f"; the stream speaks of {found.told_fps:.1f}" if found.told_fps else ""
    _print_fact(
        "frames",
        f"{_rate(found.fps)} per second filmed, {_rate(found.arrived_fps)} arrived{told}",
    )
    _print_fact("damaged", str(found.num_broken))
    _print_fact(
        "key frames",
        f"every {found.key_interval_s:.1f} s"
        if found.key_interval_s is not None
        else f"{found.num_key_frames} in {found.measured_s:.1f} s",
    )
    _print_fact("B-frames", "yes" if found.has_b_frames else "no")
    _print_fact("bitrate", f"{found.kbit_per_s / 1000:.2f} Mbit/s")
    _print_fact("first picture", f"after {found.first_picture_s:.2f} s")
    if found.spread_s is not None:
        _print_fact("arrival", f"19 of 20 within {found.spread_s:.2f} s of the least delayed")
    ahead_s = found.camera_ahead_s
    _print_fact(
        "camera's clock",
        "not told"
        if ahead_s is None
        else f"{ahead_s:+.2f} s from this machine's, delay of the picture included",
    )


def _print_advice(advice: list[Advice]) -> None:
    for one in advice:
        print_line(f"* {one.sentence}")
    if not advice:
        print_line("Nothing to improve.")


def _print_fact(name: str, value: str) -> None:
    print_line(f"{name:<15} {value}")


def _rate(fps: float | None) -> str:
    return "?" if fps is None else f"{fps:.1f}"
