// Pipelines that take corrected labels: in place of a step's, as the truth of a check, to be measured.

import { freeName } from "./chain";
import { flow, insertBlock, setIn } from "./edit";
import { isReadable, kindOf, parse, readModel, type Model, type Ops } from "./model";
import { LAYER } from "./correcting";
import { withLayer } from "./usestrokes";

export interface Used { text: string; name: string }

function opened(text: string, ops: Ops, template: string): { text: string; model: Model; input: string } | null {
  const before = readModel(text, ops);
  if (!isReadable(before)) return null;
  const there = before.corrected[0];
  if (!there) {
    const taken = before.steps.some((step) => step.name === LAYER);
    if (taken) return null;
    text = withLayer(text, LAYER, template);
  }
  const model = readModel(text, ops);
  return isReadable(model) ? { text, model, input: there ?? LAYER } : null;
}

/** The text with the corrected labels as a further input. */
export function withCorrection(text: string, ops: Ops, template: string): Used | null {
  const found = opened(text, ops, template);
  return found && { text: found.text, name: found.input };
}

/** The text in which all steps that took some labels take the corrected ones. */
export function inPlaceOf(text: string, ops: Ops, template: string, of: string): Used | null {
  const found = opened(text, ops, template);
  if (!found) return null;
  ({ text } = found);
  for (const step of found.model.steps) {
    if (step.source === of) text = setIn(text, ["steps", step.name, "input"], found.input);
    for (const [key, ref] of Object.entries(step.named)) {
      if (key !== "input" && ref === of) text = setIn(text, ["steps", step.name, key], found.input);
    }
  }
  return { text, name: found.input };
}

/** The text with a check that holds labels against the corrected ones. */
export function asTruthOf(text: string, ops: Ops, template: string, of: string): Used | null {
  const found = opened(text, ops, template);
  if (!found) return null;
  const checks = (parse(found.text).document.toJS() as { checks?: Record<string, { of?: string; against?: string }> }).checks ?? {};
  const there = Object.entries(checks).find(([, check]) => check?.of === of && check.against === found.input);
  if (there) return { text: found.text, name: there[0] };
  const name = freeName("truth", [...Object.keys(checks), ...found.model.inputs, ...found.model.steps.map((step) => step.name)]);
  const body = { check: "instances", of, against: found.input };
  const path = Object.keys(checks).length ? ["checks", name] : ["checks"];
  return { text: setIn(found.text, path, path.length > 1 ? body : { [name]: body }), name };
}

/** The text with a step that measures the corrected objects. */
export function measured(text: string, ops: Ops, template: string): Used | null {
  const found = opened(text, ops, template);
  if (!found) return null;
  const { model, input } = found;
  const there = model.steps.find((step) => step.op === "measure.regions" && step.source === input);
  if (there) return { text: found.text, name: there.name };
  const last = model.steps[model.steps.length - 1]?.name ?? null;
  const name = freeName("corrected_objects", [...model.inputs, ...model.steps.map((step) => step.name)]);
  const grey = [...model.steps].reverse().find((step) => step.op === "transform.grey");
  const intensity = grey?.name ?? model.inputs[0]!;
  const takes = ops.get("measure.regions")?.inputs.some((each) => each.name === "intensity") && kindOf(model, ops, intensity) === "image";
  text = insertBlock(found.text, [`  ${name}: ${flow({ op: "measure.regions", input, ...(takes ? { intensity } : {}) })}`], last);
  if (model.outputs) text = setIn(text, ["outputs"], [...model.outputs, name]);
  return { text, name };
}
