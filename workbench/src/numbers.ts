// The numbers under which the page asks beside its panes, which have 0 to 5; the server knows them to 63.

export const NUMBERS = {
  wand: 38, checks: 39, histogram: 41, objects: 42, stroke: 44, search: 45, edit: 49,
  /** Of painted and of corrected labels, in each of three planes. */
  strokes: [43, 34, 35], corrected: [48, 36, 37],
  /** Of the picture under each of three planes. */
  grounds: [40, 46, 47],
  /** The first of six, for the steps of the panes. */
  probes: 50,
  /** The first of eight small pictures that are asked at once. */
  previews: 56,
} as const;
