import '@stepclock/vitest-matchers';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { BASE_TERMS, fitRows, rowsOf } from '@stepclock/step-cost';
import { readTrace } from '@stepclock/trace-io';
import { describe, expect, it } from 'vitest';
import { estimateTokenClock } from '../src/index.js';

// A real vLLM, seen by its client and by its own worker: fixtures/README.md.
const FOLDER = new URL('../../../fixtures/traces/vllm-cpu/', import.meta.url);
const text = (name: string): string => gunzipSync(readFileSync(new URL(`${name}.gz`, FOLDER))).toString();

const stepLog = (run: string) => {
  const [header, ...rows] = text(`${run}/steps.csv`)
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  const column = (name: string) => Float64Array.from(rows, (row) => Number(row[header.indexOf(name)]));
  return {
    startSec: column('start'),
    endSec: column('end'),
    prefillTokens: column('prefill_tokens'),
    decodeSeqs: column('decode_seqs'),
    contextTokens: column('context_tokens'),
  };
};

/** The regression of the true step log: periods from end to end where the engine did not rest. */
const fitOfLog = (log: ReturnType<typeof stepLog>) => {
  const busy = [...log.endSec.keys()].filter((k) => k > 0 && log.startSec[k] - log.endSec[k - 1] < 0.02);
  const of = (column: Float64Array) => Float64Array.from(busy, (k) => column[k]);
  const stretches = {
    length: busy.length,
    steps: new Float64Array(busy.length).fill(1),
    prefillTokens: of(log.prefillTokens),
    decodeSeqs: of(log.decodeSeqs),
    contextTokens: of(log.contextTokens),
  };
  const seconds = Float64Array.from(busy, (k) => log.endSec[k] - log.endSec[k - 1]);
  const table = rowsOf(stretches, seconds, BASE_TERMS);
  return { coefficients: fitRows(table).coefficients, table };
};

const estimateOf = async (run: string) => {
  const { tokens } = await readTrace(new Blob([text(`${run}/bench.json`)]).stream());
  if (tokens === undefined) throw new Error('the fixture has token times');
  return estimateTokenClock(tokens, { tokenBudget: 512 });
};

describe.each([
  { run: 'steady', found: 1592, tolerance: 0 },
  { run: 'ramp', found: 8181, tolerance: 0.003 },
])("the token times of a benchmark against the engine's own step log: $run", ({ run, found, tolerance }) => {
  const log = stepLog(run);

  it('finds the steps, and who decoded in them over how much context', async () => {
    const { steps, clock } = await estimateOf(run);
    expect(steps.length).toAgree(found, tolerance);
    expect(clock.stepsInRows / steps.length).toBeGreaterThan(0.99);
    // Composition, by the steps' histogram of batches.
    const histogram = (batches: Float64Array): number[] => {
      const counts = new Array<number>(17).fill(0);
      for (const n of batches) counts[Math.min(16, Math.round(n))]++;
      return counts;
    };
    const mine = histogram(steps.decodeSeqs);
    const theirs = histogram(log.decodeSeqs);
    const differing = mine.reduce((sum, n, i) => sum + Math.abs(n - theirs[i]), 0);
    expect(differing / steps.length).toBeLessThanOrEqual(2 * tolerance);
    const total = (column: Float64Array) => column.reduce((sum, value) => sum + value, 0);
    expect(total(steps.prefillTokens)).toBe(total(log.prefillTokens));
    expect(total(steps.contextTokens)).toAgree(total(log.contextTokens), 0.01);
  });

  it('gives the coefficients of its regression', async () => {
    const { betas, intervals } = await estimateOf(run);
    const { coefficients: truth, table } = fitOfLog(log);
    expect(betas.beta0).toAgree(truth[0], 0.03);
    expect(betas.beta1).toAgree(truth[1], 0.04);
    const mine = [betas.beta0, betas.beta1, betas.beta2, betas.beta3];
    const seconds = (b: ArrayLike<number>, held: readonly number[]) => held.reduce((sum, x, t) => sum + x * b[t], 0);
    const mean = table.sums.map((sum) => sum.reduce((a, b) => a + b, 0) / table.length);
    expect(seconds(mine, mean)).toAgree(seconds(truth, mean), 0.01);
    const context = mean[3] / mean[2];
    for (const n of [1, 4, 8]) {
      expect(seconds(mine, [1, 0, n, n * context])).toAgree(seconds(truth, [1, 0, n, n * context]), 0.03);
    }
    for (const t of [2, 3]) {
      const [low, high] = intervals?.byLabel[`beta${t}`] ?? [Number.NaN, Number.NaN];
      expect(truth[t]).toBeGreaterThanOrEqual(low);
      expect(truth[t]).toBeLessThanOrEqual(high);
    }
  });
});
