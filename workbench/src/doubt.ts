// Where a stroke helps most: the places around which a model is least decided.

import type { Bench } from "./bench";
import { windowOf } from "./outlook";
import { valueAt } from "./paint";
import type { Frame, Opened } from "./types";
import { NUMBERS } from "./numbers";

export const SEARCH = NUMBERS.search;
const MOST = 1 << 20; // samples that are looked at, at most
const SPOTS = 8;

/** A place in samples of the full image, and how undecided the model is around it, from 0 to 1. */
export interface Spot { x: number; y: number; doubt: number }

/** The request for the uncertainty of the whole plane, at the finest level that is not too large. */
export function searchMessage(bench: Bench, text: string, of: string): Record<string, unknown> | null {
  const { image } = bench;
  if (!image) return null;
  const [rows, columns] = bench.plane;
  const sizeAt = (dim: string, level: number) => Math.max(1, Math.floor((image.sizes[dim] ?? 1) / windowOf(image, dim, level)));
  let level = 0;
  while (level < image.depth && sizeAt(rows, level) * sizeAt(columns, level) > MOST) level += 1;
  const region = { [rows]: [0, sizeAt(rows, level)], [columns]: [0, sizeAt(columns, level)] };
  return { type: "view", pane: SEARCH, path: image.path, text, of, level, region, at: bench.at };
}

/** The least decided places of a frame, the worst first, no two within each other's reach. */
export function mostDoubtful(frame: Frame, image: Opened, reach: number): Spot[] {
  const [height = 0, width = 0] = frame.shape;
  const step = windowOf(image, "x", frame.level);
  const half = Math.max(1, Math.round(reach / step / 2));
  // Sums over all above and to the left give that of any box in four looks.
  const sums = new Float64Array((height + 1) * (width + 1));
  for (let y = 0, i = 0; y < height; y += 1) {
    let row = 0;
    for (let x = 0; x < width; x += 1, i += 1) {
      const value = valueAt(frame, i);
      row += Number.isNaN(value) ? 0 : value;
      sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1]! + row;
    }
  }
  const mean = (y: number, x: number) => {
    const [top, low] = [Math.max(0, y - half), Math.min(height, y + half + 1)];
    const [left, right] = [Math.max(0, x - half), Math.min(width, x + half + 1)];
    const at = (r: number, c: number) => sums[r * (width + 1) + c]!;
    return (at(low, right) - at(top, right) - at(low, left) + at(top, left)) / ((low - top) * (right - left));
  };
  const found: Spot[] = [];
  const stride = Math.max(1, Math.floor(half / 2));
  for (let y = 0; y < height; y += stride) {
    for (let x = 0; x < width; x += stride) {
      const doubt = mean(y, x);
      if (doubt > 0.02) found.push({ x: (x + 0.5) * step, y: (y + 0.5) * step, doubt });
    }
  }
  found.sort((a, b) => b.doubt - a.doubt);
  const kept: Spot[] = [];
  for (const spot of found) {
    if (kept.length === SPOTS) break;
    if (kept.every((other) => Math.hypot(other.x - spot.x, other.y - spot.y) > 2 * reach)) kept.push(spot);
  }
  return kept;
}
