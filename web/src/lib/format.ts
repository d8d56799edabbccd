// Sizes, times, digests as people read them.
import {speech} from './words.svelte';

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

// "28.3 MiB": binary units, three significant digits; four between 1,000 and 1,023.
export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.round(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = value < 999.5 ? {maximumSignificantDigits: 3} : {maximumFractionDigits: 0};
  return `${value.toLocaleString(speech.tag, digits)} ${units[unit]}`;
}

export function exactSize(bytes: number): string {
  return `${bytes.toLocaleString(speech.tag)} B`;
}

const leastShare = 0.001;  // that is told exactly

export function percent(share: number): string {
  const told = Math.max(share, leastShare).toLocaleString(speech.tag, {style: 'percent', maximumSignificantDigits: share < 0.1 ? 1 : 2});
  return share > 0 && share < leastShare ? `<${told}` : told;
}

const spans: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365.25 * 86400], ['month', 30.44 * 86400], ['week', 7 * 86400], ['day', 86400], ['hour', 3600], ['minute', 60],
];

// "3 hours ago"
export function ago(time: string, now = Date.now()): string {
  const seconds = (Date.parse(time) - now) / 1000;
  const format = new Intl.RelativeTimeFormat(speech.tag, {numeric: 'auto'});
  for (const [unit, length] of spans) {
    if (Math.abs(seconds) >= length) return format.format(Math.round(seconds / length), unit);
  }
  return format.format(0, 'second');
}

const soonMs = 14 * 24 * 3600 * 1000;

// Is it near enough that somebody should do something before then?
export function isSoon(time: string, now = Date.now()): boolean {
  return Date.parse(time) - now < soonMs;
}

export function exactTime(time: string): string {
  return new Date(time).toLocaleString(speech.tag, {dateStyle: 'long', timeStyle: 'medium'});
}

// The same in short, for columns.
export function shortTime(time: string): string {
  return new Date(time).toLocaleString(speech.tag, {dateStyle: 'short', timeStyle: 'medium'});
}

// The 12 characters by which a digest is told from others.
export function short(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1, digest.indexOf(':') + 13);
}
