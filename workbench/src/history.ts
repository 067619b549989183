// Undo and redo of everything: a history of texts, with the steps that are switched off.

import { Signal } from "./bus";
import type { Off } from "./chain";

export interface Moment { text: string; off: Off[] }

const TOGETHER = 800; // changes of one thing within so many milliseconds are one

export class History {
  private moments: Moment[] = [];
  private place = -1;
  private lastKey = "";
  private lastTime = 0;
  /** Something else is current; `from` says who changed it. */
  readonly changed = new Signal<{ from: string }>();

  get now(): Moment {
    return this.moments[this.place] ?? { text: "", off: [] };
  }
  get canUndo(): boolean {
    return this.place > 0;
  }
  get canRedo(): boolean {
    return this.place < this.moments.length - 1;
  }

  begin(moment: Moment): void {
    this.moments = [moment];
    this.place = 0;
    this.lastKey = "";
    this.changed.emit({ from: "begin" });
  }

  /** Make a change; `key` names what is changed, so that the positions of one drag are undone as one. */
  change(moment: Moment, key: string, from = "cards"): void {
    if (moment.text === this.now.text && moment.off === this.now.off) return;
    const time = performance.now();
    const together = key !== "" && key === this.lastKey && time - this.lastTime < TOGETHER && this.place > 0;
    this.moments.length = this.place + 1;
    if (together) this.moments[this.place] = moment;
    else this.moments.push(moment);
    this.place = this.moments.length - 1;
    this.lastKey = key;
    this.lastTime = time;
    this.changed.emit({ from });
  }

  undo(): void {
    if (!this.canUndo) return;
    this.place -= 1;
    this.lastKey = "";
    this.changed.emit({ from: "undo" });
  }

  redo(): void {
    if (!this.canRedo) return;
    this.place += 1;
    this.lastKey = "";
    this.changed.emit({ from: "redo" });
  }
}
