// The gallery of ops: a dialog to search and choose from.

import { fill, h, iconButton } from "./dom";
import { fits } from "./model";
import { plainMath } from "./cards";
import type { OpPictures } from "./oppictures";
import type { Kind, Op } from "./types";

const FAMILIES: Record<string, string> = {
  filters: "Filters: smooth, sharpen, level", threshold: "Thresholds: bright from dark", segment: "Segment: objects and masks",
  measure: "Measure: tables and numbers", detect: "Detect: spots, blobs, waves", transform: "Transform: colours, channels, size",
  radiography: "Radiography", spectra: "Spectra", learn: "Learned models",
};
const ORDER = Object.keys(FAMILIES);

/** `pictures` makes those of the ops, given what is scrolled. */
export function openGallery(ops: Op[], kind: Kind, available: Kind[], pictures: (root: HTMLElement) => OpPictures, choose: (op: string) => void): void {
  const results = h("div", { class: "gallery-results" });
  const count = h("p", { class: "gallery-count", role: "status" });
  const search = h("input", { type: "search", id: "gallery-search", placeholder: "Search: smooth, bright, count …", autocomplete: "off", spellcheck: false, "aria-label": "Search the steps", oninput: () => show() });
  const suited = h("input", { type: "checkbox", id: "gallery-fits", checked: true, onchange: () => show() });
  const dialog = h("dialog", { class: "gallery", "aria-label": "Choose a step" },
    h("header", {}, h("h2", {}, "Choose a step"), iconButton("close", "Close", () => dialog.close())),
    h("div", { class: "gallery-search" }, search, h("label", { for: "gallery-fits" }, suited, " only what fits here")),
    count, results);
  const shown = pictures(results);
  const buttons = new Map<string, HTMLButtonElement>();
  // Made once, so that typing has little to do and pictures stay.
  const button = (op: Op) => {
    const there = buttons.get(op.name);
    if (there) return there;
    const made = h("button", { type: "button", class: "op", "data-op": op.name, onclick: () => { dialog.close(); choose(op.name); } },
      shown.of(op), h("strong", {}, op.title.replace(/_/g, " ")), h("span", {}, plainMath(op.summary)),
      h("small", {}, `${op.inputs.filter((input) => !input.optional).map((input) => input.kind).join(", ")} → ${op.outputs.map((output) => output.kind).join(", ")}`));
    buttons.set(op.name, made);
    return made;
  };
  const suits = (op: Op) => {
    const first = op.inputs[0];
    if (!first) return false;
    if (fits(kind, first.kind)) return true;
    return kind !== "image" && available.some((each) => each === first.kind);
  };
  function show(): void {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = ops.filter((op) => {
      const text = `${op.name} ${op.title} ${op.summary}`.toLowerCase();
      return words.every((word) => text.includes(word)) && (!suited.checked || suits(op));
    });
    // What is named as was typed comes first, then what begins so, then families in the order of work.
    const rank = (op: Op) => {
      if (!words.length) return 0;
      const title = op.title.toLowerCase();
      const typed = words.join(" ");
      return title === typed ? 0 : title.startsWith(typed) ? 1 : words.every((word) => title.includes(word)) ? 2 : 3;
    };
    found.sort((a, b) => rank(a) - rank(b));
    const best = (family: string) => Math.min(...found.filter((op) => op.family === family).map(rank));
    const families = [...new Set(found.map((op) => op.family))]
      .sort((a, b) => best(a) - best(b) || (ORDER.indexOf(a) + 1 || 99) - (ORDER.indexOf(b) + 1 || 99));
    count.textContent = found.length === 1 ? "1 step" : `${found.length} steps`;
    if (!found.length) {
      const all = ops.filter((op) => words.every((word) => `${op.name} ${op.title} ${op.summary}`.toLowerCase().includes(word)));
      const needs = [...new Set(all.flatMap((op) => op.inputs[0]?.kind ?? []))].join(" or ");
      fill(results, h("p", { class: "gallery-none" }, all.length ? `Nothing of that name fits here; it takes ${needs}, and this is ${kind}. ` : "There is no such step. ",
        all.length ? h("button", { type: "button", onclick: () => { suited.checked = false; show(); results.querySelector("button")?.focus(); } }, all.length === 1 ? "Show it all the same" : "Show them all the same") : null));
      return;
    }
    fill(results, families.map((family) => h("section", {},
      h("h3", {}, FAMILIES[family] ?? family),
      h("div", { class: "gallery-grid" }, found.filter((op) => op.family === family).map(button)))));
  }
  search.addEventListener("keydown", (event) => {
    const first = results.querySelector<HTMLButtonElement>("button");
    if (event.key === "Enter") first?.click();
    if (event.key === "ArrowDown") { event.preventDefault(); first?.focus(); }
  });
  results.addEventListener("keydown", (event) => {
    const buttons = [...results.querySelectorAll<HTMLButtonElement>("button")];
    const place = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!by || place < 0) return;
    event.preventDefault();
    if (place + by < 0) search.focus();
    else buttons[place + by]?.focus();
  });
  const opener = document.activeElement as HTMLElement | null;
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => { shown.close(); dialog.remove(); if (opener?.isConnected) opener.focus(); });
  document.body.append(dialog);
  show();
  dialog.showModal();
  search.focus();
}
