"""`yanji demo`: the whole path on three rendered clips, and a judge that compares with the truth.

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
from dataclasses import dataclass
from pathlib import Path

import yaml

from yanji.api.plan import CameraPlan
from yanji.api.query import Query, load_models, read_query
from yanji.api.questions import Case, Traced, ask_search, ask_trace, graph_of, open_case
from yanji.api.supervisor import Supervisor
from yanji.configs.settings import Settings
from yanji.configs.site import Site, load_site
from yanji.index.hit import Filter, Hit
from yanji.index.reader import ArchiveReader, read_archive
from yanji.index.route import QueryPoint
from yanji.ingest.rtsp_server import serve_folder
from yanji.ingest.testcity.demo_data import Truth, load_truth

TIME_LIMIT_S = 150.0
"""For playing clips of half a minute on a machine that is busy otherwise."""
_MIN_IOU = 0.4
"""Of a stored box with a true one, to say whose sighting it is."""
_CLOCKS_S = 1.5
"""Live times are arrivals: a run's first frames come late and in one go, so that the clip's time
and that of the run differ by up to a second. Like vehicles follow each other 4 s apart."""


@dataclass(frozen=True, slots=True)
class CameraVerdict:
    """What came first at a camera, and what it truly was."""

    camera_id: str
    best: Hit | None
    identity: str | None
    """Of the vehicle of the best hit, by the truth; None if it is no vehicle of the clip."""
    margin: float | None
    """Cosine of the best hit less that of the best other vehicle."""
    right: bool


@dataclass(frozen=True, slots=True)
class DemoResult:
    """Everything that the demo shows."""

    site: Site
    query: Query
    traced: Traced
    verdicts: tuple[CameraVerdict, ...]
    num_sightings: int
    played_s: float

    @property
    def right(self) -> bool:
        """Whether the target came first at every other camera."""
        return bool(self.verdicts) and all(verdict.right for verdict in self.verdicts)


def run_demo(
    clips: Path,
    archive: Path,
    settings: Settings,
    say: Callable[[str], None],
) -> DemoResult:
    """Play, index live, search, trace, judge.

    Args:
        clips: folder of clips, site, snapshot and truth.
        archive: a folder for the archive; should be new.
        settings: models and runtime; the archive's folder is `archive`.
        say: told what happens, a line at a time.

    Raises:
        YanjiError: a stage cannot work; its message says which and why.
    """
    truth = load_truth(clips / "truth.json")
    with tempfile.TemporaryDirectory(prefix="yanji-demo-") as scratch, ExitStack() as stack:
        server = stack.enter_context(serve_folder(clips))
        site = _live_site(clips / "site.yaml", server.url_of, Path(scratch))
        say(f"playing {len(site.cameras)} cameras over RTSP for {truth.duration_s:.0f} s")
        played_s = _play(site, truth, archive, settings, say)
    return ask_and_judge(clips, archive, site, truth, settings, played_s)


def ask_and_judge(
    clips: Path, archive: Path, site: Site, truth: Truth, settings: Settings, played_s: float
) -> DemoResult:
    """Search and trace the snapshot's vehicle in an archive of the clips; judge by the truth."""
    detector, embedder = load_models(settings)
    snapshot = truth.snapshot
    box = tuple(float(edge) for edge in snapshot.box_px)
    query = read_query(clips / "snapshot.jpg", (box[0], box[1], box[2], box[3]), detector, embedder)
    case = open_case(settings, "DEMO-1", "hit and run (demonstration on rendered clips)", None)
    with read_archive(archive) as reader:
        point = _query_point(reader, truth)
        traced = ask_trace(
            reader,
            query.embedding,
            graph_of(site, reader),
            point,
            3600.0,
            case,
            image_sha256=query.image_sha256,
            parameters={"at": snapshot.camera_id, "time_ns": point.first_ns},
        )
        others = [camera.id for camera in site.cameras if camera.id != snapshot.camera_id]
        verdicts = tuple(_judge(reader, query, camera_id, truth, case) for camera_id in others)
        num_sightings = reader.num_sightings()
    return DemoResult(site, query, traced, verdicts, num_sightings, played_s)


