// A parameter on a card: its control, its title, its fault.

import { parseDocument } from "yaml";
import { h, iconButton } from "./dom";
import { flow } from "./edit";
import { unitText } from "./format";
import { controlOf, fromNotch, NOTCHES, scaleOf, splitQuantity, toNotch, type Control, type Scale } from "./schema";
import type { CheckFault, Schema } from "./types";

export interface FieldHands {
  set(value: unknown, dragging: boolean): void;
  reset(): void;
  /** The values of what the step is given, where they say how far a slider goes. */
  range(): { low: number; high: number } | null;
}

/** What a text typed into a field says: a number, a list, a text. */
function typed(text: string, control: Control): unknown {
  if (text.trim() === "" && control.nullable) return null;
  if (control.kind === "text") return text;
  const document = parseDocument(text);
  return document.errors.length ? text : document.toJS() as unknown;
}

const show = (value: unknown): string =>
  value === null || value === undefined ? "" : typeof value === "string" ? value : flow(value);

export class Field {
  readonly element: HTMLElement;
  private readonly control: Control;
  private readonly id: string;
  private scale: Scale | null = null;
  private slider: HTMLInputElement | null = null;
  private box: HTMLInputElement | HTMLSelectElement | HTMLFieldSetElement;
  private readonly unit = h("span", { class: "unit" });
  private readonly faultText = h("p", { class: "field-fault", hidden: true });
  private readonly resetButton: HTMLButtonElement;
  private value: unknown;

  constructor(step: string, readonly name: string, private readonly schema: Schema, private readonly required: boolean, private readonly hands: FieldHands) {
    this.control = controlOf(schema);
    this.id = `field-${step}-${name}`;
    this.faultText.id = `${this.id}-fault`;
    const title = schema.title ?? name.replace(/_/g, " ");
    this.resetButton = iconButton("reset", `Reset ${title}`, () => hands.reset(), { hidden: true });
    this.box = this.makeBox();
    const label = this.control.kind === "many" ? h("span", { class: "field-title", id: `${this.id}-title` }, title)
      : h("label", { for: this.id, class: "field-title", title: schema.description ?? name }, title);
    const row = h("div", { class: "field-row" });
    if (this.control.kind === "number") {
      this.slider = h("input", { type: "range", min: "0", max: String(NOTCHES), class: "slider", "aria-label": `${title}, slider`,
        oninput: () => this.slid(true), onchange: () => this.slid(false) });
      row.append(this.slider, this.box, this.unit);
    } else {
      row.append(this.box);
    }
    this.element = h("div", { class: `field kind-${this.control.kind}`, "data-parameter": name },
      h("div", { class: "field-head" }, label, this.resetButton), row, this.faultText);
  }

  private makeBox(): HTMLInputElement | HTMLSelectElement | HTMLFieldSetElement {
    const { control } = this;
    if (control.kind === "many") {
      const picked = () => [...this.box.querySelectorAll("input")].flatMap((box, place) => (box.checked ? [control.choices[place]] : []));
      return h("fieldset", { class: "many", "aria-labelledby": `${this.id}-title` }, control.choices.map((choice) =>
        h("label", {}, h("input", { type: "checkbox", onchange: () => this.hands.set(picked(), false) }), show(choice))));
    }
    if (control.kind === "choice") {
      const options = control.nullable ? [null, ...control.choices] : control.choices;
      return h("select", { id: this.id, onchange: () => {
        const picked = options[(this.box as HTMLSelectElement).selectedIndex];
        this.hands.set(picked, false);
      } }, options.map((option) => h("option", { value: show(option) }, option === null ? "automatic" : show(option))));
    }
    if (control.kind === "flag") {
      return h("input", { id: this.id, type: "checkbox", class: "switch", onchange: () => this.hands.set((this.box as HTMLInputElement).checked, false) });
    }
    const commit = () => this.typedIn();
    return h("input", {
      id: this.id, type: "text", class: control.kind === "number" ? "number" : "text", spellcheck: false, autocomplete: "off",
      inputMode: control.kind === "number" && !control.quantity ? "decimal" : "text",
      placeholder: control.nullable ? "automatic" : this.required ? "needed" : "", onchange: commit,
      onkeydown: (event: KeyboardEvent) => { if (control.kind === "number") this.stepped(event); },
    });
  }

