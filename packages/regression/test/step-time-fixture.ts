import { readFileSync } from 'node:fs';
import { type Dataset, dataset, featuresOf, term } from '../src/index.js';

const folder = new URL('../../../fixtures/step-time/', import.meta.url);

/** What statsmodels and scikit-learn say about one data set, as far as the tests read it. */
export interface Reference {
  readonly OLS: {
    readonly [figure: string]: unknown;
    readonly coef: Readonly<
      Record<string, { value: number; se: number; t: number; p: number; ci95: [number, number] }>
    >;
    readonly coef_HC3_se: Readonly<Record<string, number>>;
    readonly predictions: readonly {
      batch_size: number;
      sequence_length: number;
      mean: number;
      mean_se: number;
      mean_ci95: [number, number];
      pred_int95: [number, number];
    }[];
    readonly cv5_R2_noshuffle: { mean: number; std: number };
  };
  readonly models: Readonly<
    Record<string, { coef_all: Record<'a' | 'b' | 'c' | 'd', number>; huber_scale_?: number; n_outliers?: number }>
  >;
  readonly beyond: Readonly<Record<string, { coef: readonly number[] }>>;
}

export const reference: Readonly<Record<'with_outlier' | 'without_outlier', Reference>> = JSON.parse(
  readFileSync(new URL('synthetic_one_outlier.reference.json', folder), 'utf8'),
);

/** The four-term model's columns, the intercept aside. */
export const fourTerms = [
  term({ batch_size: 1, sequence_length: 1 }),
  term({ batch_size: 1 }),
  term({ sequence_length: 1 }),
];

/** The synthetic step times in ms, with or without the slow row. */
export const stepTimes = (kind: keyof typeof reference): Dataset => {
  const rows = readFileSync(new URL('synthetic_one_outlier.csv', folder), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(',').map(Number))
    .filter(([, , seconds = 0]) => kind === 'with_outlier' || seconds < 0.28);
  return dataset(
    featuresOf({ batch_size: rows.map(([b]) => b ?? 0), sequence_length: rows.map(([, s]) => s ?? 0) }),
    Float64Array.from(rows, ([, , seconds]) => 1000 * (seconds ?? 0)),
  );
};
