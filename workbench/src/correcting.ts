// Correcting objects: what is done is sent as an edit, and the labels come back as the server has them.

import { api, ServerFault } from "./api";
import type { Bench } from "./bench";
import { Signal } from "./bus";
import { labelColour } from "./colours";
import { Corners } from "./corners";
import { CORRECTED } from "./model";
import { indexAt, paint, type Bitmap } from "./paint";
import { isSamePlane, outlookOf, sliceOf, type Outlook, type Slice } from "./outlook";
import { PlanePictures, type Drawn } from "./planepictures";
import { drawRing, pixelOf, pixelsBetween, traceLine, type Place } from "./sketch";
import type { Brush } from "./steer";
import type { CorrectionNews, FaultAnswer, Frame } from "./types";
import { NUMBERS } from "./numbers";

export type Way = "merge" | "cut" | "seeds" | "delete" | "add" | "brush" | "erase";

export const LAYER = "corrected";
const EDIT = NUMBERS.edit;
const TEMPLATE = `${CORRECTED}{path}.tif`;
const CLICK = 4; // device pixels within which a drag is a click
const APART = 0.7; // device pixels between two points of a drag
const MOST = 15_000; // points of an edit

interface Edit extends Drawn {
  name: string; kind: Way | "undo" | "redo"; labels: number[]; points: Place[]; radius: number; path: string;
  colour: string; id: number;
}

let lastId = 0;

function css(word: number): string {
  return `rgb(${word & 255} ${(word >> 8) & 255} ${(word >> 16) & 255})`;
}

export class Correcting implements Brush {
  open = false;
  way: Way = "merge";
  radius = 4;
  visible = true;
  fault = "";
  /** How far the labels are begun: none are there, or they are computed, or can be edited. */
  state: CorrectionNews["state"] = "none";
  share = 0;
  objects = 0;
  undoable = 0;
  redoable = 0;
  /** What the labels were begun from. */
  source = "";
  readonly changed = new Signal();
  /** The labels are others now: what reads them has changed. */
  readonly corrected = new Signal();
  private path = "";
  private heard = 0;
  private gesture: { points: Place[]; slice: Slice; more: boolean; length: number } | null = null;
  private seeds: Place[] = [];
  /** The plane on which the seeds are. */
  private slice: Slice | null = null;
  private readonly outline = new Corners();
  private edits: Edit[] = [];
  /** The labels as the server has them. */
  readonly pictures: PlanePictures<Edit>;
  private readonly bitmaps: ((Bitmap & { key: string }) | undefined)[] = [];

  constructor(private readonly bench: Bench, private readonly send: (message: Record<string, unknown>) => boolean, viewport: (plane: number) => { width: number; height: number }) {
    this.pictures = new PlanePictures(bench, {
      numbers: NUMBERS.corrected, layer: LAYER, text: () => (this.wanted ? this.text : null), viewport, drawn: () => this.edits,
      seen: (some) => { this.edits = this.edits.filter((edit) => !some.has(edit)); },
    }, send);
    this.changed.on(() => this.pictures.ask());
    bench.displayChanged.on(() => { if (this.slice && !isSamePlane(this.slice, sliceOf(bench, this.slice.pane))) this.dropCorners(); });
  }

  /** Steps whose labels can be corrected. */
  get labels(): string[] {
    return this.bench.shown().filter((value) => value.kind === "labels" && value.step).map((value) => value.ref);
  }

  /** The labels that are looked at, or the last there are. */
  get suggested(): string {
    const { labels, bench } = this;
    const shown = [bench.activeOf, ...bench.display.of.slice(0, bench.display.count)].find((of) => labels.includes(of));
    return shown ?? labels[labels.length - 1] ?? "";
  }

  get possible(): boolean {
    return this.bench.isPlaneOfSpace && (this.labels.length > 0 || this.state === "ready");
  }

  async setOpen(open: boolean): Promise<void> {
    if (open === this.open || (open && !this.possible)) return;
    this.open = open;
    this.dropCorners();
    this.keep();
    this.changed.emit();
    if (open) await this.start(false);
  }

