// The panes together: one to six side by side, or two in one as swipe, blink or difference.

import type { Bench } from "./bench";
import { h } from "./dom";
import { Ground } from "./ground";
import { indexAt, paintDifference, type Bitmap } from "./paint";
import { drawBitmap, Pane } from "./pane";
import { dependsOn, usesModel } from "./model";
import type { FaultAnswer, Frame } from "./types";
import type { Correcting } from "./correcting";
import type { Painting } from "./painting";
import type { PlanePictures, Drawn } from "./planepictures";
import type { Probing } from "./probing";
import { steer } from "./steer";
import { across, Corner, fitSlices, sharedOut } from "./slices";
import { debounced, Signal } from "./bus";

export class Stage {
  readonly element = h("div", { class: "stage" });
  readonly panes: Pane[] = [];
  readonly drawn = new Signal();
  /** What is on screen was asked for: another place, size, text or step. */
  readonly asked = new Signal();
  cursor: { x: number; y: number } | null = null;
  cursorPane = -1;
  private readonly grounds: Ground[];
  private readonly corner: Corner;
  /** What is drawn over the panes: strokes, and corrected objects. */
  private readonly layers: readonly PlanePictures<Drawn>[];
  private drawing = false;
  private blinkOn = false;
  private fitted = "";
  private difference: { first: Frame; second: Frame; made: ReturnType<typeof paintDifference> } | null = null;
  private readonly handle = h("div", { class: "swipe-handle", role: "slider", tabIndex: 0, "aria-label": "Where the two pictures meet", "aria-valuemin": 0, "aria-valuemax": 100 });
  private readonly blinkName = h("div", { class: "blink-name" });

  constructor(private readonly bench: Bench, private readonly painting: Painting, private readonly correcting: Correcting, private readonly probing: Probing, send: (message: Record<string, unknown>) => boolean) {
    for (let index = 0; index < 6; index += 1) {
      const pane = new Pane(index, bench, send, () => this.resized(), () => this.viewport(index));
      this.panes.push(pane);
      steer(pane.overlay, pane.canvas, bench, {
        brush: () => [probing, correcting].find((tool) => tool.open) ?? painting, size: () => this.viewport(index), fit: () => this.fit(),
        point: (place) => this.point(place, index),
        click: (place) => this.pick(pane, place),
        look: () => pane.look,
        plane: () => pane.plane,
        aim: (place) => bench.goTo({ [pane.look.columns]: place.x, [pane.look.rows]: place.y }),
        leaf: (by) => this.leaf(index, by),
      });
    }
    this.corner = new Corner(bench);
    this.grounds = [0, 1, 2].map((plane) => new Ground(bench, plane,
      () => (this.wantsGround() && (plane === 0 || bench.inSlices) ? this.viewport(plane) : null), send));
    this.layers = [painting.pictures, correcting.pictures];
    painting.painted.on(() => this.layersAnew(painting.pictures, bench.model.painted));
    correcting.corrected.on(() => this.layersAnew(correcting.pictures, bench.model.corrected));
    for (const signal of [painting.changed, correcting.changed, probing.changed, probing.answered]) signal.on(() => this.redraw());
    bench.camera.changed.on(() => this.refresh());
    bench.textChanged.on(() => { this.layout(); this.refresh(); });
    bench.displayChanged.on(() => { this.layout(); this.refresh(); });
    bench.contrastChanged.on(() => this.redraw());
    bench.checkedChanged.on(() => this.panes.forEach((pane) => pane.showFault()));
    bench.selectionChanged.on(() => this.redraw());
    setInterval(() => {
      if (bench.display.mode !== "blink") return;
      this.blinkOn = !this.blinkOn;
      this.redraw();
    }, 700);
    this.slideHandle();
    this.layout();
  }

  private get composite(): boolean {
    return ["swipe", "blink", "difference"].includes(this.bench.display.mode);
  }

  viewport(index: number): { width: number; height: number } {
    const pane = this.panes[this.composite ? 0 : index]!;
    return { width: pane.width, height: pane.height };
  }

