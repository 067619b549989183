// The channels of an image over one another: which are shown, in which colours, and between which limits.

import type { Bench } from "./bench";
import { rgba } from "./colours";
import { h, RowList, type Row } from "./dom";
import type { Contrast } from "./paint";
import type { Frame, Opened } from "./types";

export interface Channel { name: string; colour: string; on: boolean }
/** How a channel is drawn: its share of each colour where it is brightest. */
export interface ChannelLook { red: number; green: number; blue: number; contrast: Contrast }

const COLOURS = ["#3d7bff", "#2fd65a", "#ff4d4d", "#ff4dff", "#f5d93d", "#3de0e0", "#ff9a3d", "#f4f4f4"];
const AT_ONCE = 4;

/** Channels of an image as they are shown at first; none of one whose colours belong together. */
export function channelsOf(image: Opened): Channel[] {
  const count = image.sizes.c ?? 1;
  if (count < 2 || ((count === 3 || count === 4) && image.dtype === "uint8")) return [];
  return Array.from({ length: count }, (_, k) => ({
    name: image.channels?.[k] && image.channels[k] !== String(k) ? image.channels[k]! : `channel ${k + 1}`,
    colour: COLOURS[k % COLOURS.length]!, on: k < AT_ONCE,
  }));
}

/** What limits of a channel are called. */
export function limitsKey(of: string, channel: number): string {
  return `${of}#${channel}`;
}

export function looksOf(bench: Bench, frame: Frame): ChannelLook[] {
  return (frame.channels ?? []).map(({ channel, low, high }) => {
    const { colour = "#ffffff" } = bench.channels[channel] ?? {};
    const part = (at: number) => parseInt(colour.slice(at, at + 2), 16) / 255;
    return { red: part(1), green: part(3), blue: part(5), contrast: bench.limits.get(limitsKey(frame.of, channel)) ?? { low, high } };
  });
}

/** Add the colours of the channels of a frame. */
export function paintChannels(frame: Frame, looks: ChannelLook[], gamma: number, pixels: Uint32Array): void {
  const count = (frame.shape[0] ?? 0) * (frame.shape[1] ?? 0);
  const size = frame.dtype === "u1" ? 256 : 65536;
  const tables = looks.map(({ contrast: { low, high } }, k) => {
    const { offset, scale, nan } = frame.channels![k]!;
    const table = new Float32Array(size);
    for (let sample = 0; sample < size; sample += 1) {
      const share = Math.min(1, Math.max(0, (offset + scale * sample - low) / (high - low || 1e-30)));
      table[sample] = 255 * share ** (1 / gamma);
    }
    if (nan) table[0] = 0;
    return table;
  });
  for (let i = 0; i < count; i += 1) {
    let [red, green, blue] = [0, 0, 0];
    for (let k = 0; k < looks.length; k += 1) {
      const value = tables[k]![frame.samples[k * count + i]!]!;
      const look = looks[k]!;
      red += value * look.red;
      green += value * look.green;
      blue += value * look.blue;
    }
    pixels[i] = rgba(Math.min(255, red), Math.min(255, green), Math.min(255, blue));
  }
}

/** The values of a sample in all channels that are shown. */
export function channelValues(frame: Frame, index: number): number[] {
  const count = (frame.shape[0] ?? 0) * (frame.shape[1] ?? 0);
  return (frame.channels ?? []).map(({ offset, scale, nan }, k) => {
    const sample = frame.samples[k * count + index]!;
    return nan && sample === 0 ? NaN : offset + scale * sample;
  });
}

/** The bar in which channels are switched, coloured, and chosen for the histogram. */
export class ChannelBar {
  readonly element = h("div", { class: "group channels", role: "group", "aria-label": "Channels", hidden: true });
  private readonly rows = new RowList<number>(this.element, String, (k) => this.row(k));

  constructor(private readonly bench: Bench) {
    bench.displayChanged.on(() => this.show());
  }

  private show(): void {
    this.element.hidden = !this.bench.channels.length;
    this.rows.show(this.bench.channels.map((_, k) => k));
  }

  /** The controls of a channel, by its place among those of the image. */
  private row(k: number): Row<number> {
    const { bench } = this;
    const change = (make: () => void) => { make(); bench.keepChannels(); bench.displayChanged.emit(); };
    const on = h("input", { type: "checkbox", id: `channel-${k}`, onchange: () => change(() => { bench.channels[k]!.on = on.checked; }) });
    const colour = h("input", { type: "color", class: "class-colour", id: `channel-colour-${k}`, onchange: () => change(() => { bench.channels[k]!.colour = colour.value; }) });
    const name = h("button", { type: "button", class: "small", id: `channel-name-${k}`, title: "Its histogram and contrast", onclick: () => change(() => { bench.channel = k; }) });
    return { element: h("span", { class: "channel" }, on, colour, name), show: () => {
      const channel = bench.channels[k]!;
      on.checked = channel.on;
      on.setAttribute("aria-label", `Show ${channel.name}`);
      if (colour.value !== channel.colour) colour.value = channel.colour;
      colour.setAttribute("aria-label", `Colour of ${channel.name}`);
      name.setAttribute("aria-pressed", String(bench.channel === k));
      name.textContent = channel.name;
    } };
  }
}
