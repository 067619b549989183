// Painting labels beside the image: what is drawn is on screen at once, and sent while it is drawn.

import { api, ServerFault } from "./api";
import type { Bench } from "./bench";
import { Signal } from "./bus";
import { Corners } from "./corners";
import { rgba } from "./colours";
import { indexAt, type Bitmap } from "./paint";
import type { FaultAnswer, Frame, PaintedNews } from "./types";
import { isSamePlane, outlookOf, sliceOf, type Outlook, type Slice } from "./outlook";
import { PaintClasses, type PaintClass } from "./paintclasses";
import { PlanePictures, type Drawn } from "./planepictures";
import { drawRing, pixelsBetween, traceBoxes, traceLine, type Place } from "./sketch";
import { Wand } from "./wand";
import { NUMBERS } from "./numbers";

export type Tool = "brush" | "eraser" | "polygon" | "fill" | "wand";
type Shape = "line" | "polygon" | "fill" | "boxes";

export const LAYER = "strokes";
const STROKE = NUMBERS.stroke;
const BRUSH = 8; // pixels of the screen from its middle to its rim at first
const PIECE = 40; // milliseconds after which what was drawn of a drag is sent
const APART = 0.7; // device pixels between two points of a drag
const MOST = 5000; // points of a piece
const STILL = 4; // pixels of the screen that a click may move
const SHAPES: Record<Tool, Shape> = { brush: "line", eraser: "line", polygon: "polygon", fill: "fill", wand: "boxes" };
const HIT = rgba(40, 200, 90);
const MISS = rgba(255, 40, 200);

interface Piece extends Drawn {
  value: number; radius: number; points: Place[]; shape: Shape; begins: boolean;
  drag: number; path: string;
  /** Under which number it was sent; 0 before. */
  id: number;
}

let lastId = 0;

export class Painting {
  open = false;
  tool: Tool = "brush";
  value = 2;
  radius = 4;
  visible = true;
  /** Whether strokes are shown by whether the classes shown are theirs. */
  hits = false;
  readonly classes: PaintClasses;
  template = "";
  fault = "";
  /** How many drags may be taken back, and made again. */
  private undoable = 0;
  private redoable = 0;
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
  private readonly bitmaps: ({ frame: Frame; key: string; canvas: HTMLCanvasElement } | undefined)[] = [];
  private scratch: HTMLCanvasElement | null = null;

  /** What the server has drawn. */
  readonly pictures: PlanePictures<Piece>;
  readonly wand: Wand;
  /** The polygon that is not closed yet. */
  readonly corners = new Corners();
  /** Superpixels that a drag has taken, and where it was last. */
  private passed: { key: number; labels: Set<number>; last: Place } | null = null;

  constructor(private readonly bench: Bench, private readonly send: (message: Record<string, unknown>) => boolean, viewport: (plane: number) => { width: number; height: number }) {
    this.classes = new PaintClasses(bench);
    this.pictures = new PlanePictures(bench, {
      numbers: NUMBERS.strokes, layer: LAYER, text: () => (this.wanted ? this.text : null), viewport, drawn: () => this.pieces,
      seen: (some) => { this.pieces = this.pieces.filter((piece) => !some.has(piece)); },
    }, send);
    this.wand = new Wand(bench, (plane) => (this.open && this.tool === "wand" ? { ...viewport(plane), across: 2 * this.radius } : null), send, () => this.changed.emit());
    this.changed.on(() => { this.wand.ask(); this.pictures.ask(); });
  }

  /** Whether the image has rows and columns to paint in, and of slices all three are of space. */
  get possible(): boolean {
    return this.bench.isPlaneOfSpace && Boolean(this.bench.image?.dims.includes("y"));
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
    this.classes.recall();
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
    this.classes.recall();
    if (this.layerPath !== image.path) {
      // As wide as a finger on what is on screen, whatever the size of the image.
      this.radius = Number(Math.min(200, Math.max(1, (BRUSH * devicePixelRatio) / this.bench.camera.zoom)).toPrecision(2));
    }
    this.layerPath = image.path;
    this.keep(true);
    try {
      const news = await api.layer(image.path, LAYER);
      if (this.layerPath !== image.path) return;
      this.template = news.template;
      this.count(news);
      this.fault = "";
      this.classes.offer(Math.max(0, ...news.values));
      this.resend();
      this.painted.emit();
    } catch (error) {
      this.fault = error instanceof ServerFault ? `${error.fault.what}${error.fault.hint ? ` (${error.fault.hint})` : ""}` : "The layer cannot be opened.";
    }
  }

