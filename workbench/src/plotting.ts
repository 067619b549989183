// What all plots of the page have in common: colours of the theme, axes, numbers in few letters.

import type uPlot from "uplot";
import { h } from "./dom";
import { short } from "./format";

const AGAIN = 2000;
let library: typeof uPlot | null = null;
let loading: Promise<void> | null = null;

/** The library of plots; null until it is loaded, then `ready` is called. */
export function plots(ready: () => void): typeof uPlot | null {
  if (library) return library;
  loading ??= import("./plots").then((found) => { library = found.default; });
  void loading.then(ready, () => { loading = null; setTimeout(ready, AGAIN); }); // the server is gone for now
  return null;
}

/** A colour of the theme as it is now, as a canvas takes it. */
export function themeColour(element: HTMLElement, name: string): string {
  const swatch = h("span");
  swatch.style.color = `var(${name})`;
  element.append(swatch);
  const colour = getComputedStyle(swatch).color;
  swatch.remove();
  return colour;
}

/** An axis in the colours of the theme. */
export function axisOf(element: HTMLElement, more: uPlot.Axis): uPlot.Axis {
  const grid = { stroke: themeColour(element, "--plot-grid"), width: 1 };
  return { stroke: themeColour(element, "--plot-text"), grid, ticks: grid, font: "11px system-ui, sans-serif", labelFont: "11px system-ui, sans-serif", ...more };
}

/** Ticks as people write them; large ones with k and M. */
export function tickText(tick: number): string {
  const size = Math.abs(tick);
  if (size >= 1e6) return `${short(tick / 1e6, 3)}M`;
  return size >= 1e4 ? `${short(tick / 1e3, 3)}k` : short(tick);
}
