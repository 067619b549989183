// A pipeline as its text says it: what the cards show.

import { isMap, LineCounter, parseDocument, type Document } from "yaml";
import type { Kind, Op } from "./types";

export interface StepModel {
  name: string;
  op: string;
  params: Record<string, unknown>;
  /** Data by key ("input", "markers", ...) as it is named in the text. */
  named: Record<string, string>;
  /** Where the first input comes from, named or not. */
  source: string;
}
export interface Model {
  name: string;
  inputs: string[];
  /** Inputs that are painted labels. */
  painted: string[];
  /** Inputs that are corrected labels. */
  corrected: string[];
  steps: StepModel[];
  /** Checks, with what they look at. */
  checks: { name: string; body: Record<string, unknown>; refs: string[] }[];
  outputs: string[] | null;
  /** The rest of the text that views depend on: inputs, the sheet. */
  rest: string;
}
export interface Unreadable { line: number; what: string }
/** Where painted labels are kept, and corrected ones. */
export const PAINTED = "graticule/labels/";
export const CORRECTED = "graticule/corrected/";
export type Ops = Map<string, Op>;

export function parse(text: string): { document: Document; lines: LineCounter } {
  const lines = new LineCounter();
  return { document: parseDocument(text, { lineCounter: lines }), lines };
}

/** Keys that name data in a step of an op. */
export function dataKeys(op: Op | undefined): string[] {
  return ["input", ...(op?.inputs.slice(1).map((input) => input.name) ?? [])];
}

/** Read a text, or say where it cannot be read. */
export function readModel(text: string, ops: Ops): Model | Unreadable {
  const { document } = parse(text);
  const error = document.errors[0];
  if (error) return { line: error.linePos?.[0].line ?? 1, what: error.message.split("\n")[0]!.replace(/ at line.*$/, "") };
  const plain = document.toJS() as Record<string, unknown> | null;
  if (plain !== null && (typeof plain !== "object" || Array.isArray(plain))) return { line: 1, what: "A pipeline is a mapping of names" };
  const inputs = mapping(plain?.inputs);
  const inputNames = Object.keys(inputs).length ? Object.keys(inputs) : ["image"];
  const within = (folder: string) => inputNames.filter((name) => String(mapping(inputs[name]).path ?? "").startsWith(folder));
  const [painted, corrected] = [within(PAINTED), within(CORRECTED)] as const;
  const steps: StepModel[] = [];
  // The order of the document, which that of a plain object is not where names are numbers.
  const section = document.get("steps");
  const names = isMap(section) ? section.items.map((item) => String((item.key as { value?: unknown })?.value ?? item.key)) : [];
  const bodies = mapping(plain?.steps);
  let previous = inputNames[0]!;
  for (const name of names) {
    const { op, ...rest } = mapping(bodies[name]);
    const keys = new Set(dataKeys(ops.get(String(op))));
    const named: Record<string, string> = {};
    const params: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(rest)) {
      if (keys.has(key)) named[key] = String(value);
      else params[key] = value;
    }
    steps.push({ name, op: String(op ?? ""), params, named, source: named.input ?? previous });
    previous = name;
  }
  const checks = Object.entries(mapping(plain?.checks)).map(([name, value]) => {
    const body = mapping(value);
    return { name, body, refs: [body.of, body.at ?? inputNames[0], body.against].filter((ref) => typeof ref === "string") };
  });
  const outputs = Array.isArray(plain?.outputs) ? plain.outputs.map(String) : null;
  const { steps: _steps, outputs: _outputs, report: _report, checks: _checks, name: _name, description: _description, ...rest } = plain ?? {};
  return { name: String(plain?.name ?? ""), inputs: inputNames, painted, corrected, steps, checks, outputs, rest: JSON.stringify(rest) };
}

export function isReadable(model: Model | Unreadable): model is Model {
  return "steps" in model;
}

function mapping(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? value as Record<string, unknown> : {};
}

export const ARRAYS = new Set<Kind>(["image", "labels", "mask", "rgb", "probability"]);

/** Whether data of one kind may go where another is wanted. */
export function fits(kind: Kind, wanted: Kind): boolean {
  if (wanted === "image") return ARRAYS.has(kind);
  if (wanted === "table") return kind === "table" || kind === "record";
  return kind === wanted || (kind === "image" && ARRAYS.has(wanted));
}

export interface Value { ref: string; kind: Kind; step: string | null }

/** Everything that a step may be given or a pane may show: inputs, and the outputs of steps. */
export function values(model: Model, ops: Ops): Value[] {
  const found: Value[] = model.inputs.map((ref) => ({ ref, kind: model.painted.includes(ref) || model.corrected.includes(ref) ? "labels" : "image", step: null }));
  for (const step of model.steps) {
    for (const output of ops.get(step.op)?.outputs ?? []) {
      found.push({ ref: output.name ? `${step.name}.${output.name}` : step.name, kind: output.kind, step: step.name });
    }
  }
  return found;
}

/** The steps that a value depends on. */
export function chainOf(model: Model, of: string): StepModel[] {
  const needed = new Set<string>();
  const follow = (ref: string) => {
    const name = ref.split(".")[0]!;
    const step = model.steps.find((each) => each.name === name);
    if (!step || needed.has(name)) return;
    needed.add(name);
    for (const source of [step.source, ...Object.values(step.named)]) follow(source);
  };
  follow(of);
  return model.steps.filter((step) => needed.has(step.name));
}

/** What a value depends on: two texts with equal signatures show the same. */
export function signature(model: Model, of: string): string {
  return JSON.stringify([of, model.rest, model.inputs, chainOf(model, of)]);
}

export function kindOf(model: Model, ops: Ops, ref: string): Kind | null {
  return values(model, ops).find((value) => value.ref === ref)?.kind ?? null;
}

/** The labels that a table was measured of; null where none are known. */
export function labelsOf(model: Model, ops: Ops, table: string): string | null {
  let name = table.split(".")[0]!;
  for (let count = 0; count <= model.steps.length; count += 1) {
    const step = model.steps.find((each) => each.name === name);
    if (!step) return null;
    if (kindOf(model, ops, step.source) === "labels") return step.source;
    const own = ops.get(step.op)?.outputs.find((output) => output.kind === "labels");
    if (own) return own.name ? `${name}.${own.name}` : name;
    name = step.source.split(".")[0]!;
  }
  return null;
}

/** Whether a value comes of a model. */
export function usesModel(model: Model, of: string, path: string): boolean {
  return chainOf(model, of).some((step) => step.params.model === path);
}

/** Whether a value depends on an input. */
export function dependsOn(model: Model, of: string, input: string): boolean {
  const is = (ref: string) => ref.split(".")[0] === input;
  return is(of) || chainOf(model, of).some((step) => [step.source, ...Object.values(step.named)].some(is));
}
