// Where the bands of a strata bar lie.

export interface Band {
  start: number; // both in percent of the bar
  width: number;
}

const floorPx = 3;       // what the smallest layer is wide
const floorsMost = 0.4;  // of the bar, for all floors together: the rest stays in proportion

// A bar that is about `barPx` wide.
export function bandsOf(sizes: number[], barPx: number): Band[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const floor = Math.min(floorPx / barPx, floorsMost / Math.max(1, sizes.length));
  let start = 0;
  return sizes.map((size) => {
    const share = total === 0 ? 1 / sizes.length : size / total;
    const width = 100 * (floor + (1 - sizes.length * floor) * share);
    const band = {start, width};
    start += width;
    return band;
  });
}

// The tones alternate, so that bands are told apart where there is no room for a line between them.
export const toneOf = (index: number): number => index % 4;

const linesMost = 24;  // with more bands there is no line between two

// The same as one background, for bars of which many stand in a list.
export function gradientOf(sizes: number[], isShared: (index: number) => boolean, barPx: number): string {
  const line = sizes.length <= linesMost ? '1px' : '0px';
  const stops = bandsOf(sizes, barPx).map(({start, width}, index) => {
    const tone = `var(--${isShared(index) ? 'calm' : 'own'}-${toneOf(index)})`;
    const end = `${(start + width).toFixed(2)}%`;
    const gap = index === sizes.length - 1 ? '' : `, var(--ground) calc(${end} - ${line}) ${end}`;
    return `${tone} ${start.toFixed(2)}% calc(${end} - ${index === sizes.length - 1 ? '0px' : line})${gap}`;
  });
  return `linear-gradient(90deg, ${stops.join(', ')})`;
}
