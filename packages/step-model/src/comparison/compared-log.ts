import { CATALOGUE, FEWEST_WINDOWS, readWindows, type StepWindow, type Term } from '@stepclock/step-cost';
import type { BetasFile } from '../model-file/betas-schema.js';
import { checkedTerms } from '../model-file/consistency.js';
import { stepModelFault } from '../step-model-fault.js';

/** Steps of one decode batch, as a log saw them. */
export interface BatchSeen {
  readonly decodeSeqs: number;
  readonly steps: number;
  readonly meanSeconds: number;
}

/** What of a log a comparison reads. */
export interface ComparedLog {
  readonly windows: readonly StepWindow[];
  /** Terms of its model. */
  readonly terms: readonly Term[];
  /** Of its model's intervals; null where nobody stated one. */
  readonly level: number | null;
  /** Who rebuilt its steps: two clocks err in two ways. Null where nobody says. */
  readonly algo: string | null;
  /** Null where the file does not count them. */
  readonly requests: number | null;
  /** None where the file does not count them. */
  readonly batches: readonly BatchSeen[];
}

const missing = (name: string, what: string, value: unknown) =>
  stepModelFault('step-model/not-comparable', {
    what: name,
    rule: `must have ${what} to be compared`,
    value,
    hint: "estimate it again by 'stepclock estimate LOG --json'",
  });

const usable = (name: string, windows: readonly StepWindow[]): readonly StepWindow[] => {
  if (windows.length === 0 || windows[0].weighting === 'none') {
    throw missing(name, 'windows, the sums that it was fitted from, weighted by seconds,', null);
  }
  if (windows.length < FEWEST_WINDOWS) {
    const what = `at least ${FEWEST_WINDOWS} windows, which a longer log gives,`;
    throw missing(name, what, windows.length);
  }
  return windows;
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const number = (record: Readonly<Record<string, unknown>>, field: string): number => {
  const value = record[field];
  return typeof value === 'number' ? value : Number.NaN;
};

const requestsOf = ({ input }: BetasFile): number | null => {
  const files = input?.files;
  if (!Array.isArray(files) || files.length === 0) return null;
  const total = files.reduce((sum: number, file) => sum + (isRecord(file) ? number(file, 'requests') : Number.NaN), 0);
  return Number.isFinite(total) ? total : null;
};

const batchesOf = ({ identifiability }: BetasFile): readonly BatchSeen[] =>
  (identifiability?.batches ?? []).flatMap(({ decode_seqs: decodeSeqs, steps, mean_seconds: meanSeconds = 0 }) =>
    meanSeconds > 0 && steps > 0 ? [{ decodeSeqs, steps, meanSeconds }] : [],
  );

/** The log behind a model. @throws Fault `step-model/not-comparable`, `step-model/bad-betas-file` */
export const comparedLogOf = (model: BetasFile, name: string, catalogue: readonly Term[] = CATALOGUE): ComparedLog => {
  const terms = checkedTerms(model, catalogue);
  if (model.covariance === null || model.intervals === null) throw missing(name, 'a covariance and intervals', null);
  const windows = usable(name, model.windows ? readWindows(model.windows, catalogue) : []);
  const { algo, intervals } = model;
  return { windows, terms, level: intervals.level, algo, requests: requestsOf(model), batches: batchesOf(model) };
};

/** The log behind windows that stand alone. @throws Fault `step-model/not-comparable`, `step-cost/bad-windows` */
export const comparedLogOfWindows = (
  json: unknown,
  name: string,
  catalogue: readonly Term[] = CATALOGUE,
): ComparedLog => {
  const windows = usable(name, readWindows(json, catalogue, name));
  const terms = windows[0].terms.filter(({ role }) => role !== 'diagnostic');
  return { windows, terms, level: null, algo: null, requests: null, batches: [] };
};
