// The objects: a table over any number of rows, and a plot of two of its columns; what is filtered
// or drawn around is what the panes show.

import type { Bench } from "./bench";
import { debounced } from "./bus";
import { badge, CheckList, type Checks } from "./checks";
import { fill, h, RowList, type Row } from "./dom";
import { makeFilter } from "./filter";
import { short, unitText } from "./format";
import { dependsOn, labelsOf, signature } from "./model";
import { Requester } from "./requester";
import { Scatter, within, type Lasso } from "./scatter";
import type { Table } from "./table";
import { Working } from "./working";
import type { FaultAnswer } from "./types";
import { NUMBERS } from "./numbers";

const PANE = NUMBERS.objects;
const ROW = 26;
const HIGHEST = 2 ** 26; // labels up to this are told apart by a gate
let gates = 0;

export class ObjectsTab {
  readonly element: HTMLElement;
  readonly requester: Requester;
  private readonly select = h("select", { "aria-label": "Which table", onchange: () => { this.of = this.select.value; this.lassos = []; this.refresh(true); } });
  private readonly box = h("input", { type: "search", placeholder: "Filter: area > 50", "aria-label": "Filter the rows", spellcheck: false, autocomplete: "off", oninput: () => this.filterSoon() });
  private readonly about = h("p", { class: "about", role: "status" });
  private readonly clear = h("button", { type: "button", class: "small", hidden: true, onclick: () => this.clearGate() }, "Show all");
  private readonly xSelect = h("select", { id: "plot-x", onchange: () => this.replot() });
  private readonly ySelect = h("select", { id: "plot-y", onchange: () => this.replot() });
  private readonly scatter = new Scatter({ lasso: (lasso, more) => this.lasso(lasso, more), pick: (row) => this.choose(row, true) });
  private readonly plot = h("details", { class: "plot-box", open: true, ontoggle: () => this.drawRows() },
    h("summary", {}, "Plot"),
    h("div", { class: "row axes" }, h("label", { for: "plot-x" }, "across"), this.xSelect, h("label", { for: "plot-y" }, "up"), this.ySelect),
    this.scatter.element);
  private readonly head = h("div", { class: "table-head", role: "row", "aria-rowindex": 1 });
  private readonly rows = h("div", { class: "table-rows", role: "rowgroup" });
  private readonly spacer = h("div", { class: "table-spacer", role: "presentation" });
  private readonly inner = h("div", { class: "table-inner", role: "grid", tabIndex: 0, "aria-label": "Objects: arrows choose one, Enter zooms to it", onkeydown: (event: KeyboardEvent) => this.key(event) },
    h("div", { role: "rowgroup", class: "table-headgroup" }, this.head), this.rows, this.spacer);
  private readonly scroller = h("div", { class: "table", onscroll: () => this.drawRows() }, this.inner);
  private readonly working = new Working(() => this.bench.why(this.of));
  private readonly list: CheckList;
  private table: Table | null = null;
  private order: Uint32Array = new Uint32Array();
  private sort: { column: number; down: boolean } | null = null;
  private lassos: Lasso[] = [];
  private of = "";
  private current = -1;
  private widths: number[] = [];
  private readonly headCells = new RowList<number>(this.head, (place) => this.table!.columns[place]!.name, (place) => this.headCell(this.table!.columns[place]!.name));
  private readonly tableRows = new RowList<number>(this.rows, (k) => `${this.order[k]} of ${this.widths.length}`, (k) => this.tableRow(this.order[k]!));
  visible = false;
  private readonly filterSoon = debounced(60, () => this.rearrange());

