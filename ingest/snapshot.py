"""Snapshots: the one picture an investigator brings. Decoded strictly, bounded before decoding."""

from __future__ import annotations

import hashlib
import io
import stat
import struct
import threading
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import BmpImagePlugin, Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin
from PIL.ImageFile import ImageFile

from yanji.configs.errors import PictureError
from yanji.ingest.frame import BgrImage

MAX_PIXELS = 25_000_000
"""A 25-megapixel picture takes 250 MB while it is decoded; phones at full size stay below."""
MAX_BYTES = 64 * 1024 * 1024

_FORMATS_HINT = "give a JPEG, PNG, WebP or BMP picture"
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
_DAMAGED = (
    *(OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError),
    *(struct.error, zlib.error, OverflowError),
)
"""What Pillow's decoders raise on damaged files."""
_filters = threading.Lock()


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A picture as it was handed in."""

    image: BgrImage
    """Upright (EXIF orientation applied), uint8 (height, width, 3), blue, green, red."""
    sha256: str
    """Of the file's bytes, 64 hex digits; goes into the audit record."""

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
            from the header, nothing is decoded), damaged, cut off, or of another format.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise PictureError(f"{path} is not a picture file", hint=_FORMATS_HINT)
        if status.st_size > MAX_BYTES:
            raise PictureError(
                f"{path} is larger than {MAX_BYTES // 2**20} MB", hint="cut out the vehicle"
            )
        content = path.read_bytes()
    except FileNotFoundError:
        raise PictureError(f"there is no picture {path}", hint="check the path") from None
    except OSError as error:
        raise PictureError(f"cannot read {path}: {error.strerror}") from None
    return read_snapshot(content, name=str(path))


def read_snapshot(content: bytes, *, name: str = "the picture") -> Snapshot:
    """Decode a picture from memory (an upload); `name` is for messages. Raises `PictureError`."""
    if not content:
        raise PictureError(f"{name} is empty", hint=_FORMATS_HINT)
    if len(content) > MAX_BYTES:
        raise PictureError(
            f"{name} is larger than {MAX_BYTES // 2**20} MB", hint="cut out the vehicle"
        )
    try:
        # Pillow warns on stderr about every oddity in camera notes; what matters is checked here.
        # The filters are the process's: the lock keeps two pictures from restoring each other's.
        with _filters, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = _decode(content, name)
    except _DAMAGED:
        raise PictureError(
            f"{name} is damaged or cut off", hint="get the original file again"
        ) from None
    return Snapshot(image=image, sha256=hashlib.sha256(content).hexdigest())


def _decode(content: bytes, name: str) -> BgrImage:
    with _open(content, name) as picture:
        _check_size(picture, name)
        picture.load()
        return _bgr(_upright(picture))


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
    if content[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif"):
        raise PictureError(
            f"{name} is a HEIC or AVIF picture", hint="save it as JPEG on the phone first"
        )
    raise PictureError(f"{name} is not a picture that can be read", hint=_FORMATS_HINT)


def _check_size(picture: ImageFile, name: str) -> None:
    width, height = picture.size
    if width < 1 or height < 1:
        raise PictureError(f"{name} has no pixels", hint=_FORMATS_HINT)
    if width * height > MAX_PIXELS:
        raise PictureError(
            f"{name} has {width} × {height} pixels, more than {MAX_PIXELS // 10**6} million",
            hint="cut out the vehicle or scale the picture down",
        )


def _upright(picture: Image.Image) -> Image.Image:
    try:
        orientation = picture.getexif().get(_ORIENTATION_TAG, 1)
    except _DAMAGED:
        orientation = 1  # broken camera notes do not make the pixels wrong
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
