// Wheel, drag, double click and keys of a pane.

import type { Bench } from "./bench";

/** Painting, where a drag may draw instead of move. */
export interface Brush {
  open: boolean;
  begin(place: { x: number; y: number }): void;
  move(places: { x: number; y: number }[]): void;
  finish(): void;
  stamp(place: { x: number; y: number }): void;
}

let isSpaceHeld = false;
addEventListener("keyup", (event) => { if (event.key === " ") isSpaceHeld = false; });
addEventListener("blur", () => { isSpaceHeld = false; });

interface Hands {
  brush: Brush;
  size(): { width: number; height: number };
  fit(): void;
  point(place: { x: number; y: number } | null): void;
  click(place: { x: number; y: number }): void;
}

export function steer(surface: HTMLElement, focus: HTMLElement, bench: Bench, hands: Hands): void {
  const { camera } = bench;
  /** Device pixels from the middle of the pane. */
  const offset = (event: MouseEvent) => {
    const box = surface.getBoundingClientRect();
    const { width, height } = hands.size();
    const ratio = box.width ? width / box.width : 1;
    return { dx: (event.clientX - box.left) * ratio - width / 2, dy: (event.clientY - box.top) * ratio - height / 2, ratio };
  };
  const place = (event: MouseEvent) => {
    const { dx, dy } = offset(event);
    return { x: camera.x + dx / camera.zoom, y: camera.y + dy / camera.zoom };
  };
  let last: { x: number; y: number } | null = null;
  let moved = 0;
  let isPainting = false;
  surface.addEventListener("wheel", (event) => {
    event.preventDefault();
    const { dx, dy } = offset(event);
    const lines = event.deltaMode === 1 ? 16 : 1;
    camera.zoomAt(2 ** (-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0025)), dx, dy);
    hands.point(place(event));
  }, { passive: false });
  surface.addEventListener("pointerdown", (event) => {
    if (event.button > 1) return;
    focus.focus({ preventScroll: true });
    surface.setPointerCapture(event.pointerId);
    if (hands.brush.open && event.button === 0 && !isSpaceHeld) {
      isPainting = true;
      hands.brush.begin(place(event));
      hands.point(place(event));
      return;
    }
    last = { x: event.clientX, y: event.clientY };
    moved = 0;
  });
  surface.addEventListener("pointermove", (event) => {
    if (isPainting) {
      const events = event.getCoalescedEvents?.() ?? [];
      hands.brush.move((events.length ? events : [event]).map(place));
    } else if (last) {
      const { ratio } = offset(event);
      moved += Math.abs(event.clientX - last.x) + Math.abs(event.clientY - last.y);
      if (moved > 3) camera.pan((event.clientX - last.x) * ratio, (event.clientY - last.y) * ratio);
      last = { x: event.clientX, y: event.clientY };
    }
    hands.point(place(event));
  });
  const endPainting = () => {
    if (isPainting) hands.brush.finish();
    isPainting = false;
  };
  surface.addEventListener("pointerup", (event) => {
    endPainting();
    if (last && moved <= 3 && event.button === 0) hands.click(place(event));
    last = null;
  });
  surface.addEventListener("pointercancel", () => { endPainting(); last = null; });
  surface.addEventListener("pointerleave", () => hands.point(null));
  surface.addEventListener("dblclick", () => { if (!hands.brush.open) hands.fit(); });
  focus.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { width, height } = hands.size();
    const far = event.shiftKey ? 0.5 : 0.1;
    const moves: Record<string, () => void> = {
      "+": () => camera.zoomAt(1.5), "=": () => camera.zoomAt(1.5), "-": () => camera.zoomAt(1 / 1.5),
      "0": () => hands.fit(),
      ...(hands.brush.open ? { " ": () => { isSpaceHeld = true; }, Enter: () => hands.brush.stamp({ x: camera.x, y: camera.y }) } : {}),
      ArrowLeft: () => camera.pan(width * far, 0), ArrowRight: () => camera.pan(-width * far, 0),
      ArrowUp: () => camera.pan(0, height * far), ArrowDown: () => camera.pan(0, -height * far),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  });
}
