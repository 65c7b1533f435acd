// How wide a text will be on the map, before it is drawn.
const known = new Map<string, number>();
let context: CanvasRenderingContext2D | null | undefined;

function measured(text: string, font: string): number {
  if (context === undefined) context = document.createElement("canvas").getContext("2d");
  if (!context) return text.length * 8;
  const family = getComputedStyle(document.body).fontFamily;
  context.font = `${font} ${family}`;
  return context.measureText(text).width;
}

/** Pixels; `font` is weight and size, for example "600 13px". */
export function textWidth(text: string, font: string): number {
  const key = `${font}\n${text}`;
  let width = known.get(key);
  if (width === undefined) {
    if (known.size > 5000) known.clear();
    width = measured(text, font);
    known.set(key, width);
  }
  return width;
}
