// The table of objects: scrolls over any number of rows, sorts, filters, and points into the panes.

import type { Bench } from "./bench";
import { debounced } from "./bus";
import { fill, h } from "./dom";
import { makeFilter } from "./filter";
import { short, unitText } from "./format";
import { signature } from "./model";
import { Requester } from "./requester";
import type { FaultAnswer, TableAnswer } from "./types";

const PANE = 42;
const ROW = 26;

export class ObjectsTab {
  readonly element: HTMLElement;
  readonly requester: Requester;
  private readonly select = h("select", { "aria-label": "Which table", onchange: () => { this.of = this.select.value; this.refresh(true); } });
  private readonly box = h("input", { type: "search", placeholder: "Filter: area > 50", "aria-label": "Filter the rows", spellcheck: false, autocomplete: "off", oninput: () => this.filterSoon() });
  private readonly about = h("p", { class: "about", role: "status" });
  private readonly head = h("div", { class: "table-head", role: "row", "aria-rowindex": 1 });
  private readonly rows = h("div", { class: "table-rows", role: "rowgroup" });
  private readonly spacer = h("div", { class: "table-spacer", role: "presentation" });
  private readonly inner = h("div", { class: "table-inner", role: "grid", tabIndex: 0, "aria-label": "Objects", onkeydown: (event: KeyboardEvent) => this.key(event) },
    h("div", { role: "rowgroup", class: "table-headgroup" }, this.head), this.rows, this.spacer);
  private readonly scroller = h("div", { class: "table", onscroll: () => this.drawRows() }, this.inner);
  private answer: TableAnswer | null = null;
  private order: number[] = [];
  private sort: { column: number; down: boolean } | null = null;
  private of = "";
  private current = -1;
  private widths: number[] = [];
  visible = false;
  private readonly filterSoon = debounced(120, () => this.arrange());

  constructor(private readonly bench: Bench, send: (message: Record<string, unknown>) => boolean) {
    this.element = h("div", { class: "objects" }, h("div", { class: "row" }, this.select, this.box), this.about, this.scroller);
    this.requester = new Requester(() => {
      const { image } = bench;
      if (!this.visible || !image || !this.of) return null;
      return { type: "table", pane: PANE, path: image.path, text: bench.text, of: this.of, ...this.wanted(), at: bench.at };
    }, () => signature(bench.model, this.of), send);
    bench.textChanged.on(() => this.refresh());
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
    if (!tables.length) {
      this.answer = null;
      this.about.textContent = "No step gives a table. Add one that measures, as measure.regions after the labels.";
      this.arrange();
    }
    if (this.visible && this.of) this.requester.ask(again);
  }

  show(visible: boolean): void {
    this.visible = visible;
    if (!visible) return;
    this.refresh();
    this.selectLabel();
  }

  take(answer: TableAnswer): void {
    if (!this.requester.answered(answer.id)) return;
    const columns = answer.columns.map((column) => column.name).join();
    if (columns !== this.answer?.columns.map((column) => column.name).join()) this.sort = null;
    this.answer = answer;
    this.scroller.classList.remove("old");
    this.arrange();
    this.selectLabel(false);
  }

  takeFault(fault: FaultAnswer): void {
    if (fault.pane !== PANE || !this.requester.failed(fault.id)) return;
    this.about.textContent = `${fault.where ? `${fault.where}: ` : ""}${fault.what}${fault.hint ? ` (${fault.hint})` : ""}`;
    this.scroller.classList.add("old");
  }

