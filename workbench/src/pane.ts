// One pane: its head, its picture, and what is drawn over it.

import type { Bench } from "./bench";
import { channelValues, limitsKey, looksOf } from "./channels";
import { h } from "./dom";
import { lengthText, roundDown, short, unitText } from "./format";
import { indexAt, paint, valueAt, type Bitmap, type Style } from "./paint";
import { signature } from "./model";
import { drawnAt, outlookOf, placeFrame, viewMessage, type Outlook } from "./outlook";
import { across, colourOf, drawCrosshair, placeText } from "./slices";
import { Requester } from "./requester";
import { Working } from "./working";
import type { FaultAnswer, Frame } from "./types";

export class Pane {
  readonly element: HTMLElement;
  readonly canvas = h("canvas", { class: "picture", tabIndex: 0, role: "img" });
  readonly overlay = h("canvas", { class: "overlay", "aria-hidden": "true" });
  readonly select: HTMLSelectElement;
  private readonly planeName = h("span", { class: "plane-name", hidden: true });
  private readonly readout = h("span", { class: "readout" });
  private readonly gated = h("button", { type: "button", class: "small gated", hidden: true, title: "Show all objects again", onclick: () => this.bench.gateCleared.emit() });
  private readonly working: Working;
  private readonly faultBox = h("div", { class: "pane-fault", role: "status", hidden: true });
  private faultTold = "";
  readonly body: HTMLElement;
  readonly requester: Requester;
  frame: Frame | null = null;
  fault: FaultAnswer | null = null;
  private bitmap: Bitmap | null = null;
  private bitmapKey = "";
  width = 0;
  height = 0;

  constructor(
    readonly index: number,
    private readonly bench: Bench,
    private readonly send: (message: Record<string, unknown>) => boolean,
    private readonly onResize: () => void,
    viewport: () => { width: number; height: number },
  ) {
    this.select = h("select", { "aria-label": `What pane ${index + 1} shows`, onchange: () => {
      bench.display.of[bench.slotOf(index)] = this.select.value;
      bench.display.active = bench.slotOf(index);
      bench.displayChanged.emit();
    } });
    this.working = new Working(() => bench.why(this.of), () => send({ type: "stop", pane: index }));
    this.body = h("div", { class: "pane-body" }, this.canvas, this.overlay, this.working.element, this.faultBox);
    this.element = h("section", { class: "pane", "aria-label": `Pane ${index + 1}`, onpointerdown: () => this.activate(), onfocusin: () => this.activate() },
      h("header", { class: "pane-head" }, this.select, this.planeName, this.gated, this.readout), this.body);
    this.requester = new Requester(() => viewMessage(bench, index, this.of, viewport(), this.look), () => signature(bench.model, this.of), send);
    this.requester.working = this.working;
    this.requester.settled = () => this.element.classList.toggle("busy", this.requester.busy);
    new ResizeObserver((entries) => {
      const entry = entries[entries.length - 1]!;
      const box = entry.devicePixelContentBoxSize?.[0];
      const ratio = devicePixelRatio;
      this.width = Math.round(box ? box.inlineSize : entry.contentRect.width * ratio);
      this.height = Math.round(box ? box.blockSize : entry.contentRect.height * ratio);
      for (const canvas of [this.canvas, this.overlay]) {
        canvas.width = this.width;
        canvas.height = this.height;
      }
      this.onResize();
    }).observe(this.body);
  }

  get of(): string {
    return this.bench.display.of[this.bench.slotOf(this.index)] ?? "image";
  }

  /** Where it looks. */
  get look(): Outlook {
    return outlookOf(this.bench, this.index);
  }

  /** Which of three planes it shows; of no slices the first. */
  get plane(): number {
    return this.bench.inSlices ? this.index : 0;
  }

  private activate(): void {
    if (this.bench.inSlices || this.bench.display.active === this.index) return;
    this.bench.display.active = this.index;
    this.bench.displayChanged.emit();
  }

  /** A frame has come. */
  take(frame: Frame): void {
    if (!this.requester.answered(frame.id)) return;
    placeFrame(frame, this.look, this.bench.image!);
    this.fault = null;
    this.showFault();
    this.frame = frame;
    this.bench.answered(frame.of);
    this.fitContrast();
  }

  /** Take the limits of the contrast from the frame, unless they were set by hand. */
  fitContrast(): void {
    const { frame, bench } = this;
    if (!frame || this.isObjects) return;
    if (frame.kind === "channels") return this.fitChannels(frame);
    const limits = bench.limits.get(frame.of);
    const now = signature(bench.model, frame.of);
    if (limits && (limits.byHand || limits.signature === now)) return;
    const whole = frame.kind === "rgb";
    const low = whole ? frame.offset : this.isScore ? 0 : frame.low;
    const high = this.isScore ? 1 : whole ? frame.offset + frame.scale * (frame.dtype === "u1" ? 255 : 65535) : frame.high;
    bench.limits.set(frame.of, { low, high: high > low ? high : low + 1, byHand: false, signature: now });
    bench.keepLimits();
    bench.contrastChanged.emit();
  }

