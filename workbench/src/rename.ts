// Another name for a step: everything that names it follows, comments and layout stay.

import { isMap, isPair, isScalar, isSeq, type Node } from "yaml";
import type { Off } from "./chain";
import { dataKeys, parse, type Ops } from "./model";

/** Keys of checks and figures whose values are no references. */
const WORDS = new Set(["figure", "title", "table", "column", "columns", "x", "y", "colour", "check", "by", "over"]);

/** Why a name cannot be had; empty where it can. */
export function whyNot(name: string, taken: string[]): string {
  if (!/^[A-Za-z_]\w*$/.test(name)) return "A name is a letter, then letters, digits and _";
  if (taken.includes(name)) return `${name} is the name of something else`;
  return "";
}

type Edit = { start: number; end: number; text: string };

function scalarEdit(node: unknown, from: string, to: string): Edit[] {
  if (!isScalar(node) || !node.range) return [];
  const value = String(node.value);
  if (value !== from && !value.startsWith(`${from}.`)) return [];
  const [start, end] = node.range;
  const quote = node.type === "QUOTE_DOUBLE" ? '"' : node.type === "QUOTE_SINGLE" ? "'" : "";
  return [{ start, end, text: `${quote}${to}${value.slice(from.length)}${quote}` }];
}

function within(node: unknown, from: string, to: string): Edit[] {
  if (isSeq(node)) return node.items.flatMap((item) => within(item, from, to));
  if (isMap(node)) {
    return node.items.flatMap((item) => (isPair(item) && isScalar(item.key) && !WORDS.has(String(item.key.value)) ? within(item.value, from, to) : []));
  }
  return scalarEdit(node, from, to);
}

/** References in the body of a step. */
function inStep(body: unknown, ops: Ops, from: string, to: string): Edit[] {
  if (!isMap(body)) return [];
  const keys = new Set(dataKeys(ops.get(String(body.get("op")))));
  return body.items.flatMap((item) => (isScalar(item.key) && keys.has(String(item.key.value)) ? scalarEdit(item.value, from, to) : []));
}

function apply(text: string, edits: Edit[]): string {
  for (const { start, end, text: piece } of [...edits].sort((a, b) => b.start - a.start)) text = text.slice(0, start) + piece + text.slice(end);
  return text;
}

export function rename(text: string, from: string, to: string, ops: Ops): string {
  const { document } = parse(text);
  const edits: Edit[] = [];
  const steps = document.get("steps", true);
  if (isMap(steps)) {
    for (const item of steps.items) {
      if (!isScalar(item.key)) continue;
      if (String(item.key.value) === from && item.key.range) {
        const [start, end] = item.key.range;
        edits.push({ start, end, text: to });
      }
      edits.push(...inStep(item.value, ops, from, to));
    }
  }
  for (const section of ["outputs", "checks", "report"]) edits.push(...within(document.get(section, true), from, to));
  const of = document.getIn(["groups", "of"], true) as Node | undefined;
  edits.push(...scalarEdit(of, from, to));
  return apply(text, edits);
}

/** Steps that are switched off, when another step has another name. */
export function renameInOff(off: Off[], from: string, to: string, ops: Ops): Off[] {
  const again = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(again);
    if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, WORDS.has(key) ? item : again(item)]));
    return typeof value === "string" && (value === from || value.startsWith(`${from}.`)) ? to + value.slice(from.length) : value;
  };
  return off.map((each) => {
    const lines = each.block.join("\n");
    const { document } = parse(lines);
    const body = isMap(document.contents) ? document.contents.items[0]?.value : null;
    return {
      ...each,
      after: each.after === from ? to : each.after,
      block: apply(lines, inStep(body, ops, from, to)).split("\n"),
      changes: each.changes.map(({ path, was, now }) => ({
        path: path[0] === "steps" && path[1] === from ? ["steps", to, ...path.slice(2)] : path, was: again(was), now: again(now),
      })),
      before: rename(each.before, from, to, ops),
      without: rename(each.without, from, to, ops),
    };
  });
}
