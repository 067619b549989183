// Probes: samples, lines and boxes whose values are looked at; drawn in the panes, kept by the browser.

import type { Bench } from "./bench";
import { Signal } from "./bus";
import { kindOf, signature } from "./model";
import { outlookOf, sliceOf, type Outlook, type Slice } from "./outlook";
import { pixelOf, pixelsBetween, type Place } from "./sketch";
import { Requester } from "./requester";
import type { Brush } from "./steer";
import { Working } from "./working";
import type { FaultAnswer, ProbeAnswer, ProbeResult } from "./types";
import { NUMBERS } from "./numbers";

export type Shape = "point" | "line" | "box";
/** Places on a plane of the image, in its samples from its corner. */
export interface Probe { number: number; shape: Shape; points: Place[]; width: number; plane: Slice["plane"] }
/** What one probe gives in one step. */
export interface Found { probe: Probe; of: string; result: ProbeResult }

const FIRST = NUMBERS.probes;
const STEPS = 6;
const MOST = 9;
const COLOURS = ["#2f8fd0", "#e08a00", "#1aa37a", "#c85a9c", "#d4483b", "#7a6ff0", "#8a6a35", "#5c8f00", "#6b7680"];

export class Probing implements Brush {
  open = false;
  visible = false;
  probes: Probe[] = [];
  /** What a drag makes. */
  drags: "line" | "box" = "line";
  width = 1;
  /** Which further dim a sample is followed along; the first one, unless chosen. */
  chosen = "";
  everyPane = false;
  readonly changed = new Signal();
  readonly answered = new Signal();
  private readonly requesters: Requester[];
  /** What says that answers are waited for, a step each. */
  readonly workings: Working[];
  private readonly answers = new Map<string, { answer: ProbeAnswer; probes: Probe[] }>();
  private readonly asked = new Map<number, { of: string; probes: Probe[] }>();
  readonly faults = new Map<string, FaultAnswer>();
  private current: { from: Place; to: Place; slice: Slice; moved: boolean } | null = null;

  constructor(private readonly bench: Bench, send: (message: Record<string, unknown>) => boolean) {
    this.workings = Array.from({ length: STEPS }, (_, slot) => new Working(() => bench.why(this.steps()[slot] ?? bench.activeOf)));
    this.requesters = this.workings.map((working, slot) => {
      let probes: Probe[] = [];
      const requester = new Requester(() => {
        const of = this.steps()[slot];
        if (of === undefined || !bench.image || !this.probes.length || !(this.open || this.visible)) return null;
        probes = [...this.probes];
        return {
          type: "probe", pane: FIRST + slot, path: bench.image.path, text: bench.text, of,
          at: this.at, probes: probes.map((probe) => ({ ...asked(probe), along: this.alongOf(probe) })),
        };
      }, (message) => signature(bench.model, String(message.of)), send);
      requester.working = working;
      requester.sent = (id) => this.asked.set(id, { of: this.steps()[slot]!, probes });
      return requester;
    });
    for (const signal of [bench.textChanged, bench.displayChanged]) signal.on(() => this.ask());
  }

  /** Whether the image has rows and columns in view. */
  get possible(): boolean {
    return Boolean(this.bench.image);
  }

  /** Dims that a sample of the plane of the image can be followed along. */
  get dims(): string[] {
    const { image } = this.bench;
    const dims = this.bench.furtherDims().map(([dim]) => dim);
    return image?.dims.includes("c") && (image.sizes.c ?? 1) > 1 && image.sizes.c !== 3 ? [...dims, "c"] : dims;
  }

  get along(): string {
    return this.dims.includes(this.chosen) ? this.chosen : this.dims[0] ?? "";
  }

  /** The dim that a probe is followed along: on another plane of slices the one that this stands across. */
  private alongOf({ plane }: Probe): string {
    const { bench } = this;
    const others = [...bench.plane, bench.deep ?? ""].filter((dim) => !plane.includes(dim));
    return others.includes(bench.deep ?? "") ? this.along : others[0] ?? "";
  }

