// The values of probes as a table that any program reads: one row a value.

import type { Found } from "./probing";

const WHERE = ["probe", "shape"];
const REST = ["width", "step", "channel", "axis", "axis_unit", "coordinate", "mean", "sd", "min", "max", "samples", "unit", "level", "basis"];

export function probesCsv(found: Found[]): string {
  // Where a probe is, along the dims of its plane; in slices planes differ.
  const dims = [...new Set(found.flatMap(({ probe: { plane: [rows, columns] } }) => [columns, rows]))];
  const rows = found.flatMap(({ probe, of, result }) => {
    if (result.outside) return [];
    const [from, to] = [probe.points[0]!, probe.points[1]];
    const place = (value: number | undefined) => (value === undefined ? "" : probe.shape === "line" ? value - 0.5 : Math.floor(value));
    const along = (point: typeof from | undefined, dim: string) => (dim === probe.plane[1] ? place(point?.x) : dim === probe.plane[0] ? place(point?.y) : "");
    const places = [from, to].flatMap((point) => dims.map((dim) => along(point, dim)));
    const head = [probe.number, probe.shape, ...places, probe.shape === "line" ? probe.width : "", of];
    return result.series.flatMap(({ name, mean, sd, min, max }) => mean.map((value, k) => [
      ...head, name, result.axis?.name ?? "", result.axis?.unit ?? "", result.axis ? result.axis.texts?.[k] ?? result.axis.values[k] : "",
      value, sd?.[k], min?.[k], max?.[k], result.count, result.unit, result.level, result.basis,
    ]));
  });
  const cell = (value: unknown) => {
    const text = String(value ?? "");
    return /[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  };
  const head = [...WHERE, ...dims, ...dims.map((dim) => `to_${dim}`), ...REST];
  return `${[head, ...rows].map((row) => row.map(cell).join(",")).join("\n")}\n`;
}