  private fitChannels(frame: Frame): void {
    const { bench } = this;
    const now = signature(bench.model, frame.of);
    for (const { channel, low, high } of frame.channels ?? []) {
      const key = limitsKey(frame.of, channel);
      const limits = bench.limits.get(key);
      if (!limits || !(limits.byHand || limits.signature === now)) bench.limits.set(key, { low, high: high > low ? high : low + 1, byHand: false, signature: now });
    }
    bench.keepLimits();
    bench.contrastChanged.emit();
  }

  takeFault(fault: FaultAnswer): void {
    if (!this.requester.failed(fault.id)) return;
    this.fault = fault;
    this.showFault();
  }

  /** Say what is wrong: a fault of the text in the words of its check. */
  showFault(): void {
    const { fault } = this;
    this.faultBox.hidden = !fault;
    if (!fault) return;
    const found = this.bench.checked.faults;
    const lines: [string, string][] = found.length
      ? found.slice(0, 3).map((each) => [`${each.path.replace(/^steps\./, "Step ").replace(/\./g, ", ")}: ${each.what}`, each.hint ?? ""])
      : [[`${fault.where ? `${fault.where[0]!.toUpperCase()}${fault.where.slice(1)}: ` : ""}${fault.what}`, fault.hint]];
    const told = JSON.stringify([lines, fault.again]);
    if (told === this.faultTold) return;
    this.faultTold = told;
    this.faultBox.replaceChildren(...lines.flatMap(([what, hint]) => [h("strong", {}, what), ...(hint ? [h("span", {}, hint)] : [])]));
    if (fault.again) this.faultBox.append(h("button", { type: "button", class: "small", onclick: () => this.again() }, "Try again"));
  }

  /** Ask once more for what ended the process that computes, or was stopped. */
  private again(): void {
    this.send({ type: "again", pane: this.index });
    this.fault = null;
    this.showFault();
    this.requester.ask(true);
  }

  get isObjects(): boolean {
    return this.frame?.kind === "labels" || this.frame?.kind === "mask";
  }

  /** Whether it shows how probable or how uncertain something is: then it lies over the image. */
  get isScore(): boolean {
    return this.frame?.kind === "image" && this.bench.isScore(this.frame.of);
  }

  private bitmapNow(): Bitmap | null {
    if (!this.frame) return null;
    const { display, limits, selected } = this.bench;
    const gate = this.bench.gate?.of === this.frame.of ? this.bench.gate : null;
    const contrast = limits.get(this.frame.of) ?? { low: this.frame.low, high: this.frame.high };
    const style: Style = {
      contrast, gamma: display.gamma, map: this.isScore && display.map === "gray" ? "magma" : display.map, outlines: display.outlines && this.isObjects,
      opacity: display.over ? display.opacity : 1, selected,
    };
    // What grows from painted classes, or has learned them, has their colours.
    const step = this.bench.model.steps.find((each) => each.name === this.frame!.of);
    const painted = step ? step.named.markers ?? "" : this.frame.of;
    const learned = step !== undefined && this.bench.learned !== "" && step.params.model === this.bench.learned;
    const colours = learned || this.bench.model.painted.includes(painted) ? this.bench.classColours : null;
    const channels = looksOf(this.bench, this.frame);
    const key = JSON.stringify([style, channels, this.isObjects, gate?.id, colours && [...colours]]);
    style.colours = colours;
    style.channels = channels;
    style.inside = gate?.inside;
    if (this.bitmap?.frame !== this.frame || key !== this.bitmapKey) {
      this.bitmap = paint(this.frame, style);
      this.bitmapKey = key;
    }
    return this.bitmap;
  }

  /** Draw its picture where the panes look, over the ground of the image if so wanted. */
  draw(context: CanvasRenderingContext2D, ground: Bitmap | null): void {
    const bitmap = this.bitmapNow();
    const { display } = this.bench;
    const over = display.over && ground !== null;
    if (over && (this.isObjects || this.isScore)) drawBitmap(context, this.look, ground);
    if (!bitmap) return;
    context.save();
    if (over && this.isScore) context.globalAlpha = display.opacity;
    drawBitmap(context, this.look, bitmap);
    context.restore();
  }

  /** What the head says. */
  showHead(values: { ref: string }[], cursor: { x: number; y: number } | null): void {
    const refs = values.map((value) => value.ref);
    if ([...this.select.options].map((option) => option.value).join("\n") !== refs.join("\n")) {
      this.select.replaceChildren(...refs.map((ref) => h("option", { value: ref }, ref)));
    }
    if (this.select.value !== this.of) this.select.value = this.of;
    this.element.classList.toggle("active", !this.bench.inSlices && this.bench.display.active === this.index);
    this.showPlane();
    this.element.classList.toggle("stale", Boolean(this.frame && this.frame.of !== this.of));
    this.element.classList.toggle("bare", !this.frame && !this.fault);
    this.element.dataset.of = this.frame?.of ?? "";
    const slice = this.bench.inSlices ? ` at ${this.planeName.textContent}, Page Down goes to the next` : "";
    this.canvas.setAttribute("aria-label", `Picture of ${this.of}${slice}: arrows move it, plus and minus zoom, 0 fits it`);
    const { gate } = this.bench;
    this.gated.hidden = gate?.of !== this.of;
    if (gate && !this.gated.hidden) {
      this.gated.textContent = `${gate.words} ×`;
      this.gated.setAttribute("aria-label", `${gate.words} are shown; show all`);
    }
    this.readout.textContent = this.valueText(cursor);
  }

