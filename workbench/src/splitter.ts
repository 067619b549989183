// The edge between the pictures and the panel: dragged, or moved by arrows.

import { h } from "./dom";

const LEAST = 250;

export function splitter(columns: () => HTMLElement): HTMLElement {
  const element = h("div", { class: "splitter", role: "separator", tabIndex: 0, "aria-orientation": "vertical", "aria-label": "Width of the panel", "aria-valuemin": LEAST });
  const most = () => Math.max(LEAST, innerWidth * 0.6);
  const width = () => element.parentElement?.getBoundingClientRect().width ?? LEAST;
  const put = (wanted: number | null) => {
    if (wanted === null) columns().style.removeProperty("--side");
    else columns().style.setProperty("--side", `${Math.round(Math.min(most(), Math.max(LEAST, wanted)))}px`);
    element.setAttribute("aria-valuemax", String(Math.round(most())));
    element.setAttribute("aria-valuenow", String(Math.round(width())));
  };
  const keep = () => {
    try { localStorage.setItem("side", columns().style.getPropertyValue("--side")); } catch { /* as wide as at first after a reload */ }
  };
  element.addEventListener("pointerdown", (event) => element.setPointerCapture(event.pointerId));
  element.addEventListener("pointermove", (event) => {
    if (element.hasPointerCapture(event.pointerId)) put(innerWidth - event.clientX);
  });
  element.addEventListener("pointerup", keep);
  element.addEventListener("dblclick", () => { put(null); keep(); });
  element.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: 24, ArrowRight: -24 }[event.key];
    if (!by) return;
    event.preventDefault();
    put(width() + by);
    keep();
  });
  requestAnimationFrame(() => {
    let kept: string | null = null;
    try { kept = localStorage.getItem("side"); } catch { /* none */ }
    put(kept ? parseFloat(kept) : null);
  });
  return element;
}
