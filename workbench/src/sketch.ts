// What is drawn by hand over a pane: lines, boxes and rings at places of the image.

import type { Camera } from "./camera";

export interface Place { x: number; y: number }

/** Where a place is in a pane, in device pixels. */
export function pixelOf(context: CanvasRenderingContext2D, camera: Camera, { x, y }: Place): [number, number] {
  return [(x - camera.x) * camera.zoom + context.canvas.width / 2, (y - camera.y) * camera.zoom + context.canvas.height / 2];
}

/** Begin a path along places. */
export function traceLine(context: CanvasRenderingContext2D, camera: Camera, places: Place[]): void {
  context.beginPath();
  places.forEach((place, k) => {
    const pixel = pixelOf(context, camera, place);
    if (k === 0) context.moveTo(...pixel); // one place alone is a dot
    context.lineTo(...pixel);
  });
}

/** Begin a path around boxes, of which every two places are corners. */
export function traceBoxes(context: CanvasRenderingContext2D, camera: Camera, corners: Place[]): void {
  context.beginPath();
  for (let k = 0; k + 1 < corners.length; k += 2) {
    const [x, y] = pixelOf(context, camera, corners[k]!);
    const [right, bottom] = pixelOf(context, camera, corners[k + 1]!);
    context.rect(x, y, right - x, bottom - y);
  }
}

/** Draw the rim of a brush; that of an eraser is dashed. */
export function drawRing(context: CanvasRenderingContext2D, camera: Camera, place: Place, radius: number, colour: string, dashed: boolean): void {
  const ratio = devicePixelRatio;
  for (const [wide, line] of [[3, "rgb(0 0 0 / .6)"], [1.5, colour]] as const) {
    context.lineWidth = wide * ratio;
    context.strokeStyle = line;
    context.setLineDash(dashed && wide < 3 ? [4 * ratio, 3 * ratio] : []);
    context.beginPath();
    context.arc(...pixelOf(context, camera, place), Math.max(2 * ratio, radius * camera.zoom), 0, 2 * Math.PI);
    context.stroke();
  }
  context.setLineDash([]);
}
