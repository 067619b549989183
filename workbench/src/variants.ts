// What else a step might be: ops of its family that take and give the same.

import { deleteIn, setIn } from "./edit";
import { ARRAYS, type Ops, type StepModel } from "./model";
import type { Op } from "./types";

const kinds = (data: { kind: string }[]) => data.map(({ kind }) => kind).join();

/** The ops of a family with the same inputs and outputs, itself among them; none where it gives no picture. */
export function siblings(ops: Ops, name: string): Op[] {
  const op = ops.get(name);
  if (!op?.inputs.length || !ARRAYS.has(op.outputs[0]?.kind ?? "")) return [];
  const needed = (each: Op) => kinds(each.inputs.filter(({ optional }) => !optional));
  const own = new Set(op.parameters.required ?? []);
  return [...ops.values()].filter((each) => each.family === op.family && needed(each) === needed(op)
    && kinds(each.outputs) === kinds(op.outputs) && (each.parameters.required ?? []).every((key) => own.has(key)));
}

/** The text with a step that is of another op; what both take stays. */
export function withOp(text: string, step: StepModel, op: Op): string {
  if (op.name === step.op) return text;
  const known = new Set(["input", ...op.inputs.slice(1).map(({ name }) => name), ...Object.keys(op.parameters.properties ?? {})]);
  for (const key of [...Object.keys(step.named), ...Object.keys(step.params)]) {
    if (!known.has(key)) text = deleteIn(text, ["steps", step.name, key]);
  }
  return setIn(text, ["steps", step.name, "op"], op.name);
}
