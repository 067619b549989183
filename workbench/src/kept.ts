// How things are looked at, kept by the server as plain files: of an image with a pipeline, and of the folder.

import { api } from "./api";
import { debounced } from "./bus";
import type { Off } from "./chain";
import type { Limits } from "./bench";
import type { Probe } from "./probing";

/** What is kept of an image with a pipeline. */
export interface View {
  /** As the address of the page says it. */
  place: string;
  limits: [string, Limits][];
  probes: Probe[];
}

/** What all images of a folder share. */
export interface Shared {
  /** By the names of the channels. */
  channels: Record<string, { colour: string; on: boolean }[]>;
  classes: { name: string; colour: string }[];
  /** Steps that are switched off, by pipeline, with its text of then. */
  off: Record<string, { text: string; off: Off[] }>;
}

export class Kept<T> {
  private changes: Partial<T> = {};
  private readonly soon = debounced(500, () => void this.flush());

  /** `where` says of which image and pipeline it is. */
  constructor(private readonly values: Partial<T> = {}, private readonly where: { path: string; pipeline: string } = { path: "", pipeline: "" },
    private readonly failed: (error: unknown) => void = () => undefined) {}

  static async load<T>(failed: (error: unknown) => void, path = "", pipeline = ""): Promise<Kept<T>> {
    try {
      return new Kept<T>(await api.view(path, pipeline) as Partial<T>, { path, pipeline }, failed);
    } catch (error) {
      failed(error);
      return new Kept<T>({}, { path, pipeline }, failed);
    }
  }

  get<K extends keyof T>(key: K): T[K] | undefined {
    return this.values[key];
  }

  set<K extends keyof T>(key: K, value: T[K]): void {
    if (JSON.stringify(this.values[key]) === JSON.stringify(value)) return;
    this.values[key] = this.changes[key] = value;
    this.soon();
  }

  /** Keep now what was not kept yet. */
  async flush(): Promise<void> {
    this.soon.cancel();
    const { changes } = this;
    if (!Object.keys(changes).length) return;
    this.changes = {};
    try {
      await api.keepView(this.where.path, this.where.pipeline, changes);
    } catch (error) {
      this.changes = { ...changes, ...this.changes };
      this.failed(error);
    }
  }
}