  /** Panes that are on screen. */
  get live(): Pane[] {
    return this.panes.slice(0, this.composite ? 2 : this.bench.inSlices ? 3 : this.bench.display.count);
  }

  private laidOut = "";
  layout(): void {
    const { display } = this.bench;
    const { inSlices } = this.bench;
    const key = `${this.composite || inSlices ? display.mode : "side"} ${display.count}`;
    if (key !== this.laidOut) {
      if (inSlices || this.laidOut.startsWith("slices")) this.forget();
      if (inSlices && !this.bench.camera.z) this.fitted = "wait";
      this.laidOut = key;
      this.element.className = `stage ${this.composite ? "composite" : inSlices ? "slices" : `count-${display.count}`}`;
      this.element.replaceChildren(...this.live.map((pane) => pane.element), ...(inSlices ? [this.corner.element] : []));
      if (display.mode === "swipe") this.panes[0]!.body.append(this.handle);
      else this.handle.remove();
      if (display.mode === "blink") this.panes[0]!.body.append(this.blinkName);
      else this.blinkName.remove();
      if (!inSlices && display.active >= this.live.length) display.active = 0;
    }
    this.arrange();
    this.heads();
  }

  private heads(): void {
    const values = this.bench.shown();
    for (const pane of this.live) pane.showHead(values, this.cursorOf(pane));
    if (this.bench.inSlices) this.corner.show(this.panes[0]!, [this.probing, this.correcting, this.painting].some(({ open }) => open));
  }

  private point(place: { x: number; y: number } | null, pane: number): void {
    this.cursor = place;
    this.cursorPane = place ? pane : -1;
    if (place) this.painting.wand.aim(this.panes[pane]!.plane);
    this.redraw();
  }

  /** Where the pointer is in a pane: in all the same place, but of slices in its own alone. */
  private cursorOf(pane: Pane): { x: number; y: number } | null {
    return this.bench.inSlices && pane.index !== this.cursorPane ? null : this.cursor;
  }

  /** Go on along the dim that a pane stands across. */
  private leaf(pane: number, by: number): void {
    const dim = this.bench.inSlices ? across(this.bench, pane) : this.bench.deep;
    if (dim !== null) this.bench.goTo({ [dim]: (this.bench.position[dim] ?? 0) + by });
  }

  private resized(): void {
    this.arrange();
    if (this.bench.image && this.viewport(0).width && this.isFitted()) this.fit();
    this.refresh();
  }

  private get looked(): string {
    const { x, y, z, zoom } = this.bench.camera;
    return `${x} ${y} ${z} ${zoom}`;
  }

  /** Whether the panes look as they were last fitted: then a change of their size fits them anew. */
  private isFitted(): boolean {
    return this.fitted === "wait" || this.fitted === this.looked;
  }

  /** Fit the image as soon as there is room known to fit it to. */
  fitSoon(): void {
    this.fitted = "wait";
    this.resized();
  }

  fit(): void {
    const { width, height } = this.viewport(0);
    if (this.bench.inSlices) fitSlices(this.bench, this.live);
    else this.bench.camera.fit(this.bench.size.width, this.bench.size.height, width, height);
    this.fitted = this.looked;
  }

  /** As many columns as let the image be largest. */
  private arrange(): void {
    const { count } = this.bench.display;
    this.element.style.gridTemplateRows = "";
    if (this.bench.inSlices) {
      const { columns, rows } = sharedOut(this.bench);
      this.element.style.gridTemplateColumns = columns;
      this.element.style.gridTemplateRows = rows;
      return;
    }
    if (this.composite) {
      this.element.style.gridTemplateColumns = "";
      return;
    }
    const { width, height } = this.bench.size;
    const { clientWidth, clientHeight } = this.element;
    let best = { columns: count > 3 ? Math.ceil(count / 2) : count, zoom: 0 };
    if (width && clientWidth) {
      for (let columns = 1; columns <= count; columns += 1) {
        if (count % columns) continue;
        const zoom = Math.min(clientWidth / columns / width, (clientHeight / (count / columns) - 32) / height);
        if (zoom > best.zoom * 1.02) best = { columns, zoom };
      }
    }
    this.element.style.gridTemplateColumns = `repeat(${best.columns}, minmax(0, 1fr))`;
  }

