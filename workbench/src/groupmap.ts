// The map of a collection: a point or a small picture for each image, in the colour of its group.

import { labelColour } from "./colours";
import { h } from "./dom";
import { encloses } from "./polygon";
import type { Thumbnails } from "./thumbnails";
import type { Grouping } from "./types";

const NEAR = 10; // pixels from a point at which it is meant
const TILE = 34; // pixels of a picture on the map

/** The colour of a group, as CSS; of what is in none, grey. */
export function colourOf(group: number): string {
  if (group < 0) return "#8a929b";
  const word = labelColour(group + 1);
  return `rgb(${word & 255} ${(word >> 8) & 255} ${(word >> 16) & 255})`;
}

export class GroupMap {
  readonly element: HTMLElement;
  private readonly canvas = h("canvas", { class: "map-canvas", role: "img", "aria-label": "Map: what is near is alike" });
  private readonly pictures = h("input", { type: "checkbox", id: "map-pictures", checked: true, onchange: () => this.draw() });
  private readonly said = h("p", { class: "muted small-text", role: "status" });
  private data: Grouping | null = null;
  private now: number[] = [];
  private selected = new Set<number>();
  private pointed = -1;
  private drawn = new Map<string, HTMLImageElement>();
  private line: [number, number][] = [];

  constructor(private readonly thumbnails: Thumbnails, private readonly find: (row: number) => void, private readonly gather: (rows: number[]) => void) {
    this.element = h("section", { class: "group-map", "aria-label": "Map" },
      h("div", { class: "sheet-bar" }, h("strong", {}, "Map"), h("label", { class: "check", for: "map-pictures" }, this.pictures, " pictures"), h("span", { class: "grow" }), h("span", { class: "muted small-text" }, "click finds an image, a line around some selects them")),
      h("div", { class: "map-box" }, this.canvas), this.said);
    new ResizeObserver(() => this.draw()).observe(this.canvas.parentElement!);
    this.steer();
  }

  show(data: Grouping, now: number[]): void {
    this.data = data;
    this.now = now;
    this.draw();
  }

  select(rows: Set<number>): void {
    this.selected = rows;
    this.draw();
  }

  point(row: number): void {
    this.pointed = row;
    this.draw();
  }

  private get places(): [number, number][] | null {
    const { data, canvas } = this;
    const [xs, ys] = data?.map ?? [];
    if (!data || !xs || !ys || xs.every((x) => x === null)) return null;
    const ends = (values: (number | null)[]) => values.reduce<[number, number]>(([low, high], v) => (v === null ? [low, high] : [Math.min(low, v), Math.max(high, v)]), [Infinity, -Infinity]);
    const [x0, x1] = ends(xs);
    const [y0, y1] = ends(ys);
    const room = (TILE / 2 + 4) * devicePixelRatio;
    return xs.map((x, row) => [
      room + (((x ?? x0) - x0) / (x1 - x0 || 1)) * (canvas.width - 2 * room),
      canvas.height - room - (((ys[row] ?? y0) - y0) / (y1 - y0 || 1)) * (canvas.height - 2 * room),
    ]);
  }

  private draw(): void {
    const { canvas } = this;
    const box = canvas.parentElement!;
    const ratio = devicePixelRatio;
    canvas.width = Math.round(box.clientWidth * ratio);
    canvas.height = Math.round(box.clientHeight * ratio);
    const context = canvas.getContext("2d")!;
    const { places } = this;
    this.said.textContent = places ? "" : "This clustering has no map: make it again with graticule cluster.";
    if (!places) return;
    const few = places.length > 2000 ? 1.6 : 3;
    const some = this.selected.size > 0;
    places.forEach(([x, y], row) => {
      context.globalAlpha = some && !this.selected.has(row) ? 0.25 : 0.85;
      context.fillStyle = colourOf(this.now[row]!);
      context.beginPath();
      context.arc(x, y, few * ratio, 0, 2 * Math.PI);
      context.fill();
    });
    context.globalAlpha = 1;
    if (this.pictures.checked) this.drawPictures(context, places);
    if (this.pointed >= 0) this.ring(context, places[this.pointed]!);
    if (this.line.length > 1) {
      context.beginPath();
      this.line.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
      context.lineWidth = 1.5 * ratio;
      context.strokeStyle = getComputedStyle(this.element).color;
      context.stroke();
    }
  }

  /** As many pictures as lie apart, each framed in the colour of its group. */
  private drawPictures(context: CanvasRenderingContext2D, places: [number, number][]): void {
    const side = TILE * devicePixelRatio;
    const taken = new Set<string>();
    places.forEach(([x, y], row) => {
      const path = this.data!.path[row];
      const cell = `${Math.floor(x / (side * 1.15))} ${Math.floor(y / (side * 1.15))}`;
      if (!path || taken.has(cell)) return;
      taken.add(cell);
      const image = this.drawn.get(path);
      if (!image) {
        const made = new Image();
        this.drawn.set(path, made);
        made.onload = () => this.draw();
        this.thumbnails.url(path).then((src) => { made.src = src; }).catch(() => undefined);
        return;
      }
      if (!image.complete || !image.naturalWidth) return;
      context.globalAlpha = this.selected.size && !this.selected.has(row) ? 0.45 : 1;
      context.drawImage(image, x - side / 2, y - side / 2, side, side);
      context.lineWidth = 2 * devicePixelRatio;
      context.strokeStyle = colourOf(this.now[row]!);
      context.strokeRect(x - side / 2, y - side / 2, side, side);
    });
    context.globalAlpha = 1;
  }

  private ring(context: CanvasRenderingContext2D, [x, y]: [number, number]): void {
    for (const [width, colour] of [[5, "#000a"], [2.5, "#fff"]] as const) {
      context.lineWidth = width * devicePixelRatio;
      context.strokeStyle = colour;
      context.beginPath();
      context.arc(x, y, 12 * devicePixelRatio, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  private steer(): void {
    const { canvas } = this;
    const at = (event: PointerEvent): [number, number] => {
      const box = canvas.getBoundingClientRect();
      return [(event.clientX - box.left) * devicePixelRatio, (event.clientY - box.top) * devicePixelRatio];
    };
    canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); this.line = [at(event)]; });
    canvas.addEventListener("pointermove", (event) => {
      if (!this.line.length) return;
      this.line.push(at(event));
      this.draw();
    });
    canvas.addEventListener("pointerup", () => {
      const { line, places } = this;
      this.line = [];
      if (!places || !line.length) return;
      const [first] = line;
      const reach = Math.max(...line.map(([x, y]) => Math.hypot(x - first![0], y - first![1])));
      if (reach < NEAR * devicePixelRatio) {
        const apart = places.map(([x, y]) => Math.hypot(x - first![0], y - first![1]));
        const row = apart.reduce((best, each, k) => (each < apart[best]! ? k : best), 0);
        if (apart[row]! < TILE * devicePixelRatio) this.find(row);
        else this.gather([]);
      } else this.gather(places.flatMap((place, row) => (encloses(line, ...place) ? [row] : [])));
      this.draw();
    });
  }
}
