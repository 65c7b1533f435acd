import "../state/fake-browser";
import { beforeEach, describe, expect, it } from "vitest";
import { driven, leg } from "../map/fixtures";
import { choose } from "../state/language";
import { precise, spanOf, whyOf } from "./leg-why";

const FIRST = leg("A", 0, 2);
const notes = (one: ReturnType<typeof leg>) => whyOf(one, FIRST).driveNotes.map((note) => note.text);

beforeEach(() => choose("en"));

describe("why a leg was driven", () => {
  it("says nothing of the first one", () => expect(whyOf(FIRST, null)).toMatchObject({ drive: null, driveNotes: [] }));

  it("gives distance, time and speed", () => {
    const why = whyOf(driven("B", 102, 104, 100), FIRST);
    expect(why.drive).toBe("1.0 km by road in 100 s · 36 km/h");
    expect(notes(driven("B", 102, 104, 100))).toEqual(["Driving on takes 60 s – 5 min", "Clocks and moments of sight: ±\u00a01.2 s"]);
  });

  it("says when it was slow, too fast, or at once", () => {
    expect(notes(driven("B", 902, 904, 900))[0]).toMatch(/^Longer than driving on takes .* another way$/);
    expect(notes(driven("B", 303, 305, 301))[0]).toMatch(/^Driving on takes/);
    expect(notes(driven("B", 52, 54, 50))[0]).toBe("Faster than plausible (60 s), but within the clocks’ ±\u00a01.2 s");
    expect(notes(driven("B", 1, 4, -1.2))[0]).toBe("In this view 1.2 s before it left the other: views that overlap, or clocks");
    expect(whyOf(driven("B", 1, 4, -1.2), FIRST).drive).toBe("1.0 km by road in 0 s");
    expect(notes(driven("B", 2, 4, 0))[0]).toMatch(/^At once/);
  });

  it("names cameras that did not see it and those that could not", () => {
    const texts = notes(driven("B", 102, 104, 100, { unseen: ["C", "D"], down: ["E"] }));
    expect(texts).toContain("Not seen at C and D on the shortest way");
    expect(texts).toContain("E on the way was down: it can have passed unseen");
    expect(notes(driven("B", 102, 104, 100, { unseen: ["C", "D", "E", "F", "G"] }))).toContain("Not seen at C, D, E and 2 more on the shortest way");
  });

  it("says what the time rests on where no road is listed", () => {
    expect(whyOf(driven("B", 102, 104, 100, { basis: "places" }), FIRST).drive).toContain("in a straight line");
    const alone = driven("B", 102, 104, 100, { basis: "time", distance_m: null, earliest_s: 0, latest_s: null });
    expect(whyOf(alone, FIRST).drive).toContain("order in time");
    expect(notes(alone)).toEqual([]);
    expect(notes(driven("B", 102, 104, 100, { latest_s: null }))).toEqual(["Clocks and moments of sight: ±\u00a01.2 s"]);
  });

  it("knows the same camera again", () => expect(whyOf(leg("A", 60, 61, {}, { travel_s: 58 }), FIRST).drive).toBe("At the same camera again after 58 s"));
});

describe("why the sighting itself", () => {
  const seen = (facts: Parameters<typeof leg>[3], more: Parameters<typeof leg>[4] = {}) => whyOf(leg("A", 0, 1, facts, more), null).seen.map((one) => one.text);

  it("gives similarity and rank", () => expect(seen({ rank: 3 })).toEqual(["Similarity 0.80, rank 3 of 40 sightings"]));
  it("knows what was given and confirmed", () => {
    expect(seen({ given: true, rank: null }, { score: null })).toEqual(["The sighting asked about"]);
    expect(seen({ given: true, rank: null }, { score: null, sighting_id: null })).toEqual(["The place and time given"]);
    expect(seen({ given: true })[0]).toBe("At the place and time given");
    expect(seen({ confirmed: true, rank: null }, { score: null })).toEqual(["Confirmed by a person"]);
  });
  it("falls back to the server's words", () => expect(seen({}, { score: null })).toEqual(["in the server's words"]));

  it("speaks Chinese", () => {
    choose("zh");
    expect(seen({ rank: 3 })).toEqual(["相似度 0.80，在 40 条过车记录中排第 3"]);
    expect(whyOf(driven("B", 102, 104, 100, { unseen: ["C", "D"] }), FIRST).driveNotes.map((one) => one.text)).toContain("最短路线途经 C、D，未拍到该车");
  });
});

it("keeps tenths of short times only", () => {
  expect([precise(1.23), precise(2.01), precise(14.4), precise(600)]).toEqual(["1.2 s", "2 s", "14 s", "10 min"]);
  expect([spanOf(1.6, 112), spanOf(60, 300), spanOf(300, 900)]).toEqual(["2–112 s", "60 s – 5 min", "5–15 min"]);
});
