// Which leg the pointer or the keyboard is at: map, timeline, pictures and list show it alike.
import { signal } from "@preact/signals";

export const highlighted = signal<number | null>(null);

export function highlight(leg: number | null): void {
  highlighted.value = leg;
}

export const legId = (leg: number) => `trace-leg-${leg}`;

/** Bring a leg of the list into view and give it the focus. */
export function showLeg(leg: number): void {
  highlighted.value = leg;
  const element = document.getElementById(legId(leg));
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  element?.scrollIntoView({ block: "center", behavior: still ? "auto" : "smooth" });
  element?.focus({ preventScroll: true });
}

/** What makes an element take part. */
export function linked(leg: number) {
  return {
    onMouseEnter: () => highlight(leg), onMouseLeave: () => highlight(null),
    onFocusIn: () => highlight(leg), onFocusOut: () => highlight(null),
  };
}