  constructor(
    private readonly bench: Bench,
    send: (message: Record<string, unknown>) => boolean,
    private readonly viewport: () => { width: number; height: number },
    private readonly checks: Checks,
  ) {
    this.list = new CheckList(checks, (of) => this.isAbout(of));
    checks.changed.on(() => this.markHeads());
    this.element = h("div", { class: "objects" }, h("div", { class: "row" }, this.select, this.box),
      h("div", { class: "row told" }, this.about, this.clear), this.working.element, this.list.element, h("div", { class: "objects-split" }, this.plot, this.scroller));
    this.requester = new Requester(() => {
      const { image } = bench;
      if ((!this.visible && !bench.gate) || !image || !this.of) return null;
      return { type: "table", pane: PANE, path: image.path, text: bench.text, of: this.of, ...this.wanted(), at: bench.at };
    }, () => signature(bench.model, this.of), send);
    this.requester.working = this.working;
    bench.textChanged.on(() => this.refresh());
    bench.gateCleared.on(() => this.clearGate());
    bench.selectionChanged.on(({ from }) => { if (from === "pane") this.selectLabel(); });
    new ResizeObserver(() => this.drawRows()).observe(this.scroller);
  }

  /** All of an image, or the coarser level of it that has at most 16 million samples. */
  private wanted(): { level: number; region: Record<string, number[]> } {
    const { width, height } = this.bench.size;
    let level = 0;
    while (level < (this.bench.image?.depth ?? 0) && (width / 2 ** level) * (height / 2 ** level) > 1.7e7) level += 1;
    const [rows, columns] = this.bench.plane;
    return { level, region: { [rows]: [0, Math.floor(height / 2 ** level)], [columns]: [0, Math.floor(width / 2 ** level)] } };
  }

  private tables(): string[] {
    const { model, ops } = this.bench;
    return model.steps.flatMap((step) => (ops.get(step.op)?.outputs ?? [])
      .filter((output) => output.kind === "table" || output.kind === "record")
      .sort((a, b) => Number(a.kind === "record") - Number(b.kind === "record"))
      .map((output) => (output.name ? `${step.name}.${output.name}` : step.name)));
  }

  refresh(again = false): void {
    const tables = this.tables();
    if (tables.join() !== [...this.select.options].map((option) => option.value).join()) {
      fill(this.select, tables.map((name) => h("option", { value: name }, name)));
    }
    if (!tables.includes(this.of)) this.of = tables[0] ?? "";
    this.select.value = this.of;
    this.select.disabled = this.box.disabled = !tables.length;
    this.plot.hidden = !tables.length;
    if (!tables.length) {
      this.table = null;
      this.about.textContent = "No step gives a table. Add one that measures, as measure.regions after the labels.";
      this.arrange();
    }
    if ((this.visible || this.bench.gate) && this.of) this.requester.ask(again);
  }

  /** Inputs that are drawn are others: what depends on them is measured anew. */
  layersAnew(inputs: string[]): void {
    if (this.of && inputs.some((input) => dependsOn(this.bench.model, this.of, input))) this.refresh(true);
  }

  /** Another image: nothing is drawn around any more. */
  reset(): void {
    this.requester.reset();
    this.lassos = [];
    this.table = null;
    this.box.value = "";
    this.arrange();
  }

  show(visible: boolean): void {
    this.visible = visible;
    if (!visible) return;
    this.refresh();
    this.selectLabel();
  }

  /** Whether a value is the table that is shown, a column of it, or the objects that it measures. */
  private isAbout(of: string): boolean {
    const { model, ops } = this.bench;
    if (!this.of) return true;
    return of === this.of || of.startsWith(`${this.of}.`) || of === labelsOf(model, ops, this.of);
  }

  /** Say beside the heads of columns what the checks found. */
  private markHeads(): void {
    if (!this.table) return;
    const own = this.checks.found.filter((check) => this.isAbout(check.of));
    this.table.columns.forEach((column, place) => {
      const button = this.head.children[place]?.querySelector("button");
      button?.querySelector(".badge")?.remove();
      const mark = badge(own, this.of, column.name);
      if (mark) button?.prepend(mark, " ");
    });
  }

