import "./fake-browser";
import { expect, it } from "vitest";
import { hashOf, placeOf } from "./route";

it.each([
  ["", "search"], ["#/", "search"], ["#/trace", "trace"], ["#trace?window=60", "trace"], ["#/nowhere", "search"], ["#t=secret", "search"],
])("%s opens %s", (hash, view) => expect(placeOf(hash).view).toBe(view));

it("keeps values with question marks, ampersands and Chinese", () => {
  const params = { camera: "望江门?&=", time: "2026-11-22T21:30:00+08:00" };
  expect(Object.fromEntries(placeOf(hashOf("search", params)).params)).toEqual(params);
});
