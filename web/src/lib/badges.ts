// Pictures of one line, to show elsewhere what an image is.
import {repositoryAddress} from './place.svelte';
import {host, isPlain, prefix} from './setting';

export const badges = ['image', 'version', 'commit', 'license', 'pushed'] as const;
export type Badge = (typeof badges)[number];

const origin = `${isPlain ? 'http' : 'https'}://${host}`;

// Without a tag it follows `latest`. Names and tags need no escapes.
export const badgePath = (kind: Badge, name: string, tag: string): string =>
  `${prefix}/badges/${kind}/${name}${tag === '' ? '' : `:${tag}`}.svg`;

export function markdownOf(kind: Badge, name: string, tag: string): string {
  return `[![${kind}](${origin}${badgePath(kind, name, tag)})](${origin}${repositoryAddress(name)})`;
}

export function htmlOf(kind: Badge, name: string, tag: string): string {
  return `<a href="${origin}${repositoryAddress(name)}"><img src="${origin}${badgePath(kind, name, tag)}" alt="${kind}"></a>`;
}
