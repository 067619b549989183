// How well a mask or labels agree with what is known of them.

import type { Frame } from "./types";

export interface Score { value: number; words: string }

const same = (a: Frame, b: Frame) => a.level === b.level && String(a.shape.slice(0, 2)) === String(b.shape.slice(0, 2));

/** Of complete labels the Dice coefficient; null where nothing is known there. */
export function againstTruth(found: Frame, truth: Frame): Score | null {
  if (!same(found, truth)) return null;
  let [both, one] = [0, 0];
  for (let i = 0; i < truth.samples.length; i += 1) {
    const [a, b] = [found.samples[i]! > 0, truth.samples[i]! > 0];
    both += Number(a && b);
    one += Number(a) + Number(b);
  }
  return one ? { value: (2 * both) / one, words: `Dice ${((2 * both) / one).toFixed(3)}` } : null;
}

/** Of strokes the mean share of each class that agrees: the first class is background where there are more. */
export function againstStrokes(found: Frame, strokes: Frame): Score | null {
  if (!same(found, strokes)) return null;
  const painted = new Map<number, [number, number]>();
  const classes = new Set<number>();
  for (const value of strokes.samples) if (value) classes.add(value);
  const hasGround = classes.has(1);
  for (let i = 0; i < strokes.samples.length; i += 1) {
    const value = strokes.samples[i]!;
    if (!value) continue;
    const isObject = hasGround ? value > 1 : true;
    const counts = painted.get(Number(isObject)) ?? [0, 0];
    counts[0] += Number((found.samples[i]! > 0) === isObject);
    counts[1] += 1;
    painted.set(Number(isObject), counts);
  }
  if (!painted.size) return null;
  const value = [...painted.values()].reduce((sum, [right, all]) => sum + right / all, 0) / painted.size;
  return { value, words: `${(100 * value).toFixed(1)} % of strokes` };
}