  /** Where the other dims are that a probe depends on; a line is of the plane on screen. */
  private get at(): Record<string, number> {
    const { bench, probes } = this;
    const at = { ...bench.at, ...bench.cross, ...(bench.channels.length ? { c: bench.channel } : {}) };
    const isLookedAt = (dim: string) => probes.some((probe) => !probe.plane.includes(dim) && (probe.shape === "line" || dim !== this.alongOf(probe)));
    return Object.fromEntries(Object.entries(at).filter(([dim]) => isLookedAt(dim)));
  }

  /** The steps that are looked at. */
  steps(): string[] {
    const { bench } = this;
    const shown = this.everyPane && !bench.inSlices ? bench.display.of.slice(0, bench.display.mode === "side" ? bench.display.count : 2) : [bench.activeOf];
    return [...new Set(shown)].filter((of) => kindOf(bench.model, bench.ops, of) !== null);
  }

  colour(probe: Probe): string {
    return COLOURS[(probe.number - 1) % COLOURS.length]!;
  }

  setOpen(open: boolean): void {
    this.open = open && this.possible;
    try { sessionStorage.setItem("probing", this.open ? this.bench.image?.path ?? "" : ""); } catch { /* it is closed after a reload */ }
    this.changed.emit();
    this.ask();
  }

  set(change: Partial<Pick<Probing, "drags" | "width" | "chosen" | "everyPane" | "visible">>): void {
    Object.assign(this, change);
    this.changed.emit();
    this.ask();
  }

  ask(again = false): void {
    for (const requester of this.requesters) requester.ask(again);
    this.answered.emit();
  }

  reset(): void {
    for (const requester of this.requesters) requester.reset();
  }

  /** Another image is open: its probes are those that it had. */
  follow(): void {
    this.reset();
    this.answers.clear();
    this.faults.clear();
    this.asked.clear();
    this.current = null;
    this.probes = (this.bench.view.get("probes") ?? []).map((probe) => ({ ...probe, plane: probe.plane ?? this.bench.plane }));
    this.open = this.keptOpen === this.bench.image?.path && this.possible;
    this.changed.emit();
    this.ask();
  }

  private get keptOpen(): string | null {
    try { return sessionStorage.getItem("probing"); } catch { return null; }
  }

  private keep(): void {
    this.bench.view.set("probes", this.probes);
    this.changed.emit();
    this.ask();
  }

  // Drawing them

  begin(place: Place, plane: number): void {
    this.current = { from: place, to: place, slice: sliceOf(this.bench, plane), moved: false };
  }

  move(places: Place[]): void {
    const last = places[places.length - 1];
    if (!this.current || !last) return;
    this.current.to = last;
    const { from, to, slice } = this.current;
    if (pixelsBetween(outlookOf(this.bench, slice.pane), from, to) > 5 * devicePixelRatio) this.current.moved = true;
  }

  finish(): void {
    const { current } = this;
    this.current = null;
    if (!current) return;
    if (current.moved) this.add(this.drags, [current.from, current.to], current.slice);
    else this.add("point", [current.from], current.slice);
  }

  stamp(place: Place, plane: number): void {
    this.add("point", [place], sliceOf(this.bench, plane));
  }

  private add(shape: Shape, points: Place[], { plane }: Slice): void {
    const taken = new Set(this.probes.map(({ number }) => number));
    let number = 1;
    while (taken.has(number) && number < MOST) number += 1;
    this.probes = [...this.probes.filter((probe) => probe.number !== number), { number, shape, points, width: this.width, plane }];
    this.keep();
  }

  remove(number: number): void {
    this.probes = this.probes.filter((probe) => probe.number !== number);
    this.keep();
  }

  clear(): void {
    this.probes = [];
    this.keep();
  }

  setWidth(width: number): void {
    this.width = Math.min(200, Math.max(1, Math.round(width)));
    const lines = this.probes.filter(({ shape }) => shape === "line");
    const last = lines[lines.length - 1];
    if (last) this.probes = this.probes.map((probe) => (probe === last ? { ...probe, width: this.width } : probe));
    this.keep();
  }

  // Answers

  take(answer: ProbeAnswer): void {
    const asked = this.asked.get(answer.id);
    this.asked.delete(answer.id);
    if (!this.requesters[answer.pane - FIRST]?.answered(answer.id) || !asked) return;
    this.faults.delete(answer.of);
    this.answers.set(answer.of, { answer, probes: asked.probes });
    this.bench.answered(answer.of);
    this.answered.emit();
  }

