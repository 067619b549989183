// What the server says, as the page reads it.

export type Kind = "image" | "labels" | "mask" | "rgb" | "table" | "record" | "probability" | "model" | string;

export interface Fault { what: string; where?: string; hint?: string }
export interface CheckFault { line: number | null; path: string; what: string; hint?: string }

export interface ImageEntry { path: string; name: string }
export interface Example { name: string; title: string; summary: string }
export interface Start {
  version: string; folder: string;
  images: ImageEntry[]; pipelines: string[]; examples: Example[];
}

export interface Schema {
  title?: string; description?: string; type?: string; format?: string;
  anyOf?: Schema[]; enum?: unknown[]; const?: unknown; default?: unknown;
  minimum?: number; maximum?: number; exclusiveMinimum?: number; exclusiveMaximum?: number;
  ge?: number; gt?: number; le?: number; lt?: number;
  items?: Schema; properties?: Record<string, Schema>; required?: string[];
  $ref?: string; $defs?: Record<string, Schema>;
}
export interface OpInput { name: string; kind: Kind; optional: boolean }
export interface OpOutput { name: string; kind: Kind }
export interface Op {
  name: string; family: string; title: string; summary: string;
  inputs: OpInput[]; outputs: OpOutput[]; parameters: Schema;
}

export interface Spacing { step: number; unit: string }
export interface Opened {
  path: string; dims: string[]; sizes: Record<string, number>; dtype: string;
  spacing: Record<string, Spacing>; channels: string[] | null; depth: number; notes: string[];
  /** Dims that a coarser level has fewer samples of. */
  halved: string[];
}

export interface CheckedStep { name: string; op: string; inputs: Record<string, string>; kind: Kind; shown: boolean }
export interface Checked { faults: CheckFault[]; inputs: string[]; steps: CheckedStep[]; outputs: string[] }

export interface Task {
  task: string; title: string; state: "running" | "done" | "failed" | "cancelled";
  done: number; total: number; left: number | null; report: string | null; fault: Fault | string | null;
}

export type Range = [number, number];
export interface Region { y: Range; x: Range }

export interface FrameHeader {
  type: "view"; pane: number; id: number; of: string;
  kind: "image" | "labels" | "mask" | "rgb" | "channels"; dtype: "u1" | "u2" | "u4";
  shape: number[]; region: Region & Record<string, Range>; level: number; offset: number; scale: number; nan?: boolean;
  low: number; high: number; unit: string; basis: string;
  /** What was found of the whole image and the values follow from, as a threshold. */
  result?: number[] | null;
  milliseconds: number;
  /** Of channels, what the samples of each mean; they follow one another. */
  channels?: { channel: number; offset: number; scale: number; nan?: boolean; low: number; high: number }[];
}
export type Samples = Uint8Array | Uint16Array | Uint32Array;
export interface Frame extends FrameHeader {
  samples: Samples;
  /** Samples of the full image that one of these stands for, along rows and columns. */
  step: { y: number; x: number };
}

export interface HistogramAnswer {
  type: "histogram"; pane: number; id: number; of?: string; edges: number[]; counts: number[]; basis: string;
}
export interface FaultAnswer { type: "fault"; pane: number; id: number; what: string; where: string; hint: string; again?: boolean }
export interface ProbeAxis { name: string; unit: string; values: (number | null)[]; texts?: string[] }
export interface ProbeSeries { name: string; mean: (number | null)[]; sd?: (number | null)[]; min?: (number | null)[]; max?: (number | null)[] }
export interface ProbeResult {
  outside?: boolean; basis: string; level: number; unit: string; count: number; axis: ProbeAxis | null; series: ProbeSeries[];
}
export interface ProbeAnswer { type: "probe"; pane: number; id: number; of: string; probes: ProbeResult[] }
export interface ExactNews { type: "exact"; path: string; text_digest: string; of: string }
export interface ProgressNews { type: "progress"; title: string; share: number; left: number | null }
export interface ChangedNews { type: "changed"; pipeline: string; revision: string }
export interface PaintedNews { type: "painted"; path: string; layer: string; revision: number; values: number[]; undoable: number; redoable: number }
export interface TrainedNews {
  type: "trained"; name: string; model: string; images: number; milliseconds: number;
  classes: { value: number; name: string; samples: number }[];
}
export interface ClassifierSettings {
  estimator: "forest" | "extra_trees" | "boosting" | "neighbours" | "logistic" | "linear";
  sigmas: (number | string)[]; max_samples: number;
}
/** What learns from strokes; `own` where its document was changed by hand. */
export interface Classifier { name: string; settings: ClassifierSettings; own: boolean; document: string; model: string; trained: boolean }
export interface CheckBar { column: string; title: string; value: number | string | boolean | null; at_least: number | null; at_most: number | null; cleared: boolean }
export interface CheckAnswer {
  name: string; check: string; of: string; at: string; against: string; summary: string; meaning: string; basis: string;
  state: "passed" | "failed" | "measured" | "pending" | "fault";
  bars?: CheckBar[]; values?: { column: string; title: string; value: unknown; low: number | null; high: number | null; unit: string }[];
  fault?: { what: string; hint: string };
}
export interface ChecksAnswer { type: "checks"; pane: number; id: number; checks: CheckAnswer[] }
export interface CorrectionNews {
  type: "correction"; path: string; edit: string; state: "none" | "making" | "ready" | "failed" | "dropped";
  share?: number; objects?: number; undoable?: number; redoable?: number; source?: { of?: string }; what?: string; hint?: string;
}
export interface Grouping {
  name: string; title: string; main: string; report: string | null; sheet: string;
  methods: { method: string; groups: number; noise: number; silhouette?: number | null; p?: number | null; stability?: number | null }[];
  image: string[]; path: string[]; found: number[]; changed: Record<string, number>;
  distance: (number | null)[]; outlier_rank: (number | null)[]; duplicate_of: string[]; known: string[] | null;
  map: [(number | null)[], (number | null)[]];
}
export interface Groupings { clusterings: { name: string; title: string; rows: number }[]; documents: string[]; examples: string[] }
export interface RegroupedNews { type: "regrouped"; name: string }
export type Message = ChecksAnswer | RegroupedNews | ProbeAnswer | TrainedNews | PaintedNews | CorrectionNews | HistogramAnswer | FaultAnswer | ExactNews | ProgressNews | ChangedNews;
