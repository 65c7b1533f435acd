import "../state/fake-browser";
import { describe, expect, it } from "vitest";
import { addressOf, addressParams, FIRST_WINDOW_S, widerThan } from "./address";
import { requestOf } from "./use-trace";

const SNAPSHOT = "a".repeat(64);
const SIGHTING = "b".repeat(32);
const read = (text: string) => addressOf(new URLSearchParams(text));

describe("the address of a trace", () => {
  it.each([
    `snapshot=${SNAPSHOT}&box=1%2C2%2C30%2C40&at=K04&time=2026-11-22T10%3A18%3A06%2B08%3A00&window=3600&route=2`, `sighting=${SIGHTING}`,
    `snapshot=${SNAPSHOT}`,
  ])("comes out as it went in: %s", (text) => expect(addressParams(read(text)).toString()).toBe(text));

  it.each(["window=1", "window=9999999999", "window=x", "window=-5", "window=3600.5", "route=0", "route=-1", "route=x"])("ignores %s", (text) => {
    expect(read(text)).toMatchObject({ windowS: FIRST_WINDOW_S, route: 1 });
  });

  it("needs place and time both", () => {
    expect(requestOf(read(`snapshot=${SNAPSHOT}&at=K04`), new Map()).at).toBeNull();
    expect(requestOf(read(`snapshot=${SNAPSHOT}&at=K04&time=2026-11-22T10:18:06Z`), new Map()).at).toEqual({ camera_id: "K04", time: "2026-11-22T10:18:06Z" });
  });

  it("takes neither from a sighting: that brings its own", () => {
    expect(requestOf(read(`sighting=${SIGHTING}&at=K04&time=2026-11-22T10:18:06Z`), new Map()).at).toBeNull();
  });

  it("asks with what was said of hits", () => {
    const said = new Map([["x", "confirmed"], ["y", "rejected"], ["z", "unsure"]]);
    expect(requestOf(read(`sighting=${SIGHTING}`), said)).toMatchObject({ sighting_id: SIGHTING, confirmed: ["x"], rejected: ["y"], window_s: FIRST_WINDOW_S });
  });

  it("goes wider step by step, up to 30 days", () => {
    expect([widerThan(3600), widerThan(5000), widerThan(604_800), widerThan(2_592_000)]).toEqual([10_800, 10_800, 2_592_000, null]);
  });
});
