// node browser.mjs WEB CHROMIUM: opens pages in Chromium for page_browser.py, which sends a line of JSON for
// each thing to do and reads one for its outcome. WEB is the folder whose node_modules are used.
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {createInterface} from 'node:readline';

const [, , web, chromium] = process.argv;
const require = createRequire(join(web, 'package.json'));
const playwright = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core'), 'utf8');
const AsyncFunction = (async () => {}).constructor;

const browser = await playwright.chromium.launch({
  executablePath: chromium,
  args: process.getuid() === 0 ? ['--no-sandbox'] : [],
});
const pages = new Map();

// In the page, before anything of it: what happens there without anybody asking for it.
function watch() {
  globalThis.seen = {violations: [], shift: 0, moved: []};
  document.addEventListener('securitypolicyviolation', (event) =>
    seen.violations.push(`${event.effectiveDirective}: ${event.blockedURI} ${event.sample}`));
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries().filter((one) => !one.hadRecentInput)) {
      seen.shift += entry.value;
      seen.moved.push(...entry.sources.map(({node}) => node?.nodeName + '.' + (node?.className ?? '')));
    }
  }).observe({type: 'layout-shift', buffered: true});
}

async function open({id, theme, language, width, height}) {
  const context = await browser.newContext({
    colorScheme: theme, locale: language, viewport: {width, height}, reducedMotion: 'reduce',
    isMobile: width < 600, hasTouch: width < 600,
  });
  await context.addInitScript(watch);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const faults = [];
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    const text = message.text();
    // The browser itself reports every answer of 4xx, and tests ask for such.
    if (message.type() === 'error' && !text.startsWith('Failed to load resource')) faults.push(text);
  });
  const elsewhere = [];
  page.on('request', (request) => elsewhere.push(request.url()));
  pages.set(id, {context, page, faults, requests: elsewhere});
}

const actions = {
  open,
  async run({id, code, values}) {
    const {page} = pages.get(id);
    return new AsyncFunction('page', 'values', code)(page, values);
  },
  async axe({id}) {
    const {page} = pages.get(id);
    await page.evaluate(axe);
    const result = await page.evaluate(() => globalThis.axe.run(document, {resultTypes: ['violations']}));
    return result.violations.map(({id: rule, nodes}) => ({
      rule, nodes: nodes.map((node) => `${node.html.slice(0, 200)} — ${node.failureSummary}`),
    }));
  },
  async seen({id}) {
    const {page, faults, requests} = pages.get(id);
    const inside = await page.evaluate(() => globalThis.seen);
    return {...inside, faults, requests};
  },
  async close({id}) {
    await pages.get(id).context.close();
    pages.delete(id);
  },
};

for await (const line of createInterface({input: process.stdin})) {
  const asked = JSON.parse(line);
  let told;
  try {
    told = {value: await actions[asked.action](asked)};
  } catch (error) {
    told = {failed: String(error.stack ?? error)};
  }
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
await browser.close();