  /** Of slices: which plane it is, and where. */
  private showPlane(): void {
    const { bench, planeName } = this;
    planeName.hidden = !bench.inSlices;
    this.select.hidden = bench.inSlices && this.index > 0;
    if (!bench.inSlices) return;
    const dim = across(bench, this.index);
    planeName.textContent = `${dim} ${placeText(bench, dim, bench.position[dim] ?? 0)}`;
    planeName.style.borderColor = colourOf(bench, dim);
  }

  /** The value under the pointer in words. */
  valueText(cursor: { x: number; y: number } | null): string {
    if (!cursor || !this.frame) return "";
    const index = indexAt(this.frame, cursor.x, cursor.y);
    if (index < 0) return "";
    const { frame } = this;
    if (frame.kind === "rgb") return [0, 1, 2].map((k) => short(frame.offset + frame.scale * frame.samples[index * 3 + k]!)).join(" ");
    if (frame.kind === "channels") return channelValues(frame, index).map((each, k) => `${this.bench.channels[frame.channels![k]!.channel]?.name ?? ""} ${short(each)}`).join(", ");
    const value = valueAt(frame, index);
    if (frame.kind === "labels") return value ? `label ${value}` : "no object";
    if (frame.kind === "mask") return value ? "in the mask" : "not in the mask";
    return Number.isNaN(value) ? "no value" : `${short(value)}${frame.unit ? ` ${unitText(frame.unit)}` : ""}`;
  }

  /** Crosshair, mark and scale bar. */
  drawOverlay(cursor: { x: number; y: number } | null, own: boolean, painting = false): void {
    const context = this.overlay.getContext("2d")!;
    const { width, height } = this;
    const { mark, image } = this.bench;
    const { look } = this;
    const ratio = devicePixelRatio;
    context.clearRect(0, 0, width, height);
    const place = (p: { x: number; y: number }) => drawnAt(look, p, width, height);
    const lines = (draw: () => void) => {
      context.lineWidth = 3 * ratio; context.strokeStyle = "rgba(0,0,0,.45)"; context.beginPath(); draw(); context.stroke();
      context.lineWidth = ratio; context.strokeStyle = "rgba(255,255,255,.95)"; context.beginPath(); draw(); context.stroke();
    };
    if (this.bench.inSlices) drawCrosshair(context, this.bench, look);
    else if (cursor && !own && !painting) {
      const [x, y] = place(cursor);
      const arm = 9 * ratio;
      const gap = 3 * ratio;
      lines(() => {
        for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]] as const) {
          context.moveTo(x + dx * gap, y + dy * gap);
          context.lineTo(x + dx * arm, y + dy * arm);
        }
      });
    }
    if (mark && (!this.bench.inSlices || this.index === 0)) {
      const [x, y] = place(mark);
      lines(() => context.arc(x, y, 14 * ratio, 0, 2 * Math.PI));
    }
    if (!image || !width) return;
    const spacing = image.spacing[look.columns];
    const step = Math.abs(spacing?.step ?? 1);
    const perUnit = look.zoomX / step;
    const length = roundDown((Math.min(150 * ratio, width / 3)) / perUnit);
    const bar = length * perUnit;
    const text = lengthText(length, spacing?.unit || (image.halved.includes(look.columns) ? "px" : "samples"));
    const left = 12 * ratio;
    const base = height - 14 * ratio;
    context.font = `600 ${11.5 * ratio}px system-ui, sans-serif`;
    const wide = Math.max(bar, context.measureText(text).width);
    context.fillStyle = "rgba(0,0,0,.55)";
    context.beginPath();
    context.roundRect(left - 7 * ratio, base - 20 * ratio, wide + 14 * ratio, 28 * ratio, 5 * ratio);
    context.fill();
    context.fillStyle = "#fff";
    context.fillRect(left, base, bar, 3 * ratio);
    context.fillText(text, left, base - 6 * ratio);
  }
}

/** Draw what a bitmap holds where it belongs. */
export function drawBitmap(context: CanvasRenderingContext2D, look: Outlook, bitmap: Bitmap): void {
  const { frame, canvas } = bitmap;
  const { width, height } = context.canvas;
  const [rows = 0, columns = 0] = frame.shape;
  if (!rows || !columns) return;
  const [wide, high] = [frame.step.x * look.zoomX, frame.step.y * look.zoomY];
  context.imageSmoothingEnabled = Math.min(wide, high) < 0.999 && ["image", "rgb", "channels"].includes(frame.kind);
  const corner = { x: frame.region.x[0] * frame.step.x, y: frame.region.y[0] * frame.step.y };
  context.drawImage(canvas, ...drawnAt(look, corner, width, height), columns * wide, rows * high);
}