  /** Forget the pictures: another image or pipeline. */
  clear(): void {
    this.forget();
    this.painting.wand.clear();
    this.difference = null;
    this.redraw();
  }

  private forget(): void {
    for (const each of [...this.grounds, ...this.layers]) each.clear();
    for (const pane of this.panes) {
      pane.frame = null;
      pane.requester.reset();
    }
  }

  /** Ask for what is on screen now, and draw what is there. */
  refresh(again = false): void {
    if (this.bench.image) {
      this.asked.emit();
      for (const pane of this.live) pane.requester.ask(again);
      for (const each of [...this.grounds, ...this.layers]) each.ask(again);
      this.painting.wand.ask(again);
    }
    this.redraw();
  }

  reconnect(): void {
    for (const pane of this.panes) pane.requester.reset();
    for (const each of [...this.grounds, ...this.layers]) each.reset();
    this.painting.wand.clear();
    this.painting.resend();
    this.correcting.resend();
    this.refresh(true);
  }

  private wantsGround(): boolean {
    return this.bench.display.over && this.live.some((pane) => {
      const kind = this.bench.shown().find((value) => value.ref === pane.of)?.kind;
      return kind === "labels" || kind === "mask" || this.bench.isScore(pane.of);
    });
  }

  take(frame: Frame): void {
    const ground = this.grounds.find(({ number }) => number === frame.pane);
    if (ground) {
      ground.take(frame);
    } else if (frame.pane === this.painting.wand.number) {
      this.painting.wand.take(frame);
    } else if (!this.layers.some((layer) => layer.take(frame))) {
      this.panes[frame.pane]?.take(frame);
    }
    this.redraw();
  }

  takeFault(fault: FaultAnswer): void {
    const ground = this.grounds.find(({ number }) => number === fault.pane);
    if (ground) {
      ground.failed(fault.id);
    } else if (fault.pane === this.painting.wand.number) {
      this.painting.wand.failed(fault.id, fault.what);
    } else if (!this.layers.some((layer) => layer.takeFault(fault))) {
      this.panes[fault.pane]?.takeFault(fault);
    }
    this.redraw();
  }

  /** Strokes or corrected objects are others: ask again for what depends on them. */
  private readonly strokesSoon = debounced(1200, () => this.painting.pictures.ask(true));

  private layersAnew(own: PlanePictures<Drawn>, inputs: string[]): void {
    // What is drawn is on screen already; while a classifier learns from it, that comes first.
    if (this.bench.learned && own === this.painting.pictures && !this.bench.inSlices) this.strokesSoon();
    else own.ask(true);
    for (const pane of this.live) if (inputs.some((input) => dependsOn(this.bench.model, pane.of, input))) pane.requester.ask(true);
  }

  /** A model is another: ask again for what comes of it. */
  modelAnew(path: string): void {
    for (const pane of this.live) if (usesModel(this.bench.model, pane.of, path)) pane.requester.ask(true);
  }

  /** What a pane shows is exact now: ask again where it was not. */
  exact(): void {
    for (const pane of this.live) {
      if (!pane.frame || pane.frame.basis !== "exact") pane.requester.ask(true);
    }
  }

  redraw(): void {
    if (this.drawing) return;
    this.drawing = true;
    requestAnimationFrame(() => {
      this.drawing = false;
      this.draw();
    });
  }