def _live_site(path: Path, url_of: Callable[..., str], scratch: Path) -> Site:
    """Fill in where the server listens this time."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    for camera in document["cameras"]:
        camera["url"] = url_of(f"{camera['id']}.mp4", loop=False)
    live = scratch / "site.yaml"
    live.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return load_site(live)


def _play(
    site: Site, truth: Truth, archive: Path, settings: Settings, say: Callable[[str], None]
) -> float:
    """Run the installation until every clip was played once; returns the seconds it took."""
    began = time.monotonic()
    next_line = [began + 5.0]

    def watch(supervisor: Supervisor) -> None:
        beats = supervisor.camera_beats
        ended = all(beat.num_frames >= truth.num_frames - 1 for beat in beats)
        if ended or time.monotonic() - began > TIME_LIMIT_S:
            supervisor.stop()
        if time.monotonic() >= next_line[0] and not ended:
            next_line[0] += 5.0
            say("  ".join(f"{b.camera_id} {b.state}, {b.num_sightings} sightings" for b in beats))

    supervisor = Supervisor(
        settings,
        [CameraPlan(camera, None) for camera in site.cameras],
        archive,
        on_status=watch,
        status_every_s=0.25,
    )
    supervisor.run()
    return time.monotonic() - began


def _query_point(reader: ArchiveReader, truth: Truth) -> QueryPoint:
    """Where and when the snapshot was taken, as an investigator knows it: the host's clock."""
    snapshot = truth.snapshot
    first_run = min(reader.runs(snapshot.camera_id), key=lambda run: run.started_ns)
    taken_ns = first_run.started_ns + round(snapshot.time_s * 1e9)
    return QueryPoint(snapshot.camera_id, taken_ns, taken_ns, sigma_s=1.0)


def _judge(
    reader: ArchiveReader, query: Query, camera_id: str, truth: Truth, case: Case
) -> CameraVerdict:
    """Search one camera and ask the truth who came first there."""
    answer, _ = ask_search(reader, query, Filter(cameras=frozenset({camera_id})), 50, case)
    if not answer.hits:
        return CameraVerdict(camera_id, None, None, None, False)
    best = answer.hits[0]
    identity = identity_of(reader, best, truth)
    margin = None
    for hit in answer.hits[1:]:
        if identity_of(reader, hit, truth) != identity:
            margin = best.score - hit.score
            break
    return CameraVerdict(camera_id, best, identity, margin, identity == truth.target)


def identity_of(reader: ArchiveReader, hit: Hit, truth: Truth) -> str | None:
    """Whose sighting a hit is: the vehicle whose true boxes its crops fit best."""
    sighting = hit.sighting
    run = next(run for run in reader.runs(sighting.camera_id) if run.run_id == sighting.run_id)
    votes: dict[str, float] = {}
    for crop in reader.crops(sighting.sighting_id):
        at_s = (crop.time_ns - run.started_ns) / 1e9
        for passage in truth.cameras[sighting.camera_id]:
            fit = max(
                (
                    _iou(crop.box_xyxy_px, box.box_px)
                    for box in passage.boxes
                    if abs(box.frame_number / truth.fps - at_s) <= _CLOCKS_S
                ),
                default=0.0,
            )
            if fit >= _MIN_IOU:
                votes[passage.identity] = votes.get(passage.identity, 0.0) + fit
    return max(votes, key=lambda name: votes[name]) if votes else None


def _iou(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def fresh_folder(folder: Path) -> Path:
    """Remove what an earlier demo left in `folder`, and nothing that is not a demo's archive."""
    marker = folder / "demo"
    if marker.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    marker.touch()
    return folder
