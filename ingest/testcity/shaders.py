"""The GLSL programs of the renderer: one for depth, one for everything that is seen.

Light is linear: a sun with shadows, an ambient term from sky and ground, contact shade below
vehicles, a clear coat that mirrors the sky (Schlick's approximation), then a filmic tone curve.
"""

from __future__ import annotations

from typing import Final

MAX_FOOTPRINTS: Final = 24
"""Vehicles whose contact shade one frame can hold."""

DEPTH_VERTEX: Final = """#version 330
in vec3 position; uniform mat4 view_projection; uniform mat4 model;
void main() { gl_Position = view_projection * model * vec4(position, 1.0); }
"""

DEPTH_FRAGMENT: Final = """#version 330
void main() {}
"""

VERTEX: Final = """#version 330
in vec3 position; in vec3 normal; in float material;
uniform mat4 view_projection; uniform mat4 model;
out vec3 world; out vec3 world_normal; out vec3 local; flat out int kind;
void main() {
  vec4 at = model * vec4(position, 1.0);
  world = at.xyz; world_normal = mat3(model) * normal; local = position;
  kind = int(material + 0.5); gl_Position = view_projection * at;
}
"""

FRAGMENT: Final = (
    """#version 330
in vec3 world; in vec3 world_normal; in vec3 local; flat in int kind;
out vec4 colour;
uniform vec3 eye, sun, sun_colour, sky_high, sky_low;
uniform vec3 paint, accent, jacket, helmet;
uniform float dirt, haze, seed, road_half;
uniform mat4 light_matrix;
uniform sampler2DShadow still_shadow, moving_shadow;
uniform int num_footprints;
uniform vec4 footprints["""
    + str(MAX_FOOTPRINTS)
    + """];
uniform float footprint_strength["""
    + str(MAX_FOOTPRINTS)
    + """];

float hash(vec2 p) { p = fract(p * vec2(123.34, 456.21)); p += dot(p, p + 45.32);
    return fract(p.x * p.y); }
float noise(vec2 p) {
  vec2 i = floor(p), f = fract(p); f = f * f * (3.0 - 2.0 * f);
  return mix(mix(hash(i), hash(i + vec2(1, 0)), f.x), mix(hash(i + vec2(0, 1)), hash(i + vec2(1,
      1)), f.x), f.y);
}
vec3 surroundings(vec3 d) {
  if (d.z < 0.0) return vec3(0.16) * (1.0 + 0.3 * d.z) * (0.4 + dot(sun_colour,
      vec3(0.2)) + 0.5 * sky_low.g);
  float houses = smoothstep(0.42, 0.26, d.z + 0.12 * hash(floor(vec2(atan(d.y, d.x) * 5.0, 1.0))));
  return mix(mix(sky_low, sky_high, sqrt(d.z)), vec3(0.24, 0.23, 0.21), houses * 0.85);
}
float lit(sampler2DShadow map, vec3 q) {
  float sum = 0.0;
  for (int i = -1; i <= 1; i += 2) for (int j = -1; j <= 1; j += 2)
    sum += texture(map, vec3(q.xy + vec2(i, j) * 0.7 / 2048.0, q.z));
  return sum / 4.0;
}
float sunlight(vec3 n) {
  vec3 q = (light_matrix * vec4(world + n * 0.05, 1.0)).xyz * 0.5 + 0.5;
  if (any(lessThan(q, vec3(0.0))) || any(greaterThan(q, vec3(1.0)))) return 1.0;
  q.z -= 0.0012;
  return min(lit(still_shadow, q), lit(moving_shadow, q));
}
float stripe(float at, float centre, float width) {
  float soft = fwidth(at);
  return smoothstep(width * 0.5 + soft * 0.7, width * 0.5 - soft * 0.3, abs(at - centre));
}
float contact(vec2 ground) {
  float left = 1.0;
  for (int i = 0; i < num_footprints; i++) {
    vec2 gap = max(abs(ground - footprints[i].xy) - footprints[i].zw, 0.0);
    left *= 1.0 - footprint_strength[i] * exp(-dot(gap, gap) / 0.10);
  }
  return left;
}
vec3 asphalt() {
  vec2 g = world.xy; float near = clamp(22.0 / length(world - eye), 0.0, 1.0);
  float grain = noise(g * 0.35 + seed) * 0.5 + noise(g * 2.1) * 0.25 + mix(0.5,
      hash(floor(g * 38.0)), near) * 0.25;
  vec3 c = vec3(0.112, 0.112, 0.116) * (0.74 + 0.5 * grain);
  c *= 1.0 - 0.16 * smoothstep(0.5, 0.0, abs(abs(g.y) - 1.5)) * noise(g * vec2(0.2, 1.0));
  c *= 1.0 - 0.22 * smoothstep(0.62, 0.8, noise(g * 0.8 + 7.0 + seed)) * noise(g * 3.0);
  float patch_here = step(0.82, hash(floor((g + seed * 3.0) / vec2(5.0, 2.4)) + seed));
  c *= 1.0 - 0.18 * patch_here;
  float dash = step(fract(g.x / 6.0), 0.4), y = g.y;
  float white = max(stripe(abs(y), 4.6, 0.14), stripe(abs(y), road_half - 0.25, 0.12));
  float yellow = max(stripe(y, -0.14, 0.11), stripe(y, 0.14, 0.11));
  float zebra = step(abs(g.x - 27.0 - fract(seed * 0.37) * 6.0), 1.6);
  white = mix(white, step(fract(y), 0.48) * step(abs(y), road_half - 0.4), zebra);
  yellow *= 1.0 - zebra;
  float wear = 0.62 + 0.38 * noise(g * 6.0);
  c = mix(c, vec3(0.60, 0.58, 0.55), white * wear);
  c = mix(c, vec3(0.60, 0.40, 0.07), yellow * wear);
  float manhole = step(length(g - vec2(9.0 + fract(seed * 0.71) * 6.0, -3.3)), 0.34);
  return c * (1.0 - 0.35 * manhole);
}
vec3 wall(vec3 n, out float gloss) {
  gloss = 0.0;
  float u = abs(n.x) > 0.5 ? world.y : world.x;
  float house = floor((world.x + seed * 17.0) / 13.0);
  vec3 plaster = mix(vec3(0.46, 0.41, 0.34), vec3(0.36, 0.20, 0.15), step(0.6, hash(vec2(house,
      seed))));
  plaster = mix(plaster, vec3(0.42, 0.43, 0.44), step(0.55, hash(vec2(house, seed + 2.0))));
  vec3 c = plaster * (0.84 + 0.22 * noise(vec2(u, world.z) * 1.3));
  if (abs(n.z) > 0.5) return c * 0.6;
  float shop = floor(u / 4.3); vec2 f = vec2(fract(u / 4.3), world.z);
  if (world.z < 3.0) {
    float glass = step(0.06, f.x) * step(f.x, 0.94) * step(0.35, f.y) * step(f.y, 2.75);
    float shutter = step(0.72, hash(vec2(shop, seed + 5.0)));
    vec3 inside = vec3(0.035, 0.04, 0.045) + 0.045 * hash(floor(vec2(u * 2.2,
        f.y * 1.6)) + shop) * vec3(1.0, 0.9, 0.7);
    vec3 slats = vec3(0.36, 0.37, 0.38) * (0.8 + 0.2 * step(0.5, fract(f.y * 6.0)));
    c = mix(c, mix(inside, slats, shutter), glass);
    c *= 1.0 - 0.5 * step(abs(f.x - 0.5), 0.012) * glass;
    gloss = 0.5 * glass * (1.0 - shutter);
  } else if (world.z < 4.1) {
    vec3 board = 0.12 + 0.42 * vec3(hash(vec2(shop, 1.0 + seed)), hash(vec2(shop, 2.0 + seed)),
        hash(vec2(shop, 3.0 + seed)));
    float text = step(abs(f.y - 3.55), 0.26) * step(0.42, hash(floor(vec2(u * 7.0,
        (f.y - 3.3) * 9.0)))) * step(0.15, f.x) * step(f.x, 0.85);
    c = mix(board, vec3(0.75, 0.72, 0.6), text * step(fract(u * 1.4), 0.75));
  } else {
    vec2 cell = vec2(u / 3.0, (world.z - 4.1) / 3.0), in_cell = fract(cell);
    float pane = step(0.24, in_cell.x) * step(in_cell.x, 0.76) * step(0.25,
        in_cell.y) * step(in_cell.y, 0.8);
    float frame = pane * (1.0 - step(abs(in_cell.x - 0.5), 0.012));
    c = mix(c, mix(vec3(0.03, 0.04, 0.05), vec3(0.22, 0.22, 0.20), step(0.7,
        hash(floor(cell) + seed))), frame);
    gloss = 0.5 * frame;
  }
  return c;
}
vec3 tone(vec3 c) {
  c = c * (1.0 + c * 0.12) / (1.0 + c * 0.62) * 1.25;
  c = pow(clamp(c, 0.0, 1.0), vec3(1.0 / 2.2));
  return mix(c, c * c * (3.0 - 2.0 * c), 0.45);
}
void main() {
  vec3 to_eye = normalize(eye - world), n = normalize(world_normal);
  if (dot(n, to_eye) < 0.0) n = -n;
  vec3 c = paint; float mirror = 0.05, coat = 1.0, sharp = 80.0, glow = 0.0, shade = 1.0;
  if (kind == 1) { c = accent; coat = 0.35; sharp = 20.0; }
  else if (kind == 2) { c = vec3(0.006, 0.008, 0.010); }
  else if (kind == 3) { c = vec3(0.018); coat = 0.15; sharp = 8.0; }
  else if (kind == 4) { c = vec3(0.42, 0.43, 0.45); mirror = 0.35; coat = 0.6; sharp = 30.0; }
  else if (kind == 5) { c = vec3(0.75, 0.78, 0.80); mirror = 0.12; glow = 0.12; }
  else if (kind == 6) { c = vec3(0.42, 0.015, 0.012); mirror = 0.06; glow = 0.08; }
  else if (kind == 7) { c = vec3(0.80, 0.28, 0.03); coat = 0.3; }
  else if (kind == 8) {
    float glyph = step(0.5, hash(floor(local.yz * vec2(26.0, 18.0)) + paint.xy * 37.0));
    c = mix(vec3(0.02, 0.06, 0.30), vec3(0.8), 0.2 + 0.7 * glyph); coat = 0.2;
  }
  else if (kind == 9) { c = vec3(0.035); coat = 0.25; sharp = 12.0; }
  else if (kind == 10) { c = vec3(0.42, 0.25, 0.17); coat = 0.05; }
  else if (kind == 11) { c = jacket * (0.78 + 0.4 * noise(local.xz * 12.0)); coat = 0.03; }
  else if (kind == 12) { c = vec3(0.022, 0.022, 0.027); coat = 0.1; sharp = 15.0; }
  else if (kind == 13) { c = helmet; coat = 0.7; sharp = 40.0; }
  else if (kind == 14) { c = vec3(0.78); coat = 0.2; }
  else if (kind == 20) { c = asphalt(); coat = 0.25; sharp = 6.0; mirror = 0.02; }
  else if (kind == 21) {
    c = vec3(0.30, 0.285, 0.265) * (0.8 + 0.3 * noise(world.xy * 3.0));
    vec2 tile = fract(world.xy / 0.5); float joint = min(min(tile.x, 1.0 - tile.x), min(tile.y,
        1.0 - tile.y));
    c *= mix(1.0, 0.78, smoothstep(0.06, 0.02, joint) * clamp(14.0 / length(world - eye), 0.0,
        1.0));
    c = mix(c, vec3(0.45, 0.33, 0.06), step(abs(abs(world.y) - road_half - 1.6), 0.25));
    coat = 0.0;
  }
  else if (kind == 22) { c = vec3(0.33) * (0.85 + 0.15 * step(0.02, fract(world.x))); coat = 0.0; }
  else if (kind == 23) { c = wall(n, coat); sharp = 60.0; }
  else if (kind == 24) {
    c = mix(vec3(0.02, 0.05, 0.012), vec3(0.08, 0.13, 0.03),
        noise(local.xy * 3.0 + local.z * 5.0) * 0.5 + noise(local.xz * 9.0) * 0.5);
    c *= 0.55 + 0.6 * hash(floor(local.xz * 11.0) + floor(local.y * 11.0)); coat = 0.0;
  }
  else if (kind == 25) { c = vec3(0.10, 0.075, 0.05); coat = 0.0; }
  else if (kind == 26) { c = vec3(0.30, 0.31, 0.32); coat = 0.2; }
  if (kind < 20) {
    if (kind < 2) c = mix(c, vec3(0.26, 0.23, 0.19), dirt * smoothstep(0.9, 0.2,
        local.z) * (0.5 + 0.5 * noise(local.xz * 9.0)));
    shade = mix(0.42, 1.0, smoothstep(0.0, 0.6, local.z + max(n.z, 0.0) * 0.6));
  } else if (kind < 23) shade = contact(world.xy);
  float direct = max(dot(n, sun), 0.0);
  if (direct > 0.0) direct *= sunlight(n);
  vec3 ambient = mix(vec3(0.17, 0.16, 0.15), mix(sky_low, sky_high, 0.5), 0.5 + 0.5 * n.z) * shade;
  vec3 back = reflect(-to_eye, n);
  float fresnel = (mirror + (1.0 - mirror) * pow(1.0 - max(dot(n, to_eye), 0.0), 5.0)) * coat;
  vec3 seen = c * (ambient + sun_colour * direct * (0.35 + 0.65 * shade));
  seen = mix(seen, surroundings(back) * shade, fresnel);
  seen += sun_colour * direct * coat * fresnel * 8.0 * pow(max(dot(back, sun), 0.0), sharp);
  seen += c * glow * 2.0;
  float far = length(world - eye);
  colour = vec4(tone(mix(sky_low, seen, exp(-far * haze))), 1.0);
}
"""
)
