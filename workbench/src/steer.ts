// Wheel, drag, double click and keys of a pane.

import type { Bench } from "./bench";
import type { Outlook } from "./outlook";

/** Painting, correcting or probing, where a drag may draw instead of move. */
export interface Brush {
  open: boolean;
  /** On which of three planes; `more` goes on from what was done before, as Shift says it. */
  begin(place: { x: number; y: number }, plane: number, more: boolean): void;
  move(places: { x: number; y: number }[]): void;
  finish(): void;
  stamp(place: { x: number; y: number }, plane: number): void;
}

let isSpaceHeld = false;
addEventListener("keyup", (event) => { if (event.key === " ") isSpaceHeld = false; });
addEventListener("blur", () => { isSpaceHeld = false; });

interface Hands {
  brush(): Brush;
  size(): { width: number; height: number };
  fit(): void;
  point(place: { x: number; y: number } | null): void;
  click(place: { x: number; y: number }): void;
  look(): Outlook;
  /** Which of three planes it shows; of no slices the first. */
  plane(): number;
  /** Of slices: let the crosshair be there. */
  aim(place: { x: number; y: number }): void;
  /** Go so many slices on. */
  leaf(by: number): void;
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
    const look = hands.look();
    return { x: look.x + dx / look.zoomX, y: look.y + dy / look.zoomY };
  };
  let last: { x: number; y: number } | null = null;
  let moved = 0;
  let isPainting = false;
  let isAiming = false;
  surface.addEventListener("wheel", (event) => {
    event.preventDefault();
    const { dx, dy } = offset(event);
    const lines = event.deltaMode === 1 ? 16 : 1;
    camera.zoomAt(hands.look(), 2 ** (-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0025)), dx, dy);
    hands.point(place(event));
  }, { passive: false });
  surface.addEventListener("pointerdown", (event) => {
    if (event.button > 1) return;
    focus.focus({ preventScroll: true });
    surface.setPointerCapture(event.pointerId);
    const isAimed = bench.inSlices && (event.ctrlKey || event.metaKey);
    if (hands.brush().open && event.button === 0 && !isSpaceHeld && !isAimed) {
      isPainting = true;
      hands.brush().begin(place(event), hands.plane(), event.shiftKey);
      hands.point(place(event));
      return;
    }
    last = { x: event.clientX, y: event.clientY };
    moved = 0;
    isAiming = bench.inSlices && event.button === 0 && !isSpaceHeld;
    if (isAiming) hands.aim(place(event));
  });
  surface.addEventListener("pointermove", (event) => {
    if (isPainting) {
      const events = event.getCoalescedEvents?.() ?? [];
      hands.brush().move((events.length ? events : [event]).map(place));
    } else if (last) {
      const { ratio } = offset(event);
      moved += Math.abs(event.clientX - last.x) + Math.abs(event.clientY - last.y);
      if (isAiming) hands.aim(place(event));
      else if (moved > 3) camera.pan(hands.look(), (event.clientX - last.x) * ratio, (event.clientY - last.y) * ratio);
      last = { x: event.clientX, y: event.clientY };
    }
    hands.point(place(event));
  });
  const endPainting = () => {
    if (isPainting) hands.brush().finish();
    isPainting = false;
  };
  surface.addEventListener("pointerup", (event) => {
    endPainting();
    if (last && moved <= 3 && event.button === 0) hands.click(place(event));
    last = null;
  });
  surface.addEventListener("pointercancel", () => { endPainting(); last = null; });
  surface.addEventListener("pointerleave", () => hands.point(null));
  surface.addEventListener("dblclick", () => { if (!hands.brush().open) hands.fit(); });
  focus.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { width, height } = hands.size();
    const look = hands.look();
    const far = event.shiftKey ? 0.5 : 0.1;
    const moves: Record<string, () => void> = {
      "+": () => camera.zoomAt(look, 1.5), "=": () => camera.zoomAt(look, 1.5), "-": () => camera.zoomAt(look, 1 / 1.5),
      "0": () => hands.fit(),
      ...(hands.brush().open || bench.inSlices ? { " ": () => { isSpaceHeld = true; } } : {}),
      ...(hands.brush().open ? { Enter: () => hands.brush().stamp({ x: look.x, y: look.y }, hands.plane()) } : {}),
      ArrowLeft: () => camera.pan(look, width * far, 0), ArrowRight: () => camera.pan(look, -width * far, 0),
      ArrowUp: () => camera.pan(look, 0, height * far), ArrowDown: () => camera.pan(look, 0, -height * far),
      PageUp: () => hands.leaf(event.shiftKey ? -10 : -1), PageDown: () => hands.leaf(event.shiftKey ? 10 : 1),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  });
}
