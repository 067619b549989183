// Changes to the text of a pipeline that leave its comments and its layout alone.
//
// Each change is made in the text itself where that is possible, and read again to see that it
// says what was meant; otherwise the document is written anew, comments kept.

import { Document, isMap, isPair, isScalar, isSeq, type Node, type Pair, type YAMLMap } from "yaml";
import { parse } from "./model";

export type Path = (string | number)[];

/** A value as it is written within braces. */
export function flow(value: unknown): string {
  const document = new Document({ k: value });
  (document.contents as unknown as YAMLMap).flow = true;
  const inner = (document.contents as unknown as YAMLMap).items[0]!.value as Node & { flow?: boolean };
  if (inner && "flow" in inner) inner.flow = true;
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: false }).trim();
  return text.slice(text.indexOf("k: ") + 3, -1).trim();
}

function same(text: string, document: Document): boolean {
  const again = parse(text).document;
  return !again.errors.length && JSON.stringify(again.toJS()) === JSON.stringify(document.toJS());
}

function written(document: Document): string {
  return document.toString({ lineWidth: 100, flowCollectionPadding: false });
}

function pairOf(map: unknown, key: string | number): Pair<Node, Node | null> | undefined {
  if (!isMap(map)) return undefined;
  return map.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key)) as Pair<Node, Node | null> | undefined;
}

const startOf = (node: unknown): number => (node as Node).range![0];
const endOf = (node: unknown): number => (node as Node).range![1];

/** The column of a place in a text, as spaces. */
function indentAt(text: string, place: number): string {
  const line = text.lastIndexOf("\n", place - 1) + 1;
  return " ".repeat(place - line);
}

function lineEnd(text: string, place: number): number {
  const end = text.indexOf("\n", place);
  return end < 0 ? text.length : end;
}

export function setIn(text: string, path: Path, value: unknown): string {
  const { document } = parse(text);
  const parent = document.getIn(path.slice(0, -1), true);
  const key = path[path.length - 1]!;
  const changed = trySet(text, parent, key, value);
  document.setIn(path, typeof value === "object" && value !== null ? document.createNode(value, { flow: true }) : value);
  return changed !== null && same(changed, document) ? changed : written(document);
}

function trySet(text: string, parent: unknown, key: string | number, value: unknown): string | null {
  const piece = flow(value);
  if (isSeq(parent)) {
    const item = parent.items[Number(key)] as Node | undefined;
    return item?.range ? text.slice(0, startOf(item)) + piece + text.slice(endOf(item)) : null;
  }
  if (!isMap(parent) || !parent.range) return null;
  const pair = pairOf(parent, key);
  if (pair) {
    if (!pair.value?.range || startOf(pair.value) === endOf(pair.value)) return null;
    return text.slice(0, startOf(pair.value)) + piece + text.slice(endOf(pair.value));
  }
  if (parent.flow) {
    const close = endOf(parent) - 1;
    const before = text.slice(0, close).trimEnd();
    return `${before}${parent.items.length ? ", " : ""}${key}: ${piece}${text.slice(close)}`;
  }
  const last = parent.items[parent.items.length - 1];
  if (!last || !(last.value as Node | null)?.range) return null;
  const start = endOf(last.value);
  const at = text[start - 1] === "\n" ? start - 1 : lineEnd(text, start);
  return `${text.slice(0, at)}\n${indentAt(text, startOf(parent.items[0]!.key))}${key}: ${piece}${text.slice(at)}`;
}

export function deleteIn(text: string, path: Path): string {
  const { document } = parse(text);
  if (!document.hasIn(path)) return text;
  const parent = document.getIn(path.slice(0, -1), true);
  const changed = tryDelete(text, parent, path[path.length - 1]!);
  document.deleteIn(path);
  return changed !== null && same(changed, document) ? changed : written(document);
}

function tryDelete(text: string, parent: unknown, key: string | number): string | null {
  const items: [Node, Node | null][] = isMap(parent)
    ? parent.items.map((item) => [item.key as Node, item.value as Node | null])
    : isSeq(parent) ? parent.items.map((item) => [item as Node, item as Node]) : [];
  const index = isMap(parent) ? parent.items.indexOf(pairOf(parent, key) as never) : Number(key);
  const item = items[index];
  if (!item?.[0].range || !item[1]?.range) return null;
  if ((parent as { flow?: boolean }).flow) {
    const after = items[index + 1];
    if (after) return text.slice(0, startOf(item[0])) + text.slice(startOf(after[0]));
    const before = items[index - 1];
    const from = before?.[1]?.range ? endOf(before[1]) : startOf(item[0]);
    return text.slice(0, from) + text.slice(endOf(item[1]));
  }
  const from = text.lastIndexOf("\n", startOf(item[0]) - 1) + 1;
  const content = text.slice(0, endOf(item[1])).trimEnd().length;
  return text.slice(0, from) + text.slice(Math.min(text.length, lineEnd(text, content) + 1));
}

