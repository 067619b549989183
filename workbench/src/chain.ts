// Steps put in, taken out, switched on again and moved: who takes whose result is kept right.

import { deleteIn, flow, getIn, insertBlock, removeBlock, setIn, swapBlocks, type Path } from "./edit";
import { ARRAYS, fits, isReadable, kindOf, readModel, values, type Model, type Ops } from "./model";
import { parse } from "./model";

type Change = { path: Path; was: unknown; now: unknown };

/** A step that is switched off: its lines, where they stood, and what was changed without it. */
export interface Off {
  name: string;
  op: string;
  block: string[];
  after: string | null;
  changes: Change[];
  before: string;
  without: string;
}

const NOT_REFERENCES = new Set(["figure", "title", "column", "columns", "check"]);

function modelOf(text: string, ops: Ops): Model {
  const model = readModel(text, ops);
  if (!isReadable(model)) throw new Error(model.what);
  return model;
}

function names(value: unknown, step: string): boolean {
  return typeof value === "string" && (value === step || value.startsWith(`${step}.`));
}

function mentions(value: unknown, step: string): boolean {
  if (Array.isArray(value)) return value.some((item) => mentions(item, step));
  if (value && typeof value === "object") {
    return Object.entries(value).some(([key, item]) => !NOT_REFERENCES.has(key) && mentions(item, step));
  }
  return names(value, step);
}

/** Take a step out of the chain: its users take what it was given. */
export function takeOut(text: string, name: string, ops: Ops): Off & { text: string } {
  const before = text;
  const model = modelOf(text, ops);
  const index = model.steps.findIndex((step) => step.name === name);
  const step = model.steps[index]!;
  const source = step.source;
  const previous = model.steps[index - 1]?.name ?? model.inputs[0]!;
  const kind = ops.get(step.op)?.outputs[0]?.kind ?? "image";
  const sourceKind = kindOf(model, ops, source) ?? "image";
  const bothArrays = ARRAYS.has(kind) && ARRAYS.has(sourceKind);
  const changes: Change[] = [];
  const change = (path: Path, was: unknown, now: unknown) => {
    text = now === undefined ? deleteIn(text, path) : setIn(text, path, now);
    changes.push({ path, was, now });
  };
  model.steps.forEach((other, place) => {
    if (place === index) return;
    for (const [key, ref] of Object.entries(other.named)) {
      if (names(ref, name)) change(["steps", other.name, key], ref, source);
    }
    if (place === index + 1 && other.named.input === undefined && source !== previous) {
      change(["steps", other.name, "input"], undefined, source);
    }
  });
  if (model.outputs) {
    const kept: string[] = [];
    for (const output of model.outputs) {
      const next = names(output, name) ? (bothArrays && !model.inputs.includes(source) ? source : null) : output;
      if (next !== null && !kept.includes(next)) kept.push(next);
    }
    if (JSON.stringify(kept) !== JSON.stringify(model.outputs)) {
      change(["outputs"], model.outputs, kept.length ? kept : undefined);
    }
  }
  for (const section of ["checks", "report"]) text = dropMentions(text, section, name, source, bothArrays && kind === sourceKind, changes);
  const removed = removeBlock(text, name);
  return {
    text: removed.text, name, op: step.op, block: removed.block,
    after: index ? model.steps[index - 1]!.name : null, changes, before, without: removed.text,
  };
}

