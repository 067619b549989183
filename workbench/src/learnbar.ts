// What the palette says of the classifier: what learns, from how much, and what may be looked at.

import type { Bench } from "./bench";
import { fill, h } from "./dom";
import type { Learning } from "./learning";
import type { Painting } from "./painting";
import type { ClassifierSettings } from "./types";

const ESTIMATORS: [ClassifierSettings["estimator"], string][] = [
  ["forest", "forest"], ["extra_trees", "extra trees"], ["boosting", "boosting"],
  ["neighbours", "neighbours"], ["logistic", "logistic"], ["linear", "linear"],
];

export class Learnbar {
  readonly element: HTMLElement;
  private readonly estimator = h("select", { id: "estimator", onchange: () => void this.learning.choose({ estimator: this.estimator.value as ClassifierSettings["estimator"] }) },
    ESTIMATORS.map(([value, text]) => h("option", { value }, text)));
  private readonly sigmas = h("input", { type: "text", id: "sigmas", class: "sigmas", spellcheck: false, autocomplete: "off", title: "Widths at which it looks around each sample: in pixels, or with a unit as 2 um", onchange: () => void this.learning.choose({ sigmas: widths(this.sigmas.value) }) });
  private readonly said = h("span", { class: "learned", role: "status" });
  private readonly fault = h("p", { class: "palette-fault", hidden: true });
  private readonly hits = h("input", { type: "checkbox", id: "hits", onchange: () => { this.painting.hits = this.hits.checked; this.painting.changed.emit(); } });
  private readonly looks = h("div", { class: "group" });
  private readonly next = h("button", { type: "button", title: "Go where it is least decided: where a stroke helps most (N)", "aria-keyshortcuts": "n", onclick: () => this.learning.next() }, "Where next");
  private readonly judge = h("button", { type: "button", title: "Learn again and again from a part of what is painted, and judge on the rest: a report with scores that can be trusted", onclick: () => void this.evaluate() }, "Evaluate");

  constructor(bench: Bench, private readonly painting: Painting, private readonly learning: Learning, private readonly begun: () => void) {
    this.element = h("div", { class: "palette-learning", role: "group", "aria-label": "Classifier", hidden: true },
      h("div", { class: "group" }, h("label", { for: "estimator" }, "learns by"), this.estimator),
      h("div", { class: "group" }, h("label", { for: "sigmas" }, "widths"), this.sigmas),
      this.looks, h("label", { class: "check", for: "hits", title: "Green where its answer is the class that is painted, magenta where not. It has learned from these, so it is no score." }, this.hits, " hits"),
      this.next, this.judge, this.said, this.fault);
    learning.changed.on(() => this.show());
    painting.changed.on(() => this.show());
    bench.textChanged.on(() => this.show());
  }

  private show(): void {
    const { learning } = this;
    this.element.hidden = !learning.active || !this.painting.open;
    if (this.element.hidden) return;
    const { about, told } = learning;
    if (about) {
      this.estimator.value = about.settings.estimator;
      if (document.activeElement !== this.sigmas) this.sigmas.value = about.settings.sigmas.join(", ");
      for (const field of [this.estimator, this.sigmas]) {
        field.disabled = about.own;
        if (about.own) field.title = `${about.document} was changed by hand: change it there`;
      }
    }
    this.next.disabled = this.judge.disabled = !told;
    this.hits.checked = this.painting.hits;
    const names = told?.classes.map(({ name }) => name) ?? [];
    const wanted = names.join("\n");
    if (this.looks.dataset.of !== wanted) {
      this.looks.dataset.of = wanted;
      const look = (text: string, title: string, op: string, params: Record<string, unknown> = {}) =>
        h("button", { type: "button", title, onclick: () => learning.put(op, params) }, text);
      fill(this.looks, told ? [
        look("Classes", "The most probable class of each sample", "learn.classify"),
        look("Probability", `How probable ${names[names.length - 1]} is`, "learn.probability", { of: names[names.length - 1] }),
        look("Uncertainty", "How undecided it is: bright where two classes are as probable", "learn.uncertainty"),
      ] : []);
    }
    const counts = told?.classes.map(({ name, samples }) => `${name} ${samples.toLocaleString("en")}`).join(", ");
    const images = told && told.images > 1 ? ` of ${told.images} images` : "";
    this.said.textContent = learning.words || (told ? `learned from ${counts} samples${images}, ${told.milliseconds} ms` : learning.busy ? "learning" : "");
    this.fault.hidden = !learning.fault;
    this.fault.textContent = learning.fault;
  }

  private async evaluate(): Promise<void> {
    if (await this.learning.judge()) this.begun();
  }
}

/** The widths that a text lists. */
function widths(text: string): (number | string)[] {
  return text.split(",").map((each) => each.trim()).filter(Boolean).map((each) => (/^[\d.]+$/.test(each) ? Number(each) : each));
}
