// The API: its values, and how it is asked. docs/reference has the words.
import {prefix} from './setting';

export interface System {
  version: string;
  state: 'open' | 'closed';
}

export interface Me {
  kind: 'anonymous' | 'user' | 'robot';
  name: string;
  role: 'none' | 'admin' | 'auditor';
}

export interface Repository {
  name: string;
  namespace: string;
  description: string; // '': none
  visibility: 'public' | 'internal' | 'private';
  archived: boolean;
  created_at: string;
  tags: number; // at most 1000
  updated_at: string | null;
  pulls: number;
  last_pulled_at: string | null;
  may: string[];
}

export interface Found {
  name: string;
  description: string;
  visibility: 'public' | 'internal' | 'private';
  archived: boolean;
  updated_at: string | null;
}

export interface Readme {
  markdown: string;
  html: string;
  changed_at: string;
}

// What somebody signs in with; of sessions and refresh tokens the name is the client's own.
export interface Secret {
  id: number;
  kind: 'access_token' | 'session' | 'refresh_token' | 'invitation';
  name: string;
  scope: string[] | null; // null: whatever its owner may
  repositories: string[] | null; // null: all
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null; // to a minute or two
  last_used_from: string | null;
  current: boolean;
}

export interface NewToken {
  name: string;
  scope: string[] | null;
  repositories?: string[];
  expires_at: string | null;
}

// What happened, who did it, and from where.
export interface AuditRecord {
  id: number;
  at: string;
  what: string;
  who?: string;
  kind: string;
  client?: string;
  request?: string;
  repository?: string;
  digest?: string;
  tag?: string;
  detail?: Record<string, unknown>;
}

export interface TagLayer {
  digest: string;
  size_bytes: number;
}

export type Kind = 'image' | 'index' | 'artifact' | 'unknown';

export interface Tag {
  name: string;
  digest: string;
  media_type: string;
  kind: Kind;
  platforms: string[] | null; // null: only its configuration tells
  size_bytes: number | null;
  layers: TagLayer[] | null;
  pushed_at: string | null;
  pushed_by: string | null;
  pulls: number;
  last_pulled_at: string | null;
}

export interface Move {
  digest: string | null;
  at: string;
  by: string | null;
}

export interface Layer {
  digest: string;
  media_type: string;
  size_bytes: number;
  unpacked_bytes: number | null;
  instruction: string | null;
  created_at: string | null;
  title: string | null;
}

export interface EmptyStep {
  instruction: string | null;
  created_at: string | null;
  before: number | null; // the layer it stands before; null: it fits none
}

export interface Config {
  user: string | null;
  env: string[] | null;
  entrypoint: string[] | null;
  cmd: string[] | null;
  working_dir: string | null;
  ports: string[] | null;
  volumes: string[] | null;
  labels: Record<string, string> | null;
  stop_signal: string | null;
}

export interface Referrer {
  digest: string;
  artifact_type: string | null;
  size_bytes: number;
  annotations: Record<string, string> | null;
}

export interface PlatformImage {
  platform: string;
  digest: string;
}

export interface Image {
  reference: string;
  digest: string;
  media_type: string;
  kind: Kind;
  size_bytes: number | null;
  platform: string | null;
  platforms: PlatformImage[];
  tags: string[];
  created_at: string | null;
  artifact_type: string | null;
  layers: Layer[];
  empty_history: EmptyStep[];
  config: Config | null;
  annotations: Record<string, string> | null;
  referrers: Referrer[];
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

// Why something was not answered: `code` is a word of the API, or "unreachable" when there was no
// answer at all. What a person reads is said by the catalogue.
export class Problem extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    readonly request: string | null = null,
  ) {
    super(code);
  }
}

const CODES: Record<number, string> = {
  401: 'unauthenticated', 403: 'denied', 404: 'not_found', 429: 'rate_limited', 503: 'unavailable',
};

// The address below which the API is, for fetch and for people to type.
export const base = `${prefix}/api/v1`;

export function repositoryPath(name: string): string {
  return `/repositories/${name.split('/').map(encodeURIComponent).join('/')}`;
}

export function withQuery(path: string, values: Record<string, string | number | null>): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    if (value !== null && value !== '') query.set(key, String(value));
  }
  return query.size === 0 ? path : `${path}?${query}`;
}

async function ask(method: string, path: string, more: RequestInit): Promise<Response> {
  const headers = new Headers(more.headers);
  headers.set('Accept', 'application/json');
  if (method !== 'GET') headers.set('Entrepot-Page', '1');
  let response: Response;
  try {
    response = await fetch(base + path, {...more, method, headers});
  } catch (failure) {
    if (more.signal?.aborted) throw failure;
    throw new Problem('unreachable', 0);
  }
  if (response.ok) return response;
  const told = (await response.json().catch(() => ({}))) as {code?: unknown};
  const code = typeof told.code === 'string' ? told.code : CODES[response.status] ?? 'unknown';
  throw new Problem(code, response.status, response.headers.get('X-Request-Id'));
}

const expected = new Map<string, Promise<Response>>();

// Asks now for what get() will want later.
export function expect(path: string): void {
  const answer = ask('GET', path, {});
  answer.catch(() => undefined);  // who wants it hears of a failure
  expected.set(path, answer);
}

function read(path: string, signal: AbortSignal | null): Promise<Response> {
  const answer = expected.get(path) ?? ask('GET', path, {signal});
  expected.delete(path);
  return answer;
}

export async function get<T>(path: string, signal: AbortSignal | null = null): Promise<T> {
  return (await (await read(path, signal)).json()) as T;
}

export async function getText(path: string, signal: AbortSignal | null = null): Promise<string> {
  return (await read(path, signal)).text();
}

// The password goes out once, and what comes back is a cookie that no script can read.
export async function beginSession(name: string, password: string): Promise<Me> {
  const utf8 = new TextEncoder().encode(`${name}:${password}`);
  const basic = `Basic ${btoa(String.fromCharCode(...utf8))}`;
  return (await (await ask('POST', '/sessions', {headers: {Authorization: basic}})).json()) as Me;
}

const asJson = (value: unknown): RequestInit => ({body: JSON.stringify(value), headers: {'Content-Type': 'application/json'}});

export async function change(path: string, values: Record<string, string | boolean>): Promise<void> {
  await ask('PATCH', path, asJson(values));
}

export async function put(path: string, value: unknown): Promise<void> {
  await ask('PUT', path, asJson(value));
}

export async function post<T>(path: string, value: unknown): Promise<T> {
  return (await (await ask('POST', path, asJson(value))).json()) as T;
}

const asMarkdown = (text: string): RequestInit => ({body: text, headers: {'Content-Type': 'text/markdown'}});

// Only if it is still as it was when it was read: changed then, or not there.
const asSeen = (changedAt: string | null): Record<string, string> =>
  changedAt === null ? {'If-None-Match': '*'} : {'If-Match': `"${changedAt}"`};

export async function writeReadme(path: string, text: string, changedAt: string | null): Promise<void> {
  if (text === '') return void await ask('DELETE', path, {headers: asSeen(changedAt)});
  await ask('PUT', path, {body: text, headers: {'Content-Type': 'text/markdown', ...asSeen(changedAt)}});
}

export async function preview(path: string, text: string): Promise<string> {
  return ((await (await ask('POST', path, asMarkdown(text))).json()) as {html: string}).html;
}

export async function remove(path: string): Promise<void> {
  await ask('DELETE', path, {});
}
