// The websocket: sends requests, decodes frames, and comes back by itself when the server does.

import { token } from "./api";
import { Table, type TableHeader } from "./table";
import type { Frame, FrameHeader, Message, Samples } from "./types";

type Handlers = { frame(frame: Frame): void; table(table: Table): void; message(message: Message): void; state(connected: boolean): void };

/** Read an answer: the length of its header, the header, padding to 8 bytes, the samples or columns. */
export function decode(buffer: ArrayBuffer): Frame | Table {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length))) as FrameHeader | TableHeader;
  const start = Math.ceil((4 + length) / 8) * 8;
  if (header.type === "table") return new Table(header, buffer, start);
  const count = header.shape.reduce((product, size) => product * size, header.channels?.length ?? 1);
  let samples: Samples;
  if (header.dtype === "u4") samples = new Uint32Array(buffer, start, count);
  else if (header.dtype === "u2") samples = new Uint16Array(buffer, start, count);
  else samples = new Uint8Array(buffer, start, count);
  return { ...header, samples, step: { y: 1, x: 1 } };
}

export class Live {
  private socket: WebSocket | null = null;
  private wait = 250;
  connected = false;

  constructor(private readonly handlers: Handlers) {
    this.connect();
  }

  private connect(): void {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/api/live?token=${encodeURIComponent(token)}`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.wait = 250;
      this.connected = true;
      this.handlers.state(true);
    };
    socket.onmessage = (event) => {
      if (typeof event.data === "string") return this.handlers.message(JSON.parse(event.data) as Message);
      const answer = decode(event.data as ArrayBuffer);
      if (answer instanceof Table) this.handlers.table(answer);
      else this.handlers.frame(answer);
    };
    socket.onclose = () => {
      this.connected = false;
      this.handlers.state(false);
      setTimeout(() => this.connect(), this.wait);
      this.wait = Math.min(1500, this.wait * 2);
    };
    this.socket = socket;
  }

  send(message: unknown): boolean {
    if (!this.connected || this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }
}
