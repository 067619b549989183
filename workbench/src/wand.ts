// The superpixels on screen, of which the wand takes those that it passes.

import type { Bench } from "./bench";
import { freeName } from "./chain";
import { flow, insertBlock } from "./edit";
import { signature } from "./model";
import { drawnAt, outlookOf, placeFrame, sliceOf, viewMessage, windowOf, type Outlook } from "./outlook";
import { indexAt } from "./paint";
import { Requester } from "./requester";
import type { Frame } from "./types";
import type { Place } from "./sketch";
import { pictureOf } from "./usestrokes";
import { NUMBERS } from "./numbers";

/** Rows of samples: of each two places the first and the last corner. */
export type Boxes = Place[];

const NUMBER = NUMBERS.wand;
const SMALL = 4 * 2 ** 20; // samples of an image that is worked out whole
const AROUND = 192; // samples that are worked out beside those on screen, of a larger one
const MOST = 100_000;

export class Wand {
  readonly number = NUMBER;
  fault = "";
  private readonly requester: Requester;
  private frame: Frame | null = null;
  private segments = 0;
  /** Which of three planes they are of. */
  private plane = 0;
  private outline: { frame: Frame; label: number; lines: Float32Array } | null = null;

  /** `wanted` gives the size of the panes and about how wide a superpixel is, where they are on screen. */
  constructor(
    private readonly bench: Bench,
    wanted: (plane: number) => { width: number; height: number; across: number } | null,
    send: (message: Record<string, unknown>) => boolean,
    private readonly changed: () => void,
  ) {
    this.requester = new Requester(() => {
      const want = wanted(this.plane);
      const message = want && viewMessage(bench, NUMBER, "", want, outlookOf(bench, this.plane));
      return want && message && { ...message, ...this.asked(message, want.across) };
    }, (message) => JSON.stringify([signature(bench.model, this.source), this.segments, message.of]), send);
  }

  ask(again = false): void {
    this.requester.ask(again);
  }

  /** Look at the superpixels of another plane. */
  aim(plane: number): void {
    if (plane === this.plane) return;
    this.plane = plane;
    this.clear();
    this.ask();
    this.changed(); // it is waited for
  }

  clear(): void {
    this.frame = null;
    this.fault = "";
    this.requester.reset();
  }

  take(frame: Frame): void {
    placeFrame(frame, outlookOf(this.bench, this.plane), this.bench.image!);
    if (!this.requester.answered(frame.id)) return;
    this.frame = frame;
    this.fault = "";
    this.changed();
  }

  failed(id: number, what: string): void {
    if (!this.requester.failed(id)) return;
    this.frame = null;
    this.fault = what;
    this.changed();
  }

  /** The picture whose superpixels they are: the one that is shown, of a stack the image. */
  private get source(): string {
    const { bench } = this;
    return bench.furtherDims().length ? bench.model.inputs[0]! : pictureOf(bench.model, bench.ops, bench.activeOf);
  }

  /** The pipeline with the step that makes them, of the plane that is shown. */
  private asked(message: Record<string, unknown>, across: number): { text: string; of: string } {
    const { bench } = this;
    const { model } = bench;
    let [text, source, last] = [bench.text, this.source, model.steps[model.steps.length - 1]?.name ?? null];
    const taken = [...model.inputs, ...model.steps.map((step) => step.name)];
    const put = (wanted: string, body: Record<string, unknown>) => {
      const name = freeName(wanted, taken);
      text = insertBlock(text, [`  ${name}: ${flow({ ...body, input: source })}`], last);
      taken.push(name);
      source = last = name;
    };
    const { image } = bench;
    const { plane, at, stretch } = sliceOf(bench, this.plane);
    const further = image!.dims.filter((dim) => dim !== "c" && !plane.includes(dim) && (image!.sizes[dim] ?? 1) > 1).map((dim) => [dim, at[dim] ?? 0] as const);
    if (further.length) put("plane", { op: "transform.crop", start: Object.fromEntries(further), stop: Object.fromEntries(further.map(([dim, at]) => [dim, at + 1])) });
    const level = message.level as number;
    const region = message.region as Record<string, [number, number]>;
    const side = Math.max(2, across / 2 ** level);
    const area = this.samples(level, plane, region) * stretch[0] * stretch[1];
    this.segments = Math.min(MOST, Math.max(2, Math.round(area / side ** 2)));
    put("wand", { op: "segment.slic", segments: this.segments });
    return { text, of: source };
  }

