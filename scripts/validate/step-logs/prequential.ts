import { nnlsColumns } from '@stepclock/nnls-solver';
import { medianOf } from '@stepclock/numerics';
import { type Betas, stepSeconds } from '@stepclock/step-cost';
import { fitSteps, RollingFitter, type StepColumns } from '@stepclock/step-model';
import { pickedColumns } from './picked-columns.js';

/** Fits on the past: at these shares of a log, each time predicting the steps up to the next. */
const PARTS = 10;
/** `steps --follow --window 100`: the last ten windows are fitted, and the next one is predicted. */
const WINDOW = 100;
const WINDOWS = 10;

type Range = readonly [from: number, to: number];

/** The steps with work and time in them, without their clock. */
const working = (log: StepColumns): StepColumns => {
  const rows = Array.from({ length: log.length }, (_, i) => i).filter(
    (i) => log.durationSec[i] > 0 && log.prefillTokens[i] + log.decodeTokens[i] > 0,
  );
  return pickedColumns(log, (column) => Float64Array.from(rows, (i) => column[i]));
};

const part = (log: StepColumns, [from, to]: Range): StepColumns =>
  pickedColumns(log, (column) => column.slice(from, to));

const contextOf = ({ contextTokens, decodeTokens }: StepColumns): Float64Array => contextTokens ?? decodeTokens;

/** Distances of predicted from measured times of some steps, relative. */
const distances = (log: StepColumns, [from, to]: Range, predict: (i: number) => number): number[] =>
  Array.from({ length: to - from }, (_, k) => Math.abs(predict(from + k) / log.durationSec[from + k] - 1));

/** Times of a log's steps by a fit. */
export const predictedBy =
  (betas: Betas, log: StepColumns, level = 1) =>
  (i: number): number =>
    level *
    stepSeconds(betas, {
      prefillTokens: log.prefillTokens[i],
      decodeSeqs: log.decodeTokens[i],
      contextTokens: log.contextTokens?.[i] ?? 0,
      ...(log.prefillRequests && { prefillRequests: log.prefillRequests[i] }),
      ...(log.prefillContext && { prefillContext: log.prefillContext[i] }),
    });

/** Non-negative least squares of past steps on (prefill tokens, decode context), with a constant or without. */
const byNnls = (log: StepColumns, range: Range, withConstant = false) => {
  const past = part(log, range);
  const columns = [past.prefillTokens, contextOf(past)];
  const one = new Float64Array(past.length).fill(1);
  const [a = 0, b = 0, c = 0] = nnlsColumns(withConstant ? [...columns, one] : columns, past.durationSec).x;
  const context = contextOf(log);
  return (i: number): number => a * log.prefillTokens[i] + b * context[i] + c;
};

/** Median relative errors of the steps to come. */
export interface Prequential {
  /** Of ours, of non-negative least squares on (prefill tokens, decode context), and of that with a constant. */
  readonly ours: number;
  readonly plain: number;
  readonly constant: number;
}

const medians = (errors: Readonly<Record<keyof Prequential, number[]>>): Prequential => ({
  ours: medianOf(errors.ours),
  plain: medianOf(errors.plain),
  constant: medianOf(errors.constant),
});

/** Predicts every tenth of a log by one fit of all before it. */
export const prequential = (whole: StepColumns): Prequential => {
  const log = working(whole);
  const errors = { ours: [] as number[], plain: [] as number[], constant: [] as number[] };
  const at = (k: number): number => Math.floor((log.length * k) / PARTS);
  for (let k = 1; k < PARTS; k++) {
    const next: Range = [at(k), at(k + 1)];
    errors.ours.push(...distances(log, next, predictedBy(fitSteps(part(log, [0, at(k)])).betas, log)));
    errors.plain.push(...distances(log, next, byNnls(log, [0, at(k)])));
    errors.constant.push(...distances(log, next, byNnls(log, [0, at(k)], true)));
  }
  return medians(errors);
};

/** Predicts every window of a log by the fit of the ten before it at the level of the last; the others are fitted to all steps before it, or to those ten windows where that is better. */
export const following = (whole: StepColumns): Prequential => {
  const log = working(whole);
  const fitter = new RollingFitter(WINDOWS);
  const errors = { ours: [] as number[], plain: [] as number[], constant: [] as number[] };
  const recent = { plain: [] as number[], constant: [] as number[] };
  for (let from = 0; from + WINDOW < log.length; from += WINDOW) {
    const to = from + WINDOW;
    const next: Range = [to, Math.min(log.length, to + WINDOW)];
    const [rolling] = fitter.add(part(log, [from, to]));
    if (rolling === undefined) continue;
    errors.ours.push(...distances(log, next, predictedBy(rolling.engine.fit.betas, log, rolling.level ?? 1)));
    for (const [kind, withConstant] of [
      ['plain', false],
      ['constant', true],
    ] as const) {
      errors[kind].push(...distances(log, next, byNnls(log, [0, to], withConstant)));
      recent[kind].push(...distances(log, next, byNnls(log, [Math.max(0, to - WINDOW * WINDOWS), to], withConstant)));
    }
  }
  const { ours, plain, constant } = medians(errors);
  return {
    ours,
    plain: Math.min(plain, medianOf(recent.plain)),
    constant: Math.min(constant, medianOf(recent.constant)),
  };
};

/** Median error of one fit of all of a log, of the steps that it was fitted to: what no single cost for all of it can be below. */
export const inSample = (whole: StepColumns): number => {
  const log = working(whole);
  return medianOf(distances(log, [0, log.length], predictedBy(fitSteps(log).betas, log)));
};
