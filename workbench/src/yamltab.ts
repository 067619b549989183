// The text of the pipeline: always the same document as the cards.

import type { Bench } from "./bench";
import { debounced } from "./bus";
import { h } from "./dom";
import type { Editor } from "./editor";

const AGAIN = 2000;

export class YamlTab {
  // A shadow root takes the styles of the editor as sheets, which a strict page allows.
  readonly element = h("div", { class: "yaml" });
  private readonly root = this.element.attachShadow({ mode: "open" });
  private readonly host = h("div");
  private editor: Editor | null = null;
  private readonly readSoon: ReturnType<typeof debounced>;

  constructor(private readonly bench: Bench) {
    this.host.style.height = "100%";
    this.root.append(this.host);
    this.readSoon = debounced(300, () => { if (this.editor) bench.change(this.editor.text, "yaml", "yaml"); });
    bench.textChanged.on(({ from }) => {
      if (from === "yaml") return;
      this.readSoon.cancel();
      this.editor?.show(bench.history.now.text);
    });
    bench.checkedChanged.on(() => this.editor?.showFaults(bench.checked.faults));
  }

  /** What is being typed counts now: something else is about to change the text. */
  settle(): void {
    const { bench, editor } = this;
    this.readSoon.cancel();
    if (editor && editor.text !== bench.history.now.text) bench.change(editor.text, "yaml", "yaml");
  }

  /** Load the editor, half of the script of the page, unless it is there. */
  async load(): Promise<void> {
    const found = await import("./editor").catch(() => null);
    if (!found) return void setTimeout(() => void this.load(), AGAIN); // the server is gone for now
    if (this.editor) return;
    const { bench } = this;
    const leave = () => this.element.closest("section")?.querySelector<HTMLElement>("[role=tab][aria-selected=true]")?.focus();
    this.editor = new found.Editor(this.root, this.host, bench.history.now.text, () => this.readSoon(), leave);
    this.editor.showFaults(bench.checked.faults);
  }

  measure(): void {
    this.editor?.measure();
  }
}
