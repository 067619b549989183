// What the probes give: curves along a dim, profiles along lines, and a list with their values.

import type uPlot from "uplot";
import type { Bench } from "./bench";
import { fill, h, iconButton, RowList, type Row } from "./dom";
import { short, unitText } from "./format";
import { axisOf, plots, themeColour, tickText } from "./plotting";
import { probesCsv } from "./probecsv";
import type { Found, Probe, Probing } from "./probing";
import type { ProbeAxis } from "./types";

const DASHES = [[], [6, 4], [2, 3], [8, 3, 2, 3], [1, 4], [12, 4]];
const NAMES = { point: "sample", line: "line", box: "box" } as const;

interface Curve { found: Found; name: string; x: number[]; mean: (number | null)[]; sd: (number | null)[] | null }

/** One plot of curves over a common axis. */
class Curves {
  readonly holder = h("div", { class: "plot probe-plot", role: "img" });
  private plot: uPlot | null = null;
  private index = -1;

  constructor(private readonly probing: Probing, private readonly go: ((index: number) => void) | null) {
    new ResizeObserver(() => {
      if (this.plot && this.holder.clientWidth) this.plot.setSize({ width: this.holder.clientWidth, height: this.holder.clientHeight });
    }).observe(this.holder);
  }

  /** `mark` is the sample of the axis that the panes show. */
  show(curves: Curve[], axis: ProbeAxis | null, unit: string, scaled: boolean, mark: number): void {
    this.plot?.destroy();
    this.plot = null;
    this.holder.hidden = !curves.length || !axis;
    this.index = mark;
    if (!curves.length || !axis) return;
    const Plot = plots(() => this.show(curves, axis, unit, scaled, mark));
    if (!Plot) return;
    const steps = this.probing.steps();
    const series: uPlot.Series[] = [{}];
    const bands: uPlot.Band[] = [];
    const tables: uPlot.AlignedData[] = [];
    for (const { found, x, mean, sd } of curves) {
      const stroke = this.probing.colour(found.probe);
      const known = mean.filter((value): value is number => value !== null);
      const [low, high] = [Math.min(...known), Math.max(...known)];
      const fit = (value: number | null) => (value === null || !scaled ? value : (value - low) / (high - low || 1));
      const points = { show: x.length < 60, size: 4, fill: stroke };
      series.push({ stroke, width: 1.6, dash: DASHES[steps.indexOf(found.of)] ?? [], points });
      tables.push([x, mean.map(fit)] as uPlot.AlignedData);
      if (!sd || scaled) continue;
      for (const sign of [1, -1]) {
        series.push({ stroke: "transparent", width: 0, points: { show: false } });
        tables.push([x, mean.map((value, k) => (value === null || sd[k] === null ? null : value + sign * sd[k]!))] as uPlot.AlignedData);
      }
      bands.push({ series: [series.length - 2, series.length - 1], fill: `${stroke}33` });
    }
    const texts = axis.texts;
    const named = `${axis.name}${axis.unit ? ` (${unitText(axis.unit)})` : ""}`;
    this.holder.setAttribute("aria-label", `Values against ${named}`);
    this.plot = new Plot({
      width: Math.max(120, this.holder.clientWidth), height: Math.max(120, this.holder.clientHeight),
      legend: { show: false }, cursor: { y: false, points: { show: false }, drag: { x: true, y: false } }, padding: [10, 12, 0, 0],
      scales: { x: { time: false } }, bands,
      axes: [axisOf(this.holder, { size: 28, label: named, labelSize: 18, values: (_u, ticks) => ticks.map((tick) => (texts ? texts[tick] ?? "" : tickText(tick))) }),
        axisOf(this.holder, { size: 48, label: scaled ? "scaled" : unitText(unit) || undefined, labelSize: scaled || unit ? 18 : 0, values: (_u, ticks) => ticks.map(tickText) })],
      series,
      hooks: { draw: [(plot) => this.drawMark(plot, axis)] },
    }, Plot.join(tables), this.holder);
    if (this.go) this.plot.over.addEventListener("click", () => {
      const { left } = this.plot!.cursor;
      if (left === undefined || left < 0) return;
      const value = this.plot!.posToVal(left, "x");
      const nearest = axis.values.reduce((best: number, each, k) => (Math.abs((each ?? Infinity) - value) < Math.abs((axis.values[best] ?? Infinity) - value) ? k : best), 0);
      this.go!(nearest);
    });
  }

