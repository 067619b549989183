// The first page: the images and pipelines of the folder, and the examples.

import { api } from "./api";
import type { Bench } from "./bench";
import { fill, h } from "./dom";
import { nextTheme, themeText } from "./theme";
import { iconButton } from "./dom";
import { Thumbnails } from "./thumbnails";

export interface StartHands {
  open(image: string, pipeline: string): void;
  make(image: string): void;
  example(name: string, button: HTMLButtonElement): void;
  groups(name: string): void;
  cluster(name: string, example: boolean, button: HTMLButtonElement): void;
}

export class StartPage {
  readonly element = h("main", { class: "start" });
  private chosen = "";
  private readonly thumbnails = new Thumbnails();
  private readonly grouped = h("section", { "aria-labelledby": "groups-title" });

  constructor(private readonly bench: Bench, private readonly hands: StartHands) {}

  show(): void {
    void this.draw();
  }

  /** Show all at once, so that nothing moves under the pointer. */
  private async draw(): Promise<void> {
    await this.showGroups();
    const { start } = this.bench;
    const theme = iconButton("theme", themeText(), () => { theme.title = nextTheme(); theme.setAttribute("aria-label", theme.title); });
    fill(this.element,
      h("header", { class: "start-head" },
        h("div", {}, h("p", { class: "brand" }, "Graticule"), h("h1", {}, start.folder),
          h("p", { class: "muted" }, `${count(start.images.length, "image")}, ${count(start.pipelines.length, "pipeline")}; version ${start.version}`)), theme),
      start.images.length ? this.images() : null,
      start.pipelines.length ? this.pipelines() : null,
      this.grouped, this.examples());
  }

  /** The clusterings of the folder, and what may be grouped. */
  async showGroups(): Promise<void> {
    const found = await api.groupings().catch(() => null);
    if (!found) return;
    const begin = (name: string, example: boolean, text: string, title: string) => {
      const button: HTMLButtonElement = h("button", { type: "button", class: "pill quiet", title, "data-cluster": name, onclick: () => this.hands.cluster(name, example, button) }, text);
      return button;
    };
    const documents = found.documents.length ? found.documents : ["images"];
    fill(this.grouped, h("h2", { id: "groups-title" }, "Groups"),
      h("p", { class: "muted" }, "Images sorted by what they look like, without labels: which groups there are, and whether they are more than a method makes of anything."),
      h("div", { class: "pill-row" },
        found.clusterings.map(({ name, title, rows }) => h("button", { type: "button", class: "pill", title: name, "data-groups": name, onclick: () => this.hands.groups(name) }, `${title}, ${rows.toLocaleString("en")}`)),
        this.bench.start.images.length > 2 ? documents.map((name) => begin(name, false, `Sort ${name === "images" ? "these images" : `by ${name}`}`, "Group the images of the folder")) : null,
        found.examples.map((name) => begin(name, true, `Example: ${name.replace(/_/g, " ")}`, "Group the images of an example; takes some minutes"))));
  }

  private images(): HTMLElement {
    const { start } = this.bench;
    const shown = start.images.slice(0, 300);
    const grid = h("div", { class: "image-grid" }, shown.map((image) => {
      const picture = h("span", { class: "thumb" });
      this.thumbnails.load(image.path, picture);
      return h("button", { type: "button", class: "image-card", title: image.path, "data-image": image.path, onclick: () => this.choose(image.path) },
        picture, h("span", { class: "image-name" }, image.name));
    }));
    return h("section", { "aria-labelledby": "images-title" }, h("h2", { id: "images-title" }, "Images"),
      start.images.length > shown.length ? h("p", { class: "muted" }, `The first ${shown.length} of ${start.images.length}.`) : null, grid);
  }

  /** With one pipeline or none there is nothing to choose; otherwise the pipelines are offered. */
  choose(path: string): void {
    const { pipelines } = this.bench.start;
    if (!pipelines.length) return this.hands.make(path);
    this.chosen = path;
    const name = path.split("/").pop()!;
    const dialog = h("dialog", { class: "choose", "aria-label": `Open ${name} with` },
      h("header", {}, h("h2", {}, `Open ${name} with`), iconButton("close", "Close", () => dialog.close())),
      h("div", { class: "choose-list" },
        pipelines.map((pipeline) => h("button", { type: "button", onclick: () => { dialog.close(); this.hands.open(path, pipeline); } }, pipeline)),
        h("button", { type: "button", class: "primary", onclick: () => { dialog.close(); this.hands.make(path); } }, "New pipeline")));
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }

  private pipelines(): HTMLElement {
    const { start } = this.bench;
    const open = (pipeline: string) => {
      const near = start.images.find((image) => image.path.split("/").includes(pipeline));
      const image = (this.chosen && start.images.find((each) => each.path === this.chosen)) || near || start.images[0];
      if (image) this.hands.open(image.path, pipeline);
    };
    return h("section", { "aria-labelledby": "pipelines-title" }, h("h2", { id: "pipelines-title" }, "Pipelines"),
      h("div", { class: "pill-row" }, start.pipelines.map((pipeline) => h("button", { type: "button", class: "pill", disabled: !start.images.length, onclick: () => open(pipeline) }, pipeline))));
  }

  private examples(): HTMLElement {
    const { start } = this.bench;
    return h("section", { "aria-labelledby": "examples-title" }, h("h2", { id: "examples-title" }, "Examples"),
      h("p", { class: "muted" }, "Each opens an image with a pipeline that works, to look at and to change."),
      h("div", { class: "example-grid" }, start.examples.map((example) => {
        const button: HTMLButtonElement = h("button", { type: "button", class: "example-card", "data-example": example.name, onclick: () => this.hands.example(example.name, button) },
          h("strong", {}, (example.title || example.name).replace(/_/g, " ").replace(/^./, (first) => first.toUpperCase())), h("span", { class: "summary" }, example.summary));
        return button;
      })));
  }
}

function count(number: number, what: string): string {
  return number === 0 ? `no ${what}s` : number === 1 ? `one ${what}` : `${number} ${what}s`;
}
