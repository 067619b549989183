// Painting labels beside the image: what is drawn is on screen at once, and sent while it is drawn.

import { api, ServerFault } from "./api";
import type { Bench } from "./bench";
import { Signal } from "./bus";
import { rgba } from "./colours";
import { indexAt, type Bitmap } from "./paint";
import type { FaultAnswer, Frame, PaintedNews } from "./types";
import { drawRing, traceBoxes, traceLine, type Place } from "./sketch";
import { Wand } from "./wand";
import { NUMBERS } from "./numbers";

export type Tool = "brush" | "eraser" | "fill" | "wand";
export interface PaintClass { name: string; colour: string }

export const LAYER = "strokes";
export const STROKES = NUMBERS.strokes;
const STROKE = NUMBERS.stroke;
const BRUSH = 8; // pixels of the screen from its middle to its rim at first
const PIECE = 40; // milliseconds after which what was drawn of a drag is sent
const MOST = 5000; // points of a piece
const COLOURS = ["#4cb8f0", "#f5a524", "#1fc08b", "#f2e34c", "#e07fb6", "#ea6a3a", "#8f8bff", "#f4f4f4", "#b98a4e"];
const NAMES = ["background", "object", "", "", "", "", "", "", ""];

const HIT = rgba(40, 200, 90);
const MISS = rgba(255, 40, 200);

interface Piece {
  value: number; radius: number; points: Place[]; shape: "line" | "fill" | "boxes"; begins: boolean;
  at: string; drag: number; path: string;
  /** Under which number it was sent; 0 before. */
  id: number;
  acknowledged: boolean;
}

let lastId = 0;

function wordOf(colour: string): number {
  const number = parseInt(colour.slice(1), 16);
  return rgba(number >> 16, (number >> 8) & 255, number & 255);
}

export class Painting {
  open = false;
  tool: Tool = "brush";
  value = 2;
  radius = 4;
  visible = true;
  /** Whether strokes are shown by whether the classes shown are theirs. */
  hits = false;
  classes: PaintClass[] = [];
  /** How many classes the palette offers. */
  offered = 2;
  template = "";
  fault = "";
  /** What may still be taken back of this page's drags. */
  drags = 0;
  readonly changed = new Signal();
  /** The layer is another now: what reads it has changed. */
  readonly painted = new Signal();
  /** A drag has ended of which all was sent before. */
  readonly ended = new Signal();
  private layerPath = "";
  private drag = 0;
  private pieces: Piece[] = [];
  private current: Piece | null = null;
  private timer = 0;
  private taken: number[] = [];
  /** Pieces that the server has drawn, at the time at which a picture of the strokes was asked for. */
  private readonly known = new Map<number, Set<Piece>>();
  private bitmap: { frame: Frame; key: string; canvas: HTMLCanvasElement } | null = null;
  private frame: Frame | null = null;
  private scratch: HTMLCanvasElement | null = null;

  readonly wand: Wand;
  /** Superpixels that a drag has taken, and where it was last. */
  private passed: { key: number; labels: Set<number>; last: Place } | null = null;

  constructor(private readonly bench: Bench, private readonly send: (message: Record<string, unknown>) => boolean, viewport: () => { width: number; height: number }) {
    this.wand = new Wand(bench, () => (this.open && this.tool === "wand" ? { ...viewport(), across: 2 * this.radius } : null), send, () => this.changed.emit());
    this.changed.on(() => this.wand.ask());
  }

  /** Whether the image has rows and columns to paint in. */
  get possible(): boolean {
    const [rows, columns] = this.bench.plane;
    if (this.bench.inSlices) return false;
    return rows === "y" && columns === "x" && Boolean(this.bench.image?.dims.includes("y"));
  }

  async setOpen(open: boolean): Promise<void> {
    if (open && !this.possible) return;
    this.open = open;
    if (open) await this.openLayer();
    else this.keep(false);
    this.changed.emit();
  }

  /** Go on with the layer of another image. */
  async follow(): Promise<void> {
    this.forget();
    this.recallClasses();
    if (this.kept === this.bench.image?.path && this.possible) this.open = true;
    if (this.open && !this.possible) this.open = false;
    if (this.open) await this.openLayer();
    this.changed.emit();
  }

  private get kept(): string | null {
    try { return sessionStorage.getItem("painting"); } catch { return null; }
  }

  private keep(open: boolean): void {
    try { sessionStorage.setItem("painting", open ? this.bench.image?.path ?? "" : ""); } catch { /* the palette is closed after a reload */ }
  }

