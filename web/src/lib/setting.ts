// What the server wrote into the shell, and what the reader chose and this browser keeps.

const root = document.documentElement;

// In front of every address: "" or "/registry" (http.prefix).
export const prefix = root.dataset['prefix'] ?? '';

// The registry as clients reach it: http.host without its scheme, else what the address bar says.
const configured = root.dataset['host'] ?? '';
export const host = configured === '' ? location.host : configured.replace(/^https?:\/\//, '').replace(/\/+$/, '');
export const isPlain = /^https?:/.test(configured) ? configured.startsWith('http:') : location.protocol === 'http:';

// Whether this machine itself is meant, which clients trust without TLS.
export const isLocal = /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/.test(host);

// Browsers may refuse to keep anything, which is no reason to fail.
export function recall(key: string): string | null {
  try {
    return localStorage.getItem(`entrepot.${key}`);
  } catch {
    return null;
  }
}

export function keep(key: string, value: string): void {
  try {
    localStorage.setItem(`entrepot.${key}`, value);
  } catch {
    // It counts until the page is left.
  }
}
