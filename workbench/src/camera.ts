// Where all panes look: one centre in samples of the full image, one zoom.

import { Signal } from "./bus";
import type { Outlook } from "./outlook";

export interface Look { x: number; y: number; z?: number; zoom: number }
/** Of which places a pane shows which, and how large. */
type Seen = Pick<Outlook, "right" | "down" | "zoomX" | "zoomY">;

export class Camera {
  x = 0;
  y = 0;
  /** Along the third dim of slices. */
  z = 0;
  /** Device pixels for each sample of the full image. */
  zoom = 1;
  readonly changed = new Signal();

  set(look: Look): void {
    this.x = look.x;
    this.y = look.y;
    this.z = look.z ?? this.z;
    this.zoom = Math.min(128, Math.max(1e-5, look.zoom));
    this.changed.emit();
  }

  /** Move what a pane shows by device pixels. */
  pan(seen: Seen, dx: number, dy: number): void {
    this[seen.right] -= dx / seen.zoomX;
    this[seen.down] -= dy / seen.zoomY;
    this.changed.emit();
  }

  /** Zoom so that what is at an offset from the middle of a pane (device pixels) stays there. */
  zoomAt(seen: Seen, factor: number, dx = 0, dy = 0): void {
    const zoom = Math.min(128, Math.max(1e-5, this.zoom * factor));
    const part = 1 - this.zoom / zoom;
    this[seen.right] += (dx / seen.zoomX) * part;
    this[seen.down] += (dy / seen.zoomY) * part;
    this.zoom = zoom;
    this.changed.emit();
  }

  fit(width: number, height: number, paneWidth: number, paneHeight: number): void {
    if (!width || !height || !paneWidth || !paneHeight) return;
    this.set({ x: width / 2, y: height / 2, zoom: Math.min(paneWidth / width, paneHeight / height) * 0.98 });
  }

  /** The level of which a sample is nearest to a device pixel; full resolution as long as it is not coarser. */
  level(depth: number, zoom = this.zoom): number {
    const wanted = Math.log2(1 / zoom);
    return wanted < 1 ? 0 : Math.min(depth, Math.round(wanted));
  }
}
