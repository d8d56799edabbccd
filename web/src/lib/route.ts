// Addresses: what each stands for, and how it is written. Without http.prefix.

export type Tab = 'layers' | 'config' | 'referrers' | 'raw';
export const tabs: readonly Tab[] = ['layers', 'config', 'referrers', 'raw'];

// What a namespace has besides its repositories.
export type Holding = 'people' | 'teams' | 'robots';
export const holdings: readonly Holding[] = ['people', 'teams', 'robots'];

// Of tags: '' is by name.
export type Sort = '' | 'newest';

export type Route =
  | {page: 'home'; q: string}
  | {page: 'repository'; name: string; q: string; sort: Sort}
  | {page: 'history'; name: string; tag: string}
  | {page: 'image'; name: string; reference: string; platform: string; tab: Tab}
  | {page: 'rights'; name: string; who: string; action: string}
  | {page: 'namespace'; name: string; holding: Holding; team: string}
  | {page: 'organisations'}
  | {page: 'users'; q: string}
  | {page: 'sign-in'; then: string}
  | {page: 'welcome'}
  | {page: 'account'}
  | {page: 'audit'; namespace: string; who: string; what: string}
  | {page: 'missing'};

// First parts of paths that are no page's; see ui/page.cc.
const kept = ['v1', 'v2', 'api', 'badges', 'token', 'healthz', 'readyz', 'metrics'];

const missing: Route = {page: 'missing'};

function decoded(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}

export function parse(path: string, query: URLSearchParams): Route {
  const plain = decoded(path);
  if (plain === null) return missing;
  if (plain === '/' || plain === '') return {page: 'home', q: query.get('q') ?? ''};
  if (plain === '/-/sign-in') return {page: 'sign-in', then: query.get('then') ?? '/'};
  if (plain === '/-/welcome') return {page: 'welcome'};
  if (plain === '/-/account') return {page: 'account'};
  if (plain === '/-/organisations') return {page: 'organisations'};
  if (plain === '/-/admin/users') return {page: 'users', q: query.get('q') ?? ''};
  if (plain === '/-/audit') {
    const asked = (name: string): string => query.get(name) ?? '';
    return {page: 'audit', namespace: asked('namespace'), who: asked('who'), what: asked('what')};
  }
  const named = plain.startsWith('/-/r/') ? plain.slice(5) : plain.startsWith('/-/') ? '' : plain.slice(1);
  const at = named.indexOf('/-/');
  const name = (at < 0 ? named : named.slice(0, at)).replace(/\/+$/, '');
  if (name === '') return missing;
  return parseBelow(name, at < 0 ? [] : named.slice(at + 3).split('/'), query);
}

function parseBelow(name: string, parts: string[], query: URLSearchParams): Route {
  const [page = 'tags', item = '', ...rest] = parts;
  if (rest.length > 0) return missing;
  if (page === 'tags' && item === '') {
    return {page: 'repository', name, q: query.get('q') ?? '', sort: query.get('sort') === 'newest' ? 'newest' : ''};
  }
  if (page === 'history' && item !== '') return {page: 'history', name, tag: item};
  if (page === 'rights' && item === '') {
    return {page: 'rights', name, who: query.get('who') ?? '', action: query.get('do') ?? ''};
  }
  const holding = holdings.find((one) => one === page);
  if (holding !== undefined && !name.includes('/') && (item === '' || holding === 'teams')) {
    return {page: 'namespace', name, holding, team: item};
  }
  if (page !== 'image') return missing;
  const tab = tabs.find((one) => one === query.get('tab')) ?? 'layers';
  return {page: 'image', name, reference: item || 'latest', platform: query.get('platform') ?? '', tab};
}

function below(name: string): string {
  return (kept.includes(name.split('/')[0] ?? '') ? '/-/r/' : '/') + name.split('/').map(encodeURIComponent).join('/');
}

function withQuery(path: string, values: Record<string, string>): string {
  // Slashes and colons may stand in a query as they are, and are read better so.
  const query = Object.entries(values).filter(([, value]) => value !== '')
    .map(([key, value]) => `${key}=${encodeURIComponent(value).replaceAll('%2F', '/').replaceAll('%3A', ':')}`);
  return query.length === 0 ? path : `${path}?${query.join('&')}`;
}

export function format(route: Route): string {
  switch (route.page) {
    case 'home':
      return withQuery('/', {q: route.q});
    case 'repository':
      return withQuery(below(route.name), {q: route.q, sort: route.sort});
    case 'history':
      return `${below(route.name)}/-/history/${encodeURIComponent(route.tag)}`;
    case 'image':
      return withQuery(`${below(route.name)}/-/image/${encodeURIComponent(route.reference).replaceAll('%3A', ':')}`,
                       {platform: route.platform, tab: route.tab === 'layers' ? '' : route.tab});
    case 'rights':
      return withQuery(`${below(route.name)}/-/rights`, {who: route.who, do: route.action});
    case 'namespace':
      return `${below(route.name)}/-/${route.holding}${route.team === '' ? '' : `/${encodeURIComponent(route.team)}`}`;
    case 'organisations':
      return '/-/organisations';
    case 'users':
      return withQuery('/-/admin/users', {q: route.q});
    case 'sign-in':
      return withQuery('/-/sign-in', {then: route.then === '/' ? '' : route.then});
    case 'welcome':
      return '/-/welcome';
    case 'account':
      return '/-/account';
    case 'audit':
      return withQuery('/-/audit', {namespace: route.namespace, who: route.who, what: route.what});
    case 'missing':
      return '/-/missing';
  }
}
