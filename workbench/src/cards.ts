// The pipeline as cards, one a step.

import type { Bench } from "./bench";
import { move, putBack, putIn, takeOut, type Off } from "./chain";
import { fill, h, icon, iconButton, RowList, type Row } from "./dom";
import { deleteIn, setIn } from "./edit";
import { Field } from "./field";
import { openGallery } from "./gallery";
import { ARRAYS, fits, kindOf, values, type StepModel } from "./model";
import { OpPictures } from "./oppictures";
import { openTrials, trialsButton, type Looking } from "./tryall";
import { rename, renameInOff, whyNot } from "./rename";
import type { CheckFault, Op } from "./types";

class Card {
  readonly element: HTMLElement;
  private readonly fields: Field[] = [];
  private readonly wires: { key: string; select: HTMLSelectElement; fault: HTMLElement }[] = [];
  private readonly faultText = h("p", { class: "card-fault", role: "status", hidden: true });
  private readonly up: HTMLButtonElement;
  private readonly down: HTMLButtonElement;
  private readonly eye: HTMLButtonElement;
  private index = 0;

  constructor(private readonly bench: Bench, readonly name: string, readonly opName: string, private readonly op: Op | undefined, hands: Cards) {
    const array = op?.outputs.find((output) => ARRAYS.has(output.kind));
    this.eye = iconButton("eye", `Show ${name} in the active pane`, () => bench.showInActive(array?.name ? `${name}.${array.name}` : name), { disabled: !array });
    this.up = iconButton("up", `Move ${name} up`, () => hands.move(name, -1));
    this.down = iconButton("down", `Move ${name} down`, () => hands.move(name, 1));
    const form = h("div", { class: "card-form" });
    op?.inputs.forEach((input, place) => {
      const key = place === 0 ? "input" : input.name;
      const id = `wire-${name}-${key}`;
      const select = h("select", { id, onchange: () => this.rewire(key, select.value) });
      const fault = h("p", { class: "field-fault", hidden: true });
      const title = place === 0 ? "Takes" : input.name.replace(/_/g, " ");
      form.append(h("div", { class: "field wire" }, h("label", { for: id, class: "field-title" }, title), select, fault));
      this.wires.push({ key, select, fault });
    });
    const required = new Set(op?.parameters.required ?? []);
    for (const [key, schema] of Object.entries(op?.parameters.properties ?? {})) {
      const resolved = schema.$ref ? { ...op!.parameters.$defs?.[schema.$ref.split("/").pop()!], ...schema } : schema;
      const field = new Field(name, key, resolved, required.has(key), {
        set: (value, dragging) => bench.change(setIn(bench.text, ["steps", name, key], value), dragging ? `${name}.${key}` : ""),
        range: () => {
          const source = op?.family === "threshold" ? bench.model.steps.find((step) => step.name === name)?.source : undefined;
          return source === undefined ? null : bench.limits.get(source) ?? null;
        },
        reset: () => bench.change(deleteIn(bench.text, ["steps", name, key]), ""),
      });
      this.fields.push(field);
      form.append(field.element);
    }
    const tries = trialsButton(bench, opName, () => hands.tryAll(name));
    if (tries) form.append(tries);
    this.element = h("article", { class: "card", "data-step": name, "aria-label": `Step ${name}` },
      h("header", { class: "card-head" },
        h("div", { class: "card-names" }, this.title(hands), h("span", { class: "op-name" }, opName)),
        h("div", { class: "card-tools" }, this.eye,
          iconButton("power", `Switch ${name} off`, () => hands.switchOff(name)), this.up, this.down,
          iconButton("trash", `Delete ${name}`, () => hands.remove(name)))),
      op ? h("p", { class: "card-summary" }, plainMath(op.summary)) : null, this.faultText, form,
      h("button", { type: "button", class: "insert", "aria-label": `Insert a step after ${name}`, onclick: () => hands.insert(name) }, h("span", {}, "+ insert a step")));
  }

