// All methods of one kind on what is on screen: each as a small picture with its value and its score.

import type { Bench } from "./bench";
import { h, iconButton } from "./dom";
import { short } from "./format";
import type { StepModel } from "./model";
import { outlookOf, placeFrame, viewMessage } from "./outlook";
import type { Previews } from "./previews";
import { againstStrokes, againstTruth, type Score } from "./score";
import { drawSmall } from "./smallpicture";
import type { Frame, Op } from "./types";
import { siblings, withOp } from "./variants";

/** Labels that are known, to be compared with. */
export interface Known { text: string; of: string; isWhole: boolean; words: string }

export interface Looking {
  bench: Bench; previews: Previews;
  viewport(): { width: number; height: number };
  known(): Known | null;
}

class Tile {
  private readonly canvas = h("canvas", { width: 420, height: 300, "aria-hidden": "true" });
  private readonly value = h("span", { class: "trial-value" }, "waiting");
  private readonly score = h("span", { class: "trial-score" });
  readonly element: HTMLButtonElement;
  frame: Frame | null = null;

  /** `given` is the value of a threshold that is a parameter. */
  constructor(readonly op: Op, private readonly given: unknown, isChosen: boolean, choose: () => void) {
    this.element = h("button", { type: "button", class: "trial", "data-op": op.name, "aria-pressed": String(isChosen), onclick: choose },
      this.canvas, h("strong", {}, op.title, isChosen ? h("small", {}, " in the pipeline") : null), h("span", { class: "trial-told" }, this.value, this.score));
  }

  show(frame: Frame, ground: Frame | null, bench: Bench): void {
    this.frame = frame;
    drawSmall(this.canvas, frame, ground, bench);
    const result = frame.result?.length ? frame.result : typeof this.given === "number" ? [this.given] : null;
    const value = result ? `at ${result.map((each) => short(each)).join(", ")}` : this.op.family === "threshold" ? "for each place" : "";
    this.value.textContent = [value, frame.basis === "exact" ? "" : frame.basis].filter(Boolean).join(", ");
    this.element.dataset.result = String(frame.result?.[0] ?? "");
  }

  fail(what: string): void {
    this.value.textContent = what;
    this.element.classList.add("at-fault");
  }

  rate(score: Score | null, isBest: boolean): void {
    this.score.textContent = score ? `${score.words}${isBest ? ", best" : ""}` : "";
    this.element.classList.toggle("best", isBest);
  }
}

/** Open the gallery of a step; a click on one puts that in its place. */
export function openTrials(step: StepModel, looking: Looking): void {
  const { bench, previews } = looking;
  const ops = siblings(bench.ops, step.op);
  const own = bench.ops.get(step.op)!;
  ops.sort((a, b) => Number(b === own) - Number(a === own));
  const output = own.outputs[0]!.name;
  const of = output ? `${step.name}.${output}` : step.name;
  const known = own.outputs[0]!.kind === "mask" || own.outputs[0]!.kind === "labels" ? looking.known() : null;
  const keys: string[] = [];
  let ground: Frame | null = null;
  let truth: Frame | null = null;
  const tiles = ops.map((op) => new Tile(op, step.params.value ?? op.parameters.properties?.value?.default, op === own, () => {
    dialog.close();
    if (op !== own) bench.change(withOp(bench.text, step, op));
    bench.showInActive(of);
  }));
  const grid = h("div", { class: "trials" }, tiles.map(({ element }) => element));
  const about = h("p", { class: "gallery-count", role: "status" });
  const dialog = h("dialog", { class: "gallery", "aria-label": `All methods for ${step.name}` },
    h("header", {}, h("h2", {}, `${ops.length} methods for ${step.name}, on what is on screen`), iconButton("close", "Close", () => dialog.close())), about, grid);

  const message = (text: string, ref: string) => {
    const asked = viewMessage(bench, 0, ref, looking.viewport(), outlookOf(bench));
    return asked && { ...asked, text };
  };
  const ask = (key: string, text: string, ref: string, took: (frame: Frame) => void, failed: (what: string) => void) => {
    keys.push(key);
    previews.ask(key, {
      message: () => message(text, ref),
      took: (frame) => {
        placeFrame(frame, outlookOf(bench), bench.image!);
        took(frame);
      },
      failed: (fault) => failed(fault.what),
    });
  };
  const say = () => {
    const done = tiles.filter(({ frame, element }) => frame || element.classList.contains("at-fault")).length;
    const compared = truth ? `, compared with ${known!.words}` : "";
    about.textContent = `${done < tiles.length ? `${done} of ${tiles.length}` : "Click one to take it; Ctrl+Z takes it back"}${compared}`;
  };
  const rate = () => {
    const scores = tiles.map(({ frame }) => (frame && truth ? (known!.isWhole ? againstTruth : againstStrokes)(frame, truth) : null));
    const best = Math.max(...scores.map((score) => score?.value ?? -1));
    tiles.forEach((tile, k) => tile.rate(scores[k]!, scores[k] !== null && scores[k]!.value === best && scores.filter(Boolean).length > 1));
    say();
  };
  const redraw = () => { for (const tile of tiles) if (tile.frame) tile.show(tile.frame, ground, bench); };
  ask("trial ground", bench.text, step.source, (frame) => { ground = frame; redraw(); }, () => undefined);
  if (known) ask("trial known", known.text, known.of, (frame) => { truth = frame; rate(); }, () => undefined);
  for (const tile of tiles) {
    ask(`trial ${tile.op.name}`, withOp(bench.text, step, tile.op), of,
      (frame) => { tile.show(frame, ground, bench); rate(); }, (what) => { tile.fail(what); say(); });
  }
  grid.addEventListener("keydown", (event) => {
    const columns = Math.max(1, getComputedStyle(grid).gridTemplateColumns.split(" ").length);
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
    const place = tiles.findIndex(({ element }) => element === document.activeElement);
    if (!by || place < 0) return;
    event.preventDefault();
    tiles[place + by]?.element.focus();
  });
  const opener = document.activeElement as HTMLElement | null;
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => {
    previews.drop(keys);
    dialog.remove();
    if (opener?.isConnected) opener.focus();
  });
  document.body.append(dialog);
  say();
  dialog.showModal();
  tiles[0]?.element.focus();
}

/** The button that opens it; null where there is but one way. */
export function trialsButton(bench: Bench, op: string, open: () => void): HTMLButtonElement | null {
  const count = siblings(bench.ops, op).length;
  if (count < 2) return null;
  return h("button", { type: "button", class: "small try-all", title: "Each way of this kind on what is on screen, to choose from", onclick: open }, `Try all ${count}`);
}
