// The bar of correcting: what can be done to objects, what was done, and what the labels are used for.

import type { Bench } from "./bench";
import type { Correcting, Way } from "./correcting";
import { h, iconButton, isTyped, RowList } from "./dom";
import { brushText } from "./slices";
import { asTruthOf, inPlaceOf, measured, withCorrection, type Used } from "./usecorrection";

/** A use of the labels, in the menu. */
interface Use { key: string; title: string; why: string; onclick(): void }

const WAYS: [Way, string, string, string][] = [
  ["merge", "Merge", "m", "Click an object, Shift-click what belongs to it; or draw a line across"],
  ["cut", "Cut", "x", "Draw a line through an object"],
  ["seeds", "Split", "s", "Click once in each of two parts; with Shift more"],
  ["delete", "Delete", "d", "Click an object, or rub over several"],
  ["add", "Add", "a", "Draw an outline, or click its corners and double-click to close it; what is there stays"],
  ["brush", "Brush", "b", "Begin on the object that is to grow"],
  ["erase", "Eraser", "e", "Begin on the object that is to shrink; on the ground it takes from all"],
];

export class CorrectBar {
  readonly element: HTMLElement;
  private readonly ways: [Way, HTMLButtonElement][];
  private readonly size = h("input", { type: "range", class: "slider short", id: "correct-size", min: "0", max: "100", step: "1", oninput: () => this.correcting.setRadius(0.5 * 800 ** (Number(this.size.value) / 100)) });
  private readonly sizeText = h("output", { for: "correct-size" });
  private readonly sizes = h("div", { class: "group" }, h("label", { for: "correct-size", title: "[ smaller, ] larger" }, "size"), this.size, this.sizeText);
  private readonly visible = h("input", { type: "checkbox", id: "correction-shown", onchange: () => { this.correcting.visible = this.visible.checked; this.correcting.changed.emit(); } });
  private readonly undo = iconButton("undo", "Take the last edit back (Ctrl+Z)", () => this.correcting.undo());
  private readonly redo = iconButton("redo", "Make it again (Ctrl+Shift+Z)", () => this.correcting.redo());
  private readonly about = h("p", { class: "correct-about", role: "status" });
  private readonly fault = h("p", { class: "palette-fault", role: "alert", hidden: true });
  private readonly menu = h("div", { class: "menu" });
  private readonly start = h("button", { type: "button", class: "small", hidden: true, onclick: () => void this.correcting.start(false) });
  private readonly use: HTMLDetailsElement;
  private readonly uses = new RowList<Use>(this.menu, ({ key }) => key, () => {
    let now: Use;
    const [title, why] = [h("strong"), h("span", { class: "muted" })];
    return { element: h("button", { type: "button", onclick: () => now.onclick() }, title, why), show: (use) => {
      now = use;
      title.textContent = use.title;
      why.textContent = use.why;
    } };
  });
  private asksAnew = false;

