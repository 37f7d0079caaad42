import type { StepTable } from '@stepclock/engine-sim';
import type { Term } from '@stepclock/step-cost';
import type { BetasFile } from '../model-file/betas-schema.js';
import { rangesRead, type StepQuantity } from '../prediction/composition-range.js';

/** A step beyond the largest (or below the smallest) by less is like it: a straight line does not change within it. */
const MARGIN = 1.05;

/** A quantity of the replayed steps beside what a fit has seen of it. */
export interface UnseenSteps {
  readonly quantity: StepQuantity;
  readonly seen: readonly [least: number, most: number];
  /** Smallest above 0 and largest that was replayed. */
  readonly replayed: readonly [least: number, most: number];
  /** Shares of the replayed time in steps with less than any that was seen, and with more. */
  readonly shareBelow: number;
  readonly shareAbove: number;
}

/** Of which a fit can lack the small ones: most steps of any log have no prefill, and cost is proportional to the context. */
const HAS_LEAST: StepQuantity = 'decodeSeqs';

/** How the replayed steps lie to what a fit has seen, for each quantity that its terms read and its file tells the range of. */
export const unseenSteps = (
  model: Pick<BetasFile, 'identifiability'>,
  terms: readonly Term[],
  steps: StepTable,
): readonly UnseenSteps[] => {
  const columns: Readonly<Record<StepQuantity, Float64Array>> = { ...steps, decodeSeqs: steps.decodeTokens };
  const { durationSec } = steps;
  return rangesRead(model, terms).flatMap(({ quantity, seen }) => {
    if (seen === undefined) return [];
    const column = columns[quantity];
    const least = quantity === HAS_LEAST ? seen[0] / MARGIN : 0;
    let [all, below, above, smallest, largest] = [0, 0, 0, Infinity, 0];
    for (let i = 0; i < column.length; i++) {
      all += durationSec[i];
      // A step without decodes is none of a batch.
      if (column[i] > 0 && column[i] < least) below += durationSec[i];
      if (column[i] > MARGIN * seen[1]) above += durationSec[i];
      if (column[i] > 0) smallest = Math.min(smallest, column[i]);
      largest = Math.max(largest, column[i]);
    }
    if (!(all > 0)) return [];
    return [{ quantity, seen, replayed: [smallest, largest], shareBelow: below / all, shareAbove: above / all }];
  });
};
