// What a table of an image's layers shows: its layers, and the steps between them that made none.
import type {EmptyStep, Image, Layer} from './api';

export type Row =
  | {kind: 'layer'; index: number; layer: Layer; before: number}  // `before`: bytes of the layers below
  | {kind: 'step'; step: EmptyStep}
  | {kind: 'apart'};  // what follows fits none of the layers

export function rowsOf(image: Image): Row[] {
  const rows: Row[] = [];
  const steps = (before: number): Row[] =>
    image.empty_history.filter((step) => step.before === before).map((step) => ({kind: 'step', step}));
  let before = 0;
  image.layers.forEach((layer, index) => {
    rows.push(...steps(index), {kind: 'layer', index, layer, before});
    before += layer.size_bytes;
  });
  rows.push(...steps(image.layers.length));
  const apart = image.empty_history.filter((step) => step.before === null);
  if (apart.length > 0) rows.push({kind: 'apart'}, ...apart.map((step): Row => ({kind: 'step', step})));
  return rows;
}

// The first word of an instruction: what kind of step it is.
export function wordOf(instruction: string): [string, string] {
  const match = /^([A-Z]{2,12})(\s[\s\S]*)?$/.exec(instruction.trim());
  return match === null ? ['', instruction] : [match[1] ?? '', (match[2] ?? '').trim()];
}
