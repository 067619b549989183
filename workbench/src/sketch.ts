// What is drawn by hand over a pane: lines, boxes and rings at places of the plane that it shows.

import { drawnAt, type Outlook } from "./outlook";

export interface Place { x: number; y: number }

/** Where a place is in a pane, in device pixels. */
export function pixelOf(context: CanvasRenderingContext2D, look: Outlook, place: Place): [number, number] {
  return drawnAt(look, place, context.canvas.width, context.canvas.height);
}

/** How far two places are from each other in a pane, in device pixels. */
export function pixelsBetween(look: Outlook, one: Place, other: Place): number {
  return Math.hypot((other.x - one.x) * look.zoomX, (other.y - one.y) * look.zoomY);
}

/** Begin a path along places. */
export function traceLine(context: CanvasRenderingContext2D, look: Outlook, places: Place[]): void {
  context.beginPath();
  places.forEach((place, k) => {
    const pixel = pixelOf(context, look, place);
    if (k === 0) context.moveTo(...pixel); // one place alone is a dot
    context.lineTo(...pixel);
  });
}

/** Begin a path around boxes, of which every two places are corners. */
export function traceBoxes(context: CanvasRenderingContext2D, look: Outlook, corners: Place[]): void {
  context.beginPath();
  for (let k = 0; k + 1 < corners.length; k += 2) {
    const [x, y] = pixelOf(context, look, corners[k]!);
    const [right, bottom] = pixelOf(context, look, corners[k + 1]!);
    context.rect(x, y, right - x, bottom - y);
  }
}

/** Draw the rim of a brush, its radius in device pixels; that of an eraser is dashed. */
export function drawRing(context: CanvasRenderingContext2D, look: Outlook, place: Place, radius: number, colour: string, dashed: boolean): void {
  const ratio = devicePixelRatio;
  for (const [wide, line] of [[3, "rgb(0 0 0 / .6)"], [1.5, colour]] as const) {
    context.lineWidth = wide * ratio;
    context.strokeStyle = line;
    context.setLineDash(dashed && wide < 3 ? [4 * ratio, 3 * ratio] : []);
    context.beginPath();
    context.arc(...pixelOf(context, look, place), Math.max(2 * ratio, radius), 0, 2 * Math.PI);
    context.stroke();
  }
  context.setLineDash([]);
}
