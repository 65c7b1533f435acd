"""A typed client of yanji's HTTP API, for programs.

    with Client("http://127.0.0.1:8420", token, case="2026-1120-07", reason="hit and run") as yanji:
        snapshot = yanji.upload(Path("snapshot.jpg"))
        answer = yanji.search(SearchRequest(snapshot_id=snapshot.snapshot_id))

Errors of the server come back as `ApiError` with its code and hint; a server that does not answer
is an `UnreachableServerError`. Nothing is retried: each question is written to the audit log.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import connect

from yanji.api.web.documents import (
    CameraInfo,
    Cameras,
    FeedbackInfo,
    FeedbackList,
    FeedbackRequest,
    Gaps,
    Health,
    LiveCameras,
    LiveHello,
    LiveLost,
    LiveSighting,
    Roads,
    SearchAnswer,
    SearchRequest,
    SightingDetail,
    Sightings,
    SiteInfo,
    SnapshotInfo,
    TraceAnswer,
    TraceRequest,
)
from yanji.configs.errors import UsageError, YanjiError

ROOT = "/api/v1"
TIMEOUT_S = 60.0

Answer = TypeVar("Answer", bound=BaseModel)
LiveMessage = LiveHello | LiveSighting | LiveCameras | LiveLost
_LIVE: TypeAdapter[LiveMessage] = TypeAdapter(LiveMessage)


class ApiError(YanjiError):
    """The server refused a request; `code` and `hint` are its own."""

    code = "api"

    def __init__(self, message: str, *, hint: str = "", code: str | None = None, status: int = 0):
        super().__init__(message, hint=hint, code=code)
        self.status = status

    def __reduce__(self) -> tuple[object, ...]:
        """Errors cross process borders: keep hint, code and status."""
        return (_rebuild, (self.message, self.hint, self.code, self.status))


def _rebuild(message: str, hint: str, code: str, status: int) -> ApiError:
    return ApiError(message, hint=hint, code=code, status=status)


class UnreachableServerError(YanjiError):
    """Nothing answers at the address, or not in time, or in another tongue."""

    code = "unreachable_server"


class Client:
    """One installation, asked in the name of one case. Safe for several threads.

    Args:
        url: scheme, host and port, as `yanji serve` prints it.
        token: the installation's.
        case: number of the case; needed for `search`, `trace`, `sightings` and feedback.
        reason: why.
        purpose: one of the installation's; None takes its default.
        transport: of httpx, for tests.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        case: str = "",
        reason: str = "",
        purpose: str | None = None,
        timeout_s: float = TIMEOUT_S,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._token = token
        given = {"Yanji-Case": case, "Yanji-Reason": reason, "Yanji-Purpose": purpose or ""}
        self._case = {name: quote(text, safe="") for name, text in given.items() if text}
        self._http = httpx.Client(
            base_url=self._url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=timeout_s,
            transport=transport,
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def site(self) -> SiteInfo:
        """Name, zone, purposes, counts."""
        return self._get(SiteInfo, "/site")

    def roads(self) -> Roads:
        """All roads."""
        return self._get(Roads, "/roads")

    def cameras(self) -> Cameras:
        """All cameras and how they are."""
        return self._get(Cameras, "/cameras")

    def camera(self, camera_id: str) -> CameraInfo:
        """One camera."""
        return self._get(CameraInfo, f"/cameras/{quote(camera_id, safe='')}")

    def health(self) -> Health:
        """How the installation is."""
        return self._get(Health, "/health")

    def gaps(
        self,
        *,
        from_time: str | None = None,
        to_time: str | None = None,
        cameras: Sequence[str] = (),
    ) -> Gaps:
        """Outages that overlap a time."""
        query = {"from": from_time, "to": to_time, "camera": list(cameras)}
        return self._get(Gaps, "/gaps", query)

    def sightings(
        self,
        *,
        from_time: str | None = None,
        to_time: str | None = None,
        cameras: Sequence[str] = (),
        classes: Sequence[str] = (),
        limit: int = 50,
        order: str = "newest",
        cursor: str | None = None,
    ) -> Sightings:
        """One page of sightings; `cursor` is `next` of the page before."""
        query = {
            "from": from_time,
            "to": to_time,
            "camera": list(cameras),
            "class": list(classes),
            "limit": limit,
            "order": order,
            "cursor": cursor,
        }
        return self._get(Sightings, "/sightings", query, headers=self._case)

    def sighting(self, sighting_id: str) -> SightingDetail:
        """One sighting with its crops."""
        return self._get(SightingDetail, f"/sightings/{quote(sighting_id, safe='')}")

    def picture(self, address: str) -> bytes:
        """A picture of an answer: what its `crops`, `url` or `picture` names; JPEG."""
        return self._ask("GET", address).content

    def upload(self, picture: Path | bytes) -> SnapshotInfo:
        """Hand a snapshot in; it is held for a while and its vehicles are found."""
        content = picture.read_bytes() if isinstance(picture, Path) else picture
        answer = self._ask("POST", f"{ROOT}/snapshots", files={"file": ("snapshot", content)})
        return _read(SnapshotInfo, answer)

    def search(self, request: SearchRequest) -> SearchAnswer:
        """The sightings that look like the subject."""
        return self._post(SearchAnswer, "/search", request)

    def trace(self, request: TraceRequest) -> TraceAnswer:
        """The routes that the subject can have driven."""
        return self._post(TraceAnswer, "/trace", request)

    def give_feedback(self, request: FeedbackRequest) -> FeedbackInfo:
        """Say of a hit whether it is the vehicle."""
        return self._post(FeedbackInfo, "/feedback", request)

    def feedback(self) -> FeedbackList:
        """What was said in this case."""
        return self._get(FeedbackList, "/feedback", headers=self._case)

    @contextmanager
    def live(self) -> Iterator[Iterator[LiveMessage]]:
        """Follow cameras and sightings; ends when the server closes the line.

        Raises:
            UnreachableServerError: no connection, or the server does not know the token.
        """
        address = "ws" + self._url.removeprefix("http") + f"{ROOT}/live"
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            line = connect(address, additional_headers=headers, compression=None)
        except (OSError, WebSocketException) as error:
            raise _unreachable(self._url, error) from error
        with line:
            yield self._messages(line.recv)

    @staticmethod
    def _messages(receive: object) -> Iterator[LiveMessage]:
        assert callable(receive)  # noqa: S101 - narrows for the type checker
        try:
            while True:
                yield _LIVE.validate_json(receive())
        except ConnectionClosed:
            return

    def _get(
        self,
        kind: type[Answer],
        path: str,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        given = {name: value for name, value in (query or {}).items() if value not in (None, [])}
        return _read(kind, self._ask("GET", ROOT + path, params=given, headers=headers or {}))

    def _post(self, kind: type[Answer], path: str, request: BaseModel) -> Answer:
        body = request.model_dump(mode="json", by_alias=True)
        return _read(kind, self._ask("POST", ROOT + path, json=body, headers=self._case))

    def _ask(self, method: str, path: str, **given: object) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **given)  # type: ignore[arg-type] # keywords of httpx
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _unreachable(self._url, error) from error
        if answer.is_success:
            return answer
        raise _refused(answer)


def _unreachable(url: str, error: Exception) -> UnreachableServerError:
    return UnreachableServerError(
        f"yanji does not answer at {url}: {error or type(error).__name__}.",
        hint="Check that `yanji serve` or `yanji run` is up, and its address and token.",
    )


def _refused(answer: httpx.Response) -> YanjiError:
    try:
        said = answer.json()
        return ApiError(
            str(said["title"]),
            hint=str(said.get("hint", "")),
            code=str(said["code"]),
            status=answer.status_code,
        )
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError):
        return UnreachableServerError(
            f"What answers at {answer.url.host} is not yanji (status {answer.status_code}).",
            hint="Check the address; a proxy in between may have answered.",
        )


def _read(kind: type[Answer], answer: httpx.Response) -> Answer:
    try:
        return kind.model_validate_json(answer.content)
    except ValidationError as error:
        raise UsageError(
            f"The server's answer does not fit this client: {error.error_count()} fields differ.",
            hint="Use the client of the same yanji version as the server.",
        ) from error