  private async openLayer(): Promise<void> {
    const { image } = this.bench;
    if (!image) return;
    this.recallClasses();
    if (this.layerPath !== image.path) {
      // As wide as a finger on what is on screen, whatever the size of the image.
      this.radius = Number(Math.min(200, Math.max(1, (BRUSH * devicePixelRatio) / this.bench.camera.zoom)).toPrecision(2));
    }
    this.layerPath = image.path;
    this.keep(true);
    try {
      const { template, values } = await api.layer(image.path, LAYER);
      if (this.layerPath !== image.path) return;
      this.template = template;
      this.fault = "";
      this.offer(Math.max(0, ...values));
      this.resend();
      this.painted.emit();
    } catch (error) {
      this.fault = error instanceof ServerFault ? `${error.fault.what}${error.fault.hint ? ` (${error.fault.hint})` : ""}` : "The layer cannot be opened.";
    }
  }

  private forget(): void {
    this.finish();
    this.pieces = [];
    this.taken = [];
    this.known.clear();
    this.frame = null;
    this.drags = 0;
    this.layerPath = "";
    this.template = "";
  }

  // Classes

  private recallClasses(): void {
    const kept = this.bench.shared.get("classes") ?? [];
    this.classes = COLOURS.map((colour, k) => ({
      name: typeof kept[k]?.name === "string" ? kept[k].name : NAMES[k]!,
      colour: /^#[0-9a-f]{6}$/i.test(kept[k]?.colour ?? "") ? kept[k]!.colour : colour,
    }));
    this.tellColours();
    this.classes.forEach(({ name }, k) => { if (name) this.offered = Math.max(this.offered, k + 1); });
  }

  private tellColours(): void {
    this.bench.classColours = Uint32Array.from({ length: 1 + this.classes.length }, (_, value) => (value ? wordOf(this.colourOf(value)) : 0));
  }

  editClass(change: Partial<PaintClass>): void {
    Object.assign(this.classes[this.value - 1]!, change);
    this.tellColours();
    this.bench.shared.set("classes", this.classes.map(({ name, colour }) => ({ name, colour })));
    this.changed.emit();
  }

  className(value: number): string {
    return this.classes[value - 1]?.name || `class ${value}`;
  }

  choose(value: number): void {
    this.value = value;
    this.offer(value);
    if (this.tool === "eraser") this.tool = "brush";
    this.changed.emit();
  }

  private offer(count: number): void {
    this.offered = Math.min(9, Math.max(this.offered, count));
  }

  setTool(tool: Tool): void {
    this.tool = tool;
    this.changed.emit();
  }

  setRadius(radius: number): void {
    this.radius = Number(Math.min(2000, Math.max(0.5, radius)).toPrecision(2));
    this.changed.emit();
  }

  private colourOf(value: number): string {
    return this.classes[value - 1]?.colour ?? "#ffffff";
  }

  /** Whether a drag is under way. */
  get isDrawing(): boolean {
    return this.current !== null;
  }

  // Drags

  begin(place: Place): void {
    this.finish();
    this.drag += 1;
    this.drags = Math.min(100, this.drags + 1);
    this.passed = { key: this.wand.key, labels: new Set(), last: place };
    this.current = this.pieceAt(this.tool === "wand" ? [] : [place], true);
    this.pieces.push(this.current);
    if (this.tool === "wand") this.pass(place);
    if (this.tool !== "fill") this.timer = window.setTimeout(() => this.flush(), PIECE);
    this.changed.emit();
  }

  private pieceAt(points: Place[], begins: boolean): Piece {
    return {
      value: this.tool === "eraser" ? 0 : this.value, radius: this.radius, points, begins,
      shape: this.tool === "fill" ? "fill" : this.tool === "wand" ? "boxes" : "line", at: JSON.stringify(this.bench.at), drag: this.drag,
      path: this.layerPath, id: 0, acknowledged: false,
    };
  }

  move(places: Place[]): void {
    const { current } = this;
    if (!current) return;
    if (current.shape === "boxes") return places.forEach((place) => this.pass(place));
    const apart = 0.7 / this.bench.camera.zoom;
    for (const place of places) {
      const last = current.points[current.points.length - 1]!;
      if (Math.hypot(place.x - last.x, place.y - last.y) >= apart && current.points.length < MOST) current.points.push(place);
    }
  }

  /** Take all superpixels on the way to a place. */
  private pass(place: Place): void {
    const { passed, wand } = this;
    if (!passed || !this.current) return;
    if (passed.key !== wand.key) Object.assign(passed, { key: wand.key, labels: new Set() });
    const { last } = passed;
    const count = Math.max(1, Math.ceil((Math.hypot(place.x - last.x, place.y - last.y) * this.bench.camera.zoom) / 2));
    for (let k = 1; k <= count; k += 1) {
      const label = wand.at({ x: last.x + ((place.x - last.x) * k) / count, y: last.y + ((place.y - last.y) * k) / count });
      if (!label || passed.labels.has(label)) continue;
      passed.labels.add(label);
      const boxes = wand.boxes(label);
      if (this.current.points.length + boxes.length > MOST) this.flush();
      this.current.points.push(...boxes);
    }
    passed.last = place;
  }

