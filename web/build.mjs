// node build.mjs FILE: builds the page and writes it as one file, the pack that cmake/page.cmake has
// the program embed. The same sources and the same Node give the same bytes.
//
// A pack is a list, an empty line, and what the list names, one behind the other:
//   <name> <bytes> <bytes as gzip> <bytes as brotli>     0: not there, since it would be no shorter
// "shell.html" is the answer to every page address. Other names hold a hash of their content, and
// are what "/-/assets/" is put before in addresses.
import {createHash} from 'node:crypto';
import {readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {brotliCompressSync, constants, gzipSync} from 'node:zlib';
import {build} from 'vite';

const here = dirname(fileURLToPath(import.meta.url));

function gzip(bytes) {
  const packed = gzipSync(bytes, {level: 9});
  packed[9] = 255;  // the operating system: unknown
  return packed;
}

function brotli(bytes) {
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
}

// Empty, unless it saves something.
const ifShorter = (packed, bytes) => (packed.length < bytes.length ? packed : Buffer.alloc(0));

function hashed(name, bytes) {
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  const dot = name.lastIndexOf('.');
  return `${name.slice(0, dot)}-${hash}${name.slice(dot)}`;
}

async function main(target) {
  const built = await build({root: here, configFile: join(here, 'vite.config.ts'), logLevel: 'warn',
                             build: {write: false}});
  const files = new Map();  // name → bytes
  let script, style;
  let needed = [];  // by the script, before it can begin
  for (const file of built.output) {
    const bytes = Buffer.from(file.type === 'chunk' ? file.code : file.source);
    const name = file.fileName.endsWith('.css') ? hashed(file.fileName, bytes) : file.fileName;
    if (file.type === 'chunk' && file.isEntry) [script, needed] = [name, file.imports];
    if (name.endsWith('.css')) style = name;
    files.set(name, bytes);
  }
  const mark = readFileSync(join(here, 'src/mark.svg'));
  const icon = hashed('mark.svg', mark);
  files.set(icon, mark);
  const shell = readFileSync(join(here, 'shell.html'), 'utf8')
    .replace('{script}', script).replace('{style}', style).replace('{icon}', icon)
    .replace('{needed}', needed.map((name) =>
      `<link rel="modulepreload" href="{prefix}/-/assets/${name}">`).join('\n'));
  files.set('shell.html', Buffer.from(shell));

  const lines = [];
  const parts = [];
  for (const name of [...files.keys()].sort()) {
    const bytes = files.get(name);
    const forms = name === 'shell.html'
      ? [bytes, Buffer.alloc(0), Buffer.alloc(0)]  // the server fills it in
      : [bytes, ifShorter(gzip(bytes), bytes), ifShorter(brotli(bytes), bytes)];
    lines.push(`${name} ${forms.map((form) => form.length).join(' ')}\n`);
    parts.push(...forms);
  }
  writeFileSync(target, Buffer.concat([Buffer.from(`${lines.join('')}\n`), ...parts]));
}

await main(process.argv[2]);
