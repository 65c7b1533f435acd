"""The GLSL programs of the renderer.

Light is linear: a sun with shadows, sky and ground as ambient light, street lamps, a clear coat
that mirrors the surroundings (Schlick's approximation of Fresnel's law), then a filmic tone curve.
What stands still is shaded once into two pictures, with and without the sun; a frame mixes the two
where a vehicle casts its shadow.
"""

from __future__ import annotations

from typing import Final

MAX_LAMPS: Final = 14
"""Street lamps that light one camera's view."""
MAX_FOOTPRINTS: Final = 40
"""Vehicles whose shade and headlamps one frame can hold."""

POSITION_VERTEX: Final = """#version 330
in vec3 position; uniform mat4 view_projection; uniform mat4 model;
void main() { gl_Position = view_projection * model * vec4(position, 1.0); }
"""

DEPTH_FRAGMENT: Final = """#version 330
void main() {}
"""

NUMBER_FRAGMENT: Final = """#version 330
uniform float number; out float written;
void main() { written = number; }
"""

BEHIND_FRAGMENT: Final = """#version 330
in vec2 at; uniform sampler2D still_depth; out float written;
void main() { gl_FragDepth = texture(still_depth, at).r; written = 0.0; }
"""

SURFACE_VERTEX: Final = """#version 330
in vec3 position; in vec3 normal; in float material;
uniform mat4 view_projection; uniform mat4 model;
out vec3 world; out vec3 world_normal; out vec3 local; out vec3 local_normal;
flat out float stuff;
void main() {
  vec4 at = model * vec4(position, 1.0);
  world = at.xyz; world_normal = mat3(model) * normal; local = position; local_normal = normal;
  stuff = material; gl_Position = view_projection * at;
}
"""

SCREEN_VERTEX: Final = """#version 330
in vec2 corner; out vec2 at;
void main() { at = corner * 0.5 + 0.5; gl_Position = vec4(corner, 0.99999, 1.0); }
"""

_COMMON: Final = (
    """
uniform vec3 eye, sun, sun_colour, sky_high, sky_low;
uniform float haze, exposure, lamp_power;
uniform int num_lamps;
uniform vec3 lamps["""
    + str(MAX_LAMPS)
    + """];
const vec3 LAMP_COLOUR = vec3(1.0, 0.83, 0.58);
float hash(vec2 p) { p = fract(p * vec2(123.34, 456.21)); p += dot(p, p + 45.32);
    return fract(p.x * p.y); }
float noise(vec2 p) {
  vec2 i = floor(p), f = fract(p); f = f * f * (3.0 - 2.0 * f);
  return mix(mix(hash(i), hash(i + vec2(1, 0)), f.x),
             mix(hash(i + vec2(0, 1)), hash(i + vec2(1, 1)), f.x), f.y);
}
vec3 sky(vec3 d) {
  vec3 c = mix(sky_low, sky_high, sqrt(clamp(d.z, 0.0, 1.0)));
  vec2 p = d.xy / (abs(d.z) + 0.2);
  float cloud = smoothstep(0.45, 0.8, noise(p * 1.3) * 0.6 + noise(p * 3.7) * 0.4);
  return mix(c, vec3(dot(sky_low, vec3(0.4))), 0.5 * cloud * smoothstep(0.02, 0.3, d.z));
}
vec3 surroundings(vec3 d) {
  vec3 ground = vec3(0.16) * (0.3 * sky_low.g + dot(sun_colour, vec3(0.2)) + lamp_power * 0.35);
  if (d.z < 0.0) return ground * (1.0 + 0.3 * d.z);
  float houses = smoothstep(0.42, 0.26, d.z + 0.12 * hash(floor(vec2(atan(d.y, d.x) * 5.0, 1.0))));
  vec3 wall = vec3(0.24, 0.23, 0.21) * (sky_low.g * 0.8 + dot(sun_colour, vec3(0.12)) + 0.03);
  return mix(mix(sky_low, sky_high, sqrt(d.z)), wall, houses * 0.85);
}
vec3 lamplight(vec3 p, vec3 n) {
  if (lamp_power <= 0.0) return vec3(0.0);
  vec3 sum = vec3(0.0);
  for (int i = 0; i < num_lamps; i++) {
    vec3 to = lamps[i] - p; float d2 = dot(to, to); to *= inversesqrt(d2);
    float down = clamp(to.z, 0.0, 1.0);
    sum += LAMP_COLOUR * (75.0 * down * sqrt(down) * clamp(dot(n, to), 0.0, 1.0) / (d2 + 4.0));
  }
  return sum * lamp_power;
}
float four_taps(sampler2DShadow map, vec3 q, float texel) {
  float sum = 0.0;
  for (int i = -1; i <= 1; i += 2) for (int j = -1; j <= 1; j += 2)
    sum += texture(map, vec3(q.xy + vec2(i, j) * texel, q.z));
  return sum * 0.25;
}
float unshaded(sampler2DShadow map, mat4 to_map, vec3 p, float texel, float bias) {
  vec3 q = (to_map * vec4(p, 1.0)).xyz * 0.5 + 0.5;
  if (any(lessThan(q, vec3(0.0))) || any(greaterThan(q, vec3(1.0)))) return 1.0;
  return four_taps(map, vec3(q.xy, q.z - bias), texel);
}
vec3 ambient(vec3 n) {
  float bounce = 0.10 * sky_low.g + 0.055 * dot(sun_colour, vec3(0.33)) + 0.05 * lamp_power;
  return mix(vec3(1.0, 0.95, 0.88) * bounce, mix(sky_low, sky_high, 0.5), 0.5 + 0.5 * n.z);
}
vec3 hazed(vec3 c, vec3 p) { return mix(sky_low, c, exp(-length(p - eye) * haze)); }
vec3 tone(vec3 c) {
  c *= exposure;
  c = c * (1.0 + c * 0.12) / (1.0 + c * 0.62) * 1.25;
  c = pow(clamp(c, 0.0, 1.0), vec3(1.0 / 2.2));
  return mix(c, c * c * (3.0 - 2.0 * c), 0.40);
}
"""
)

