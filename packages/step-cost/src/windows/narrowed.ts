import type { StepWindow } from './step-window.js';

/** Windows on some of their terms, and where these stood among all. */
export interface NarrowWindows {
  readonly windows: readonly StepWindow[];
  readonly at: readonly number[];
}

/** The windows without the terms that are neither among some, by index, nor in a stated fit: what is asked of those some is the same without the others. */
export const narrowed = (windows: readonly StepWindow[], of: readonly number[]): NarrowWindows => {
  const all = windows[0]?.terms ?? [];
  const p = all.length;
  const at: number[] = [];
  for (let t = 0; t < p; t++) if (of.includes(t) || windows.some(({ reference }) => reference[t] !== 0)) at.push(t);
  if (at.length === p) return { windows, at };
  const terms = at.map((t) => all[t]);
  const references = new Map<Float64Array, Float64Array>();
  const narrow = (window: StepWindow): StepWindow => {
    const { reference, gram, moment, sums } = window;
    const own = references.get(reference) ?? taken(reference, at);
    references.set(reference, own);
    return {
      ...window,
      terms,
      reference: own,
      gram: minor(gram, p, at),
      moment: taken(moment, at),
      sums: taken(sums, at),
    };
  };
  return { windows: windows.map(narrow), at };
};

/** Some entries of a column. */
export const taken = (column: Float64Array, at: readonly number[]): Float64Array => {
  const part = new Float64Array(at.length);
  for (let k = 0; k < at.length; k++) part[k] = column[at[k]];
  return part;
};

/** The entries of a p x p matrix at some rows and columns. */
export const minor = (matrix: Float64Array, p: number, at: readonly number[]): Float64Array => {
  const n = at.length;
  const part = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) part[i * n + j] = matrix[at[i] * p + at[j]];
  return part;
};