  /** Filter and sort, then draw. */
  private arrange(): void {
    const { answer } = this;
    if (!answer) {
      fill(this.head);
      fill(this.rows);
      this.spacer.style.height = "0";
      return;
    }
    const filter = makeFilter(this.box.value, answer.columns.map((column) => column.name));
    this.box.setAttribute("aria-invalid", String(typeof filter === "string"));
    this.order = answer.rows.map((_, index) => index);
    if (typeof filter !== "string") this.order = this.order.filter((index) => filter(answer.rows[index]!));
    if (this.sort) {
      const { column, down } = this.sort;
      const sign = down ? -1 : 1;
      const rank = (value: unknown) => (typeof value === "number" && !Number.isNaN(value) ? value : null);
      this.order.sort((a, b) => {
        const [p, q] = [answer.rows[a]![column], answer.rows[b]![column]];
        const [m, n] = [rank(p), rank(q)];
        if (m !== null && n !== null) return sign * (m - n);
        if (m !== null || n !== null) return m === null ? 1 : -1;
        return sign * String(p).localeCompare(String(q));
      });
    }
    const counted = answer.count === 1 ? "1 object" : `${answer.count.toLocaleString("en")} objects`;
    const part = this.order.length < answer.count ? `, ${this.order.length.toLocaleString("en")} shown` : "";
    this.about.textContent = typeof filter === "string" ? filter : `${counted}${part}; ${answer.basis}`;
    this.widths = answer.columns.map((column, place) => {
      const longest = Math.max(column.name.length + (column.unit ? column.unit.length + 1 : 0) + 2, ...answer.rows.slice(0, 50).map((row) => cellText(row[place]).length));
      return Math.min(190, 18 + longest * 7.2);
    });
    this.inner.setAttribute("aria-rowcount", String(this.order.length + 1));
    this.inner.style.width = `${this.widths.reduce((sum, width) => sum + width, 0)}px`;
    fill(this.head, answer.columns.map((column, place) => {
      const sorted = this.sort?.column === place ? (this.sort.down ? "descending" : "ascending") : "none";
      const cell = h("div", { role: "columnheader", class: `cell${typeof answer.rows[0]?.[place] === "number" ? " number" : ""}`, "aria-sort": sorted },
        h("button", { type: "button", onclick: () => this.sortBy(place) }, column.name,
          column.unit ? h("span", { class: "unit" }, ` ${unitText(column.unit)}`) : null,
          h("span", { class: "sort", "aria-hidden": "true" }, sorted === "ascending" ? " ▲" : sorted === "descending" ? " ▼" : "")));
      cell.style.width = `${this.widths[place]}px`;
      return cell;
    }));
    this.spacer.style.height = `${this.order.length * ROW}px`;
    this.drawRows();
  }

  private sortBy(column: number): void {
    this.sort = this.sort?.column === column ? (this.sort.down ? null : { column, down: true }) : { column, down: false };
    this.arrange();
    this.head.querySelectorAll("button")[column]?.focus();
  }

  private drawRows(): void {
    const { answer } = this;
    if (!answer) return;
    const first = Math.max(0, Math.floor(this.scroller.scrollTop / ROW) - 4);
    const last = Math.min(this.order.length, first + Math.ceil(this.scroller.clientHeight / ROW) + 10);
    fill(this.rows, this.order.slice(first, last).map((index, k) => {
      const row = h("div", { class: "table-row", role: "row", "aria-rowindex": first + k + 2, "aria-selected": index === this.current, onclick: () => this.choose(index) },
        answer.rows[index]!.map((value, place) => {
          const cell = h("div", { class: `cell${typeof value === "number" ? " number" : ""}`, role: "gridcell" }, cellText(value));
          cell.style.width = `${this.widths[place]}px`;
          return cell;
        }));
      row.style.top = `${ROW + (first + k) * ROW}px`;
      return row;
    }));
  }

  private column(name: string): number {
    return this.answer?.columns.findIndex((column) => column.name === name) ?? -1;
  }

  /** Centre the panes on the object of a row and mark it. */
  private choose(index: number): void {
    const { bench, answer } = this;
    if (!answer) return;
    this.current = index;
    const row = answer.rows[index]!;
    const at = (dim: string) => {
      const place = this.column(`centroid_${dim}`);
      const value = row[place];
      if (place < 0 || typeof value !== "number") return null;
      const spacing = bench.image?.spacing[dim];
      const inUnits = spacing && answer.columns[place]!.unit && !/^(px|pixels?)$/.test(answer.columns[place]!.unit);
      return (inUnits ? value / spacing.step : value) + 0.5;
    };
    const [y, x] = bench.plane.map(at) as [number | null, number | null];
    const label = row[this.column("label")];
    bench.selected = typeof label === "number" ? label : 0;
    bench.mark = y !== null && x !== null ? { x, y } : null;
    bench.selectionChanged.emit({ from: "table" });
    if (bench.mark) bench.camera.set({ ...bench.mark, zoom: bench.camera.zoom });
    this.drawRows();
  }

  /** Select the row of the object that was clicked in a pane. */
  private selectLabel(scroll = true): void {
    const { answer, bench } = this;
    const place = this.column("label");
    this.current = answer && place >= 0 && bench.selected ? answer.rows.findIndex((row) => row[place] === bench.selected) : -1;
    if (scroll && this.current >= 0) this.scrollTo(this.order.indexOf(this.current));
    this.drawRows();
  }

  private scrollTo(place: number): void {
    if (place < 0) return;
    const top = place * ROW;
    const room = this.scroller.clientHeight - 2 * ROW;
    if (top < this.scroller.scrollTop || top > this.scroller.scrollTop + room) this.scroller.scrollTop = Math.max(0, top - room / 2);
  }

  private key(event: KeyboardEvent): void {
    if (event.target !== this.inner) return;
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 }[event.key];
    if (!by || !this.order.length) return;
    event.preventDefault();
    const place = Math.min(this.order.length - 1, Math.max(0, this.order.indexOf(this.current) + by));
    this.scrollTo(place);
    this.choose(this.order[place]!);
  }
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return short(value, 5);
  return String(value);
}
