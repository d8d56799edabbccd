// Where the reader is: the address bar, and what was there before.
import {tick} from 'svelte';
import {format, parse, type Holding, type Route} from './route';
import {prefix} from './setting';

function read(): Route {
  const path = location.pathname;
  if (!path.startsWith(prefix)) return {page: 'missing'};
  return parse(path.slice(prefix.length), new URLSearchParams(location.search));
}

let route = $state.raw(read());
let entry = '';  // the history's entry that is shown
const scrolled = new Map<string, number>();
const remembered = new Map<string, unknown>();
const mostRemembered = 100;

export const place = {
  get route(): Route {
    return route;
  },
};

// The address of a route, for href.
export function to(wanted: Route): string {
  return prefix + format(wanted);
}

export const home = (): string => to({page: 'home', q: ''});
export const repositoryAddress = (name: string): string => to({page: 'repository', name, q: '', sort: ''});
export const historyAddress = (name: string, tag: string): string => to({page: 'history', name, tag});
export const imageAddress = (name: string, reference: string): string =>
  to({page: 'image', name, reference, platform: '', tab: 'layers'});
export const rightsAddress = (name: string): string => to({page: 'rights', name, who: '', action: ''});
export const holdingAddress = (name: string, holding: Holding, team = ''): string =>
  to({page: 'namespace', name, holding, team});

const newEntry = (): string => Math.random().toString(36).slice(2);

// Goes to an address of the page, as a link does.
export function go(address: string): void {
  scrolled.set(entry, scrollY);
  entry = newEntry();
  history.pushState({entry}, '', address);
  route = read();
  scrollTo(0, 0);
  // So that a screen reader begins there, and the keyboard, too.
  document.getElementById('content')?.focus({preventScroll: true});
}

// Changes the address of what is shown: what was typed so far, which tab.
export function amend(wanted: Route): void {
  history.replaceState({entry}, '', to(wanted));
  route = wanted;
}

// What was loaded for this entry of the history, so that going back finds it as it was.
export function recallHere<T>(key: string): T | undefined {
  return remembered.get(`${entry} ${key}`) as T | undefined;
}

export function rememberHere(key: string, value: unknown): void {
  remembered.set(`${entry} ${key}`, value);
  if (remembered.size <= mostRemembered) return;
  const [oldest] = remembered.keys();
  if (oldest !== undefined) remembered.delete(oldest);
}

export function forgetAll(): void {
  remembered.clear();
}

async function comeBack(event: PopStateEvent): Promise<void> {
  scrolled.set(entry, scrollY);
  entry = (event.state as {entry?: string} | null)?.entry ?? newEntry();
  route = read();
  await tick();
  void scrollBack(scrolled.get(entry) ?? 0, entry);
}

const patienceMs = 1000;

// What was remembered is there at once; what has to come again makes the page long enough later.
async function scrollBack(y: number, wanted: string): Promise<void> {
  const end = performance.now() + patienceMs;
  while (entry === wanted && performance.now() < end) {
    scrollTo(0, y);
    if (Math.abs(scrollY - y) < 1) return;
    await new Promise(requestAnimationFrame);
  }
}

// A plain click on a link to a page of ours stays in the page.
function followLink(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element).closest('a');
  if (link === null || link.target !== '' || link.hasAttribute('download')) return;
  const url = new URL(link.href, location.href);
  if (url.origin !== location.origin || !url.pathname.startsWith(`${prefix}/`)) return;
  if (url.pathname.startsWith(`${prefix}/api/`) || url.hash !== '') return;
  event.preventDefault();
  go(url.pathname + url.search);
}

export function watchPlace(): void {
  history.scrollRestoration = 'manual';
  entry = (history.state as {entry?: string} | null)?.entry ?? newEntry();
  history.replaceState({entry}, '');
  addEventListener('popstate', (event) => void comeBack(event));
  document.addEventListener('click', followLink);
}
