// Where a pane looks: which dims are its rows and columns, the middle, and how large a sample is drawn.

import type { Bench } from "./bench";
import type { Frame, Opened } from "./types";

export interface Outlook {
  rows: string; columns: string;
  /** Which of the camera's places are the middle of the columns and of the rows. */
  right: "x" | "z"; down: "y" | "z";
  /** The middle, in samples of the full image. */
  x: number; y: number;
  /** Device pixels for a sample. */
  zoomX: number; zoomY: number;
}

/** What a pane sees: the plane of the image, or of three slices that of its number. */
export function outlookOf(bench: Bench, pane = 0): Outlook {
  const { camera, image, deep } = bench;
  const [rows, columns] = bench.plane;
  const plain = (right: "x" | "z", down: "y" | "z", ofRows: string, ofColumns: string): Outlook => ({
    rows: ofRows, columns: ofColumns, right, down, x: camera[right], y: camera[down],
    zoomX: camera.zoom * (bench.inSlices ? stretchOf(image!, ofColumns, columns) : 1),
    zoomY: camera.zoom * (bench.inSlices ? stretchOf(image!, ofRows, columns) : 1),
  });
  if (bench.inSlices && pane === 1) return plain("z", "y", rows, deep!);
  if (bench.inSlices && pane === 2) return plain("x", "z", deep!, columns);
  return plain("x", "y", rows, columns);
}

/** A plane of the image: where it lies along all dims but its rows and columns. */
export interface Slice {
  /** Which of three planes it is; of no slices the first. */
  pane: number;
  plane: [rows: string, columns: string];
  at: Record<string, number>;
  /** How long a sample is along rows and columns, as it is drawn. */
  stretch: [number, number];
}

/** The plane that a pane shows. */
export function sliceOf(bench: Bench, pane = 0): Slice {
  const { rows, columns, zoomX, zoomY } = outlookOf(bench, pane);
  const { zoom } = bench.camera;
  const at = Object.entries(bench.position).filter(([dim]) => dim !== rows && dim !== columns);
  return { pane, plane: [rows, columns], at: Object.fromEntries(at), stretch: [zoomY / zoom, zoomX / zoom] };
}

/** Whether two planes are the same, so that what is drawn on one is seen on the other. */
export function isSamePlane(one: Slice, other: Slice): boolean {
  const told = ({ plane, at }: Slice) => JSON.stringify([plane, Object.entries(at).sort()]);
  return told(one) === told(other);
}

/** How long a sample is along a dim, where it is 1 along another: by their spacing. */
export function stretchOf(image: Opened, dim: string, other: string): number {
  if (dim === other) return 1;
  const [own, base] = [image.spacing[dim], image.spacing[other]];
  if (own && base && own.unit === base.unit && base.step) return Math.abs(own.step / base.step);
  // What is no length is drawn as long as half of the picture.
  return image.halved.includes(dim) ? 1 : (image.sizes[other] ?? 1) / 2 / (image.sizes[dim] ?? 1);
}

/** How many samples of a dim one of a level stands for. */
export function windowOf(image: Opened, dim: string, level: number): number {
  if (!image.halved.includes(dim)) return 1;
  return Math.min(2 ** level, 2 ** Math.floor(Math.log2(image.sizes[dim] ?? 1)));
}

/** Where in a viewport, in device pixels, a place is drawn. */
export function drawnAt(look: Outlook, place: { x: number; y: number }, width: number, height: number): [number, number] {
  return [(place.x - look.x) * look.zoomX + width / 2, (place.y - look.y) * look.zoomY + height / 2];
}

/** Say where a frame lies in a pane's rows and columns; what has dims of its own is shown from its corner. */
export function placeFrame(frame: Frame, look: Outlook, image: Opened): void {
  const [height = 0, width = 0] = frame.shape;
  frame.region = { y: frame.region[look.rows] ?? [0, height], x: frame.region[look.columns] ?? [0, width] };
  frame.step = { y: windowOf(image, look.rows, frame.level), x: windowOf(image, look.columns, frame.level) };
}

/** The request for what a viewport sees; null where it sees nothing. */
export function viewMessage(
  bench: Bench, number: number, of: string, viewport: { width: number; height: number }, look: Outlook,
): Record<string, unknown> | null {
  const { image, camera } = bench;
  if (!image || !viewport.width || !viewport.height) return null;
  const level = camera.level(image.depth, Math.max(look.zoomX, look.zoomY));
  const range = (dim: string, centre: number, extent: number): [number, number] => {
    const factor = windowOf(image, dim, level);
    const size = Math.max(1, Math.floor((image.sizes[dim] ?? 1) / factor));
    return [Math.max(0, Math.floor((centre - extent / 2) / factor)), Math.min(size, Math.ceil((centre + extent / 2) / factor))];
  };
  const y = range(look.rows, look.y, viewport.height / look.zoomY);
  const x = range(look.columns, look.x, viewport.width / look.zoomX);
  if (y[1] <= y[0] || x[1] <= x[0]) return null;
  const at = Object.entries(bench.position).filter(([dim]) => dim !== look.rows && dim !== look.columns);
  return {
    type: "view", pane: number, path: image.path, text: bench.text, of, level, region: { [look.rows]: y, [look.columns]: x },
    channels: bench.channelsOn, at: Object.fromEntries(at), ...(bench.inSlices ? { plane: [look.rows, look.columns] } : {}),
  };
}
