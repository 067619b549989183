// Where the page is, kept in its address and in the folder, so that one comes back to the same view.

import type { Bench, Mode } from "./bench";
import { debounced } from "./bus";
import { MAPS, type MapName } from "./colours";

export interface Place { image: string; pipeline: string; query: URLSearchParams }

export function readPlace(): Place | null {
  const query = new URLSearchParams(document.documentElement.dataset.place ?? location.hash.slice(1));
  const image = query.get("image");
  return image ? { image, pipeline: query.get("pipeline") ?? "", query } : null;
}

/** Set how things are looked at as the address says; whether it says where the panes look. */
export function applyPlace(bench: Bench, query: URLSearchParams): boolean {
  const { display } = bench;
  const number = (key: string, fallback: number) => {
    const value = Number(query.get(key) ?? NaN);
    return Number.isFinite(value) ? value : fallback;
  };
  const shown = query.get("show")?.split(",") ?? [];
  const known = new Set(bench.shown().map((value) => value.ref));
  display.of = Array.from({ length: 6 }, (_, pane) => (known.has(shown[pane] ?? "") ? shown[pane]! : bench.suggest(pane)));
  display.count = [1, 2, 3, 4, 6].includes(number("panes", 2)) ? number("panes", 2) : 2;
  display.active = Math.min(display.count - 1, Math.max(0, number("active", bench.model.steps.length ? 1 : 0)));
  display.mode = (["side", "swipe", "blink", "difference", "slices"] as Mode[]).find((mode) => mode === query.get("mode")) ?? "side";
  display.map = MAPS.find((map) => map === query.get("map")) ?? display.map as MapName;
  display.gamma = Math.min(5, Math.max(0.2, number("gamma", 1)));
  display.over = query.get("over") !== "0";
  display.outlines = query.get("outlines") === "1";
  display.opacity = Math.min(1, Math.max(0, number("opacity", 0.55)));
  bench.at = Object.fromEntries(bench.furtherDims().map(([dim, size]) => [dim, Math.min(size - 1, Math.max(0, number(`at.${dim}`, /^(t|time|frame)$/.test(dim) ? 0 : Math.floor(size / 2))))]));
  bench.cross = Object.fromEntries(bench.plane.map((dim) => {
    const size = bench.image?.sizes[dim] ?? 1;
    return [dim, Math.min(size - 1, Math.max(0, number(`at.${dim}`, Math.floor(size / 2))))];
  }));
  if (!query.has("zoom")) return false;
  bench.camera.set({ x: number("x", 0), y: number("y", 0), z: number("z", 0), zoom: number("zoom", 1) * devicePixelRatio });
  return true;
}

export function placeText(bench: Bench): string {
  const { display, camera, image, pipeline } = bench;
  if (!image) return "";
  const query = new URLSearchParams({
    image: image.path, pipeline, panes: String(display.count), show: display.of.slice(0, Math.max(2, display.count)).join(","),
    active: String(display.active), x: String(Number(camera.x.toFixed(4))), y: String(Number(camera.y.toFixed(4))), zoom: String(Number((camera.zoom / devicePixelRatio).toPrecision(10))),
  });
  if (display.mode !== "side") query.set("mode", display.mode);
  if (display.map !== "gray") query.set("map", display.map);
  if (display.gamma !== 1) query.set("gamma", String(display.gamma));
  if (!display.over) query.set("over", "0");
  if (display.outlines) query.set("outlines", "1");
  if (display.opacity !== 0.55) query.set("opacity", String(display.opacity));
  if (bench.inSlices) query.set("z", String(Number(camera.z.toFixed(4))));
  for (const [dim, place] of Object.entries(bench.position)) query.set(`at.${dim}`, String(place));
  return query.toString();
}

/** How the address says that things are looked at; what was kept, where it says of which image and pipeline only. */
export function lookOf(query: URLSearchParams, kept: string | undefined): URLSearchParams {
  return [...query.keys()].every((key) => ["image", "pipeline"].includes(key)) ? new URLSearchParams(kept) : query;
}

/** Keep the address and what is kept of the view up to date. */
export function keepPlace(bench: Bench, isOpen: () => boolean): void {
  const soon = debounced(250, () => {
    if (!isOpen() || !bench.image) return;
    const text = placeText(bench);
    history.replaceState(null, "", `#${text}`);
    const look = new URLSearchParams(text);
    for (const key of ["image", "pipeline"]) look.delete(key);
    bench.view.set("place", look.toString());
  });
  bench.camera.changed.on(soon);
  bench.displayChanged.on(soon);
  bench.savedChanged.on(soon);
}
