// Frames to pixels.

import { paintChannels, type ChannelLook } from "./channels";
import { colourMap, diverging, labelColour, MASK_COLOUR, rgba, withAlpha, type MapName } from "./colours";
import type { Frame } from "./types";

export interface Contrast { low: number; high: number }
export interface Style {
  contrast: Contrast; gamma: number; map: MapName;
  opacity: number; outlines: boolean; selected: number;
  /** By label, whether it is looked at; all others are faint. */
  inside?: Uint8Array | null;
  /** By label, its colour, where labels are classes that have one. */
  colours?: Uint32Array | null;
  /** Of channels, how each is drawn. */
  channels?: ChannelLook[];
}
export interface Bitmap { canvas: HTMLCanvasElement; frame: Frame }

const FAINT = 0.2;

function canvasOf(width: number, height: number): { canvas: HTMLCanvasElement; pixels: Uint32Array; put(): void } {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d")!;
  const data = context.createImageData(Math.max(1, width), Math.max(1, height));
  return { canvas, pixels: new Uint32Array(data.data.buffer), put: () => context.putImageData(data, 0, 0) };
}

/** The colour of every sample there can be. */
function lookup(frame: Frame, style: Style, map: Uint32Array): Uint32Array {
  const size = frame.dtype === "u1" ? 256 : 65536;
  const table = new Uint32Array(size);
  const { low, high } = style.contrast;
  const span = high - low || 1e-30;
  for (let sample = 0; sample < size; sample += 1) {
    const value = frame.offset + frame.scale * sample;
    const share = Math.min(1, Math.max(0, (value - low) / span));
    table[sample] = map[Math.round(255 * share ** (1 / style.gamma))]!;
  }
  if (frame.nan) table[0] = 0;
  return table;
}

export function paint(frame: Frame, style: Style): Bitmap {
  const [height = 0, width = 0] = frame.shape;
  const target = canvasOf(width, height);
  if (frame.kind === "image") paintImage(frame, style, target.pixels);
  else if (frame.kind === "channels") paintChannels(frame, style.channels ?? [], style.gamma, target.pixels);
  else if (frame.kind === "rgb") paintColours(frame, style, target.pixels);
  else paintObjects(frame, style, target.pixels, width, height);
  target.put();
  return { canvas: target.canvas, frame };
}

function paintImage(frame: Frame, style: Style, pixels: Uint32Array): void {
  const { samples } = frame;
  const table = lookup(frame, style, colourMap(style.map));
  for (let i = 0; i < samples.length; i += 1) pixels[i] = table[samples[i]!]!;
}

function paintColours(frame: Frame, style: Style, pixels: Uint32Array): void {
  const { samples } = frame;
  const table = lookup({ ...frame, nan: false }, style, colourMap("gray"));
  for (let i = 0, k = 0; k + 2 < samples.length; i += 1, k += 3) {
    pixels[i] = rgba(table[samples[k]!]! & 255, table[samples[k + 1]!]! & 255, table[samples[k + 2]!]! & 255);
  }
}

function paintObjects(frame: Frame, style: Style, pixels: Uint32Array, width: number, height: number): void {
  const { samples } = frame;
  const white = rgba(255, 255, 255);
  const isMask = frame.kind === "mask";
  const inside = isMask ? null : style.inside;
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) {
      const label = samples[i]!;
      if (!label) continue;
      const chosen = !isMask && label === style.selected;
      const border = (style.outlines || chosen) && (
        (x > 0 && samples[i - 1] !== label) || (x + 1 < width && samples[i + 1] !== label) ||
        (y > 0 && samples[i - width] !== label) || (y + 1 < height && samples[i + width] !== label));
      if (chosen && border) pixels[i] = white;
      else if (!style.outlines || border) {
        const strong = style.outlines ? 1 : style.opacity;
        pixels[i] = withAlpha(isMask ? MASK_COLOUR : style.colours?.[label] ?? labelColour(label), inside && !inside[label] ? strong * FAINT : strong);
      }
    }
  }
}

