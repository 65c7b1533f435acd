"""Uploads: bounded while they come in, decoded strictly, held in memory only, never a path."""

from __future__ import annotations

import io
import socket
import struct
import zlib
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

from yanji.api.web.body_limit import MAX_PICTURE_BYTES

API = "/api/v1"


def upload(api, content, name="photo.jpg", **headers):
    return api.post(
        f"{API}/snapshots", files={"file": (name, content, "image/jpeg")}, headers=headers
    )


def test_a_snapshot_is_held_with_its_vehicles_largest_first(api, snapshot):
    assert (snapshot["width"], snapshot["height"]) == (960, 540)
    assert snapshot["taken"] is None
    areas = [
        (x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in (one["box"] for one in snapshot["vehicles"])
    ]
    assert len(areas) >= 2
    assert areas == sorted(areas, reverse=True)
    again = api.get(f"{API}/snapshots/{snapshot['snapshot_id']}")
    assert again.json() == snapshot


def test_the_same_file_has_the_same_id(api, photo, snapshot):
    again = upload(api, photo, name="another name.png")
    assert again.status_code == 201
    assert again.json() == snapshot


def test_the_picture_is_a_new_jpeg_without_the_notes_of_the_file(api, encoded):
    exif = Image.Exif()
    exif[0x010E] = "a secret of the camera"
    held = upload(api, encoded(width=2000, height=1000, exif=exif)).json()
    answer = api.get(held["picture"])
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"].startswith("private")
    assert b"secret" not in answer.content
    with Image.open(io.BytesIO(answer.content)) as shown:
        assert shown.size == (1600, 800)
        assert shown.format == "JPEG"
    assert (held["width"], held["height"]) == (2000, 1000)


def test_heads_are_blurred_in_the_picture(api, photo, snapshot, served):
    """Of the persons that the detector sees, if any, no detail is left in the picture shown."""
    from yanji.detect.blur import head_boxes
    from yanji.ingest.snapshot import read_snapshot

    found = served.desk.models.find(read_snapshot(photo))
    assert len(found.persons_M4), "the snapshot shows a rider"
    shown = np.asarray(Image.open(io.BytesIO(api.get(snapshot["picture"]).content)).convert("L"))
    given = np.asarray(Image.open(io.BytesIO(photo)).convert("L"))
    details = []
    for x1, y1, x2, y2 in head_boxes(found.persons_M4).round().astype(int).clip(0):
        if min(x2 - x1, y2 - y1) >= 12:
            details += [
                [np.abs(np.diff(one[y1:y2, x1:x2].astype(int))).mean() for one in (given, shown)]
            ]
    assert details, "no head of the snapshot is large enough to tell"
    for before, after in details:
        assert after < 0.6 * before


def test_rotation_is_honoured(api, encoded):
    exif = Image.Exif()
    exif[0x0112] = 6
    held = upload(api, encoded(width=120, height=80, exif=exif)).json()
    assert (held["width"], held["height"]) == (80, 120)
    with Image.open(io.BytesIO(api.get(held["picture"]).content)) as shown:
        assert shown.size == (80, 120)


@pytest.mark.parametrize(
    ("original", "offset", "taken"),
    [
        ("2026:11:20 08:15:30", "", "2026-11-20T08:15:30.000+08:00"),
        ("2026:11:20 08:15:30", "+09:00", "2026-11-20T07:15:30.000+08:00"),
        ("2026:11:20 08:15:30", "nonsense", "2026-11-20T08:15:30.000+08:00"),
        ("0000:00:00 00:00:00", "", None),
        ("2026:13:40 99:99:99", "", None),
        ("yesterday", "", None),
        ("", "", None),
    ],
)
def test_the_time_of_the_camera_is_read_in_the_sites_zone(api, encoded, original, offset, taken):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = original
    if offset:
        exif.get_ifd(0x8769)[0x9011] = offset
    seed = 40 + len(original) + len(offset)
    held = upload(api, encoded(width=seed, height=41, exif=exif)).json()
    assert held["taken"] == taken


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_every_format_is_read(api, encoded, kind):
    held = upload(api, encoded(kind, 90, 70))
    assert held.status_code == 201, held.text
    assert (held.json()["width"], held.json()["height"]) == (90, 70)


def test_heic_is_read(api):
    heif = pytest.importorskip("pillow_heif")
    target = io.BytesIO()
    picture = Image.fromarray(np.full((64, 96, 3), 90, np.uint8))
    try:
        heif.from_pillow(picture).save(target)
    except (OSError, RuntimeError, ValueError):
        pytest.skip("this build cannot write HEIC")
    held = upload(api, target.getvalue(), name="IMG_0001.HEIC")
    assert held.status_code == 201, held.text
    assert (held.json()["width"], held.json()["height"]) == (96, 64)


def test_no_vehicle_is_an_empty_list(api, encoded):
    grey = io.BytesIO()
    Image.new("RGB", (320, 200), (120, 120, 120)).save(grey, "PNG")
    assert upload(api, grey.getvalue()).json()["vehicles"] == []


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "..\\..\\boot.ini",
        "/abs.jpg",
        "雁.jpg",
        "a\x00b.jpg",
        "x" * 4000,
        "",
        ".",
    ],
)
def test_the_file_name_does_not_matter(api, served, snapshot, photo, name):
    before = {path for path in served.desk.reader.folder.rglob("*") if path.is_file()}
    answer = upload(api, photo, name=name)
    assert answer.json() == snapshot
    after = {path for path in served.desk.reader.folder.rglob("*") if path.is_file()}
    assert after == before, "an upload is never stored"


