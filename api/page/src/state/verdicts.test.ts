import "./fake-browser";
import { expect, it } from "vitest";
import type { FeedbackInfo, Verdict } from "../api/types";
import { merged } from "./verdicts";

const SNAPSHOT = "a".repeat(64);
const about = { snapshot: SNAPSHOT, sighting: null, box: [1, 2, 30, 40] as [number, number, number, number] };
const said = (id: string, verdict: Verdict, part: Partial<FeedbackInfo> = {}): FeedbackInfo => ({
  sighting_id: id, verdict, snapshot_id: SNAPSHOT, box: [1, 2, 30, 40], query_sighting_id: null,
  at: "2026-11-22T00:00:00Z", audit_id: "1", ...part,
});

it("takes only what was said of this vehicle", () => {
  const list = [
    said("mine", "confirmed"), said("other-box", "confirmed", { box: [5, 5, 9, 9] }),
    said("other-picture", "confirmed", { snapshot_id: "c".repeat(64) }),
    said("of-a-sighting", "confirmed", { snapshot_id: null, box: null, query_sighting_id: "d".repeat(32) }),
    said("of-nothing", "rejected", { snapshot_id: null, box: null }),
  ];
  expect([...merged(list, about, new Map())]).toEqual([["mine", "confirmed"]]);
});

it("the newest counts, and what was said in this tab counts more", () => {
  const list = [said("a", "rejected"), said("a", "confirmed"), said("b", "confirmed")];
  expect([...merged(list, about, new Map([["b", "unsure" as const]]))]).toEqual([["a", "rejected"], ["b", "unsure"]]);
});

it("without a chosen vehicle nothing of the case is taken", () => {
  expect(merged([said("a", "confirmed")], { ...about, box: null }, new Map()).size).toBe(0);
});
