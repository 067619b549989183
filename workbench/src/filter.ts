// The filter of the table: "area > 50", "area > 50 and eccentricity < 0.8", or a text to find.

type Row = unknown[];
const OPERATORS: Record<string, (a: number, b: number) => boolean> = {
  ">=": (a, b) => a >= b, "<=": (a, b) => a <= b, "!=": (a, b) => a !== b, "==": (a, b) => a === b,
  "=": (a, b) => a === b, ">": (a, b) => a > b, "<": (a, b) => a < b,
};

/** A test of rows, or what is wrong with the words. */
export function makeFilter(text: string, columns: string[]): ((row: Row) => boolean) | string {
  const parts = text.split(/\s+and\s+|\s*&&?\s*|\s*,\s*/i).map((part) => part.trim()).filter(Boolean);
  const tests: ((row: Row) => boolean)[] = [];
  for (const part of parts) {
    const match = /^([\w.]+)\s*(>=|<=|!=|==|=|>|<)\s*(.*)$/.exec(part);
    if (!match) {
      const needle = part.toLowerCase();
      tests.push((row) => row.some((cell) => String(cell).toLowerCase().includes(needle)));
      continue;
    }
    const [, name, operator, wanted] = match;
    const place = columns.indexOf(name!);
    if (place < 0) return `There is no column ${name}. There are ${columns.slice(0, 6).join(", ")}${columns.length > 6 ? " …" : ""}`;
    if (wanted === "") return `Say what ${name} is compared with, as ${name} ${operator} 50`;
    const number = Number(wanted);
    if (Number.isNaN(number)) {
      const equal = operator !== "!=";
      tests.push((row) => (String(row[place]) === wanted) === equal);
    } else {
      const compare = OPERATORS[operator!]!;
      tests.push((row) => typeof row[place] === "number" && compare(row[place] as number, number));
    }
  }
  return (row) => tests.every((test) => test(row));
}