  takeFault(fault: FaultAnswer): boolean {
    const requester = this.requesters[fault.pane - FIRST];
    if (!requester) return false;
    const asked = this.asked.get(fault.id);
    this.asked.delete(fault.id);
    if (requester.failed(fault.id) && asked) {
      this.answers.delete(asked.of);
      this.faults.set(asked.of, fault);
      this.answered.emit();
    }
    return true;
  }

  /** Whether a step is looked at of which nothing was answered yet. */
  get isWaiting(): boolean {
    return this.probes.length > 0 && this.steps().some((of) => !this.answers.has(of) && !this.faults.has(of));
  }

  /** What is known of the probes that there are, in the steps that are looked at. */
  found(): Found[] {
    return this.steps().flatMap((of) => {
      const known = this.answers.get(of);
      return known ? this.probes.flatMap((probe) => {
        const result = known.answer.probes[known.probes.findIndex((asked) => JSON.stringify(asked) === JSON.stringify(probe))];
        return result ? [{ probe, of, result }] : [];
      }) : [];
    });
  }

  draw(context: CanvasRenderingContext2D, look: Outlook): void {
    if (!this.open && !this.visible) return;
    const isShown = ([rows, columns]: Slice["plane"]) => rows === look.rows && columns === look.columns;
    for (const probe of this.probes) if (isShown(probe.plane)) this.drawProbe(context, look, probe, this.colour(probe), String(probe.number));
    const { current } = this;
    if (!current?.moved || !isShown(current.slice.plane)) return;
    this.drawProbe(context, look, { number: 0, shape: this.drags, points: [current.from, current.to], width: this.width, plane: current.slice.plane }, "#ffffff", "");
  }

  private drawProbe(context: CanvasRenderingContext2D, look: Outlook, probe: Probe, colour: string, name: string): void {
    const ratio = devicePixelRatio;
    const [[x, y], [u, v]] = [probe.points[0]!, probe.points[probe.points.length - 1]!].map((place) => pixelOf(context, look, place)) as [[number, number], [number, number]];
    const path = new Path2D();
    if (probe.shape === "point") {
      path.arc(x, y, 6 * ratio, 0, 2 * Math.PI);
      path.moveTo(x - 2 * ratio, y);
      path.lineTo(x + 2 * ratio, y);
      path.moveTo(x, y - 2 * ratio);
      path.lineTo(x, y + 2 * ratio);
    } else if (probe.shape === "box") {
      path.rect(x, y, u - x, v - y);
    } else {
      path.moveTo(x, y);
      path.lineTo(u, v);
      const length = Math.hypot(u - x, v - y) || 1;
      const half = (probe.width * Math.min(look.zoomX, look.zoomY)) / 2;
      if (probe.width > 1 && half > 2 * ratio) {
        const [dx, dy] = [(-(v - y) / length) * half, ((u - x) / length) * half];
        path.moveTo(x + dx, y + dy);
        path.lineTo(u + dx, v + dy);
        path.lineTo(u - dx, v - dy);
        path.lineTo(x - dx, y - dy);
        path.closePath();
      }
    }
    for (const [wide, stroke] of [[4, "rgba(0,0,0,.55)"], [2, colour]] as const) {
      context.lineWidth = wide * ratio;
      context.strokeStyle = stroke;
      context.stroke(path);
    }
    if (!name) return;
    context.font = `700 ${11 * ratio}px system-ui, sans-serif`;
    const [left, top] = [x + 9 * ratio, y - 7 * ratio];
    context.lineWidth = 3 * ratio;
    context.strokeStyle = "rgba(0,0,0,.75)";
    context.strokeText(name, left, top);
    context.fillStyle = "#fff";
    context.fillText(name, left, top);
  }
}

/** A probe as the server takes it: samples lie at whole numbers there, and reach from one to the next here. */
function asked({ shape, points, width, plane }: Probe): Record<string, unknown> {
  const place = ({ x, y }: Place) => (shape === "line" ? [y - 0.5, x - 0.5] : [Math.floor(y), Math.floor(x)]);
  return { shape, points: points.map(place), width, plane };
}
