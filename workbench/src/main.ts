// The page: opens the start or the workbench as the address says.

import { api, GONE, ServerFault } from "./api";
import { Bench } from "./bench";
import { freeName } from "./chain";
import { fill, h } from "./dom";
import { GroupsPage } from "./groups";
import { Kept, type Shared, type View } from "./kept";
import { Live } from "./live";
import { applyPlace, keepPlace, lookOf, placeText, readPlace } from "./place";
import { StartPage } from "./startpage";
import { applyTheme } from "./theme";
import { Workbench } from "./workbench";
import "uplot/dist/uPlot.min.css";
import "./app.css";

applyTheme();
const app = document.getElementById("app")!;
const gone = h("div", { class: "gone", role: "alert", hidden: true });
const toasts = h("div", { class: "toasts", role: "status" });
document.body.append(gone, toasts);

const bench = new Bench();
let live: Live | null = null;
let wasConnected = false;

function toast(node: Node | string, kind = "plain"): void {
  const close = () => element.remove();
  const element = h("div", { class: `toast ${kind}` }, h("div", {}, node), h("button", { type: "button", class: "small", "aria-label": "Close this message", onclick: close }, "×"));
  toasts.append(element);
  if (kind !== "bad" && !element.querySelector("a")) setTimeout(close, 6000);
}

function say(error: unknown): void {
  const fault = error instanceof ServerFault ? error.fault : { what: error instanceof Error ? error.message : GONE.what, hint: "" };
  toast(`${fault.what}${fault.hint ? ` (${fault.hint})` : ""}`, "bad");
}

let toldNotKept = false;

/** Say once that how things are looked at cannot be kept. */
function notKept(error: unknown): void {
  if (toldNotKept || (error instanceof ServerFault && error.status === 0)) return;
  toldNotKept = true;
  say(error);
}

const workbench = new Workbench(bench, () => live, { home: () => void goHome(), go: (by) => void goNext(by), toast });
const groupsPage = new GroupsPage({
  home: () => void goHome(), toast,
  open: (image) => startPage.choose(image),
});
const startPage = new StartPage(bench, {
  groups: (name) => void openGroups(name),
  cluster: (name, example, button) => void cluster(name, example, button),
  open: (image, pipeline) => void open(image, pipeline),
  make: (image) => void makePipeline(image),
  example: (name, button) => void openExample(name, button),
});
keepPlace(bench, () => workbench.element.isConnected);

/** Ask for all that is needed to show an image with a pipeline. */
const asked = (image: string, pipeline: string) => Promise.all([api.open(image), api.pipeline(pipeline), Kept.load<View>(notKept, image, pipeline)]);

/** Open an image with a pipeline; `coming` was asked for already. */
async function open(image: string, pipeline: string, query = new URLSearchParams(), push = true, coming: ReturnType<typeof asked> | null = null): Promise<void> {
  try {
    await bench.view.flush();
    const [opened, loaded, view] = await (coming ?? asked(image, pipeline));
    const same = bench.pipeline === pipeline && bench.image?.path === image;
    bench.image = opened;
    bench.view = view;
    bench.selected = 0;
    bench.mark = null;
    bench.pipeline = pipeline;
    bench.revision = loaded.revision;
    if (!same) bench.display.of = [];
    bench.recallChannels();
    bench.begin(loaded.text, bench.offOf(pipeline, loaded.text));
    const keepView = applyPlace(bench, lookOf(query, view.get("place")));
    fill(app, workbench.element);
    if (push) history.pushState(null, "", `#${placeText(bench)}`);
    workbench.opened(keepView);
  } catch (error) {
    say(error);
    await goHome(push);
  }
}

async function openExample(name: string, button: HTMLButtonElement): Promise<void> {
  button.disabled = true;
  button.classList.add("waiting");
  try {
    const { path, pipeline } = await api.example(name);
    bench.start = await api.start();
    await open(path, pipeline);
  } catch (error) {
    say(error);
  } finally {
    button.disabled = false;
    button.classList.remove("waiting");
  }
}

async function openGroups(name: string, push = true): Promise<void> {
  try {
    await groupsPage.open(name);
    fill(app, groupsPage.element);
    if (push) history.pushState(null, "", `#${new URLSearchParams({ groups: name })}`);
  } catch (error) {
    say(error);
    await goHome(push);
  }
}

/** Group images in a task, and show the groups when it has ended. */
async function cluster(name: string, example: boolean, button: HTMLButtonElement): Promise<void> {
  button.disabled = true;
  button.classList.add("waiting");
  try {
    const { task } = await api.cluster(name, example);
    for (;;) {
      const found = (await api.tasks()).find((each) => each.task === task);
      if (!found || found.state !== "running") {
        const fault = typeof found?.fault === "string" ? { what: found.fault } : found?.fault;
        if (found?.state !== "done") throw new ServerFault(fault ?? { what: "It was stopped." }, 400, null);
        break;
      }
      button.textContent = found.total ? `${found.title}: ${found.done} of ${found.total}` : found.title;
      await new Promise((done) => setTimeout(done, 500));
    }
    const newest = (await api.groupings()).clusterings[0];
    if (newest && startPage.element.isConnected) await openGroups(newest.name);
  } catch (error) {
    say(error);
    void startPage.showGroups();
  }
}

