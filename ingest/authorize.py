"""The answer to a camera that asks for user name and password: Digest (RFC 7616) or Basic."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Sequence
from urllib.request import parse_http_list, parse_keqv_list

from yanji.ingest.credentials import Credentials

_HASHES = {"MD5": "md5", "SHA-256": "sha256"}
"""By what a camera calls it, weakest first."""


class Authorizer:
    """Makes `Authorization` headers once a camera has sent its challenge. Prints no secret."""

    def __init__(self, credentials: Credentials | None) -> None:
        self._credentials = credentials
        self._digest: dict[str, str] | None = None
        self._basic = False
        self._num_used = 0

    def take(self, challenges: Sequence[str]) -> bool:
        """Note the `WWW-Authenticate` headers of a refusal; whether one can be answered."""
        self._digest, self._basic, self._num_used = None, False, 0
        for challenge in challenges:
            scheme, _, rest = challenge.strip().partition(" ")
            if scheme.lower() == "basic":
                self._basic = True
            if scheme.lower() == "digest":
                self._digest = _stronger(self._digest, _fields(rest))
        return self._credentials is not None and (self._basic or self._digest is not None)

    def header(self, method: str, uri: str) -> str | None:
        """Give the header line for one request, without its line end; None before a challenge."""
        if self._credentials is None:
            return None
        if self._digest is not None:
            return f"Authorization: Digest {self._answer(self._digest, method, uri)}"
        if self._basic:
            both = f"{self._credentials.username}:{self._credentials.password}".encode()
            return f"Authorization: Basic {base64.b64encode(both).decode()}"
        return None

    def _answer(self, asked: dict[str, str], method: str, uri: str) -> str:
        assert self._credentials is not None  # noqa: S101 - header() looked
        name = asked.get("algorithm", "MD5").upper()

        def hashed(text: str) -> str:
            data = text.encode()
            return hashlib.new(
                _HASHES[name.removesuffix("-SESS")], data, usedforsecurity=False
            ).hexdigest()

        user, realm, nonce = self._credentials.username, asked.get("realm", ""), asked["nonce"]
        who = hashed(f"{user}:{realm}:{self._credentials.password}")
        ours = secrets.token_hex(8)
        if name.endswith("-SESS"):
            who = hashed(f"{who}:{nonce}:{ours}")
        what = hashed(f"{method}:{uri}")
        fields = {"username": user, "realm": realm, "nonce": nonce, "uri": uri}
        bare = {}
        if "auth" in [one.strip() for one in asked.get("qop", "").split(",")]:
            self._num_used += 1
            count = f"{self._num_used:08x}"
            fields["response"] = hashed(f"{who}:{nonce}:{count}:{ours}:auth:{what}")
            fields["cnonce"] = ours
            bare = {"qop": "auth", "nc": count}
        else:
            fields["response"] = hashed(f"{who}:{nonce}:{what}")
            if name.endswith("-SESS"):
                fields["cnonce"] = ours
        if "opaque" in asked:
            fields["opaque"] = asked["opaque"]
        if "algorithm" in asked:
            bare["algorithm"] = asked["algorithm"]
        quoted = [f'{key}="{_quoted(value)}"' for key, value in fields.items()]
        return ", ".join(quoted + [f"{key}={value}" for key, value in bare.items()])


def _fields(text: str) -> dict[str, str]:
    try:
        given = parse_keqv_list(parse_http_list(text))
    except (ValueError, IndexError):
        return {}
    return {key.strip().lower(): value for key, value in given.items()}


def _stronger(known: dict[str, str] | None, new: dict[str, str]) -> dict[str, str] | None:
    names = list(_HASHES)
    name = new.get("algorithm", "MD5").upper().removesuffix("-SESS")
    if "nonce" not in new or name not in names:
        return known
    if known is None:
        return new
    had = known.get("algorithm", "MD5").upper().removesuffix("-SESS")
    return new if names.index(name) > names.index(had) else known


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
