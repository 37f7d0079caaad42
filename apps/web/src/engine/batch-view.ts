import { quantileSorted } from '@stepclock/numerics';
import type { BatchView } from '../messages.js';
import type { Bars } from './step-bars.js';

const ROWS = 48;
const MOST_COLUMNS = 96;
/** Beyond this share of the steps lie those that stand alone. */
const HIGH = 0.995;

/** Steps without prefill by how many sequences decode in them: how long they took, and what the model says. Null where there are none. */
export const batchViewOf = ({ length, startSec, endSec, stretches, predictedSec }: Bars): BatchView | null => {
  const { steps, decodeSeqs, prefillTokens } = stretches;
  const isCounted = (i: number): boolean => prefillTokens[i] === 0 && decodeSeqs[i] >= 1 && steps[i] >= 0.5;
  let largest = 0;
  for (let i = 0; i < length; i++) if (isCounted(i)) largest = Math.max(largest, Math.round(decodeSeqs[i]));
  if (largest === 0) return null;
  const groups: number[][] = Array.from({ length: largest + 1 }, () => []);
  const predicted = new Float64Array(largest + 1);
  const weight = new Float64Array(largest + 1);
  for (let i = 0; i < length; i++) {
    if (!isCounted(i)) continue;
    const n = Math.round(decodeSeqs[i]);
    groups[n].push((endSec[i] - startSec[i]) / steps[i]);
    predicted[n] += predictedSec[i];
    weight[n] += steps[i];
  }
  const batch = Float64Array.from(groups.flatMap((of, n) => (of.length > 0 ? [n] : [])));
  const sorted = Array.from(batch, (n) => Float64Array.from(groups[n]).sort());
  const all = Float64Array.from(groups.flat()).sort();
  const fromSec = 0;
  const toSec = 1.08 * quantileSorted(all, HIGH);
  const columns = Math.min(MOST_COLUMNS, largest + 1);
  const toBatch = largest + 0.5;
  const cells = new Float64Array(columns * ROWS);
  for (const [n, times] of groups.entries()) {
    const column = Math.min(columns - 1, Math.floor(((n + 0.5) / (toBatch + 0.5)) * columns));
    for (const sec of times) {
      const row = Math.floor(((sec - fromSec) / (toSec - fromSec)) * ROWS);
      if (row >= 0 && row < ROWS) cells[row * columns + column]++;
    }
  }
  const end = (p: number): Float64Array => Float64Array.from(sorted, (times) => quantileSorted(times, p));
  return {
    batch,
    steps: Float64Array.from(batch, (n) => weight[n]),
    meanSec: Float64Array.from(sorted, (times) => times.reduce((sum, sec) => sum + sec, 0) / times.length),
    lowSec: end(0.1),
    highSec: end(0.9),
    predictedSec: Float64Array.from(batch, (n) => predicted[n] / weight[n]),
    ...{ cells, columns, rows: ROWS, toBatch, fromSec, toSec },
  };
};
