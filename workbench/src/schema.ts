// From the schema of a parameter to the control that sets it.

import type { Schema } from "./types";

export interface Control {
  kind: "number" | "flag" | "choice" | "many" | "text" | "other";
  integer: boolean;
  /** Numbers that may carry a unit, and what a bare number counts. */
  quantity: string;
  bare: string;
  nullable: boolean;
  choices: unknown[];
  low: number | null;
  high: number | null;
}

const BARE: Record<string, string> = { length: "px", area: "px²", volume: "px³", quantity: "px" };

export function controlOf(schema: Schema): Control {
  const control: Control = {
    kind: "other", integer: false, quantity: "", bare: "", nullable: false, choices: [],
    low: null, high: null,
  };
  read(schema, control);
  return control;
}

function read(schema: Schema, control: Control): void {
  bounds(schema, control);
  if (schema.format && /length|duration|area|volume|quantity/.test(schema.format)) {
    control.kind = "number";
    control.quantity = schema.format;
    control.bare = BARE[schema.format] ?? "";
    return;
  }
  if (schema.enum) {
    control.kind = "choice";
    control.choices = schema.enum;
    return;
  }
  if (schema.anyOf) {
    const parts = schema.anyOf.filter((part) => part.type !== "null");
    control.nullable = parts.length < schema.anyOf.length;
    if (parts.length === 1) read(parts[0]!, control);
    return;
  }
  if (schema.type === "array" && schema.items?.enum) {
    control.kind = "many";
    control.choices = schema.items.enum;
    return;
  }
  if (schema.type === "boolean") control.kind = "flag";
  else if (schema.type === "number" || schema.type === "integer") {
    control.kind = "number";
    control.integer = schema.type === "integer";
  } else if (schema.type === "string") control.kind = "text";
}

function bounds(schema: Schema, control: Control): void {
  const low = schema.minimum ?? schema.ge ?? schema.exclusiveMinimum ?? schema.gt;
  const high = schema.maximum ?? schema.le ?? schema.exclusiveMaximum ?? schema.lt;
  if (low !== undefined) control.low = low;
  if (high !== undefined) control.high = high;
}

/** A number with the unit behind it, as "2.5 um". */
export function splitQuantity(value: unknown): { number: number; unit: string } | null {
  if (typeof value === "number") return { number: value, unit: "" };
  const match = /^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(\S.*?)?\s*$/.exec(String(value));
  return match ? { number: Number(match[1]), unit: match[2] ?? "" } : null;
}

export interface Scale { low: number; high: number; log: boolean; step: number }

/** The range of a slider round a default and the present value; null where none makes sense. */
export function scaleOf(control: Control, fallback: unknown, present: number): Scale | null {
  const preset = splitQuantity(fallback)?.number;
  const around = preset ? Math.abs(preset) : Math.abs(present);
  const wide = control.high === null || (control.high >= 1000 && control.high > around * 20);
  if (wide && around > 0 && (control.low ?? -1) >= 0) {
    let low = around / 10;
    let high = around * 10;
    if (control.integer) low = Math.max(low, control.low || 1);
    if (present > 0) { low = Math.min(low, present); high = Math.max(high, present); }
    return { low, high: control.high === null ? high : Math.min(high, control.high), log: true, step: control.integer ? 1 : 0 };
  }
  let low = control.low ?? Math.min(-10 * (around || 1), present);
  const high = wide ? Math.max(10 * (around || 1), present) : control.high!;
  if (present < low) low = present;
  if (high <= low) return null;
  return { low, high, log: false, step: control.integer ? 1 : 0 };
}

const NOTCHES = 400;

export function toNotch(scale: Scale, value: number): number {
  const share = scale.log
    ? Math.log(Math.max(value, scale.low) / scale.low) / Math.log(scale.high / scale.low)
    : (value - scale.low) / (scale.high - scale.low);
  return Math.round(Math.min(1, Math.max(0, share)) * NOTCHES);
}

export function fromNotch(scale: Scale, notch: number): number {
  const share = notch / NOTCHES;
  const value = scale.log
    ? scale.low * (scale.high / scale.low) ** share
    : scale.low + (scale.high - scale.low) * share;
  if (scale.step) return Math.round(value);
  if (notch === 0) return scale.low;
  if (notch === NOTCHES) return scale.high;
  const digits = Math.max(0, Math.ceil(-Math.log10(((scale.log ? value * 0.3 : scale.high - scale.low)) / 100)));
  return Number(value.toFixed(Math.min(12, digits)));
}

export { NOTCHES };
