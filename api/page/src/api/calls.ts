// One function per request. Errors are `ApiError` with the server's problem, or with the code
// `offline` where no answer came at all.
import { noteDate } from "../state/server-clock";
import { answered, noAnswer } from "../state/connection";
import { signedOut } from "../state/session";
import type { Sitting } from "../state/sitting";
import type {
  CameraInfo, Cameras, FeedbackInfo, FeedbackList, FeedbackRequest, Gaps, Health, Problem, Roads,
  SearchAnswer, SearchRequest, SightingDetail, Sightings, SiteInfo, SnapshotInfo, TraceAnswer,
  TraceRequest,
} from "./types";

const ROOT = "/api/v1";

export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.title);
  }
  get code(): string {
    return this.problem.code;
  }
}

interface Ask {
  method?: "GET" | "POST" | "DELETE";
  json?: unknown;
  form?: FormData;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

const OFFLINE: Problem = {
  type: "urn:yanji:problem:offline", title: "The server does not answer.", status: 0,
  code: "offline", hint: "", errors: [],
};

async function ask<T>(path: string, { method = "GET", json, form, headers = {}, signal }: Ask = {}): Promise<T> {
  const init: RequestInit = { method, credentials: "same-origin", headers: { ...headers } };
  if (signal) init.signal = signal;
  if (json !== undefined) {
    init.body = JSON.stringify(json);
    (init.headers as Record<string, string>)["Content-Type"] = "application/json";
  } else if (form) {
    init.body = form;
  }
  let answer: Response;
  try {
    answer = await fetch(ROOT + path, init);
  } catch (error) {
    if (signal?.aborted) throw error;
    noAnswer();
    throw new ApiError(OFFLINE);
  }
  answered();
  noteDate(answer.headers.get("Date"));
  if (answer.ok) {
    return answer.status === 204 ? (undefined as T) : ((await answer.json()) as T);
  }
  const problem = await problemOf(answer);
  if (answer.status === 401) signedOut();
  throw new ApiError(problem);
}

async function problemOf(answer: Response): Promise<Problem> {
  try {
    const said = (await answer.json()) as Partial<Problem>;
    if (typeof said.code === "string" && typeof said.title === "string") {
      return { type: "", hint: "", errors: [], ...said, status: answer.status } as Problem;
    }
  } catch {
    // Something before the server answered (a proxy): its words are not ours.
  }
  return { ...OFFLINE, code: "unexpected", title: `The server answered ${answer.status}.`, status: answer.status };
}

/** Case, reason and purpose travel with every question; header values must be ASCII. */
export function caseHeaders(sitting: Sitting): Record<string, string> {
  return {
    "Yanji-Case": encodeURIComponent(sitting.case),
    "Yanji-Reason": encodeURIComponent(sitting.reason),
    "Yanji-Purpose": encodeURIComponent(sitting.purpose),
  };
}

export const signIn = (token: string) =>
  ask<void>("/session", { method: "POST", headers: { Authorization: `Bearer ${token}` } });
export const signOut = () => ask<void>("/session", { method: "DELETE" });
export const isSignedIn = () => ask<void>("/session");

export const site = () => ask<SiteInfo>("/site");
export const roads = () => ask<Roads>("/roads");
export const cameras = () => ask<Cameras>("/cameras");
export const camera = (id: string) => ask<CameraInfo>(`/cameras/${encodeURIComponent(id)}`);
export const health = () => ask<Health>("/health");
export const gaps = (query: URLSearchParams) => ask<Gaps>(`/gaps?${query}`);
export const sightings = (sitting: Sitting, query: URLSearchParams, signal?: AbortSignal) =>
  ask<Sightings>(`/sightings?${query}`, { headers: caseHeaders(sitting), signal });
export const sighting = (id: string) => ask<SightingDetail>(`/sightings/${id}`);

/** Send a picture; `onProgress` gets 0..1. `fetch` tells nothing of an upload, so XMLHttpRequest. */
export function upload(file: Blob, onProgress: (part: number) => void, signal?: AbortSignal): Promise<SnapshotInfo> {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append("file", file, "snapshot");
    const request = new XMLHttpRequest();
    request.open("POST", `${ROOT}/snapshots`);
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    });
    request.addEventListener("load", () => {
      answered();
      if (request.status >= 200 && request.status < 300) {
        resolve(JSON.parse(request.responseText) as SnapshotInfo);
        return;
      }
      if (request.status === 401) signedOut();
      void problemOf(new Response(request.responseText, { status: Math.max(request.status, 200) }))
        .then((problem) => reject(new ApiError({ ...problem, status: request.status })));
    });
    request.addEventListener("error", () => {
      noAnswer();
      reject(new ApiError(OFFLINE));
    });
    request.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
    signal?.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}
export const snapshot = (id: string) => ask<SnapshotInfo>(`/snapshots/${id}`);

export const search = (sitting: Sitting, request: SearchRequest, signal?: AbortSignal) =>
  ask<SearchAnswer>("/search", { method: "POST", json: request, headers: caseHeaders(sitting), signal });
export const trace = (sitting: Sitting, request: TraceRequest, signal?: AbortSignal) =>
  ask<TraceAnswer>("/trace", { method: "POST", json: request, headers: caseHeaders(sitting), signal });
export const giveFeedback = (sitting: Sitting, request: FeedbackRequest) =>
  ask<FeedbackInfo>("/feedback", { method: "POST", json: request, headers: caseHeaders(sitting) });
export const feedback = (sitting: Sitting) =>
  ask<FeedbackList>("/feedback", { headers: caseHeaders(sitting) });
