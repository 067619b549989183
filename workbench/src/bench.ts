// What the workbench knows: the image, the pipeline and its history, how it is looked at.

import { api, ServerFault } from "./api";
import { debounced, Signal } from "./bus";
import { Camera } from "./camera";
import type { MapName } from "./colours";
import type { Off } from "./chain";
import { ARRAYS, chainOf, isReadable, readModel, values, type Model, type Ops, type Unreadable, type Value } from "./model";
import { History } from "./history";
import { Kept, type Shared, type View } from "./kept";
import type { Contrast } from "./paint";
import { channelsOf, limitsKey, type Channel } from "./channels";
import type { Checked, Op, Opened, Start } from "./types";

export type Mode = "side" | "swipe" | "blink" | "difference" | "slices";
export type Saved = "saved" | "saving" | "changed" | "conflict" | "failed";

export interface Display {
  count: number; mode: Mode; of: string[]; active: number;
  map: MapName; gamma: number; over: boolean; opacity: number; outlines: boolean; swipe: number;
}

/** Which objects of a step are looked at; all others are faint. */
export interface Gate { of: string; inside: Uint8Array; id: number; words: string }

export interface Limits extends Contrast { byHand: boolean; signature: string }

const EMPTY: Model = { name: "", inputs: ["image"], painted: [], corrected: [], steps: [], checks: [], outputs: null, rest: "" };

export class Bench {
  start: Start = { version: "", folder: "", images: [], pipelines: [], examples: [] };
  ops: Ops = new Map();
  image: Opened | null = null;
  pipeline = "";
  revision = "";
  saved: Saved = "saved";
  theirs: { text: string; revision: string } | null = null;
  readonly history = new History();
  /** How the image is looked at with the pipeline. */
  view = new Kept<View>();
  /** What all images of the folder share. */
  shared = new Kept<Shared>();
  /** The last text that could be read, and what it says. */
  text = "";
  model: Model = EMPTY;
  unreadable: Unreadable | null = null;
  checked: Checked = { faults: [], inputs: [], steps: [], outputs: [] };
  readonly camera = new Camera();
  readonly display: Display = {
    count: 2, mode: "side", of: [], active: 0, map: "gray", gamma: 1,
    over: true, opacity: 0.55, outlines: false, swipe: 0.5,
  };
  /** Limits that were set by hand, and those taken from the first frame, by what is shown. */
  readonly limits = new Map<string, Limits>();
  /** Which sample is looked at of each further dim. */
  /** Channels that are shown over one another; none where colours belong together. */
  channels: Channel[] = [];
  /** Whose histogram and contrast are looked at. */
  channel = 0;
  at: Record<string, number> = {};
  /** Which row and column the crosshair of slices is at. */
  cross: Record<string, number> = {};
  selected = 0;
  gate: Gate | null = null;
  /** The model that learns from what is painted, as steps name it. */
  learned = "";
  /** By number, the colour of a painted class. */
  classColours: Uint32Array | null = null;
  /** Ops that have given an answer: what they need is compiled. */
  private readonly warm = new Set<string>();
  /** A place marked in all panes, in samples. */
  mark: { x: number; y: number } | null = null;

  readonly textChanged = new Signal<{ from: string }>();
  readonly checkedChanged = new Signal();
  readonly displayChanged = new Signal();
  readonly contrastChanged = new Signal();
  readonly savedChanged = new Signal();
  readonly selectionChanged = new Signal<{ from: "pane" | "table" }>();
  readonly gateCleared = new Signal();

  private readonly saveSoon = debounced(400, () => void this.save());
  private readonly checkSoon = debounced(120, () => void this.check());
  private savedText = "";

  constructor() {
    this.history.changed.on(({ from }) => this.read(from));
  }

  setOps(ops: Op[]): void {
    this.ops = new Map(ops.map((op) => [op.name, op]));
  }

  // The text

  begin(text: string, off: Off[] = []): void {
    this.savedText = text;
    this.recallLimits();
    this.checked = { faults: [], inputs: [], steps: [], outputs: [] };
    this.history.begin({ text, off });
    this.saved = "saved";
    this.savedChanged.emit();
  }

  change(text: string, key = "", from = "cards", off: Off[] = this.history.now.off): void {
    this.history.change({ text, off }, key, from);
  }

  private read(from: string): void {
    const { text, off } = this.history.now;
    const model = readModel(text, this.ops);
    if (isReadable(model)) {
      const before = this.shown();
      this.followNames(model);
      this.model = model;
      this.text = text;
      this.unreadable = null;
      this.keepPanes(before);
    } else {
      this.unreadable = model;
    }
    this.keepOff(text, off);
    this.textChanged.emit({ from });
    this.checkSoon();
    if (text !== this.savedText) {
      if (this.saved !== "conflict") this.saved = "changed";
      this.savedChanged.emit();
      this.saveSoon();
    }
  }

  private keepOff(text: string, off: Off[]): void {
    const { [this.pipeline]: _, ...others } = this.shared.get("off") ?? {};
    this.shared.set("off", off.length ? { ...others, [this.pipeline]: { text, off } } : others);
  }

