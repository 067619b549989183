// One request under way, the newest waiting: however fast a slider is dragged, nothing piles up.

import type { Working } from "./working";

const PATIENCE = 700; // after so many milliseconds a newer request takes the place of an unanswered one
const LONGEST = 10_000; // each time one is given up the next is waited for twice as long, so that some are answered

let lastId = 0;

export class Requester {
  private inFlight = 0;
  private sentAt = 0;
  private waiting = false;
  private scheduled = false;
  private timer = 0;
  private lastKey = "";
  private shown = 0;
  /** Called when nothing is under way any more. */
  settled: () => void = () => undefined;
  /** Called with the number under which something was asked. */
  sent: (id: number) => void = () => undefined;
  working: Working | null = null;
  private patience = PATIENCE;

  /** `build` gives the message of now, or null where there is nothing to ask; `about` what its text comes to. */
  constructor(
    private readonly build: () => Record<string, unknown> | null,
    private readonly about: (message: Record<string, unknown>) => string,
    private readonly send: (message: Record<string, unknown>) => boolean,
  ) {}

  get busy(): boolean {
    return this.inFlight > 0 || this.waiting;
  }

  /** Ask with the next animation frame, unless the same was asked already. */
  ask(again = false): void {
    if (again) this.lastKey = "";
    this.waiting = true;
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.flush();
    });
  }

  /** Whether an answer is newer than what was answered before it. */
  answered(id: number): boolean {
    if (id === this.inFlight) {
      this.inFlight = 0;
      // What is slow once is slow again: it is not given up before it can have ended.
      this.patience = Math.min(LONGEST, Math.max(PATIENCE, 2 * (performance.now() - this.sentAt)));
      this.working?.ended();
      clearTimeout(this.timer);
      if (this.waiting) this.ask();
    }
    if (id < this.shown) return false;
    this.shown = id;
    return true;
  }

  /** The answer was a fault: the same may be asked again. */
  failed(id: number): boolean {
    this.lastKey = "";
    return this.answered(id);
  }

  /** Forget what is under way: the connection was lost, or something else is looked at. */
  reset(): void {
    this.inFlight = 0;
    this.lastKey = "";
    this.shown = lastId + 1;
    this.working?.ended();
    clearTimeout(this.timer);
  }

  private flush(): void {
    if (!this.waiting) return;
    const patience = this.sentAt + this.patience - performance.now();
    if (this.inFlight && patience > 0) {
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => this.flush(), patience);
      return;
    }
    const message = this.build();
    this.waiting = false;
    if (!message) return this.settled();
    const key = JSON.stringify({ ...message, text: this.about(message) });
    if (key === this.lastKey) return this.settled();
    lastId += 1;
    if (!this.send({ ...message, id: lastId })) return;
    if (this.inFlight) this.patience = Math.min(LONGEST, 2 * this.patience);
    this.lastKey = key;
    this.inFlight = lastId;
    this.sentAt = performance.now();
    this.working?.began();
    this.sent(lastId);
  }
}