SKY_FRAGMENT: Final = (
    "#version 330\n"
    + _COMMON
    + """
in vec2 at; uniform mat4 to_world;
layout(location = 0) out vec4 lit; layout(location = 1) out vec4 dark;
void main() {
  vec4 far = to_world * vec4(at * 2.0 - 1.0, 1.0, 1.0);
  vec3 c = sky(normalize(far.xyz / far.w - eye));
  lit = dark = vec4(c, 1.0);
}
"""
)

STILL_FRAGMENT: Final = (
    "#version 330\n"
    + _COMMON
    + """
in vec3 world; in vec3 world_normal; in vec3 local; in vec3 local_normal; flat in float stuff;
layout(location = 0) out vec4 lit; layout(location = 1) out vec4 dark;
uniform mat4 still_matrix; uniform sampler2DShadow still_shadow; uniform float still_texel;
uniform sampler2D near_ground, far_ground; uniform vec4 near_patch, far_patch;

vec3 ground_colour() {
  vec2 n = (world.xy - near_patch.xy) * near_patch.z, f = (world.xy - far_patch.xy) * far_patch.z;
  vec2 edge = min(n, 1.0 - n);
  float inside = smoothstep(0.0, 0.04, min(edge.x, edge.y));
  vec3 c = mix(texture(far_ground, f).rgb, texture(near_ground, clamp(n, 0.0, 1.0)).rgb, inside);
  return pow(c, vec3(2.2));
}
vec3 wall(vec3 n, float tone_of, out float gloss, out vec3 glow) {
  gloss = 0.0; glow = vec3(0.0);
  float u = abs(n.x) > 0.5 ? world.y : world.x, k = tone_of * 100.0;
  vec3 plaster = mix(vec3(0.46, 0.41, 0.34), vec3(0.36, 0.20, 0.15),
      step(0.66, hash(vec2(k, 1.0))));
  plaster = mix(plaster, vec3(0.42, 0.43, 0.44), step(0.5, hash(vec2(k, 2.0))));
  plaster *= 0.8 + 0.4 * hash(vec2(k, 3.0));
  vec3 c = plaster * (0.84 + 0.22 * noise(vec2(u, world.z) * 1.3));
  c *= 0.86 + 0.14 * smoothstep(0.0, 2.0, world.z);
  if (abs(n.z) > 0.5) return c * 0.6;
  float shop = floor(u / 4.3); vec2 f = vec2(fract(u / 4.3), world.z);
  if (world.z < 3.0) {
    float glass = step(0.06, f.x) * step(f.x, 0.94) * step(0.35, f.y) * step(f.y, 2.75);
    float shutter = step(0.72, hash(vec2(shop, k)));
    vec3 inside = vec3(0.035, 0.04, 0.045)
        + 0.06 * hash(floor(vec2(u * 2.2, f.y * 1.6)) + shop) * vec3(1.0, 0.9, 0.7);
    vec3 slats = vec3(0.36, 0.37, 0.38) * (0.8 + 0.2 * step(0.5, fract(f.y * 6.0)));
    c = mix(c, mix(inside, slats, shutter), glass);
    c *= 1.0 - 0.5 * step(abs(f.x - 0.5), 0.012) * glass;
    gloss = 0.5 * glass * (1.0 - shutter);
    glow = inside * glass * (1.0 - shutter) * 7.0 * vec3(1.0, 0.9, 0.72);
  } else if (world.z < 4.1) {
    vec3 board = 0.10 + 0.42 * vec3(hash(vec2(shop, k + 1.0)), hash(vec2(shop, k + 2.0)),
        hash(vec2(shop, k + 3.0)));
    float text = step(abs(f.y - 3.55), 0.26) * step(0.15, f.x) * step(f.x, 0.85)
        * step(0.42, hash(floor(vec2(u * 7.0, (f.y - 3.3) * 9.0))));
    c = mix(board, vec3(0.75, 0.72, 0.6), text * step(fract(u * 1.4), 0.75));
    glow = c * step(0.4, hash(vec2(shop, k + 4.0))) * 0.9;
  } else {
    vec2 cell = vec2(u / 3.0, (world.z - 4.1) / 3.0), q = fract(cell);
    float pane = step(0.24, q.x) * step(q.x, 0.76) * step(0.25, q.y) * step(q.y, 0.8);
    float frame = pane * (1.0 - step(abs(q.x - 0.5), 0.012));
    float h = hash(floor(cell) + k);
    c = mix(c, mix(vec3(0.03, 0.04, 0.05), vec3(0.22, 0.22, 0.20), step(0.7, h)), frame);
    c *= 1.0 - 0.25 * step(q.y, 0.05);
    gloss = 0.5 * frame;
    glow = frame * step(0.72, hash(floor(cell) + k + 9.0)) * vec3(0.5, 0.40, 0.25) * (0.4 + h);
  }
  return c;
}
void main() {
  vec3 to_eye = normalize(eye - world), n = normalize(world_normal);
  if (dot(n, to_eye) < 0.0) n = -n;
  int kind = int(stuff + 0.5);
  vec3 c, glow = vec3(0.0); float coat = 0.0, mirror = 0.02, sharp = 12.0;
  if (kind == 20) { c = ground_colour(); coat = 0.22; sharp = 6.0; }
  else if (kind == 22) c = vec3(0.30, 0.295, 0.28)
      * (0.84 + 0.1 * noise(world.xy * 5.0) + 0.1 * step(0.03, fract((world.x + world.y) / 0.9)));
  else if (kind == 23) {
    c = wall(n, fract(stuff + 0.0001), coat, glow); sharp = 60.0; mirror = 0.05;
  }
  else if (kind == 24) {
    c = mix(vec3(0.02, 0.05, 0.012), vec3(0.08, 0.13, 0.03),
        noise(local.xy * 3.0 + local.z * 5.0) * 0.5 + noise(local.xz * 9.0) * 0.5);
    c *= 0.45 + 0.8 * hash(floor(local.xz * 9.0) + floor(local.y * 9.0));
  }
  else if (kind == 25) c = vec3(0.10, 0.075, 0.05) * (0.8 + 0.4 * noise(local.xz * 20.0));
  else if (kind == 26) { c = vec3(0.30, 0.31, 0.32); coat = 0.2; }
  else if (kind == 14) { c = vec3(0.7); glow = LAMP_COLOUR * 6.0; }
  else { c = vec3(0.03); coat = 0.1; }
  vec3 flat_light = ambient(n) + lamplight(world, n);
  vec3 back = reflect(-to_eye, n);
  float fresnel = (mirror + (1.0 - mirror) * pow(1.0 - max(dot(n, to_eye), 0.0), 5.0)) * coat;
  float facing = max(dot(n, sun), 0.0), direct = 0.0;
  if (facing > 0.0 && sun_colour.r > 0.0)
    direct = facing * unshaded(still_shadow, still_matrix, world + n * 0.06, still_texel, 0.0006);
  // Rough ground shows no single houses.
  vec3 mirrored = kind == 20 ? mix(sky_low, sky_high, 0.3) * 0.8 : surroundings(back);
  vec3 base = mix(c * flat_light, mirrored, fresnel) + glow * lamp_power;
  vec3 sunny = c * sun_colour * direct * (1.0 - fresnel)
      + sun_colour * direct * coat * fresnel * 8.0 * pow(max(dot(back, sun), 0.0), sharp);
  lit = vec4(hazed(base + sunny, world), 1.0); dark = vec4(hazed(base, world), 1.0);
}
"""
)

