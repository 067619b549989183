// What the checks of the pipeline find: asked for with what is on screen, shown beside what they are about.

import type { Bench } from "./bench";
import { Signal } from "./bus";
import { fill, h, RowList, type Row } from "./dom";
import { short, unitText } from "./format";
import { chainOf, dependsOn, type Model } from "./model";
import { outlookOf, viewMessage } from "./outlook";
import { Requester } from "./requester";
import type { CheckAnswer, CheckBar, ChecksAnswer, FaultAnswer } from "./types";
import { NUMBERS } from "./numbers";

const PANE = NUMBERS.checks;

export class Checks {
  found: CheckAnswer[] = [];
  fault = "";
  readonly changed = new Signal();
  readonly requester: Requester;

  /** `wanted` says whether any of them is on screen. */
  constructor(
    private readonly bench: Bench, send: (message: Record<string, unknown>) => boolean,
    viewport: () => { width: number; height: number }, private readonly wanted: () => boolean,
  ) {
    this.requester = new Requester(() => {
      if (!this.wanted() || !bench.model.checks.length) return null;
      const message = viewMessage(bench, PANE, "", viewport(), outlookOf(bench));
      return message && { ...message, type: "checks" };
    }, () => aboutChecks(bench.model), send);
  }

  ask(again = false): void {
    const names = this.bench.model.checks.map((check) => check.name);
    if (this.found.some(({ name }) => !names.includes(name))) {
      this.found = this.found.filter(({ name }) => names.includes(name));
      this.changed.emit();
    }
    // Of the whole image they are the same wherever one looks.
    if (!again && this.found.length === names.length && this.found.every((check) => check.basis === "exact") && this.about === aboutChecks(this.bench.model)) return;
    if (this.wanted()) this.requester.ask(again);
  }
  private about = "";

  reset(): void {
    this.requester.reset();
    this.found = [];
    this.fault = this.about = "";
    this.changed.emit();
  }

  take(answer: ChecksAnswer): void {
    if (!this.requester.answered(answer.id)) return;
    this.found = answer.checks;
    this.fault = "";
    this.about = aboutChecks(this.bench.model);
    this.changed.emit();
  }

  takeFault(fault: FaultAnswer): void {
    if (fault.pane !== PANE || !this.requester.failed(fault.id)) return;
    this.fault = `${fault.what}${fault.hint ? ` (${fault.hint})` : ""}`;
    this.changed.emit();
  }

  /** Inputs that are drawn are others. */
  layersAnew(inputs: string[]): void {
    const { model } = this.bench;
    if (model.checks.some((check) => check.refs.some((ref) => inputs.some((input) => dependsOn(model, ref, input))))) this.ask(true);
  }
}

/** What the outcome of all checks depends on. */
function aboutChecks(model: Model): string {
  return JSON.stringify([model.rest, model.inputs, model.checks, model.checks.flatMap((check) => check.refs.map((ref) => chainOf(model, ref)))]);
}

const WORDS = { passed: "passed", failed: "not passed", measured: "measured", pending: "being made on the whole image", fault: "cannot be made" };

/** A list of checks, each with its bars. */
export class CheckList {
  private readonly list = h("div", { class: "check-list" });
  private readonly fault = h("p", { class: "palette-fault", role: "status", hidden: true });
  readonly element = h("div", { class: "checks", role: "group", "aria-label": "Checks", hidden: true }, this.list, this.fault);
  private readonly rows = new RowList<CheckAnswer>(this.list, ({ name }) => name, card);
  private shown = "";

  /** `about` says of which values the checks are shown. */
  constructor(private readonly checks: Checks, private readonly about: (of: string) => boolean) {
    checks.changed.on(() => this.show());
  }

  show(): void {
    const { found, fault } = this.checks;
    const own = found.filter((check) => this.about(check.of));
    const key = JSON.stringify([own, own.length ? fault : ""]);
    if (key === this.shown) return;
    this.shown = key;
    this.element.hidden = !own.length;
    this.rows.show(own);
    this.fault.hidden = !fault;
    this.fault.textContent = fault;
  }
}

/** What a check found; it is open where it is not passed, until someone opens or closes it. */
function card({ name }: CheckAnswer): Row<CheckAnswer> {
  const [summary, told] = [h("summary"), h("div")];
  const element = h("details", { "data-check": name }, summary, told);
  let state = "";
  return { element, show: (check) => {
    if (check.state !== state) element.open = check.state === "failed" || check.state === "fault";
    state = check.state;
    element.className = `verdict ${state}`;
    fill(summary, ...headOf(check));
    fill(told, ...linesOf(check));
  } };
}