  /** Steps that were switched off when the page was left, if the text is still that of then. */
  offOf(pipeline: string, text: string): Off[] {
    const kept = this.shared.get("off")?.[pipeline];
    return kept?.text === text ? kept.off : [];
  }

  private async check(): Promise<void> {
    const text = this.history.now.text;
    try {
      const checked = await api.check(text);
      if (text !== this.history.now.text) return;
      this.checked = checked;
      this.checkedChanged.emit();
    } catch { /* the connection is told of elsewhere */ }
  }

  // Saving

  async save(): Promise<void> {
    if (!this.pipeline || this.saved === "conflict") return;
    if (this.saved === "saving") { this.saveSoon(); return; }
    const text = this.history.now.text;
    if (text === this.savedText) return this.settle("saved");
    this.settle("saving");
    try {
      const { revision } = await api.save(this.pipeline, text, this.revision);
      this.revision = revision;
      this.savedText = text;
      this.settle(this.history.now.text === text ? "saved" : "changed");
      if (this.history.now.text !== text) this.saveSoon();
    } catch (error) {
      if (error instanceof ServerFault && error.status === 409) {
        const body = error.body as { text: string; revision: string };
        this.theirs = { text: body.text, revision: body.revision };
        this.settle("conflict");
      } else {
        this.settle("failed");
        setTimeout(() => this.saveSoon(), 2000);
      }
    }
  }

  keepLimits(): void {
    this.view.set("limits", [...this.limits]);
  }

  /** The channels that are asked for. */
  get channelsOn(): number[] {
    return this.channels.flatMap(({ on }, k) => (on ? [k] : []));
  }

  /** What the contrast of a value is kept under: of one with channels that of the one which is chosen. */
  limitsOf(of: string): string {
    return this.hasChannels(of) ? limitsKey(of, this.channel) : of;
  }

  /** Whether a value was shown in channels. */
  hasChannels(of: string): boolean {
    return this.channels.some((_, k) => this.limits.has(limitsKey(of, k)));
  }

  private get channelsKey(): string {
    return this.channels.map(({ name }) => name).join("|");
  }

  keepChannels(): void {
    this.shared.set("channels", { ...this.shared.get("channels"), [this.channelsKey]: this.channels.map(({ colour, on }) => ({ colour, on })) });
  }