  take(table: Table): void {
    if (!this.requester.answered(table.header.id)) return;
    this.bench.answered(table.header.of);
    const names = table.columns.map((column) => column.name).join();
    const isOther = names !== this.table?.columns.map((column) => column.name).join();
    if (isOther) this.sort = null;
    this.table = table;
    if (isOther) this.chooseAxes();
    this.scroller.classList.remove("old");
    this.scatter.set(table, table.column(this.xSelect.value), table.column(this.ySelect.value));
    this.arrange();
    this.selectLabel(false);
  }

  takeFault(fault: FaultAnswer): void {
    if (fault.pane !== PANE || !this.requester.failed(fault.id)) return;
    this.about.textContent = `${fault.where ? `${fault.where}: ` : ""}${fault.what}${fault.hint ? ` (${fault.hint})` : ""}`;
    this.scroller.classList.add("old");
  }

  /** Offer the columns of numbers; those that say most first. */
  private chooseAxes(): void {
    const table = this.table!;
    const names = table.columns.filter((_, place) => table.isNumber(place)).map((column) => column.name);
    const [x, y] = [this.xSelect.value, this.ySelect.value];
    for (const select of [this.xSelect, this.ySelect]) fill(select, names.map((name) => h("option", { value: name }, name)));
    const telling = names.filter((name) => !/^(label|pixels|count|.*_?id)$|^centroid_|^bbox/.test(name));
    const prefer = (wanted: string[], others: string[]) => wanted.find((name) => names.includes(name)) ?? others[0] ?? names[0] ?? "";
    const first = names.includes(x) ? x : prefer(["area", "volume"], telling);
    this.xSelect.value = first;
    this.ySelect.value = names.includes(y) ? y : prefer(["intensity_mean", "eccentricity", "solidity"], telling.filter((name) => name !== first));
  }

  private replot(): void {
    if (!this.table) return;
    this.scatter.set(this.table, this.table.column(this.xSelect.value), this.table.column(this.ySelect.value));
    this.arrange();
  }

  private lasso(lasso: Lasso, more: boolean): void {
    this.lassos = more ? [...this.lassos, lasso] : [lasso];
    this.rearrange();
  }

  /** Arrange and begin at the first row. */
  private rearrange(): void {
    this.scroller.scrollTop = 0;
    this.arrange();
  }

  clearGate(): void {
    this.lassos = [];
    this.box.value = "";
    this.arrange();
    if (this.visible) this.inner.focus();
  }

  /** Filter, gate and sort, then draw and tell the panes. */
  private arrange(): void {
    const { table } = this;
    if (!table) {
      this.headCells.show([]);
      this.tableRows.show([]);
      this.order = new Uint32Array();
      this.spacer.style.height = "0";
      this.clear.hidden = true;
      this.scatter.set(null, -1, -1);
      this.scatter.show(null, -1, [], "No objects");
      this.tellPanes(null);
      return;
    }
    const filter = makeFilter(this.box.value, table);
    this.box.setAttribute("aria-invalid", String(typeof filter === "string"));
    const test = typeof filter === "string" ? null : filter;
    const gated = this.lassos.map((lasso) => within(table, lasso));
    const passes = !gated.length ? test
      : (row: number) => gated.every((inside) => inside[row] === 1) && (test === null || test(row));
    this.order = table.rows(passes, this.sort);
    let shown: Uint8Array | null = null;
    if (passes) {
      shown = new Uint8Array(table.count);
      for (let k = 0; k < this.order.length; k += 1) shown[this.order[k]!] = 1;
    }
    const all = table.count.toLocaleString("en");
    const counted = passes ? `${this.order.length.toLocaleString("en")} of ${all} objects` : table.count === 1 ? "1 object" : `${all} objects`;
    const told = typeof filter === "string" ? filter : `${counted}; ${table.header.basis}`;
    if (this.about.textContent !== told) this.about.textContent = told;
    this.clear.hidden = !passes;
    this.layColumns(table);
    this.spacer.style.height = `${this.order.length * ROW}px`;
    this.scatter.show(shown, this.current, this.lassos,
      `${this.ySelect.value} by ${this.xSelect.value}: ${counted}. Draw around points to look at these alone, with Shift to narrow it; the filter does so in words.`);
    this.tellPanes(passes ? table : null);
    this.drawRows();
  }

