// The arithmetic of a grid of which only the rows near the screen exist: 20,000 tiles are as quick
// as four.
export interface Grid { columns: number; tileWidth: number; tileHeight: number; rowHeight: number; rows: number }
/** Tiles `from` up to but not including `to`, with the room before and after them in pixels. */
export interface Part { from: number; to: number; before: number; after: number }

export const GAP_PX = 12;
/** Below the picture: three lines of text and their room, in units of the root's font size. */
const TEXT_REM = 4.9;
const OVERSCAN_ROWS = 2;

/** Few cameras get large pictures, two in a row; on a phone two small ones stand side by side. */
function leastWidth(count: number, width: number): number {
  if (count <= 1) return Math.min(width, 760);
  if (count <= 4) return width < 560 ? width : Math.max(260, (width - GAP_PX) / 2);
  return width < 560 ? 150 : 220;
}

/** Lay `count` tiles with 16:9 pictures out in `width` pixels. */
export function layOut(count: number, width: number, rem: number): Grid {
  const least = leastWidth(count, width);
  const columns = Math.max(1, Math.min(count || 1, Math.floor((width + GAP_PX) / (least + GAP_PX))));
  const widest = count <= 1 ? 900 : count <= 4 ? 560 : 360;
  const tileWidth = Math.min(widest, (width - GAP_PX * (columns - 1)) / columns);
  const tileHeight = Math.round((tileWidth * 9) / 16 + TEXT_REM * rem);
  return { columns, tileWidth, tileHeight, rowHeight: tileHeight + GAP_PX, rows: Math.ceil(count / columns) };
}

/** The part near the screen; `top` is how far the grid's upper edge is above the screen's. */
export function near(grid: Grid, count: number, top: number, height: number): Part {
  const { columns, rowHeight, rows } = grid;
  const first = Math.min(Math.max(0, rows - 1), Math.max(0, Math.floor(top / rowHeight) - OVERSCAN_ROWS));
  const last = Math.min(rows, Math.max(first + 1, Math.ceil((top + height) / rowHeight) + OVERSCAN_ROWS));
  return {
    from: first * columns,
    to: Math.min(count, last * columns),
    before: first * rowHeight,
    after: Math.max(0, rows - last) * rowHeight,
  };
}
