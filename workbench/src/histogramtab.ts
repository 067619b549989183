// The histogram of what the active pane shows, with the limits of the contrast to drag.

import type uPlot from "uplot";
import type { Bench } from "./bench";
import { CheckList, type Checks } from "./checks";
import { h } from "./dom";
import { setIn } from "./edit";
import { short, unitText } from "./format";
import { signature } from "./model";
import { axisOf, plots, themeColour, tickText } from "./plotting";
import { Working } from "./working";
import { Requester } from "./requester";
import type { FaultAnswer, HistogramAnswer } from "./types";
import { NUMBERS } from "./numbers";

const PANE = NUMBERS.histogram;

export class HistogramTab {
  readonly element: HTMLElement;
  readonly requester: Requester;
  private readonly holder = h("div", { class: "plot" });
  private readonly about = h("p", { class: "about", role: "status" });
  private readonly log = h("input", { type: "checkbox", id: "histogram-log", onchange: () => this.draw() });
  private readonly thresholdText = h("p", { class: "about threshold-about", hidden: true });
  private plot: uPlot | null = null;
  private answer: HistogramAnswer | null = null;
  private answerOf = "";
  private askedOf = "";
  private readonly lines: Record<"low" | "high" | "threshold", HTMLElement>;
  visible = false;

