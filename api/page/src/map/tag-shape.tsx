// A label on the map: the name of a camera, below it what happened there.
import { colourOf } from "./route-colour";
import { CHIP_PX, chipWidth, LINE_PX, PAD_PX, type Tag } from "./tags";

interface Props {
  tag: Tag;
  x: number;
  y: number;
  rank: number;
  highlighted: number | null;
  onHighlight: ((leg: number | null) => void) | null;
  onLeg: ((leg: number) => void) | null;
}

/** Mouse only: the stop that belongs to it is what the keyboard reaches. */
export function TagShape({ tag, x, y, rank, highlighted, onHighlight, onLeg }: Props) {
  const { width, height } = tag.size;
  const is = highlighted !== null && tag.rows.some((row) => row.legs.includes(highlighted));
  const route = tag.kind === "stop" ? ` route-${colourOf(rank)}` : "";
  return (
    <g class={`map-tag ${tag.kind} is-${tag.tone}${route}${is ? " highlighted" : ""}`} transform={`translate(${x} ${y})`} aria-hidden={tag.kind === "stop"}>
      <rect class="map-tag-box" width={width} height={height} rx={6} />
      <text class="map-tag-title" x={PAD_PX} y={tag.rows.length ? 18 : 14.5}>{tag.title}</text>
      {tag.rows.map((row, at) => {
        const top = LINE_PX * (at + 1) + 3;
        const chip = row.chip ? chipWidth(row.chip) : 0;
        const [leg] = row.legs;
        const on = onLeg && leg !== undefined
          ? { "data-map-item": true, onMouseEnter: () => onHighlight?.(leg), onMouseLeave: () => onHighlight?.(null), onClick: () => onLeg(leg) } : {};
        return (
          <g key={at} class={`map-tag-row${leg !== undefined && onLeg ? " live" : ""}`} {...on}>
            <rect class="map-tag-touch" x={2} y={top - 1} width={width - 4} height={LINE_PX} />
            {row.chip && <rect class="map-chip" x={PAD_PX} y={top} width={chip} height={CHIP_PX} rx={4} />}
            {row.chip && <text class="map-chip-text" x={PAD_PX + chip / 2} y={top + 13}>{row.chip}</text>}
            <text class="map-tag-text" x={PAD_PX + (chip ? chip + 6 : 0)} y={top + 13.5}>{row.text}</text>
          </g>
        );
      })}
    </g>
  );
}
