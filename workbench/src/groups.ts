// The groups of a collection: what each looks like, where it lies, and images put into others by hand.

import { api, ServerFault, GONE } from "./api";
import { fill, h, iconButton, RowList, type Row } from "./dom";
import { colourOf, GroupMap } from "./groupmap";
import { withToken } from "./statusline";
import { Thumbnails } from "./thumbnails";
import type { Grouping } from "./types";

interface Hands { home(): void; open(image: string): void; toast(node: Node | string, kind?: string): void }
type Chosen = number | "odd" | "copies" | "changed";
/** A group, or another choice of images, in the list to the left. */
interface Entry { chosen: Chosen; text: string; count: number }
type Order = "typical" | "borderline" | "odd";

const PAGE = 200; // pictures that are made at once
const ODD = 60;
const ORDERS: [Order, string][] = [["typical", "typical first"], ["borderline", "farthest first"], ["odd", "oddest first"]];
const WORDS = { odd: "The oddest", copies: "All but copies", changed: "Moved by hand" };

export class GroupsPage {
  readonly element = h("main", { class: "groups" });
  private data: Grouping | null = null;
  private now: number[] = [];
  private chosen: Chosen = 0;
  private order: Order = "typical";
  private shown = PAGE;
  private selected = new Set<number>();
  private last = -1;
  private dragged: number[] = [];
  private undone: Record<string, number | null>[] = [];
  private sent: Promise<void> = Promise.resolve();
  private moves = 0;
  private readonly thumbnails = new Thumbnails();
  private readonly groupEntries = h("div", { class: "group-entries" });
  private readonly otherEntries = h("div", { class: "group-entries" });
  private readonly groupRows = new RowList<Entry>(this.groupEntries, ({ chosen }) => String(chosen), (entry) => this.entry(entry));
  private readonly otherRows = new RowList<Entry>(this.otherEntries, ({ chosen }) => String(chosen), (entry) => this.entry(entry));
  private readonly another = h("button", { type: "button", class: "group-entry new", title: "Drag images here, or move what is selected", onclick: () => void this.move([...this.selected], this.free()) }, h("span", { class: "class-dot" }), "New group");
  private readonly list = h("nav", { class: "group-list", "aria-label": "Groups" }, this.groupEntries, this.another, h("hr"), this.otherEntries);
  private readonly sheet = h("div", { class: "sheet", role: "listbox", "aria-label": "Images of the group", "aria-multiselectable": "true", tabIndex: -1 });
  private readonly cards = new RowList<number>(this.sheet, (row) => `${this.name} ${row} ${this.data!.image[row]}`, (row) => this.card(row), this.sheet);
  private readonly more = h("button", { type: "button", class: "more", onclick: () => this.showMore() });
  private readonly title = h("span", { class: "image-title" });
  private readonly about = h("span", { class: "muted" });
  private readonly undoButton = iconButton("undo", "Take the last move back (Ctrl+Z)", () => void this.undo());
  private readonly report = h("a", { class: "button", target: "_blank", rel: "noopener" }, "Report");
  private readonly head = h("header", { class: "top" }, iconButton("home", "Images and examples", () => this.hands.home()),
    h("h1", { class: "titles" }, this.title, " ", this.about), h("span", { class: "grow" }), this.undoButton, this.report);
  private readonly chosenName = h("strong");
  private readonly chosenCount = h("span", { class: "muted" });
  private readonly orderSelect = h("select", { "aria-label": "Order", onchange: () => { this.order = this.orderSelect.value as Order; this.showSheet(); } }, ORDERS.map(([value, text]) => h("option", { value }, text)));
  private readonly to = h("select", { "aria-label": "Move to", onchange: () => { const { value } = this.to; if (value) void this.move([...this.selected], value === "new" ? this.free() : Number(value)); } });
  private readonly hint = h("span", { class: "muted" }, "drag images to another group, or select and move them");
  private readonly bar = h("div", { class: "sheet-bar" }, this.chosenName, this.chosenCount, this.orderSelect, h("span", { class: "grow" }), this.to, this.hint);
  private readonly map: GroupMap;

