// Colour maps and the colours of labels, as numbers of a little-endian RGBA word.

export type MapName = "gray" | "viridis" | "magma";
export const MAPS: MapName[] = ["gray", "viridis", "magma"];

const POLYNOMIALS: Record<string, [number, number, number][]> = {
  viridis: [
    [0.2777273, 0.0054074, 0.3340998], [0.1050930, 1.4046135, 1.3845902], [-0.3308618, 0.2148476, 0.0950952],
    [-4.6342305, -5.7991010, -19.3324410], [6.2282699, 14.1799334, 56.6905526], [4.7763850, -13.7451454, -65.3530326],
    [-5.4354559, 4.6458526, 26.3124352],
  ],
  magma: [
    [-0.0021365, -0.0007497, -0.0053862], [0.2516605, 0.6775232, 2.4940266], [8.3537172, -3.5777191, 0.3144679],
    [-27.6687309, 14.2647308, -13.6492132], [52.1761398, -27.9436061, 12.9441694], [-50.7685254, 29.0465828, 4.2341530],
    [18.6557056, -11.4897735, -5.6019615],
  ],
};

export function rgba(r: number, g: number, b: number, a = 255): number {
  return ((a << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

/** A colour map in 256 steps. */
export function colourMap(name: MapName): Uint32Array {
  const table = new Uint32Array(256);
  const polynomial = POLYNOMIALS[name];
  for (let i = 0; i < 256; i += 1) {
    if (!polynomial) {
      table[i] = rgba(i, i, i);
      continue;
    }
    const t = i / 255;
    const part = (channel: number) => {
      const value = polynomial.reduceRight((sum, factors) => sum * t + factors[channel]!, 0);
      return Math.round(Math.min(1, Math.max(0, value)) * 255);
    };
    table[i] = rgba(part(0), part(1), part(2));
  }
  return table;
}

/** A number from -1 to 1 as blue, white, red. */
export function diverging(): Uint32Array {
  const table = new Uint32Array(256);
  for (let i = 0; i < 256; i += 1) {
    const t = (i - 127.5) / 127.5;
    const fade = 1 - Math.abs(t);
    const mix = (end: number) => Math.round(245 * fade + end * (1 - fade));
    table[i] = t < 0 ? rgba(mix(20), mix(80), mix(190)) : rgba(mix(190), mix(40), mix(30));
  }
  return table;
}

const LABELS = 2048;
let labelTable: Uint32Array | null = null;

function labelColours(): Uint32Array {
  if (labelTable) return labelTable;
  labelTable = new Uint32Array(LABELS);
  for (let i = 0; i < LABELS; i += 1) {
    const hue = (i * 0.61803398875) % 1;
    const light = 0.52 + 0.16 * ((i * 0.7548776662) % 1);
    const strong = 0.62 + 0.3 * ((i * 0.5698402910) % 1);
    const channel = (shift: number) => {
      const k = (shift + hue * 12) % 12;
      const a = strong * Math.min(light, 1 - light);
      return Math.round(255 * (light - a * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
    };
    labelTable[i] = rgba(channel(0), channel(8), channel(4));
  }
  return labelTable;
}

/** The colour of a label: always the same for the same number. */
export function labelColour(label: number): number {
  let hash = Math.imul(label ^ (label >>> 16), 0x45d9f3b);
  hash = Math.imul(hash ^ (hash >>> 13), 0x45d9f3b);
  return labelColours()[(hash ^ (hash >>> 16)) & (LABELS - 1)]!;
}

export const MASK_COLOUR = rgba(255, 122, 24);

export function withAlpha(colour: number, alpha: number): number {
  return ((colour & 0xffffff) | (Math.round(alpha * 255) << 24)) >>> 0;
}
