// Pictures in the gallery of ops: what each would make of the part on screen, or else of its own example.

import { api, ServerFault } from "./api";
import type { Bench } from "./bench";
import { putIn } from "./chain";
import { h } from "./dom";
import { ARRAYS, isReadable, readModel } from "./model";
import { outlookOf, placeFrame, viewMessage } from "./outlook";
import type { Previews } from "./previews";
import { drawSmall } from "./smallpicture";
import type { Frame, Op } from "./types";

const WIDE = 250;
const HIGH = 92;
const QUIET = 200; // milliseconds for which an op must be in view

interface Picture { element: HTMLElement; canvas: HTMLCanvasElement; note: HTMLElement; timer: number; state: "none" | "asked" | "done"; leaving: AbortController }

export class OpPictures {
  private readonly pictures = new Map<string, Picture>();
  private readonly ops = new Map<Element, Op>();
  private readonly grounds = new Map<string, Frame | null>();
  private readonly waiting = new Map<string, ((ground: Frame | null) => void)[]>();
  private readonly observer: IntersectionObserver;
  /** Own examples are asked for one after another. */
  private line: Promise<void> = Promise.resolve();

  /** `after` is the step that they would stand after; `root` what is scrolled. */
  constructor(private readonly bench: Bench, private readonly previews: Previews, private readonly after: string | null, root: HTMLElement) {
    this.observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) this.seen(this.ops.get(target)!, isIntersecting);
    }, { root });
  }

  /** The place of the picture of an op, the same each time. */
  of(op: Op): HTMLElement {
    const there = this.pictures.get(op.name);
    if (there) return there.element;
    const ratio = devicePixelRatio;
    const canvas = h("canvas", { width: Math.round(WIDE * ratio), height: Math.round(HIGH * ratio), "aria-hidden": "true" });
    const note = h("span", { class: "op-note" });
    const element = h("span", { class: "op-picture" }, canvas, note);
    this.pictures.set(op.name, { element, canvas, note, timer: 0, state: "none", leaving: new AbortController() });
    this.ops.set(element, op);
    this.observer.observe(element);
    return element;
  }

  close(): void {
    this.observer.disconnect();
    for (const { timer, leaving } of this.pictures.values()) {
      clearTimeout(timer);
      leaving.abort();
    }
    this.previews.drop([...this.pictures.keys(), ...[...this.waiting.keys()].map((ref) => `before ${ref}`)].map(key));
  }

  private seen(op: Op, isSeen: boolean): void {
    const picture = this.pictures.get(op.name)!;
    clearTimeout(picture.timer);
    if (picture.state === "done") return;
    if (isSeen) picture.timer = window.setTimeout(() => this.ask(op, picture), QUIET);
    else if (picture.state === "asked") {
      picture.state = "none";
      picture.leaving.abort();
      this.previews.drop([key(op.name)]);
    }
  }

  private ask(op: Op, picture: Picture): void {
    picture.state = "asked";
    const output = op.outputs[0];
    if (!output || !ARRAYS.has(output.kind)) return void this.own(op, picture, "");
    let source = "";
    this.previews.ask(key(op.name), {
      message: () => {
        const { text, name } = putIn(this.bench.text, op.name, this.after, this.bench.ops, this.bench.history.now.off);
        const model = readModel(text, this.bench.ops);
        if (isReadable(model)) source = model.steps.find((step) => step.name === name)?.source ?? "";
        return this.message(text, output.name ? `${name}.${output.name}` : name);
      },
      took: (frame) => {
        placeFrame(frame, outlookOf(this.bench), this.bench.image!);
        this.withGround(source, (ground) => this.draw(picture, frame, ground));
      },
      failed: (fault) => void this.own(op, picture, fault.what),
    });
  }

  private message(text: string, of: string): Record<string, unknown> | null {
    const ratio = devicePixelRatio;
    const asked = viewMessage(this.bench, 0, of, { width: WIDE * ratio, height: HIGH * ratio }, outlookOf(this.bench));
    return asked && { ...asked, text, part: true };
  }

  /** Call with what an op is given, where that is a picture. */
  private withGround(ref: string, call: (ground: Frame | null) => void): void {
    const there = this.grounds.get(ref);
    if (there !== undefined) return call(there);
    const calls = this.waiting.get(ref);
    if (calls) return void calls.push(call);
    this.waiting.set(ref, [call]);
    const took = (frame: Frame | null) => {
      this.grounds.set(ref, frame);
      for (const each of this.waiting.get(ref) ?? []) each(frame);
    };
    this.previews.ask(key(`before ${ref}`), {
      message: () => this.message(this.bench.text, ref),
      took: (frame) => {
        placeFrame(frame, outlookOf(this.bench), this.bench.image!);
        took(frame);
      },
      failed: () => took(null),
    });
  }

  /** Before to the left, after to the right. */
  private draw(picture: Picture, frame: Frame, ground: Frame | null): void {
    picture.state = "done";
    const { canvas } = picture;
    if (ground) {
      drawSmall(canvas, ground, null, this.bench);
      drawSmall(canvas, frame, ground, this.bench, 0.5);
      const context = canvas.getContext("2d")!;
      context.fillStyle = "#fff";
      context.fillRect(canvas.width / 2 - devicePixelRatio, 0, 2 * devicePixelRatio, canvas.height);
    } else drawSmall(canvas, frame, null, this.bench);
    picture.note.textContent = ground ? "before and after, on screen" : "on screen";
  }

  /** What it makes of its own example; `why` it is not that of the image. */
  private async own(op: Op, picture: Picture, why: string): Promise<void> {
    picture.note.textContent = "its own example";
    picture.element.title = why;
    picture.leaving = new AbortController();
    const { signal } = picture.leaving;
    const asked = this.line.then(() => (signal.aborted ? null : api.illustration(op.name, signal)));
    this.line = asked.then(() => undefined, () => undefined);
    try {
      const found = await asked;
      if (!found) return;
      picture.state = "done";
      if ("src" in found) picture.canvas.replaceWith(h("img", { src: found.src, alt: "" }));
      else this.without(picture, `no picture: it ${found.without}`);
    } catch (error) {
      if (signal.aborted) return;
      picture.state = "done";
      this.without(picture, error instanceof ServerFault ? error.fault.what : "no picture");
    }
  }

  private without(picture: Picture, words: string): void {
    picture.canvas.hidden = true;
    picture.note.textContent = words;
  }
}

const key = (name: string) => `gallery ${name}`;