SHADE_FRAGMENT: Final = (
    "#version 330\n"
    + _COMMON
    + """
in vec2 at; out vec4 colour;
uniform sampler2D lit_picture, dark_picture, still_depth;
uniform mat4 to_world, moving_matrix; uniform sampler2DShadow moving_shadow;
uniform float moving_texel;
uniform int num_footprints;
uniform vec4 places["""
    + str(MAX_FOOTPRINTS)
    + """];
uniform vec4 sizes["""
    + str(MAX_FOOTPRINTS)
    + """];
void main() {
  float depth = texture(still_depth, at).r;
  vec4 far = to_world * vec4(vec3(at, depth) * 2.0 - 1.0, 1.0);
  vec3 p = far.xyz / far.w;
  vec3 lit = texture(lit_picture, at).rgb, dark = texture(dark_picture, at).rgb;
  float sunny = 1.0;
  if (sun_colour.r > 0.0) sunny = unshaded(moving_shadow, moving_matrix, p, moving_texel, 0.0001);
  vec3 c = mix(dark, lit, sunny);
  if (p.z < 0.4) {
    float contact = 1.0; vec3 beams = vec3(0.0);
    for (int i = 0; i < num_footprints; i++) {
      vec2 d = p.xy - places[i].xy; float d2 = dot(d, d);
      if (d2 > 900.0) continue;
      vec2 q = vec2(dot(d, places[i].zw), dot(d, vec2(-places[i].w, places[i].z)));
      if (d2 < 90.0) {
        vec2 gap = max(abs(q) - sizes[i].xy, 0.0);
        contact *= 1.0 - sizes[i].z * exp(-dot(gap, gap) / 0.10);
      }
      if (sizes[i].w > 0.0) {
        float ahead = q.x - sizes[i].x;
        if (ahead > 0.0) {
          float spread = 0.9 + 0.22 * ahead;
          beams += vec3(1.0, 0.95, 0.85) * (sizes[i].w * exp(-q.y * q.y / (spread * spread))
              * smoothstep(0.0, 3.0, ahead) * 9.0 / (ahead * ahead + 30.0)
              * smoothstep(30.0, 16.0, ahead));
        }
      }
    }
    c = c * contact + 0.10 * beams * lamp_power;
  }
  colour = vec4(tone(c), 1.0);
  gl_FragDepth = depth;
}
"""
)