export function getIn(text: string, path: Path): unknown {
  const value = parse(text).document.getIn(path);
  return isMap(value) || isSeq(value) ? value.toJSON() : value;
}

interface Blocks { head: string[]; blocks: string[][]; tail: string[]; names: string[]; indent: string }

/** The lines of each step, with the comments above it. */
function stepBlocks(text: string): Blocks | null {
  const { document, lines } = parse(text);
  const section = document.get("steps", true);
  if (!isMap(section) || section.flow || !section.items.length) return null;
  const all = text.split("\n");
  const row = (place: number) => lines.linePos(place).line - 1;
  const starts: number[] = [];
  const names: string[] = [];
  for (const item of section.items) {
    if (!isPair(item) || !isScalar(item.key) || !item.key.range) return null;
    let line = row(startOf(item.key));
    const floor = starts.length ? starts[starts.length - 1]! + 1 : 1;
    while (line > floor && /^\s+#/.test(all[line - 1]!)) line -= 1;
    starts.push(line);
    names.push(String(item.key.value));
  }
  const last = section.items[section.items.length - 1]!;
  const lastNode = (last.value as Node | null)?.range ? last.value : last.key;
  const end = row(text.slice(0, endOf(lastNode)).trimEnd().length) + 1;
  const blocks = starts.map((start, i) => all.slice(start, starts[i + 1] ?? end));
  const indent = indentAt(text, startOf(section.items[0]!.key));
  return { head: all.slice(0, starts[0]), blocks, tail: all.slice(end), names, indent };
}

function joined({ head, blocks, tail }: Blocks): string {
  return [...head, ...blocks.flat(), ...tail].join("\n");
}

function stepItems(document: Document): { items: unknown[] } | null {
  const section = document.get("steps", true);
  return isMap(section) ? section : null;
}

export function removeBlock(text: string, name: string): { text: string; block: string[] } {
  const parts = stepBlocks(text);
  const { document } = parse(text);
  const body = document.getIn(["steps", name]);
  const plain = isMap(body) ? body.toJSON() as unknown : body;
  document.deleteIn(["steps", name]);
  if (parts && parts.blocks.length > 1) {
    const index = parts.names.indexOf(name);
    const [block] = parts.blocks.splice(index, 1);
    const changed = joined(parts);
    if (same(changed, document)) return { text: changed, block: block! };
  }
  return { text: written(document), block: [`  ${name}: ${flow(plain)}`] };
}

/** Put the lines of a step after another; with `after` null, at the beginning. */
export function insertBlock(text: string, block: string[], after: string | null): string {
  const parts = stepBlocks(text);
  if (parts) {
    const index = after === null ? 0 : parts.names.indexOf(after) + 1;
    const lead = /^\s*/.exec(block.find((line) => !/^\s*(#|$)/.test(line)) ?? "")![0];
    const fitted = block.map((line) => (line.startsWith(lead) ? parts.indent + line.slice(lead.length) : line));
    parts.blocks.splice(index, 0, fitted);
    const changed = joined(parts);
    const { document } = parse(changed);
    if (!document.errors.length) return changed;
  }
  const { document } = parse(text);
  const piece = parse(block.join("\n")).document;
  const pair = (piece.contents as unknown as YAMLMap).items[0]!;
  const section = stepItems(document);
  if (!section) {
    document.set("steps", piece.contents);
  } else {
    const index = section.items.findIndex((item) => String(((item as Pair).key as { value?: unknown }).value) === after);
    section.items.splice(index + 1, 0, pair);
  }
  return written(document);
}

export function swapBlocks(text: string, first: number, second: number): string {
  const parts = stepBlocks(text);
  if (parts) {
    const taken = parts.blocks[first]!;
    parts.blocks[first] = parts.blocks[second]!;
    parts.blocks[second] = taken;
    const changed = joined(parts);
    if (!parse(changed).document.errors.length) return changed;
  }
  const { document } = parse(text);
  const section = stepItems(document);
  if (!section) return text;
  const taken = section.items[first];
  section.items[first] = section.items[second];
  section.items[second] = taken;
  return written(document);
}
