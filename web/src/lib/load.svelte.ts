// Things that are on their way from the API.
import {get, Problem, type Page} from './api';
import {recallHere, rememberHere} from './place.svelte';

const patienceMs = 150;  // before a skeleton is shown

function asProblem(failure: unknown): Problem {
  return failure instanceof Problem ? failure : new Problem('unknown', 0);
}

// One value. What was there stays until the new one has come, so that nothing jumps.
export class Loaded<T> {
  value = $state.raw<T>();
  problem = $state.raw<Problem>();
  isSlow = $state(false);
  // What stands below it on a phone waits for this, and does not move then.
  readonly isSettled = $derived(this.value !== undefined || this.problem !== undefined);
  #asked = '';
  #stop: AbortController | null = null;

  constructor(private readonly fetcher: (path: string, signal: AbortSignal) => Promise<T>, path: string) {
    this.#recall(path);
  }

  #recall(path: string): boolean {
    const known = recallHere<T>(path);
    if (known === undefined) return false;
    this.#asked = path;
    this.value = known;
    this.problem = undefined;
    return true;
  }

  async ask(path: string, again = false): Promise<void> {
    if (!again && (path === this.#asked || this.#recall(path))) return;
    this.#stop?.abort();
    const stop = new AbortController();
    this.#stop = stop;
    this.#asked = path;
    const timer = setTimeout(() => (this.isSlow = true), patienceMs);
    try {
      const value = await this.fetcher(path, stop.signal);
      if (stop.signal.aborted) return;
      this.value = value;
      this.problem = undefined;
      rememberHere(path, value);
    } catch (failure) {
      if (stop.signal.aborted) return;
      this.value = undefined;
      this.problem = asProblem(failure);
    } finally {
      clearTimeout(timer);
      if (this.#stop === stop) this.isSlow = false;
    }
  }

  again = (): void => void this.ask(this.#asked, true);
}

// Asks for `path()`, and again whenever it is another. To be called while a component is made.
export function load<T>(path: () => string,
                        fetcher: (path: string, signal: AbortSignal) => Promise<T> = get): Loaded<T> {
  const loaded = new Loaded<T>(fetcher, path());
  $effect.pre(() => {
    void loaded.ask(path());
  });
  return loaded;
}

// A list that comes in pages.
export class Rows<T> {
  items = $state.raw<T[]>([]);
  next = $state.raw<string | null>(null);
  problem = $state.raw<Problem>();  // of the page behind these
  isLoading = $state(false);

  constructor(readonly path: string, first: Page<T>) {
    this.items = first.items;
    this.next = first.next;
  }

  more = async (): Promise<void> => {
    if (this.next === null || this.isLoading) return;
    this.isLoading = true;
    try {
      const separator = this.path.includes('?') ? '&' : '?';
      const page = await get<Page<T>>(`${this.path}${separator}after=${encodeURIComponent(this.next)}`);
      this.items = [...this.items, ...page.items];
      this.next = page.next;
      this.problem = undefined;
    } catch (failure) {
      this.problem = asProblem(failure);
    } finally {
      this.isLoading = false;
    }
  };
}

export function loadRows<T>(path: () => string): Loaded<Rows<T>> {
  return load(path, async (asked, signal) => new Rows(asked, await get<Page<T>>(asked, signal)));
}
