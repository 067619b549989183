// Small pictures of images, asked for when they come into sight.

import { api } from "./api";
import { fill, h } from "./dom";

export class Thumbnails {
  private readonly known = new Map<string, Promise<string>>();

  url(path: string): Promise<string> {
    let found = this.known.get(path);
    if (!found) {
      found = api.thumbnail(path);
      this.known.set(path, found);
      found.catch(() => this.known.delete(path));
    }
    return found;
  }

  /** Put the picture of an image into a place, once this is seen. */
  load(path: string, place: HTMLElement): void {
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      seen.disconnect();
      this.url(path).then((src) => fill(place, h("img", { src, alt: "", draggable: false })))
        .catch(() => fill(place, h("span", { class: "muted" }, "cannot be shown")));
    });
    seen.observe(place);
  }
}
