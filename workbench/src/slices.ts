// Three planes through one place: how they lie, their crosshair, and what stands in the corner between them.

import type { Bench } from "./bench";
import { fill, h } from "./dom";
import { short, unitText } from "./format";
import { drawnAt, stretchOf, type Outlook } from "./outlook";
import type { Pane } from "./pane";

const LEAST = 0.22; // of the stage, that a thin plane is given
const HEAD = 34; // of a pane, and between two
const GAP = 6;
const COLOURS = ["#5aa9ff", "#ff7a6b", "#57c98a"]; // of the planes xy, zy and xz

/** The dim that a plane stands across. */
export function across(bench: Bench, pane: number): string {
  const [rows, columns] = bench.plane;
  return [bench.deep!, columns, rows][pane]!;
}

/** The colour of the plane that stands across a dim. */
export function colourOf(bench: Bench, dim: string): string {
  return COLOURS[[0, 1, 2].findIndex((pane) => across(bench, pane) === dim)] ?? "#fff";
}

/** A place along a dim in samples and, where it has one, in its unit. */
export function placeText(bench: Bench, dim: string, index: number): string {
  const each = bench.image?.spacing[dim];
  return each?.unit && each.unit !== "px" ? `${index} (${short(index * each.step)} ${unitText(each.unit)})` : String(index);
}

/** How wide a brush is, in samples along each dim that is drawn otherwise. */
export function brushText(bench: Bench, radius: number): string {
  const across = (stretch: number) => Number(((2 * radius) / stretch).toPrecision(2));
  if (!bench.inSlices) return `${across(1)} px`;
  const [rows, columns] = bench.plane;
  const each = [columns, rows, bench.deep!].map((dim) => [dim, across(stretchOf(bench.image!, dim, columns))] as const);
  return each.every(([, wide]) => wide === each[0]![1]) ? `${each[0]![1]} px` : `${each.map(([dim, wide]) => `${dim} ${wide}`).join(", ")} px`;
}

/** How long the three dims are drawn, in columns of the image: across, down, and deep. */
function extents(bench: Bench): [number, number, number] {
  const { image, size, deep } = bench;
  const [rows, columns] = bench.plane;
  return [size.width, size.height * stretchOf(image!, rows, columns), (image!.sizes[deep!] ?? 1) * stretchOf(image!, deep!, columns)];
}

/** Share the stage out so that the planes fill it. */
export function sharedOut(bench: Bench): { columns: string; rows: string } {
  const [width, height, depth] = extents(bench);
  const share = (whole: number) => Math.min(1 - LEAST, Math.max(LEAST, whole / (whole + depth)));
  const tracks = (first: number, head: number) =>
    `calc((100% - ${2 * head + GAP}px) * ${first.toFixed(4)} + ${head}px) minmax(0, 1fr)`;
  return { columns: tracks(share(width), 0), rows: tracks(share(height), HEAD) };
}

/** Let all three planes be seen whole. */
export function fitSlices(bench: Bench, panes: { width: number; height: number }[]): void {
  const [width, height, depth] = extents(bench);
  const [first, second, third] = panes as [typeof panes[0], typeof panes[0], typeof panes[0]];
  const zoom = Math.min(first.width / width, first.height / height, second.width / depth, second.height / height, third.width / width, third.height / depth);
  if (!(zoom > 0)) return;
  bench.camera.set({ x: bench.size.width / 2, y: bench.size.height / 2, z: (bench.image!.sizes[bench.deep!] ?? 1) / 2, zoom: zoom * 0.97 });
}

/** Draw where the other two planes cut this one. */
export function drawCrosshair(context: CanvasRenderingContext2D, bench: Bench, look: Outlook): void {
  const { width, height } = context.canvas;
  const ratio = devicePixelRatio;
  const position = bench.position;
  const [x, y] = drawnAt(look, { x: (position[look.columns] ?? 0) + 0.5, y: (position[look.rows] ?? 0) + 0.5 }, width, height);
  const gap = 7 * ratio;
  const line = (dim: string, parts: [number, number, number, number][]) => {
    for (const [wide, colour] of [[3, "rgba(0,0,0,.45)"], [1.25, colourOf(bench, dim)]] as const) {
      context.lineWidth = wide * ratio;
      context.strokeStyle = colour;
      context.beginPath();
      for (const [a, b, c, d] of parts) { context.moveTo(a, b); context.lineTo(c, d); }
      context.stroke();
    }
  };
  line(look.columns, [[x, 0, x, y - gap], [x, y + gap, x, height]]);
  line(look.rows, [[0, y, x - gap, y], [x + gap, y, width, y]]);
}

/** What stands in the corner that the three planes leave: the place, and the value there. */
export class Corner {
  readonly element = h("section", { class: "corner", tabIndex: 0, "aria-label": "The place of the crosshair" });

  constructor(private readonly bench: Bench) {}

  /** `isDrawn` where a drag draws and does not move the crosshair. */
  show(first: Pane, isDrawn: boolean): void {
    const { bench } = this;
    const [rows, columns] = bench.plane;
    const position = bench.position;
    const value = first.valueText({ x: (position[columns] ?? 0) + 0.5, y: (position[rows] ?? 0) + 0.5 });
    fill(this.element,
      h("dl", {}, [columns, rows, bench.deep!].flatMap((dim) => {
        const dot = h("span", { class: "axis-dot" });
        dot.style.background = colourOf(bench, dim);
        return [h("dt", {}, dot, dim), h("dd", {}, placeText(bench, dim, position[dim] ?? 0))];
      }), h("dt", {}, first.of), h("dd", { class: "corner-value" }, value || "not on screen")),
      h("p", { class: "muted" }, `${isDrawn ? "With Ctrl a click or drag moves the crosshair" : "Click or drag moves the crosshair"}, Page Up and Page Down go to the next slice. The wheel zooms; Space and a drag move the pictures.`));
  }
}
