// The picture under masks and labels.

import type { Bench } from "./bench";
import { looksOf } from "./channels";
import { signature } from "./model";
import { outlookOf, placeFrame, viewMessage } from "./outlook";
import { paint, type Bitmap } from "./paint";
import { Requester } from "./requester";
import type { Frame } from "./types";
import { NUMBERS } from "./numbers";


export class Ground {
  private readonly requester: Requester;
  private frame: Frame | null = null;
  private bitmap: Bitmap | null = null;
  private key = "";
  readonly number: number;

  /** `wanted` says whether it is on screen in a size, of the panes that share it. */
  constructor(
    private readonly bench: Bench,
    private readonly plane: number,
    wanted: () => { width: number; height: number } | null,
    send: (message: Record<string, unknown>) => boolean,
  ) {
    this.number = NUMBERS.grounds[plane]!;
    const of = () => bench.model.inputs[0]!;
    this.requester = new Requester(() => {
      const viewport = wanted();
      return viewport ? viewMessage(bench, this.number, of(), viewport, outlookOf(bench, plane)) : null;
    }, () => signature(bench.model, of()), send);
  }

  ask(again = false): void {
    this.requester.ask(again);
  }

  reset(): void {
    this.requester.reset();
  }

  clear(): void {
    this.frame = null;
    this.requester.reset();
  }

  take(frame: Frame): void {
    placeFrame(frame, outlookOf(this.bench, this.plane), this.bench.image!);
    if (this.requester.answered(frame.id)) this.frame = frame;
  }

  failed(id: number): void {
    this.requester.failed(id);
  }

  now(): Bitmap | null {
    const { frame } = this;
    if (!frame) return null;
    const { limits, display } = this.bench;
    const whole = frame.kind === "rgb";
    const contrast = limits.get(frame.of) ?? (whole
      ? { low: frame.offset, high: frame.offset + frame.scale * (frame.dtype === "u1" ? 255 : 65535) }
      : { low: frame.low, high: frame.high });
    const channels = looksOf(this.bench, frame);
    const key = JSON.stringify([contrast, display.gamma, channels]);
    if (this.bitmap?.frame !== frame || key !== this.key) {
      this.bitmap = paint(frame, { contrast, gamma: display.gamma, map: "gray", opacity: 1, outlines: false, selected: 0, channels });
      this.key = key;
    }
    return this.bitmap;
  }
}
