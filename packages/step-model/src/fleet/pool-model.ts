import { type Betas, betasOf } from '@stepclock/step-cost';
import { betasFileOf } from '../model-file/betas-file.js';
import type { BetasFile } from '../model-file/betas-schema.js';
import type { FleetKind } from './merge-fleet.js';

/** The pooled coefficients of a kind as a model: the mean engine, with the doubt of the mean. @throws Fault `step-cost/bad-coefficient` */
export const poolModel = ({ pooled: { coefficients, covariance }, engines }: FleetKind, level: number): BetasFile => {
  const terms = coefficients.map(({ term }) => term);
  const pooledFrom = { fleet: { engines: engines.length } };
  const betas: Betas = betasOf(
    terms,
    coefficients.map(({ value }) => value),
  );
  return betasFileOf(
    {
      algo: 'fleet',
      betas,
      terms,
      intervals: {
        level,
        byLabel: Object.fromEntries(coefficients.map(({ term, interval }) => [term.label, interval])),
        covariance,
      },
      ...pooledFrom,
    },
    terms,
  );
};