/** What is more in one frame than in another, in red, and what is less, in blue. */
export function paintDifference(first: Frame, second: Frame): { bitmap: Bitmap; most: number } | null {
  if (first.level !== second.level || String(first.region.x) !== String(second.region.x)
    || String(first.region.y) !== String(second.region.y) || first.kind === "rgb" || second.kind === "rgb") return null;
  const [height = 0, width = 0] = first.shape;
  const target = canvasOf(width, height);
  const count = Math.min(first.samples.length, second.samples.length);
  if (first.kind === "labels" && second.kind === "labels") {
    paintMatches(first, second, target.pixels);
    target.put();
    return { bitmap: { canvas: target.canvas, frame: first }, most: 1 };
  }
  const difference = new Float32Array(count);
  const objects = first.kind !== "image" && second.kind !== "image";
  for (let i = 0; i < count; i += 1) {
    const a = valueAt(first, i);
    const b = valueAt(second, i);
    difference[i] = objects ? Number(a > 0) - Number(b > 0) : a - b;
  }
  const sizes = Float32Array.from({ length: Math.min(count, 20000) }, (_, i) =>
    Math.abs(difference[Math.floor((i * count) / Math.min(count, 20000))]!)).filter(Number.isFinite).sort();
  const most = objects ? 1 : sizes[Math.floor(sizes.length * 0.995)] || 1e-30;
  const map = diverging();
  for (let i = 0; i < count; i += 1) {
    const share = difference[i]! / most;
    if (!Number.isNaN(share)) target.pixels[i] = map[Math.round(127.5 + 127.5 * Math.max(-1, Math.min(1, share)))]!;
  }
  target.put();
  return { bitmap: { canvas: target.canvas, frame: first }, most };
}

const [ALONE, OTHER, AGREED, UNLIKE] = [rgba(222, 60, 48), rgba(46, 108, 223), rgba(150, 158, 166, 150), rgba(246, 196, 38)];

/** Labels numbered as they come, with the samples of each. */
class Counted {
  readonly sizes: number[] = [];
  private readonly places = new Map<number, number>();

  add(label: number): number {
    let place = this.places.get(label);
    if (place === undefined) {
      place = this.sizes.push(0) - 1;
      this.places.set(label, place);
    }
    this.sizes[place]! += 1;
    return place;
  }
}

/** Objects of two pictures: what one alone has, and, where both have one, whether half of both is the same. */
function paintMatches(first: Frame, second: Frame, pixels: Uint32Array): void {
  const [a, b] = [first.samples, second.samples];
  const [ofFirst, ofSecond] = [new Counted(), new Counted()];
  const shared = new Map<number, number>();
  const pairs = new Float64Array(a.length);
  for (let i = 0; i < a.length; i += 1) {
    const [one, other] = [ofFirst.add(a[i]!), ofSecond.add(b[i]!)];
    if (!a[i] || !b[i]) continue;
    pairs[i] = one * 2 ** 26 + other;
    shared.set(pairs[i]!, (shared.get(pairs[i]!) ?? 0) + 1);
  }
  const agreed = new Set<number>();
  for (const [key, count] of shared) {
    if (2 * count >= ofFirst.sizes[Math.floor(key / 2 ** 26)]! + ofSecond.sizes[key % 2 ** 26]! - count) agreed.add(key);
  }
  for (let i = 0; i < a.length; i += 1) {
    if (a[i] && b[i]) pixels[i] = agreed.has(pairs[i]!) ? AGREED : UNLIKE;
    else if (a[i]) pixels[i] = ALONE;
    else if (b[i]) pixels[i] = OTHER;
  }
}

/** The value of a sample; NaN where there is none. */
export function valueAt(frame: Frame, index: number): number {
  const sample = frame.samples[index]!;
  if (frame.kind === "labels" || frame.kind === "mask") return sample;
  return frame.nan && sample === 0 ? NaN : frame.offset + frame.scale * sample;
}

/** The index of the sample at a place of the full image; -1 outside the frame. */
export function indexAt(frame: Frame, x: number, y: number): number {
  const column = Math.floor(x / frame.step.x) - frame.region.x[0];
  const row = Math.floor(y / frame.step.y) - frame.region.y[0];
  const [height = 0, width = 0] = frame.shape;
  return column < 0 || row < 0 || column >= width || row >= height ? -1 : row * width + column;
}
