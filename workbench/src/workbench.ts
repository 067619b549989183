// The workbench: header, cards, panes, side panel and status line put together.

import { api, GONE, ServerFault } from "./api";
import type { Bench } from "./bench";
import { Cards } from "./cards";
import { ChannelBar } from "./channels";
import { Checks } from "./checks";
import { CorrectBar } from "./correctbar";
import { Correcting, LAYER as CORRECTED } from "./correcting";
import { fill, h, iconButton } from "./dom";
import { SEARCH } from "./doubt";
import { HistogramTab } from "./histogramtab";
import type { Live } from "./live";
import { ObjectsTab } from "./objectstab";
import { Learnbar } from "./learnbar";
import { Learning } from "./learning";
import { dependsOn, usesModel } from "./model";
import { LAYER, Painting } from "./painting";
import { Palette } from "./palette";
import { Previews } from "./previews";
import { Probing } from "./probing";
import { ProbeTab } from "./probetab";
import { splitter } from "./splitter";
import { Stage } from "./stage";
import { StatusLine } from "./statusline";
import type { Table } from "./table";
import { nextTheme, themeText } from "./theme";
import { Toolbar } from "./toolbar";
import type { Known } from "./tryall";
import type { Frame, Message } from "./types";
import { YamlTab } from "./yamltab";

interface Hands { home(): void; go(by: number): void; toast(node: Node | string, kind?: string): void }

const WITHOUT_PICTURE = 1500; // milliseconds after which it is loaded where no picture comes

export class Workbench {
  readonly element: HTMLElement;
  readonly stage: Stage;
  private readonly painting: Painting;
  private readonly learning: Learning;
  private readonly correcting: Correcting;
  private readonly previews: Previews;
  private readonly probing: Probing;
  private readonly probes: ProbeTab;
  private readonly status: StatusLine;
  private readonly yaml: YamlTab;
  private readonly checks: Checks;
  private readonly histogram: HistogramTab;
  private readonly objects: ObjectsTab;
  private readonly imageName = h("span", { class: "image-title" });
  private readonly pipelineName = h("span", { class: "pipeline-title" });
  private readonly saved = h("span", { class: "saved", role: "status" });
  private readonly undo = iconButton("undo", "Undo (Ctrl+Z)", () => this.travel("undo"));
  private readonly redo = iconButton("redo", "Redo (Ctrl+Shift+Z)", () => this.travel("redo"));
  private readonly previous = iconButton("left", "Previous image", () => this.hands.go(-1));
  private readonly next = iconButton("right", "Next image", () => this.hands.go(1));
  private readonly conflict = h("div", { class: "banner", role: "alert", hidden: true });
  private readonly columns = h("main", { class: "columns" });
  private tabs: { name: string; tab: HTMLButtonElement; panel: HTMLElement }[] = [];

  // What is not needed for the first picture is loaded after it.
  private answered: () => void = () => undefined;
  private readonly firstAnswer = new Promise<void>((done) => { this.answered = done; });

