// The bar above the panes: how many, how they are compared, colours, further dims.

import type { Bench, Mode } from "./bench";
import { fill, h, icon, iconButton, isTyped } from "./dom";
import { MAPS, type MapName } from "./colours";
import type { Correcting } from "./correcting";
import type { Painting } from "./painting";
import type { Probing } from "./probing";
import { placeText } from "./slices";
import type { Stage } from "./stage";

const MODES: [Mode, string, string][] = [
  ["swipe", "Swipe", "Two pictures in one, with an edge to drag"],
  ["blink", "Blink", "Two pictures in turn"],
  ["difference", "Difference", "What the first has more than the second in red, less in blue"],
  ["slices", "Slices", "Three planes through one place"],
];

export class Toolbar {
  readonly element = h("div", { class: "toolbar", role: "toolbar", "aria-label": "View" });
  readonly dims = h("div", { class: "group dims", role: "group", "aria-label": "Further dims" });
  private readonly counts: [number, HTMLButtonElement][];
  private readonly modes: [Mode, HTMLButtonElement][];
  private readonly map = h("select", { id: "colour-map", "aria-label": "Colours of the values", onchange: () => this.set(() => { this.bench.display.map = this.map.value as MapName; }) },
    MAPS.map((map) => h("option", { value: map }, map)));
  private readonly gamma = h("input", { type: "range", min: "-1", max: "1", step: "0.05", id: "gamma", class: "slider short", oninput: () => this.set(() => { this.bench.display.gamma = Number((5 ** Number(this.gamma.value)).toFixed(2)); }) });
  private readonly over = h("input", { type: "checkbox", id: "over", onchange: () => this.set(() => { this.bench.display.over = this.over.checked; }) });
  private readonly outlines = h("input", { type: "checkbox", id: "outlines", onchange: () => this.set(() => { this.bench.display.outlines = this.outlines.checked; }) });
  private readonly opacity = h("input", { type: "range", min: "0", max: "1", step: "0.05", id: "opacity", class: "slider short", "aria-label": "Opacity of objects", oninput: () => this.set(() => { this.bench.display.opacity = Number(this.opacity.value); }) });
  private readonly paintButton = h("button", { type: "button", class: "paint-button", "aria-label": "Paint", "aria-keyshortcuts": "p", onclick: () => void this.painting.setOpen(!this.painting.open) }, icon("brush"), h("span", {}, "Paint"));
  private readonly correctButton = h("button", { type: "button", class: "paint-button", "aria-label": "Correct", "aria-keyshortcuts": "c", onclick: () => void this.correcting.setOpen(!this.correcting.open) }, icon("pencil"), h("span", {}, "Correct"));
  private readonly probeButton = h("button", { type: "button", class: "paint-button", "aria-label": "Probe", title: "Values under a sample, along a line, in a box (I)", "aria-keyshortcuts": "i", onclick: () => this.probe() }, icon("probe"), h("span", {}, "Probe"));
  private dimsFor = "";
  private sayDims: (() => void)[] = [];

  constructor(private readonly bench: Bench, stage: Stage, private readonly painting: Painting, private readonly correcting: Correcting, private readonly probing: Probing, private readonly openProbes: () => void) {
    const button = (text: string, title: string, onclick: () => void) => h("button", { type: "button", title, onclick }, text);
    this.counts = [1, 2, 3, 4, 6].map((count) => [count, button(String(count), count === 1 ? "One pane" : `${count} panes`, () => this.set(() => {
      bench.display.count = count;
      bench.display.mode = "side";
      bench.display.active = Math.min(bench.display.active, count - 1);
    }))]);
    this.modes = MODES.map(([mode, text, title]) => [mode, button(text, title, () => this.set(() => {
      bench.display.mode = mode === bench.display.mode ? "side" : mode;
      if (bench.inSlices) {
        for (const tool of [painting, correcting]) if (tool.open && !tool.possible) void tool.setOpen(false);
        return;
      }
      bench.display.count = Math.max(2, bench.display.count);
      bench.display.active = Math.min(bench.display.active, 1);
    }))]);
    for (const [count, each] of this.counts) each.setAttribute("aria-label", count === 1 ? "1 pane" : `${count} panes`);
    const look = h("div", { class: "look-panel", id: "look" },
      h("div", { class: "group" }, h("label", { for: "colour-map" }, "colours"), this.map),
      h("div", { class: "group" }, h("label", { for: "gamma" }, "gamma"), this.gamma),
      h("label", { class: "check", for: "over" }, this.over, " over image"),
      h("div", { class: "group" }, h("label", { for: "opacity" }, "opacity"), this.opacity));
    const setLook = (open: boolean) => {
      look.classList.toggle("open", open);
      lookButton.setAttribute("aria-expanded", String(open));
    };
    const lookButton = h("button", { type: "button", class: "look-button", "aria-expanded": "false", "aria-controls": "look", onclick: () => setLook(!look.classList.contains("open")) }, "Look");
    const lookBox = h("div", { class: "look" }, lookButton, look);
    lookBox.addEventListener("focusout", (event) => { if (!lookBox.contains(event.relatedTarget as Node | null)) setLook(false); });
    lookBox.addEventListener("keydown", (event) => { if (event.key === "Escape" && look.classList.contains("open")) { setLook(false); lookButton.focus(); } });
    fill(this.element,
      h("div", { class: "group segmented", role: "group", "aria-label": "Number of panes side by side" }, this.counts.map(([, each]) => each)),
      h("div", { class: "group segmented", role: "group", "aria-label": "Two pictures in one, or three planes" }, this.modes.map(([, each]) => each)),
      iconButton("fit", "Fit the image (0)", () => stage.fit()),
      lookBox,
      h("label", { class: "check", for: "outlines" }, this.outlines, " outlines"),
      h("span", { class: "grow" }), this.probeButton, this.correctButton, this.paintButton);
    painting.changed.on(() => this.show());
    correcting.changed.on(() => this.show());
    probing.changed.on(() => this.show());
    document.addEventListener("keydown", (event) => this.key(event));
    bench.displayChanged.on(() => this.show());
    bench.textChanged.on(() => this.show());
  }