  private drawMark(plot: uPlot, axis: ProbeAxis): void {
    const value = axis.values[this.index];
    if (value === undefined || value === null) return;
    const x = plot.valToPos(value, "x", true);
    const { left, width, top, height } = plot.bbox;
    if (x < left || x > left + width) return;
    plot.ctx.save();
    plot.ctx.strokeStyle = themeColour(this.holder, "--plot-text");
    plot.ctx.setLineDash([3, 3]);
    plot.ctx.beginPath();
    plot.ctx.moveTo(x, top);
    plot.ctx.lineTo(x, top + height);
    plot.ctx.stroke();
    plot.ctx.restore();
  }
}

export class ProbeTab {
  readonly element: HTMLElement;
  private readonly drags: ["line" | "box", HTMLButtonElement][];
  private readonly width = h("input", { type: "range", class: "slider", id: "probe-width", min: "1", max: "60", step: "1", oninput: () => this.probing.setWidth(Number(this.width.value)) });
  private readonly widthText = h("output", { for: "probe-width" });
  private readonly along = h("select", { id: "probe-along", onchange: () => this.probing.set({ chosen: this.along.value }) });
  private readonly alongBox = h("div", { class: "group" }, h("label", { for: "probe-along" }, "along"), this.along);
  private readonly every = h("input", { type: "checkbox", id: "probe-every", onchange: () => this.probing.set({ everyPane: this.every.checked }) });
  private readonly scaled = h("input", { type: "checkbox", id: "probe-scaled", onchange: () => this.draw() });
  /** Of samples and boxes, by the dim that they are followed along. */
  private readonly spectra = new Map<string, Curves>();
  private readonly plots = h("div", { class: "probe-plots" });
  private readonly profiles: Curves;
  private readonly list = h("ul", { class: "probe-list", "aria-label": "Probes", tabIndex: -1 });
  private readonly rows: RowList<Probe>;
  private readonly about = h("p", { class: "about", role: "status" });
  private readonly save = h("button", { type: "button", title: "All values as a table (CSV)", onclick: () => this.download() }, "Save CSV");
  private readonly clear = h("button", { type: "button", onclick: () => this.probing.clear() }, "Clear");
  private waiting = false;

