// Something that others listen to.

export class Signal<T = void> {
  private readonly listeners = new Set<(value: T) => void>();

  on(listener: (value: T) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  emit(value: T): void {
    for (const listener of [...this.listeners]) listener(value);
  }
}

/** Call a function once things have been quiet for some milliseconds. */
export function debounced(wait: number, call: () => void): { (): void; now(): void; cancel(): void } {
  let timer = 0;
  const later = () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => { timer = 0; call(); }, wait);
  };
  const cancel = () => { clearTimeout(timer); timer = 0; };
  return Object.assign(later, { cancel, now: () => { cancel(); call(); } });
}