  recallChannels(): void {
    this.channels = this.image ? channelsOf(this.image) : [];
    this.channel = Math.min(this.channel, Math.max(0, this.channels.length - 1));
    const kept = this.shared.get("channels")?.[this.channelsKey] ?? [];
    this.channels.forEach((channel, k) => {
      if (/^#[0-9a-f]{6}$/i.test(kept[k]?.colour ?? "")) Object.assign(channel, { colour: kept[k]!.colour, on: Boolean(kept[k]!.on) });
    });
  }

  recallLimits(): void {
    this.limits.clear();
    for (const [of, limits] of this.view.get("limits") ?? []) this.limits.set(of, limits);
  }

  private settle(saved: Saved): void {
    this.saved = saved;
    this.savedChanged.emit();
  }

  /** Take the text of another tab; ours stays in the history. */
  takeTheirs(): void {
    if (!this.theirs) return;
    const { text, revision } = this.theirs;
    this.revision = revision;
    this.savedText = text;
    this.theirs = null;
    this.settle("saved");
    this.change(text, "", "theirs", []);
  }

  /** Keep ours under another name. */
  async keepMine(): Promise<void> {
    let name = `${this.pipeline}-2`;
    for (let count = 3; this.start.pipelines.includes(name); count += 1) name = `${this.pipeline}-${count}`;
    this.pipeline = name;
    this.revision = "";
    this.savedText = "";
    this.theirs = null;
    this.start.pipelines.push(name);
    this.settle("changed");
    await this.save();
    this.displayChanged.emit();
  }

  /** Another tab has saved: take it, or tell of it where there are changes of ours. */
  async changedElsewhere(pipeline: string, revision: string): Promise<void> {
    if (pipeline !== this.pipeline || revision === this.revision || this.saved === "saving") return;
    const theirs = await api.pipeline(pipeline).catch(() => null);
    if (!theirs || theirs.revision === this.revision || theirs.text === this.history.now.text) {
      if (theirs && theirs.text === this.history.now.text) { this.revision = theirs.revision; this.savedText = theirs.text; }
      return;
    }
    this.theirs = theirs;
    if (this.history.now.text === this.savedText) this.takeTheirs();
    else this.settle("conflict");
  }

  // The panes

  /** What can be shown. */
  shown(): Value[] {
    return values(this.model, this.ops).filter((value) => ARRAYS.has(value.kind));
  }

  /** Where one step has but another name, panes and limits go with it. */
  private followNames(next: Model): void {
    const { steps } = this.model;
    if (steps.length !== next.steps.length) return;
    const others = steps.flatMap((step, k) => (step.name === next.steps[k]!.name ? [] : [k]));
    const k = others[0];
    if (k === undefined || others.length > 1 || steps[k]!.op !== next.steps[k]!.op) return;
    const [from, to] = [steps[k]!.name, next.steps[k]!.name];
    const follow = (of: string) => (of === from || of.startsWith(`${from}.`) ? to + of.slice(from.length) : of);
    this.display.of = this.display.of.map(follow);
    const limits = [...this.limits];
    this.limits.clear();
    for (const [of, each] of limits) this.limits.set(follow(of), each);
  }

  /** Panes whose step is gone show what came before it. */
  private keepPanes(before: Value[]): void {
    const now = this.shown().map((value) => value.ref);
    const order = before.map((value) => value.ref);
    this.display.of = this.display.of.map((of) => {
      if (now.includes(of)) return of;
      const earlier = order.slice(0, Math.max(0, order.indexOf(of))).reverse().find((ref) => now.includes(ref));
      return earlier ?? now[now.length - 1] ?? of;
    });
    while (this.display.of.length < 6) this.display.of.push(this.suggest(this.display.of.length));
  }

  /** What a pane shows unless something else is chosen: the input, then the last step, then those between. */
  suggest(pane: number): string {
    const refs = this.shown().map((value) => value.ref);
    if (pane === 0 || refs.length < 2) return refs[0] ?? "image";
    if (pane === 1) return refs[refs.length - 1]!;
    return refs[Math.max(1, Math.round(((refs.length - 1) * (pane - 1)) / 5))]!;
  }

  /** Whether a value is a probability or an uncertainty, from 0 to 1. */
  isScore(of: string): boolean {
    const step = this.model.steps.find((each) => each.name === of.split(".")[0]);
    return step?.op === "learn.probability" || step?.op === "learn.uncertainty";
  }

  showInActive(of: string): void {
    this.display.of[this.display.active] = of;
    this.displayChanged.emit();
  }

  /** Which choice a pane shows: its own, or of slices that of the active one. */
  slotOf(pane: number): number {
    return this.inSlices ? this.display.active : pane;
  }

  get activeOf(): string {
    return this.display.of[this.display.active] ?? "image";
  }

  /** Something was answered: all that it needed is ready. */
  answered(of: string): void {
    for (const step of chainOf(this.model, of)) this.warm.add(step.op);
  }

  /** Why an answer takes long. */
  why(of: string): string {
    return chainOf(this.model, of).every((step) => this.warm.has(step.op)) ? "Still working" : "The first time takes longer: compiling";
  }

  // The image

  /** Dims beside the plane that is looked at and the colours, with their sizes. */
  furtherDims(): [string, number][] {
    if (!this.image) return [];
    return this.image.dims.filter((dim) => dim !== "c" && !this.plane.includes(dim))
      .map((dim) => [dim, this.image!.sizes[dim] ?? 1] as [string, number]).filter(([, size]) => size > 1);
  }

  /** The dims that are looked at: y and x, or the last two of an image that has not both. */
  get plane(): [string, string] {
    const dims = this.image?.dims.filter((dim) => dim !== "c") ?? [];
    if ((dims.includes("y") && dims.includes("x")) || dims.length < 2) return ["y", "x"];
    return [dims[dims.length - 2]!, dims[dims.length - 1]!];
  }

  /** The dim across the plane, that slices are made along: z, or else the first further one; null of none. */
  get deep(): string | null {
    const dims = this.furtherDims().map(([dim]) => dim);
    return dims.includes("z") ? "z" : dims[0] ?? null;
  }

  /** Whether three planes through one place are shown. */
  get inSlices(): boolean {
    return this.display.mode === "slices" && this.deep !== null;
  }

  /** Whether all that is drawn on lies along y, x and z, as what is kept beside the image does. */
  get isPlaneOfSpace(): boolean {
    return this.plane.join("") === "yx" && (!this.inSlices || this.deep === "z");
  }

  /** Where the panes are along a dim, or the crosshair was last. */
  indexOf(dim: string): number {
    return this.at[dim] ?? this.cross[dim] ?? 0;
  }

  /** Dims of which one sample is chosen, with their sizes. */
  chosenDims(): [string, number][] {
    const plane = this.inSlices ? this.plane.map((dim) => [dim, this.image?.sizes[dim] ?? 1] as [string, number]) : [];
    return [...this.furtherDims(), ...plane];
  }

  /** Which sample is chosen of each dim. */
  get position(): Record<string, number> {
    return this.inSlices ? { ...this.at, ...this.cross } : this.at;
  }

  /** Choose samples of dims. */
  goTo(places: Record<string, number>): void {
    for (const [dim, size] of this.chosenDims()) {
      const place = places[dim];
      if (place === undefined) continue;
      const index = Math.min(size - 1, Math.max(0, Math.floor(place)));
      if (this.plane.includes(dim)) this.cross = { ...this.cross, [dim]: index };
      else this.at = { ...this.at, [dim]: index };
    }
    this.displayChanged.emit();
  }

  get size(): { width: number; height: number } {
    const [rows, columns] = this.plane;
    return { width: this.image?.sizes[columns] ?? 0, height: this.image?.sizes[rows] ?? 0 };
  }
}
