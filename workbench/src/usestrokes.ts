// A pipeline that takes what is painted: the further input, and a step that grows it.

import { flow, insertBlock, setIn } from "./edit";
import { freeName } from "./chain";
import { chainOf, kindOf, parse, readModel, isReadable, type Model, type Ops } from "./model";

/** Ops that make one value of the colours of a sample. */
const ONE_VALUE = /\.(grey|channel|take|unmix|select)\w*$/;

/** The text with the input of a layer; as it is where it has one. */
export function withLayer(text: string, layer: string, template: string): string {
  const { document } = parse(text);
  if (document.hasIn(["inputs", layer])) return text;
  if (document.has("inputs")) return setIn(text, ["inputs", layer], { path: template });
  const lines = text.split("\n");
  const place = lines.findIndex((line) => /^steps\s*:/.test(line));
  const block = ["inputs:", "  image: {}", `  ${layer}: ${flow({ path: template })}`];
  if (place < 0) return setIn(text, ["inputs"], { image: {}, [layer]: { path: template } });
  return [...lines.slice(0, place), ...block, ...lines.slice(place)].join("\n");
}

/** The text with a step of an op that uses a model, and the step's name. */
export function withModel(text: string, ops: Ops, op: string, path: string, params: Record<string, unknown>): { text: string; name: string } | null {
  const model = readModel(text, ops);
  if (!isReadable(model)) return null;
  const there = model.steps.find((step) => step.op === op && step.params.model === path);
  if (there) return { text, name: there.name };
  const wanted = { "learn.classify": "classes", "learn.probability": "probability", "learn.uncertainty": "uncertainty" }[op] ?? "learned";
  const name = freeName(wanted, [...model.inputs, ...model.steps.map((step) => step.name)]);
  const last = model.steps[model.steps.length - 1]?.name ?? null;
  // It has learned from the image itself, so that is what it is given.
  text = insertBlock(text, [`  ${name}: ${flow({ op, input: model.inputs[0]!, model: path, ...params })}`], last);
  if (model.outputs) text = setIn(text, ["outputs"], [...model.outputs, name]);
  return { text, name };
}

/** The nearest picture from which a value is made. */
export function pictureOf(model: Model, ops: Ops, of: string): string {
  let ref = of;
  for (let count = 0; count <= model.steps.length; count += 1) {
    if (kindOf(model, ops, ref) === "image") return ref;
    const step = model.steps.find((each) => each.name === ref.split(".")[0]);
    if (!step) break;
    ref = step.source;
  }
  return model.inputs[0]!;
}

/** The text with a step of an op that takes a layer as its markers, and the step's name. */
export function growFrom(text: string, ops: Ops, op: string, shown: string, layer: string, template: string, colours: boolean): { text: string; name: string } | null {
  text = withLayer(text, layer, template);
  const model = readModel(text, ops);
  if (!isReadable(model)) return null;
  const there = model.steps.find((step) => step.op === op && step.named.markers === layer);
  if (there) return { text, name: there.name };
  let source = pictureOf(model, ops, shown);
  const taken = [...model.inputs, ...model.steps.map((step) => step.name)];
  let last = model.steps[model.steps.length - 1]?.name ?? null;
  // Colours have no one brightness: take what is grey of them, made here if it is not there.
  const isGrey = (of: string) => chainOf(model, of).some((step) => ONE_VALUE.test(step.op));
  if (colours && !isGrey(source)) {
    const grey = model.steps.find((step) => step.op === "transform.grey" && step.source === source);
    if (grey) source = grey.name;
    else {
      const made = freeName("grey", taken);
      text = insertBlock(text, [`  ${made}: ${flow({ op: "transform.grey", input: source })}`], last);
      taken.push(made);
      source = last = made;
    }
  }
  // A watershed floods what is low: classes then meet on edges, and not on what is bright.
  if (op === "segment.watershed" && ops.has("filters.sobel")) {
    const edges = freeName("edges", taken);
    text = insertBlock(text, [`  ${edges}: ${flow({ op: "filters.sobel", input: source })}`], last);
    taken.push(edges);
    source = last = edges;
  }
  const name = freeName(op === "segment.watershed" ? "grown" : "walked", taken);
  text = insertBlock(text, [`  ${name}: ${flow({ op, input: source, markers: layer })}`], last);
  if (model.outputs) text = setIn(text, ["outputs"], [...model.outputs, name]);
  return { text, name };
}
