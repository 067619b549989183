// The values of probes as a table that any program reads: one row a value.

import type { Found } from "./probing";

const HEAD = ["probe", "shape", "x", "y", "to_x", "to_y", "width", "step", "channel", "axis", "axis_unit", "coordinate", "mean", "sd", "min", "max", "samples", "unit", "level", "basis"];

export function probesCsv(found: Found[]): string {
  const rows = found.flatMap(({ probe, of, result }) => {
    if (result.outside) return [];
    const [from, to] = [probe.points[0]!, probe.points[1]];
    const place = (value: number | undefined) => (value === undefined ? "" : probe.shape === "line" ? value - 0.5 : Math.floor(value));
    const head = [probe.number, probe.shape, place(from.x), place(from.y), place(to?.x), place(to?.y), probe.shape === "line" ? probe.width : "", of];
    return result.series.flatMap(({ name, mean, sd, min, max }) => mean.map((value, k) => [
      ...head, name, result.axis?.name ?? "", result.axis?.unit ?? "", result.axis ? result.axis.texts?.[k] ?? result.axis.values[k] : "",
      value, sd?.[k], min?.[k], max?.[k], result.count, result.unit, result.level, result.basis,
    ]));
  });
  const cell = (value: unknown) => {
    const text = String(value ?? "");
    return /[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  };
  return `${[HEAD, ...rows].map((row) => row.map(cell).join(",")).join("\n")}\n`;
}
