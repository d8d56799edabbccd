// node units.mjs WEB: the page's parts that need no browser.
import assert from 'node:assert/strict';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {test} from 'node:test';
import {pathToFileURL} from 'node:url';

const web = process.argv[2];
const require = createRequire(join(web, 'package.json'));
const vite = await import(pathToFileURL(require.resolve('vite')));
const server = await vite.createServer({
  root: web, configFile: false, logLevel: 'error', appType: 'custom',
  server: {middlewareMode: true, hmr: false, watch: null}, optimizeDeps: {noDiscovery: true},
});
const load = (name) => server.ssrLoadModule(`/src/lib/${name}.ts`);
const {parse, format} = await load('route');
const {tracksOf, lanesMost} = await load('track');
const {bandsOf} = await load('strata');
const {rowsOf, wordOf} = await load('steps');
const {clientOf} = await load('client');

const routes = [
  {page: 'home', q: ''},
  {page: 'home', q: 'a/b c&d'},
  {page: 'repository', name: 'hello', q: '', sort: ''},
  {page: 'repository', name: 'team/a/very/deep.name', q: '1.2', sort: 'newest'},
  {page: 'repository', name: 'v2/odd', q: '', sort: ''},
  {page: 'history', name: 'team/web', tag: '1.2-rc_1'},
  {page: 'image', name: 'team/web', reference: '1.2', platform: 'linux/arm64', tab: 'config'},
  {page: 'image', name: 'api/x', reference: `sha256:${'0'.repeat(64)}`, platform: '', tab: 'layers'},
  {page: 'rights', name: 'team/web', who: '', action: ''},
  {page: 'rights', name: 'v2', who: 'acme/ci', action: 'push'},
  {page: 'namespace', name: 'acme', holding: 'people', team: ''},
  {page: 'namespace', name: 'api', holding: 'robots', team: ''},
  {page: 'namespace', name: 'acme', holding: 'teams', team: 'dev'},
  {page: 'organisations'},
  {page: 'users', q: 'ali'},
  {page: 'sign-in', then: '/team/web/-/image/1?tab=raw'},
  {page: 'account'},
  {page: 'audit', namespace: 'acme', who: 'alice', what: 'grant.created'},
  {page: 'audit', namespace: '', who: '', what: ''},
];

test('an address is read as it was written', () => {
  for (const route of routes) {
    const url = new URL(format(route), 'http://host');
    assert.deepEqual(parse(url.pathname, url.searchParams), route, url.href);
  }
});

test('names that are routes have their page elsewhere', () => {
  assert.equal(format({page: 'repository', name: 'v2/odd', q: '', sort: ''}), '/-/r/v2/odd');
  assert.equal(format({page: 'repository', name: 'v20/odd', q: '', sort: ''}), '/v20/odd');
});

test('what is no address of a page is missing', () => {
  for (const path of ['/-/', '/-/none', '/a/-/none', '/a/-/history', '/a/-/image/1/2', '/%', '/-/r/', '/a/b/-/people', '/a/-/people/x',
                      '/a/-/rights/x', '/-/admin']) {
    assert.equal(parse(path, new URLSearchParams()).page, 'missing', path);
  }
});

test('an image without a tag is latest, and an unknown tab the first', () => {
  const route = parse('/a/-/image', new URLSearchParams('tab=evil'));
  assert.deepEqual([route.reference, route.tab], ['latest', 'layers']);
});

test('a track joins rows of one digest, and no others', () => {
  const rows = tracksOf(['a', 'b', 'a', 'c', 'b', 'a']);
  assert.deepEqual(rows[0], [{lane: 0, up: false, down: true, stop: true}]);
  assert.deepEqual(rows[2], [{lane: 0, up: true, down: true, stop: true},
                             {lane: 1, up: true, down: true, stop: false}]);
  assert.deepEqual(rows[3].map((one) => one.stop), [false, false]);
  assert.deepEqual(tracksOf(['a', 'b']), [[], []]);
});

test('tracks stay few, and a lane is used again', () => {
  const many = Array.from({length: 8}, (_, index) => String(index));
  assert.ok(tracksOf([...many, ...many]).every((row) => row.length <= lanesMost));
  assert.deepEqual(tracksOf(['a', 'a', 'b', 'b']).flat().map((one) => one.lane), [0, 0, 0, 0]);
});

test('bands fill the bar, and each can be seen', () => {
  for (const sizes of [[1], [0, 0], [99e9, 1, 1], Array.from({length: 127}, (_, index) => index)]) {
    for (const barPx of [160, 358, 1208]) {
      const bands = bandsOf(sizes, barPx);
      const end = bands.at(-1);
      assert.ok(Math.abs(end.start + end.width - 100) < 1e-6);
      const least = Math.min(3, 0.4 * barPx / sizes.length);
      assert.ok(bands.every((band) => band.width * barPx / 100 >= least - 1e-6));
    }
  }
  assert.ok(bandsOf([99, 1], 1000)[0].width > 98);
});

test('steps without a layer stand where they were', () => {
  const image = {layers: [{size_bytes: 5}, {size_bytes: 7}],
                 empty_history: [{before: 0}, {before: 2}, {before: null}]};
  assert.deepEqual(rowsOf(image).map((row) => row.kind), ['step', 'layer', 'layer', 'step', 'apart', 'step']);
  assert.equal(rowsOf(image)[2].before, 5);
});

test('an instruction begins with its word', () => {
  assert.deepEqual(wordOf('RUN <<EOF\nset -e\nEOF'), ['RUN', '<<EOF\nset -e\nEOF']);
  assert.deepEqual(wordOf('/bin/sh -c true'), ['', '/bin/sh -c true']);
});

test('a client is called as people call it', () => {
  for (const [agent, called] of [
    ['Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0', 'Firefox · Linux'],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0', 'Edge · Windows'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Safari/604.1', 'Safari · iOS'],
    ['docker/24.0.7 go/go1.21 git-commit/311b9ff kernel/6.1', 'docker/24.0.7'],
    ['Mozilla/5.0', 'Mozilla/5.0'],
  ]) assert.equal(clientOf(agent), called);
});
await server.close();