  private layColumns(table: Table): void {
    this.widths = table.columns.map((column, place) => {
      let longest = column.name.length + (column.unit ? column.unit.length + 1 : 0) + 2;
      for (let row = 0; row < Math.min(50, table.count); row += 1) longest = Math.max(longest, cellText(table.value(place, row)).length);
      return Math.min(190, 18 + longest * 7.2);
    });
    this.inner.setAttribute("aria-rowcount", String(this.order.length + 1));
    this.inner.style.width = `${this.widths.reduce((sum, width) => sum + width, 0)}px`;
    this.headCells.show(table.columns.map((_, place) => place));
    this.markHeads();
    this.list.show();
  }

  private headCell(name: string): Row<number> {
    const [unit, arrow] = [h("span", { class: "unit" }), h("span", { class: "sort", "aria-hidden": "true" })];
    const element = h("div", { role: "columnheader" },
      h("button", { type: "button", onclick: () => this.sortBy(this.table!.column(name)) }, name, unit, arrow));
    return { element, show: (place) => {
      const table = this.table!;
      const column = table.columns[place]!;
      const sorted = this.sort?.column === place ? (this.sort.down ? "descending" : "ascending") : "none";
      element.className = `cell${table.isNumber(place) ? " number" : ""}`;
      element.setAttribute("aria-sort", sorted);
      element.style.width = `${this.widths[place]}px`;
      unit.textContent = column.unit ? ` ${unitText(column.unit)}` : "";
      arrow.textContent = sorted === "ascending" ? " ▲" : sorted === "descending" ? " ▼" : "";
    } };
  }

  /** Let the panes show faintly what the table does not show. */
  private tellPanes(table: Table | null): void {
    const { bench } = this;
    const of = table && labelsOf(bench.model, bench.ops, this.of);
    const labels = table?.numbers[table.column("label")];
    if (!of || !labels) {
      if (!bench.gate) return;
      bench.gate = null;
    } else {
      let most = 0;
      for (let row = 0; row < labels.length; row += 1) if (labels[row]! > most) most = labels[row]!;
      const inside = new Uint8Array(Math.min(HIGHEST, most) + 1);
      for (let k = 0; k < this.order.length; k += 1) inside[labels[this.order[k]!]!] = 1;
      gates += 1;
      bench.gate = { of, inside, id: gates, words: `${this.order.length.toLocaleString("en")} of ${table.count.toLocaleString("en")} objects` };
    }
    bench.selectionChanged.emit({ from: "table" });
  }

  private sortBy(column: number): void {
    this.sort = this.sort?.column === column ? (this.sort.down ? null : { column, down: true }) : { column, down: false };
    this.rearrange();
  }

  private drawRows(): void {
    const { table } = this;
    if (!table) return;
    const first = Math.max(0, Math.floor(this.scroller.scrollTop / ROW) - 4);
    const last = Math.min(this.order.length, first + Math.ceil(this.scroller.clientHeight / ROW) + 10);
    this.tableRows.show(Array.from({ length: Math.max(0, last - first) }, (_, k) => first + k));
  }

  /** A row of the table, which stays that of its object as long as it is in sight. */
  private tableRow(index: number): Row<number> {
    const cells = this.widths.map(() => h("div", { role: "gridcell" }));
    const element = h("div", { class: "table-row", role: "row", onclick: () => this.choose(index), ondblclick: () => this.zoomTo(index) }, cells);
    return { element, show: (k) => {
      const table = this.table!;
      element.setAttribute("aria-rowindex", String(k + 2));
      element.setAttribute("aria-selected", String(index === this.current));
      element.style.top = `${ROW + k * ROW}px`;
      cells.forEach((cell, place) => {
        const text = cellText(table.value(place, index));
        if (cell.textContent !== text) cell.textContent = text;
        cell.className = `cell${table.isNumber(place) ? " number" : ""}`;
        cell.style.width = `${this.widths[place]}px`;
      });
    } };
  }

