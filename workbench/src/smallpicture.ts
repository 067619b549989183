// A frame in a small canvas: an image in its own contrast, objects over what they were found in.

import type { Bench } from "./bench";
import { looksOf } from "./channels";
import { paint } from "./paint";
import type { Frame } from "./types";

const whole = (frame: Frame) => ({ low: frame.offset, high: frame.offset + frame.scale * (frame.dtype === "u1" ? 255 : 65535) });

/** Draw what lies in a part of a canvas from one share of its width on; the frames have one region. */
export function drawSmall(canvas: HTMLCanvasElement, frame: Frame, ground: Frame | null, bench: Bench, from = 0): void {
  const context = canvas.getContext("2d")!;
  const isObjects = frame.kind === "labels" || frame.kind === "mask";
  const [rows = 1, columns = 1] = frame.shape;
  const scale = Math.min(canvas.width / columns, canvas.height / rows);
  const [width, height] = [columns * scale, rows * scale];
  context.save();
  context.beginPath();
  context.rect(from * canvas.width, 0, canvas.width, canvas.height);
  context.clip();
  context.clearRect(0, 0, canvas.width, canvas.height);
  const put = (each: Frame, opacity: number) => {
    const contrast = each.kind === "rgb" ? whole(each) : { low: each.low, high: each.high };
    const bitmap = paint(each, { contrast, gamma: 1, map: isObjects ? "gray" : bench.display.map, opacity, outlines: false, selected: 0, channels: looksOf(bench, each) });
    context.imageSmoothingEnabled = scale < 1;
    context.drawImage(bitmap.canvas, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
  };
  if (isObjects && ground) put(ground, 1);
  put(frame, isObjects && ground ? 0.6 : 1);
  context.restore();
}