  private slid(dragging: boolean): void {
    if (!this.scale || !this.slider) return;
    const number = fromNotch(this.scale, Number(this.slider.value));
    const unit = splitQuantity(this.value)?.unit ?? "";
    const value = unit ? `${number} ${unit}` : number;
    if (value === this.value) return;
    this.value = value;
    (this.box as HTMLInputElement).value = String(number);
    this.hands.set(value, dragging);
  }

  private typedIn(): void {
    const text = (this.box as HTMLInputElement).value;
    let value = typed(text, this.control);
    const unit = this.control.quantity ? splitQuantity(this.value)?.unit ?? "" : "";
    if (typeof value === "number" && unit) value = `${value} ${unit}`;
    this.hands.set(value, false);
  }

  /** Arrow keys in the number box. */
  private stepped(event: KeyboardEvent): void {
    const by = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
    const present = splitQuantity(this.value);
    if (!by || !present || !this.scale) return;
    event.preventDefault();
    let next = fromNotch(this.scale, toNotch(this.scale, present.number) + by * (event.shiftKey ? 20 : 4));
    if (this.scale.step) next = present.number + by;
    next = Math.min(this.control.high ?? Infinity, Math.max(this.control.low ?? -Infinity, next));
    this.hands.set(present.unit ? `${next} ${present.unit}` : next, true);
  }

  /** Show a value; `given` says whether the text has it. */
  show(given: boolean, value: unknown): void {
    const { control } = this;
    this.value = given ? value : this.schema.default;
    this.element.classList.toggle("changed", given && show(value) !== show(this.schema.default));
    this.resetButton.hidden = !given || this.required;
    if (control.kind === "flag") {
      (this.box as HTMLInputElement).checked = this.value === true;
    } else if (control.kind === "many") {
      const chosen = Array.isArray(this.value) ? this.value.map(show) : [];
      this.box.querySelectorAll("input").forEach((box, place) => { box.checked = chosen.includes(show(control.choices[place])); });
    } else if (control.kind === "choice") {
      const text = show(this.value);
      const box = this.box as HTMLSelectElement;
      if (![...box.options].some((option) => option.value === text)) box.append(h("option", { value: text }, text));
      box.value = text;
    } else if (control.kind === "number") {
      const quantity = typeof this.value === "number" || (control.quantity && typeof this.value === "string") ? splitQuantity(this.value) : null;
      const box = this.box as HTMLInputElement;
      if (!(document.activeElement === box && box.value !== "" && Number(box.value) === quantity?.number)) {
        box.value = quantity ? String(quantity.number) : show(this.value);
      }
      this.unit.textContent = quantity ? (quantity.unit ? unitText(quantity.unit) : control.bare) : control.bare;
      this.unit.hidden = !this.unit.textContent;
      const dragged = this.slider === document.activeElement && this.scale && quantity
        && quantity.number >= this.scale.low && quantity.number <= this.scale.high;
      const range = control.low === null && control.high === null && !control.quantity ? this.hands.range() : null;
      if (!dragged && range && quantity) {
        this.scale = { low: Math.min(range.low, quantity.number), high: Math.max(range.high, quantity.number), log: false, step: control.integer ? 1 : 0 };
      } else if (!dragged) this.scale = quantity ? scaleOf(control, unitOf(this.schema.default) === quantity.unit ? this.schema.default : quantity.number, quantity.number) : null;
      this.slider!.hidden = !this.scale;
      if (this.scale && quantity) {
        this.slider!.value = String(toNotch(this.scale, quantity.number));
        this.slider!.setAttribute("aria-valuetext", `${quantity.number} ${this.unit.textContent}`.trim());
      }
    } else {
      (this.box as HTMLInputElement).value = show(this.value);
    }
  }

  showFault(fault: CheckFault | undefined): void {
    this.faultText.hidden = !fault;
    this.element.classList.toggle("at-fault", Boolean(fault));
    if (fault) {
      this.faultText.textContent = fault.hint ? `${fault.what} (${fault.hint})` : fault.what;
      this.box.setAttribute("aria-invalid", "true");
      this.box.setAttribute("aria-describedby", this.faultText.id);
    } else {
      this.box.removeAttribute("aria-invalid");
      this.box.removeAttribute("aria-describedby");
    }
  }
}

function unitOf(value: unknown): string {
  return splitQuantity(value)?.unit ?? "";
}
