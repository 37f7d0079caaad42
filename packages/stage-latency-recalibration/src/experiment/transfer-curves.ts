import { meanOf } from '@stepclock/numerics';
import { TOTAL } from '../data/stage-table.js';
import { grouped, type Spread, spreadOf } from './aggregate.js';
import type { GuardrailResult } from './guard-budgets.js';
import type { ExperimentResult } from './run-experiment.js';
import type { Row } from './run-seed.js';

/** Errors of one method and one number of samples over the seeds. */
export interface TransferPoint {
  readonly method: Row;
  /** 0 for no calibration. */
  readonly samples: number;
  readonly stage: string;
  readonly mapePercent: Spread;
  readonly maeMs: Spread;
  readonly p95Ms: Spread;
}

/** Means and standard errors of every method, number of samples and stage, in the order of the first seed. */
export const transferPoints = (result: ExperimentResult): TransferPoint[] =>
  grouped(
    result.seeds.flatMap(({ calibration }) => calibration),
    ({ method, samples, stage }) => `${method}|${samples}|${stage}`,
  ).map((group) => {
    const { method, samples, stage } = group[0];
    return {
      method,
      samples,
      stage,
      mapePercent: spreadOf(group.map(({ mapePercent }) => mapePercent)),
      maeMs: spreadOf(group.map(({ maeMs }) => maeMs)),
      p95Ms: spreadOf(group.map(({ p95Ms }) => p95Ms)),
    };
  });

/** The total's error of a method at each number of samples. */
export const totalCurve = (points: readonly TransferPoint[], method: Row): TransferPoint[] =>
  points.filter((point) => point.method === method && point.stage === TOTAL);

/** What a rule did, over seeds. A seed without, say, violating configurations has no share of false accepts and is left out of that mean. */
export interface GuardrailPoint {
  readonly rule: string;
  readonly samples: number;
  /** Share of the 95th percentile of true totals; null for all budgets together. */
  readonly budget: number | null;
  readonly violationsWithoutPercent: number;
  readonly violationsWithPercent: number | null;
  readonly coveragePercent: Spread;
  readonly falseAcceptPercent: number | null;
  readonly falseRejectPercent: number | null;
  readonly acceptedPercent: number;
}

const meanKnown = (values: readonly (number | null)[]): number | null => {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : meanOf(known);
};

const guardrailPoint = (group: readonly GuardrailResult[], budget: number | null): GuardrailPoint => {
  const { rule, samples } = group[0];
  return {
    rule,
    samples,
    budget,
    violationsWithoutPercent: meanKnown(group.map((one) => one.violationsWithoutPercent)) ?? 0,
    violationsWithPercent: meanKnown(group.map((one) => one.violationsWithPercent)),
    // Coverage knows no budget: one value a seed, however many budgets there are.
    coveragePercent: spreadOf([...new Map(group.map((one) => [one.seed, one.coveragePercent])).values()]),
    falseAcceptPercent: meanKnown(group.map((one) => one.falseAcceptPercent)),
    falseRejectPercent: meanKnown(group.map((one) => one.falseRejectPercent)),
    acceptedPercent: meanKnown(group.map((one) => one.acceptedPercent)) ?? 0,
  };
};

/** Every rule, number of samples and budget over the seeds, and all budgets together. */
export const guardrailPoints = (
  result: ExperimentResult,
): { readonly byBudget: readonly GuardrailPoint[]; readonly overall: readonly GuardrailPoint[] } => {
  const all = result.seeds.flatMap(({ guardrail }) => guardrail);
  return {
    byBudget: grouped(all, ({ rule, samples, budget }) => `${rule}|${samples}|${budget}`).map((group) =>
      guardrailPoint(group, group[0].budget),
    ),
    overall: grouped(all, ({ rule, samples }) => `${rule}|${samples}`).map((group) => guardrailPoint(group, null)),
  };
};
