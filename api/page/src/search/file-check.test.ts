import { describe, expect, it } from "vitest";
import { fileIn, MAX_BYTES, refusal } from "./file-check";

describe("files", () => {
  it.each([
    ["a.jpg", "image/jpeg"], ["a.PNG", "image/png"], ["a.webp", "image/webp"], ["IMG_1.HEIC", ""], ["a.heif", "image/heif"], ["pasted", "image/png"],
  ])("%s (%s) may go", (name, type) => expect(refusal({ name, type, size: 10 })).toBeNull());
  it.each([
    ["a.pdf", "application/pdf"], ["a.gif", "image/gif"], ["a.svg", "image/svg+xml"], ["a.jpg", "text/html"], ["a.mp4", "video/mp4"], ["a", ""], ["jpg", ""],
  ])("%s (%s) is no picture", (name, type) => expect(refusal({ name, type, size: 10 })).toBe("picture_format"));
  it("the largest allowed one goes, one byte more does not", () => {
    expect(refusal({ name: "a.jpg", type: "image/jpeg", size: MAX_BYTES })).toBeNull();
    expect(refusal({ name: "a.jpg", type: "image/jpeg", size: MAX_BYTES + 1 })).toBe("picture_too_large");
  });
  it("an empty one does not", () => expect(refusal({ name: "a.jpg", type: "image/jpeg", size: 0 })).toBe("picture_empty"));
});

describe("a paste or a drop", () => {
  const data = (files: unknown[], items: unknown[]) => ({ files, items }) as unknown as DataTransfer;
  it("gives its first file, or a picture among its items", () => {
    expect(fileIn(data(["one", "two"], []))).toBe("one");
    expect(fileIn(data([], [{ kind: "string" }, { kind: "file", getAsFile: () => "picture" }]))).toBe("picture");
  });
  it("of text gives none", () => {
    expect(fileIn(data([], [{ kind: "string" }]))).toBeNull();
    expect(fileIn(null)).toBeNull();
  });
});
