// The corners of a polygon that is drawn click by click, before it is closed.

import { isSamePlane, type Outlook, type Slice } from "./outlook";
import { drawRing, pixelOf, pixelsBetween, traceLine, type Place } from "./sketch";

const NEAR = 9; // pixels of the screen from the first or the last corner at which a click closes it

export class Corners {
  places: Place[] = [];
  private slice: Slice | null = null;

  get isEmpty(): boolean {
    return !this.places.length;
  }

  clear(): void {
    this.places = [];
    this.slice = null;
  }

  /** Take a click, or what was drawn freely; whether it closes the polygon. */
  take(points: Place[], isClick: boolean, slice: Slice, look: Outlook): boolean {
    if (!this.slice || !isSamePlane(this.slice, slice)) this.places = [];
    this.slice = slice;
    const { places } = this;
    const [first, last, click] = [places[0], places[places.length - 1], points[0]!];
    const isNear = (corner: Place | undefined) => corner !== undefined && pixelsBetween(look, corner, click) <= NEAR * devicePixelRatio;
    if (isClick && places.length >= 3 && (isNear(first) || isNear(last))) return true;
    if (!(isClick && isNear(last))) this.places = [...places, ...points];
    return false;
  }

  /** Take the last corner back. */
  back(): void {
    this.places = this.places.slice(0, -1);
  }

  /** Draw what there is of it, and how it goes on to the pointer. */
  draw(context: CanvasRenderingContext2D, look: Outlook, slice: Slice, colour: string, pointer: Place | null): void {
    const { places } = this;
    const [first, last] = [places[0], places[places.length - 1]];
    if (!first || !last || !this.slice || !isSamePlane(this.slice, slice)) return;
    context.save();
    context.lineJoin = "round";
    for (const [wide, line] of [[3.5, "rgb(0 0 0 / .6)"], [1.8, colour]] as const) {
      context.lineWidth = wide * devicePixelRatio;
      context.strokeStyle = line;
      if (pointer) {
        context.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
        context.beginPath();
        context.moveTo(...pixelOf(context, look, last));
        context.lineTo(...pixelOf(context, look, pointer));
      } else {
        traceLine(context, look, places);
      }
      context.stroke();
    }
    context.restore();
    if (!pointer) drawRing(context, look, first, 4 * devicePixelRatio, colour, false);
  }
}