  constructor(private readonly bench: Bench, private readonly probing: Probing) {
    this.drags = (["line", "box"] as const).map((shape) => [shape, h("button", { type: "button", title: shape === "line" ? "A drag makes a line" : "A drag makes a box", onclick: () => probing.set({ drags: shape }) }, shape === "line" ? "Line" : "Box")]);
    this.profiles = new Curves(probing, null);
    this.rows = new RowList(this.list, (probe) => String(probe.number), (probe) => this.row(probe), this.list);
    this.element = h("div", { class: "probes" },
      h("div", { class: "row probe-tools" },
        h("div", { class: "group segmented", role: "group", "aria-label": "What a drag makes" }, this.drags.map(([, button]) => button)),
        h("div", { class: "group grow" }, h("label", { for: "probe-width" }, "width"), this.width, this.widthText)),
      h("div", { class: "row probe-tools" }, this.alongBox,
        h("label", { class: "check", for: "probe-every" }, this.every, " all panes"), h("label", { class: "check", for: "probe-scaled" }, this.scaled, " scale each")),
      ...probing.workings.map(({ element }) => element), this.about, this.plots, this.profiles.holder, this.list, h("div", { class: "row" }, this.save, this.clear));
    probing.changed.on(() => this.show());
    probing.answered.on(() => this.drawSoon());
    bench.displayChanged.on(() => this.drawSoon());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  private show(): void {
    const { probing } = this;
    for (const [shape, button] of this.drags) button.setAttribute("aria-pressed", String(shape === probing.drags));
    this.width.value = String(probing.width);
    this.widthText.textContent = `${probing.width} px`;
    const { dims } = probing;
    this.alongBox.hidden = !dims.length;
    if ([...this.along.options].map((option) => option.value).join() !== dims.join()) fill(this.along, dims.map((dim) => h("option", { value: dim }, dim)));
    this.along.value = probing.along;
    this.every.checked = probing.everyPane;
    this.save.disabled = this.clear.disabled = !probing.probes.length;
    this.drawSoon();
  }

  private drawSoon(): void {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.draw();
    });
  }

  draw(): void {
    const { probing } = this;
    if (!probing.visible) return;
    const found = probing.found();
    // What was there stays until there is an answer: else all that is below would jump.
    this.element.classList.toggle("old", probing.isWaiting);
    this.rows.show(probing.probes);
    if (probing.isWaiting) return;
    this.drawPlots(found);
    const faults = [...probing.faults].filter(([of]) => probing.steps().includes(of)).map(([of, fault]) => `${of}: ${fault.what}`);
    const levels = Math.max(0, ...found.map(({ result }) => result.level ?? 0));
    const bases = [...new Set(found.map(({ result }) => result.basis))].filter((basis) => basis !== "exact");
    this.about.textContent = faults.length ? faults.join("; ")
      : !probing.probes.length ? "Click in a picture for the values of a sample, drag for a profile along a line or the mean of a box. The key I begins and ends it; Enter takes the middle of a pane."
        : found.length ? [levels ? `from 1/${2 ** levels} of the samples a side` : "at full resolution", ...bases].join(", ") : "";
  }

  private drawPlots(found: Found[]): void {
    const curves = found.flatMap((each) => (each.result.axis
      ? each.result.series.map(({ name, mean, sd }) => ({ found: each, name, x: each.result.axis!.values as number[], mean, sd: sd && each.probe.shape === "box" ? sd : null })) : []));
    const isLine = ({ found: { probe } }: Curve) => probe.shape === "line";
    const show = (plot: Curves, some: Curve[], mark: number) => {
      const first = some[0]?.found.result;
      const units = new Set(some.map(({ found: { result } }) => result.unit));
      plot.show(some, first?.axis ?? null, units.size === 1 ? first!.unit : "", this.scaled.checked, mark);
    };
    const dimOf = (curve: Curve) => (isLine(curve) ? "" : curve.found.result.axis!.name);
    const dims = curves.map(dimOf).filter((dim) => dim !== "");
    for (const dim of new Set([...this.spectra.keys(), ...dims])) show(this.spectraAlong(dim), curves.filter((curve) => dimOf(curve) === dim), this.bench.indexOf(dim));
    show(this.profiles, curves.filter(isLine), -1);
  }

  private spectraAlong(dim: string): Curves {
    const known = this.spectra.get(dim);
    if (known) return known;
    const made = new Curves(this.probing, (index) => this.bench.goTo({ [dim]: index }));
    this.spectra.set(dim, made);
    this.plots.append(made.holder);
    return made;
  }

  private row({ number }: Probe): Row<Probe> {
    const { probing } = this;
    const [dot, name, values] = [h("span", { class: "axis-dot" }), h("span", { class: "probe-name" }), h("div", { class: "probe-values" })];
    const remove = iconButton("close", "", () => probing.remove(number));
    return { element: h("li", {}, dot, name, remove, values), show: (probe) => {
      dot.style.background = probing.colour(probe);
      name.textContent = `${probe.number} ${NAMES[probe.shape]} ${placeText(probe)}`;
      remove.title = `Remove ${NAMES[probe.shape]} ${probe.number}`;
      remove.setAttribute("aria-label", remove.title);
      if (probing.isWaiting) return;
      const isOne = probing.steps().length < 2;
      const told = probing.found().filter((each) => each.probe === probe).map((each) => `${isOne ? "" : `${each.of}: `}${this.valueText(each)}`);
      fill(values, told.map((text) => h("span", { class: "probe-value" }, text)));
    } };
  }

  /** The value now, or of a line that of its middle. */
  private valueText({ probe, result }: Found): string {
    if (result.outside) return "outside of the image";
    const place = probe.shape === "line" ? -1 : result.axis ? this.bench.indexOf(result.axis.name) : 0;
    return result.series.map(({ name, mean, sd, min, max }) => {
      const unit = result.unit ? ` ${unitText(result.unit)}` : "";
      const head = name ? `${name} ` : "";
      if (probe.shape === "line") {
        const known = mean.filter((value): value is number => value !== null);
        return known.length ? `${head}${short(Math.min(...known))} to ${short(Math.max(...known))}${unit}` : "no value";
      }
      const value = mean[place];
      if (value === null || value === undefined) return "no value";
      if (probe.shape === "point") return `${head}${short(value, 6)}${unit}`;
      return `${head}mean ${short(value)}, sd ${short(sd?.[place] ?? NaN)}, ${short(min?.[place] ?? NaN)} to ${short(max?.[place] ?? NaN)}${unit} of ${result.count.toLocaleString("en")}`;
    }).join("; ");
  }

  private download(): void {
    const text = probesCsv(this.probing.found());
    const link = h("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: `${this.bench.image?.path.split("/").pop()?.replace(/\.[^.]*$/, "") ?? "image"}-probes.csv` });
    link.click();
    URL.revokeObjectURL(link.href);
  }
}

function placeText({ shape, points, plane: [rows, columns] }: Probe): string {
  const text = ({ x, y }: { x: number; y: number }) => `${columns} ${Math.floor(x)}, ${rows} ${Math.floor(y)}`;
  return shape === "point" ? text(points[0]!) : `${text(points[0]!)} to ${text(points[1]!)}`;
}
