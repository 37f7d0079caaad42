import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { BASE_TERMS, fitRows, rowsOf } from '@stepclock/step-cost';

/** A step log that was taken in the engine. */
export interface TrueSteps {
  readonly startSec: Float64Array;
  readonly endSec: Float64Array;
  readonly prefillTokens: Float64Array;
  readonly decodeSeqs: Float64Array;
  readonly contextTokens: Float64Array;
}

export const textOf = (path: string): string => {
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
};

/** @param leftOut steps at the beginning that are not read */
export const trueStepsOf = (path: string, leftOut = 0): TrueSteps => {
  const [header = [], ...all] = textOf(path)
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  const rows = all.slice(leftOut);
  const column = (...names: readonly string[]): Float64Array => {
    const at = header.findIndex((name) => names.includes(name));
    if (at < 0) throw new Error(`${path}: no column ${names.join(' or ')}`);
    return Float64Array.from(rows, (row) => Number(row[at]));
  };
  return {
    startSec: column('start', 'start_sec'),
    endSec: column('end', 'end_sec'),
    prefillTokens: column('prefill_tokens'),
    decodeSeqs: column('decode_seqs', 'decode_tokens'),
    contextTokens: column('context_tokens'),
  };
};

/** A rest of the engine is longer, s. */
const REST_SEC = 0.02;

/** The regression of a true step log: periods from end to end where the engine did not rest, weights 1 / fitted, the four base terms. */
export const regressionOf = (log: TrueSteps): { coefficients: Float64Array; mean: readonly number[] } => {
  const busy = [...log.endSec.keys()].filter((k) => k > 0 && log.startSec[k] - log.endSec[k - 1] < REST_SEC);
  const of = (column: Float64Array): Float64Array => Float64Array.from(busy, (k) => column[k]);
  const table = rowsOf(
    {
      length: busy.length,
      steps: new Float64Array(busy.length).fill(1),
      prefillTokens: of(log.prefillTokens),
      decodeSeqs: of(log.decodeSeqs),
      contextTokens: of(log.contextTokens),
    },
    Float64Array.from(busy, (k) => log.endSec[k] - log.endSec[k - 1]),
    BASE_TERMS,
  );
  const mean = table.sums.map((sum) => sum.reduce((a, b) => a + b, 0) / table.length);
  return { coefficients: fitRows(table).coefficients, mean };
};