  /** The name, which a click changes. */
  private title(hands: Cards): HTMLElement {
    const { bench, name } = this;
    const head = h("h2", {});
    const button = h("button", { type: "button", class: "card-name", title: "Rename", "aria-label": `Rename ${name}`, onclick: () => edit() }, name, icon("pencil"));
    const edit = () => {
      const input = h("input", { type: "text", class: "card-rename", value: name, "aria-label": `New name of ${name}`, spellcheck: false, autocomplete: "off", maxLength: 60 });
      const why = h("p", { class: "field-fault", role: "alert", hidden: true });
      const taken = [...bench.model.inputs, ...bench.model.steps.map((step) => step.name), ...bench.history.now.off.map((off) => off.name)].filter((each) => each !== name);
      const check = () => {
        const fault = whyNot(input.value.trim(), taken);
        why.hidden = !fault;
        why.textContent = fault;
        input.setAttribute("aria-invalid", String(fault !== ""));
        return fault === "";
      };
      let ended = false;
      const end = (keep: boolean, focus: boolean) => {
        if (ended || (keep && focus && !check())) return;
        ended = true;
        const to = input.value.trim();
        fill(head, button);
        if (keep && to !== name && check()) hands.rename(name, to, focus);
        else if (focus) button.focus();
      };
      input.addEventListener("input", check);
      input.addEventListener("blur", () => end(true, false));
      input.addEventListener("keydown", (event) => {
        if (event.key === "Enter") end(true, true);
        else if (event.key === "Escape") end(false, true);
        else return;
        event.preventDefault();
        event.stopPropagation();
      });
      fill(head, input, why);
      input.focus();
      input.select();
    };
    fill(head, button);
    return head;
  }

  private rewire(key: string, ref: string): void {
    const { bench, name } = this;
    const text = ref === "" ? deleteIn(bench.text, ["steps", name, key]) : setIn(bench.text, ["steps", name, key], ref);
    bench.change(text);
  }

  show(step: StepModel, index: number, count: number): void {
    const { bench, op } = this;
    this.index = index;
    this.up.disabled = index === 0;
    this.down.disabled = index === count - 1;
    for (const field of this.fields) field.show(field.name in step.params, step.params[field.name]);
    const earlier = new Set(bench.model.steps.slice(0, this.index).map((each) => each.name));
    const all = values(bench.model, bench.ops);
    this.wires.forEach(({ key, select }, place) => {
      const input = op!.inputs[place]!;
      const suited = all.filter((value) => (value.step === null || earlier.has(value.step)) && fits(value.kind, input.kind));
      const previous = bench.model.steps[index - 1]?.name ?? bench.model.inputs[0]!;
      const options: [string, string][] = [];
      if (place === 0) options.push(["", `${previous} (the step before)`]);
      else if (input.optional) options.push(["", "nothing"]);
      else options.push(["", "choose one"]);
      for (const value of suited) options.push([value.ref, value.ref]);
      const named = step.named[key] ?? "";
      if (named && !options.some(([ref]) => ref === named)) options.push([named, named]);
      fill(select, options.map(([ref, text]) => h("option", { value: ref }, text)));
      select.value = named;
    });
    const shown = bench.display.of.slice(0, bench.display.count);
    this.element.classList.toggle("shown", shown.some((of) => of.split(".")[0] === this.name));
    this.element.classList.toggle("in-active", bench.activeOf.split(".")[0] === this.name);
    this.eye.setAttribute("aria-pressed", String(bench.activeOf.split(".")[0] === this.name));
  }

  showFaults(faults: CheckFault[]): void {
    const path = `steps.${this.name}`;
    const own = faults.filter((fault) => fault.path === path || fault.path.startsWith(`${path}.`));
    const at = (key: string) => own.find((fault) => fault.path === `${path}.${key}` || fault.path.startsWith(`${path}.${key}.`) || fault.path.startsWith(`${path}.${key}[`));
    const placed = new Set<CheckFault>();
    for (const field of this.fields) {
      const fault = at(field.name);
      field.showFault(fault);
      if (fault) placed.add(fault);
    }
    for (const { key, fault: text } of this.wires) {
      const fault = at(key);
      text.hidden = !fault;
      text.textContent = fault ? (fault.hint ? `${fault.what} (${fault.hint})` : fault.what) : "";
      if (fault) placed.add(fault);
    }
    const rest = own.filter((fault) => !placed.has(fault));
    this.faultText.hidden = !rest.length;
    this.faultText.textContent = rest.map((fault) => (fault.hint ? `${fault.what} (${fault.hint})` : fault.what)).join("; ");
    this.element.classList.toggle("at-fault", own.length > 0);
  }
}

