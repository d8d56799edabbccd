// What programs call themselves, as people call them.

const browsers: [string, RegExp][] = [
  ['Edge', /\bEdg\//], ['Opera', /\bOPR\//], ['Firefox', /\bFirefox\//], ['Chrome', /Chrome\//], ['Safari', /\bSafari\//],
];
const systems: [string, RegExp][] = [
  ['Android', /Android/], ['iOS', /iPhone|iPad/], ['Windows', /Windows/], ['macOS', /Mac OS X/], ['Linux', /Linux/],
];

// "Firefox · Linux" of what a browser calls itself; of other clients the first word, "docker/24.0.7".
export function clientOf(agent: string): string {
  const first = agent.split(' ')[0] ?? '';
  if (!first.startsWith('Mozilla/')) return first;
  const found = [browsers, systems].map((known) => known.find(([, sign]) => sign.test(agent))?.[0]);
  const named = found.filter((name) => name !== undefined);
  return named.length === 0 ? agent : named.join(' · ');
}