  /** Whether a piece covers something that those before it do not. */
  private isMore(piece: Piece): boolean {
    return piece.shape === "boxes" ? piece.points.length > 0 : piece.begins || piece.points.length > 1;
  }

  /** Send what was drawn since the last piece, and go on from its last point. */
  private flush(): void {
    const { current } = this;
    clearTimeout(this.timer);
    if (!current || current.shape === "fill") return;
    if (this.isMore(current)) {
      this.sendPiece(current);
      const on = current.shape === "boxes" ? [] : [current.points[current.points.length - 1]!];
      this.current = { ...this.pieceAt(on, false), shape: current.shape, value: current.value, radius: current.radius };
      this.pieces.push(this.current);
    }
    this.timer = window.setTimeout(() => this.flush(), PIECE);
  }

  finish(): void {
    const { current } = this;
    clearTimeout(this.timer);
    this.current = null;
    if (!current) return;
    if (this.isMore(current)) return this.sendPiece(current);
    this.pieces = this.pieces.filter((piece) => piece !== current);
    this.ended.emit();
    if (!current.begins) return;
    this.drag -= 1;
    this.drags -= 1;
    this.changed.emit();
  }

  /** One dot, as the keyboard paints. */
  stamp(place: Place): void {
    const tool = this.tool;
    if (tool === "fill") this.tool = "brush";
    this.begin(place);
    this.finish();
    this.tool = tool;
  }

  private sendPiece(piece: Piece): void {
    lastId += 1;
    const sent = this.send({
      type: "stroke", pane: STROKE, id: lastId, path: piece.path, layer: LAYER, value: piece.value, radius: piece.radius,
      // Samples lie at whole numbers there, and reach from one to the next here.
      points: piece.points.map(({ x, y }) => [y - 0.5, x - 0.5]),
      at: JSON.parse(piece.at) as Record<string, number>, begins: piece.begins, shape: piece.shape,
    });
    piece.id = sent ? lastId : 0;
  }

  /** What was not answered is sent once more: drawn twice it is the same. */
  resend(): void {
    this.taken = [];
    this.known.clear();
    for (const piece of this.pieces) {
      if (piece !== this.current && piece.path === this.layerPath) {
        piece.acknowledged = false;
        this.sendPiece(piece);
      }
    }
  }

  /** Take the last drag back. */
  undo(): void {
    this.finish();
    const { drag } = this;
    lastId += 1;
    if (!this.send({ type: "unstroke", pane: STROKE, id: lastId, path: this.layerPath, layer: LAYER })) return;
    this.taken.push(...this.pieces.filter((piece) => piece.drag === drag && piece.id && !piece.acknowledged).map((piece) => piece.id), lastId);
    this.pieces = this.pieces.filter((piece) => piece.drag !== drag);
    this.drag -= 1;
    this.drags = Math.max(0, this.drags - 1);
    this.changed.emit();
  }

  // Answers

  /** Some strokes are drawn; whether they are of this image. */
  take(news: PaintedNews & { id?: number }): boolean {
    if (news.path !== this.bench.image?.path || news.layer !== LAYER) return false;
    const first = this.pieces.find((piece) => piece.id && !piece.acknowledged);
    const before = this.taken[0] ?? Infinity;
    if (before < (first?.id ?? Infinity)) this.taken.shift();
    else if (first) first.acknowledged = true;
    if (news.values.length) this.offer(Math.max(...news.values.filter((value) => value <= 9), 0));
    this.painted.emit();
    this.changed.emit();
    return true;
  }

  takeFault(fault: FaultAnswer): boolean {
    if (fault.pane !== STROKE) return false;
    this.pieces = this.pieces.filter((piece) => piece.id !== fault.id);
    this.taken = this.taken.filter((id) => id !== fault.id);
    this.fault = `${fault.what}${fault.hint ? ` (${fault.hint})` : ""}`;
    this.changed.emit();
    return true;
  }

  /** The request for what is drawn: a pipeline of its own, so that changes to the other do not matter. */
  get text(): string {
    return `graticule: 1\ninputs: {image: {}, ${LAYER}: {path: ${JSON.stringify(this.template)}}}\nsteps:\n  basins: {op: segment.watershed, markers: ${LAYER}}\n`;
  }

  get wanted(): boolean {
    return this.open && this.visible && this.template !== "";
  }

  asked(id: number): void {
    this.known.set(id, new Set(this.pieces.filter((piece) => piece.acknowledged)));
  }

