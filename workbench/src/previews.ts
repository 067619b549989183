// Small pictures of what a pipeline might be: asked for one after another, and left when nobody looks.

import type { FaultAnswer, Frame } from "./types";
import { NUMBERS } from "./numbers";

export interface Wanted {
  /** The request; null where there is nothing to ask any more. */
  message(): Record<string, unknown> | null;
  took(frame: Frame): void;
  failed(fault: FaultAnswer): void;
}

const FIRST = NUMBERS.previews;
const SLOTS = 4;
const PATIENCE = 1200; // milliseconds after which another is begun beside one that takes long

interface Slot { key: string; id: number; wanted: Wanted; since: number }

let lastId = 0;

export class Previews {
  private readonly waiting = new Map<string, Wanted>();
  private readonly slots: (Slot | null)[] = Array.from({ length: SLOTS }, () => null);
  private timer = 0;

  constructor(private readonly send: (message: Record<string, unknown>) => boolean) {}

  ask(key: string, wanted: Wanted): void {
    if (this.slots.some((slot) => slot?.key === key)) return;
    this.waiting.set(key, wanted);
    this.go();
  }

  /** What is under way is dropped on the server too. */
  drop(keys: string[]): void {
    for (const key of keys) this.waiting.delete(key);
    this.slots.forEach((slot, k) => {
      if (!slot || !keys.includes(slot.key)) return;
      this.send({ type: "leave", pane: FIRST + k });
      this.slots[k] = null;
    });
    this.go();
  }

  /** The connection was lost: what was under way is asked once more. */
  reset(): void {
    const lost = this.slots.flatMap((slot) => (slot ? [slot] : []));
    this.slots.fill(null);
    for (const { key, wanted } of lost) this.waiting.set(key, wanted);
    this.go();
  }

  private go(): void {
    clearTimeout(this.timer);
    if (!this.waiting.size) return;
    const patience = Math.max(0, ...this.slots.map((slot) => (slot ? slot.since + PATIENCE - performance.now() : 0)));
    const free = this.slots.indexOf(null);
    if (free < 0 || patience > 0) {
      if (free >= 0) this.timer = window.setTimeout(() => this.go(), patience + 1);
      return;
    }
    const [key, wanted] = this.waiting.entries().next().value as [string, Wanted];
    this.waiting.delete(key);
    const message = wanted.message();
    lastId += 1;
    if (message && this.send({ ...message, fleeting: true, pane: FIRST + free, id: lastId })) this.slots[free] = { key, id: lastId, wanted, since: performance.now() };
    this.go();
  }

  private ended(pane: number, id: number): Wanted | null {
    const slot = this.slots[pane - FIRST];
    if (!slot || slot.id !== id) return null;
    this.slots[pane - FIRST] = null;
    this.go();
    return slot.wanted;
  }

  /** Take an answer; whether it is one of these. */
  take(frame: Frame): boolean {
    this.ended(frame.pane, frame.id)?.took(frame);
    return frame.pane >= FIRST && frame.pane < FIRST + SLOTS;
  }

  takeFault(fault: FaultAnswer): boolean {
    this.ended(fault.pane, fault.id)?.failed(fault);
    return fault.pane >= FIRST && fault.pane < FIRST + SLOTS;
  }
}
