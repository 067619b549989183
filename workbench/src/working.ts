// That an answer is waited for: a moving bar after a while, words after a longer while.

import { h } from "./dom";

const SOON = 400;
const LONG = 3000;

export class Working {
  private readonly words = h("span", { class: "working-words" });
  readonly element = h("div", { class: "working", role: "status", hidden: true }, h("span", { class: "working-bar", "aria-hidden": "true" }), this.words);
  private timers: number[] = [];

  /** `words` says why it takes long. */
  constructor(private readonly why: () => string) {}

  began(): void {
    if (this.timers.length) return;
    this.timers = [
      window.setTimeout(() => { this.element.hidden = false; }, SOON),
      window.setTimeout(() => { this.words.textContent = this.why(); }, LONG),
    ];
  }

  ended(): void {
    this.timers.forEach((timer) => clearTimeout(timer));
    this.timers = [];
    this.element.hidden = true;
    this.words.textContent = "";
  }
}
