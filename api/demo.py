"""`yanji demo`: the whole path on rendered clips, and a judge that compares with the truth.

The clips are played over RTSP by a server of their own, and everything after that is what an
installation does: capture, detector, tracker, embedder, archive, search, trace. The truth of the
clips is used at the end only, to judge.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from yanji.api.demo_judge import RouteVerdict, Shown, Witness, judge_route
from yanji.api.demo_page import DemoPage
from yanji.api.plan import CameraPlan
from yanji.api.query import Query, load_models, read_query
from yanji.api.questions import Case, Traced, ask_search, ask_trace, graph_of, open_case
from yanji.api.route_map import map_cameras, route_map, write_map
from yanji.api.supervisor import Supervisor
from yanji.configs.networks import SCHEMES
from yanji.configs.settings import Settings
from yanji.configs.site import Site, load_site
from yanji.index.hit import Filter, Hit
from yanji.index.reader import ArchiveReader, read_archive
from yanji.index.route import QueryPoint, Trace
from yanji.ingest.rtsp_server import serve_folder
from yanji.ingest.testcity.demo_data import SNAPSHOT_FILE, snapshot_of
from yanji.ingest.testcity.truth import CityTruth, TrueSnapshot, read_truth

TIME_LIMIT_S = 130.0
"""For playing clips of 50 s on a machine that is busy otherwise."""
_END_S = 3.0
"""A run begins late and its last frames may be lost: so much earlier than its clip it may end."""
WINDOW_S = 3600
CASE, REASON = "DEMO-1", "hit and run (demonstration on rendered clips)"
NOTE = "Rendered pictures; not accuracy on real streets."


@dataclass(frozen=True, slots=True)
class CameraVerdict:
    """What came first at a camera, and what it truly was."""

    camera_id: str
    passed: bool
    """Whether the vehicle truly passed there."""
    best: Hit | None
    identity: str | None
    """Of the vehicle of the best hit, by the truth; None if it is no vehicle of the clip."""
    margin: float | None
    """Cosine of the best hit less that of the best other vehicle."""
    right: bool
    """Whether the best hit is the vehicle; where it never passed, always."""


@dataclass(frozen=True, slots=True)
class Played:
    """How the playing went."""

    seconds: float
    num_dropped: int = 0
    """Frames that were to be analysed and were given up, because the machine was too slow."""
    num_wanted: int = 0
    """Frames that were to be analysed, about."""


@dataclass(frozen=True, slots=True)
class DemoResult:
    """Everything that the demo shows."""

    site: Site
    query: Query
    point: QueryPoint
    case: Case
    traced: Traced
    route: RouteVerdict
    verdicts: tuple[CameraVerdict, ...]
    num_sightings: int
    played: Played
    window_s: int = WINDOW_S
    """How far before and after the snapshot was looked."""

    @property
    def right(self) -> bool:
        """Whether the best route is the true one."""
        return self.route.right


def run_demo(
    clips: Path,
    archive: Path,
    settings: Settings,
    say: Callable[[str], None],
    map_path: Path | None = None,
    page: DemoPage | None = None,
) -> DemoResult:
    """Play, index live, search, trace, judge, draw.

    Args:
        clips: folder of clips, site, snapshot and truth.
        archive: a folder for the archive; should be new.
        settings: models and runtime; the archive's folder is `archive`.
        say: told what happens, a line at a time.
        map_path: where the map goes; None draws none.
        page: is opened before anything is played, and left open.

    Raises:
        YanjiError: a stage cannot work; its message says which and why.
    """
    truth = read_truth(clips)
    snapshot_of(truth)
    with tempfile.TemporaryDirectory(prefix="yanji-demo-") as scratch, ExitStack() as stack:
        server = stack.enter_context(serve_folder(clips))
        site = live_site(clips / "site.yaml", server.url_of, Path(scratch))
        if page is not None:
            page.open(site, archive)
        say(f"playing {len(site.cameras)} cameras over RTSP for {truth.duration_s:.0f} s")
        played = _play(site, truth, archive, settings, say, page)
    return ask_and_judge(clips, archive, site, truth, settings, played, map_path)


def ask_and_judge(
    clips: Path,
    archive: Path,
    site: Site,
    truth: CityTruth,
    settings: Settings,
    played: Played,
    map_path: Path | None = None,
) -> DemoResult:
    """Search and trace the snapshot's vehicle in an archive of the clips; judge by the truth."""
    detector, embedder = load_models(settings)
    snapshot = snapshot_of(truth)
    query = read_query(clips / SNAPSHOT_FILE, snapshot.box_px, detector, embedder)
    case = open_case(settings, CASE, REASON, None)
    with read_archive(archive) as reader:
        point = _query_point(reader, truth, snapshot)
        traced = ask_trace(
            reader,
            query.embedding,
            graph_of(site, reader),
            point,
            WINDOW_S,
            case,
            image_sha256=query.image_sha256,
            parameters={"at": snapshot.camera_id, "time_ns": point.first_ns},
            look=query.look,
        )
        traced = replace(traced, trace=without_ends(traced.trace, reader, truth))
        witness = Witness(reader, truth)
        drive = truth.drives[snapshot.identity]
        route = judge_route(_shown(traced, witness), drive, truth.fps)
        others = [camera.id for camera in site.cameras if camera.id != snapshot.camera_id]
        passed = {passage.camera_id for passage in drive.passages}
        verdicts = tuple(
            _judge(reader, query, camera_id, witness, snapshot.identity, camera_id in passed, case)
            for camera_id in others
        )
        if map_path is not None:
            cameras = map_cameras(site, reader)
            write_map(route_map(traced, site, reader, cameras, query.crop, NOTE), map_path)
        num_sightings = reader.num_sightings()
    return DemoResult(site, query, point, case, traced, route, verdicts, num_sightings, played)


