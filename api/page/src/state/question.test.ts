import { describe, expect, it } from "vitest";
import {
  boxOf, boxText, MOST, NO_FILTERS, paramsOf, questionOf, searchRequest, sightingsQuery, subjectKey, subjectOf, traceParams,
} from "./question";

const SNAPSHOT = "a".repeat(64);
const SIGHTING = "b".repeat(32);
const of = (query: string) => questionOf(new URLSearchParams(query));

describe("a box in the address", () => {
  it.each([
    ["10,20,30,40", [10, 20, 30, 40]], ["0,0,1,1", [0, 0, 1, 1]], ["1.5,2,3,4", [1.5, 2, 3, 4]], [" 1 , 2,3 ,4", [1, 2, 3, 4]],
  ])("%s is one", (text, box) => expect(boxOf(text)).toEqual(box));
  it.each([null, "", "1,2,3", "1,2,3,4,5", "3,2,1,4", "1,4,3,4", "-1,2,3,4", "a,b,c,d", "1,,3,4", "1,2,Infinity,4", "NaN,2,3,4"])(
    "%s is none", (text) => expect(boxOf(text)).toBeNull());
  it("is written in whole pixels", () => expect(boxText([1.4, 2.6, 30.5, 40])).toBe("1,3,31,40"));
});

describe("the address of a question", () => {
  it("survives there and back", () => {
    const text = `snapshot=${SNAPSHOT}&box=1%2C2%2C30%2C40&from=2026-11-22T21%3A00%3A00%2B08%3A00&camera=K01&camera=%E6%9C%9B+1&class=van&class=four_wheel&colour=white&colour=blue&direction=NE&direction=away&known=only&at=K04&time=2026-11-22T21%3A30%3A00%2B08%3A00&limit=100`;
    expect(paramsOf(of(text)).toString()).toBe(text);
    expect(of(text).cameras).toEqual(["K01", "望 1"]);
  });
  it("keeps an offset's plus sign", () => {
    const time = "2026-11-22T21:30:00+08:00";
    expect(of(paramsOf({ ...of(`snapshot=${SNAPSHOT}`), time }).toString()).time).toBe(time);
  });
  it("leaves out what is not set", () => expect(paramsOf(of("")).toString()).toBe(""));
  it("is of a sighting or of a snapshot, never of both", () => {
    const both = of(`sighting=${SIGHTING}&snapshot=${SNAPSHOT}&box=1,2,3,4`);
    expect([both.sighting, both.snapshot, both.box]).toEqual([SIGHTING, null, null]);
  });
  it("takes no id that cannot be one", () => {
    expect(of("snapshot=../../etc/passwd").snapshot).toBeNull();
    expect(of(`sighting=${"B".repeat(32)}`).sighting).toBeNull();
    expect(of(`sighting=${SIGHTING}0`).sighting).toBeNull();
  });
  it("drops unknown classes, broken times and doubled cameras", () => {
    const question = of("class=van&class=ship&from=yesterday&to=2026-11-22T00:00:00Z&camera=K01&camera=K01&camera=");
    expect(question).toMatchObject({ classes: ["van"], from: null, to: "2026-11-22T00:00:00Z", cameras: ["K01"] });
  });
  it("drops unknown colours and directions, and what belongs to them", () => {
    expect(of("colour=teal&colour=red&colour=red&direction=up&direction=N")).toMatchObject({ colours: ["red"], directions: ["N"], onlyKnown: false });
    expect(of("known=only").onlyKnown).toBe(false);
    expect(paramsOf({ ...of(""), onlyKnown: true }).toString()).toBe("");
  });
  it.each([["0", 50], ["-5", 50], ["x", 50], ["1.5", 50], ["120", 120], ["99999", MOST]])("limit %s is %i", (text, limit) =>
    expect(of(`limit=${text}`).limit).toBe(limit));
});

describe("requests", () => {
  const said = new Map([["c1", "confirmed"], ["r1", "rejected"], ["u1", "unsure"], [SIGHTING, "confirmed"]]);
  it("carry what was said, but not of the subject itself", () => {
    expect(subjectOf(of(`sighting=${SIGHTING}`), said)).toEqual({ sighting_id: SIGHTING, confirmed: ["c1"], rejected: ["r1"] });
  });
  it("carry filters under the server's names", () => {
    expect(searchRequest(of(`snapshot=${SNAPSHOT}&box=1,2,3,4&camera=K01&class=van&at=K04&limit=7`))).toEqual({
      snapshot_id: SNAPSHOT, box: [1, 2, 3, 4], confirmed: [], rejected: [], from: null, to: null, cameras: ["K01"], classes: ["van"], colours: [], directions: [], only_known: false, limit: 7,
    });
    expect(searchRequest(of(`sighting=${SIGHTING}&colour=red&direction=W&known=only`))).toMatchObject({
      colours: ["red"], directions: ["W"], only_known: true,
    });
  });
  it("stay within what the server takes, the newest first to stay", () => {
    const many = new Map(Array.from({ length: 260 }, (_, at) => [`s${at}`, at % 2 ? "rejected" : "confirmed"]));
    const subject = subjectOf(of(`snapshot=${SNAPSHOT}&box=1,2,3,4`), many);
    expect(subject.confirmed).toHaveLength(50);
    expect(subject.confirmed?.at(-1)).toBe("s258");
    expect(subject.rejected).toHaveLength(130);
  });
  it("ask for pages of sightings", () => {
    const query = sightingsQuery({ ...NO_FILTERS, from: "2026-11-22T00:00:00Z", cameras: ["K01", "K02"], classes: ["bus"] }, 48, "next");
    expect(query.toString()).toBe("limit=48&order=newest&from=2026-11-22T00%3A00%3A00Z&camera=K01&camera=K02&class=bus&cursor=next");
  });
});

it("a trace gets place and time only together, and no filters", () => {
  const base = `snapshot=${SNAPSHOT}&box=1,2,3,4&class=van&at=K04`;
  expect(traceParams(of(base)).has("at")).toBe(false);
  expect(traceParams(of(`${base}&time=2026-11-22T00:00:00Z`)).toString()).toBe(
    `snapshot=${SNAPSHOT}&box=1%2C2%2C3%2C4&at=K04&time=2026-11-22T00%3A00%3A00Z`);
  expect(traceParams(of(`sighting=${SIGHTING}&at=K04&time=2026-11-22T00:00:00Z`)).toString()).toBe(`sighting=${SIGHTING}`);
});

it("two vehicles of one snapshot are two subjects; without a box there is none", () => {
  const [one, other, none] = ["1,2,3,4", "1,2,3,5", ""].map((box) => subjectKey(of(`snapshot=${SNAPSHOT}&box=${box}`)));
  expect(one).not.toBe(other);
  expect(none).toBe("");
});
