// Making elements.

type Child = Node | string | number | null | undefined | false;
type Props = Record<string, unknown>;

const ALIASES: Record<string, string> = { class: "className", for: "htmlFor" };

/** Make an element: `on...` are listeners, `aria-`, `data-` and `role` attributes, the rest properties. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K, props: Props = {}, ...children: (Child | Child[])[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value as EventListener);
    else if (/^(aria-|data-|role$|list$|colspan$)/.test(key)) element.setAttribute(key, String(value));
    else (element as unknown as Props)[ALIASES[key] ?? key] = value;
  }
  fill(element, ...children);
  return element;
}

/** Replace what is in an element. */
export function fill(element: Element, ...children: (Child | Child[])[]): void {
  const nodes = children.flat().filter((child) => child !== null && child !== undefined && child !== false);
  element.replaceChildren(...nodes.map((child) => (child instanceof Node ? child : String(child))));
}

/** What stands in a list for something: made once, and shown anew as often as that changes. */
export interface Row<T> { element: HTMLElement; show(item: T): void }

const FOCUSABLE = "a[href], button, input, select, summary, [tabindex]";

function focusable(element: HTMLElement): HTMLElement[] {
  return [...(element.matches(FOCUSABLE) ? [element] : []), ...element.querySelectorAll<HTMLElement>(FOCUSABLE)];
}

/**
 * The elements of a list, which stay as long as what they stand for: neither a click nor the focus is lost
 * when an answer comes in between. Where the row that has the focus goes, the next has it, or `after` the last.
 */
export class RowList<T> {
  private rows = new Map<string, Row<T>>();

  constructor(private readonly parent: HTMLElement, private readonly keyOf: (item: T) => string, private readonly make: (item: T) => Row<T>, private readonly after: HTMLElement | null = null) {}

  show(items: readonly T[]): void {
    const before = [...this.rows.values()];
    const held = before.findIndex(({ element }) => element.contains(document.activeElement));
    const place = held < 0 ? -1 : focusable(before[held]!.element).indexOf(document.activeElement as HTMLElement);
    this.rows = new Map(items.map((item) => {
      const key = this.keyOf(item);
      return [key, this.rows.get(key) ?? this.make(item)];
    }));
    const rows = [...this.rows.values()];
    rows.forEach((row, k) => row.show(items[k]!));
    const kept = new Set(rows);
    for (const row of before) if (!kept.has(row)) row.element.remove();
    rows.forEach(({ element }, k) => {
      if (this.parent.children[k] !== element) this.parent.insertBefore(element, this.parent.children[k] ?? null);
    });
    if (held >= 0 && !before[held]!.element.contains(document.activeElement)) this.focusNear(rows, before[held]!, held, place);
  }

  private focusNear(rows: Row<T>[], was: Row<T>, held: number, place: number): void {
    const next = rows.includes(was) ? was : rows[Math.min(held, rows.length - 1)];
    const inside = next ? focusable(next.element) : [];
    const can = (element: HTMLElement | undefined) => element && !element.matches(":disabled");
    (can(inside[place]) ? inside[place] : inside.find(can) ?? this.after)?.focus();
  }
}

const PATHS: Record<string, string> = {
  eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8Z M8 6a2 2 0 1 1 0 4a2 2 0 1 1 0-4Z",
  power: "M8 2v6 M4.6 4.2a5 5 0 1 0 6.8 0",
  up: "M8 13V3.5 M4 7l4-4 4 4",
  down: "M8 3v9.5 M4 9l4 4 4-4",
  trash: "M2.5 4.5h11 M6 4.5V3h4v1.5 M4 4.5l.7 9h6.6l.7-9 M6.7 7v4 M9.3 7v4",
  plus: "M8 3v10 M3 8h10",
  undo: "M6 3L2.5 6.5 6 10 M2.5 6.5H10a3.5 3.5 0 0 1 0 7H6",
  redo: "M10 3l3.5 3.5L10 10 M13.5 6.5H6a3.5 3.5 0 0 0 0 7h4",
  left: "M10 3L5 8l5 5",
  right: "M6 3l5 5-5 5",
  play: "M4.5 3v10l8-5z",
  reset: "M3 3v4h4 M3.4 7A5 5 0 1 1 3 9.5",
  theme: "M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12Z M8 2v12 M8 4.5h3.6 M8 7h5 M8 9.5h4.8 M8 12h3",
  home: "M2.5 7.5L8 3l5.5 4.5 M4 6.8V13h3V9.5h2V13h3V6.8",
  close: "M4 4l8 8 M12 4l-8 8",
  fit: "M2.5 6V2.5H6 M10 2.5h3.5V6 M13.5 10v3.5H10 M6 13.5H2.5V10",
  brush: "M13.5 2.5L7 9 M9 11L5 7 M6.2 8.2c-1.6 0-2.7 1-2.7 2.6 0 1-.5 1.9-1.5 2.5 3.4.7 6.9-.2 6.8-2.6",
  probe: "M8 1.5v4 M8 10.5v4 M1.5 8h4 M10.5 8h4 M8 6.7a1.3 1.3 0 1 1 0 2.6a1.3 1.3 0 1 1 0-2.6Z",
  pencil: "M3 13l.6-2.8L10.9 2.9l2.2 2.2-7.3 7.3z M9.5 4.3l2.2 2.2",
  search: "M7 2.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9Z M10.5 10.5L14 14",
};

/** A line drawing of 16 by 16, hidden from readers of the screen. */
export function icon(name: string): SVGSVGElement {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", PATHS[name] ?? "");
  svg.append(path);
  return svg;
}

/** A button that shows a drawing and says its name. */
export function iconButton(name: string, label: string, onclick: () => void, props: Props = {}): HTMLButtonElement {
  return h("button", { type: "button", class: "icon-button", title: label, "aria-label": label, onclick, ...props }, icon(name));
}

/** Whether a key is typed into something. */
export function isTyped(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  if (!(target instanceof HTMLElement)) return true;
  return target.isContentEditable || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement
    || (target instanceof HTMLInputElement && !["range", "checkbox", "color"].includes(target.type));
}