/** In checks and figures, name another step, or leave out the entry where that would not fit. */
function dropMentions(text: string, section: string, name: string, source: string, fit: boolean, changes: Change[]): string {
  const plain = getIn(text, [section]);
  if (!plain || typeof plain !== "object" || !mentions(plain, name)) return text;
  const renamed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(renamed);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, NOT_REFERENCES.has(key) ? item : renamed(item)]));
    }
    return names(value, name) ? source : value;
  };
  const keep = (value: unknown) => !mentions(value, name) || fit;
  const was = plain;
  if (Array.isArray(plain)) {
    plain.map((item, place) => [item, place] as const).reverse().forEach(([item, place]) => {
      if (!mentions(item, name)) return;
      text = keep(item) ? setIn(text, [section, place], renamed(item)) : deleteIn(text, [section, place]);
    });
  } else {
    for (const [key, item] of Object.entries(plain)) {
      if (!mentions(item, name)) continue;
      text = keep(item) ? setIn(text, [section, key], renamed(item)) : deleteIn(text, [section, key]);
    }
  }
  const now = getIn(text, [section]);
  if (now === undefined || now === null || (typeof now === "object" && !Object.keys(now).length)) {
    text = deleteIn(text, [section]);
    changes.push({ path: [section], was, now: undefined });
  } else {
    changes.push({ path: [section], was, now });
  }
  return text;
}

/** Put a step that was switched off where it was, as far as the text is still as it was then. */
export function putBack(text: string, off: Off): string {
  if (text === off.without) return off.before;
  const present = parse(text).document.hasIn(["steps", off.after ?? ""]);
  text = insertBlock(text, off.block, present ? off.after : null);
  for (const { path, was, now } of off.changes) {
    if (path[0] === "steps" && !parse(text).document.hasIn(path.slice(0, 2))) continue;
    if (JSON.stringify(getIn(text, path) ?? null) !== JSON.stringify(now ?? null)) continue;
    text = was === undefined ? deleteIn(text, path) : setIn(text, path, was);
  }
  return text;
}

/** A name for a step that nothing has yet. */
export function freeName(wanted: string, taken: string[]): string {
  const base = wanted.replace(/\W+/g, "_").replace(/^(\d)/, "_$1");
  let name = base;
  for (let count = 2; taken.includes(name); count += 1) name = `${base}_${count}`;
  return name;
}

/** Put a new step of an op after another; null, at the beginning. */
export function putIn(text: string, opName: string, after: string | null, ops: Ops, off: Off[]): { text: string; name: string } {
  const model = modelOf(text, ops);
  const op = ops.get(opName)!;
  const taken = [...model.inputs, ...model.steps.map((step) => step.name), ...off.map((each) => each.name)];
  const name = freeName(op.name.split(".").pop()!, taken);
  const index = after === null ? -1 : model.steps.findIndex((step) => step.name === after);
  const before = values(model, ops).filter((value) =>
    value.step === null || model.steps.findIndex((step) => step.name === value.step) <= index);
  const previous = index >= 0 ? model.steps[index]!.name : model.inputs[0]!;
  const body: Record<string, unknown> = { op: opName };
  op.inputs.forEach((input, place) => {
    const suited = before.filter((value) => fits(value.kind, input.kind));
    if (place === 0) {
      // The step before, or where that does not fit, the last one that does.
      if (!suited.some((value) => value.ref === previous) && suited.length) body.input = suited[suited.length - 1]!.ref;
    } else if (!input.optional && suited.length) {
      const exact = suited.filter((value) => value.kind === input.kind);
      const from = exact.length ? exact : suited;
      body[input.name] = input.kind === "image" ? from[0]!.ref : from[from.length - 1]!.ref;
    }
  });
  const next = model.steps[index + 1];
  text = insertBlock(text, [`  ${name}: ${flow(body)}`], after);
  if (next && next.named.input === undefined) {
    const wanted = ops.get(next.op)?.inputs[0]?.kind ?? "image";
    const given = op.outputs.find((output) => fits(output.kind, wanted));
    if (!given) text = setIn(text, ["steps", next.name, "input"], next.source);
    else if (given.name) text = setIn(text, ["steps", next.name, "input"], `${name}.${given.name}`);
  }
  if (!next && model.outputs) {
    const given = op.outputs[0];
    if (given && !given.name) text = setIn(text, ["outputs"], [...model.outputs, name]);
  }
  return { text, name };
}

export function move(text: string, index: number, by: -1 | 1): string {
  return swapBlocks(text, Math.min(index, index + by), Math.max(index, index + by));
}
