// That an answer is waited for: a moving bar after a while, words after a longer while.

import { h } from "./dom";

const SOON = 400;
const LONG = 3000;

export class Working {
  private readonly words = h("span", { class: "working-words" });
  readonly element = h("div", { class: "working", role: "status", hidden: true }, h("span", { class: "working-bar", "aria-hidden": "true" }), this.words);
  private timers: number[] = [];

  /** `why` says why it takes long, `stop` ends it. */
  constructor(private readonly why: () => string, private readonly stop?: () => void) {}

  began(): void {
    if (this.timers.length) return;
    this.timers = [
      window.setTimeout(() => { this.element.hidden = false; }, SOON),
      window.setTimeout(() => { this.say(); }, LONG),
    ];
  }

  ended(): void {
    this.timers.forEach((timer) => clearTimeout(timer));
    this.timers = [];
    this.element.hidden = true;
    this.words.replaceChildren();
  }

  private say(): void {
    const { stop } = this;
    this.words.replaceChildren(this.why(), ...(stop ? [h("button", { type: "button", class: "small", onclick: stop }, "Stop")] : []));
  }
}