  takeFrame(frame: Frame): void {
    this.frame = frame;
    const drawn = this.known.get(frame.id);
    if (drawn) this.pieces = this.pieces.filter((piece) => !drawn.has(piece));
    for (const id of this.known.keys()) if (id <= frame.id) this.known.delete(id);
  }

  // Drawing

  /** What the server has drawn, in the colours of the classes. */
  private drawnNow(judged: Frame | null): HTMLCanvasElement | null {
    const { frame } = this;
    if (!frame) return null;
    const against = this.hits ? judged : null;
    const key = JSON.stringify([this.classes, against?.pane, against?.id]);
    if (this.bitmap?.frame === frame && this.bitmap.key === key) return this.bitmap.canvas;
    const [height = 0, width = 0] = frame.shape;
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d")!;
    const data = context.createImageData(Math.max(1, width), Math.max(1, height));
    const pixels = new Uint32Array(data.data.buffer);
    const colours = new Uint32Array(256);
    for (let value = 1; value < 256; value += 1) colours[value] = wordOf(this.colourOf(value));
    for (let i = 0; i < frame.samples.length; i += 1) {
      const value = frame.samples[i]!;
      pixels[i] = value && against ? this.hitColour(frame, i, width, against) : colours[Math.min(255, value)]!;
    }
    context.putImageData(data, 0, 0);
    this.bitmap = { frame, key, canvas };
    return canvas;
  }

  private hitColour(frame: Frame, index: number, width: number, judged: Frame): number {
    const x = (frame.region.x[0] + (index % width) + 0.5) * frame.step.x;
    const y = (frame.region.y[0] + Math.floor(index / width) + 0.5) * frame.step.y;
    const at = indexAt(judged, x, y);
    if (at < 0) return 0;
    return judged.samples[at] === frame.samples[index] ? HIT : MISS;
  }

  /** Draw all strokes over a pane, which may show the classes that they are held against. */
  draw(context: CanvasRenderingContext2D, drawBitmap: (context: CanvasRenderingContext2D, bitmap: Bitmap) => void, judged: Frame | null): void {
    if (!this.open || !this.visible) return;
    const { width, height } = context.canvas;
    if (!width || !height) return;
    this.scratch ??= document.createElement("canvas");
    const { scratch } = this;
    if (scratch.width !== width || scratch.height !== height) { scratch.width = width; scratch.height = height; }
    const own = scratch.getContext("2d")!;
    own.globalCompositeOperation = "source-over";
    own.clearRect(0, 0, width, height);
    const drawn = this.drawnNow(judged);
    if (drawn && this.frame) drawBitmap(own, { canvas: drawn, frame: this.frame });
    const at = JSON.stringify(this.bench.at);
    own.lineCap = own.lineJoin = "round";
    let lasso: Piece | null = null;
    for (const piece of this.pieces) {
      if (piece.at !== at || piece.path !== this.bench.image?.path) continue;
      if (piece.shape === "fill" && piece === this.current) { lasso = piece; continue; }
      own.globalCompositeOperation = piece.value ? "source-over" : "destination-out";
      own.fillStyle = own.strokeStyle = piece.value ? this.colourOf(piece.value) : "#000";
      this.trace(own, piece);
      if (piece.shape !== "line") own.fill();
      else own.stroke();
    }
    context.save();
    context.globalAlpha = 0.62;
    context.drawImage(scratch, 0, 0);
    context.restore();
    if (lasso) {
      context.save();
      this.trace(context, lasso);
      context.closePath();
      context.globalAlpha = 0.3;
      context.fillStyle = this.colourOf(lasso.value);
      context.fill();
      context.globalAlpha = 1;
      context.lineWidth = 2 * devicePixelRatio;
      context.strokeStyle = this.colourOf(lasso.value);
      context.stroke();
      context.restore();
    }
  }

  private trace(context: CanvasRenderingContext2D, piece: Piece): void {
    const { camera } = this.bench;
    context.lineWidth = 2 * Math.max(0.5, piece.radius) * camera.zoom;
    if (piece.shape === "boxes") traceBoxes(context, camera, piece.points);
    else traceLine(context, camera, piece.points);
  }

  /** The rim of the brush, or of the superpixel under it. */
  drawBrush(context: CanvasRenderingContext2D, place: Place): void {
    if (!this.open) return;
    const { camera } = this.bench;
    if (this.tool === "wand") return this.wand.drawRim(context, place, this.colourOf(this.value));
    const radius = this.tool === "fill" ? (3 * devicePixelRatio) / camera.zoom : Math.max(0.5, this.radius);
    drawRing(context, camera, place, radius, this.tool === "eraser" ? "#fff" : this.colourOf(this.value), this.tool === "eraser");
  }
}
