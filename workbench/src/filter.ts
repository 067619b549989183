// The filter of the table: "area > 50", "area > 50 and eccentricity < 0.8", or a text to find.

import type { Table } from "./table";

type Test = (row: number) => boolean;

function compare(values: Float64Array, operator: string, number: number): Test {
  switch (operator) {
    case ">=": return (row) => values[row]! >= number;
    case "<=": return (row) => values[row]! <= number;
    case ">": return (row) => values[row]! > number;
    case "<": return (row) => values[row]! < number;
    case "!=": return (row) => values[row]! !== number;
    default: return (row) => values[row]! === number;
  }
}

/** A test that looks for a text in columns of texts, and for a number in all others. */
function find(table: Table, wanted: string): Test {
  const needle = wanted.toLowerCase();
  const number = Number(wanted);
  const tests: Test[] = [];
  table.columns.forEach((_, column) => {
    const texts = table.texts[column];
    const numbers = table.numbers[column];
    if (texts) {
      const found = new Map<string | null, boolean>();
      for (const text of new Set(texts)) found.set(text, text !== null && text.toLowerCase().includes(needle));
      tests.push((row) => found.get(texts[row] ?? null) === true);
    } else if (numbers && !Number.isNaN(number)) tests.push((row) => numbers[row] === number);
  });
  return (row) => tests.some((test) => test(row));
}

/** A test of rows, or what is wrong with the words; null where there are none. */
export function makeFilter(text: string, table: Table): Test | string | null {
  const parts = text.split(/\s+and\s+|\s*&&?\s*|\s*,\s*/i).map((part) => part.trim()).filter(Boolean);
  if (!parts.length) return null;
  const tests: Test[] = [];
  for (const part of parts) {
    const match = /^([\w.]+)\s*(>=|<=|!=|==|=|>|<)\s*(.*)$/.exec(part);
    if (!match) {
      tests.push(find(table, part));
      continue;
    }
    const [, name, operator, wanted] = match as unknown as [string, string, string, string];
    const place = table.column(name);
    const names = table.columns.map((column) => column.name);
    if (place < 0) return `There is no column ${name}. There are ${names.slice(0, 6).join(", ")}${names.length > 6 ? " …" : ""}`;
    if (wanted === "") return `Say what ${name} is compared with, as ${name} ${operator} 50`;
    const numbers = table.numbers[place];
    const number = Number(wanted);
    if (numbers) {
      if (Number.isNaN(number)) return `${name} is compared with a number, as ${name} ${operator} 50`;
      tests.push(compare(numbers, operator, number));
    } else {
      const texts = table.texts[place]!;
      const equal = operator !== "!=";
      tests.push((row) => (texts[row] === wanted) === equal);
    }
  }
  return tests.length === 1 ? tests[0]! : (row) => tests.every((test) => test(row));
}