  private forget(): void {
    this.finish();
    this.corners.clear();
    this.pieces = [];
    this.taken = [];
    this.pictures.clear();
    this.undoable = this.redoable = 0;
    this.layerPath = "";
    this.template = "";
  }

  // What is painted with

  editClass(change: Partial<PaintClass>): void {
    this.classes.edit(this.value, change);
    this.changed.emit();
  }

  choose(value: number): void {
    this.value = value;
    this.classes.offer(value);
    if (this.tool === "eraser") this.tool = "brush";
    this.changed.emit();
  }

  setTool(tool: Tool): void {
    this.tool = tool;
    this.dropCorners();
  }

  /** Forget the polygon that is not closed yet. */
  dropCorners(): void {
    this.corners.clear();
    this.changed.emit();
  }

  setRadius(radius: number): void {
    this.radius = Number(Math.min(2000, Math.max(0.5, radius)).toPrecision(2));
    this.changed.emit();
  }

  /** Whether a drag, or a corner of a polygon, may be taken back. */
  get canUndo(): boolean {
    return this.undoable > 0 || !this.corners.isEmpty;
  }

  get canRedo(): boolean {
    return this.redoable > 0;
  }

  /** Whether a drag is under way. */
  get isDrawing(): boolean {
    return this.current !== null;
  }

  // Drags

  begin(place: Place, plane: number): void {
    this.finish();
    this.drag += 1;
    this.undoable += 1;
    this.passed = { key: this.wand.key, labels: new Set(), last: place };
    this.current = this.pieceAt(this.tool === "wand" ? [] : [place], sliceOf(this.bench, plane), true);
    this.pieces.push(this.current);
    if (this.tool === "wand") this.pass(place);
    if (this.isSentInPieces(this.current)) this.timer = window.setTimeout(() => this.flush(), PIECE);
    this.changed.emit();
  }

  private pieceAt(points: Place[], slice: Slice, begins: boolean): Piece {
    return {
      value: this.tool === "eraser" ? 0 : this.value, radius: this.radius, points, begins,
      shape: SHAPES[this.tool], slice, drag: this.drag,
      path: this.layerPath, id: 0, acknowledged: false,
    };
  }

  /** Whether it is sent while it is drawn. */
  private isSentInPieces({ shape }: Piece): boolean {
    return shape === "line" || shape === "boxes";
  }

  move(places: Place[]): void {
    const { current } = this;
    if (!current || current.shape === "fill") return;
    if (current.shape === "boxes") return places.forEach((place) => this.pass(place));
    const look = outlookOf(this.bench, current.slice.pane);
    for (const place of places) {
      const last = current.points[current.points.length - 1]!;
      if (pixelsBetween(look, last, place) >= APART && current.points.length < MOST) current.points.push(place);
    }
  }

  /** Take all superpixels on the way to a place. */
  private pass(place: Place): void {
    const { passed, wand } = this;
    if (!passed || !this.current) return;
    if (passed.key !== wand.key) Object.assign(passed, { key: wand.key, labels: new Set() });
    const { last } = passed;
    const count = Math.max(1, Math.ceil(pixelsBetween(outlookOf(this.bench, this.current.slice.pane), last, place) / 2));
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
    if (!current || !this.isSentInPieces(current)) return;
    if (this.isMore(current)) {
      this.sendPiece(current);
      const on = current.shape === "boxes" ? [] : [current.points[current.points.length - 1]!];
      this.current = { ...this.pieceAt(on, current.slice, false), shape: current.shape, value: current.value, radius: current.radius };
      this.pieces.push(this.current);
    }
    this.timer = window.setTimeout(() => this.flush(), PIECE);
  }

