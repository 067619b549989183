// Numbers and times as people write them.

/** A number in so many significant digits, without needless zeros. */
export function short(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return "no value";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(Math.max(0, digits - 1)).replace(/\.?0+e/, "e").replace("e+", "e");
  if (Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(digits)));
}

/** A unit as it is read: micrometres with their sign. */
export function unitText(unit: string): string {
  return unit.replace(/^u(?=[a-zA-Z])/, "µ").replace(/2$/, "²").replace(/3$/, "³");
}

const LENGTHS = ["nm", "um", "mm", "m", "km"];

/** A length in the unit that keeps its number small. */
export function lengthText(value: number, unit: string): string {
  let place = LENGTHS.indexOf(unit.replace(/^[µμ]/, "u"));
  if (place < 0) return `${short(value)} ${unitText(unit)}`;
  while (value >= 1000 && place < LENGTHS.length - 1) { value /= 1000; place += 1; }
  while (value < 0.1 && place > 0) { value *= 1000; place -= 1; }
  return `${short(value)} ${unitText(LENGTHS[place]!)}`;
}

/** Seconds in words. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return `${short(seconds / 3600, 2)} h`;
}

/** The largest of 1, 2, 5 times a power of ten that is at most a value. */
export function roundDown(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const lead = value / power;
  return (lead >= 5 ? 5 : lead >= 2 ? 2 : 1) * power;
}