  constructor(private readonly hands: Hands) {
    this.map = new GroupMap(this.thumbnails, (row) => this.find(row), (rows) => { this.selected = new Set(rows); this.showSheet(); });
    fill(this.element, this.head, h("div", { class: "groups-columns" }, this.list, h("section", { class: "sheet-column", "aria-label": "Images" }, this.bar, h("div", { class: "sheet-scroll" }, this.sheet, this.more)), this.map.element));
    this.takeDrops(this.another, () => this.free());
    document.addEventListener("keydown", (event) => {
      if (!this.element.isConnected || event.target instanceof HTMLInputElement) return;
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") { event.preventDefault(); void this.undo(); }
      if (event.key === "Escape" && this.selected.size) { this.selected.clear(); this.showSheet(); }
    });
  }

  get name(): string {
    return this.data?.name ?? "";
  }

  async open(name: string): Promise<void> {
    const data = await api.grouping(name);
    const same = this.data?.name === name;
    this.data = data;
    this.now = data.image.map((image, row) => data.changed[image] ?? data.found[row]!);
    if (!same) {
      this.selected.clear();
      this.undone = [];
      this.chosen = this.groups()[0] ?? -1;
      this.shown = PAGE;
    }
    document.title = `${data.title} · groups · Graticule`;
    this.show();
  }

  /** Another page, or this one, has put images into other groups. */
  regrouped(name: string): void {
    // What this page sent is on it already.
    if (this.element.isConnected && name === this.name && !this.moves) void this.open(name);
  }

  private groups(): number[] {
    return [...new Set([...this.now, ...(this.data?.found ?? [])])].filter((group) => group >= 0).sort((a, b) => a - b);
  }

  private rowsOf(chosen: Chosen): number[] {
    const data = this.data!;
    const all = data.image.map((_, row) => row);
    const by = (values: (number | null)[], sign: number) => (a: number, b: number) => sign * ((values[a] ?? Infinity) - (values[b] ?? Infinity));
    if (chosen === "odd") return all.sort(by(data.outlier_rank, 1)).slice(0, ODD);
    if (chosen === "copies") return all.filter((row) => data.duplicate_of[row]);
    if (chosen === "changed") return all.filter((row) => this.now[row] !== data.found[row]);
    const own = all.filter((row) => this.now[row] === chosen);
    if (this.order === "odd") return own.sort(by(data.outlier_rank, 1));
    return own.sort(by(data.distance, this.order === "typical" ? 1 : -1));
  }

  private show(): void {
    this.showHead();
    this.showList();
    this.showSheet();
    this.map.show(this.data!, this.now);
  }

  private showHead(): void {
    const data = this.data!;
    const main = data.methods.find((each) => each.method === data.main);
    const words = main ? [
      `${main.groups} groups`, main.noise ? `${main.noise} in none` : "",
      typeof main.p === "number" ? (main.p <= 0.05 ? `more than the method makes of structureless tables, p = ${main.p.toPrecision(2)}` : `no more than the method makes of structureless tables, p = ${main.p.toPrecision(2)}`) : "",
      typeof main.stability === "number" ? `stability ${main.stability.toFixed(2)}` : "",
    ].filter(Boolean).join("; ") : "";
    this.title.textContent = data.title;
    this.about.textContent = words;
    this.undoButton.disabled = !this.undone.length;
    this.report.hidden = !data.report;
    if (data.report) this.report.href = withToken(data.report);
  }

