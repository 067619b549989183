// A classifier that learns from the strokes: asked to learn when these change, its newest model shown.

import { api, ServerFault } from "./api";
import type { Bench } from "./bench";
import { Signal } from "./bus";
import { mostDoubtful, searchMessage, SEARCH, type Spot } from "./doubt";
import { LAYER, type Painting } from "./painting";
import type { Classifier, ClassifierSettings, FaultAnswer, Frame, TrainedNews } from "./types";
import { withModel } from "./usestrokes";

export const CLASSIFY = "learn.classify";
const BETWEEN = 1500; // milliseconds between two trainings within a drag
const NEAR = 24; // pixels around a place that is looked at for strokes

let lastId = 0;

export class Learning {
  about: Classifier | null = null;
  told: TrainedNews | null = null;
  fault = "";
  busy = false;
  /** What was found of where a stroke helps, and which of it was shown last. */
  words = "";
  readonly changed = new Signal();
  /** There is a new model: what uses it has changed. */
  readonly trained = new Signal();
  private wanted = false;
  private again = false;
  private learned = 0;
  private spots: Spot[] = [];
  /** Where a stroke helps is asked and not answered; by which request, once one is sent. */
  private sought = false;
  private searching = 0;

  constructor(private readonly bench: Bench, private readonly painting: Painting, private readonly send: (message: Record<string, unknown>) => boolean) {
    painting.changed.on(() => { if (painting.open && !this.about) void this.open(); });
    painting.ended.on(() => this.ask());
    bench.textChanged.on(() => this.showColours());
  }

  private async open(): Promise<void> {
    try { this.about = await api.classifier(LAYER); } catch { return; }
    this.showColours();
    this.changed.emit();
  }

  private showColours(): void {
    this.bench.learned = this.about?.model ?? "";
  }

  /** Whether the pipeline uses the model, or is to. */
  get active(): boolean {
    return this.wanted || (this.about !== null && this.bench.model.steps.some((step) => step.params.model === this.about!.model));
  }

  /** The step whose classes are shown. */
  get step(): string | null {
    return this.bench.model.steps.find((step) => step.op === CLASSIFY && step.params.model === this.about?.model)?.name ?? null;
  }

  /** Begin to learn; the step comes with the first model. */
  async begin(): Promise<void> {
    this.learned = performance.now();
    if (!this.about) await this.open();
    this.wanted = true;
    this.ask();
  }

  /** Learn from the strokes as they are now; while one is drawn, not oftener than it is worth. */
  ask(): void {
    if (!this.active || (this.painting.isDrawing && performance.now() - this.learned < BETWEEN)) return;
    this.again = this.busy;
    if (!this.busy) void this.learn();
  }

  private async learn(): Promise<void> {
    this.busy = true;
    this.changed.emit();
    const classes = Object.fromEntries(this.painting.classes.list.flatMap(({ name }, k) => (name ? [[k + 1, name]] : [])));
    try {
      const told = await api.train(LAYER, LAYER, classes);
      const few = told.classes.length < 2;
      this.fault = few ? "Paint some of two classes: it learns as soon as both are there." : "";
      if (!few) this.take(told, true);
    } catch (error) {
      this.fault = error instanceof ServerFault ? this.inWords(error) : "The classifier cannot learn.";
    }
    this.busy = false;
    this.learned = performance.now();
    if (this.again) { this.again = false; this.ask(); }
    this.search();
    this.changed.emit();
  }

  private inWords({ fault }: ServerFault): string {
    return `${fault.what}${fault.hint ? ` (${fault.hint})` : ""}`;
  }

  /** A model is there, of this page or of another. */
  take(told: TrainedNews, own = false): void {
    if (this.about && told.name !== this.about.name) return;
    this.told = told;
    if (own && this.wanted) {
      this.wanted = false;
      if (!this.step) this.put(CLASSIFY);
    }
    this.spots = [];
    if (!this.sought) this.words = "";
    if (!own) this.trained.emit();
    this.search();
    this.changed.emit();
  }

  /** Put in a step that uses the model, unless it is there, and show it. */
  put(op: string, params: Record<string, unknown> = {}): void {
    const { bench } = this;
    if (!this.about || bench.unreadable) return;
    const made = withModel(bench.text, bench.ops, op, this.about.model, params);
    if (!made) return;
    if (made.text !== bench.text) bench.change(made.text);
    bench.display.over = true;
    bench.showInActive(made.name);
  }

  async choose(change: Partial<ClassifierSettings>): Promise<void> {
    if (!this.about) return;
    try {
      this.about = await api.choose(LAYER, LAYER, { ...this.about.settings, ...change });
      this.fault = "";
      this.ask();
    } catch (error) {
      this.fault = error instanceof ServerFault ? this.inWords(error) : "";
    }
    this.changed.emit();
  }

  // Where a stroke helps most

  /** Go where the model is least decided; asked again, to the next such place. */
  next(): void {
    if (!this.about || !this.told || this.sought) return;
    const spot = this.spots.shift();
    if (spot) return this.go(spot);
    this.sought = true;
    this.words = "looking at the whole image";
    this.search();
    this.changed.emit();
  }

  /** Look for the places, if they are asked for, in what the newest model says. */
  private search(): void {
    const { bench } = this;
    if (!this.sought || this.busy) return;
    const made = withModel(bench.text, bench.ops, "learn.uncertainty", this.about!.model, {});
    const message = made && searchMessage(bench, made.text, made.name);
    lastId += 1;
    this.searching = lastId;
    if (message) this.send({ ...message, id: lastId });
    else this.found("");
  }

  /** Another image or pipeline is open: what was found is in none of its places. */
  follow(): void {
    this.spots = [];
    this.found("");
  }

  /** The server is there again, which has forgotten what it was asked. */
  reconnect(): void {
    this.search();
  }

  private found(words: string): void {
    this.sought = false;
    this.words = words;
    this.changed.emit();
  }

  takeFrame(frame: Frame): void {
    if (!this.sought || frame.id !== this.searching || this.busy) return;
    this.spots = mostDoubtful(frame, this.bench.image!, NEAR);
    const spot = this.spots.shift();
    if (spot) this.go(spot);
    else this.found("it is certain everywhere");
  }

  takeFault(fault: FaultAnswer): boolean {
    if (fault.pane !== SEARCH) return false;
    if (this.sought && fault.id === this.searching && !this.busy) this.found(fault.what);
    return true;
  }

  private go(spot: Spot): void {
    const { bench } = this;
    bench.mark = { x: spot.x, y: spot.y };
    bench.camera.set({ x: spot.x, y: spot.y, zoom: Math.max(bench.camera.zoom, 3) });
    const [rows, columns] = bench.plane;
    if (bench.inSlices) bench.goTo({ [rows]: spot.y, [columns]: spot.x });
    this.found(`undecided by ${Math.round(100 * spot.doubt)} % around here`);
  }

  async judge(): Promise<boolean> {
    try {
      await api.evaluate(LAYER);
      return true;
    } catch (error) {
      this.fault = error instanceof ServerFault ? this.inWords(error) : "";
      this.changed.emit();
      return false;
    }
  }
}
