// What the page says, in the reader's language. One catalogue for each, words/*.json; a value is a
// sentence with {placeholders}, or one for each form that Intl.PluralRules chooses by {n}.
import type en from '../words/en.json';
import {keep, recall} from './setting';

export type Key = keyof typeof en;
type Value = string | Partial<Record<Intl.LDMLPluralRule, string>>;
type Catalogue = Record<Key, Value>;

export type Language = 'en' | 'zh';
export const languages: {code: Language; tag: string; name: string}[] = [
  {code: 'en', tag: 'en', name: 'English'},
  {code: 'zh', tag: 'zh-CN', name: '简体中文'},
];

const catalogues: Record<Language, () => Promise<{default: Catalogue}>> = {
  en: () => import('../words/en.json'),
  zh: () => import('../words/zh.json'),
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

export async function speak(wanted: Language): Promise<void> {
  const {default: catalogue} = await catalogues[wanted]();
  words = catalogue;
  language = wanted;
  document.documentElement.lang = speech.tag;
}

export async function choose(wanted: Language): Promise<void> {
  keep('language', wanted);
  await speak(wanted);
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