def bomb(side: int) -> bytes:
    """A PNG of a few kilobytes that says it is side x side."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000), 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def test_a_bomb_is_refused_by_its_header(api, refused):
    found = refused(upload(api, bomb(50_000)), 422, "picture_too_many_pixels")
    assert "25" in found["title"]


def test_what_is_no_picture_is_refused_with_a_sentence(api, refused, photo, encoded):
    refused(upload(api, b""), 422, "picture_empty")
    refused(upload(api, photo[: len(photo) // 2]), 422, "picture_damaged")
    refused(upload(api, b"<svg xmlns='http://www.w3.org/2000/svg'/>"), 422, "picture_format")
    refused(upload(api, b"%PDF-1.7 ..."), 422, "picture_format")
    refused(upload(api, encoded("PNG")[:60]), 422, "picture_damaged")


@pytest.mark.parametrize("tail", [b"PK\x03\x04" + b"z" * 200, b"<script>alert(1)</script>" * 8])
def test_a_file_that_is_two_is_refused(api, refused, encoded, tail):
    refused(upload(api, encoded() + tail), 422, "picture_trailing")


def test_a_picture_that_is_too_large_is_refused(api, refused):
    found = refused(upload(api, b"\xff\xd8\xff" + bytes(MAX_PICTURE_BYTES)), 413, "too_large")
    assert "20 MiB" in found["title"]


def raw_request(served, lines: list[str], body: bytes, until: bytes = b"too_large") -> str:
    """Send a request byte by byte as written; returns the beginning of the answer."""
    where = urlsplit(served.url)
    head = "\r\n".join(
        [
            lines[0],
            f"Host: {where.netloc}",
            "Authorization: Bearer canary-token-7f3a9c51e2",
            *lines[1:],
        ]
    )
    with socket.create_connection((where.hostname, where.port), timeout=20) as line:
        line.sendall(head.encode() + b"\r\n\r\n" + body)
        answer = b""
        while until not in answer and (piece := line.recv(65_536)):
            answer += piece
    return answer.decode()


def test_a_length_that_is_too_much_is_refused_before_the_body_comes(served):
    lines = [
        f"POST {API}/snapshots HTTP/1.1",
        "Content-Type: multipart/form-data; boundary=b",
        f"Content-Length: {2**40}",
    ]
    assert raw_request(served, lines, b"").startswith("HTTP/1.1 413")


def test_a_body_without_a_length_is_counted(served):
    part = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n'
    piece = bytes(2**20)
    chunks = [part, *[piece] * 21]
    body = b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in chunks)
    lines = [
        f"POST {API}/snapshots HTTP/1.1",
        "Content-Type: multipart/form-data; boundary=b",
        "Transfer-Encoding: chunked",
    ]
    # No end of the body: it is refused while it is still coming in.
    assert raw_request(served, lines, body).startswith("HTTP/1.1 413")


def test_a_large_json_is_refused(api, refused):
    answer = api.post(f"{API}/search", content=b"[" + b"1," * 2**20 + b"1]")
    refused(answer, 413, "too_large")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b"--b--"),
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", b"nonsense"),
        ("multipart/form-data; boundary=b", b"--b--\r\n"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\ncut off',
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n--b--\r\n',
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n' * 2 + b"--b--\r\n",
        ),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n",
        ),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nX: " + b"y" * 9000 + b"\r\n\r\nx\r\n--b--\r\n",
        ),
    ],
)
def test_a_form_that_is_none_is_refused(api, refused, content_type, body):
    answer = api.post(f"{API}/snapshots", content=body, headers={"Content-Type": content_type})
    refused(answer, 422, "invalid")


def test_an_unknown_snapshot(api, refused):
    for path in ("", "/picture"):
        refused(api.get(f"{API}/snapshots/{'0' * 64}{path}"), 404, "unknown_snapshot")
        refused(api.get(f"{API}/snapshots/zzz{path}"), 422, "invalid")


def test_a_line_that_breaks_does_not_keep_its_place(served, monkeypatch):
    from yanji.api.web import uploads

    monkeypatch.setattr(uploads, "READ_S", 0.2)
    lines = [
        f"POST {API}/snapshots HTTP/1.1",
        "Content-Type: multipart/form-data; boundary=b",
        "Content-Length: 5000",
    ]
    answer = raw_request(served, lines, b"--b\r\n", until=b"too_slow")
    assert answer.startswith("HTTP/1.1 408")
    assert served.desk.lanes.uploads.borrowed_tokens == 0


def test_the_bomb_costs_no_memory(served, refused):
    """It says 2.5 billion pixels; what the process ever held in memory hardly grows by it."""
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with served.client() as client:
        for side in (6_000, 50_000, 65_000):
            answer = client.post(f"{API}/snapshots", files={"file": bomb(side)})
            refused(answer, 422, "picture_too_many_pixels")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000, "kilobytes"
