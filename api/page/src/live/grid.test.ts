import { describe, expect, it } from "vitest";
import { GAP_PX, layOut, near } from "./grid";

describe("the wall's grid", () => {
  it.each([[1, 1000], [4, 1000], [4, 366], [200, 1000], [200, 366], [20_000, 1400], [3, 120], [0, 800]])(
    "%i cameras fit %i px", (count, width) => {
      const grid = layOut(count, width, 16);
      const used = grid.columns * grid.tileWidth + (grid.columns - 1) * GAP_PX;
      expect(used).toBeLessThanOrEqual(width + 0.01);
      expect(grid.columns).toBeGreaterThanOrEqual(1);
      expect(grid.rows * grid.columns).toBeGreaterThanOrEqual(count);
      expect(grid.tileHeight).toBeGreaterThan((grid.tileWidth * 9) / 16);
    },
  );
  it("few cameras are large, many are small", () => {
    expect(layOut(4, 1000, 16).tileWidth).toBeGreaterThan(layOut(200, 1000, 16).tileWidth);
    expect(layOut(200, 366, 16).columns).toBe(2);
  });
});

describe("the part near the screen", () => {
  const grid = layOut(20_000, 1000, 16);
  it("is small wherever one is, and together with its room as high as all", () => {
    for (const top of [0, 5_000, 300_000, grid.rows * grid.rowHeight - 900]) {
      const part = near(grid, 20_000, top, 900);
      expect(part.to - part.from).toBeLessThan(80);
      const rows = Math.ceil((part.to - part.from) / grid.columns);
      expect(part.before + part.after + rows * grid.rowHeight).toBe(grid.rows * grid.rowHeight);
      expect(part.before).toBeLessThanOrEqual(top);
    }
  });
  it("holds what is on the screen", () => {
    const top = 123_456;
    const part = near(grid, 20_000, top, 900);
    expect(part.before).toBeLessThanOrEqual(top);
    expect(part.before + Math.ceil((part.to - part.from) / grid.columns) * grid.rowHeight).toBeGreaterThanOrEqual(top + 900);
  });
  it("ends with the last camera, also when the list became shorter than the scroll", () => {
    const part = near(grid, 20_000, 10_000_000, 900);
    expect(part.to).toBe(20_000);
    expect(part.to).toBeGreaterThan(part.from);
    expect(part.after).toBe(0);
  });
  it("nothing of nothing", () => {
    const part = near(layOut(0, 1000, 16), 0, 0, 900);
    expect([part.from, part.to, part.before, part.after]).toEqual([0, 0, 0, 0]);
  });
});
