import "../state/fake-browser";
import { describe, expect, it } from "vitest";
import { attributionOf, kindOf, shapesOf } from "./base-map";

const feature = (type: string, coordinates: unknown, properties: Record<string, unknown> = {}) => ({ type: "Feature", properties, geometry: { type, coordinates } });
const RING = [[112, 26], [113, 26], [113, 27], [112, 26]];

describe("the site's own map", () => {
  it.each([
    [{ natural: "water" }, true, "water"], [{ waterway: "river" }, false, "stream"], [{ leisure: "park" }, true, "green"], [{ landuse: "forest" }, true, "green"],
    [{ building: "yes" }, true, "building"], [{ building: "no" }, true, "area"], [{ highway: "primary" }, false, "way"], [{ railway: "rail" }, false, "rail"],
    [{}, true, "area"], [null, false, "line"], [{ natural: 7 }, true, "area"],
  ] as const)("sorts %j (area: %s) as %s", (properties, area, kind) => {
    expect(kindOf(properties, area)).toBe(kind);
  });

  it("reads lines and areas, of collections too, and leaves points out", () => {
    const shapes = shapesOf({
      type: "FeatureCollection",
      features: [
        feature("Polygon", [RING, RING], { natural: "water" }), feature("MultiPolygon", [[RING], [RING]]), feature("MultiLineString", [RING, RING]),
        feature("Point", [112, 26]), { type: "Feature", geometry: { type: "GeometryCollection", geometries: [{ type: "LineString", coordinates: RING }] } },
      ],
    });
    expect(shapes.map((shape) => [shape.area, shape.lines.length])).toEqual([[true, 2], [true, 1], [true, 1], [false, 2], [false, 1]]);
    expect(shapes[0]?.lines[0]?.[1]).toEqual({ lng: 113, lat: 26 });
  });

  it.each([null, [], "x", { type: "Topology" }, { type: "FeatureCollection", features: "no" }, feature("LineString", "no"), feature("Polygon", [[[1, 2]]]),
    feature("LineString", [[1, "a"], [2, 3]]), { type: "Feature", geometry: null }])("draws nothing of %j", (document) => {
    expect(shapesOf(document)).toEqual([]);
  });

  it("takes a bare geometry", () => {
    expect(shapesOf({ type: "LineString", coordinates: RING })).toHaveLength(1);
  });

  it("says where the map comes from, as text", () => {
    expect(attributionOf({ attribution: "© <a href='https://example.org'>测绘院</a>" })).toBe("© 测绘院");
    expect(attributionOf({ attribution: 7 })).toBe("");
    expect(attributionOf(null)).toBe("");
  });
});
