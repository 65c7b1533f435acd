"""What the archive holds, over HTTP: lists, pages, single sightings, crops, cameras, the site."""

from __future__ import annotations

import json

import pytest

from yanji.api.pictures import picture_path
from yanji.api.plan import CameraBeat, WorkerBeat, WriterBeat
from yanji.configs.site import load_site

API = "/api/v1"
CASE = {"Yanji-Case": "2026-17", "Yanji-Reason": "r"}


def page(api, **asked):
    answer = api.get(f"{API}/sightings", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("limit", [1, 2, 7])
def test_pages_show_everything_once_in_order(api, served, order, limit):
    seen, cursor = [], None
    while True:
        asked = {"limit": limit, "order": order} | ({"cursor": cursor} if cursor else {})
        found = page(api, **asked)
        assert len(found["sightings"]) <= limit
        seen += [one["sighting_id"] for one in found["sightings"]]
        cursor = found["next"]
        if cursor is None:
            break
    stored = served.desk.reader.sightings(newest_first=order == "newest")
    assert seen == [one.sighting_id for one in stored]


def test_filters_of_a_list(api):
    everything = page(api, limit=500)["sightings"]
    one = page(api, limit=500, camera="K03")["sightings"]
    assert {s["camera_id"] for s in one} == {"K03"}
    both = page(api, limit=500, camera=["K03", "K04"])["sightings"]
    assert both == everything
    middle = everything[len(everything) // 2]["first_seen"]
    assert all(s["last_seen"] >= middle for s in page(api, **{"from": middle})["sightings"])
    assert all(s["first_seen"] <= middle for s in page(api, to=middle)["sightings"])
    cars = page(api, **{"class": "four_wheel"})["sightings"]
    assert {s["class"] for s in cars} <= {"car", "van", "truck", "bus"}
    assert page(api, **{"from": "2030-01-01T00:00:00"})["sightings"] == []


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"limit": 0}, 422, "invalid"),
        ({"limit": 501}, 422, "invalid"),
        ({"order": "score"}, 422, "invalid"),
        ({"cursor": "nonsense"}, 422, "invalid"),
        ({"cursor": "é"}, 422, "invalid"),
        ({"cursor": "bzEgMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA"}, 422, "invalid"),
        ({"from": "now"}, 422, "bad_time"),
        ({"camera": "K99"}, 404, "unknown_camera"),
        ({"class": "person"}, 422, "invalid"),
    ],
)
def test_wrong_lists_are_refused(api, refused, asked, status, code):
    refused(api.get(f"{API}/sightings", params=asked), status, code)


def test_one_sighting_with_its_crops(api, served):
    listed = page(api, limit=1)["sightings"][0]
    found = api.get(f"{API}/sightings/{listed['sighting_id']}").json()
    assert {key: found[key] for key in listed} == listed
    assert [crop["url"] for crop in found["crop_details"]] == listed["crops"]
    for crop in found["crop_details"]:
        answer = api.get(crop["url"])
        assert answer.status_code == 200
        assert answer.content[:3] == b"\xff\xd8\xff"
        x1, y1, x2, y2 = crop["box"]
        assert x1 < x2
        assert y1 < y2


def test_unknown_ids(api, refused):
    refused(api.get(f"{API}/sightings/{'0' * 32}"), 404, "unknown_sighting")
    refused(api.get(f"{API}/crops/{'0' * 64}"), 404, "unknown_crop")
    refused(api.get(f"{API}/cameras/K99"), 404, "unknown_camera")
    refused(api.get(f"{API}/cameras/K99/picture"), 404, "unknown_camera")
    refused(api.get(f"{API}/cameras/K03/picture"), 404, "not_found")
    for wrong in ("zzz", "..%2F..%2Farchive.db", "0" * 63):
        refused(api.get(f"{API}/crops/{wrong}"), 422 if "%2F" not in wrong else 404, "invalid" if "%2F" not in wrong else "not_found")  # fmt: skip  # noqa: E501
        refused(api.get(f"{API}/sightings/{wrong}"), 422 if "%2F" not in wrong else 404, "invalid" if "%2F" not in wrong else "not_found")  # fmt: skip  # noqa: E501


def test_the_site(api, served):
    site = api.get(f"{API}/site").json()
    stored = served.desk.reader.sightings()
    assert (site["name"], site["timezone"]) == ("雁城", "Asia/Shanghai")
    assert site["num_cameras"] == 4
    assert site["num_sightings"] == len(stored)
    assert site["first_seen"] == page(api, order="oldest", limit=1)["sightings"][0]["first_seen"]
    assert site["last_seen"] == max(s["last_seen"] for s in page(api, limit=500)["sightings"])
    assert site["live"] is False
    assert site["basemap"] is None
    assert "hit_and_run" in site["purposes"]
    assert {"car", "two_wheeler"} <= set(site["classes"])


