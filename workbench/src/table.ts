// A table as columns of numbers and texts: sorted and filtered by row numbers, never by copies of rows.

export interface Column { name: string; unit: string; kind?: "number" | "text" }

export interface TableHeader {
  type: "table"; pane: number; id: number; of: string; basis: string; count: number;
  columns: Column[]; texts: Record<string, (string | null)[]>;
}

export class Table {
  /** By column: its numbers, or null where it holds texts. */
  readonly numbers: (Float64Array | null)[];
  readonly texts: ((string | null)[] | null)[];
  private ranks = new Map<number, Float64Array>();
  private rowOf: Map<number, number> | null = null;

  constructor(readonly header: TableHeader, buffer: ArrayBuffer, start: number) {
    let place = start;
    this.numbers = header.columns.map((column) => {
      if (column.kind === "text") return null;
      const values = new Float64Array(buffer, place, header.count);
      place += 8 * header.count;
      return values;
    });
    this.texts = header.columns.map((column) => (column.kind === "text" ? header.texts[column.name] ?? [] : null));
  }

  get count(): number {
    return this.header.count;
  }

  get columns(): Column[] {
    return this.header.columns;
  }

  column(name: string): number {
    return this.columns.findIndex((column) => column.name === name);
  }

  isNumber(column: number): boolean {
    return this.numbers[column] !== null;
  }

  /** A number of a row; NaN where there is none. */
  number(column: number, row: number): number {
    return this.numbers[column]?.[row] ?? NaN;
  }

  value(column: number, row: number): number | string | null {
    const numbers = this.numbers[column];
    if (!numbers) return this.texts[column]?.[row] ?? null;
    const value = numbers[row]!;
    return Number.isNaN(value) ? null : value;
  }

  /** The row of a label; -1 where there is none. */
  rowOfLabel(label: number): number {
    if (!this.rowOf) {
      this.rowOf = new Map();
      const labels = this.numbers[this.column("label")];
      for (let row = this.count - 1; labels && row >= 0; row -= 1) this.rowOf.set(labels[row]!, row);
    }
    return this.rowOf.get(label) ?? -1;
  }

  /** What a column is sorted by: its numbers, or the places of its texts among each other. */
  private keys(column: number): Float64Array {
    const numbers = this.numbers[column];
    if (numbers) return numbers;
    let ranks = this.ranks.get(column);
    if (!ranks) {
      const texts = this.texts[column]!;
      const each = [...new Set(texts)].filter((text) => text !== null);
      const order = new Intl.Collator("en", { numeric: true });
      if (each.length <= 5000) each.sort(order.compare);
      else each.sort();
      const place = new Map(each.map((text, index) => [text, index]));
      ranks = Float64Array.from({ length: this.count }, (_, row) => place.get(texts[row]!) ?? NaN);
      this.ranks.set(column, ranks);
    }
    return ranks;
  }

  /** The rows that pass a test, or all, in their order or sorted by a column; what is missing comes last. */
  rows(passes: ((row: number) => boolean) | null, sort: { column: number; down: boolean } | null): Uint32Array {
    let rows = new Uint32Array(this.count);
    let length = 0;
    for (let row = 0; row < this.count; row += 1) {
      if (!passes || passes(row)) {
        rows[length] = row;
        length += 1;
      }
    }
    rows = rows.subarray(0, length);
    return sort ? sorted(rows, this.keys(sort.column), sort.down) : rows;
  }
}

/** Rows by the numbers of a column, digit by digit, which takes as long however they lie. */
export function sorted(rows: Uint32Array, keys: Float64Array, down: boolean): Uint32Array {
  const { length } = rows;
  const bits = new Float64Array(1);
  const halves = new Uint32Array(bits.buffer);
  const low = new Uint32Array(length);
  const high = new Uint32Array(length);
  for (let i = 0; i < length; i += 1) {
    const key = keys[rows[i]!]!;
    if (Number.isNaN(key)) {
      low[i] = high[i] = 0xffffffff;
      continue;
    }
    bits[0] = (down ? -key : key) + 0; // minus zero is zero
    // As whole numbers that lie as the numbers do: all bits turned where negative, else the sign alone.
    const flip = halves[1]! >>> 31 ? 0xffffffff : 0;
    low[i] = halves[0]! ^ flip;
    high[i] = halves[1]! ^ (flip || 0x80000000);
  }
  let from = new Uint32Array(length);
  for (let i = 0; i < length; i += 1) from[i] = i;
  let to = new Uint32Array(length);
  const counts = new Uint32Array(65536);
  for (let digit = 0; digit < 4; digit += 1) {
    const part = digit < 2 ? low : high;
    const shift = digit % 2 ? 16 : 0;
    counts.fill(0);
    for (let i = 0; i < length; i += 1) counts[(part[i]! >>> shift) & 0xffff]! += 1;
    if (length && counts[(part[0]! >>> shift) & 0xffff] === length) continue;
    for (let value = 0, sum = 0; value < 65536; value += 1) {
      const count = counts[value]!;
      counts[value] = sum;
      sum += count;
    }
    for (let i = 0; i < length; i += 1) {
      const index = from[i]!;
      const value = (part[index]! >>> shift) & 0xffff;
      to[counts[value]!] = index;
      counts[value]! += 1;
    }
    [from, to] = [to, from];
  }
  return from.map((index) => rows[index]!);
}
