// The state of a camera as a shape with a colour: who does not tell colours apart sees the shape.
import type { CameraState } from "../api/types";

/** `late`: it is up, but this machine does not keep up with it. */
type Shown = CameraState | "late";

const SHAPES: Record<Shown, string> = {
  up: "M8 2.500a5.500 5.500 0 1 1 0 11a5.500 5.500 0 0 1 0-11Z",
  late: "M8 1.500a6.500 6.500 0 1 1 0 13a6.500 6.500 0 0 1 0-13ZM7 4v5l3.500 2 .8-1.400L8.600 8V4Z",
  still: "M4 3h3v10H4ZM9 3h3v10H9Z",
  black: "M2 3h12v10H2Z",
  down: "M8 1.500 15.200 14H.8ZM7.200 6v4h1.600V6ZM7.200 11v1.600h1.600V11Z",
  credentials: "M5 7V5a3 3 0 0 1 6 0v2h1.500v7h-9V7ZM6.500 7h3V5a1.500 1.500 0 0 0-3 0Z",
  waiting: "M3.500 1.500h9v2L9.500 8l3 4.500v2h-9v-2L6.500 8l-3-4.500Z",
  connecting: "M8 2a6 6 0 1 1-6 6h2a4 4 0 1 0 4-4Z",
  recorded: "M2.500 3.500h11v9h-11ZM6.500 5.500v5l4-2.500Z",
};

export function StateMark({ state }: { state: Shown }) {
  return (
    <svg class={`live-mark live-mark-${state}`} viewBox="0 0 16 16" width="14" height="14" fill="currentColor"
      fill-rule="evenodd" aria-hidden="true" focusable="false">
      <path d={SHAPES[state]} />
    </svg>
  );
}
