// A layer beside the image as it lies in the planes that are shown, and what was done to it that is not seen there yet.

import type { Bench } from "./bench";
import { outlookOf, placeFrame, viewMessage, type Slice } from "./outlook";
import { Requester } from "./requester";
import type { FaultAnswer, Frame } from "./types";

/** What was drawn on a plane; once the server has it, the next picture of the plane shows it. */
export interface Drawn { slice: Slice; acknowledged: boolean }

interface Hands<T extends Drawn> {
  /** Under which number each plane is asked. */
  numbers: readonly number[];
  layer: string;
  /** The pipeline that reads the layer; null where it is not to be seen. */
  text(): string | null;
  viewport(plane: number): { width: number; height: number };
  drawn(): readonly T[];
  /** Some of what was drawn is seen in a picture now. */
  seen(some: ReadonlySet<T>): void;
}

interface Plane<T> { number: number; requester: Requester; frame: Frame | null; known: Map<number, Set<T>> }

export class PlanePictures<T extends Drawn> {
  private readonly planes: Plane<T>[];

  constructor(private readonly bench: Bench, private readonly hands: Hands<T>, send: (message: Record<string, unknown>) => boolean) {
    this.planes = hands.numbers.map((number, index) => {
      const known = new Map<number, Set<T>>();
      const requester = new Requester(() => {
        const text = index === 0 || bench.inSlices ? hands.text() : null;
        const message = text === null ? null : viewMessage(bench, number, hands.layer, hands.viewport(index), outlookOf(bench, index));
        return message && { ...message, text };
      }, ({ text }) => String(text), send);
      requester.sent = (id) => known.set(id, new Set(hands.drawn().filter((each) => each.acknowledged && (each.slice.pane === index || !bench.inSlices))));
      return { number, requester, frame: null, known };
    });
  }

  /** What the server has of a plane, as far as the page knows. */
  frame(plane: number): Frame | null {
    return this.planes[plane]!.frame;
  }

  ask(again = false): void {
    for (const { requester } of this.planes) requester.ask(again);
  }

  /** Nothing is under way any more. */
  reset(): void {
    for (const { requester, known } of this.planes) {
      requester.reset();
      known.clear();
    }
  }

  /** Another image, or other planes of it, are looked at. */
  clear(): void {
    this.reset();
    for (const plane of this.planes) plane.frame = null;
  }

  /** A picture has come; whether it is of this layer. */
  take(frame: Frame): boolean {
    const index = this.planes.findIndex(({ number }) => number === frame.pane);
    const plane = this.planes[index];
    if (!plane) return false;
    placeFrame(frame, outlookOf(this.bench, index), this.bench.image!);
    if (!plane.requester.answered(frame.id)) return true;
    plane.frame = frame;
    const known = plane.known.get(frame.id);
    if (known) this.hands.seen(known);
    for (const id of plane.known.keys()) if (id <= frame.id) plane.known.delete(id);
    return true;
  }

  takeFault(fault: FaultAnswer): boolean {
    const plane = this.planes.find(({ number }) => number === fault.pane);
    plane?.requester.failed(fault.id);
    return plane !== undefined;
  }
}
