"""`yanji cameras discover`: ONVIF cameras of the local network, and the streams of those named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yanji.api.cli.camera_login import credentials_of, login_options
from yanji.api.cli.options import finite, set_up
from yanji.api.cli.output import note, print_json, print_line, table
from yanji.configs.errors import NothingFoundError, SourceError, UsageError

if TYPE_CHECKING:
    from yanji.ingest.discover import FoundCamera
    from yanji.ingest.onvif_line import OnvifLine
    from yanji.ingest.onvif_streams import FoundStream


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a camera said that was asked for its streams."""

    streams: Sequence[FoundStream] = ()
    problem: SourceError | None = None


@click.command("discover")
@click.option(
    "--seconds",
    type=click.FloatRange(0.5, 60),
    callback=finite,
    default=4.0,
    show_default=True,
    help="How long answers are waited for.",
)
@click.option(
    "--streams-of",
    "hosts",
    metavar="HOST",
    multiple=True,
    help="Ask this camera, and no other, for the addresses of its streams; may be given again. "
    "It need not have answered: HOST or HOST:PORT.",
)
@login_options
@click.option(
    "--settings",
    "settings_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Installation settings [default: ./yanji.yaml where it exists].",
)
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON on stdout.")
def cameras_discover(
    seconds: float,
    hosts: tuple[str, ...],
    username: str | None,
    password_env: str | None,
    settings_file: Path | None,
    as_json: bool,
) -> int:
    """Ask the local network for ONVIF cameras. Needs the extra `onvif`.

    With --streams-of, a camera also tells the addresses of its streams, as lines for the site
    file. User name and password go to the cameras that are named, as a digest. Exit status 1 when
    one of these does not tell, 3 when no camera is found at all.
    """
    from yanji.ingest.address import rules_of
    from yanji.ingest.discover import discover
    from yanji.ingest.onvif_line import OnvifLine
    from yanji.ingest.onvif_streams import service_of

    setup = set_up(
        as_json=as_json,
        settings_file=settings_file,
        free_env=[password_env] if password_env else (),
    )
    if username is not None and not hosts:
        raise UsageError(
            "--username goes to cameras that are named.", hint="Name each with --streams-of HOST"
        )
    services = {host: service_of(host) for host in hosts}
    line = OnvifLine(credentials_of(username, password_env), rules_of(setup.settings))
    found = discover(seconds)
    services |= {one.host: one.service for one in reversed(found) if one.host in services}
    asked = {host: _ask(service, line) for host, service in services.items()}
    if not found and not asked:
        raise NothingFoundError(
            "No ONVIF camera answered.",
            hint="Discovery reaches only this network; many cameras have ONVIF turned off.",
        )
    if as_json:
        print_json(_document(found, services, asked))
    else:
        _print(found, asked)
    return 1 if any(one.problem for one in asked.values()) else 0


def _ask(service: str, line: OnvifLine) -> _Asked:
    """One camera that does not answer hides no other."""
    from yanji.ingest.onvif_streams import streams_of

    try:
        return _Asked(streams_of(service, line))
    except SourceError as error:
        return _Asked(problem=error)


def _document(
    found: Sequence[FoundCamera], services: Mapping[str, str], asked: Mapping[str, _Asked]
) -> dict[str, object]:
    cameras: list[dict[str, object]] = [
        {
            "host": one.host,
            "service": one.service,
            "name": one.name,
            "hardware": one.hardware,
            "location": one.location,
        }
        for one in found
    ]
    return {
        "cameras": cameras,
        "streams": [
            {"host": host, "service": services[host], **_streams_document(one)}
            for host, one in asked.items()
        ],
    }


def _streams_document(asked: _Asked) -> dict[str, object]:
    from yanji.ingest.onvif_streams import choose

    if asked.problem is not None:
        told = {"code": asked.problem.code, "message": asked.problem.message}
        return {"problem": {**told, "hint": asked.problem.hint}, "profiles": []}
    choice = choose(asked.streams)
    return {
        "problem": None,
        "url": choice.url.url,
        "detect_url": choice.detect_url.url if choice.detect_url is not None else None,
        "profiles": [
            {
                "name": one.profile,
                "url": one.url,
                "codec": one.codec,
                "width": one.width,
                "height": one.height,
                "fps": one.fps,
            }
            for one in asked.streams
        ],
    }


def _print(found: Sequence[FoundCamera], asked: Mapping[str, _Asked]) -> None:
    if found:
        rows = [(one.host, one.name, one.hardware, one.location, one.service) for one in found]
        for row in table(("host", "name", "hardware", "location", "service"), rows):
            print_line(row)
    for host, one in asked.items():
        print_line("")
        _print_streams(host, one)
    if not asked:
        note("Ask one for its streams: --streams-of HOST --username NAME --password-env VARIABLE")
    note("Test one with: yanji cameras probe rtsp://HOST/PATH")


def _print_streams(host: str, asked: _Asked) -> None:
    from yanji.ingest.onvif_streams import choose

    if asked.problem is not None:
        print_line(f"{host}: {asked.problem.message}")
        if asked.problem.hint:
            print_line(f"  {asked.problem.hint}")
        return
    choice = choose(asked.streams)
    print_line(f"{host}, for the site file:")
    print_line(f"    url: {choice.url.url}  # {_about(choice.url)}")
    if choice.detect_url is not None:
        print_line(f"    detect_url: {choice.detect_url.url}  # {_about(choice.detect_url)}")
    others = [one for one in asked.streams if one not in (choice.url, choice.detect_url)]
    for one in others:
        print_line(f"    # also: {one.url}  # {_about(one)}")


def _about(stream: FoundStream) -> str:
    size = f"{stream.width}x{stream.height}" if stream.width else ""
    rate = f"{stream.fps:g} fps" if stream.fps else ""
    return " ".join(part for part in (stream.profile, stream.codec, size, rate) if part)