def live_site(path: Path, url_of: Callable[..., str], scratch: Path) -> Site:
    """Fill in where the server listens this time.

    The clocks' offsets are those of the recorded clips: live, a camera's times are the host's.
    """
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    for camera in document["cameras"]:
        camera["url"] = url_of(f"{camera['id']}.mp4", loop=False)
        camera.pop("clock_offset_s", None)
    live = scratch / "site.yaml"
    live.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return load_site(live)


def _play(
    site: Site,
    truth: CityTruth,
    archive: Path,
    settings: Settings,
    say: Callable[[str], None],
    page: DemoPage | None,
) -> Played:
    """Run the installation until every clip was played once."""
    began = time.monotonic()
    next_line = [began + 5.0]
    dropped: dict[str, int] = {}

    def watch(supervisor: Supervisor) -> None:
        beats = supervisor.camera_beats
        dropped.update({beat.camera_id: beat.num_dropped for beat in beats})
        ended = all(beat.num_frames >= truth.num_frames - 1 for beat in beats)
        if ended or time.monotonic() - began > TIME_LIMIT_S:
            supervisor.stop()
        if time.monotonic() >= next_line[0] and not ended:
            next_line[0] += 5.0
            say("  ".join(f"{b.camera_id} {b.state}, {b.num_sightings} sightings" for b in beats))

    # Its cameras are played on this machine: where real ones may be says nothing about them.
    anywhere = {"camera_networks": None, "camera_schemes": SCHEMES}
    supervisor = Supervisor(
        settings.model_copy(update=anywhere),
        [CameraPlan(camera, None) for camera in site.cameras],
        archive,
        on_status=watch,
        status_every_s=0.25,
        # A clip is played once: what is missed while a camera moves does not come again.
        rules=None,
        server=page.server if page is not None else None,
        pictures=page.pictures if page is not None else None,
    )
    supervisor.run()
    wanted = sum(camera.analyse_fps for camera in site.cameras) * truth.duration_s
    return Played(time.monotonic() - began, sum(dropped.values()), round(wanted))


def _query_point(reader: ArchiveReader, truth: CityTruth, snapshot: TrueSnapshot) -> QueryPoint:
    """Where and when the snapshot was taken, as an investigator knows it: the host's clock."""
    first_run = min(reader.runs(snapshot.camera_id), key=lambda run: run.started_ns)
    taken_ns = first_run.started_ns + round(snapshot.frame / truth.fps * 1e9)
    return QueryPoint(snapshot.camera_id, taken_ns, taken_ns, sigma_s=1.0)


def without_ends(found: Trace, reader: ArchiveReader, truth: CityTruth) -> Trace:
    """Leave out the gaps that are only the ends of the clips; outages before them stay."""
    ends_ns = {
        run.camera_id: run.started_ns + round((truth.duration_s - _END_S) * 1e9)
        for run in sorted(reader.runs(), key=lambda run: -run.started_ns)
    }
    gaps = [g for g in found.gaps if g.camera_id not in ends_ns or g.from_ns < ends_ns[g.camera_id]]
    return replace(found, gaps=tuple(gaps))


def _shown(traced: Traced, witness: Witness) -> list[Shown | None]:
    """Whom each leg of the best route shows; nobody where there is no route."""
    routes = traced.trace.routes
    return [
        witness.shown_by(traced.sightings[leg.sighting_id]) if leg.sighting_id else None
        for leg in (routes[0].legs if routes else ())
    ]


def _judge(
    reader: ArchiveReader,
    query: Query,
    camera_id: str,
    witness: Witness,
    target: str,
    passed: bool,
    case: Case,
) -> CameraVerdict:
    """Search one camera and ask the truth who came first there."""
    answer, _ = ask_search(reader, query, Filter(cameras=frozenset({camera_id})), 50, case)
    if not answer.hits:
        return CameraVerdict(camera_id, passed, None, None, None, not passed)
    best = answer.hits[0]
    identity = witness.shown_by(best.sighting).identity
    margin = None
    for hit in answer.hits[1:]:
        if witness.shown_by(hit.sighting).identity != identity:
            margin = best.score - hit.score
            break
    right = not passed or identity == target
    return CameraVerdict(camera_id, passed, best, identity, margin, right)


def fresh_folder(folder: Path) -> Path:
    """Remove what an earlier demo left in `folder`, and nothing that is not a demo's archive."""
    marker = folder / "demo"
    if marker.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    marker.touch()
    return folder
