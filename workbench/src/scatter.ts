// Two columns of a table against each other; a line drawn around points keeps only these.

import { h } from "./dom";
import { encloses } from "./polygon";
import { roundDown, short, unitText } from "./format";
import type { Table } from "./table";

export interface Lasso { x: string; y: string; points: [number, number][] }

const NEAR = 9; // so many pixels from a point a click still means it
const FEW = 3000; // up to so many points are drawn as dots, more as a density

/** Which rows lie within a line drawn in two columns. */
export function within(table: Table, { x, y, points }: Lasso): Uint8Array {
  const inside = new Uint8Array(table.count);
  const [xs, ys] = [table.numbers[table.column(x)], table.numbers[table.column(y)]];
  if (!xs || !ys) return inside.fill(1);
  const [left, right] = extent(points.map((point) => point[0]));
  const [low, high] = extent(points.map((point) => point[1]));
  for (let row = 0; row < table.count; row += 1) {
    const px = xs[row]!;
    const py = ys[row]!;
    if (!(px >= left && px <= right && py >= low && py <= high)) continue;
    inside[row] = Number(encloses(points, px, py));
  }
  return inside;
}

function extent(values: ArrayLike<number>): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i]!;
    if (value < low) low = value;
    if (value > high && value < Infinity) high = value;
  }
  return [low, high];
}

export class Scatter {
  readonly canvas = h("canvas", { class: "scatter-canvas", role: "img" });
  readonly element = h("div", { class: "scatter-plot" }, this.canvas);
  private table: Table | null = null;
  private x = -1;
  private y = -1;
  private shown: Uint8Array | null = null;
  private selected = -1;
  private bounds = { x: [0, 1], y: [0, 1] };
  private points: ImageBitmap | HTMLCanvasElement | null = null;
  private drawn: [number, number][] = [];
  private lassos: Lasso[] = [];
  private ratio = 1;

