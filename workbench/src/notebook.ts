// The workbench in a notebook: the same page in a frame, whose questions go to the kernel.

interface Model {
  get(name: string): string;
  send(content: unknown): void;
  on(event: "msg:custom", heard: (content: Told, buffers: DataView[]) => void): void;
  off(event: "msg:custom", heard: (content: Told, buffers: DataView[]) => void): void;
}
interface Told { kind: "page" | "answer" | "message"; id?: number; status?: number; type?: string; text?: string; script?: string; style?: string; parts?: Record<string, string> }
type Heard = (told: Told, content: ArrayBuffer | null) => void;

const PAGE = "<!doctype html><html lang=en><head><meta charset=utf-8><title>Graticule</title></head><body><div id=app></div></body></html>";

function bytes(view: DataView | undefined): ArrayBuffer | null {
  return view ? (view.buffer as ArrayBuffer).slice(view.byteOffset, view.byteOffset + view.byteLength) : null;
}

/** What a page asks by `fetch` and by its websocket, asked of the kernel. */
class Relay {
  private last = 0;
  private readonly answers = new Map<number, Heard>();
  private socket: FrameSocket | null = null;
  readonly heard = (told: Told, buffers: DataView[]): void => {
    const content = bytes(buffers[0]);
    if (told.kind === "message") this.socket?.onmessage?.({ data: content ?? told.text! });
    else this.answers.get(told.id ?? 0)?.(told, content);
  };

  constructor(private readonly model: Model) {
    model.on("msg:custom", this.heard);
  }

  ask(content: Record<string, unknown>): Promise<{ told: Told; content: ArrayBuffer | null }> {
    const id = this.last += 1;
    return new Promise((done) => {
      this.answers.set(id, (told, found) => { this.answers.delete(id); done({ told, content: found }); });
      this.model.send({ ...content, id });
    });
  }

  open(socket: FrameSocket): void {
    this.socket = socket;
    this.model.send({ kind: "open" });
  }

  say(text: string): void {
    this.model.send({ kind: "message", text });
  }

  close(): void {
    this.model.off("msg:custom", this.heard);
    this.model.send({ kind: "close" });
  }
}

/** As much of a WebSocket as the page uses. */
class FrameSocket {
  binaryType = "arraybuffer";
  readyState = 1;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: ArrayBuffer | string }) => void) | null = null;
  onclose: (() => void) | null = null;

  constructor(private readonly relay: Relay) {
    relay.open(this);
    setTimeout(() => this.onopen?.());
  }

  send(text: string): void {
    this.relay.say(text);
  }
}

/** Let a frame ask the kernel instead of a server, and keep its place to itself. */
function connect(inside: Window & typeof globalThis, relay: Relay): void {
  const fetched = async (path: string, how: RequestInit = {}): Promise<Response> => {
    const { told, content } = await relay.ask({ kind: "fetch", path, method: how.method ?? "GET", body: how.body ?? "" });
    return new inside.Response(content, { status: told.status ?? 500, headers: { "Content-Type": told.type ?? "" } });
  };
  const socket = function (): FrameSocket { return new FrameSocket(relay); };
  socket.OPEN = 1;
  Object.assign(inside, { fetch: fetched, WebSocket: socket });
  inside.document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest?.<HTMLAnchorElement>("a[href^='/runs/']");
    if (!link) return;
    event.preventDefault();
    void fetched(link.getAttribute("href")!).then((answer) => answer.blob()).then((page) => window.open(URL.createObjectURL(page)));
  });
  // The address of the frame is that of no page: where its panes look is kept as long as it is shown.
  inside.history.pushState = inside.history.replaceState = () => undefined;
}

async function show(frame: HTMLIFrameElement, relay: Relay, place: string): Promise<void> {
  const inside = frame.contentWindow as Window & typeof globalThis;
  const { document } = inside;
  connect(inside, relay);
  document.documentElement.dataset.place = place;
  const { told } = await relay.ask({ kind: "page" });
  const style = document.createElement("style");
  style.textContent = told.style ?? "";
  const script = document.createElement("script");
  script.type = "module";
  script.textContent = Object.entries(told.parts ?? {}).reduce((text, [name, part]) => {
    const url = inside.URL.createObjectURL(new inside.Blob([part], { type: "text/javascript" }));
    return text.replaceAll(JSON.stringify(name), JSON.stringify(url));
  }, told.script ?? "");
  document.head.append(style);
  document.body.append(script);
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const relay = new Relay(model);
  const frame = document.createElement("iframe");
  frame.title = "Graticule workbench";
  frame.style.cssText = `width:100%;height:${model.get("height")}px;border:1px solid #8884;border-radius:6px`;
  frame.srcdoc = PAGE;
  frame.addEventListener("load", () => void show(frame, relay, model.get("place")), { once: true });
  el.append(frame);
  return () => relay.close();
}

export default { render };