def test_the_roads(api):
    roads = api.get(f"{API}/roads").json()["roads"]
    assert {"from_camera": "K01", "to_camera": "K02", "distance_m": 86.0, "oneway": False} in roads


def test_cameras_that_are_not_watched_are_recorded(api, served):
    cameras = api.get(f"{API}/cameras").json()["cameras"]
    assert [camera["camera_id"] for camera in cameras] == ["K01", "K02", "K03", "K04"]
    assert {camera["state"] for camera in cameras} == {"recorded"}
    by_id = {camera["camera_id"]: camera for camera in cameras}
    assert by_id["K01"]["num_sightings"] == 0
    assert by_id["K01"]["last_seen"] is None
    assert by_id["K03"]["num_sightings"] > 0
    assert by_id["K03"]["name"] == "长桥东"
    assert api.get(f"{API}/cameras/K03").json() == by_id["K03"]


def beat(camera_id: str, state: str, **changes: object) -> CameraBeat:
    fields: dict[str, object] = {
        "camera_id": camera_id, "state": state, "fps_in": 25.0, "fps_analysed": 5.0, "lag_s": 0.2,
        "num_frames": 100, "num_dropped": 3, "num_reconnects": 1, "num_sightings": 7,
        "last_frame_wall_ns": None, "capture_silent_s": 0.0,
    }  # fmt: skip
    return CameraBeat(**(fields | changes))  # type: ignore[arg-type]


def test_live_cameras_show_their_beats_outages_and_pictures(serve, town, tmp_path, refused):
    site = load_site(town.site)
    with serve(town.archive, site, live=True, open_metrics=True) as served:
        beats = [beat("K03", "up", cpu_s=12.5, camera_ahead_s=-0.25), beat("K04", "down")]
        worker = WorkerBeat(0, (), 9, 1.5, 0.25, 2, 3, cpu_s=20.5)
        served.desk.cameras.update(beats, WriterBeat("writing", "", 5, 0, 1), [worker])
        with served.client() as client:
            health = client.get(f"{API}/health").json()
            assert health["status"] == "degraded"
            assert health["cameras"] == {"total": 4, "up": 1, "down": 1, "degraded": 0}
            assert health["archive"]["state"] == "writing"
            cameras = {c["camera_id"]: c for c in client.get(f"{API}/cameras").json()["cameras"]}
            assert cameras["K03"]["state"] == "up"
            assert (cameras["K03"]["fps"], cameras["K03"]["analysed_fps"]) == (25.0, 5.0)
            assert cameras["K03"]["num_dropped"] == 3
            assert cameras["K04"]["state"] == "down"
            assert cameras["K01"]["state"] == "recorded"
            assert cameras["K01"]["fps"] is None
        with served.client({}) as nobody:
            text = nobody.get("/metrics").text
            assert 'yanji_camera_fps{camera="K03"} 25.0' in text
            assert 'yanji_camera_state{camera="K04",state="down"} 1.0' in text
            assert 'yanji_camera_state{camera="K04",state="up"} 0.0' in text
            assert 'yanji_camera_dropped_frames_total{camera="K03"} 3.0' in text
            for family in ("analysed_fps", "lag_seconds", "reconnects_total", "sightings_total"):
                assert f'yanji_camera_{family}{{camera="K03"}}' in text
            assert 'yanji_camera_cpu_seconds_total{camera="K03"} 12.5' in text
            assert 'yanji_camera_clock_ahead_seconds{camera="K03"} -0.25' in text
            assert 'yanji_camera_clock_ahead_seconds{camera="K04"}' not in text
            assert 'yanji_worker_cpu_seconds_total{worker="0"} 20.5' in text
            assert 'yanji_worker_inference_seconds_total{stage="detect",worker="0"} 1.5' in text
            assert 'yanji_worker_inference_seconds_total{stage="describe",worker="0"} 0.25' in text
            assert 'yanji_worker_queue_length{queue="frames",worker="0"} 2.0' in text
            assert 'yanji_worker_queue_length{queue="messages",worker="0"} 3.0' in text
            assert "yanji_writer_sightings_total 5.0" in text
            refused(nobody.get(f"{API}/site"), 401, "unauthorised")
        served.desk.cameras.update([beat("K03", "up")], WriterBeat("disk_full", "full", 5, 0, 1))
        with served.client() as client:
            health = client.get(f"{API}/health").json()
            assert (health["status"], health["archive"]["state"]) == ("degraded", "disk_full")
            assert health["archive"]["detail"] == "full"