VEHICLE_FRAGMENT: Final = (
    "#version 330\n"
    + _COMMON
    + """
in vec3 world; in vec3 world_normal; in vec3 local; in vec3 local_normal; flat in float stuff;
out vec4 colour;
uniform mat4 still_matrix, moving_matrix;
uniform sampler2DShadow still_shadow, moving_shadow; uniform float still_texel, moving_texel;
uniform vec3 paint, accent, jacket, trousers, helmet;
uniform float dirt, braking, wear;
uniform sampler2D decal; uniform vec4 flank, rear, plate_rear, plate_front;

vec4 painted() {
  vec2 q; vec2 cell, corner;
  if (abs(local_normal.y) > 0.7) {
    q = (local.xz - flank.xy) / (flank.zw - flank.xy);
    if (local.y > 0.0) q.x = 1.0 - q.x;  // lettering reads from left to right on both sides
    corner = vec2(0.0); cell = vec2(1.0, 0.5);
  } else if (local_normal.x < -0.7 && local.x < 0.0) {
    q = (vec2(-local.y, local.z) - vec2(-rear.z, rear.y)) / vec2(rear.z - rear.x, rear.w - rear.y);
    corner = vec2(0.0, 0.5); cell = vec2(0.5);
  } else return vec4(0.0);
  if (any(lessThan(q, vec2(0.004))) || any(greaterThan(q, vec2(0.996)))) return vec4(0.0);
  vec4 t = texture(decal, corner + vec2(q.x, 1.0 - q.y) * cell);
  return vec4(pow(t.rgb, vec3(2.2)), t.a);
}
vec3 number_plate() {
  vec4 place = local.x < 0.0 ? plate_rear : plate_front;
  float side = local.x < 0.0 ? -local.y : local.y;
  vec2 q = vec2(side / place.z + 0.5, (place.y + place.w * 0.5 - local.z) / place.w);
  q = clamp(q, 0.01, 0.99);
  return pow(texture(decal, vec2(0.5 + 0.5 * q.x, 0.5 + 0.25 * q.y)).rgb, vec3(2.2));
}
void main() {
  vec3 to_eye = normalize(eye - world), n = normalize(world_normal);
  if (dot(n, to_eye) < 0.0) n = -n;
  int kind = int(stuff + 0.5);
  vec3 c = paint, glow = vec3(0.0); float mirror = 0.05, coat = 1.0, sharp = 80.0;
  if (kind == 0 || kind == 1) {
    if (kind == 1) { c = accent; coat = 0.35; sharp = 20.0; }
    vec4 d = painted(); c = mix(c, d.rgb, d.a);
    c = mix(c, vec3(0.26, 0.23, 0.19), dirt * smoothstep(0.9, 0.2, local.z)
        * (0.4 + 0.6 * noise(local.xz * 9.0 + wear)));
    coat *= 1.0 - 0.45 * dirt;
  }
  else if (kind == 2) { c = vec3(0.006, 0.008, 0.010); mirror = 0.07; }
  else if (kind == 3) { c = vec3(0.018); coat = 0.15; sharp = 8.0; }
  else if (kind == 4) { c = vec3(0.42, 0.43, 0.45); mirror = 0.35; coat = 0.6; sharp = 30.0; }
  else if (kind == 5) { c = vec3(0.75, 0.78, 0.80); mirror = 0.12;
      glow = vec3(0.10) + vec3(1.0, 0.95, 0.85) * 5.0 * lamp_power; }
  else if (kind == 6) { c = vec3(0.42, 0.015, 0.012); mirror = 0.06;
      glow = vec3(0.9, 0.03, 0.02) * (0.06 + 0.55 * lamp_power + 0.9 * braking); }
  else if (kind == 7) { c = vec3(0.80, 0.28, 0.03); coat = 0.3; }
  else if (kind == 8) { c = number_plate(); coat = 0.2; glow = c * 0.12 * lamp_power; }
  else if (kind == 9) { c = vec3(0.035); coat = 0.25; sharp = 12.0; }
  else if (kind == 10) { c = vec3(0.42, 0.25, 0.17); coat = 0.05; }
  else if (kind == 11) { c = jacket * (0.78 + 0.4 * noise(local.xz * 12.0)); coat = 0.03; }
  else if (kind == 12) { c = trousers; coat = 0.1; sharp = 15.0; }
  else if (kind == 13) { c = helmet; coat = 0.7; sharp = 40.0; }
  else if (kind == 14) { c = vec3(0.78); coat = 0.2; }
  else if (kind == 15) { c = vec3(0.36, 0.24, 0.13); coat = 0.0; }
  else if (kind == 19) { c = vec3(0.0); coat = 0.0; glow = paint * 3.0; }
  float low = mix(0.42, 1.0, smoothstep(0.0, 0.6, world.z + max(n.z, 0.0) * 0.6));
  float facing = max(dot(n, sun), 0.0), direct = 0.0;
  if (facing > 0.0 && sun_colour.r > 0.0)
    direct = facing * min(
        unshaded(still_shadow, still_matrix, world + n * 0.05, still_texel, 0.0006),
        unshaded(moving_shadow, moving_matrix, world + n * 0.07, moving_texel, 0.0012));
  vec3 back = reflect(-to_eye, n);
  float fresnel = (mirror + (1.0 - mirror) * pow(1.0 - max(dot(n, to_eye), 0.0), 5.0)) * coat;
  vec3 seen = c * (ambient(n) * low + lamplight(world, n)
      + sun_colour * direct * (0.35 + 0.65 * low));
  seen = mix(seen, surroundings(back) * low, fresnel);
  seen += sun_colour * direct * coat * fresnel * 8.0 * pow(max(dot(back, sun), 0.0), sharp);
  seen += glow;
  colour = vec4(tone(hazed(seen, world)), 1.0);
}
"""
)