  /** Go on with another image. */
  async follow(): Promise<void> {
    this.gesture = null;
    this.edits = [];
    this.pictures.clear();
    this.dropCorners();
    this.fault = "";
    this.path = this.bench.image?.path ?? "";
    this.state = "none";
    this.open = this.kept === this.path && this.path !== "";
    if (this.path) await this.ask({ path: this.path });
    this.changed.emit();
  }

  private get kept(): string | null {
    try { return sessionStorage.getItem("correcting"); } catch { return null; }
  }

  private keep(): void {
    try { sessionStorage.setItem("correcting", this.open ? this.path : ""); } catch { /* the bar is closed after a reload */ }
  }

  /** Open the labels that there are, or have them begun from a step; anew, in the place of those. */
  async start(anew: boolean, of = this.suggested): Promise<void> {
    this.path = this.bench.image?.path ?? "";
    const { pipeline, text } = this.bench;
    await this.ask({ path: this.path, text, of, pipeline, anew });
  }

  private async ask(body: { path: string } & Record<string, unknown>): Promise<void> {
    const { heard } = this;
    try {
      const news = await api.correct(body);
      this.fault = "";
      // That they are begun may come after the news of how far they are.
      if (news.state !== "making" || heard === this.heard) this.take(news);
      this.resend();
    } catch (error) {
      this.fault = error instanceof ServerFault ? `${error.fault.what}${error.fault.hint ? ` (${error.fault.hint})` : ""}` : "The labels cannot be opened.";
      this.changed.emit();
    }
  }

  setWay(way: Way): void {
    this.way = way;
    this.dropCorners();
    this.fault = "";
    this.changed.emit();
  }

  setRadius(radius: number): void {
    this.radius = Number(Math.min(2000, Math.max(0.5, radius)).toPrecision(2));
    this.changed.emit();
  }

  /** Whether seeds or corners were set that make nothing yet. */
  get isBegun(): boolean {
    return this.seeds.length > 0 || !this.outline.isEmpty;
  }

  get canUndo(): boolean {
    return this.undoable > 0 || this.isBegun;
  }

  /** Let go of what is drawn in part; whether there was something. */
  dropCorners(): boolean {
    const had = this.isBegun || this.gesture !== null;
    this.seeds = [];
    this.outline.clear();
    this.gesture = null;
    if (had) this.changed.emit();
    return had;
  }

  // Gestures

  begin(place: Place, plane: number, more: boolean): void {
    const slice = sliceOf(this.bench, plane);
    if (this.slice && !isSamePlane(this.slice, slice)) this.seeds = [];
    this.slice = slice;
    this.gesture = { points: [place], slice, more, length: 0 };
    this.fault = "";
    this.changed.emit();
  }

  move(places: Place[]): void {
    const { gesture } = this;
    if (!gesture) return;
    const look = outlookOf(this.bench, gesture.slice.pane);
    for (const place of places) {
      const step = pixelsBetween(look, gesture.points[gesture.points.length - 1]!, place);
      if (step < APART || gesture.points.length >= MOST) continue;
      gesture.points.push(place);
      gesture.length += step;
    }
  }

  finish(): void {
    const { gesture } = this;
    this.gesture = null;
    if (!gesture || this.state !== "ready") return this.changed.emit();
    const { points, slice, more } = gesture;
    if (gesture.length < CLICK * devicePixelRatio) this.click(points[0]!, slice, more);
    else if (this.way === "seeds") this.click(points[points.length - 1]!, slice, more);
    else if (this.way === "add" && !this.outline.isEmpty) this.outline.take(points, false, slice, outlookOf(this.bench, slice.pane));
    else this.edit(this.way, slice, points);
    this.changed.emit();
  }

  stamp(place: Place, plane: number): void {
    this.begin(place, plane, false);
    this.finish();
  }

  private click(place: Place, slice: Slice, more: boolean): void {
    const { bench, way } = this;
    const label = this.labelAt(place, slice.pane);
    if (way === "merge") {
      if (more && label && bench.selected && bench.selected !== label) return this.edit("merge", slice, [], [bench.selected, label]);
      bench.selected = label;
      bench.mark = null;
      bench.selectionChanged.emit({ from: "pane" });
    } else if (way === "cut") this.fault = "Draw a line through the object";
    else if (way === "seeds") {
      this.seeds.push(place);
      if (this.seeds.length > 1 && !more) this.edit("seeds", slice, this.seeds);
    } else if (way === "add") {
      if (this.outline.take([place], true, slice, outlookOf(bench, slice.pane))) this.edit("add", slice, this.outline.places);
    } else this.edit(way, slice, [place]);
  }

