"""What several cameras and roads of a site can only get wrong together.

Every rule takes the entries by their position in the file and yields findings. Entries with an
error of their own are left out; of such cameras the ids are known (`unread`).
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from yanji.configs.datum import in_china, wgs84_from_gcj02
from yanji.configs.distance import Place, distance_m
from yanji.configs.finding import Finding, Location, did_you_mean, line_of
from yanji.configs.site import Camera, Road, SiteHeader

FASTEST_KMH, SLOWEST_KMH = 200.0, 1.0
"""Outside of this a usual speed is a mistake (metres per second, or a stop)."""
SHORTEST_SHARE, SLACK_M = 0.95, 30.0
"""A road may be 5 %, and 30 m (a camera stands beside its view), shorter than the straight line."""
LONGEST_SHARE = 20.0
LARGEST_SITE_M = 300_000.0
NEAR_M = 100_000.0
"""A swapped place within this distance of the others, when the given one is not, is no accident."""

Lines = Mapping[Location, int]
Cameras = Mapping[int, Camera]
Roads = Mapping[int, Road]
UnreadIds = Mapping[int, str]


def check_ids(cameras: Cameras, lines: Lines, unread: UnreadIds) -> Iterator[Finding]:
    """Find ids and URLs that are there twice."""
    by_id: dict[str, int] = {}
    by_folded: dict[str, str] = {}
    by_url: dict[str, str] = {}
    ids = {number: camera.id for number, camera in cameras.items()} | dict(unread)
    for number in sorted(ids):
        camera_id = ids[number]
        line = line_of(("cameras", number, "id"), lines)
        if camera_id in by_id:
            before = line_of(("cameras", by_id[camera_id], "id"), lines)
            first = f", first on line {before}" if before is not None else ""
            message = f"The camera id `{camera_id}` is given twice{first}."
            hint = "Ids that look alike are the same id (Unicode NFC). Rename one."
            yield Finding("error", "duplicate_camera", message, hint, line)
            continue
        by_id[camera_id] = number
        folded = camera_id.casefold()
        if folded in by_folded:
            message = f"The camera ids `{by_folded[folded]}` and `{camera_id}` differ only in case."
            yield Finding("warning", "similar_camera", message, "Rename one.", line)
        by_folded.setdefault(folded, camera_id)
    for number, camera in cameras.items():
        for key, url in (("url", camera.url), ("detect_url", camera.detect_url)):
            before_id = camera.id if url is None else by_url.setdefault(url, camera.id)
            if before_id != camera.id:
                message = f"The cameras `{before_id}` and `{camera.id}` have the same URL."
                hint = "Every vehicle would be seen twice. Correct one of the URLs."
                line = line_of(("cameras", number, key), lines)
                yield Finding("warning", "same_url", message, hint, line)


def check_cameras(cameras: Cameras, lines: Lines) -> Iterator[Finding]:
    """Find cameras that say only half of what belongs together."""
    for number, camera in cameras.items():
        line = line_of(("cameras", number), lines)
        if camera.password_env is not None and camera.username is None:
            message = f"The camera `{camera.id}` has a `password_env` but no `username`."
            yield Finding("error", "no_username", message, "Add `username`.", line)
        if camera.analyse_fps_min is not None and camera.analyse_fps_min > camera.analyse_fps:
            message = f"The camera `{camera.id}` has an `analyse_fps_min` above its `analyse_fps`."
            yield Finding("error", "analyse_fps_min", message, "Lower `analyse_fps_min`.", line)
        yield from _sub_stream(camera, line_of(("cameras", number, "detect_url"), lines))
        if camera.longitude is None and camera.latitude is None:
            message = f"The camera `{camera.id}` has no place."
            hint = "Add `longitude` and `latitude`; without them a trace goes by time alone."
            yield Finding("warning", "no_place", message, hint, line)
        elif camera.place is None:
            missing = "latitude" if camera.latitude is None else "longitude"
            message = f"The camera `{camera.id}` has no `{missing}`."
            yield Finding("error", "half_place", message, f"Add `{missing}`.", line)


def _sub_stream(camera: Camera, line: int | None) -> Iterator[Finding]:
    """Find a `detect_url` that does not go with the rest of its camera."""
    if camera.detect_url is None:
        return
    name = f"The camera `{camera.id}` has a `detect_url`"
    if camera.url is None:
        hint = "Add the main stream as `url`, or call the sub-stream `url`."
        yield Finding("error", "detect_url", f"{name} but no `url`.", hint, line)
        return
    if camera.url == camera.detect_url:
        hint = "Name the camera's sub-stream, or leave `detect_url` out."
        yield Finding("error", "detect_url", f"{name} that is its `url`.", hint, line)
    if camera.decode == "key_frames":
        message = f"{name} and `decode: key_frames`, which loses many vehicles and saves little."
        hint = "Leave `decode` out: of the main stream only key frames are decoded anyway."
        yield Finding("error", "detect_url", message, hint, line)
    if urlsplit(camera.url).hostname != urlsplit(camera.detect_url).hostname:
        message = f"{name} on another host than its `url`."
        hint = "Both are given the same password. Check that both are of one camera."
        yield Finding("warning", "detect_url", message, hint, line)


def check_places(header: SiteHeader, cameras: Cameras, lines: Lines) -> Iterator[Finding]:
    """Find places that are swapped, far from the others or in the wrong datum."""
    places = {n: camera.place for n, camera in cameras.items() if camera.place is not None}
    if header.datum == "gcj02":
        for number, place in places.items():
            if not in_china(place) and not in_china(_swapped(place)):
                message = f"The camera `{cameras[number].id}` is outside China, where gcj02 ends."
                hint = "Use `datum: wgs84`, or correct the place."
                line = line_of(("cameras", number, "longitude"), lines)
                yield Finding("error", "datum", message, hint, line)
    if len(places) < 2:
        return
    middle = Place(
        statistics.median(place.longitude for place in places.values()),
        statistics.median(place.latitude for place in places.values()),
    )
    if len(places) == 2:
        middle = next(iter(places.values()))
    far: list[tuple[float, int]] = []
    for number, place in places.items():
        away_m = distance_m(place, middle)
        if away_m <= LARGEST_SITE_M / 2:
            continue
        if abs(place.longitude) <= 90 and distance_m(_swapped(place), middle) <= NEAR_M:
            message = (
                f"Latitude and longitude of the camera `{cameras[number].id}` look swapped: "
                "exchanged they are near the other cameras."
            )
            line = line_of(("cameras", number, "latitude"), lines)
            yield Finding("error", "swapped_place", message, "Exchange the two.", line)
        else:
            far.append((away_m, number))
    if far:
        away_m, number = max(far)
        message = (
            f"The site is wider than {LARGEST_SITE_M / 1000:.0f} km: the camera "
            f"`{cameras[number].id}` is {away_m / 1000:.0f} km from the middle"
            + (f", and {len(far) - 1} more are far from it." if len(far) > 1 else ".")
        )
        line = line_of(("cameras", number, "longitude"), lines)
        yield Finding("warning", "wide_site", message, "Check the places.", line)


def check_roads(
    header: SiteHeader, cameras: Cameras, roads: Roads, lines: Lines, unread: UnreadIds
) -> Iterator[Finding]:
    """Find roads that lead nowhere, are there twice, or cannot be driven as they say."""
    camera_of = {camera.id: camera for camera in cameras.values()}
    known = camera_of.keys() | unread.values()
    seen: dict[tuple[str, str], int] = {}
    for number, road in roads.items():
        base: Location = ("roads", number)
        ends = (road.from_camera, road.to_camera)
        name = f"The road from `{ends[0]}` to `{ends[1]}`"
        for key, camera_id in zip(("from", "to"), ends, strict=True):
            if camera_id not in known:
                message = f"A road leads nowhere: there is no camera `{camera_id}`."
                hint = did_you_mean(camera_id, known) or "Correct the id or add the camera."
                line = line_of((*base, key), lines)
                yield Finding("error", "road_to_nowhere", message, hint, line)
        line = line_of(base, lines)
        if ends[0] == ends[1]:
            message = f"A road leads from the camera `{ends[0]}` to itself."
            yield Finding("error", "road_to_itself", message, "Name two cameras.", line)
            continue
        ways = [ends] if road.oneway else [ends, ends[::-1]]
        before = next((seen[way] for way in ways if way in seen), None)
        if before is not None:
            first = line_of(("roads", before), lines)
            message = f"{name} is given twice" + (f", first on line {first}." if first else ".")
            hint = "Roads are driven both ways unless they say `oneway: true`. Keep one."
            yield Finding("error", "duplicate_road", message, hint, line)
        for way in ways:
            seen.setdefault(way, number)
        yield from _speed(road, name, line_of((*base, "speed_kmh"), lines))
        line = line_of((*base, "distance_m"), lines)
        yield from _length(header, camera_of, road, name, line)


def _speed(road: Road, name: str, line: int | None) -> Iterator[Finding]:
    slowest, fastest = road.speed_kmh
    hint = "Give the slowest and the fastest usual speed in km/h, like [15, 60]."
    if slowest <= 0 or fastest <= 0:
        yield Finding("error", "absurd_speed", f"{name} has a speed of 0 or less.", hint, line)
    elif slowest > fastest:
        message = f"{name} has a slowest speed above its fastest one."
        yield Finding("error", "absurd_speed", message, hint, line)
    elif fastest > FASTEST_KMH:
        message = f"{name} is driven at {fastest:g} km/h."
        yield Finding("error", "absurd_speed", message, hint, line)
    elif slowest < SLOWEST_KMH:
        message = f"{name} has a slowest speed of {slowest:g} km/h."
        yield Finding("warning", "absurd_speed", message, hint, line)


def _length(
    header: SiteHeader, camera_of: Mapping[str, Camera], road: Road, name: str, line: int | None
) -> Iterator[Finding]:
    ends = [camera_of.get(camera_id) for camera_id in (road.from_camera, road.to_camera)]
    places = [camera.place for camera in ends if camera is not None and camera.place is not None]
    if len(places) < 2:
        return
    if header.datum == "gcj02":
        places = [wgs84_from_gcj02(place) for place in places]
    straight_m = distance_m(*places)
    numbers = f"{road.distance_m:.0f} m long; the straight line is {straight_m:.0f} m"
    if road.distance_m < straight_m * SHORTEST_SHARE and road.distance_m < straight_m - SLACK_M:
        hint = "Correct `distance_m` (metres, not kilometres) or the places."
        yield Finding("error", "short_road", f"{name} is only {numbers}.", hint, line)
    elif road.distance_m > max(straight_m, SLACK_M) * LONGEST_SHARE:
        yield Finding("warning", "long_road", f"{name} is {numbers}.", "Check both.", line)


def _swapped(place: Place) -> Place:
    return Place(place.latitude, place.longitude)
