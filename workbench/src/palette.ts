// The palette of painting: tools, size, classes, and what the strokes are used for.

import type { Bench } from "./bench";
import { h, icon, iconButton, isTyped, RowList, type Row } from "./dom";
import type { Learnbar } from "./learnbar";
import type { Learning } from "./learning";
import { LAYER, type Painting, type Tool } from "./painting";
import { brushText } from "./slices";
import { growFrom } from "./usestrokes";

const TOOLS: [Tool, string, string][] = [["brush", "Brush", "b"], ["eraser", "Eraser", "e"], ["polygon", "Polygon", "g"], ["fill", "Fill", "f"], ["wand", "Wand", "w"]];
const USES: [string, string, string][] = [
  ["segment.watershed", "Markers of a watershed", "Each class grows over what is alike until it meets another"],
  ["segment.random_walker", "Seeds of a random walker", "Each place goes to the class it is nearest to, through the picture"],
];

export class Palette {
  readonly element: HTMLElement;
  private readonly tools: [Tool, HTMLButtonElement][];
  private readonly size = h("input", { type: "range", class: "slider short", id: "brush-size", min: "0", max: "100", step: "1", oninput: () => this.painting.setRadius(0.5 * 800 ** (Number(this.size.value) / 100)) });
  private readonly sizeText = h("output", { for: "brush-size" });
  private readonly classes = h("div", { class: "group classes", role: "radiogroup", "aria-label": "Class" });
  private readonly name = h("input", { type: "text", class: "class-name", "aria-label": "Name of the class", spellcheck: false, autocomplete: "off", maxLength: 30, onchange: () => this.painting.editClass({ name: this.name.value.trim() }) });
  private readonly colour = h("input", { type: "color", class: "class-colour", "aria-label": "Colour of the class", oninput: () => this.painting.editClass({ colour: this.colour.value }) });
  private readonly visible = h("input", { type: "checkbox", id: "strokes-shown", onchange: () => { this.painting.visible = this.visible.checked; this.painting.changed.emit(); } });
  private readonly undo = iconButton("undo", "Take the last stroke back (Ctrl+Z)", () => this.painting.undo());
  private readonly redo = iconButton("redo", "Make the stroke again (Ctrl+Shift+Z)", () => this.painting.redo());
  private readonly waiting = h("span", { class: "muted wand-waiting", role: "status", hidden: true }, "Looking for superpixels …");
  private readonly fault = h("p", { class: "palette-fault", role: "alert", hidden: true });
  private readonly use: HTMLDetailsElement;
  private readonly chips = new RowList<number>(this.classes, String, (value) => this.chip(value));
  private readonly another = h("button", { type: "button", class: "icon-button", "aria-label": "Another class", title: "Another class", onclick: () => { this.painting.choose(this.painting.classes.offered + 1); this.name.focus(); } }, icon("plus"));

