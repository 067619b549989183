// The editor of text: a part of the page of its own, which is loaded when its text is first looked at.

import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Annotation, EditorState, Prec } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { CheckFault } from "./types";

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

export class Editor {
  private readonly view: EditorView;

  /** `typed` is called after a change by hand, `left` when its keys leave it. */
  constructor(root: ShadowRoot, parent: HTMLElement, text: string, typed: () => void, left: () => void) {
    this.view = new EditorView({
      root, parent,
      state: EditorState.create({ doc: text, extensions: [
        lineNumbers(), highlightActiveLine(), highlightActiveLineGutter(), drawSelection(), bracketMatching(), indentOnInput(),
        highlightSelectionMatches(), history(), yaml(), syntaxHighlighting(colours), theme, lintGutter(),
        Prec.high(keymap.of([{ key: "Escape", run: () => { left(); return true; } }])),
        keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap, indentWithTab]),
        EditorView.contentAttributes.of({ tabindex: "0", "aria-label": "Text of the pipeline; Escape leaves it" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !update.transactions.some((each) => each.annotation(FromCards))) typed();
        }),
      ] }),
    });
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  /** Show a text, changing only what differs, so that the cursor stays where it is. */
  show(text: string): void {
    const old = this.text;
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

  showFaults(faults: CheckFault[]): void {
    const { state } = this.view;
    const diagnostics: Diagnostic[] = faults.map((fault) => {
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
