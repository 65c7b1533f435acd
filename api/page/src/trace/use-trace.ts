// Asks for a trace again whenever the vehicle, place, time, window or a verdict changes; an answer
// stays on the screen until the next one is there.
import { useEffect, useRef, useState } from "preact/hooks";
import * as api from "../api/calls";
import type { SightingDetail, SnapshotInfo, TraceAnswer, TraceRequest } from "../api/types";
import { onReturn } from "../state/connection";
import { subjectKey, subjectOf } from "../state/question";
import { needSitting, sitting } from "../state/sitting";
import { openSubject, verdicts } from "../state/verdicts";
import type { TraceAddress } from "./address";

/** `done`: it is here, or will not come. */
export interface Seen { snapshot: SnapshotInfo | null; sighting: SightingDetail | null; done: boolean }
const NOTHING: Seen = { snapshot: null, sighting: null, done: false };
export interface TraceState {
  state: "asking" | "needs_case" | "ready" | "failed";
  answer: TraceAnswer | null;
  /** Of the answer: what it was asked for. */
  request: TraceRequest | null;
  error: unknown;
  again: () => void;
}

/** What the vehicle looks like; read beside the trace, and left empty where it fails. */
export function useSeen({ question }: TraceAddress): Seen {
  const [seen, setSeen] = useState(NOTHING);
  useEffect(() => {
    let wanted = true;
    const show = (what: Partial<Seen>) => {
      if (wanted) setSeen({ ...NOTHING, ...what, done: true });
    };
    setSeen(NOTHING);
    const lost = () => show({});
    if (question.sighting) api.sighting(question.sighting).then((sighting) => show({ sighting }), lost);
    else if (question.snapshot) api.snapshot(question.snapshot).then((snapshot) => show({ snapshot }), lost);
    return () => {
      wanted = false;
    };
  }, [question.sighting, question.snapshot]);
  return seen;
}

export function requestOf({ question, windowS }: TraceAddress, said: ReadonlyMap<string, string>): TraceRequest {
  const at = question.snapshot && question.at && question.time ? { camera_id: question.at, time: question.time } : null;
  return { ...subjectOf(question, said), at, window_s: windowS };
}

/** `hold`: do not ask yet, the vehicle is still being found. */
export function useTrace(address: TraceAddress, hold: boolean): TraceState {
  const key = subjectKey(address.question);
  const caseNumber = sitting.value?.case ?? "";
  const [opened, setOpened] = useState("");
  const [turn, setTurn] = useState(0);
  const [now, setNow] = useState<Omit<TraceState, "again">>({ state: "asking", answer: null, request: null, error: null });
  const subject = useRef("");
  const again = () => setTurn((one) => one + 1);

  // The case is asked for first: what was said of hits belongs to it.
  useEffect(() => {
    if (hold) return;
    let wanted = true;
    const open = async () => {
      if (!(await needSitting())) {
        if (wanted) setNow((old) => ({ ...old, state: "needs_case" }));
        return;
      }
      await openSubject(address.question);
      if (wanted) setOpened(`${sitting.peek()?.case}\n${key}`);
    };
    void open();
    return () => {
      wanted = false;
    };
  }, [key, caseNumber, turn, hold]);

  const isOpen = !hold && opened === `${caseNumber}\n${key}` && caseNumber !== "";
  const request = requestOf(address, verdicts.value);
  const asked = JSON.stringify(request);
  useEffect(() => {
    const given = sitting.peek();
    if (!isOpen || !given) return;
    const stop = new AbortController();
    // Another vehicle's route must not be taken for this one's.
    const same = subject.current === key;
    subject.current = key;
    setNow((old) => ({ ...(same ? old : { answer: null, request: null }), state: "asking", error: null }));
    api.trace(given, request, stop.signal).then(
      (answer) => setNow({ state: "ready", answer, request, error: null }),
      (error: unknown) => {
        if (!stop.signal.aborted) setNow((old) => ({ ...old, state: "failed", error }));
      },
    );
    return () => stop.abort();
  }, [isOpen, asked, turn]);

  useEffect(() => {
    const isOffline = (now.error as { code?: string } | null)?.code === "offline";
    return isOffline ? onReturn(again) : undefined;
  }, [now.error]);
  return { ...now, again };
}
