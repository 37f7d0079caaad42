import { readFileSync } from 'node:fs';
import { readTidyTable, type TidyTable } from '@stepclock/trace-io';
import { type StepTimes, stepTimesOf } from '../src/index.js';

const folder = new URL('../../../fixtures/step-time/', import.meta.url);

/** A table from text, as a file would hold it. */
export const tableOf = (text: string, fileName = 'steps.csv'): Promise<TidyTable> =>
  readTidyTable(new Blob([text]).stream(), { fileName });

export const fixtureText = readFileSync(new URL('synthetic_one_outlier.csv', folder), 'utf8');

/** The reference figures of the fixture, with and without the slow row; ms. */
export const reference: Readonly<
  Record<'with_outlier' | 'without_outlier', { readonly OLS: Readonly<Record<string, number>> }>
> = JSON.parse(readFileSync(new URL('synthetic_one_outlier.reference.json', folder), 'utf8'));

/** An exact surface on a grid, with small seedless noise: a 4e-4, b 0.05, c 3e-4, d 12 ms. */
export const gridOfSteps = (
  noiseMs = 0.02,
  change: (row: number, ms: number) => number = (_row, ms) => ms,
): StepTimes => {
  const batches = [1, 2, 4, 8, 16, 32, 64, 128];
  const lengths = [64, 128, 256, 512, 1024, 2048, 4096, 8192];
  const rows = batches.flatMap((b) => lengths.map((s) => [b, s] as const));
  return stepTimesOf({
    batchSize: rows.map(([b]) => b),
    sequenceLength: rows.map(([, s]) => s),
    stepTimeSec: rows.map(
      ([b, s], i) => change(i, 4e-4 * b * s + 0.05 * b + 3e-4 * s + 12 + noiseMs * Math.sin(7 * i * i)) / 1000,
    ),
    further: { prefilling: rows.map((_, i) => i % 3) },
  });
};