  constructor(private readonly bench: Bench, private readonly painting: Painting, private readonly learning: Learning, learnbar: Learnbar) {
    this.tools = TOOLS.map(([tool, text, key]) => [tool, h("button", { type: "button", title: `${text} (${key.toUpperCase()})`, "aria-keyshortcuts": key, onclick: () => painting.setTool(tool) }, text)]);
    this.use = h("details", { class: "run-menu use-menu" },
      h("summary", { class: "plain" }, "Use strokes as"),
      h("div", { class: "menu" },
        h("button", { type: "button", onclick: () => { this.use.open = false; void learning.begin(); } }, h("strong", {}, "Examples for a classifier"), h("span", { class: "muted" }, "It learns what each class looks like, and says of every sample which it is")),
        USES.map(([op, text, why]) => h("button", { type: "button", onclick: () => { this.use.open = false; this.grow(op); } }, h("strong", {}, text), h("span", { class: "muted" }, why)))));
    this.use.addEventListener("focusout", (event) => { if (!this.use.contains(event.relatedTarget as Node | null)) this.use.open = false; });
    this.use.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.use.open) return;
      event.stopPropagation();
      this.use.open = false;
      this.use.querySelector("summary")!.focus();
    });
    this.element = h("div", { class: "palette", role: "group", "aria-label": "Paint", hidden: true },
      h("div", { class: "group segmented", role: "group", "aria-label": "Tool" }, this.tools.map(([, button]) => button)), h("div", { class: "group" }, this.undo, this.redo),
      h("div", { class: "group" }, h("label", { for: "brush-size", title: "[ smaller, ] larger" }, "size"), this.size, this.sizeText),
      h("label", { class: "check", for: "strokes-shown" }, this.visible, " show"),
      h("span", { class: "grow" }), iconButton("close", "Close the palette (P)", () => void painting.setOpen(false)),
      h("div", { class: "palette-classes" }, this.classes, this.another, this.colour, this.name, this.waiting, h("span", { class: "grow" }), this.use), learnbar.element, this.fault);
    for (const signal of [painting.changed, bench.displayChanged]) signal.on(() => this.show());
    document.addEventListener("keydown", (event) => this.key(event));
  }

  private show(): void {
    const { painting } = this;
    const { classes } = painting;
    this.element.hidden = !painting.open;
    document.documentElement.classList.toggle("painting", painting.open);
    if (!painting.open) return;
    for (const [tool, button] of this.tools) button.setAttribute("aria-pressed", String(tool === painting.tool));
    this.size.value = String(Math.round((100 * Math.log(painting.radius / 0.5)) / Math.log(800)));
    const across = brushText(this.bench, painting.radius);
    this.sizeText.textContent = across;
    this.size.setAttribute("aria-valuetext", `${across} across`);
    this.visible.checked = painting.visible;
    this.undo.disabled = !painting.canUndo;
    this.redo.disabled = !painting.canRedo;
    this.chips.show(Array.from({ length: classes.offered }, (_, k) => k + 1));
    this.another.hidden = classes.offered >= 9;
    const own = classes.list[painting.value - 1];
    if (own) {
      if (document.activeElement !== this.name) this.name.value = own.name;
      this.name.placeholder = `class ${painting.value}`;
      this.colour.value = own.colour;
    }
    this.waiting.hidden = painting.tool !== "wand" || painting.wand.isReady || painting.wand.fault !== "";
    const fault = painting.fault || (painting.tool === "wand" ? painting.wand.fault : "");
    this.fault.hidden = !fault;
    this.fault.textContent = fault;
  }

  private chip(value: number): Row<number> {
    const { painting } = this;
    const { classes } = painting;
    const [dot, name] = [h("span", { class: "class-dot", "aria-hidden": "true" }, value), h("span")];
    const element = h("button", { type: "button", class: "chip", role: "radio", onclick: () => painting.choose(value), onkeydown: (event: KeyboardEvent) => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      const next = ((value - 1 + by + classes.offered) % classes.offered) + 1;
      painting.choose(next);
      this.classes.querySelectorAll<HTMLElement>("[role=radio]")[next - 1]?.focus();
    } }, dot, name);
    return { element, show: () => {
      const isChosen = value === painting.value;
      dot.style.background = classes.colourOf(value);
      name.textContent = classes.nameOf(value);
      element.title = `${classes.nameOf(value)} (${value})`;
      element.setAttribute("aria-checked", String(isChosen));
      element.tabIndex = isChosen ? 0 : -1;
    } };
  }

  /** Put in what grows the strokes, and show it as outlines over the image. */
  private grow(op: string): void {
    const { bench, painting } = this;
    if (!painting.template || bench.unreadable) return;
    const colours = (bench.image?.sizes.c ?? 1) > 1;
    const made = growFrom(bench.text, bench.ops, op, bench.activeOf, LAYER, painting.template, colours);
    if (!made) return;
    bench.change(made.text);
    bench.display.over = bench.display.outlines = true;
    bench.showInActive(made.name);
  }

  private key(event: KeyboardEvent): void {
    const { painting } = this;
    if (!this.element.isConnected || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (isTyped(event)) return;
    const key = event.key.toLowerCase();
    if (key === "p") return void painting.setOpen(!painting.open);
    if (!painting.open) return;
    const keys: Record<string, () => void> = {
      b: () => painting.setTool("brush"), g: () => painting.setTool("polygon"), f: () => painting.setTool("fill"), w: () => painting.setTool("wand"),
      e: () => painting.setTool(painting.tool === "eraser" ? "brush" : "eraser"),
      n: () => this.learning.next(),
      ...(painting.corners.isEmpty ? {} : { escape: () => painting.dropCorners(), backspace: () => painting.undo() }),
      "[": () => painting.setRadius(painting.radius / 1.25), "]": () => painting.setRadius(painting.radius * 1.25),
    };
    if (/^[1-9]$/.test(key)) painting.choose(Number(key));
    else if (keys[key]) keys[key]();
    else return;
    event.preventDefault();
  }
}