  private draw(): void {
    this.heads();
    if (this.composite) this.drawComposite(this.grounds[0]!.now());
    else {
      for (const pane of this.live) {
        const context = pane.canvas.getContext("2d")!;
        context.clearRect(0, 0, pane.width, pane.height);
        pane.draw(context, this.grounds[pane.plane]!.now());
        this.drawLayers(context, pane);
      }
    }
    for (const pane of this.composite ? [this.panes[0]!] : this.live) {
      pane.drawOverlay(this.cursorOf(pane), pane.index === this.cursorPane, this.painting.open || this.correcting.hasRing);
      this.probing.draw(pane.overlay.getContext("2d")!, pane.look);
      const brush = this.cursorOf(pane) ?? (document.activeElement === pane.canvas && !this.cursor ? pane.look : null);
      if (!brush) continue;
      this.painting.drawBrush(pane.overlay.getContext("2d")!, pane.look, pane.plane, brush);
      this.correcting.drawBrush(pane.overlay.getContext("2d")!, pane.look, pane.plane, brush);
    }
    for (const pane of this.live) pane.element.classList.toggle("busy", pane.requester.busy);
    this.drawn.emit();
  }

  /** The classes that a pane shows, to be held against the strokes. */
  private judged(pane: Pane): Frame | null {
    const { learned, model } = this.bench;
    const step = model.steps.find((each) => each.name === pane.frame?.of);
    return step && pane.frame!.kind === "labels" && step.params.model === learned ? pane.frame : null;
  }

  private drawComposite(ground: ReturnType<Ground["now"]>): void {
    const [first, second] = this.panes as [Pane, Pane];
    const { width, height } = first;
    const context = first.canvas.getContext("2d")!;
    const { display } = this.bench;
    context.clearRect(0, 0, width, height);
    if (display.mode === "blink") {
      const shown = this.blinkOn ? second : first;
      shown.draw(context, ground);
      this.blinkName.textContent = shown.of;
    } else if (display.mode === "swipe") {
      const edge = Math.round(width * display.swipe);
      first.draw(context, ground);
      context.save();
      context.beginPath();
      context.rect(edge, 0, width - edge, height);
      context.clip();
      context.clearRect(edge, 0, width - edge, height);
      second.draw(context, ground);
      context.restore();
      this.handle.style.left = `${display.swipe * 100}%`;
      this.handle.setAttribute("aria-valuenow", String(Math.round(display.swipe * 100)));
    } else if (first.frame && second.frame) {
      if (this.difference?.first !== first.frame || this.difference.second !== second.frame) {
        const made = paintDifference(first.frame, second.frame);
        if (made || !this.difference) this.difference = { first: first.frame, second: second.frame, made };
      }
      if (this.difference.made) drawBitmap(context, first.look, this.difference.made.bitmap);
    }
    this.drawLayers(context, first);
  }

  private drawLayers(context: CanvasRenderingContext2D, pane: Pane): void {
    const put = (target: CanvasRenderingContext2D, bitmap: Bitmap) => drawBitmap(target, pane.look, bitmap);
    this.painting.draw(context, put, pane.plane, this.judged(pane));
    this.correcting.draw(context, put, pane.plane);
  }

  private slideHandle(): void {
    const { display } = this.bench;
    const put = (share: number) => {
      display.swipe = Math.min(1, Math.max(0, share));
      this.redraw();
    };
    this.handle.addEventListener("pointerdown", (event) => {
      event.stopPropagation();
      this.handle.setPointerCapture(event.pointerId);
    });
    this.handle.addEventListener("pointermove", (event) => {
      if (!this.handle.hasPointerCapture(event.pointerId)) return;
      const box = this.panes[0]!.body.getBoundingClientRect();
      put((event.clientX - box.left) / box.width);
    });
    this.handle.addEventListener("keydown", (event) => {
      const by = event.key === "ArrowLeft" ? -0.02 : event.key === "ArrowRight" ? 0.02 : 0;
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      put(display.swipe + by);
    });
  }

  private pick(pane: Pane, place: { x: number; y: number }): void {
    const frames = this.bench.inSlices ? [pane.frame] : [pane.frame, ...this.live.map((other) => other.frame)];
    const frame = frames.find((each) => each?.kind === "labels");
    if (!frame) return;
    const index = indexAt(frame, place.x, place.y);
    const label = index < 0 ? 0 : frame.samples[index]!;
    this.bench.selected = label;
    this.bench.mark = null;
    this.bench.selectionChanged.emit({ from: "pane" });
  }
}
