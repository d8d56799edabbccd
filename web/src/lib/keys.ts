// The keyboard: "/" searches, j and k walk the rows of what is shown, space selects, "?" tells all that.

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest('input:not([type=checkbox]), textarea, select, dialog') !== null;

function step(by: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')];
  if (rows.length === 0) return;
  const active = document.activeElement?.closest('tr')?.querySelector<HTMLElement>('[data-row]');
  const at = active === null || active === undefined ? -1 : rows.indexOf(active);
  const next = rows[at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + by))];
  next?.focus();
  next?.scrollIntoView({block: 'nearest'});
}

// Space on a row's link is a click on its checkbox, with shift where that was held.
function select(event: KeyboardEvent): boolean {
  const box = (event.target as Element).closest('tr')?.querySelector<HTMLInputElement>('input[type=checkbox]');
  if (box === null || box === undefined || event.target === box) return false;
  box.dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true, shiftKey: event.shiftKey}));
  return true;
}

export function watchKeys(search: () => void, help: () => void): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const actions: Record<string, () => void> = {
      '/': search, '?': help, j: () => step(1), k: () => step(-1),
    };
    const action = actions[event.key];
    if (action !== undefined) {
      event.preventDefault();
      action();
    } else if (event.key === ' ' && (event.target as Element).matches('[data-row]') && select(event)) {
      event.preventDefault();
    }
  });
}