  private edit(kind: Way, slice: Slice, points: Place[], labels: number[] = []): void {
    this.seeds = [];
    this.outline.clear();
    const label = points.length ? this.labelAt(points[0]!, slice.pane) : labels[0] ?? 0;
    this.sendEdit({
      name: crypto.randomUUID(), kind, labels, points, radius: this.radius, slice, path: this.path,
      colour: kind === "erase" || kind === "delete" ? "#fff" : css(labelColour(label)), id: 0, acknowledged: false,
    });
  }

  undo(): void {
    if (!this.isBegun) return this.turn("undo");
    this.seeds.pop();
    this.outline.back();
    this.changed.emit();
  }

  redo(): void {
    this.turn("redo");
  }

  private turn(kind: "undo" | "redo"): void {
    this.gesture = null;
    this.sendEdit({ name: crypto.randomUUID(), kind, labels: [], points: [], radius: 0, slice: sliceOf(this.bench), path: this.path, colour: "", id: 0, acknowledged: false });
  }

  private sendEdit(edit: Edit): void {
    if (!this.edits.includes(edit)) this.edits.push(edit);
    lastId += 1;
    const sent = this.send({
      type: "edit", pane: EDIT, id: lastId, path: edit.path, name: edit.name, kind: edit.kind, labels: edit.labels, radius: edit.radius,
      // Samples lie at whole numbers there, and reach from one to the next here.
      points: edit.points.map(({ x, y }) => [y - 0.5, x - 0.5]), at: edit.slice.at, plane: edit.slice.plane, stretch: edit.slice.stretch,
    });
    edit.id = sent ? lastId : 0;
  }

  /** What was not answered is sent once more, under its name: it is made once. */
  resend(): void {
    for (const edit of [...this.edits]) if (!edit.acknowledged && edit.path === this.path) this.sendEdit(edit);
  }

  // Answers

  /** Labels were begun or edited; whether those of this image. */
  take(news: CorrectionNews): boolean {
    if (news.path !== this.bench.image?.path) return false;
    this.heard += 1;
    this.state = news.state === "failed" || news.state === "dropped" ? "none" : news.state;
    this.share = news.share ?? 0;
    this.source = news.source?.of ?? this.source;
    if (news.what) this.fault = `${news.what}${news.hint ? ` (${news.hint})` : ""}`;
    for (const edit of this.edits) if (edit.name === news.edit) edit.acknowledged = true;
    if (news.state === "ready") {
      this.objects = news.objects ?? 0;
      this.undoable = news.undoable ?? 0;
      this.redoable = news.redoable ?? 0;
      this.corrected.emit();
    }
    this.changed.emit();
    return true;
  }

  takeFault(fault: FaultAnswer): boolean {
    if (fault.pane !== EDIT) return false;
    this.edits = this.edits.filter((edit) => edit.id !== fault.id);
    this.fault = `${fault.what}${fault.hint ? ` (${fault.hint})` : ""}`;
    this.changed.emit();
    return true;
  }

  /** The request for the objects: a pipeline of its own, so that changes to the other do not matter. */
  get text(): string {
    return `graticule: 1\ninputs: {image: {}, ${LAYER}: {path: ${JSON.stringify(TEMPLATE)}}}\nsteps:\n  objects: {op: measure.regions, input: ${LAYER}}\n`;
  }

  get template(): string {
    return TEMPLATE;
  }

  get wanted(): boolean {
    return this.open && this.visible && this.state === "ready";
  }

  /** The object at a place of a plane, as it is seen. */
  private labelAt(place: Place, plane: number): number {
    const frame = this.pictures.frame(plane);
    const index = frame ? indexAt(frame, place.x, place.y) : -1;
    return index < 0 ? 0 : frame!.samples[index]!;
  }

  // Drawing

