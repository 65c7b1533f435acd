"""The stream addresses of an ONVIF camera, largest picture first, ready for a site file.

Asked are its clock, where its media service is, its profiles, and the address of each. What it
answers is shown to a person, never connected to from here; its media service is asked at the host
that the person named, whatever host it names itself.
"""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit, urlunsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from yanji.configs.errors import CredentialsError, SourceError, UnreachableError, UsageError
from yanji.ingest.credentials import check_camera_url, safe_url
from yanji.ingest.discover import shown_text
from yanji.ingest.onvif_line import OnvifLine, children, texts
from yanji.ingest.twin_picture import ASPECT_TOLERANCE

SERVICE_PATH: Final = "/onvif/device_service"
"""Where the standard puts every camera's device service."""
LEAST_WIDTH_PX: Final = 320
"""A stream that is narrower is of no use for detection."""
MAX_PROFILES: Final = 32
_DEVICE: Final = "http://www.onvif.org/ver10/device/wsdl"
_MEDIA: Final = "http://www.onvif.org/ver10/media/wsdl"
_SCHEMA: Final = "http://www.onvif.org/ver10/schema"


@dataclass(frozen=True, slots=True)
class FoundStream:
    """One stream that a camera offers."""

    profile: str
    """Its name at the camera."""
    url: str
    """Without user name and password."""
    codec: str
    """As the camera calls it: `H264`, `H265`, `JPEG`; empty where it does not say."""
    width: int
    """Pixels; 0 where it does not say."""
    height: int
    fps: float | None
    """At most, frames per second; None where it does not say."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a site file takes of a camera's streams."""

    url: FoundStream
    """The largest."""
    detect_url: FoundStream | None
    """The smallest that detection can use, of the same aspect; None where there is none."""


def service_of(host: str) -> str:
    """Give the service URL of a camera that is known by its `host` or `host:port` only.

    Raises:
        UsageError: it is neither.
    """
    with contextlib.suppress(ValueError):
        host = f"[{ipaddress.IPv6Address(host)}]"
    url = f"http://{host}{SERVICE_PATH}"
    try:
        parts = urlsplit(url)
        valid = bool(parts.hostname) and "@" not in host and parts.port != 0
        valid = valid and parts.path == SERVICE_PATH
    except ValueError:
        valid = False
    if not valid or any(character.isspace() for character in host):
        raise UsageError(f"{shown_text(host)} is no host.", hint="Write HOST or HOST:PORT")
    return url


def streams_of(service: str, line: OnvifLine) -> list[FoundStream]:
    """Ask a camera for its streams.

    Args:
        service: http or https URL of its device service.
        line: credentials, and what this installation allows.

    Returns:
        The streams of all profiles that have a picture, the largest first.

    Raises:
        CredentialsError: it refuses the user name or password.
        UnreachableError: it does not answer, is not allowed here, or offers no stream.
    """
    line = _in_its_time(service, line)
    asked = f'<GetCapabilities xmlns="{_DEVICE}"><Category>Media</Category></GetCapabilities>'
    answer = line.ask(service, asked)
    named = texts(answer, "GetCapabilitiesResponse", "Capabilities", "Media", "XAddr")
    media = _at_the_same_host(service, named[0] if named else "")
    profiles = line.ask(media, f'<GetProfiles xmlns="{_MEDIA}"/>')
    found: dict[str, FoundStream] = {}
    for profile in children(profiles, "GetProfilesResponse", "Profiles")[:MAX_PROFILES]:
        stream = _stream(profile, media, line)
        if stream is not None:
            found.setdefault(stream.url, stream)
    if not found:
        raise UnreachableError(
            f"{safe_url(service)} offers no stream", hint="look into the camera's own settings"
        )
    return sorted(found.values(), key=lambda one: -one.width * one.height)