def test_a_camera_that_the_machine_does_not_keep_up_with_is_degraded(serve, town):
    with serve(town.archive, load_site(town.site), live=True, open_metrics=True) as served:
        served.desk.cameras.update([beat("K03", "up", degraded=True), beat("K04", "up")])
        with served.client() as client:
            health = client.get(f"{API}/health").json()
            assert health["status"] == "degraded"
            assert health["cameras"] == {"total": 4, "up": 2, "down": 0, "degraded": 1}
            cameras = {c["camera_id"]: c for c in client.get(f"{API}/cameras").json()["cameras"]}
            assert [cameras[one]["degraded"] for one in ("K01", "K03", "K04")] == [
                False,
                True,
                False,
            ]
            text = client.get("/metrics").text
            assert 'yanji_camera_degraded{camera="K03"} 1.0' in text
            assert 'yanji_camera_degraded{camera="K04"} 0.0' in text


def test_the_latest_picture_of_a_camera(serve, town, tmp_path, photo, refused, monkeypatch):
    site = load_site(town.site)
    with serve(town.archive, site, pictures=tmp_path) as served, served.client() as client:
        assert client.get(f"{API}/cameras/K03").json()["picture"] is None
        refused(client.get(f"{API}/cameras/K03/picture"), 404, "not_found")
        picture_path(tmp_path, "K03").write_bytes(photo)
        camera = client.get(f"{API}/cameras/K03").json()
        assert camera["picture"] == f"{API}/cameras/K03/picture"
        assert camera["picture_at"] is not None
        answer = client.get(camera["picture"])
        assert answer.content == photo
        assert answer.headers["content-type"] == "image/jpeg"
        assert "no-store" in answer.headers["cache-control"]


def test_the_sites_own_map(serve, town, tmp_path, refused, api):
    refused(api.get(f"{API}/basemap"), 404, "not_found")
    drawn = {"type": "FeatureCollection", "features": []}
    (tmp_path / "map.geojson").write_text(json.dumps(drawn), encoding="utf-8")
    site = load_site(town.site)
    header = site.site.model_copy(update={"basemap": str(tmp_path / "map.geojson")})
    site = site.model_copy(update={"site": header})
    with serve(town.archive, site) as served, served.client() as client:
        assert client.get(f"{API}/site").json()["basemap"] == {
            "kind": "geojson",
            "url": f"{API}/basemap",
        }
        answer = client.get(f"{API}/basemap")
        assert answer.json() == drawn
        assert answer.headers["content-type"] == "application/geo+json"
        part = client.get(f"{API}/basemap", headers={"Range": "bytes=2-5"})
        assert (part.status_code, part.text) == (206, json.dumps(drawn)[2:6])


def test_gaps(serve, filled, refused):
    from yanji.index.writer import open_archive
    from yanji.ingest.gap import Gap

    hour_ns = 3600 * 10**9
    begin = 1_795_132_800 * 10**9
    with open_archive(filled, low_water_bytes=0) as writer:
        lost = Gap("K01", begin, begin + hour_ns, "lost")
        writer.write_gaps([lost, Gap("K02", begin + 2 * hour_ns, None, "unreachable")])
    with serve(filled, live=True) as served, served.client() as client:
        served.desk.cameras.update([beat("K01", "up"), beat("K02", "down")])
        found = client.get(f"{API}/gaps").json()["gaps"]
        assert [(g["camera_id"], g["to"] is None, g["cause"]) for g in found] == [
            ("K01", False, "lost"),
            ("K02", True, "unreachable"),
        ]
        only = client.get(f"{API}/gaps", params={"camera": "K02"}).json()["gaps"]
        assert only == found[1:]
        before = client.get(f"{API}/gaps", params={"to": "2026-11-20T00:30:00Z"}).json()["gaps"]
        assert before == found[:1]
        refused(client.get(f"{API}/gaps", params={"camera": "K99"}), 404, "unknown_camera")
        camera = client.get(f"{API}/cameras/K02").json()
        assert camera["state"] == "down"
        assert camera["since"] == found[1]["from"]
        assert camera["cause"] == "unreachable"


def test_the_door_for_probes(served):
    with served.client({}) as nobody:
        assert nobody.get("/live").json() == {"status": "live", "detail": ""}
        assert nobody.get("/ready").json() == {"status": "ready", "detail": ""}
    with served.client() as client:
        text = client.get("/metrics").text
        assert "yanji_archive_sightings" in text
        assert "yanji_archive_free_bytes" in text
        assert (
            'route="/api/v1/sightings/{sighting_id}"' in text or "yanji_api_requests_total" in text
        )
        assert "yanji_api_request_seconds_bucket" in text
