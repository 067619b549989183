// The text of the pipeline: always the same document as the cards.

import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Annotation, EditorState, Prec } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { Bench } from "./bench";
import { debounced } from "./bus";
import { h } from "./dom";

const FromCards = Annotation.define<boolean>();

const theme = EditorView.theme({
  "&": { height: "100%", fontSize: "12.5px", backgroundColor: "var(--field)", color: "var(--text)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6" },
  ".cm-content": { caretColor: "var(--accent-strong)" },
  ".cm-cursor": { borderLeftColor: "var(--accent-strong)", borderLeftWidth: "2px" },
  ".cm-gutters": { backgroundColor: "var(--field)", color: "var(--faint)", border: "none" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--accent) 8%, transparent)" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "color-mix(in srgb, var(--accent) 30%, transparent)" },
  ".cm-tooltip": { backgroundColor: "var(--panel)", color: "var(--text)", border: "1px solid var(--line)" },
  ".cm-panels": { backgroundColor: "var(--panel)", color: "var(--text)" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--bad)", textUnderlineOffset: "3px" },
});

const colours = HighlightStyle.define([
  { tag: tags.comment, color: "var(--code-comment)", fontStyle: "italic" },
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--code-key)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-text)" },
  { tag: [tags.separator, tags.punctuation, tags.squareBracket, tags.brace], color: "var(--muted)" },
]);

export class YamlTab {
  // A shadow root takes the styles of the editor as sheets, which a strict page allows.
  readonly element = h("div", { class: "yaml" });
  private readonly view: EditorView;
  private readonly readSoon: ReturnType<typeof debounced>;

  constructor(private readonly bench: Bench) {
    const root = this.element.attachShadow({ mode: "open" });
    const host = h("div");
    host.style.height = "100%";
    root.append(host);
    this.readSoon = debounced(300, () => bench.change(this.view.state.doc.toString(), "yaml", "yaml"));
    this.view = new EditorView({
      root, parent: host,
      state: EditorState.create({ extensions: [
        lineNumbers(), highlightActiveLine(), highlightActiveLineGutter(), drawSelection(), bracketMatching(), indentOnInput(),
        highlightSelectionMatches(), history(), yaml(), syntaxHighlighting(colours), theme, lintGutter(),
        Prec.high(keymap.of([{ key: "Escape", run: () => { this.element.closest("section")?.querySelector<HTMLElement>("[role=tab][aria-selected=true]")?.focus(); return true; } }])),
        keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap, indentWithTab]),
        EditorView.contentAttributes.of({ tabindex: "0", "aria-label": "Text of the pipeline; Escape leaves it" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !update.transactions.some((each) => each.annotation(FromCards))) this.readSoon();
        }),
      ] }),
    });
    bench.textChanged.on(({ from }) => { if (from !== "yaml") this.show(bench.history.now.text); });
    bench.checkedChanged.on(() => this.showFaults());
  }

  /** What is being typed counts now: something else is about to change the text. */
  settle(): void {
    const text = this.view.state.doc.toString();
    this.readSoon.cancel();
    if (text !== this.bench.history.now.text) this.bench.change(text, "yaml", "yaml");
  }

  /** Show a text, changing only what differs, so that the cursor stays where it is. */
  private show(text: string): void {
    this.readSoon.cancel();
    const old = this.view.state.doc.toString();
    if (old === text) return;
    let from = 0;
    while (from < old.length && from < text.length && old[from] === text[from]) from += 1;
    let end = 0;
    while (end < old.length - from && end < text.length - from && old[old.length - 1 - end] === text[text.length - 1 - end]) end += 1;
    this.view.dispatch({
      changes: { from, to: old.length - end, insert: text.slice(from, text.length - end) },
      annotations: FromCards.of(true),
    });
  }

  private showFaults(): void {
    const { state } = this.view;
    const diagnostics: Diagnostic[] = this.bench.checked.faults.map((fault) => {
      const line = state.doc.line(Math.min(state.doc.lines, Math.max(1, fault.line ?? 1)));
      const start = line.from + (/^\s*/.exec(line.text)?.[0].length ?? 0);
      return { from: Math.min(start, line.to), to: line.to, severity: "error", message: `${fault.what}${fault.hint ? ` (${fault.hint})` : ""}` };
    });
    this.view.dispatch(setDiagnostics(state, diagnostics));
  }

  measure(): void {
    this.view.requestMeasure();
  }
}