  constructor(private readonly bench: Bench, live: () => Live | null, private readonly hands: Hands) {
    const send = (message: Record<string, unknown>) => live()?.send(message) ?? false;
    const viewport = (plane: number) => this.stage.viewport(plane);
    this.painting = new Painting(bench, send, viewport);
    this.learning = new Learning(bench, this.painting, send);
    this.learning.trained.on(() => this.trained());
    this.correcting = new Correcting(bench, send, viewport);
    this.previews = new Previews(send);
    this.probing = new Probing(bench, send);
    this.probes = new ProbeTab(bench, this.probing);
    const tools = [this.painting, this.correcting, this.probing];
    for (const tool of tools) tool.changed.on(() => { if (tool.open) for (const other of tools) if (other !== tool && other.open) void other.setOpen(false); });
    this.stage = new Stage(bench, this.painting, this.correcting, this.probing, send);
    this.status = new StatusLine(bench, this.stage, hands.toast);
    this.yaml = new YamlTab(bench);
    this.checks = new Checks(bench, send, () => this.stage.viewport(0), () => this.histogram.visible || this.objects.visible);
    this.stage.asked.on(() => this.checks.ask());
    this.histogram = new HistogramTab(bench, send, this.checks);
    this.objects = new ObjectsTab(bench, send, () => this.stage.viewport(0), this.checks);
    this.histogram.onReset = () => {
      for (const pane of this.stage.live) pane.fitContrast();
      bench.contrastChanged.emit();
    };
    const theme = iconButton("theme", themeText(), () => { theme.title = nextTheme(); theme.setAttribute("aria-label", theme.title); this.histogram.draw(); this.probes.draw(); });
    const run = h("details", { class: "run-menu" },
      h("summary", { class: "primary", title: "Compute the pipeline in full and write a report" }, "Run"),
      h("div", { class: "menu" },
        h("button", { type: "button", onclick: () => { run.open = false; void this.run(false); } }, "This image"),
        h("button", { type: "button", onclick: () => { run.open = false; void this.run(true); } }, "All images of the folder")));
    run.addEventListener("focusout", (event) => { if (!run.contains(event.relatedTarget as Node | null)) run.open = false; });
    run.addEventListener("keydown", (event) => { if (event.key === "Escape") { run.open = false; run.querySelector("summary")!.focus(); } });
    const header = h("header", { class: "top" },
      iconButton("home", "Images and examples", () => hands.home()),
      h("h1", { class: "titles" }, this.imageName, h("span", { class: "muted" }, " with "), this.pipelineName),
      h("div", { class: "group" }, this.previous, this.next),
      h("span", { class: "grow" }), this.saved,
      h("div", { class: "group" }, this.undo, this.redo), run, theme);
    const cards = new Cards(bench, { bench, previews: this.previews, viewport: () => this.stage.viewport(bench.inSlices ? 0 : bench.display.active), known: () => this.known() });
    const toolbar = new Toolbar(bench, this.stage, this.painting, this.correcting, this.probing, () => this.openTab("Probes"));
    const palette = new Palette(bench, this.painting, this.learning, new Learnbar(bench, this.painting, this.learning, () => this.status.watch()));
    const correctBar = new CorrectBar(bench, this.correcting);
    const middle = h("section", { class: "middle", "aria-label": "Pictures" }, toolbar.element, palette.element, correctBar.element, this.stage.element, new ChannelBar(bench).element, toolbar.dims);
    this.columns.append(cards.element, middle, this.sidePanel());
    this.element = h("div", { class: "workbench" }, header, this.conflict,
      this.columns, this.status.element);
    bench.textChanged.on(() => this.showHeader());
    bench.savedChanged.on(() => this.showHeader());
    bench.displayChanged.on(() => this.showHeader());
    bench.selectionChanged.on(({ from }) => { if (from === "pane" && bench.selected && this.tabs[2]?.tab.getAttribute("aria-selected") !== "true") this.objects.refresh(); });
    document.addEventListener("keydown", (event) => this.key(event));
  }

