// The classes that are painted: their names and colours, kept for each folder.

import type { Bench } from "./bench";
import { rgba } from "./colours";

export interface PaintClass { name: string; colour: string }

const COLOURS = ["#4cb8f0", "#f5a524", "#1fc08b", "#f2e34c", "#e07fb6", "#ea6a3a", "#8f8bff", "#f4f4f4", "#b98a4e"];
const NAMES = ["background", "object", "", "", "", "", "", "", ""];

function wordOf(colour: string): number {
  const number = parseInt(colour.slice(1), 16);
  return rgba(number >> 16, (number >> 8) & 255, number & 255);
}

export class PaintClasses {
  list: PaintClass[] = [];
  /** How many the palette offers. */
  offered = 2;

  constructor(private readonly bench: Bench) {}

  recall(): void {
    const kept = this.bench.shared.get("classes") ?? [];
    this.list = COLOURS.map((colour, k) => ({
      name: typeof kept[k]?.name === "string" ? kept[k].name : NAMES[k]!,
      colour: /^#[0-9a-f]{6}$/i.test(kept[k]?.colour ?? "") ? kept[k]!.colour : colour,
    }));
    this.tellColours();
    this.list.forEach(({ name }, k) => { if (name) this.offered = Math.max(this.offered, k + 1); });
  }

  edit(value: number, change: Partial<PaintClass>): void {
    Object.assign(this.list[value - 1]!, change);
    this.tellColours();
    this.bench.shared.set("classes", this.list.map(({ name, colour }) => ({ name, colour })));
  }

  offer(count: number): void {
    this.offered = Math.min(9, Math.max(this.offered, count));
  }

  nameOf(value: number): string {
    return this.list[value - 1]?.name || `class ${value}`;
  }

  colourOf(value: number): string {
    return this.list[value - 1]?.colour ?? "#ffffff";
  }

  /** The colour of each value of a sample, as pixels have it. */
  words(): Uint32Array {
    const words = new Uint32Array(256);
    for (let value = 1; value < 256; value += 1) words[value] = wordOf(this.colourOf(value));
    return words;
  }

  private tellColours(): void {
    this.bench.classColours = this.words().slice(0, 1 + this.list.length);
  }
}