  /** Mark which row is chosen. */
  private markRow(): void {
    const first = Math.max(0, Math.floor(this.scroller.scrollTop / ROW) - 4);
    [...this.rows.children].forEach((row, k) => row.setAttribute("aria-selected", String(this.order[first + k] === this.current)));
    this.scatter.select(this.current);
  }

  /** Centre the panes on the object of a row and mark it. */
  private choose(index: number, scroll = false): void {
    const { bench, table } = this;
    if (!table) return;
    this.current = index;
    const sample = (dim: string) => {
      const place = table.column(`centroid_${dim}`);
      const value = table.number(place, index);
      if (place < 0 || Number.isNaN(value)) return null;
      const spacing = bench.image?.spacing[dim];
      const inUnits = spacing && table.columns[place]!.unit && !/^(px|pixels?)$/.test(table.columns[place]!.unit);
      return inUnits ? value / spacing.step : value;
    };
    const [y, x] = bench.plane.map(sample) as [number | null, number | null];
    const label = table.number(table.column("label"), index);
    bench.selected = Number.isNaN(label) ? 0 : label;
    bench.mark = y !== null && x !== null ? { x: x + 0.5, y: y + 0.5 } : null;
    const places = bench.chosenDims().flatMap(([dim]) => {
      const place = sample(dim);
      return place === null || Math.round(place) === bench.position[dim] ? [] : [[dim, Math.round(place)]];
    });
    bench.selectionChanged.emit({ from: "table" });
    const deep = bench.deep === null ? null : sample(bench.deep);
    if (bench.mark) bench.camera.set({ ...bench.mark, z: deep === null ? undefined : deep + 0.5, zoom: bench.camera.zoom });
    if (places.length) bench.goTo(Object.fromEntries(places));
    if (scroll) this.scrollTo(this.order.indexOf(index));
    this.markRow();
  }

  /** Let the object of a row fill a good part of the panes. */
  private zoomTo(index: number): void {
    const { bench, table } = this;
    this.choose(index);
    if (!table || !bench.mark) return;
    const samples = table.number(table.column("pixels"), index) || table.number(table.column("area"), index);
    const size = (Number.isNaN(samples) || samples <= 0 ? 400 : samples) ** (bench.image!.dims.includes("z") ? 1 / 3 : 1 / 2);
    const { width, height } = this.viewport();
    bench.camera.set({ ...bench.mark, zoom: Math.min(width, height) / (3 * Math.max(4, size)) });
  }

  /** Select the row of the object that was clicked in a pane. */
  private selectLabel(scroll = true): void {
    const { table, bench } = this;
    this.current = table && bench.selected ? table.rowOfLabel(bench.selected) : -1;
    if (scroll && this.current >= 0) this.scrollTo(this.order.indexOf(this.current));
    this.markRow();
  }

  private scrollTo(place: number): void {
    if (place < 0) return;
    const top = place * ROW;
    const room = this.scroller.clientHeight - 2 * ROW;
    if (top >= this.scroller.scrollTop && top <= this.scroller.scrollTop + room) return;
    this.scroller.scrollTop = Math.max(0, top - room / 2);
    this.drawRows();
  }

  private key(event: KeyboardEvent): void {
    if (event.target !== this.inner) return;
    if (event.key === "Enter" && this.current >= 0) {
      event.preventDefault();
      return this.zoomTo(this.current);
    }
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15, Home: -1e9, End: 1e9 }[event.key];
    if (!by || !this.order.length) return;
    event.preventDefault();
    const place = Math.min(this.order.length - 1, Math.max(0, this.order.indexOf(this.current) + by));
    this.choose(this.order[place]!, true);
  }
}

function cellText(value: number | string | null): string {
  if (value === null) return "";
  if (typeof value === "number") return short(value, 5);
  return value;
}