  constructor(private readonly bench: Bench, send: (message: Record<string, unknown>) => boolean, checks: Checks) {
    const list = new CheckList(checks, (of) => of === bench.activeOf || of.startsWith(`${bench.activeOf}.`));
    bench.displayChanged.on(() => list.show());
    const line = (name: string, label: string) => h("div", { class: `limit ${name}`, role: "slider", tabIndex: 0, "aria-label": label, "aria-orientation": "horizontal" }, h("span", {}, name));
    this.lines = { low: line("low", "Lower limit of the contrast"), high: line("high", "Upper limit of the contrast"), threshold: line("threshold", "Threshold") };
    const working = new Working(() => bench.why(bench.activeOf));
    this.element = h("div", { class: "histogram" },
      h("div", { class: "row" },
        h("label", { for: "histogram-log", class: "check" }, this.log, " log counts"),
        h("button", { type: "button", onclick: () => this.reset() }, "Fit the contrast")),
      working.element, this.holder, this.about, this.thresholdText, list.element);
    this.requester = new Requester(() => {
      if (!this.visible || !bench.image) return null;
      this.askedOf = bench.activeOf;
      return { type: "histogram", pane: PANE, path: bench.image.path, text: bench.text, of: bench.activeOf, at: bench.channels.length ? { ...bench.at, c: bench.channel } : bench.at };
    }, () => signature(bench.model, bench.activeOf), send);
    this.requester.working = working;
    for (const name of ["low", "high", "threshold"] as const) this.makeDraggable(name);
    bench.textChanged.on(() => this.refresh());
    bench.displayChanged.on(() => this.refresh());
    bench.contrastChanged.on(() => this.place());
    new ResizeObserver(() => this.resize()).observe(this.holder);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  refresh(again = false): void {
    if (this.visible) this.requester.ask(again);
    this.place();
  }

  show(visible: boolean): void {
    this.visible = visible;
    if (visible) this.refresh();
  }

  take(answer: HistogramAnswer): void {
    if (!this.requester.answered(answer.id)) return;
    this.answer = answer;
    this.answerOf = answer.of ?? this.askedOf;
    this.draw();
  }

  takeFault(fault: FaultAnswer): void {
    if (fault.pane !== PANE || !this.requester.failed(fault.id)) return;
    this.about.textContent = `${fault.what}${fault.hint ? ` (${fault.hint})` : ""}`;
  }

  /** The step of threshold.fixed that is given what is shown. */
  private get threshold(): { name: string; value: number } | null {
    const { model, ops } = this.bench;
    const step = model.steps.find((each) => each.op === "threshold.fixed" && each.source === this.answerOf);
    if (!step) return null;
    const value = step.params.value ?? ops.get(step.op)?.parameters.properties?.value?.default ?? 0;
    return typeof value === "number" ? { name: step.name, value } : null;
  }

  draw(): void {
    const { answer } = this;
    if (!answer || !this.visible) return;
    const Plot = plots(() => this.draw());
    if (!Plot) return;
    const middles = answer.counts.map((_, i) => (answer.edges[i]! + answer.edges[i + 1]!) / 2);
    const counts = this.log.checked ? answer.counts.map((count) => Math.log10(count + 1)) : answer.counts;
    this.plot?.destroy();
    this.holder.replaceChildren();
    this.plot = new Plot({
      width: Math.max(120, this.holder.clientWidth), height: Math.max(120, this.holder.clientHeight),
      legend: { show: false }, cursor: { show: false }, padding: [14, 12, 0, 0],
      scales: { x: { time: false, range: [answer.edges[0]!, answer.edges[answer.edges.length - 1]!] }, y: { range: (_u, _min, max) => [0, max * 1.05 || 1] } },
      axes: [axisOf(this.holder, { size: 30, values: (_u, ticks) => ticks.map((tick) => short(tick)) }),
        axisOf(this.holder, { size: 50, values: (_u, ticks) => ticks.map((tick) => (this.log.checked ? (Number.isInteger(tick) ? short(10 ** tick) : "") : tickText(tick))) })],
      series: [{}, { fill: themeColour(this.holder, "--plot-line"), width: 0, points: { show: false }, paths: Plot.paths.bars!({ size: [1, Infinity], gap: 0 }) }],
    }, [middles, counts], this.holder);
    this.plot.over.append(this.lines.low, this.lines.high, this.lines.threshold);
    const total = answer.counts.reduce((sum, count) => sum + count, 0);
    this.about.textContent = `${this.answerOf}${this.bench.hasChannels(this.answerOf) ? `, ${this.bench.channels[this.bench.channel]!.name}` : ""}: ${total.toLocaleString("en")} samples, ${answer.basis}`;
    this.place();
  }

  private resize(): void {
    if (this.plot && this.visible && this.holder.clientWidth) {
      this.plot.setSize({ width: Math.max(120, this.holder.clientWidth), height: Math.max(120, this.holder.clientHeight) });
      this.place();
    }
  }

  /** Put the lines where their values are. */
  private place(): void {
    const { plot, answer } = this;
    if (!plot || !answer) return;
    const limits = this.bench.limits.get(this.bench.limitsOf(this.answerOf));
    const threshold = this.threshold;
    const [first, last] = [answer.edges[0]!, answer.edges[answer.edges.length - 1]!];
    const put = (line: HTMLElement, value: number | undefined) => {
      line.hidden = value === undefined;
      if (value === undefined) return;
      const clipped = Math.min(last, Math.max(first, value));
      line.style.left = `${((clipped - first) / (last - first || 1)) * 100}%`;
      line.setAttribute("aria-valuemin", short(first));
      line.setAttribute("aria-valuemax", short(last));
      line.setAttribute("aria-valuenow", short(clipped));
      line.setAttribute("aria-valuetext", short(value));
      line.title = short(value);
    };
    put(this.lines.low, limits?.low);
    put(this.lines.high, limits?.high);
    put(this.lines.threshold, threshold?.value);
    this.thresholdText.hidden = !threshold;
    if (threshold) this.thresholdText.textContent = `The third line is the threshold of ${threshold.name}: ${short(threshold.value)}${unitText("")}`;
  }

  private setValue(name: "low" | "high" | "threshold", value: number): void {
    const { bench } = this;
    if (name === "threshold") {
      const threshold = this.threshold;
      if (threshold) bench.change(setIn(bench.text, ["steps", threshold.name, "value"], Number(value.toPrecision(4))), `${threshold.name}.value`);
      return;
    }
    const limits = bench.limits.get(bench.limitsOf(this.answerOf));
    if (!limits) return;
    const next = { ...limits, byHand: true, [name]: value };
    if (next.high <= next.low) return;
    bench.limits.set(bench.limitsOf(this.answerOf), next);
    bench.keepLimits();
    bench.contrastChanged.emit();
  }

  private makeDraggable(name: "low" | "high" | "threshold"): void {
    const line = this.lines[name];
    line.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      event.stopPropagation();
      line.setPointerCapture(event.pointerId);
      line.focus();
    });
    line.addEventListener("pointermove", (event) => {
      if (!line.hasPointerCapture(event.pointerId) || !this.plot) return;
      const box = this.plot.over.getBoundingClientRect();
      const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
      const edges = this.answer!.edges;
      this.setValue(name, edges[0]! + share * (edges[edges.length - 1]! - edges[0]!));
    });
    line.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
      if (!by || !this.answer) return;
      event.preventDefault();
      const edges = this.answer.edges;
      const present = name === "threshold" ? this.threshold?.value : this.bench.limits.get(this.bench.limitsOf(this.answerOf))?.[name];
      if (present !== undefined) this.setValue(name, present + (by * (event.shiftKey ? 10 : 1) * (edges[edges.length - 1]! - edges[0]!)) / 200);
    });
  }

  private reset(): void {
    this.bench.limits.delete(this.bench.limitsOf(this.bench.activeOf));
    this.bench.displayChanged.emit();
    this.onReset();
  }

  onReset: () => void = () => undefined;
}