  private bitmapNow(frame: Frame, plane: number): Bitmap {
    const key = `${this.bench.selected}`;
    const known = this.bitmaps[plane];
    if (known?.frame === frame && known.key === key) return known;
    const style = { contrast: { low: 0, high: 1 }, gamma: 1, map: "gray" as const, opacity: 1, outlines: true, selected: this.bench.selected };
    const made = { ...paint(frame, style), key };
    this.bitmaps[plane] = made;
    return made;
  }

  /** Draw the outlines of all objects over a pane, and what is being done. */
  draw(context: CanvasRenderingContext2D, drawBitmap: (context: CanvasRenderingContext2D, bitmap: Bitmap) => void, plane: number): void {
    if (!this.open) return;
    const frame = this.pictures.frame(plane);
    if (this.visible && frame && this.state === "ready") drawBitmap(context, this.bitmapNow(frame, plane));
    context.save();
    const [slice, look] = [sliceOf(this.bench, plane), outlookOf(this.bench, plane)];
    for (const edit of this.edits) if (isSamePlane(edit.slice, slice) && edit.path === this.bench.image?.path) this.drawEdit(context, look, edit.kind as Way, edit.points, edit.colour, edit.radius, true);
    if (this.gesture && isSamePlane(this.gesture.slice, slice) && this.gesture.length >= CLICK * devicePixelRatio) {
      const { points } = this.gesture;
      const colour = this.way === "brush" ? css(labelColour(this.labelAt(points[0]!, plane))) : "#fff";
      this.drawEdit(context, look, this.way, points, colour, this.radius, false);
    }
    if (this.slice && isSamePlane(this.slice, slice)) this.drawSeeds(context, look);
    this.outline.draw(context, look, slice, "#fff", null);
    context.restore();
  }

  private drawEdit(context: CanvasRenderingContext2D, look: Outlook, kind: Way, points: Place[], colour: string, radius: number, sent: boolean): void {
    if (!points.length) return;
    traceLine(context, look, points);
    context.lineCap = context.lineJoin = "round";
    if (kind === "brush" || kind === "erase") {
      context.globalAlpha = kind === "brush" ? 0.6 : 0.4;
      context.lineWidth = 2 * Math.max(0.5, radius) * this.bench.camera.zoom;
      context.strokeStyle = colour;
      context.stroke();
      context.globalAlpha = 1;
      return;
    }
    if (kind === "add") {
      context.closePath();
      context.fillStyle = "rgb(255 255 255 / .2)";
      context.fill();
    }
    const strong = { delete: "#ff5a4f", cut: "#ffd23f", merge: "#5ad1ff", add: "#ffffff", seeds: "#ffd23f" }[kind];
    for (const [wide, line] of [[4, "rgb(0 0 0 / .55)"], [2, strong]] as const) {
      context.lineWidth = wide * devicePixelRatio;
      context.strokeStyle = line;
      context.globalAlpha = sent ? 0.5 : 1;
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  private drawSeeds(context: CanvasRenderingContext2D, look: Outlook): void {
    for (const seed of this.seeds) {
      context.beginPath();
      context.arc(...pixelOf(context, look, seed), 6 * devicePixelRatio, 0, 2 * Math.PI);
      context.fillStyle = "#ffd23f";
      context.fill();
      context.lineWidth = 1.5 * devicePixelRatio;
      context.strokeStyle = "#000a";
      context.stroke();
    }
  }

  get hasRing(): boolean {
    return this.open && (this.way === "brush" || this.way === "erase");
  }

  /** The rim of the brush, in the colour of what is under it; and how an outline goes on to the pointer. */
  drawBrush(context: CanvasRenderingContext2D, look: Outlook, plane: number, place: Place): void {
    if (!this.open) return;
    this.outline.draw(context, look, sliceOf(this.bench, plane), "#fff", place);
    if (!this.hasRing) return;
    const label = this.labelAt(this.gesture?.points[0] ?? place, plane);
    const colour = this.way === "erase" ? "#fff" : label ? css(labelColour(label)) : "#999";
    drawRing(context, look, place, this.radius * this.bench.camera.zoom, colour, this.way === "erase");
  }
}