  finish(): void {
    const { current } = this;
    clearTimeout(this.timer);
    this.current = null;
    if (!current) return;
    if (current.shape === "polygon" ? this.isClosed(current) : this.isMore(current)) return this.sendPiece(current);
    this.pieces = this.pieces.filter((piece) => piece !== current);
    this.ended.emit();
    if (!current.begins) return;
    this.drag -= 1;
    this.undoable -= 1;
    this.changed.emit();
  }

  /** Whether a polygon is whole: drawn freely in one go, or closed by this click; it has all corners then. */
  private isClosed(piece: Piece): boolean {
    const { corners } = this;
    const look = outlookOf(this.bench, piece.slice.pane);
    const isClick = piece.points.every((point) => pixelsBetween(look, piece.points[0]!, point) <= STILL * devicePixelRatio);
    if (corners.isEmpty && !isClick) return true;
    if (!corners.take(piece.points, isClick, piece.slice, look)) return false;
    piece.points = corners.places;
    corners.clear();
    return true;
  }

  /** One dot, corner or fill, as the keyboard paints. */
  stamp(place: Place, plane: number): void {
    this.begin(place, plane);
    this.finish();
  }

  private sendPiece(piece: Piece): void {
    lastId += 1;
    const sent = this.send({
      type: "stroke", pane: STROKE, id: lastId, path: piece.path, layer: LAYER, value: piece.value, radius: piece.radius,
      // Samples lie at whole numbers there, and reach from one to the next here.
      points: piece.points.map(({ x, y }) => [y - 0.5, x - 0.5]),
      at: piece.slice.at, plane: piece.slice.plane, stretch: piece.slice.stretch, begins: piece.begins, shape: piece.shape,
    });
    piece.id = sent ? lastId : 0;
    this.redoable = 0;
  }

  /** What was not answered is sent once more: drawn twice it is the same. */
  resend(): void {
    this.taken = [];
    this.pictures.reset();
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
    if (!this.corners.isEmpty) {
      this.corners.back();
      return this.changed.emit();
    }
    const { drag } = this;
    if (!this.turn("unstroke")) return;
    this.taken.push(...this.pieces.filter((piece) => piece.drag === drag && piece.id && !piece.acknowledged).map((piece) => piece.id), lastId);
    this.pieces = this.pieces.filter((piece) => piece.drag !== drag);
    this.drag -= 1;
    this.undoable -= 1;
    this.redoable += 1;
    this.changed.emit();
  }

  /** Make again what was taken back last. */
  redo(): void {
    this.finish();
    if (!this.turn("restroke")) return;
    this.taken.push(lastId);
    this.drag += 1;
    this.undoable += 1;
    this.redoable -= 1;
    this.changed.emit();
  }

  private turn(type: "unstroke" | "restroke"): boolean {
    lastId += 1;
    return this.send({ type, pane: STROKE, id: lastId, path: this.layerPath, layer: LAYER });
  }

  private count({ undoable, redoable }: { undoable: number; redoable: number }): void {
    this.undoable = undoable;
    this.redoable = redoable;
  }

  // Answers

