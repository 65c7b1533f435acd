import { expect, it } from "vitest";
import { tokenIn } from "./token";

it.each([
  [" abc-123_X \n", "abc-123_X"], ["http://127.0.0.1:8420/#t=abc-123", "abc-123"],
  ["http://h/#t=a%2Bb&to=search%3Fsnapshot%3D1&case=7", "a+b"], ["#t=abc", "abc"], ["", ""], ["http://h/#t=%E0%A4%A", "http://h/#t=%E0%A4%A"],
])("%j gives %j", (pasted, token) => expect(tokenIn(pasted)).toBe(token));