  private sidePanel(): HTMLElement {
    const make = (name: string, content: HTMLElement) => {
      const id = name.toLowerCase();
      const panel = h("div", { class: `tab-panel ${id}-panel`, role: "tabpanel", id: `panel-${id}`, "aria-labelledby": `tab-${id}` }, content);
      const tab = h("button", { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": `panel-${id}`, onclick: () => this.openTab(name) }, name);
      this.tabs.push({ name, tab, panel });
      return tab;
    };
    const list = h("div", { class: "tabs", role: "tablist", "aria-label": "Panel" },
      make("YAML", this.yaml.element), make("Histogram", this.histogram.element), make("Objects", this.objects.element), make("Probes", this.probes.element));
    list.addEventListener("keydown", (event) => {
      const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      if (!by) return;
      const now = this.tabs.findIndex(({ tab }) => tab === document.activeElement);
      const to = this.tabs[(now + by + this.tabs.length) % this.tabs.length]!;
      this.openTab(to.name);
      to.tab.focus();
    });
    return h("section", { class: "side", "aria-label": "Text, histogram, objects and probes" }, splitter(() => this.columns), list, ...this.tabs.map(({ panel }) => panel));
  }

  openTab(name: string): void {
    for (const { name: own, tab, panel } of this.tabs) {
      const open = own === name;
      tab.setAttribute("aria-selected", String(open));
      tab.tabIndex = open ? 0 : -1;
      panel.hidden = !open;
    }
    sessionStorage.setItem("tab", name);
    this.histogram.show(name === "Histogram");
    this.objects.show(name === "Objects");
    this.probing.set({ visible: name === "Probes" });
    if (name === "Histogram") this.histogram.draw();
    if (name === "YAML") this.yaml.measure();
    this.checks.ask();
  }

  /** Another image or pipeline is open. */
  opened(keepView: boolean): void {
    this.stage.clear();
    if (!keepView) this.stage.fitSoon();
    this.histogram.requester.reset();
    this.objects.reset();
    this.checks.reset();
    void this.painting.follow();
    this.learning.follow();
    void this.correcting.follow();
    this.probing.follow();
    const tab = sessionStorage.getItem("tab");
    this.openTab(this.tabs.some(({ name }) => name === tab) ? tab! : "YAML");
    setTimeout(this.answered, WITHOUT_PICTURE);
    void this.firstAnswer.then(() => this.yaml.load());
    this.bench.displayChanged.emit();
    this.showHeader();
    this.status.watch();
    for (const note of this.bench.image?.notes ?? []) this.hands.toast(note);
  }

  private showHeader(): void {
    const { bench } = this;
    this.undo.disabled = !bench.history.canUndo;
    this.redo.disabled = !bench.history.canRedo;
    this.imageName.textContent = bench.image?.path.split("/").pop() ?? "";
    this.imageName.title = bench.image?.path ?? "";
    this.pipelineName.textContent = bench.pipeline;
    document.title = bench.image ? `${this.imageName.textContent} · ${bench.pipeline} · Graticule` : "Graticule";
    const place = bench.start.images.findIndex((image) => image.path === bench.image?.path);
    this.previous.disabled = place <= 0;
    this.next.disabled = place < 0 || place >= bench.start.images.length - 1;
    const words = { saved: "Saved", saving: "Saving", changed: "Changed", failed: "Not saved yet", conflict: "Not saved" };
    this.saved.textContent = words[bench.saved];
    this.saved.dataset.state = bench.saved;
    const conflict = bench.saved === "conflict";
    if (this.conflict.hidden !== !conflict) {
      this.conflict.hidden = !conflict;
      if (conflict) {
        fill(this.conflict, h("span", {}, `${bench.pipeline} was changed in another window.`),
          h("button", { type: "button", onclick: () => bench.takeTheirs() }, "Take theirs"),
          h("button", { type: "button", onclick: () => void bench.keepMine() }, `Keep mine as ${bench.pipeline}-2`));
      }
    }
  }

  private travel(way: "undo" | "redo"): void {
    this.yaml.settle();
    this.bench.history[way]();
  }

  private key(event: KeyboardEvent): void {
    if (!this.element.isConnected || !(event.ctrlKey || event.metaKey) || event.altKey || document.querySelector("dialog[open]")) return;
    const target = event.composedPath()[0] as HTMLElement;
    if (target.closest?.(".cm-editor") || (target instanceof HTMLInputElement && target.type === "search")) return;
    const key = event.key.toLowerCase();
    if (key === "z" && this.painting.open && (event.shiftKey ? this.painting.canRedo : this.painting.canUndo)) {
      event.preventDefault();
      this.painting[event.shiftKey ? "redo" : "undo"]();
    } else if (key === "z" && this.correcting.open && (event.shiftKey ? this.correcting.redoable : this.correcting.canUndo)) {
      event.preventDefault();
      this.correcting[event.shiftKey ? "redo" : "undo"]();
    } else if (key === "z") {
      event.preventDefault();
      this.travel(event.shiftKey ? "redo" : "undo");
    } else if (key === "y") {
      event.preventDefault();
      this.travel("redo");
    } else if (key === "s") {
      event.preventDefault();
      void this.bench.save();
    }
  }

  private async run(all: boolean): Promise<void> {
    const { bench, hands } = this;
    this.yaml.settle();
    if (bench.checked.faults.length || bench.unreadable) {
      hands.toast("The pipeline has faults. Mend what is marked, then run it.", "bad");
      return;
    }
    await bench.save();
    try {
      await api.run(bench.pipeline, all ? null : bench.image!.path);
      hands.toast(all ? "Running on all images. The line below says how far it is." : "Running on this image.");
      this.status.watch();
    } catch (error) {
      const fault = error instanceof ServerFault ? error.fault : GONE;
      hands.toast(`${fault.what}${fault.hint ? ` (${fault.hint})` : ""}`, "bad");
    }
  }

  /** Labels that what a step gives can be compared with: corrected ones, or strokes. */
  private known(): Known | null {
    const { bench, correcting, painting } = this;
    const [corrected, painted] = [bench.model.corrected[0], bench.model.painted[0]];
    if (corrected) return { text: bench.text, of: corrected, isWhole: true, words: "the corrected objects" };
    if (correcting.wanted) return { text: correcting.text, of: CORRECTED, isWhole: true, words: "the corrected objects" };
    if (painted) return { text: bench.text, of: painted, isWhole: false, words: "the strokes" };
    return painting.wanted ? { text: painting.text, of: LAYER, isWhole: false, words: "the strokes" } : null;
  }

  frame(frame: Frame): void {
    this.answered();
    if (this.previews.take(frame)) return;
    if (frame.pane === SEARCH) return this.learning.takeFrame(frame);
    this.stage.take(frame);
  }

  table(table: Table): void {
    this.objects.take(table);
  }

  message(message: Message): void {
    switch (message.type) {
      case "probe": return this.probing.take(message);
      case "histogram": return this.histogram.take(message);
      case "checks": return this.checks.take(message);
      case "fault":
        if (this.previews.takeFault(message) || this.painting.takeFault(message) || this.learning.takeFault(message) || this.probing.takeFault(message) || this.correcting.takeFault(message)) return;
        this.objects.takeFault(message);
        this.checks.takeFault(message);
        this.histogram.takeFault(message);
        return this.stage.takeFault(message);
      case "progress": return this.status.progress(message);
      case "exact":
        if (message.path !== this.bench.image?.path) return;
        this.stage.exact();
        this.histogram.refresh(true);
        this.checks.ask(true);
        this.probing.ask(true);
        return this.objects.refresh(true);
      case "painted":
        if (!this.painting.take(message)) return;
        this.learning.ask();
        return this.layersAnew(this.bench.model.painted);
      case "trained": return this.learning.take(message);
      case "correction":
        if (this.correcting.take(message) && message.state === "ready") this.layersAnew(this.bench.model.corrected);
        return;
      case "changed": return void this.bench.changedElsewhere(message.pipeline, message.revision);
    }
  }

  /** A classifier has learned: what comes of it is shown anew. */
  private trained(): void {
    const { bench } = this;
    this.stage.modelAnew(bench.learned);
    if (usesModel(bench.model, bench.activeOf, bench.learned)) this.histogram.refresh(true);
    if (bench.model.steps.some((step) => step.params.model === bench.learned)) this.objects.refresh(true);
  }

  /** Inputs that are drawn are others: what depends on them is counted and measured anew. */
  private layersAnew(inputs: string[]): void {
    if (inputs.some((input) => dependsOn(this.bench.model, this.bench.activeOf, input))) this.histogram.refresh(true);
    this.objects.layersAnew(inputs);
    this.checks.layersAnew(inputs);
  }

  reconnect(): void {
    this.stage.reconnect();
    this.histogram.requester.reset();
    this.objects.requester.reset();
    this.checks.requester.reset();
    this.checks.ask(true);
    this.probing.reset();
    this.previews.reset();
    this.probing.ask(true);
    this.learning.reconnect();
    this.histogram.refresh(true);
    this.objects.refresh(true);
    this.status.watch();
  }
}
