"""Snapshots: the one picture an investigator brings. Decoded strictly, bounded before decoding."""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import stat
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import BmpImagePlugin, Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin
from PIL.ImageFile import ImageFile

from yanji.configs.errors import PictureError
from yanji.ingest.frame import BgrImage
from yanji.ingest.snapshot_heif import decode_heif, header_sizes, is_heif, require_hevc
from yanji.ingest.snapshot_notes import taken_of
from yanji.ingest.snapshot_strict import announced_size, require_nothing_hidden

_log = logging.getLogger(__name__)

MAX_PIXELS = 25_000_000
"""A 25-megapixel picture takes 250 MB while it is decoded; phones at full size stay below."""
MAX_BYTES = 64 * 1024 * 1024

_FORMATS_HINT = "give a JPEG, PNG, WebP, HEIC or BMP picture"
_ORIENTATION_TAG = 0x0112
_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_filters = threading.Lock()


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A picture as it was handed in."""

    image: BgrImage
    """Upright (EXIF orientation applied), uint8 (height, width, 3), blue, green, red."""
    sha256: str
    """Of the file's bytes, 64 hex digits; goes into the audit record."""
    taken: str | None = None
    """When it was taken, by its own notes (EXIF): ISO 8601, with an offset where one is noted."""

    @property
    def width(self) -> int:
        """Width in pixels, upright."""
        return int(self.image.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels, upright."""
        return int(self.image.shape[0])


def load_snapshot(path: Path) -> Snapshot:
    """Read a picture file.

    Raises:
        PictureError: missing, not a regular file, larger than `MAX_BYTES` or `MAX_PIXELS` (known
            from the header, nothing is decoded), damaged, cut off, of another format, or with
            something hidden behind the picture. Codes: `picture_empty`, `picture_too_large`,
            `picture_too_many_pixels`, `picture_damaged`, `picture_format`, `picture_trailing`;
            `picture` for a path that is no readable file.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise PictureError(f"{path} is not a picture file", hint=_FORMATS_HINT)
        if status.st_size > MAX_BYTES:
            raise _too_large(str(path))
        content = path.read_bytes()
    except FileNotFoundError:
        raise PictureError(f"there is no picture {path}", hint="check the path") from None
    except OSError as error:
        raise PictureError(f"cannot read {path}: {error.strerror}") from None
    return read_snapshot(content, name=str(path))


def read_snapshot(content: bytes, *, name: str = "the picture") -> Snapshot:
    """Decode a picture from memory (an upload); `name` is for messages. Raises `PictureError`."""
    if not content:
        raise PictureError(f"{name} is empty", hint=_FORMATS_HINT, code="picture_empty")
    if len(content) > MAX_BYTES:
        raise _too_large(name)
    try:
        # Pillow warns on stderr about every oddity in camera notes; what matters is checked here.
        # The filters are the process's: the lock keeps two pictures from restoring each other's.
        with _filters, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image, taken = _decode(content, name)
    except PictureError:
        raise
    except Exception as error:  # decoders raise anything on damaged files
        _log.debug("%s", error, exc_info=True)
        raise PictureError(
            f"{name} is damaged or cut off",
            hint="get the original file again",
            code="picture_damaged",
        ) from None
    return Snapshot(image=image, sha256=hashlib.sha256(content).hexdigest(), taken=taken)


def _too_large(name: str) -> PictureError:
    return PictureError(
        f"{name} is larger than {MAX_BYTES // 2**20} MB",
        hint="cut out the vehicle",
        code="picture_too_large",
    )


def _decode(content: bytes, name: str) -> tuple[BgrImage, str | None]:
    if is_heif(content):
        return _decode_heif(content, name)
    announced = announced_size(content)
    if announced is not None:
        _check_size(announced, name)
    with _open(content, name) as picture:
        _check_size(picture.size, name)
        require_nothing_hidden(content, name)
        picture.load()
        exif = _exif(picture)
        return _bgr(_upright(picture, exif)), taken_of(exif)


def _decode_heif(content: bytes, name: str) -> tuple[BgrImage, str | None]:
    require_hevc(content, name, _FORMATS_HINT)
    for size in header_sizes(content):
        _check_size(size, name)
    end = require_nothing_hidden(content, name)
    picture, notes = decode_heif(content[:end])
    exif = Image.Exif()
    with contextlib.suppress(Exception):  # broken notes do not make the pixels wrong
        exif.load(notes)
    return _bgr(picture), taken_of(exif)


def _open(content: bytes, name: str) -> ImageFile:
    """Parse the header only, with the one decoder the first bytes call for."""
    stream = io.BytesIO(content)
    if content.startswith(b"\xff\xd8\xff"):
        return JpegImagePlugin.JpegImageFile(stream)
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PngImagePlugin.PngImageFile(stream)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return WebPImagePlugin.WebPImageFile(stream)
    if content.startswith(b"BM"):
        return BmpImagePlugin.BmpImageFile(stream)
    raise PictureError(
        f"{name} is not a picture that can be read", hint=_FORMATS_HINT, code="picture_format"
    )


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise PictureError(f"{name} has no pixels", hint=_FORMATS_HINT, code="picture_damaged")
    if width * height > MAX_PIXELS:
        raise PictureError(
            f"{name} has {width} × {height} pixels, more than {MAX_PIXELS // 10**6} million",
            hint="cut out the vehicle or scale the picture down",
            code="picture_too_many_pixels",
        )


def _exif(picture: Image.Image) -> Image.Exif:
    try:
        return picture.getexif()
    except Exception:  # broken camera notes do not make the pixels wrong
        return Image.Exif()


def _upright(picture: Image.Image, exif: Image.Exif) -> Image.Image:
    orientation = exif.get(_ORIENTATION_TAG, 1)
    transpose = _TRANSPOSE.get(orientation) if isinstance(orientation, int) else None
    return picture if transpose is None else picture.transpose(transpose)


def _bgr(picture: Image.Image) -> BgrImage:
    if picture.mode.startswith("I"):
        # 16-bit grey: Pillow's own conversion would clip everything above 255 to white.
        grey = np.asarray(picture).astype(np.int64) >> 8
        return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)
    if picture.has_transparency_data:
        # What is transparent has arbitrary colours beneath; white is what viewers show.
        seen = picture.convert("RGBA")
        white = Image.new("RGBA", seen.size, (255, 255, 255, 255))
        picture = Image.alpha_composite(white, seen)
    rgb = np.asarray(picture.convert("RGB"))
    return np.ascontiguousarray(rgb[:, :, ::-1])
