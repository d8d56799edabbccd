// What the page says, in the reader's language. Two catalogues for each: words/en.json has what home,
// repositories and images say, words/en.people.json what only those of people and rights do, and comes
// with the first of them. A value is a sentence with {placeholders}, or one for each form that
// Intl.PluralRules chooses by {n}.
import type first from '../words/en.json';
import type people from '../words/en.people.json';
import {keep, recall} from './setting';

export type Key = keyof typeof first | keyof typeof people;
type Value = string | Partial<Record<Intl.LDMLPluralRule, string>>;
type Catalogue = Partial<Record<Key, Value>>;
type Part = 'first' | 'people';

export type Language = 'en' | 'zh';
export const languages: {code: Language; tag: string; name: string}[] = [
  {code: 'en', tag: 'en', name: 'English'},
  {code: 'zh', tag: 'zh-CN', name: '简体中文'},
];

const catalogues: Record<Language, Record<Part, () => Promise<{default: Catalogue}>>> = {
  en: {first: () => import('../words/en.json'), people: () => import('../words/en.people.json')},
  zh: {first: () => import('../words/zh.json'), people: () => import('../words/zh.people.json')},
};

let words = $state.raw<Catalogue>();
let language = $state.raw<Language>('en');

export const speech = {
  get language(): Language {
    return language;
  },
  // For Intl, and for `lang`.
  get tag(): string {
    return languages.find((one) => one.code === language)?.tag ?? 'en';
  },
};

export function preferredLanguage(): Language {
  const wanted = [recall('language') ?? '', ...navigator.languages].map((tag) => tag.slice(0, 2).toLowerCase());
  return (wanted.find((tag) => tag === 'en' || tag === 'zh') as Language | undefined) ?? 'en';
}

let wanted = preferredLanguage();
const parts = new Set<Part>(['first']);
let learning: Promise<void> | undefined;

// Shows nothing before all of it is there. What is wanted by then may be another language, or more.
async function learn(): Promise<void> {
  const asked = wanted;
  const read = await Promise.all([...parts].map((part) => catalogues[asked][part]()));
  if (asked !== wanted || read.length !== parts.size) return learn();
  words = Object.assign({}, ...read.map((one) => one.default)) as Catalogue;
  language = asked;
  document.documentElement.lang = speech.tag;
}

export function speak(chosen: Language): Promise<void> {
  wanted = chosen;
  learning = learn();
  return learning;
}

// Waits for the words of people and rights, in whatever language is spoken then. From now on they come
// along with each language.
export function speakOfPeople(): Promise<void> {
  if (learning === undefined || !parts.has('people')) {
    parts.add('people');
    learning = learn();
  }
  return learning;
}

export async function choose(chosen: Language): Promise<void> {
  keep('language', chosen);
  await speak(chosen);
}

export function t(key: Key, values: Record<string, string | number> = {}): string {
  const value = words?.[key];
  if (value === undefined) return key;
  const sentence = typeof value === 'string' ? value : pluralOf(value, values['n']);
  return sentence.replace(/\{(\w+)\}/g, (all, name: string) => {
    const filled = values[name];
    if (filled === undefined) return all;
    return typeof filled === 'number' ? filled.toLocaleString(speech.tag) : filled;
  });
}

function pluralOf(value: Exclude<Value, string>, n: string | number | undefined): string {
  const rule = new Intl.PluralRules(speech.tag).select(Number(n));
  return value[rule] ?? value.other ?? '';
}

// The sentence of an error's code; one that the catalogue does not know has a sentence, too.
export function sentenceOf(code: string): string {
  const key = `error.${code}` as Key;
  return words !== undefined && key in words ? t(key) : t('error.unknown', {code});
}