  private probe(): void {
    this.probing.setOpen(!this.probing.open);
    if (this.probing.open) this.openProbes();
  }

  private key(event: KeyboardEvent): void {
    const isHeld = event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]");
    if (!this.element.isConnected || !this.probing.possible || isHeld || isTyped(event)) return;
    if (event.key.toLowerCase() !== "i") return;
    event.preventDefault();
    this.probe();
  }

  private set(change: () => void): void {
    change();
    this.bench.displayChanged.emit();
  }

  private show(): void {
    const { display } = this.bench;
    for (const [count, each] of this.counts) each.setAttribute("aria-pressed", String(display.mode === "side" && count === display.count));
    for (const [mode, each] of this.modes) {
      each.setAttribute("aria-pressed", String(mode === display.mode));
      if (mode === "slices") each.hidden = this.bench.deep === null;
    }
    this.map.value = display.map;
    this.gamma.value = String(Math.log(display.gamma) / Math.log(5));
    this.gamma.setAttribute("aria-valuetext", String(display.gamma));
    this.over.checked = display.over;
    this.outlines.checked = display.outlines;
    this.opacity.value = String(display.opacity);
    this.opacity.disabled = display.outlines;
    this.paintButton.setAttribute("aria-pressed", String(this.painting.open));
    this.paintButton.disabled = !this.painting.possible;
    const across = this.bench.inSlices && !this.bench.isPlaneOfSpace ? `Across ${this.bench.deep} nothing is painted or corrected: leave the slices for that` : "";
    this.paintButton.title = across || "Paint labels beside the image (P)";
    this.correctButton.title = across || "Correct the objects of a step, and keep them as truth (C)";
    this.correctButton.setAttribute("aria-pressed", String(this.correcting.open));
    this.correctButton.disabled = !this.correcting.possible;
    this.probeButton.setAttribute("aria-pressed", String(this.probing.open));
    this.probeButton.disabled = !this.probing.possible;
    this.showDims();
  }

  private showDims(): void {
    const dims = this.bench.chosenDims();
    const key = `${this.bench.inSlices} ${this.bench.image?.path} ${JSON.stringify(dims)}`;
    if (key === this.dimsFor) {
      for (const say of this.sayDims) say();
      return;
    }
    this.dimsFor = key;
    this.sayDims = [];
    const channels = this.bench.image?.channels;
    fill(this.dims, dims.map(([dim, size]) => {
      const text = h("output", {});
      const say = () => {
        const place = this.bench.position[dim] ?? 0;
        text.textContent = this.bench.inSlices ? placeText(this.bench, dim, place) : `${place + 1} of ${size}`;
        slider.value = String(place);
      };
      const slider = h("input", { type: "range", class: "slider short", id: `dim-${dim}`, min: "0", max: String(size - 1), value: String(this.bench.position[dim] ?? 0), oninput: () => this.bench.goTo({ [dim]: Number(slider.value) }) });
      say();
      this.sayDims.push(say);
      return h("span", { class: "dim" }, h("label", { for: slider.id }, dim), slider, text);
    }), this.channelMenu(channels ?? null));
    this.dims.hidden = !this.dims.childNodes.length;
  }

  /** A menu of channels, where they are not the three colours of a picture. */
  private channelMenu(names: string[] | null): HTMLElement | null {
    const { image } = this.bench;
    const count = image?.dims.includes("c") ? image.sizes.c ?? 0 : 0;
    if (count < 2 || count === 3) return null;
    const select = h("select", { id: "channel", onchange: () => {
      this.bench.at = { ...this.bench.at, c: select.selectedIndex };
      this.bench.displayChanged.emit();
    } }, Array.from({ length: count }, (_, k) => h("option", {}, names?.[k] ?? `channel ${k + 1}`)));
    select.selectedIndex = this.bench.at.c ?? 0;
    return h("span", { class: "dim" }, h("label", { for: "channel" }, "channel"), select);
  }
}
