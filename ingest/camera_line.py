"""The line to a camera: its host looked up and judged, connected by that address, TLS checked."""

from __future__ import annotations

import hashlib
import hmac
import socket
import ssl
import time
from typing import Final
from urllib.parse import urlsplit

from yanji.configs.errors import UnreachableError
from yanji.ingest.address import ANY_CAMERA, CameraRules, addresses_of
from yanji.ingest.credentials import safe_url

DEFAULT_PORTS: Final = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
"""By scheme; http and https are how a camera is asked for its streams (`onvif_line.py`)."""
ENCRYPTED: Final = frozenset({"rtsps", "https"})
"""Schemes that begin with TLS."""


def connect_to_camera(
    url: str,
    *,
    open_s: float,
    tls_sha256: str | None = None,
    rules: CameraRules = ANY_CAMERA,
) -> socket.socket:
    """Look the host of `url` up, judge its addresses, and connect to one of them.

    `tls_sha256`: of the certificate of an rtsps or https camera, 64 hex digits; without it the
    certificate must be one that this host trusts, for the host of the URL. `rules`: what this
    installation allows.

    Raises:
        UnreachableError: within `open_s` seconds; code `address` (or a scheme that is not
            allowed) or `certificate` where that is the reason.
    """
    parts = urlsplit(url)
    host, shown = parts.hostname or "", safe_url(url)
    if parts.scheme not in rules.schemes:
        raise UnreachableError(
            f"{shown} is not connected to: {parts.scheme} is not allowed here",
            hint="if this camera is meant, add its scheme to camera_schemes in yanji.yaml",
            code="address",
        )
    deadline_s = time.monotonic() + open_s
    failure = UnreachableError(
        f"{shown} does not answer", hint="check power, network and address", code="unreachable"
    )
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    for address in addresses_of(host, port, open_s, rules):
        left_s = deadline_s - time.monotonic()
        if left_s <= 0:
            break
        try:
            upstream = socket.create_connection((str(address), port), timeout=left_s)
        except ConnectionRefusedError:
            failure = UnreachableError(
                f"{shown} refuses connections", hint="check host and port", code="unreachable"
            )
            continue
        except OSError:
            continue
        upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if parts.scheme not in ENCRYPTED:
            return upstream
        upstream.settimeout(max(0.1, deadline_s - time.monotonic()))
        return _with_tls(upstream, host, shown, tls_sha256)
    raise failure


def _with_tls(plain: socket.socket, host: str, shown: str, tls_sha256: str | None) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    if tls_sha256 is not None:
        # The pin says more than any authority; a camera signs its certificate itself.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    problem = "gives a certificate that this host does not trust"
    try:
        upstream = context.wrap_socket(plain, server_hostname=host)
        seen = hashlib.sha256(upstream.getpeercert(binary_form=True) or b"").hexdigest()
        if tls_sha256 is None or hmac.compare_digest(seen, tls_sha256.lower()):
            return upstream
        upstream.close()
        problem = "gives another certificate than the settings name"
        code = "certificate"
    except ssl.SSLCertVerificationError:
        code = "certificate"
    except (OSError, ValueError):
        code, problem = "unreachable", "does not answer over TLS"
    plain.close()
    raise UnreachableError(
        f"{shown} {problem}",
        hint="give tls_sha256, the SHA-256 of this camera's certificate"
        if code == "certificate"
        else "check that it speaks TLS at this port",
        code=code,
    )
