"""Cameras of the local network that answer to ONVIF's way of asking (WS-Discovery).

A question goes to a multicast address on every network interface, and whoever is an ONVIF camera
says where its service is. Nobody vouches for an answer: it is shown, and connected to only where
a person names its host (`onvif_streams.py`).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from yanji.configs.errors import YanjiError
from yanji.ingest.credentials import safe_url

_log = logging.getLogger(__name__)

TRANSMITTER: Final = ("http://www.onvif.org/ver10/network/wsdl", "NetworkVideoTransmitter")
"""Namespace and name of the type that ONVIF cameras, encoders and recorders announce."""
LONGEST: Final = 200
"""Characters of one shown text: the answer may come from anybody."""
_CHATTER: Final = ("wsdiscovery", "threading", "daemon", "util")
"""Names under which the library logs, at every packet that it does not understand."""
_SCOPE: Final = "onvif://www.onvif.org/"
_NOT_SHOWN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True, slots=True)
class FoundCamera:
    """What one device says of itself."""

    host: str
    """Name or address out of `service`."""
    service: str
    """URL of its ONVIF service, without user name and password."""
    name: str
    hardware: str
    location: str


def discover(seconds: float) -> list[FoundCamera]:
    """Ask, and collect answers.

    Args:
        seconds: how long answers are waited for, > 0.

    Returns:
        Sorted by host; each service once.

    Raises:
        YanjiError: the extra `onvif` is not installed.
        OSError: the question cannot be sent.
    """
    try:
        from wsdiscovery import QName
        from wsdiscovery.discovery import ThreadedWSDiscovery
    except ImportError as error:
        raise YanjiError(
            "Discovery needs WSDiscovery.", hint="Install it: pip install 'yanji[onvif]'"
        ) from error

    for name in _CHATTER:
        logging.getLogger(name).setLevel(logging.ERROR)
    asking = ThreadedWSDiscovery()
    asking.start()
    try:
        for thread in (asking._networkingThread_v4, asking._networkingThread_v6):
            if thread is not None:
                _survive(thread)
        answers = asking.searchServices(types=[QName(*TRANSMITTER)], timeout=seconds)
        found = {
            camera.service: camera
            for answer in answers
            for camera in cameras_of(
                list(answer.getXAddrs()), [scope.getValue() for scope in answer.getScopes()]
            )
        }
    finally:
        asking.stop()
    return sorted(found.values(), key=lambda camera: (camera.host, camera.service))


def _survive(thread: Any) -> None:
    """Keep a thread of the library at work whatever it receives.

    It ends at a packet that is good XML with nonsense in it (2.1.2: an `InstanceId` that is no
    number), so that one broken device, or somebody who wants it, would hide all cameras.
    """
    receive: Callable[[], None] = thread._recvMessages

    def go_on() -> None:
        try:
            receive()
        except Exception:  # whatever a packet of a stranger leads to
            _log.debug("a packet could not be read", exc_info=True)

    thread._recvMessages = go_on


def cameras_of(addresses: list[str], scopes: list[str]) -> list[FoundCamera]:
    """Read one answer: a camera for each address that is a URL of the web.

    Args:
        addresses: what it calls its service; several where it has several networks.
        scopes: `onvif://www.onvif.org/name/...` and others, unquoted.
    """
    said = {
        word: next((one[len(start) :] for one in scopes if one.startswith(start)), "")
        for word in ("name", "hardware", "location")
        for start in [f"{_SCOPE}{word}/"]
    }
    found = []
    for address in addresses:
        try:
            parts = urlsplit(address)
        except ValueError:
            continue
        if parts.scheme not in ("http", "https") or not parts.hostname:
            continue
        found.append(
            FoundCamera(
                shown_text(parts.hostname),
                shown_text(safe_url(address)),
                shown_text(said["name"]),
                shown_text(said["hardware"]),
                shown_text(said["location"]),
            )
        )
    return found


def shown_text(text: str) -> str:
    """Without what could move a terminal's cursor, and of a length that fits a line."""
    return _NOT_SHOWN.sub(" ", text).strip()[:LONGEST]
