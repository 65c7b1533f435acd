import "./fake-browser";
import { describe, expect, it } from "vitest";
import { isoOf, shifted, wallOf, withOffset, zoneText } from "./zone";

const SHANGHAI = "Asia/Shanghai";
const BERLIN = "Europe/Berlin";

describe("wall times", () => {
  it.each([
    ["2026-11-22T13:30:05Z", SHANGHAI, "2026-11-22T21:30:05"],
    ["2026-11-22T21:30:05+08:00", SHANGHAI, "2026-11-22T21:30:05"],
    ["2026-12-31T17:00:00Z", SHANGHAI, "2027-01-01T01:00:00"],
    ["2026-07-01T00:00:00.900Z", "UTC", "2026-07-01T00:00:00"],
    ["2026-07-01T00:00:00Z", "Asia/Kolkata", "2026-07-01T05:30:00"],
    ["2026-07-01T00:00:00Z", BERLIN, "2026-07-01T02:00:00"],
  ])("%s in %s is %s", (iso, zone, wall) => expect(wallOf(iso, zone)).toBe(wall));
  it("what is no time has none", () => expect(wallOf("soon", SHANGHAI)).toBe(""));
});

describe("from the wall to a moment", () => {
  it.each([
    ["2026-11-22T21:30:05", SHANGHAI, "2026-11-22T21:30:05+08:00"],
    ["2026-11-22T21:30", SHANGHAI, "2026-11-22T21:30:00+08:00"],
    ["2026-01-15T12:00:00", BERLIN, "2026-01-15T12:00:00+01:00"],
    ["2026-07-15T12:00:00", BERLIN, "2026-07-15T12:00:00+02:00"],
    ["2026-07-15T12:00:00", "America/St_Johns", "2026-07-15T12:00:00-02:30"],
  ])("%s in %s is %s", (wall, zone, iso) => expect(isoOf(wall, zone)).toBe(iso));
  it("a time that comes twice is the first one", () => expect(isoOf("2026-10-25T02:30:00", BERLIN)).toBe("2026-10-25T02:30:00+02:00"));
  it("a time that never comes is moved by the gap", () => expect(isoOf("2026-03-29T02:30:00", BERLIN)).toBe("2026-03-29T03:30:00+02:00"));
  it.each(["", "2026-13-01T00:00", "2026-02-30T00:00", "noon"])("%s is none", (wall) => expect(isoOf(wall, SHANGHAI)).toBeNull());
  it("goes there and back through a whole year, clock changes included", () => {
    for (let moment = Date.UTC(2026, 0, 1); moment < Date.UTC(2027, 0, 1); moment += 7_001_000 * 3) {
      const iso = withOffset(moment, BERLIN);
      const back = isoOf(wallOf(iso, BERLIN), BERLIN) ?? "";
      // The hour that comes twice is read as its first.
      expect([0, -3_600_000]).toContain(Date.parse(back) - moment);
    }
  });
});

it("shifts across midnight and names the zone", () => {
  expect(shifted("2026-11-22T23:59:30+08:00", 60, SHANGHAI)).toBe("2026-11-23T00:00:30+08:00");
  expect(zoneText("2026-07-01T00:00:00Z", "Asia/Kolkata")).toBe("UTC+05:30");
});