def choose(streams: Sequence[FoundStream]) -> Choice:
    """Choose the main stream and the sub-stream among one or more, the largest first."""
    main = streams[0]
    small = [one for one in streams[1:] if _is_sub_stream(one, main)]
    return Choice(main, small[-1] if small else None)


def _is_sub_stream(one: FoundStream, main: FoundStream) -> bool:
    """Whether it is smaller, large enough, and shows the same part as far as sizes tell."""
    if one.width < LEAST_WIDTH_PX or one.height <= 0 or main.height <= 0:
        return False
    aspects = one.width * main.height / (one.height * main.width)
    return one.width < main.width and abs(aspects - 1) <= ASPECT_TOLERANCE


def _in_its_time(service: str, line: OnvifLine) -> OnvifLine:
    """Learn how far its clock is off: this one question needs no password."""
    try:
        answer = replace(line, credentials=None).ask(
            service, f'<GetSystemDateAndTime xmlns="{_DEVICE}"/>'
        )
    except CredentialsError:
        return line
    except UnreachableError as error:
        if error.code != "unreachable":
            raise
        return line
    utc = children(answer, "GetSystemDateAndTimeResponse", "SystemDateAndTime", "UTCDateTime")
    try:
        day, time = children(utc[0], "Date")[0], children(utc[0], "Time")[0]
        its = datetime(
            _number(day, "Year"),
            _number(day, "Month"),
            _number(day, "Day"),
            _number(time, "Hour"),
            _number(time, "Minute"),
            min(_number(time, "Second"), 59),  # some count a leap second
            tzinfo=UTC,
        )
    except (IndexError, ValueError):
        return line
    return replace(line, ahead=its - datetime.now(UTC))


def _at_the_same_host(service: str, named: str) -> str:
    """Give the media service's URL at the device service's host: nobody else gets a digest."""
    parts = urlsplit(service)
    try:
        other = urlsplit(named)
        same = other.hostname == parts.hostname and other.scheme == parts.scheme
        netloc = other.netloc.rpartition("@")[2] if same and other.port != 0 else parts.netloc
    except ValueError:
        return service
    if not other.path.startswith("/") or any(one.isspace() for one in named):
        return service
    return urlunsplit((parts.scheme, netloc, other.path, other.query, ""))


def _stream(profile: ElementTree.Element, media: str, line: OnvifLine) -> FoundStream | None:
    encoders = children(profile, "VideoEncoderConfiguration")
    token = profile.get("token", "")
    if not encoders or not token:
        return None
    encoder = encoders[0]
    question = (
        f'<GetStreamUri xmlns="{_MEDIA}" xmlns:t={quoteattr(_SCHEMA)}><StreamSetup>'
        "<t:Stream>RTP-Unicast</t:Stream><t:Transport><t:Protocol>RTSP</t:Protocol></t:Transport>"
        f"</StreamSetup><ProfileToken>{escape(token)}</ProfileToken></GetStreamUri>"
    )
    try:
        answer = line.ask(media, question)
    except CredentialsError:
        raise
    except SourceError:  # one profile that cannot be streamed hides no other
        return None
    uris = texts(answer, "GetStreamUriResponse", "MediaUri", "Uri")
    url = safe_url(uris[0]) if uris else ""
    try:
        check_camera_url(url)
    except UsageError:
        return None
    return FoundStream(
        profile=shown_text(next(iter(texts(profile, "Name")), "")),
        url=url,
        codec=shown_text(next(iter(texts(encoder, "Encoding")), "")),
        width=_or_zero(encoder, "Resolution", "Width"),
        height=_or_zero(encoder, "Resolution", "Height"),
        fps=float(_or_zero(encoder, "RateControl", "FrameRateLimit")) or None,
    )


def _number(element: ElementTree.Element, name: str) -> int:
    return int(texts(element, name)[0])


def _or_zero(element: ElementTree.Element, *path: str) -> int:
    try:
        return max(0, int(float(texts(element, *path)[0])))
    except (IndexError, ValueError, OverflowError):
        return 0
