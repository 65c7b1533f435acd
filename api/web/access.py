"""Who may ask: one token for programs, sessions for the page, and where requests may come from."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

COOKIE = "yanji_session"
IDLE_S = 12 * 3600.0
"""A session ends when it was not used for so long."""
MAX_SESSIONS = 10_000
"""The longest unused one goes: a program that signs in again and again fills no memory."""
FREE_FAILURES = 10
"""So many wrong tokens a minute are answered at once; each further one waits."""
DELAY_S = 0.5
MAX_WAITING = 64
"""More wrong ones at a time are refused without waiting: waiting costs memory."""
_MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request."""

    via: Literal["page", "api"]
    """`page`: by session cookie; `api`: by token."""
    client: str
    """Network address, empty where there is none."""
    session: str | None = None


class Access:
    """The token and the open sessions. Thread-safe; neither is ever shown or logged."""

    def __init__(self, token: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._token_digest = _digest(token)
        self._clock = clock
        self._lock = threading.Lock()
        self._sessions: OrderedDict[bytes, float] = OrderedDict()
        """Digest of a session's id -> when it was last used; longest unused first."""
        self._failures_s: list[float] = []

    def is_token(self, offered: str) -> bool:
        """Compare in constant time; the right token always gets in, whatever others tried."""
        return hmac.compare_digest(_digest(offered), self._token_digest)

    def open_session(self) -> str:
        """Begin a session; returns its id, which only the cookie holds."""
        session = secrets.token_urlsafe(32)
        with self._lock:
            self._sessions[_digest(session)] = self._clock()
            while len(self._sessions) > MAX_SESSIONS:
                self._sessions.popitem(last=False)
        return session

    def use_session(self, session: str) -> bool:
        """Tell whether a session is open, and keep it open."""
        key, now = _digest(session), self._clock()
        with self._lock:
            used = self._sessions.get(key)
            if used is None:
                return False
            if now - used > IDLE_S:
                del self._sessions[key]
                return False
            self._sessions[key] = now
            self._sessions.move_to_end(key)
            return True

    def close_session(self, session: str) -> None:
        """End a session; an unknown one is none already."""
        with self._lock:
            self._sessions.pop(_digest(session), None)

    def note_failure(self) -> float:
        """Count a wrong token; returns how long its answer should wait, seconds."""
        now = self._clock()
        with self._lock:
            self._failures_s = [at for at in self._failures_s if now - at < _MINUTE_S][-1000:]
            self._failures_s.append(now)
            return DELAY_S if len(self._failures_s) > FREE_FAILURES else 0.0


def own_origin(scheme: str, host: str) -> str:
    """The origin that a page of this server has; `ws` counts as `http`."""
    secure = scheme in ("https", "wss")
    return f"{'https' if secure else 'http'}://{host}".lower()


def new_token() -> str:
    """Make a token of 192 bits."""
    return secrets.token_urlsafe(24)


def _digest(text: str) -> bytes:
    # Equal lengths, so that nothing can be told from the time of a comparison.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
