// The thin track at the left of a list of tags: a line that joins those with the same digest.

export interface Stretch {
  lane: number;
  up: boolean;    // the line comes from above
  down: boolean;  // and goes on below
  stop: boolean;  // this row is one of those that are joined
}

export const lanesMost = 3;  // what has no lane is not drawn

// For each row its stretches. A line takes the first lane that is free over its whole length.
export function tracksOf(digests: string[]): Stretch[][] {
  const rows: Stretch[][] = digests.map(() => []);
  const members = new Map<string, number[]>();
  digests.forEach((digest, row) => {
    const known = members.get(digest);
    if (known === undefined) members.set(digest, [row]);
    else known.push(row);
  });
  const free: number[] = [];  // by lane, the first row that is not taken
  for (const at of members.values()) {
    const first = at[0];
    const last = at.at(-1);
    if (at.length < 2 || first === undefined || last === undefined) continue;
    let lane = free.findIndex((row) => row <= first);
    if (lane < 0) lane = free.length;
    if (lane >= lanesMost) continue;
    free[lane] = last + 1;
    const stops = new Set(at);
    for (let row = first; row <= last; row += 1) {
      rows[row]?.push({lane, up: row > first, down: row < last, stop: stops.has(row)});
    }
  }
  return rows;
}