  private showList(): void {
    const data = this.data!;
    const count = new Map<number, number>();
    for (const group of this.now) count.set(group, (count.get(group) ?? 0) + 1);
    const changed = this.now.filter((group, row) => group !== data.found[row]).length;
    const copies = data.duplicate_of.filter(Boolean).length;
    this.groupRows.show([
      ...this.groups().map((group) => ({ chosen: group, text: `Group ${group}`, count: count.get(group) ?? 0 })),
      ...(count.has(-1) ? [{ chosen: -1, text: "In no group", count: count.get(-1)! }] : []),
    ]);
    this.otherRows.show([
      { chosen: "odd", text: WORDS.odd, count: Math.min(ODD, this.now.length) },
      ...(copies ? [{ chosen: "copies" as const, text: WORDS.copies, count: copies }] : []),
      ...(changed ? [{ chosen: "changed" as const, text: WORDS.changed, count: changed }] : []),
    ]);
  }

  private entry({ chosen }: Entry): Row<Entry> {
    const [dot, name, count] = [h("span", { class: "class-dot", "aria-hidden": "true" }), h("span"), h("span", { class: "muted" })];
    const element = h("button", { type: "button", class: "group-entry", onclick: () => { this.chosen = chosen; this.shown = PAGE; this.showList(); this.showSheet(); } }, dot, name, count);
    dot.style.background = typeof chosen === "number" ? colourOf(chosen) : "transparent";
    if (typeof chosen === "number") this.takeDrops(element, () => chosen);
    return { element, show: (entry) => {
      element.setAttribute("aria-pressed", String(this.chosen === chosen));
      name.textContent = entry.text;
      count.textContent = entry.count.toLocaleString("en");
    } };
  }

  private free(): number {
    const taken = new Set(this.groups());
    let group = 0;
    while (taken.has(group)) group += 1;
    return group;
  }

  private takeDrops(button: HTMLElement, target: () => number): void {
    button.addEventListener("dragover", (event) => { if (this.dragged.length) { event.preventDefault(); button.classList.add("over"); } });
    button.addEventListener("dragleave", () => button.classList.remove("over"));
    button.addEventListener("drop", (event) => {
      event.preventDefault();
      button.classList.remove("over");
      void this.move(this.dragged, target());
    });
  }

  private showSheet(): void {
    const rows = this.rowsOf(this.chosen);
    const { chosen, selected } = this;
    this.chosenName.textContent = typeof chosen === "number" ? (chosen < 0 ? "In no group" : `Group ${chosen}`) : WORDS[chosen];
    this.chosenCount.textContent = rows.length === 1 ? "one image" : `${rows.length.toLocaleString("en")} images`;
    this.orderSelect.hidden = typeof chosen !== "number";
    this.orderSelect.value = this.order;
    fill(this.to, h("option", { value: "" }, `Move ${selected.size} to`), this.groups().map((group) => h("option", { value: String(group) }, `group ${group}`)), h("option", { value: "-1" }, "no group"), h("option", { value: "new" }, "a new group"));
    const isLeft = document.activeElement === this.to && !selected.size;
    this.to.hidden = !selected.size;
    this.hint.hidden = selected.size > 0;
    this.cards.show(rows.slice(0, this.shown));
    if (isLeft) (this.sheet.querySelector<HTMLElement>(".sheet-card") ?? this.sheet).focus();
    this.more.hidden = rows.length <= this.shown;
    this.more.textContent = `Show more of ${rows.length.toLocaleString("en")}`;
    this.map.select(this.selected);
  }

  private showMore(): void {
    const before = this.shown;
    this.shown += PAGE;
    this.showSheet();
    (this.sheet.children[before] as HTMLElement | undefined)?.focus();
  }