  constructor(private readonly bench: Bench, private readonly correcting: Correcting) {
    this.ways = WAYS.map(([way, text, key, what]) => [way, h("button", { type: "button", title: `${text} (${key.toUpperCase()}): ${what}`, "aria-keyshortcuts": key, onclick: () => correcting.setWay(way) }, text)]);
    this.use = h("details", { class: "run-menu use-menu", ontoggle: () => { this.asksAnew = false; this.offer(); } }, h("summary", { class: "plain" }, "Use it …"), this.menu);
    this.use.addEventListener("focusout", (event) => { if (event.relatedTarget && !this.use.contains(event.relatedTarget as Node)) this.use.open = false; });
    this.use.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.use.open) return;
      event.stopPropagation();
      this.use.open = false;
      this.use.querySelector("summary")!.focus();
    });
    this.element = h("div", { class: "palette correct-bar", role: "group", "aria-label": "Correct objects", hidden: true },
      h("div", { class: "group segmented", role: "group", "aria-label": "What is done" }, this.ways.map(([, button]) => button)),
      h("div", { class: "group" }, this.undo, this.redo),
      h("span", { class: "grow" }), this.use, iconButton("close", "Close (C)", () => void correcting.setOpen(false)),
      h("div", { class: "correct-row" }, this.about, this.fault, this.start, this.sizes, h("label", { class: "check", for: "correction-shown" }, this.visible, " show")));
    correcting.changed.on(() => this.show());
    bench.textChanged.on(() => this.show());
    bench.displayChanged.on(() => this.show());
    document.addEventListener("keydown", (event) => this.key(event));
  }

  private show(): void {
    const { correcting } = this;
    this.element.hidden = !correcting.open;
    document.documentElement.classList.toggle("ringed", correcting.hasRing);
    if (!correcting.open) return;
    const ready = correcting.state === "ready";
    for (const [way, button] of this.ways) {
      button.setAttribute("aria-pressed", String(way === correcting.way));
      button.disabled = !ready;
    }
    this.sizes.hidden = correcting.way !== "brush" && correcting.way !== "erase";
    this.size.value = String(Math.round((100 * Math.log(correcting.radius / 0.5)) / Math.log(800)));
    this.sizeText.textContent = brushText(this.bench, correcting.radius);
    this.visible.checked = correcting.visible;
    this.undo.disabled = !ready || !correcting.canUndo;
    this.redo.disabled = !ready || !correcting.redoable;
    this.use.hidden = !ready;
    this.start.hidden = correcting.state !== "none" || !correcting.suggested;
    this.start.textContent = `Begin from ${correcting.suggested}`;
    const words = this.words();
    if (this.about.textContent !== words) this.about.textContent = words;
    this.element.classList.toggle("making", correcting.state === "making");
    this.fault.hidden = !correcting.fault;
    this.about.hidden = Boolean(correcting.fault);
    this.fault.textContent = correcting.fault;
  }

  private words(): string {
    const { correcting } = this;
    if (correcting.state === "making") {
      const share = correcting.share > 0.01 ? `, ${Math.round(100 * correcting.share)} % done` : "";
      return `Computing the objects of ${correcting.source} exactly, for the whole image${share}. Then they can be corrected.`;
    }
    if (correcting.state === "none") return "Nothing is corrected yet.";
    const count = `${correcting.objects.toLocaleString("en")} object${correcting.objects === 1 ? "" : "s"}`;
    const edits = correcting.undoable ? `${correcting.undoable.toLocaleString("en")} edit${correcting.undoable === 1 ? "" : "s"}` : "no edits yet";
    const from = correcting.source ? ` begun from ${correcting.source}` : "";
    return `${count}${from}, ${edits}. ${WAYS.find(([way]) => way === correcting.way)![3]}.${this.reach()}`;
  }

  /** What of a stack an edit is of. */
  private reach(): string {
    const { bench, correcting } = this;
    const beyond = bench.furtherDims().map(([dim]) => dim);
    if (!beyond.length) return "";
    const isWhole = correcting.way === "merge" || correcting.way === "delete";
    if (isWhole && beyond.includes("z")) return " Whole objects, on all slices.";
    return bench.inSlices ? " On this slice alone." : ` At this ${beyond.join(" and ")} alone.`;
  }

  private offer(): void {
    const { bench, correcting } = this;
    const { labels } = correcting;
    const of = labels.includes(correcting.source) ? correcting.source : correcting.suggested;
    const item = (title: string, why: string, onclick: () => void): Use => ({ key: title, title, why, onclick });
    const use = (make: () => Used | null, then: (used: Used) => void) => () => {
      const used = bench.unreadable ? null : make();
      this.use.open = false;
      if (!used) return this.refuse();
      bench.change(used.text);
      then(used);
    };
    const { text, ops } = bench;
    const { template } = correcting;
    const compare = (mode: "swipe" | "difference") => use(() => withCorrection(text, ops, template), ({ name }) => {
      bench.display.of[0] = of;
      bench.display.of[1] = name;
      bench.display.mode = mode;
      bench.display.count = Math.max(2, bench.display.count);
      correcting.visible = false;
      correcting.changed.emit();
      bench.displayChanged.emit();
    });
    const uses = [
      item("Show it in the active pane", "As a further input of the pipeline", use(() => withCorrection(text, ops, template), ({ name }) => bench.showInActive(name))),
      of ? item(`Compare ${of} with it: swipe`, "Result and truth in one picture, with an edge to drag", compare("swipe")) : null,
      of ? item(`Compare ${of} with it: difference`, "Red is in the result alone, blue in the truth alone, yellow what is joined or parted otherwise", compare("difference")) : null,
      of ? item(`In place of ${of}`, `Steps that took ${of} take the corrected objects`, use(() => inPlaceOf(text, ops, template, of), () => bench.displayChanged.emit())) : null,
      of ? item(`As the truth of ${of}`, "A check counts what was found, missed and made up", use(() => asTruthOf(text, ops, template, of), () => bench.displayChanged.emit())) : null,
      item("Measure its objects", "A table of the corrected objects", use(() => measured(text, ops, template), () => bench.displayChanged.emit())),
      this.anew(),
    ];
    this.uses.show(uses.filter((each) => each !== null));
  }

  /** What begins again from the labels that are looked at, once it was asked whether that is meant. */
  private anew(): Use | null {
    const { correcting } = this;
    const from = correcting.suggested;
    if (!from) return null;
    if (!this.asksAnew) return { key: "anew", title: `Begin again from ${from} …`, why: "In the place of what was corrected", onclick: () => { this.asksAnew = true; this.offer(); } };
    return { key: "anew", title: `Yes: begin again from ${from}`, why: `${correcting.undoable.toLocaleString("en")} edits are set aside, with the labels of now, in a hidden file`, onclick: () => { this.use.open = false; void correcting.start(true, from); } };
  }

  private refuse(): void {
    this.correcting.fault = "The pipeline cannot take it as it is now: mend its text first, and let no step be called corrected.";
    this.correcting.changed.emit();
  }

  private key(event: KeyboardEvent): void {
    const { correcting } = this;
    if (!this.element.isConnected || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") || isTyped(event)) return;
    const key = event.key.toLowerCase();
    if (key === "c") return void correcting.setOpen(!correcting.open);
    if (!correcting.open) return;
    const way = WAYS.find(([, , own]) => own === key)?.[0];
    if (way) correcting.setWay(way);
    else if (key === "[") correcting.setRadius(correcting.radius / 1.25);
    else if (key === "]") correcting.setRadius(correcting.radius * 1.25);
    else if (key === "backspace" && correcting.isBegun) correcting.undo();
    else if (key !== "escape" || !correcting.dropCorners()) return;
    event.preventDefault();
  }
}