/** A summary without the marks of formulas. */
export function plainMath(text: string): string {
  return text.replace(/:math:`([^`]*)`/g, "$1").replace(/`+/g, "");
}

/** What stands in the column: a step, one that is switched off, or what adds one. */
type Item = { step: StepModel; index: number } | { off: Off } | { adds: "first" | "another" };

function keyOf(item: Item): string {
  if ("step" in item) return `step ${item.step.name} ${item.step.op}`;
  return "off" in item ? `off ${item.off.name} ${item.off.op}` : item.adds;
}

export class Cards {
  readonly element: HTMLElement;
  private readonly list = h("div", { class: "cards" });
  private readonly notice = h("div", { class: "notice fault", role: "status", hidden: true });
  private readonly rows = new RowList<Item>(this.list, keyOf, (item) => this.row(item));
  private readonly cards = new Map<string, Card>();
  private focusNext = "";

  constructor(private readonly bench: Bench, private readonly looking: Looking) {
    this.element = h("section", { class: "pipeline", "aria-label": "Pipeline" }, this.notice, this.list);
    bench.textChanged.on(() => this.show());
    bench.checkedChanged.on(() => this.showFaults());
    bench.displayChanged.on(() => this.show());
    bench.contrastChanged.on(() => this.show());
  }

  private show(): void {
    const { bench } = this;
    const { model } = bench;
    const unreadable = bench.unreadable;
    this.list.inert = Boolean(unreadable);
    this.list.classList.toggle("old", Boolean(unreadable));
    this.rows.show(this.items());
    for (const name of this.cards.keys()) if (!model.steps.some((step) => step.name === name)) this.cards.delete(name);
    this.showFaults();
    if (this.focusNext) {
      const card = this.cards.get(this.focusNext);
      this.focusNext = "";
      card?.element.scrollIntoView({ block: "nearest" });
      card?.element.querySelector<HTMLElement>("input, select, button")?.focus();
    }
  }

  /** Steps in their order, those that are switched off where they were, and what adds one. */
  private items(): Item[] {
    const { steps } = this.bench.model;
    const off = this.bench.history.now.off;
    const items: Item[] = [];
    const offAfter = (after: string | null) => off.filter((each) => each.after === after).forEach((each) => {
      items.push({ off: each });
      offAfter(each.name);
    });
    offAfter(null);
    steps.forEach((step, index) => {
      items.push({ step, index });
      offAfter(step.name);
    });
    const placed = new Set(items.flatMap((item) => ("off" in item ? [item.off] : [])));
    for (const each of off) if (!placed.has(each)) items.push({ off: each });
    return [...items, { adds: steps.length ? "another" : "first" }];
  }

  private row(item: Item): Row<Item> {
    if ("off" in item) return this.offCard(item.off.name, item.off.op);
    if ("adds" in item) return { element: this.addCard(item.adds), show: () => undefined };
    const { name, op } = item.step;
    const card = new Card(this.bench, name, op, this.bench.ops.get(op), this);
    this.cards.set(name, card);
    return { element: card.element, show: (now) => { if ("step" in now) card.show(now.step, now.index, this.bench.model.steps.length); } };
  }

  private addCard(adds: "first" | "another"): HTMLElement {
    if (adds === "another") return h("button", { type: "button", class: "add", onclick: () => this.insert(this.bench.model.steps[this.bench.model.steps.length - 1]!.name) }, "+ Add a step");
    return h("div", { class: "empty" }, h("p", {}, "A pipeline is a row of steps, each made from the result of the one before."),
      h("button", { type: "button", class: "primary", onclick: () => this.insert(null) }, "Choose the first step"));
  }