  private card(row: number): Row<number> {
    const { image, path } = this.data!;
    const picture = h("span", { class: "thumb" });
    if (path[row]) this.thumbnails.load(path[row], picture);
    const told = h("span", { class: "muted small-text" });
    const card = h("div", { class: "sheet-card", role: "option", tabIndex: 0, draggable: true, title: image[row]!, "data-row": String(row),
      onclick: (event: MouseEvent) => this.pick(row, event.shiftKey, event.ctrlKey || event.metaKey),
      ondblclick: () => { if (path[row]) this.hands.open(path[row]); },
      onkeydown: (event: KeyboardEvent) => {
        if (event.key === " ") { event.preventDefault(); this.pick(row, event.shiftKey, true); }
        if (event.key === "Enter" && path[row]) this.hands.open(path[row]);
        const next = { ArrowRight: card.nextElementSibling, ArrowLeft: card.previousElementSibling }[event.key];
        if (next instanceof HTMLElement) next.focus();
      },
      ondragstart: (event: DragEvent) => {
        this.dragged = this.selected.has(row) ? [...this.selected] : [row];
        event.dataTransfer!.effectAllowed = "move";
        event.dataTransfer!.setData("text/plain", this.dragged.map((each) => image[each]).join("\n"));
      },
      ondragend: () => { this.dragged = []; },
      onpointerenter: () => this.map.point(row), onpointerleave: () => this.map.point(-1) },
    picture, h("span", { class: "image-name" }, image[row]!.split("/").pop()!), told);
    return { element: card, show: () => {
      card.setAttribute("aria-selected", String(this.selected.has(row)));
      told.textContent = this.wordsOf(row);
    } };
  }

  /** What is said of an image below its name. */
  private wordsOf(row: number): string {
    const data = this.data!;
    const was = data.found[row]!;
    const copy = data.duplicate_of[row];
    return [data.known?.[row] ?? "", this.now[row] !== was ? `found in ${was < 0 ? "none" : was}` : "", copy ? `as ${copy.split("/").pop()}` : ""].filter(Boolean).join(", ");
  }

  private pick(row: number, range: boolean, more: boolean): void {
    const rows = this.rowsOf(this.chosen);
    if (range && this.last >= 0) {
      const [from, to] = [rows.indexOf(this.last), rows.indexOf(row)].sort((a, b) => a - b) as [number, number];
      for (const each of rows.slice(Math.max(0, from), to + 1)) this.selected.add(each);
    } else if (more) {
      if (!this.selected.delete(row)) this.selected.add(row);
    } else {
      const only = this.selected.size === 1 && this.selected.has(row);
      this.selected = new Set(only ? [] : [row]);
    }
    this.last = row;
    this.showSheet();
  }

  /** Show an image among those of its group. */
  private find(row: number): void {
    this.chosen = this.now[row]!;
    const place = this.rowsOf(this.chosen).indexOf(row);
    this.shown = Math.max(PAGE, place + 1);
    this.selected = new Set([row]);
    this.showList();
    this.showSheet();
    this.sheet.querySelector(`[data-row="${row}"]`)?.scrollIntoView({ block: "center" });
  }

  private async move(rows: number[], group: number): Promise<void> {
    const data = this.data!;
    const moved = rows.filter((row) => this.now[row] !== group);
    if (!moved.length) return;
    this.undone.push(Object.fromEntries(moved.map((row) => [data.image[row]!, this.now[row]!])));
    this.selected.clear();
    await this.put(Object.fromEntries(moved.map((row) => [data.image[row]!, group])));
  }

  private async undo(): Promise<void> {
    const before = this.undone.pop();
    if (before) await this.put(before);
  }

  /** Show images in groups at once, and keep that; moves are sent one after the other. */
  private put(groups: Record<string, number | null>): Promise<void> {
    const data = this.data!;
    data.image.forEach((image, row) => { if (image in groups) this.now[row] = groups[image] ?? data.found[row]!; });
    this.show();
    this.moves += 1;
    this.sent = this.sent.then(() => api.regroup(data.name, groups)).then(() => undefined, (error: unknown) => {
      const fault = error instanceof ServerFault ? error.fault : GONE;
      this.hands.toast(`${fault.what}${fault.hint ? ` (${fault.hint})` : ""}`, "bad");
      this.undone = [];
      return this.open(data.name).catch(() => undefined);
    });
    void this.sent.then(() => { this.moves -= 1; });
    return this.sent;
  }
}
