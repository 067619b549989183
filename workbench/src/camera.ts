// Where all panes look: one centre in samples of the full image, one zoom.

import { Signal } from "./bus";

export interface Look { x: number; y: number; zoom: number }

export class Camera {
  x = 0;
  y = 0;
  /** Device pixels for each sample of the full image. */
  zoom = 1;
  readonly changed = new Signal();

  set(look: Look): void {
    this.x = look.x;
    this.y = look.y;
    this.zoom = Math.min(128, Math.max(1e-5, look.zoom));
    this.changed.emit();
  }

  pan(dx: number, dy: number): void {
    this.set({ x: this.x - dx / this.zoom, y: this.y - dy / this.zoom, zoom: this.zoom });
  }

  /** Zoom so that what is at an offset from the middle (device pixels) stays there. */
  zoomAt(factor: number, dx = 0, dy = 0): void {
    const zoom = Math.min(128, Math.max(1e-5, this.zoom * factor));
    this.set({ x: this.x + dx / this.zoom - dx / zoom, y: this.y + dy / this.zoom - dy / zoom, zoom });
  }

  fit(width: number, height: number, paneWidth: number, paneHeight: number): void {
    if (!width || !height || !paneWidth || !paneHeight) return;
    this.set({ x: width / 2, y: height / 2, zoom: Math.min(paneWidth / width, paneHeight / height) * 0.98 });
  }

  /** The level of which a sample is nearest to a device pixel; full resolution as long as it is not coarser. */
  level(depth: number): number {
    const wanted = Math.log2(1 / this.zoom);
    return wanted < 1 ? 0 : Math.min(depth, Math.round(wanted));
  }
}