function headOf(check: CheckAnswer): HTMLElement[] {
  const against = check.against ? `, against ${check.against}` : "";
  const basis = check.basis && check.basis !== "exact" ? [h("p", { class: "about" }, `${check.basis[0]!.toUpperCase()}${check.basis.slice(1)}; of the whole image soon.`)] : [];
  return [h("strong", {}, check.name), h("span", { class: "muted" }, ` ${check.check} of ${check.of}${against} `), h("span", { class: `check-state ${check.state}` }, WORDS[check.state]), ...basis];
}

function linesOf(check: CheckAnswer): HTMLElement[] {
  const lines: HTMLElement[] = [];
  for (const bar of check.bars ?? []) if (bar.at_least !== null || bar.at_most !== null) lines.push(barLine(bar));
  for (const bar of check.bars ?? []) if (!bar.cleared && bar.at_least === null && bar.at_most === null) lines.push(h("p", { class: "check-why" }, `${String(bar.value).slice(0, 1).toUpperCase()}${String(bar.value).slice(1)}.`));
  for (const value of check.values ?? []) {
    const interval = value.low !== null && value.high !== null ? ` [${numberText(value.low)}, ${numberText(value.high)}]` : "";
    lines.push(h("p", { class: "check-line" }, h("span", {}, value.title), h("span", { class: "check-value" }, `${numberText(value.value)}${value.unit ? ` ${unitText(value.unit)}` : ""}`, h("span", { class: "muted" }, interval))));
  }
  if (check.fault) lines.push(h("p", { class: "check-why" }, `${check.fault.what}${check.fault.hint ? ` (${check.fault.hint})` : ""}`));
  return [...lines, h("p", { class: "check-meaning" }, check.meaning)];
}

/** A number on a line, with the bar that it must clear: the line is as long as twice the bar. */
function barLine(bar: CheckBar): HTMLElement {
  const limit = (bar.at_least ?? bar.at_most)!;
  const value = typeof bar.value === "number" ? bar.value : null;
  const [word, sign] = bar.at_least !== null ? ["at least", "≥"] : ["at most", "≤"];
  const share = value === null ? Number(bar.value === "∞") : limit > 0 ? Math.min(1, Math.max(0, value / (2 * limit))) : value > 0 ? 1 : 0;
  const fillBar = h("span", { class: "gauge-fill" });
  fillBar.style.width = `${100 * share}%`;
  return h("p", { class: `check-line ${bar.cleared ? "cleared" : "below"}`, "data-column": bar.column },
    h("span", {}, h("span", { class: "check-mark", "aria-hidden": "true" }, bar.cleared ? "✓" : "✗"), ` ${bar.title}`),
    h("span", { class: "gauge", "aria-hidden": "true" }, fillBar, h("span", { class: "gauge-bar" })),
    h("span", { class: "check-value" }, numberText(bar.value), h("span", { class: "muted", title: `${word} ${short(limit, 3)}` }, ` ${sign} ${short(limit, 3)}`)));
}

function numberText(value: unknown): string {
  if (typeof value === "number") return short(value, 3);
  if (typeof value === "boolean") return value ? "yes" : "no";
  return value === null || value === undefined || value === "" ? "no value" : String(value);
}

/** Beside the head of a column: whether what a check says of it is passed. */
export function badge(checks: CheckAnswer[], table: string, column: string): HTMLElement | null {
  for (const check of checks) {
    const bar = check.bars?.find((each) => each.column === column && (each.at_least !== null || each.at_most !== null));
    const own = check.of === `${table}.${column}`;
    if (!own && !bar) continue;
    const passed = bar ? bar.cleared : check.state === "passed";
    const judged = bar || check.state === "passed" || check.state === "failed";
    if (!judged) continue;
    return h("span", { class: `badge ${passed ? "passed" : "failed"}`, title: `${check.name}: ${passed ? "passed" : "not passed"}${check.basis === "exact" ? "" : `, ${check.basis}`}`, role: "img", "aria-label": `${check.name} ${passed ? "passed" : "not passed"}` }, passed ? "✓" : "✗");
  }
  return null;
}
