import { listed } from '@stepclock/faults';
import { type Dataset, dataset, featureTable, type Term, term } from '@stepclock/regression';
import { stepTimeFault } from '../fault.js';
import { BATCH_SIZE, SEQUENCE_LENGTH, type StepTimes } from './step-times.js';

/** `a bs sl + b bs + c sl`, then the further features; the intercept d is the regression's. */
export const stepTimeTerms = (features: readonly string[]): Term[] => [
  term({ [BATCH_SIZE]: 1, [SEQUENCE_LENGTH]: 1 }),
  term({ [BATCH_SIZE]: 1 }),
  term({ [SEQUENCE_LENGTH]: 1 }),
  ...features.map((name) => term({ [name]: 1 })),
];

/** What the coefficients are called in the formula, in the order of the terms, the intercept last. */
export const coefficientNames = (features: readonly string[]): string[] => [
  'a',
  'b',
  'c',
  ...features.map((name) => `k_${name}`),
  'd',
];

/** The formula as people write it. */
export const formulaOf = (features: readonly string[]): string =>
  `step_ms = a*${BATCH_SIZE}*${SEQUENCE_LENGTH} + b*${BATCH_SIZE} + c*${SEQUENCE_LENGTH} + ` +
  `${features.map((name) => `k_${name}*${name} + `).join('')}d`;

/** The rows as a regression sees them: features by name, the target in ms. */
export const stepTimeDataset = (times: StepTimes, features: readonly string[]): Dataset =>
  dataset(
    featureTable(
      [BATCH_SIZE, SEQUENCE_LENGTH, ...features],
      [times.batchSize, times.sequenceLength, ...features.map((name) => furtherColumn(times, name))],
    ),
    times.stepTimeSec.map((sec) => 1000 * sec),
  );

const furtherColumn = (times: StepTimes, name: string): Float64Array => {
  const column = times.further.get(name);
  if (column !== undefined) return column;
  throw stepTimeFault('step-time/missing-column', {
    what: name,
    rule: 'must be a column of the data',
    hint: `it has ${listed([BATCH_SIZE, SEQUENCE_LENGTH, ...times.further.keys()], 12)}`,
  });
};
