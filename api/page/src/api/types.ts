// Mirrors api/web/documents.py; tests/page/test_types.py compares the two.

export type ClassName =
  | "car" | "van" | "truck" | "bus" | "motorcycle" | "ebike" | "bicycle" | "tricycle" | "two_wheeler";
export type ClassOrGroup = ClassName | "four_wheel" | "three_wheeler";
export type CameraState =
  "connecting" | "up" | "still" | "black" | "down" | "credentials" | "waiting" | "recorded";
export type Verdict = "confirmed" | "rejected" | "unsure";
/** x1, y1, x2, y2 in pixels of the upright picture. */
export type Box = [number, number, number, number];
/** ISO 8601 with offset. */
export type Time = string;

export interface FieldError { where: string; message: string }
export interface Problem {
  type: string; title: string; status: number; code: string; hint: string; errors: FieldError[];
}
export interface Road { from_camera: string; to_camera: string; distance_m: number; oneway: boolean }
export interface Basemap { kind: "geojson" | "pmtiles"; url: string }
export interface SiteInfo {
  name: string; timezone: string | null; version: string; live: boolean;
  purposes: string[]; default_purpose: string; classes: ClassName[]; groups: Record<string, ClassName[]>;
  model: string; calibrated: boolean; num_cameras: number; num_sightings: number;
  first_seen: Time | null; last_seen: Time | null; basemap: Basemap | null;
}
export interface Roads { roads: Road[] }
export interface CameraInfo {
  camera_id: string; name: string; longitude: number | null; latitude: number | null;
  heading_deg: number | null; state: CameraState; since: Time | null; cause: string | null;
  fps: number | null; analysed_fps: number | null; lag_s: number | null; num_sightings: number;
  degraded: boolean; num_dropped: number | null; num_reconnects: number | null; last_seen: Time | null;
  picture: string | null; picture_at: Time | null;
}
export interface Cameras { cameras: CameraInfo[] }
export interface CropInfo { url: string; width: number; height: number; box: Box; at: Time; quality: number }
export type ColourName =
  | "white" | "grey" | "black" | "red" | "orange" | "yellow" | "green" | "blue" | "brown" | "purple";
export type Compass = "N" | "NE" | "E" | "SE" | "S" | "SW" | "W" | "NW";
export type Direction = Compass | "away" | "right" | "towards" | "left";
export interface SightingInfo {
  sighting_id: string; camera_id: string; first_seen: Time; last_seen: Time; class: ClassName;
  class_score: number; colour: ColourName | null; colour_score: number | null; travel_deg: number | null;
  travel_score: number | null; direction: Compass | null; view: "front" | "rear" | "side" | null;
  view_score: number | null; plate: string | null; quality: number;
  state: "provisional" | "closed"; stationary: boolean; crops: string[];
}
export interface SightingDetail extends SightingInfo { crop_details: CropInfo[] }
export interface Sightings { sightings: SightingInfo[]; next: string | null; audit_id: string }
export interface GapInfo { camera_id: string; from: Time; to: Time | null; cause: string }
export interface Gaps { gaps: GapInfo[] }
export interface FoundVehicle { box: Box; class: ClassName; score: number }
export interface SnapshotInfo {
  snapshot_id: string; width: number; height: number; picture: string; taken: Time | null;
  vehicles: FoundVehicle[];
}
export interface Subject {
  snapshot_id?: string | null; sighting_id?: string | null; box?: Box | null;
  confirmed?: string[]; rejected?: string[];
}
export interface SearchRequest extends Subject {
  from?: Time | null; to?: Time | null; cameras?: string[]; classes?: ClassOrGroup[];
  colours?: ColourName[]; directions?: Direction[]; only_known?: boolean; limit?: number;
}
export interface Asked {
  snapshot_id: string | null; sighting_id: string | null; box: Box | null; class: ClassName | null;
  others: Box[];
}
export interface HitInfo extends SightingInfo {
  rank: number; score: number; probability: number | null; verdict: Verdict | null;
}
export interface SearchAnswer {
  query: Asked; hits: HitInfo[]; searched: number; without_vector: number; gaps: GapInfo[];
  audit_id: string;
}
export interface PlaceAndTime { camera_id: string; time: Time }
export interface TraceRequest extends Subject {
  at?: PlaceAndTime | null; window_s?: number; colours?: ColourName[]; directions?: Direction[];
  only_known?: boolean;
}
export type Basis = "roads" | "places" | "time";
export interface LegFacts {
  rank: number | null; num_hits: number; given: boolean; confirmed: boolean; basis: Basis | null;
  distance_m: number | null; earliest_s: number | null; latest_s: number | null;
  tolerance_s: number | null; via: string[]; unseen: string[]; down: string[];
}
export interface LegInfo {
  sighting_id: string | null; camera_id: string; first_seen: Time; last_seen: Time;
  probability: number | null; travel_s: number | null; score: number | null; why: string;
  facts: LegFacts; class: ClassName | null; crops: string[];
}
export interface RouteInfo { rank: number; probability: number | null; score: number; legs: LegInfo[] }
export interface NextInfo {
  camera_id: string; earliest: Time; latest: Time; probability: number | null;
  state: "ahead" | "now" | "not_seen" | "gap";
}
export interface NoteInfo { code: string; text: string; values: Record<string, number | string> }
export interface TraceAnswer {
  query: Asked; routes: RouteInfo[]; next: NextInfo[]; gaps: GapInfo[]; basis: Basis;
  notes: NoteInfo[]; audit_id: string;
}
export interface FeedbackRequest {
  sighting_id: string; verdict: Verdict; snapshot_id?: string | null; box?: Box | null;
  query_sighting_id?: string | null;
}
export interface FeedbackInfo {
  sighting_id: string; verdict: Verdict; snapshot_id: string | null; box: Box | null;
  query_sighting_id: string | null; at: Time; audit_id: string;
}
export interface FeedbackList { feedback: FeedbackInfo[] }
export interface CameraCounts { total: number; up: number; down: number; degraded: number }
export interface ArchiveHealth {
  state: "reading" | "writing" | "disk_full"; detail: string; num_sightings: number; free_bytes: number;
}
export interface Health {
  status: "ok" | "degraded"; version: string; uptime_s: number; cameras: CameraCounts;
  archive: ArchiveHealth;
}
export interface Ready { status: "live" | "ready" | "not_ready"; detail: string }
export interface LiveHello { type: "hello"; cameras: CameraInfo[]; latest: SightingInfo[] }
export interface LiveSighting { type: "sighting"; event: "new" | "update" | "end"; sighting: SightingInfo }
export interface LiveCameras { type: "cameras"; cameras: CameraInfo[] }
export interface LiveLost { type: "lost"; num_lost: number }
export type LiveMessage = LiveHello | LiveSighting | LiveCameras | LiveLost;
