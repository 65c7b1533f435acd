"""One question to a camera's ONVIF service: SOAP over the same judged line as its pictures.

The address is judged and connected to as for RTSP (`camera_line.py`), a redirect is not followed,
an answer is bounded in bytes and time, and the password is never sent in the clear: a digest in
the message (WS-Security), or HTTP Digest where the camera asks for it; Basic only inside TLS.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import secrets
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from yanji.configs.errors import CredentialsError, SourceError, UnreachableError
from yanji.ingest.address import ANY_CAMERA, CameraRules
from yanji.ingest.authorize import Authorizer
from yanji.ingest.camera_line import DEFAULT_PORTS, ENCRYPTED, connect_to_camera
from yanji.ingest.credentials import Credentials, safe_url

MAX_ANSWER: Final = 1024 * 1024
"""Bytes of one answer: fifty profiles are about 150 kB."""
ANSWER_S: Final = 8.0
"""For one question, connecting included."""
_WSSE: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity"
_DIGEST_IN: Final = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"
)
_SOAP: Final = "http://www.w3.org/2003/05/soap-envelope"


@dataclass(frozen=True, slots=True)
class OnvifLine:
    """How one camera is asked. Printing it shows no password."""

    credentials: Credentials | None = None
    rules: CameraRules = ANY_CAMERA
    ahead: timedelta = timedelta(0)
    """The camera's clock minus ours: a digest is refused that seems old."""
    answer_s: float = ANSWER_S

    def ask(self, service: str, body: str) -> ElementTree.Element:
        """Send the `body` of a question to a service URL and give the answer's XML.

        Raises:
            CredentialsError: the camera refuses the user name or password.
            UnreachableError: no answer, another one than XML, or a refusal.
        """
        shown = safe_url(service)
        token = "" if self.credentials is None else self._token(self.credentials)
        status, challenges, data = self._post(service, _envelope(token, body), None)
        if status == 401 and self.credentials is not None:
            authorizer = Authorizer(self.credentials)
            encrypted = urlsplit(service).scheme in ENCRYPTED
            usable = [one for one in challenges if encrypted or not _is_basic(one)]
            if authorizer.take(usable):
                line = authorizer.header("POST", _target(service)) or ""
                status, _, data = self._post(service, _envelope("", body), line)
        return _read(shown, status, data)

    def _post(self, service: str, text: str, line: str | None) -> tuple[int, list[str], bytes]:
        """Status, challenges and body of one answer."""
        parts, shown = urlsplit(service), safe_url(service)
        headers = {"Content-Type": "application/soap+xml; charset=utf-8", "Connection": "close"}
        if line is not None:
            name, _, value = line.partition(": ")
            headers[name] = value
        upstream = connect_to_camera(service, open_s=self.answer_s, rules=self.rules)
        connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]
        )
        connection.sock = upstream
        connection.auto_open = 0  # never a connection that was not judged
        try:
            with _cut_off(upstream, self.answer_s):
                connection.request("POST", _target(service), text.encode(), headers)
                answer = connection.getresponse()
                challenges = answer.headers.get_all("WWW-Authenticate") or []
                data = answer.read(MAX_ANSWER + 1)
            return answer.status, challenges, data
        except (OSError, http.client.HTTPException, ValueError):
            reason = UnreachableError(
                f"{shown} does not answer as an ONVIF camera", hint="check its ONVIF service"
            )
        finally:
            connection.close()
            upstream.close()
        raise reason

    def _token(self, credentials: Credentials) -> str:
        """Make the header of WS-Security: a digest of the password, good for one message."""
        nonce = secrets.token_bytes(16)
        now = datetime.now(UTC) + self.ahead
        created = now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"
        # SHA-1 is what the standard names.
        digest = hashlib.sha1(
            nonce + created.encode() + credentials.password.encode(), usedforsecurity=False
        ).digest()
        return (
            f'<wsse:Security s:mustUnderstand="1" xmlns:wsse="{_WSSE}-secext-1.0.xsd"'
            f' xmlns:wsu="{_WSSE}-utility-1.0.xsd"><wsse:UsernameToken>'
            f"<wsse:Username>{escape(credentials.username)}</wsse:Username>"
            f'<wsse:Password Type="{_DIGEST_IN}#PasswordDigest">'
            f"{base64.b64encode(digest).decode()}</wsse:Password>"
            f"<wsse:Nonce>{base64.b64encode(nonce).decode()}</wsse:Nonce>"
            f"<wsu:Created>{created}</wsu:Created></wsse:UsernameToken></wsse:Security>"
        )


def texts(element: ElementTree.Element, *path: str) -> list[str]:
    """Give the texts at a path of names below an element, whatever their namespaces."""
    return [(one.text or "").strip() for one in children(element, *path)]


def children(element: ElementTree.Element, *path: str) -> list[ElementTree.Element]:
    """Give the elements at a path of names below an element, whatever their namespaces."""
    found = [element]
    for name in path:
        found = [inner for one in found for inner in one if _local(inner) == name]
    return found


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _envelope(header: str, body: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{_SOAP}">'
        f"<s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )


def _target(service: str) -> str:
    parts = urlsplit(service)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _is_basic(challenge: str) -> bool:
    return challenge.strip().lower().startswith("basic")


def _read(shown: str, status: int, data: bytes) -> ElementTree.Element:
    """Find the answer in what came, or the reason why there is none."""
    try:
        if len(data) > MAX_ANSWER:
            raise ValueError
        text = data.decode()
        # Entities are how a few lines of XML become gigabytes; SOAP forbids them.
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise ValueError
        body = children(ElementTree.fromstring(text), "Body")  # noqa: S314 - no entities, bounded
    except (ValueError, ElementTree.ParseError):
        body = []
    faults = [fault for one in body for fault in children(one, "Fault")]
    refused = any(
        "NotAuthorized" in (inner.text or "") or "FailedAuthentication" in (inner.text or "")
        for fault in faults
        for inner in fault.iter()
    )
    if status in (401, 403) or refused:
        raise CredentialsError(
            f"{shown} refused the user name or password",
            hint="some cameras have ONVIF users of their own: look in its settings",
        )
    if status >= 300 or faults or not body:
        raise _refusal(shown, status)
    return body[0]


def _refusal(shown: str, status: int) -> SourceError:
    told = f" (status {status})" if status != 200 else ""
    if 300 <= status < 400:
        return UnreachableError(
            f"{shown} sends its readers to another address, which is refused", code="redirect"
        )
    return UnreachableError(
        f"{shown} does not answer as an ONVIF camera{told}", hint="check its ONVIF service"
    )


@contextlib.contextmanager
def _cut_off(upstream: socket.socket, seconds: float) -> Iterator[None]:
    """End the connection after so long, however little drips in."""

    def end() -> None:
        with contextlib.suppress(OSError):
            upstream.shutdown(socket.SHUT_RDWR)

    upstream.settimeout(seconds)
    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
