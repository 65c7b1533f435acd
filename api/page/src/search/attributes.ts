import type { ColourName } from "../api/types";

/** The list without `one` if it is in it, else with it at the end. */
export const toggled = <Kind,>(list: readonly Kind[], one: Kind): Kind[] =>
  list.includes(one) ? list.filter((other) => other !== one) : [...list, one];

/** Style of the dot that shows a colour. */
export const classOfPaint = (colour: ColourName): string => `paint paint-${colour}`;
