import "../state/fake-browser";
import { describe, expect, it } from "vitest";
import { choose, type Both } from "../state/language";
import * as common from "./common";
import { explain, KNOWN_CODES } from "./problems";
import { search } from "./search";

const PARTS: Record<string, Both<Record<string, unknown>>> = {
  common: common.common, classNames: common.classNames, cameraStates: common.cameraStates, verdicts: common.verdicts,
  shortVerdicts: common.shortVerdicts, purposes: common.purposes, search,
};

describe.each(Object.entries(PARTS))("%s", (_name, { en, zh }) => {
  it("has the same words in both languages", () => expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort()));
  it.each(Object.keys(en))("%s is said in both", (key) => {
    const one = en[key];
    const other = zh[key];
    expect(typeof other).toBe(typeof one);
    if (typeof one === "function" && typeof other === "function") {
      expect(other.length).toBe(one.length);
      return;
    }
    expect(String(one).trim()).not.toBe("");
    expect(String(other).trim()).not.toBe("");
  });
  it("says numbers it is given", () => {
    for (const words of [en, zh]) {
      for (const [key, word] of Object.entries(words)) {
        if (typeof word === "function") expect(String(word(7, 8)), key).toMatch(/7|8/);
      }
    }
  });
});

/** Every code that the server or the page itself can give. */
const CODES = [
  "unauthorised", "forbidden_origin", "not_found", "unknown_sighting", "unknown_snapshot", "unknown_camera", "unknown_crop",
  "method_not_allowed", "too_large", "case_missing", "bad_box", "no_vehicle", "bad_time", "picture_empty", "picture_too_large",
  "picture_too_many_pixels", "picture_damaged", "picture_format", "picture_trailing", "invalid", "internal", "disk_full", "audit",
  "archive_busy", "too_many_attempts", "offline", "unexpected", "no_vector", "page",
];

describe("problems", () => {
  const problem = (code: string) => ({ type: "", title: "The server's words.", status: 422, code, hint: "Its hint.", errors: [] });
  it.each(CODES)("%s is explained", (code) => expect(KNOWN_CODES).toContain(code));
  it.each(CODES)("%s is explained in the language of now", (code) => {
    choose("en");
    const en = explain(problem(code));
    choose("zh");
    const zh = explain(problem(code));
    choose("en");
    expect(en.title).toMatch(/^[\x20-\x7e“”]+\.$/);
    expect(zh.title).toMatch(/[\u4e00-\u9fff].*。$/);
  });
  it("an unknown one keeps the server's words, and names of objects are not codes", () => {
    expect(explain(problem("brand_new"))).toEqual({ title: "The server's words.", hint: "Its hint." });
    expect(explain(problem("constructor")).title).toBe("The server's words.");
  });
});

describe("probability", () => {
  it.each([[0, "very unlikely", "0 %"], [0.004, "very unlikely", "< 1 %"], [0.3, "possible", "30 %"], [0.5, "likely", "50 %"],
    [0.87, "very likely", "87 %"], [0.999, "almost certain", "> 99 %"], [1, "almost certain", "100 %"]])("%f", (value, word, figure) => {
    expect([common.probabilityWord(value), common.probabilityFigure(value)]).toEqual([word, figure]);
  });
});