/** A pipeline with one step that suits the image, to go on from. */
async function makePipeline(image: string): Promise<void> {
  try {
    const opened = await api.open(image);
    const stem = image.split("/").pop()!.replace(/\.[^.]*$/, "");
    const name = freeName(stem, bench.start.pipelines);
    const first = opened.dims.includes("c") ? "  grey: {op: transform.grey}" : "  smooth: {op: filters.gaussian}";
    await api.save(name, `graticule: 1\nname: ${name}\nsteps:\n${first}\n`, "");
    bench.start.pipelines.push(name);
    await open(image, name);
  } catch (error) {
    say(error);
  }
}

/** Go to another image of the folder with the same pipeline and view. */
async function goNext(by: number): Promise<void> {
  const { images } = bench.start;
  const image = images[images.findIndex((each) => each.path === bench.image?.path) + by];
  if (!image) return;
  await Promise.all([bench.save(), bench.view.flush()]);
  try {
    const [opened, view] = await Promise.all([api.open(image.path), Kept.load<View>(notKept, image.path, bench.pipeline)]);
    const query = new URLSearchParams(placeText(bench));
    const same = JSON.stringify(opened.sizes) === JSON.stringify(bench.image?.sizes);
    bench.image = opened;
    bench.view = view;
    bench.selected = 0;
    bench.mark = null;
    bench.recallChannels();
    bench.recallLimits();
    if (!same) for (const key of ["x", "y", "zoom"]) query.delete(key);
    const keepView = applyPlace(bench, query);
    history.replaceState(null, "", `#${placeText(bench)}`);
    workbench.opened(keepView);
  } catch (error) {
    say(error);
  }
}

async function goHome(push = true): Promise<void> {
  if (push) history.pushState(null, "", location.pathname + location.search);
  await Promise.all([bench.save(), bench.view.flush()]);
  document.title = "Graticule";
  bench.start = await api.start().catch(() => bench.start);
  startPage.show();
  fill(app, startPage.element);
}

async function arrive(coming: ReturnType<typeof asked> | null = null): Promise<void> {
  const groups = new URLSearchParams(location.hash.slice(1)).get("groups");
  if (groups) return openGroups(groups, false);
  const place = readPlace();
  if (place?.pipeline) await open(place.image, place.pipeline, place.query, false, coming);
  else await goHome(false);
}

addEventListener("popstate", () => { if (live) void arrive(); });
addEventListener("pagehide", () => {
  void bench.view.flush();
  void bench.shared.flush();
});
addEventListener("beforeunload", (event) => {
  if (bench.saved !== "saved" && bench.pipeline && workbench.element.isConnected) {
    void bench.save();
    if (bench.saved === "conflict") event.preventDefault();
  }
});

/** The server is there again, perhaps begun anew: what is known of the folder, the image and the pipeline is asked again. */
async function comeBack(): Promise<void> {
  try {
    const path = bench.image?.path;
    const [start, ops] = await Promise.all([api.start(), api.ops()]);
    bench.start = start;
    bench.setOps(ops);
    await Promise.all([bench.view.flush(), bench.shared.flush()]);
    if (!workbench.element.isConnected || !path) {
      if (startPage.element.isConnected) startPage.show();
      return;
    }
    const opened = await api.open(path);
    if (bench.image?.path === path) bench.image = opened;
    await bench.changedElsewhere(bench.pipeline, "");
    if (bench.saved !== "saved") await bench.save();
  } catch (error) {
    say(error);
  }
  workbench.reconnect();
}

/** Say that the server is gone, or that another was started, which has an address of its own. */
function tellGone(): void {
  fill(gone, "The server does not answer. The page goes on by itself as soon as it does; nothing is lost.");
  api.tasks().catch((error: unknown) => {
    if (!(error instanceof ServerFault) || error.status !== 403) return;
    fill(gone, "The server was started anew. Open the address that it printed; until then, what is changed here is not saved.");
  });
}

async function begin(): Promise<void> {
  fill(app, h("p", { class: "loading" }, "Opening the workbench …"));
  const place = readPlace();
  const coming = place?.pipeline ? asked(place.image, place.pipeline) : null;
  coming?.catch(() => undefined); // told where it is waited for
  try {
    const [start, ops, shared] = await Promise.all([api.start(), api.ops(), Kept.load<Shared>(notKept)]);
    bench.start = start;
    bench.shared = shared;
    bench.setOps(ops);
  } catch (error) {
    const fault = error instanceof ServerFault ? error.fault : GONE;
    fill(app, h("main", { class: "loading" }, h("h1", {}, "Graticule"), h("p", {}, fault.what), fault.hint ? h("p", { class: "muted" }, fault.hint) : null,
      h("button", { type: "button", onclick: () => void begin() }, "Try again")));
    return;
  }
  live = new Live({
    frame: (frame) => workbench.frame(frame),
    table: (table) => workbench.table(table),
    message: (message) => (message.type === "regrouped" ? groupsPage.regrouped(message.name) : workbench.message(message)),
    state: (connected) => {
      gone.hidden = connected || !wasConnected;
      if (!connected && wasConnected) tellGone();
      if (!connected) return;
      if (wasConnected) void comeBack();
      else workbench.reconnect();
      wasConnected = true;
    },
  });
  await arrive(coming);
}

void begin();
