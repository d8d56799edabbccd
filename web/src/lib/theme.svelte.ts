// Dark, light, or as the system has it.
import {keep, recall} from './setting';

export type Theme = 'auto' | 'light' | 'dark';
export const themes: readonly Theme[] = ['auto', 'light', 'dark'];

let theme = $state<Theme>(themes.find((one) => one === recall('theme')) ?? 'auto');

export const look = {
  get theme(): Theme {
    return theme;
  },
};

export function wear(wanted: Theme): void {
  theme = wanted;
  keep('theme', wanted);
  show();
}

export function show(): void {
  if (theme === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}