  /** About how many samples of a level are worked out for a region of a plane. */
  private samples(level: number, plane: string[], region: Record<string, [number, number]>): number {
    const image = this.bench.image!;
    const sizeOf = (dim: string) => Math.max(1, Math.floor((image.sizes[dim] ?? 1) / windowOf(image, dim, level)));
    const isWhole = image.dims.reduce((product, dim) => product * sizeOf(dim), 1) <= SMALL;
    return plane.reduce((product, dim) => product * (isWhole ? sizeOf(dim) : Math.min(sizeOf(dim), region[dim]![1] - region[dim]![0] + AROUND)), 1);
  }

  /** The superpixel at a place; 0 where none is known. */
  at(place: Place): number {
    const index = this.frame ? indexAt(this.frame, place.x, place.y) : -1;
    return index < 0 ? 0 : this.frame!.samples[index]!;
  }

  get isReady(): boolean {
    return this.frame !== null;
  }

  /** What tells superpixels from others of the same number. */
  get key(): number {
    return this.frame?.id ?? 0;
  }

  /** The rows of samples of a superpixel, as corners in samples of the full image. */
  boxes(label: number): Boxes {
    const { frame } = this;
    const found: Boxes = [];
    if (!frame || !label) return found;
    const [height = 0, width = 0] = frame.shape;
    const { samples, region, step } = frame;
    for (let row = 0; row < height; row += 1) {
      for (let column = 0; column < width; column += 1) {
        if (samples[row * width + column] !== label) continue;
        const begin = column;
        while (column < width && samples[row * width + column] === label) column += 1;
        found.push({ x: (region.x[0] + begin) * step.x, y: (region.y[0] + row) * step.y },
          { x: (region.x[0] + column) * step.x, y: (region.y[0] + row + 1) * step.y });
      }
    }
    return found;
  }

  /** The rim of a superpixel as pairs of places: x, y, x, y. */
  private rim(frame: Frame, label: number): Float32Array {
    if (this.outline?.frame === frame && this.outline.label === label) return this.outline.lines;
    const [height = 0, width = 0] = frame.shape;
    const { samples, region, step } = frame;
    const lines: number[] = [];
    const is = (row: number, column: number) => row >= 0 && row < height && column >= 0 && column < width && samples[row * width + column] === label;
    for (let row = 0; row < height; row += 1) {
      for (let column = 0; column < width; column += 1) {
        if (samples[row * width + column] !== label) continue;
        const [x0, y0] = [(region.x[0] + column) * step.x, (region.y[0] + row) * step.y];
        const [x1, y1] = [x0 + step.x, y0 + step.y];
        if (!is(row - 1, column)) lines.push(x0, y0, x1, y0);
        if (!is(row + 1, column)) lines.push(x0, y1, x1, y1);
        if (!is(row, column - 1)) lines.push(x0, y0, x0, y1);
        if (!is(row, column + 1)) lines.push(x1, y0, x1, y1);
      }
    }
    this.outline = { frame, label, lines: Float32Array.from(lines) };
    return this.outline.lines;
  }

  /** Draw the rim of the superpixel under a place. */
  drawRim(context: CanvasRenderingContext2D, look: Outlook, place: Place, colour: string): void {
    const label = this.at(place);
    if (!label) return;
    const { width, height } = context.canvas;
    const lines = this.rim(this.frame!, label);
    for (const [wide, line] of [[3.5, "rgb(0 0 0 / .6)"], [1.8, colour]] as const) {
      context.lineWidth = wide * devicePixelRatio;
      context.strokeStyle = line;
      context.beginPath();
      for (let k = 0; k < lines.length; k += 4) {
        context.moveTo(...drawnAt(look, { x: lines[k]!, y: lines[k + 1]! }, width, height));
        context.lineTo(...drawnAt(look, { x: lines[k + 2]!, y: lines[k + 3]! }, width, height));
      }
      context.stroke();
    }
  }
}
