import { describe, expect, it } from "vitest";
import { chanceNote } from "./chance";

describe("what is said of probabilities", () => {
  it.each([
    [[null, null], false, false, "uncalibrated"],
    [[0.4, 0.1], true, false, "by_look"],
    [[0.4, null], true, false, "by_look"],
    [[1, null], true, true, "moved"],
    [[null], true, true, "moved"],
    [[1, 0.4], true, true, "by_look"],
    [[], true, false, "by_look"],
  ] as const)("%j calibrated %s judged %s: %s", (chances, calibrated, judged, note) => {
    expect(chanceNote(chances, calibrated, judged)).toBe(note);
  });
});