  /** Some strokes are drawn; whether they are of this image. */
  take(news: PaintedNews & { id?: number }): boolean {
    if (news.path !== this.bench.image?.path || news.layer !== LAYER) return false;
    const first = this.pieces.find((piece) => piece.id && !piece.acknowledged);
    const before = this.taken[0] ?? Infinity;
    if (before < (first?.id ?? Infinity)) this.taken.shift();
    else if (first) first.acknowledged = true;
    if (!this.current && !this.taken.length && this.pieces.every((piece) => piece.acknowledged)) this.count(news);
    if (news.values.length) this.classes.offer(Math.max(...news.values.filter((value) => value <= 9), 0));
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

  // Drawing

  /** What the server has drawn on a plane, in the colours of the classes. */
  private drawnNow(plane: number, judged: Frame | null): Bitmap | null {
    const frame = this.pictures.frame(plane);
    if (!frame) return null;
    const against = this.hits ? judged : null;
    const key = JSON.stringify([this.classes.list, against?.pane, against?.id]);
    const known = this.bitmaps[plane];
    if (known?.frame === frame && known.key === key) return known;
    const [height = 0, width = 0] = frame.shape;
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d")!;
    const data = context.createImageData(Math.max(1, width), Math.max(1, height));
    const pixels = new Uint32Array(data.data.buffer);
    const colours = this.classes.words();
    for (let i = 0; i < frame.samples.length; i += 1) {
      const value = frame.samples[i]!;
      pixels[i] = value && against ? this.hitColour(frame, i, width, against) : colours[Math.min(255, value)]!;
    }
    context.putImageData(data, 0, 0);
    const made = { frame, key, canvas };
    this.bitmaps[plane] = made;
    return made;
  }

  private hitColour(frame: Frame, index: number, width: number, judged: Frame): number {
    const x = (frame.region.x[0] + (index % width) + 0.5) * frame.step.x;
    const y = (frame.region.y[0] + Math.floor(index / width) + 0.5) * frame.step.y;
    const at = indexAt(judged, x, y);
    if (at < 0) return 0;
    return judged.samples[at] === frame.samples[index] ? HIT : MISS;
  }

  /** Draw all strokes over a pane, which may show the classes that they are held against. */
  draw(context: CanvasRenderingContext2D, drawBitmap: (context: CanvasRenderingContext2D, bitmap: Bitmap) => void, plane: number, judged: Frame | null): void {
    if (!this.open || !this.visible) return;
    const { width, height } = context.canvas;
    if (!width || !height) return;
    this.scratch ??= document.createElement("canvas");
    const { scratch } = this;
    if (scratch.width !== width || scratch.height !== height) { scratch.width = width; scratch.height = height; }
    const own = scratch.getContext("2d")!;
    own.globalCompositeOperation = "source-over";
    own.clearRect(0, 0, width, height);
    const drawn = this.drawnNow(plane, judged);
    if (drawn) drawBitmap(own, drawn);
    const slice = sliceOf(this.bench, plane);
    const look = outlookOf(this.bench, plane);
    own.lineCap = own.lineJoin = "round";
    let lasso: Piece | null = null;
    for (const piece of this.pieces) {
      if (!isSamePlane(piece.slice, slice) || piece.path !== this.bench.image?.path) continue;
      if (piece.shape === "fill") continue; // the server knows how far it goes
      if (piece.shape === "polygon" && piece === this.current) { lasso = piece; continue; }
      own.globalCompositeOperation = piece.value ? "source-over" : "destination-out";
      own.fillStyle = own.strokeStyle = piece.value ? this.classes.colourOf(piece.value) : "#000";
      this.trace(own, look, piece);
      if (piece.shape !== "line") own.fill();
      else own.stroke();
    }
    context.save();
    context.globalAlpha = 0.62;
    context.drawImage(scratch, 0, 0);
    context.restore();
    this.corners.draw(context, look, slice, this.classes.colourOf(this.value), null);
    if (lasso) {
      context.save();
      this.trace(context, look, lasso);
      context.closePath();
      context.globalAlpha = 0.3;
      context.fillStyle = this.classes.colourOf(lasso.value);
      context.fill();
      context.globalAlpha = 1;
      context.lineWidth = 2 * devicePixelRatio;
      context.strokeStyle = this.classes.colourOf(lasso.value);
      context.stroke();
      context.restore();
    }
  }

  private trace(context: CanvasRenderingContext2D, look: Outlook, piece: Piece): void {
    context.lineWidth = 2 * Math.max(0.5, piece.radius) * this.bench.camera.zoom;
    if (piece.shape === "boxes") traceBoxes(context, look, piece.points);
    else traceLine(context, look, piece.points);
  }

  /** The rim of the brush, or of the superpixel under it. */
  drawBrush(context: CanvasRenderingContext2D, look: Outlook, plane: number, place: Place): void {
    if (!this.open) return;
    this.corners.draw(context, look, sliceOf(this.bench, plane), this.classes.colourOf(this.value), place);
    if (this.tool === "wand") return this.wand.drawRim(context, look, place, this.classes.colourOf(this.value));
    // It is round on the screen, as the samples are drawn as long as they are.
    const radius = this.tool === "fill" || this.tool === "polygon" ? 3 * devicePixelRatio : Math.max(0.5, this.radius) * this.bench.camera.zoom;
    drawRing(context, look, place, radius, this.tool === "eraser" ? "#fff" : this.classes.colourOf(this.value), this.tool === "eraser");
  }
}
