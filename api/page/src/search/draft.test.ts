import "../state/fake-browser";
import { expect, it } from "vitest";
import { NO_FILTERS as NONE } from "../state/question";
import { isReversed, numFilters, sameFilters } from "./draft";

it("a range of time counts as one filter", () => {
  expect(numFilters(NONE)).toBe(0);
  expect(numFilters({ ...NONE, from: "2026-11-22T00:00:00Z", to: "2026-11-23T00:00:00Z", cameras: ["K01", "K02"] })).toBe(2);
  expect(numFilters({ ...NONE, colours: ["red", "blue"], directions: ["N"], onlyKnown: true })).toBe(2);
});

it("from after to is seen across offsets", () => {
  const reversed = (from: string | null, to: string | null) => isReversed({ ...NONE, from, to });
  expect(reversed("2026-11-22T10:00:00+08:00", "2026-11-22T03:00:00Z")).toBe(false);
  expect(reversed("2026-11-22T10:00:00Z", "2026-11-22T17:00:00+08:00")).toBe(true);
  expect(reversed("2026-11-22T10:00:00Z", null)).toBe(false);
});

it("filters are the same whatever else the question holds", () => {
  expect(sameFilters({ ...NONE, limit: 5 } as typeof NONE, NONE)).toBe(true);
  expect(sameFilters({ ...NONE, cameras: ["K01"] }, NONE)).toBe(false);
  expect(sameFilters({ ...NONE, colours: ["red"] }, NONE)).toBe(false);
  expect(sameFilters({ ...NONE, colours: ["red"], onlyKnown: true }, { ...NONE, colours: ["red"] })).toBe(false);
});
