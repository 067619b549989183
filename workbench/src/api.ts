// Questions to the server by HTTP.

import type { Checked, Classifier, ClassifierSettings, CorrectionNews, Fault, Grouping, Groupings, Op, Opened, PaintedNews, Start, Task, TrainedNews } from "./types";

export const token = new URLSearchParams(location.search).get("token") ?? "";

export class ServerFault extends Error {
  constructor(readonly fault: Fault, readonly status: number, readonly body: unknown) {
    super(fault.what);
  }
}

/** What is said where nothing answers. */
export const GONE: Fault = { what: "The server does not answer.", hint: "Is graticule serve still running?" };

/** Bytes of what a page that is left may still send. */
const LAST_WORDS = 60_000;

async function ask(path: string, method = "GET", body?: unknown, signal?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { "X-Graticule-Token": token };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const keepalive = method === "PUT" && new Blob([text ?? ""]).size < LAST_WORDS;
    response = await fetch(path, { method, headers, signal, keepalive, body: text });
  } catch {
    throw new ServerFault(GONE, 0, null);
  }
  if (response.ok) return response;
  const answer = await response.json().catch(() => null) as { fault?: Fault } | null;
  const fault = answer?.fault ?? { what: `The server refused (${response.status}).` };
  throw new ServerFault(fault, response.status, answer);
}

async function json<T>(path: string, method = "GET", body?: unknown): Promise<T> {
  return (await ask(path, method, body)).json() as Promise<T>;
}

const name = encodeURIComponent;

export const api = {
  start: () => json<Start>("/api/start"),
  ops: () => json<Op[]>("/api/ops"),
  open: (path: string) => json<Opened>("/api/open", "POST", { path }),
  example: (example: string) => json<{ path: string; pipeline: string }>("/api/example", "POST", { name: example }),
  pipeline: (of: string) => json<{ name: string; text: string; revision: string }>(`/api/pipeline?name=${name(of)}`),
  save: (of: string, text: string, revision: string) =>
    json<{ revision: string }>(`/api/pipeline?name=${name(of)}`, "PUT", { text, revision }),
  /** How an image is looked at with a pipeline; without both, what all share. */
  view: (path: string, pipeline: string) => json<Record<string, unknown>>(`/api/view?path=${name(path)}&pipeline=${name(pipeline)}`),
  keepView: (path: string, pipeline: string, values: unknown) => ask(`/api/view?path=${name(path)}&pipeline=${name(pipeline)}`, "PUT", { values }),
  check: (text: string) => json<Checked>("/api/check", "POST", { text }),
  run: (pipeline: string, path: string | null) => json<{ task: string }>("/api/run", "POST", { pipeline, path }),
  layer: (path: string, layer: string) =>
    json<PaintedNews & { template: string }>("/api/layer", "POST", { path, layer }),
  classifier: (of: string) => json<Classifier>(`/api/classifier?name=${name(of)}`),
  choose: (of: string, layer: string, settings: ClassifierSettings) =>
    json<Classifier>(`/api/classifier?name=${name(of)}`, "PUT", { layer, settings }),
  train: (of: string, layer: string, classes: Record<string, string>) =>
    json<TrainedNews>("/api/train", "POST", { name: of, layer, classes }),
  groupings: () => json<Groupings>("/api/groupings"),
  grouping: (of: string) => json<Grouping>(`/api/grouping?name=${name(of)}`),
  regroup: (of: string, groups: Record<string, number | null>) => ask(`/api/grouping?name=${name(of)}`, "PUT", { groups }),
  cluster: (of: string, example: boolean) => json<{ task: string }>("/api/cluster", "POST", { name: of, example }),
  evaluate: (of: string) => json<{ task: string }>("/api/evaluate", "POST", { name: of }),
  correct: (body: Record<string, unknown>) => json<CorrectionNews>("/api/correct", "POST", body),
  tasks: () => json<Task[]>("/api/tasks"),
  cancel: (task: string) => ask(`/api/task?id=${name(task)}`, "DELETE"),
  /** The picture of an op, or why it has none. */
  async illustration(op: string, signal: AbortSignal): Promise<{ src: string } | { without: string }> {
    const answer = await ask(`/api/illustration?name=${name(op)}`, "GET", undefined, signal);
    if (answer.headers.get("Content-Type")?.includes("json")) return await answer.json() as { without: string };
    return { src: URL.createObjectURL(await answer.blob()) };
  },
  async thumbnail(path: string): Promise<string> {
    return URL.createObjectURL(await (await ask(`/api/thumbnail?path=${name(path)}`)).blob());
  },
};
