import { cut } from './shown.js';

/** Edits (a letter put in, left out, changed, or two swapped) that make one word of another. */
const editsBetween = (a: string, b: string): number => {
  let before: readonly number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const last = row;
    row = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? j) + 1 : changed;
      row.push(Math.min(changed, swapped, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    before = last;
  }
  return row[b.length] ?? 0;
};

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** A third of its letters may be wrong, and it is still the same word. */
const MOST_WRONG = 1 / 3;

/**
 * The name that a misspelt one was meant to be: the nearest, or the only one that begins with it; undefined where none is near.
 *
 * @example
 * closest('chunk-sise', ['chunk-size', 'ci']); // => 'chunk-size'
 */
export const closest = (name: string, names: readonly string[]): string | undefined => {
  const word = plain(name);
  if (word === '' || word.length > 60) return undefined;
  const ranked = names
    .map((candidate) => ({ candidate, edits: editsBetween(word, plain(candidate)) }))
    .sort((a, b) => a.edits - b.edits);
  const [nearest] = ranked;
  if (nearest !== undefined && nearest.edits <= word.length * MOST_WRONG) return nearest.candidate;
  const begun = names.filter((candidate) => plain(candidate).startsWith(word));
  return begun.length === 1 ? begun[0] : undefined;
};

/**
 * The hint of a fault about a name that is not there; none where no other is near it.
 *
 * @example
 * new Fault('my/missing-column', { what: 'btach', rule: 'must be a column', ...didYouMean('btach', ['batch', 'gpu']) }).hint; // => 'did you mean batch?'
 */
export const didYouMean = (name: string, names: readonly string[]): { readonly hint?: string } => {
  const meant = closest(name, names);
  return meant === undefined ? {} : { hint: `did you mean ${cut(meant)}?` };
};
