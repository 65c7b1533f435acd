"""`site.yaml`: the cameras of a site and the roads between them.

The models here hold what one value must satisfy; what only several together can get wrong is in
`yanji.configs.site_check`. `load_site` refuses a file that either of them calls wrong.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from yanji.configs.basemap import basemap_kind
from yanji.configs.datum import wgs84_from_gcj02
from yanji.configs.distance import Place
from yanji.configs.errors import SettingsError, UsageError
from yanji.configs.finding import did_you_mean

LONGEST_ID = 64
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Control, format (among them the ones that turn the reading direction), surrogate, separators."""
_PASSWORD_IN_URL = re.compile(r"(?:pass|passwd|password|pwd)=", re.IGNORECASE)


def camera_id_of(text: str) -> str:
    """Normalise a camera's public id (Unicode NFC) and check it.

    Raises:
        UsageError: not 1 to 64 characters, holds `/` or invisible characters, begins or ends with
            a blank, or is `.` or `..`.
    """
    try:
        return _camera_id(text)
    except ValueError as error:
        raise UsageError(f"The camera id {error}", hint="Take a short name like K01.") from None


def _camera_id(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    if not 1 <= len(text) <= LONGEST_ID:
        raise ValueError(f"must have 1 to {LONGEST_ID} characters.")
    if "/" in text or text in (".", ".."):
        raise ValueError("must not hold a '/' and must not be '.' or '..'.")
    if any(unicodedata.category(character) in _HIDDEN for character in text):
        raise ValueError("must not hold control or invisible characters.")
    if text != text.strip():
        raise ValueError("must not begin or end with a blank.")
    return text


def _url(text: str) -> str:
    # No message repeats the URL or a part of it: it may hold a password.
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("is not a URL (no user name and password belong in it).") from None
    # A raw @ anywhere, not only before the host: a password that holds / or # moves it there.
    if "@" in text or _PASSWORD_IN_URL.search(text):
        raise PydanticCustomError(
            "password_in_url",
            "must not hold a user name or password: URLs stay loggable (an @ that belongs to the "
            "path is written %40).",
        )
    if parts.scheme not in ("rtsp", "rtsps"):
        raise ValueError("must begin with rtsp:// or rtsps://.")
    if not host or any(c.isspace() or unicodedata.category(c) in _HIDDEN for c in text):
        raise ValueError("needs a host and must not hold blanks.")
    return text


def _zone_name(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ValueError, OSError, LookupError):
        hint = did_you_mean(text, available_timezones()) or "Write it like Asia/Shanghai."
        raise ValueError(f"is not a known time zone. {hint}") from None
    return text


def _basemap(text: str) -> str:
    if basemap_kind(Path(text)) is None:
        raise ValueError("must end with .geojson, .json or .pmtiles.")
    return text


class _Model(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )


CameraId = Annotated[
    str,
    AfterValidator(_camera_id),
    Field(json_schema_extra={"minLength": 1, "maxLength": LONGEST_ID, "pattern": "^[^/]+$"}),
]
Basemap = Annotated[
    str,
    AfterValidator(_basemap),
    Field(
        max_length=1000,
        json_schema_extra={
            "pattern": r"\.([gG][eE][oO])?[jJ][sS][oO][nN]$|\.[pP][mM][tT][iI][lL][eE][sS]$"
        },
    ),
]
Url = Annotated[str, AfterValidator(_url), Field(json_schema_extra={"pattern": "^rtsps?://[^@]+$"})]


@dataclass(frozen=True, slots=True)
class Credentials:
    """User name and password of a camera. Printing it shows neither."""

    username: str = field(repr=False)
    password: str = field(repr=False)


class SiteHeader(_Model):
    """What holds for the whole site."""

    name: str = Field(default="", description="Shown in pages and reports.")
    timezone: Annotated[str, AfterValidator(_zone_name)] | None = Field(
        default=None,
        description="IANA name, for example Asia/Shanghai: times without an offset are read in "
        "it, and all times are shown in it. Without it they are refused and shown in UTC.",
    )
    datum: Literal["wgs84", "gcj02"] = Field(
        default="wgs84",
        description="Of all longitudes and latitudes here; Chinese maps give gcj02.",
    )
    basemap: Basemap | None = Field(
        default=None,
        description="A map in WGS 84 to draw below the cameras, relative to this file: GeoJSON "
        "(.geojson, .json) or raster tiles (.pmtiles).",
    )


class Camera(_Model):
    """A fixed view."""

    id: CameraId = Field(description="Public id, Unicode NFC, not '.' or '..'.")
    name: str = Field(default="", max_length=200, description="Shown beside the id.")
    url: Url | None = Field(
        default=None,
        description="rtsp or rtsps, without user name and password. None: recordings only.",
    )
    detect_url: Url | None = Field(
        default=None,
        description="Live: the sub-stream of the same camera, with the same user name and "
        "certificate. Vehicles are looked for in it; of `url` only key frames are decoded, for "
        "the crops.",
    )
    username: str | None = Field(default=None, min_length=1, max_length=200)
    password_env: str | None = Field(
        default=None,
        pattern=r"^[A-Z_][A-Z0-9_]*$",
        description="Name of the environment variable that holds the password.",
    )
    tls_sha256: str | None = Field(
        default=None,
        pattern=r"^[0-9a-fA-F]{64}$",
        description="SHA-256 of the certificate of a rtsps camera, where no authority that this "
        "host trusts signed it (most cameras).",
    )
    longitude: float | None = Field(
        default=None, ge=-180, le=180, description="Degrees, east positive."
    )
    latitude: float | None = Field(
        default=None, ge=-90, le=90, description="Degrees, north positive."
    )
    heading_deg: float | None = Field(
        default=None, ge=0, le=360, description="Where the camera looks: 0 north, 90 east."
    )
    analyse_fps: float = Field(default=5.0, gt=0, le=30, description="Frames analysed per second.")
    analyse_fps_min: float | None = Field(
        default=None,
        ge=1,
        le=30,
        description="Live: where nothing moves, or there is too much to do, the rate may fall from "
        "analyse_fps to this; without it, it never does.",
    )
    motion_gate: bool = Field(
        default=False,
        description="Live: a picture in which nothing moved is analysed once a second only.",
    )
    decode: Literal["all", "fast", "no_b_frames", "key_frames"] = Field(
        default="all",
        description="Live: which frames are decoded (of detect_url, where there is one). "
        "key_frames needs one every 2 s, and loses many vehicles.",
    )
    clock_offset_s: float = Field(
        default=0.0,
        description="Seconds by which this camera's times are ahead of true time: true time = "
        "time - clock_offset_s.",
    )

    @property
    def place(self) -> Place | None:
        """Where it stands, in the datum of its site; None unless both numbers are given."""
        if self.longitude is None or self.latitude is None:
            return None
        return Place(self.longitude, self.latitude)

    def credentials(self, env: Mapping[str, str]) -> Credentials | None:
        """Look the password up; None for a camera without `username`.

        Raises:
            SettingsError: the variable that `password_env` names is not set or empty.
        """
        if self.username is None:
            return None
        if self.password_env is None:
            return Credentials(self.username, "")
        password = env.get(self.password_env, "")
        if not password:
            raise SettingsError(
                f"The password of camera {self.id} is missing: the environment variable "
                f"{self.password_env} is not set.",
                hint=f"Set {self.password_env}, or correct `password_env` in the site file.",
            )
        return Credentials(self.username, password)


class Road(_Model):
    """A drive from one camera to another with no camera between; both ways unless `oneway`."""

    from_camera: CameraId = Field(alias="from", description="Id of a camera.")
    to_camera: CameraId = Field(alias="to", description="Id of another camera.")
    distance_m: float = Field(gt=0, description="Metres along the road.")
    speed_kmh: tuple[float, float] = Field(
        description="Slowest and fastest usual speed, km/h, waiting at lights included."
    )
    oneway: bool = Field(default=False, description="True: only driven in the given direction.")


class Site(_Model):
    """All cameras and the roads between them."""

    site: SiteHeader = SiteHeader()
    cameras: tuple[Camera, ...] = Field(min_length=1)
    roads: tuple[Road, ...] = ()

    @property
    def name(self) -> str:
        """Name of the site, may be empty."""
        return self.site.name

    @cached_property
    def zone(self) -> ZoneInfo | None:
        """Time zone for times without an offset; None where the file names none."""
        return ZoneInfo(self.site.timezone) if self.site.timezone else None

    @property
    def basemap(self) -> Path | None:
        """File of the site's own map; absolute where the site was loaded from a file."""
        return Path(self.site.basemap) if self.site.basemap is not None else None

    @property
    def password_envs(self) -> frozenset[str]:
        """Names of all environment variables that hold passwords."""
        return frozenset(c.password_env for c in self.cameras if c.password_env is not None)

    @cached_property
    def _camera_by_id(self) -> dict[str, Camera]:
        return {camera.id: camera for camera in self.cameras}

    def camera(self, camera_id: str) -> Camera:
        """Find a camera by its public id, in any Unicode normalisation.

        Raises:
            UsageError: there is none with this id; the hint names the likeliest or all.
        """
        found = self._camera_by_id.get(unicodedata.normalize("NFC", camera_id))
        if found is None:
            known = list(self._camera_by_id)
            hint = did_you_mean(camera_id, known)
            if not hint:
                hint = f"Known: {', '.join(known[:10])}{', …' if len(known) > 10 else ''}."
            raise UsageError(f"The site has no camera `{camera_id[:LONGEST_ID]}`.", hint=hint)
        return found

    def in_wgs84(self) -> Site:
        """Return this site with every place in WGS-84."""
        if self.site.datum == "wgs84":
            return self
        cameras = []
        for camera in self.cameras:
            place = camera.place
            if place is not None:
                true = wgs84_from_gcj02(place)
                where = {"longitude": true.longitude, "latitude": true.latitude}
                camera = camera.model_copy(update=where)
            cameras.append(camera)
        header = self.site.model_copy(update={"datum": "wgs84"})
        return Site(site=header, cameras=tuple(cameras), roads=self.roads)


def load_site(path: Path | str) -> Site:
    """Read and check a site file.

    Returns:
        The site with all places in WGS-84, whatever the file's datum.

    Raises:
        SettingsError: the file has an error; the message begins with `file:line:`.
    """
    # Imported here: the checks are written in terms of the models above.
    from yanji.configs.site_check import read_site

    return read_site(Path(path)).in_wgs84()
