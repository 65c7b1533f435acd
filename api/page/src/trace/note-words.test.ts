import "../state/fake-browser";
import { beforeEach, describe, expect, it } from "vitest";
import { choose, type Both } from "../state/language";
import { mapWords } from "../words/map";
import { traceWords } from "../words/trace";
import { noteText } from "./note-words";

beforeEach(() => choose("en"));

it("says a remark in both languages, with its numbers", () => {
  const note = { code: "by_chance", text: "server", values: { best: 0.4321, num_hits: 115, chance: 0.5 } };
  expect(noteText(note)).toContain("(0.43)");
  expect(noteText(note)).toContain("115 other vehicles");
  choose("zh");
  expect(noteText(note)).toContain("115 辆其他车辆");
});

it("keeps the server's words where it does not know the remark or lacks a number", () => {
  expect(noteText({ code: "new", text: "server", values: {} })).toBe("server");
  expect(noteText({ code: "few_hits", text: "server", values: {} })).toBe("server");
});

describe("the words", () => {
  const texts = (value: unknown): string[] => {
    if (typeof value === "string") return [value];
    if (typeof value === "function") return [(value as (...given: unknown[]) => string)((key: unknown) => String(key), "2", "3")];
    return Object.values(value as object).flatMap(texts);
  };
  it.each([["trace", traceWords], ["map", mapWords]] as [string, Both<unknown>][])("of the %s are written out in both languages", (_, words) => {
    const [en, zh] = [texts(words.en), texts(words.zh)];
    expect(zh).toHaveLength(en.length);
    expect(en.filter((text) => /[\u4e00-\u9fff]/.test(text))).toEqual([]);
    expect(zh.filter((text) => text && !/[\u4e00-\u9fff]/.test(text) && /[a-z]{4}/i.test(text))).toEqual([]);
  });
});