  private showFaults(): void {
    const { faults } = this.bench.checked;
    for (const card of this.cards.values()) card.showFaults(faults);
    const elsewhere = faults.filter((fault) => ![...this.cards.keys()].some((name) => fault.path === `steps.${name}` || fault.path.startsWith(`steps.${name}.`)));
    const { unreadable } = this.bench;
    const empty = !this.bench.model.steps.length;
    const lines = unreadable
      ? [`The text cannot be read at line ${unreadable.line}: ${unreadable.what}. The cards show it as it was before.`]
      : elsewhere.filter((fault) => !(empty && fault.path === "steps"))
        .map((fault) => `${fault.path ? `${fault.path}: ` : ""}${fault.what}${fault.hint ? ` (${fault.hint})` : ""}`);
    this.notice.hidden = !lines.length;
    fill(this.notice, lines.map((line) => h("p", {}, line)));
  }

  private offCard(name: string, op: string): Row<Item> {
    const now = () => this.bench.history.now.off.find((each) => each.name === name)!;
    return { show: () => undefined, element: h("article", { class: "card off", "data-step": name, "aria-label": `Step ${name}, switched off` },
      h("header", { class: "card-head" },
        h("div", { class: "card-names" }, h("h2", {}, name), h("span", { class: "op-name" }, `${op}, off`)),
        h("div", { class: "card-tools" },
          iconButton("power", `Switch ${name} on`, () => this.switchOn(now()), { "aria-pressed": "true" }),
          iconButton("trash", `Delete ${name}`, () => this.bench.change(this.bench.text, "", "off", this.without(now())))))) };
  }

  private without(off: Off): Off[] {
    return this.bench.history.now.off.filter((each) => each !== off).map((each) =>
      (each.after === off.name ? { ...each, after: off.after } : each));
  }

  switchOff(name: string): void {
    const { bench } = this;
    const { text, ...off } = takeOut(bench.text, name, bench.ops);
    bench.change(text, "", "cards", [...bench.history.now.off, off]);
  }

  private switchOn(off: Off): void {
    const { bench } = this;
    let after = off.after;
    for (let each = bench.history.now.off.find((o) => o.name === after); each; each = bench.history.now.off.find((o) => o.name === after)) after = each.after;
    this.focusNext = off.name;
    bench.change(putBack(bench.text, { ...off, after }), "", "cards", bench.history.now.off.filter((each) => each !== off));
  }

  rename(name: string, to: string, focus: boolean): void {
    const { bench } = this;
    const text = rename(bench.text, name, to, bench.ops);
    bench.change(text, "", "cards", renameInOff(bench.history.now.off, name, to, bench.ops));
    if (focus) this.cards.get(to)?.element.querySelector<HTMLElement>(".card-name")?.focus();
  }

  remove(name: string): void {
    const { bench } = this;
    const { text, after } = takeOut(bench.text, name, bench.ops);
    const off = bench.history.now.off.map((each) => (each.after === name ? { ...each, after } : each));
    bench.change(text, "", "cards", off.some((each, i) => each !== bench.history.now.off[i]) ? off : bench.history.now.off);
  }

  move(name: string, by: -1 | 1): void {
    const { bench } = this;
    const index = bench.model.steps.findIndex((step) => step.name === name);
    if (index + by < 0 || index + by >= bench.model.steps.length) return;
    bench.change(move(bench.text, index, by));
    const card = this.cards.get(name);
    card?.element.scrollIntoView({ block: "nearest" });
    card?.element.querySelector<HTMLButtonElement>(`[aria-label="Move ${name} ${by < 0 ? "up" : "down"}"]`)?.focus();
  }

  tryAll(name: string): void {
    const step = this.bench.model.steps.find((each) => each.name === name);
    if (step) openTrials(step, this.looking);
  }

  insert(after: string | null): void {
    const { bench } = this;
    const source = after ?? bench.model.inputs[0]!;
    const kind = kindOf(bench.model, bench.ops, source) ?? "image";
    const available = values(bench.model, bench.ops).map((value) => value.kind);
    const pictures = (root: HTMLElement) => new OpPictures(bench, this.looking.previews, after, root);
    openGallery([...bench.ops.values()], kind, available, pictures, (op) => {
      const { text, name } = putIn(bench.text, op, after, bench.ops, bench.history.now.off);
      this.focusNext = name;
      const array = bench.ops.get(op)?.outputs.find((output) => ARRAYS.has(output.kind));
      bench.change(text);
      if (array) bench.showInActive(array.name ? `${name}.${array.name}` : name);
    });
  }
}
