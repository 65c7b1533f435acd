"""The application: routes, middleware, the page. One readable list of all that answers."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Receive, Scope, Send

from yanji.api.web import (
    openapi,
    problems,
    routes_cameras,
    routes_feedback,
    routes_operations,
    routes_questions,
    routes_session,
    routes_sightings,
    routes_site,
    routes_snapshots,
)
from yanji.api.web.body_limit import BodyLimit
from yanji.api.web.border import Border
from yanji.api.web.desk import Desk
from yanji.api.web.guard import Guard
from yanji.api.web.live import live_router
from yanji.api.web.page import Page
from yanji.api.web.problems import RequestError
from yanji.api.web.words import API

_SMALLEST_COMPRESSED_BYTES = 1024
_COMPRESSION = 5


def create_app(desk: Desk, page: Page | None = None) -> FastAPI:
    """Wire everything to a desk; the page is the built one unless another is given."""
    app = FastAPI(
        title="yanji",
        version=desk.version,
        docs_url=None,  # its page loads scripts from another host
        redoc_url=None,
        openapi_url=f"{API}/openapi.json",
    )
    app.state.desk = desk
    problems.install(app)
    openapi.describe(app)
    for routes in (
        routes_session,
        routes_site,
        routes_cameras,
        routes_sightings,
        routes_snapshots,
        routes_questions,
        routes_feedback,
        routes_operations,
    ):
        app.include_router(routes.router)
    app.include_router(live_router(desk), prefix=API)
    app.include_router(routes_operations.root_router)
    app.router.redirect_slashes = False
    app.router.default = _Elsewhere(page or Page())
    # The last one added is the outermost: Border, Guard, BodyLimit, compression, routes.
    app.add_middleware(
        GZipMiddleware,
        minimum_size=_SMALLEST_COMPRESSED_BYTES,
        compresslevel=_COMPRESSION,
    )
    app.add_middleware(BodyLimit)
    app.add_middleware(Guard, access=desk.access, open_metrics=desk.settings.api.open_metrics)
    app.add_middleware(Border, metrics=desk.metrics)
    return app


class _Elsewhere:
    """Whatever no route answers: the files of the page, else 404."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4404})
            return
        if scope["method"] not in ("GET", "HEAD"):
            raise RequestError("There is nothing at this address.", code="not_found")
        answer = self._page.answer(scope["path"].lstrip("/"), Headers(scope=scope))
        await answer(scope, receive, send)
