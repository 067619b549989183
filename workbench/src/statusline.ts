// The line at the foot: the image, the pointer, how exact the view is, what is under way.

import { api, token } from "./api";
import type { Bench } from "./bench";
import { h, RowList, type Row } from "./dom";
import { duration, short, unitText } from "./format";
import type { Stage } from "./stage";
import type { ProgressNews, Task } from "./types";

/** What is under way: a task, which can be stopped, or what is computed behind. */
interface Work { task: string; title: string; share: number; left: number | null }

export class StatusLine {
  readonly element: HTMLElement;
  private readonly image = h("span", { class: "about-image" });
  private readonly pointer = h("span", { class: "about-pointer" });
  private readonly basis = h("span", { class: "about-basis" });
  private readonly work = h("span", { class: "about-work", role: "status" });
  private readonly works = new RowList<Work>(this.work, ({ task, title }) => `${task} ${title}`, (work) => this.bar(work));
  private readonly news = new Map<string, ProgressNews>();
  private tasks: Task[] = [];
  private seen = new Set<string>();
  private timer = 0;

  constructor(private readonly bench: Bench, private readonly stage: Stage, private readonly toast: (node: Node | string, kind?: string) => void) {
    this.element = h("footer", { class: "status" }, this.image, this.pointer, h("span", { class: "grow" }), this.basis, this.work);
    stage.drawn.on(() => this.show());
  }

  private show(): void {
    const { image, display } = this.bench;
    if (!image) return;
    const sizes = image.dims.map((dim) => `${dim} ${image.sizes[dim]}`).join(" × ");
    const pane = this.stage.panes[this.bench.inSlices ? Math.max(0, this.stage.cursorPane) : display.active];
    const [rows, columns] = this.bench.plane;
    const { [rows]: y, [columns]: x } = image.spacing;
    const spacing = !x && !y ? "no spacing" : x && y && x.step === y.step && x.unit === y.unit
      ? `${short(x.step)} ${unitText(x.unit)} a sample` : [y, x].filter(Boolean).map((each, i) => `${i ? columns : rows} ${short(each!.step)} ${unitText(each!.unit)}`).join(", ");
    this.image.textContent = `${sizes}, ${image.dtype}, ${spacing}`;
    const { cursor } = this.stage;
    if (cursor && pane) {
      const at = (dim: string, place: number) => {
        const each = image.spacing[dim];
        const sample = Math.floor(place);
        return each?.unit ? `${dim} ${sample} (${short(sample * each.step)} ${unitText(each.unit)})` : `${dim} ${sample}`;
      };
      const value = pane.valueText(cursor);
      const { look } = pane;
      this.pointer.textContent = `${at(look.columns, cursor.x)}, ${at(look.rows, cursor.y)}${value ? `: ${value}` : ""}`;
    } else this.pointer.textContent = "";
    const frame = pane?.frame;
    this.basis.textContent = frame ? `${basisText(frame.basis)}${frame.level ? `, 1/${2 ** frame.level} of the samples` : ""}, ${short(frame.milliseconds, 2)} ms` : "";
  }

  progress(news: ProgressNews): void {
    if (news.share >= 1) this.news.delete(news.title);
    else this.news.set(news.title, news);
    this.showWork();
  }

  /** Watch the tasks while any is running. */
  watch(): void {
    clearTimeout(this.timer);
    void api.tasks().then((tasks) => {
      this.tasks = tasks;
      for (const task of tasks) if (task.state === "running") this.seen.add(task.task);
      for (const task of tasks) if (task.state !== "running" && this.seen.delete(task.task)) this.ended(task);
      this.showWork();
      if (tasks.some((task) => task.state === "running")) this.timer = window.setTimeout(() => this.watch(), 700);
    }).catch(() => { this.timer = window.setTimeout(() => this.watch(), 3000); });
  }

  private ended(task: Task): void {
    if (task.state === "done") {
      const link = task.report ? h("a", { href: withToken(task.report), target: "_blank", rel: "noopener" }, "Open the report") : "";
      this.toast(h("span", {}, `${task.title} has ended. `, link), "good");
    } else if (task.state === "failed") {
      const fault = typeof task.fault === "string" ? { what: task.fault } : task.fault;
      const link = task.report ? h("a", { href: withToken(task.report), target: "_blank", rel: "noopener" }, "Open the report") : "";
      this.toast(h("span", {}, `${task.title} failed${fault?.what ? `: ${fault.what}` : ""}${fault?.hint ? ` (${fault.hint})` : ""}. `, link), "bad");
    }
  }

  private showWork(): void {
    const running = this.tasks.filter((task) => task.state === "running").map(({ task, title, done, total, left }) => ({ task, title, share: total ? done / total : 0, left }));
    this.works.show([...running, ...[...this.news.values()].map(({ title, share, left }) => ({ task: "", title, share, left }))]);
  }

  private bar({ task, title }: Work): Row<Work> {
    const meter = h("progress", { max: 1, "aria-label": title });
    const left = h("span", {});
    const stop = h("button", { type: "button", class: "small", "aria-label": `Stop ${title}`, onclick: () => void api.cancel(task).then(() => this.watch()).catch(() => undefined) }, "Stop");
    return { element: h("span", { class: "work" }, `${title} `, meter, left, task ? stop : null), show: (work) => {
      meter.value = work.share;
      left.textContent = work.left === null ? "" : ` ${duration(work.left)} left`;
    } };
  }
}

function basisText(basis: string): string {
  if (basis.startsWith("about")) return `${basis} of the samples`;
  return basis;
}

export function withToken(url: string): string {
  return `${url}${url.includes("?") ? "&" : "?"}token=${encodeURIComponent(token)}`;
}