  constructor(private readonly hands: { lasso(lasso: Lasso, more: boolean): void; pick(row: number): void }) {
    new ResizeObserver(() => this.resize()).observe(this.element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw());
    new MutationObserver(() => this.redraw()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    this.steer();
  }

  set(table: Table | null, x: number, y: number): void {
    this.table = table;
    this.x = x;
    this.y = y;
    const range = (column: number) => {
      const [low, high] = extent(table?.numbers[column] ?? []);
      if (!(high >= low)) return [0, 1];
      const room = (high - low || Math.abs(high) || 1) * 0.04;
      return [low - room, high + room];
    };
    this.bounds = { x: range(x), y: range(y) };
  }

  /** Which rows are strong; all if null. */
  show(shown: Uint8Array | null, selected: number, lassos: Lasso[], words: string): void {
    this.shown = shown;
    this.lassos = lassos;
    this.selected = selected;
    this.canvas.setAttribute("aria-label", words);
    this.redraw();
  }

  select(row: number): void {
    if (row === this.selected) return;
    this.selected = row;
    this.draw();
  }

  private resize(): void {
    this.ratio = devicePixelRatio;
    const { clientWidth, clientHeight } = this.element;
    this.canvas.width = Math.round(clientWidth * this.ratio);
    this.canvas.height = Math.round(clientHeight * this.ratio);
    this.redraw();
  }

  private get box(): { left: number; top: number; width: number; height: number } {
    const { ratio } = this;
    const left = 52 * ratio;
    const top = 8 * ratio;
    return { left, top, width: this.canvas.width - left - 8 * ratio, height: this.canvas.height - top - 34 * ratio };
  }

  private place(x: number, y: number): [number, number] {
    const { box, bounds } = this;
    return [
      box.left + ((x - bounds.x[0]!) / (bounds.x[1]! - bounds.x[0]!)) * box.width,
      box.top + box.height - ((y - bounds.y[0]!) / (bounds.y[1]! - bounds.y[0]!)) * box.height,
    ];
  }

  private value(px: number, py: number): [number, number] {
    const { box, bounds } = this;
    return [
      bounds.x[0]! + ((px - box.left) / box.width) * (bounds.x[1]! - bounds.x[0]!),
      bounds.y[0]! + ((box.top + box.height - py) / box.height) * (bounds.y[1]! - bounds.y[0]!),
    ];
  }

  private colour(name: string): string {
    const probe = h("span", {});
    probe.style.color = `var(${name})`;
    this.element.append(probe);
    const colour = getComputedStyle(probe).color;
    probe.remove();
    return colour;
  }

  private redraw(): void {
    this.points = null;
    this.draw();
  }

  /** All points, once for each table and each gate. */
  private paintPoints(): HTMLCanvasElement {
    const canvas = document.createElement("canvas");
    canvas.width = this.canvas.width;
    canvas.height = this.canvas.height;
    const context = canvas.getContext("2d")!;
    const xs = this.table?.numbers[this.x];
    const ys = this.table?.numbers[this.y];
    if (!xs || !ys) return canvas;
    const strong = this.colour("--accent");
    const faint = this.colour("--line-strong");
    for (const wanted of [0, 1]) {
      if (!wanted && !this.shown) continue;
      if (xs.length <= FEW) this.paintDots(context, xs, ys, wanted, wanted ? strong : faint);
      else this.paintDensity(context, xs, ys, wanted, wanted ? strong : faint);
    }
    return canvas;
  }

  private paintDots(context: CanvasRenderingContext2D, xs: Float64Array, ys: Float64Array, wanted: number, colour: string): void {
    const radius = (xs.length > 400 ? 2.2 : 3) * this.ratio;
    context.fillStyle = colour;
    context.globalAlpha = wanted ? 0.75 : 0.35;
    for (let row = 0; row < xs.length; row += 1) {
      if (this.shown && this.shown[row] !== wanted) continue;
      const [px, py] = this.place(xs[row]!, ys[row]!);
      if (Number.isNaN(px + py)) continue;
      context.beginPath();
      context.arc(px, py, radius, 0, 2 * Math.PI);
      context.fill();
    }
    context.globalAlpha = 1;
  }

  private paintDensity(context: CanvasRenderingContext2D, xs: Float64Array, ys: Float64Array, wanted: number, colour: string): void {
    const { width, height } = context.canvas;
    const counts = new Uint16Array(width * height);
    const { box, bounds } = this;
    const [x0, fx] = [bounds.x[0]!, box.width / (bounds.x[1]! - bounds.x[0]!)];
    const [y0, fy] = [bounds.y[0]!, box.height / (bounds.y[1]! - bounds.y[0]!)];
    const dot = Math.max(2, Math.round(1.6 * this.ratio));
    for (let row = 0; row < xs.length; row += 1) {
      if (this.shown && this.shown[row] !== wanted) continue;
      const px = Math.round(box.left + (xs[row]! - x0) * fx) - (dot >> 1);
      const py = Math.round(box.top + box.height - (ys[row]! - y0) * fy) - (dot >> 1);
      if (!(px >= 0 && py >= 0 && px + dot <= width && py + dot <= height)) continue;
      for (let dy = 0; dy < dot; dy += 1) for (let dx = 0; dx < dot; dx += 1) counts[(py + dy) * width + px + dx]! += 1;
    }
    const [r = 0, g = 0, b = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number);
    const layer = document.createElement("canvas");
    layer.width = width;
    layer.height = height;
    const inner = layer.getContext("2d")!;
    const data = inner.createImageData(width, height);
    const pixels = new Uint32Array(data.data.buffer);
    const word = (b << 16) | (g << 8) | r;
    const base = wanted ? 90 : 28;
    const step = wanted ? 32 : 12;
    for (let i = 0; i < counts.length; i += 1) {
      const count = counts[i]!;
      if (count) pixels[i] = ((Math.min(255, base + step * Math.log2(count) * 1.4) << 24) | word) >>> 0;
    }
    inner.putImageData(data, 0, 0);
    context.drawImage(layer, 0, 0);
  }

  draw(): void {
    const { canvas, table, ratio, box } = this;
    const context = canvas.getContext("2d")!;
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (!table || this.x < 0 || this.y < 0 || box.width < 20 || box.height < 20) return;
    this.points ??= this.paintPoints();
    const text = this.colour("--plot-text");
    const grid = this.colour("--plot-grid");
    context.font = `${11 * ratio}px system-ui, sans-serif`;
    context.lineWidth = ratio;
    const axis = (bounds: number[], room: number, draw: (value: number, words: string) => void) => {
      const step = roundDown(((bounds[1]! - bounds[0]!) / Math.max(2, room / (64 * ratio))) * 1.6);
      for (let k = Math.ceil(bounds[0]! / step); k * step <= bounds[1]!; k += 1) draw(k * step, short(k * step, 3));
    };
    const line = (x0: number, y0: number, x1: number, y1: number) => {
      context.strokeStyle = grid;
      context.beginPath();
      context.moveTo(x0, y0);
      context.lineTo(x1, y1);
      context.stroke();
    };
    context.fillStyle = text;
    axis(this.bounds.x, box.width, (value, words) => {
      const [px] = this.place(value, 0);
      line(px, box.top, px, box.top + box.height);
      context.textAlign = "center";
      context.fillText(words, px, box.top + box.height + 13 * ratio);
    });
    axis(this.bounds.y, box.height * 1.5, (value, words) => {
      const [, py] = this.place(0, value);
      line(box.left, py, box.left + box.width, py);
      context.textAlign = "right";
      context.fillText(words, box.left - 5 * ratio, py + 4 * ratio);
    });
    const title = (column: number) => `${table.columns[column]!.name}${table.columns[column]!.unit ? ` (${unitText(table.columns[column]!.unit)})` : ""}`;
    context.textAlign = "center";
    context.fillText(title(this.x), box.left + box.width / 2, canvas.height - 5 * ratio);
    context.save();
    context.translate(10 * ratio, box.top + box.height / 2);
    context.rotate(-Math.PI / 2);
    context.fillText(title(this.y), 0, 0);
    context.restore();
    context.drawImage(this.points as CanvasImageSource, 0, 0);
    const mark = this.colour("--changed");
    const [xName, yName] = [table.columns[this.x]!.name, table.columns[this.y]!.name];
    for (const lasso of this.lassos) {
      if (lasso.x === xName && lasso.y === yName) this.outline(context, lasso.points.map(([x, y]) => this.place(x, y)), mark);
    }
    if (this.drawn.length) this.outline(context, this.drawn, mark);
    if (this.selected >= 0) {
      const [px, py] = this.place(table.number(this.x, this.selected), table.number(this.y, this.selected));
      context.strokeStyle = this.colour("--text");
      context.lineWidth = 2 * ratio;
      context.beginPath();
      context.arc(px, py, 6 * ratio, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  private outline(context: CanvasRenderingContext2D, points: [number, number][], colour: string): void {
    context.beginPath();
    for (const [px, py] of points) context.lineTo(px, py);
    context.closePath();
    context.strokeStyle = colour;
    context.lineWidth = 1.5 * this.ratio;
    context.stroke();
    context.globalAlpha = 0.1;
    context.fillStyle = colour;
    context.fill();
    context.globalAlpha = 1;
  }

  private steer(): void {
    const { canvas } = this;
    const at = (event: PointerEvent): [number, number] => {
      const bounds = canvas.getBoundingClientRect();
      return [(event.clientX - bounds.left) * this.ratio, (event.clientY - bounds.top) * this.ratio];
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button || !this.table) return;
      canvas.setPointerCapture(event.pointerId);
      this.drawn = [at(event)];
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!this.drawn.length) return;
      const point = at(event);
      const last = this.drawn[this.drawn.length - 1]!;
      if (Math.hypot(point[0] - last[0], point[1] - last[1]) < 2.5 * this.ratio) return;
      this.drawn.push(point);
      requestAnimationFrame(() => this.draw());
    });
    const end = (event: PointerEvent) => {
      const points = this.drawn;
      this.drawn = [];
      if (!points.length || !this.table) return;
      const [left, right] = extent(points.map((point) => point[0]));
      const [top, bottom] = extent(points.map((point) => point[1]));
      if (right - left < 6 * this.ratio && bottom - top < 6 * this.ratio) this.pick(points[0]!);
      else if (points.length > 2) {
        const { columns } = this.table;
        this.hands.lasso({ x: columns[this.x]!.name, y: columns[this.y]!.name, points: points.map(([px, py]) => this.value(px, py)) }, event.shiftKey);
      }
      this.draw();
    };
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", () => { this.drawn = []; this.draw(); });
  }

  private pick([px, py]: [number, number]): void {
    const xs = this.table!.numbers[this.x];
    const ys = this.table!.numbers[this.y];
    if (!xs || !ys) return;
    let best = -1;
    let nearest = (NEAR * this.ratio) ** 2;
    for (let row = 0; row < xs.length; row += 1) {
      if (this.shown && !this.shown[row]) continue;
      const [x, y] = this.place(xs[row]!, ys[row]!);
      const apart = (x - px) ** 2 + (y - py) ** 2;
      if (apart < nearest) {
        nearest = apart;
        best = row;
      }
    }
    if (best >= 0) this.hands.pick(best);
  }
}
