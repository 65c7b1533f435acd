import { describe, expect, it } from "vitest";
import { fitted, inView, LEAST_M, metresPerPx, MOST_ZOOM, panned, project, scaleBar, unproject, zoomedAt } from "./view";

const SIZE = { width: 800, height: 500 };
const HERE = { lng: 112.61, lat: 26.89, zoom: 15 };

describe("views", () => {
  it("projects the middle to the middle, north up, east to the right", () => {
    expect(project(HERE, SIZE, HERE)).toEqual([400, 250]);
    const [x, y] = project(HERE, SIZE, { lng: 112.62, lat: 26.9 });
    expect(x).toBeGreaterThan(400);
    expect(y).toBeLessThan(250);
  });

  it("agrees with MapLibre's zoom: the world is 512 px wide at zoom 0", () => {
    const world = { lng: 0, lat: 0, zoom: 0 };
    expect(project(world, SIZE, { lng: 90, lat: 0 })[0] - project(world, SIZE, { lng: 0, lat: 0 })[0]).toBeCloseTo(128);
  });

  it.each([[0, 0], [800, 500], [123, 456]])("finds the place under a pixel again (%d, %d)", (x, y) => {
    const [px, py] = project(HERE, SIZE, unproject(HERE, SIZE, [x, y]));
    expect(px).toBeCloseTo(x, 4);
    expect(py).toBeCloseTo(y, 4);
  });

  it("keeps the place under the pointer when it zooms", () => {
    const under = unproject(HERE, SIZE, [100, 400]);
    const [x, y] = project(zoomedAt(HERE, SIZE, [100, 400], 2.5), SIZE, under);
    expect(x).toBeCloseTo(100, 3);
    expect(y).toBeCloseTo(400, 3);
  });

  it("never zooms or moves out of the world", () => {
    expect(zoomedAt(HERE, SIZE, [0, 0], 99).zoom).toBe(MOST_ZOOM);
    expect(panned({ lng: 0, lat: 84, zoom: 2 }, 0, -9999).lat).toBeLessThanOrEqual(85);
    expect(Math.abs(panned({ lng: 179, lat: 0, zoom: 3 }, 500, 0).lng)).toBeLessThanOrEqual(180);
  });

  it.each([100, 3_000, 200_000])("fits a site of %d m with room around it", (metres) => {
    const far = metres / 111_195;
    const places = [{ lng: 112, lat: 26 }, { lng: 112 + far, lat: 26 }, { lng: 112, lat: 26 + far }];
    const view = fitted(places, SIZE, 80)!;
    for (const place of places) {
      const [x, y] = project(view, SIZE, place);
      expect(x).toBeGreaterThanOrEqual(79.9);
      expect(x).toBeLessThanOrEqual(720.1);
      expect(y).toBeGreaterThanOrEqual(79.9);
      expect(y).toBeLessThanOrEqual(420.1);
    }
  });

  it("shows some street around a camera alone", () => {
    const view = fitted([{ lng: 112, lat: 26 }], SIZE, 80)!;
    expect(metresPerPx(view) * SIZE.width).toBeGreaterThanOrEqual(LEAST_M);
    expect(fitted([], SIZE, 80)).toBeNull();
  });

  it("keeps a site on both sides of the date line together", () => {
    const view = fitted([{ lng: 179.99, lat: 0 }, { lng: -179.99, lat: 0 }], SIZE, 80)!;
    expect(Math.abs(view.lng)).toBeGreaterThan(179.9);
    expect(view.zoom).toBeGreaterThan(10);
  });

  it("says what is in view as projecting does", () => {
    const near = inView(HERE, SIZE, 10);
    for (const [x, y, is] of [[0, 0, true], [-9, 250, true], [-11, 250, false], [400, 511, false], [400, 509, true]] as const) {
      expect(near(unproject(HERE, SIZE, [x, y]))).toBe(is);
    }
  });

  it.each([8, 12, 15.3, 19])("has a round scale bar that fits (zoom %d)", (zoom) => {
    const { metres, px } = scaleBar({ ...HERE, zoom }, 110);
    expect(px).toBeLessThanOrEqual(110);
    expect(px).toBeGreaterThan(110 / 2.6);
    expect(["1", "2", "5"]).toContain(String(Number(metres.toPrecision(1)))[0]);
  });
});
