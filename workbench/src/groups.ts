// The groups of a collection: what each looks like, where it lies, and images put into others by hand.

import { api, ServerFault, GONE } from "./api";
import { fill, h, iconButton } from "./dom";
import { colourOf, GroupMap } from "./groupmap";
import { withToken } from "./statusline";
import { Thumbnails } from "./thumbnails";
import type { Grouping } from "./types";

interface Hands { home(): void; open(image: string): void; toast(node: Node | string, kind?: string): void }
type Chosen = number | "odd" | "copies" | "changed";
type Order = "typical" | "borderline" | "odd";

const PAGE = 200; // pictures that are made at once
const ODD = 60;

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
  private readonly list = h("nav", { class: "group-list", "aria-label": "Groups" });
  private readonly sheet = h("div", { class: "sheet", role: "listbox", "aria-label": "Images of the group", "aria-multiselectable": "true" });
  private readonly head = h("header", { class: "top" });
  private readonly bar = h("div", { class: "sheet-bar" });
  private readonly map: GroupMap;

  constructor(private readonly hands: Hands) {
    this.map = new GroupMap(this.thumbnails, (row) => this.find(row), (rows) => { this.selected = new Set(rows); this.showSheet(); });
    fill(this.element, this.head, h("div", { class: "groups-columns" }, this.list, h("section", { class: "sheet-column", "aria-label": "Images" }, this.bar, this.sheet), this.map.element));
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
    fill(this.head, iconButton("home", "Images and examples", () => this.hands.home()),
      h("h1", { class: "titles" }, h("span", { class: "image-title" }, data.title), h("span", { class: "muted" }, ` ${words}`)),
      h("span", { class: "grow" }),
      iconButton("undo", "Take the last move back (Ctrl+Z)", () => void this.undo(), { disabled: !this.undone.length }),
      data.report ? h("a", { class: "button", href: withToken(data.report), target: "_blank", rel: "noopener" }, "Report") : null);
  }

  private showList(): void {
    const data = this.data!;
    const count = new Map<number, number>();
    for (const group of this.now) count.set(group, (count.get(group) ?? 0) + 1);
    const entry = (chosen: Chosen, text: string, number: number, colour: string | null, target: number | null) => {
      const button = h("button", { type: "button", class: "group-entry", "aria-pressed": String(this.chosen === chosen), onclick: () => { this.chosen = chosen; this.shown = PAGE; this.showList(); this.showSheet(); } },
        h("span", { class: "class-dot", "aria-hidden": "true" }), h("span", {}, text), h("span", { class: "muted" }, number.toLocaleString("en")));
      (button.firstElementChild as HTMLElement).style.background = colour ?? "transparent";
      if (target !== null) this.takeDrops(button, target);
      return button;
    };
    const groups = this.groups();
    const changed = this.now.filter((group, row) => group !== data.found[row]).length;
    const another = h("button", { type: "button", class: "group-entry new", title: "Drag images here, or move what is selected", onclick: () => void this.move([...this.selected], this.free()) }, h("span", { class: "class-dot" }), "New group");
    this.takeDrops(another, () => this.free());
    fill(this.list, groups.map((group) => entry(group, `Group ${group}`, count.get(group) ?? 0, colourOf(group), group)),
      count.has(-1) ? entry(-1, "In no group", count.get(-1)!, colourOf(-1), -1) : null, another,
      h("hr"), entry("odd", "The oddest", Math.min(ODD, this.now.length), null, null),
      data.duplicate_of.some(Boolean) ? entry("copies", "All but copies", data.duplicate_of.filter(Boolean).length, null, null) : null,
      changed ? entry("changed", "Moved by hand", changed, null, null) : null);
  }

  private free(): number {
    const taken = new Set(this.groups());
    let group = 0;
    while (taken.has(group)) group += 1;
    return group;
  }

  private takeDrops(button: HTMLElement, target: number | (() => number)): void {
    button.addEventListener("dragover", (event) => { if (this.dragged.length) { event.preventDefault(); button.classList.add("over"); } });
    button.addEventListener("dragleave", () => button.classList.remove("over"));
    button.addEventListener("drop", (event) => {
      event.preventDefault();
      button.classList.remove("over");
      void this.move(this.dragged, typeof target === "number" ? target : target());
    });
  }

  private showSheet(): void {
    const rows = this.rowsOf(this.chosen);
    const orders: [Order, string][] = [["typical", "typical first"], ["borderline", "farthest first"], ["odd", "oddest first"]];
    const order = h("select", { "aria-label": "Order", onchange: () => { this.order = order.value as Order; this.showSheet(); } }, orders.map(([value, text]) => h("option", { value }, text)));
    order.value = this.order;
    const to = h("select", { "aria-label": "Move to", onchange: () => { if (to.value) void this.move([...this.selected], to.value === "new" ? this.free() : Number(to.value)); } },
      h("option", { value: "" }, `Move ${this.selected.size} to`), this.groups().map((group) => h("option", { value: String(group) }, `group ${group}`)), h("option", { value: "-1" }, "no group"), h("option", { value: "new" }, "a new group"));
    fill(this.bar, h("strong", {}, typeof this.chosen === "number" ? (this.chosen < 0 ? "In no group" : `Group ${this.chosen}`) : { odd: "The oddest", copies: "All but copies", changed: "Moved by hand" }[this.chosen]),
      h("span", { class: "muted" }, rows.length === 1 ? "one image" : `${rows.length.toLocaleString("en")} images`), typeof this.chosen === "number" ? order : null, h("span", { class: "grow" }),
      this.selected.size ? to : h("span", { class: "muted" }, "drag images to another group, or select and move them"));
    fill(this.sheet, rows.slice(0, this.shown).map((row) => this.card(row)),
      rows.length > this.shown ? h("button", { type: "button", class: "more", onclick: () => { this.shown += PAGE; this.showSheet(); } }, `Show more of ${rows.length.toLocaleString("en")}`) : null);
    this.map.select(this.selected);
  }

  private card(row: number): HTMLElement {
    const data = this.data!;
    const picture = h("span", { class: "thumb" });
    if (data.path[row]) this.thumbnails.load(data.path[row]!, picture);
    const group = this.now[row]!;
    const was = data.found[row]!;
    const known = data.known?.[row];
    const copy = data.duplicate_of[row];
    const told = [known ? known : "", group !== was ? `found in ${was < 0 ? "none" : was}` : "", copy ? `as ${copy.split("/").pop()}` : ""].filter(Boolean).join(", ");
    const card = h("div", { class: "sheet-card", role: "option", tabIndex: 0, draggable: true, title: data.image[row]!, "aria-selected": String(this.selected.has(row)), "data-row": String(row),
      onclick: (event: MouseEvent) => this.pick(row, event.shiftKey, event.ctrlKey || event.metaKey),
      ondblclick: () => { if (data.path[row]) this.hands.open(data.path[row]!); },
      onkeydown: (event: KeyboardEvent) => {
        if (event.key === " ") { event.preventDefault(); this.pick(row, event.shiftKey, true); }
        if (event.key === "Enter" && data.path[row]) this.hands.open(data.path[row]!);
        const next = { ArrowRight: card.nextElementSibling, ArrowLeft: card.previousElementSibling }[event.key];
        if (next instanceof HTMLElement) next.focus();
      },
      ondragstart: (event: DragEvent) => {
        this.dragged = this.selected.has(row) ? [...this.selected] : [row];
        event.dataTransfer!.effectAllowed = "move";
        event.dataTransfer!.setData("text/plain", this.dragged.map((each) => data.image[each]).join("\n"));
      },
      ondragend: () => { this.dragged = []; },
      onpointerenter: () => this.map.point(row), onpointerleave: () => this.map.point(-1) },
    picture, h("span", { class: "image-name" }, data.image[row]!.split("/").pop()!), told ? h("span", { class: "muted small-text" }, told) : null);
    return card;
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
    this.sheet.querySelector<HTMLElement>(`[data-row="${row}"]`)?.focus();
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
