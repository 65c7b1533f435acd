"""The built page: read, compressed and named by its content once, then served from memory."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response

from yanji.api.web.problems import RequestError

BUILT: Final = Path(__file__).parents[1] / "page" / "built"
INDEX: Final = "index.html"
_HASHED: Final = re.compile(r"[.-][A-Za-z0-9_-]{8,}\.\w+$")
_COMPRESSED: Final = frozenset(
    {".html", ".js", ".mjs", ".css", ".svg", ".json", ".webmanifest", ".map", ".txt", ".pbf"}
)
_TYPES: Final = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".pbf": "application/x-protobuf",
}
NOT_BUILT: Final = (
    "The page is not built. The API answers under /api/v1.\n"
    "In a checkout: npm ci && npm run build, in the folder api/page.\n"
)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the page."""

    content: bytes = field(repr=False)
    compressed: bytes | None = field(repr=False)
    etag: str
    media_type: str
    cache_control: str


class Page:
    """All files of the page, by their path below `/`."""

    def __init__(self, folder: Path = BUILT) -> None:
        self._assets: dict[str, Asset] = {}
        if (folder / INDEX).is_file():
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    name = path.relative_to(folder).as_posix()
                    self._assets[name] = _asset(name, path.read_bytes())

    @property
    def is_built(self) -> bool:
        """Whether there is a page at all."""
        return INDEX in self._assets

    def answer(self, name: str, headers_in: Headers) -> Response:
        """The file below `/`; an empty name is the page itself.

        Args:
            name: path below `/`, looked up among the files' names and never opened.
            headers_in: of the request.

        Raises:
            RequestError: `not_found`.
        """
        asset = self._assets.get(name or INDEX)
        if asset is None:
            if not name and not self.is_built:
                return PlainTextResponse(NOT_BUILT, headers={"Cache-Control": "no-cache"})
            raise RequestError("There is nothing at this address.", code="not_found")
        headers = {
            "ETag": asset.etag,
            "Cache-Control": asset.cache_control,
            "Vary": "Accept-Encoding",
        }
        if asset.etag in headers_in.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        content = asset.content
        if asset.compressed is not None and "gzip" in headers_in.get("accept-encoding", ""):
            content = asset.compressed
            headers["Content-Encoding"] = "gzip"
        return Response(content, media_type=asset.media_type, headers=headers)


def _asset(name: str, content: bytes) -> Asset:
    suffix = Path(name).suffix.lower()
    media_type = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    if media_type.startswith("text/"):
        media_type += "; charset=utf-8"
    smaller = gzip.compress(content, 9, mtime=0) if suffix in _COMPRESSED else None
    is_hashed = name.startswith("assets/") and _HASHED.search(name) is not None
    return Asset(
        content,
        smaller if smaller is not None and len(smaller) < len(content) else None,
        f'"{hashlib.sha256(content).hexdigest()[:32]}"',
        media_type,
        "public, max-age=31536000, immutable" if is_hashed else "no-cache",
    )
