import { expect, it } from "vitest";
import { matching } from "./camera-match";

const CAMERAS = [
  { camera_id: "K10", name: "望江门" }, { camera_id: "K01", name: "向阳路口" }, { camera_id: "N7", name: "K1 bridge" }, { camera_id: "XK1", name: "East gate" },
];
const ids = (typed: string) => matching(CAMERAS, typed, 10).found.map((one) => one.camera_id);

it("an id that begins so comes first, then a name, then what is inside", () => expect(ids("k1")).toEqual(["K10", "N7", "XK1"]));
it("finds by Chinese name and by several words in any order", () => {
  expect(ids("望江")).toEqual(["K10"]);
  expect(ids("gate xk")).toEqual(["XK1"]);
});
it("nothing typed means all", () => expect(matching(CAMERAS, "  ", 2)).toMatchObject({ num: 4, found: CAMERAS.slice(0, 2) }));
it("what fits nothing finds nothing", () => expect(matching(CAMERAS, "zzz", 10)).toEqual({ found: [], num: 0 }));
it("counts all of 20,000 and shows few, the best of them", () => {
  const many = Array.from({ length: 20_000 }, (_, at) => ({ camera_id: `C${String(at).padStart(5, "0")}`, name: `Road ${at}` }));
  const { found, num } = matching(many, "road 19999", 50);
  expect([num, found[0]?.camera_id]).toEqual([1, "C19999"]);
  expect(matching(many, "c", 50)).toMatchObject({ num: 20_000, found: { length: 50 } });
});
