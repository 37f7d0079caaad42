import type { Term } from './term.js';

/**
 * The terms that may hold anything of a decode batch, by index: of the many that are there for one range of batches each, few.
 *
 * @returns from a batch, which need not be whole, to its terms
 */
export const termsOfBatches = (terms: readonly Term[]): ((decodeSeqs: number) => readonly number[]) => {
  const known: (readonly number[] | undefined)[] = [];
  return (decodeSeqs) => {
    // Ends of the ranges are whole: what holds of a batch between two whole ones holds of the upper one.
    const n = Math.ceil(decodeSeqs);
    const before = known[n];
    if (before !== undefined) return before;
    const of: number[] = [];
    for (const [t, { batches }] of terms.entries())
      if (batches === undefined || (n > batches[0] && n <= batches[1])) of.push(t);
    known[n] = of;
    return of;
  };
};
