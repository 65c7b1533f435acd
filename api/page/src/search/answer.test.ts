import "../state/fake-browser";
import { expect, it } from "vitest";
import { questionOf } from "../state/question";
import type { Verdicts } from "../state/verdicts";
import { variantOf } from "./answer";

const question = questionOf(new URLSearchParams());
const said = (...pairs: [string, "confirmed" | "rejected" | "unsure"][]): Verdicts => new Map(pairs);

it("a ranking changes with what is confirmed or rejected, not with doubts or their order", () => {
  const base = variantOf(question, said(["a", "confirmed"], ["b", "rejected"]));
  expect(variantOf(question, said(["b", "rejected"], ["a", "confirmed"], ["c", "unsure"]))).toBe(base);
  expect(variantOf(question, said(["a", "rejected"], ["b", "confirmed"]))).not.toBe(base);
  expect(variantOf(question, said(["a", "confirmed"]))).not.toBe(base);
  expect(variantOf({ ...question, limit: 100 }, said(["a", "confirmed"], ["b", "rejected"]))).not.toBe(base);
});
