import { Fault, isFault } from '@stepclock/faults';
import type { RegressionFaultCode } from '../fault.js';

/** `term = sum of coefficient x other term`, on every row. */
export interface LinearDependency {
  readonly term: string;
  readonly on: readonly { readonly term: string; readonly coefficient: number }[];
}

/** Why a design matrix has collinear columns, so that infinitely many coefficients fit equally well. */
export class RankDeficiency {
  constructor(
    readonly rank: number,
    /** How many columns there are, the intercept's included. */
    readonly columns: number,
    readonly dependencies: readonly LinearDependency[],
  ) {}

  /** Every term that takes part in a dependency. */
  get terms(): readonly string[] {
    return [...new Set(this.dependencies.flatMap(({ term, on }) => [term, ...on.map((part) => part.term)]))];
  }
}

const inWords = ({ term, on }: LinearDependency): string => {
  if (on.length === 0) return `${term} is 0 on every row`;
  const parts = on.map((part) => `${Number(part.coefficient.toPrecision(4))} ${part.term}`);
  return `${term} = ${parts.join(' + ').replaceAll('+ -', '- ')}`;
};

/** The fault `regression/rank-deficient`, with the deficiency as its cause. */
export const rankDeficient = (deficiency: RankDeficiency): Fault<RegressionFaultCode> => {
  const { rank, columns, dependencies, terms } = deficiency;
  const hint = `${dependencies.map(inWords).join('; ')}. Leave out one of ${terms.join(', ')}, or add data where they differ`;
  const rule = `must have ${columns} linearly independent columns`;
  return new Fault(
    'regression/rank-deficient',
    { what: 'design matrix', rule, value: rank, hint },
    { cause: deficiency },
  );
};

/** The deficiency behind a `regression/rank-deficient` fault of a design matrix; undefined for everything else that is thrown. */
export const rankDeficiencyOf = (error: unknown): RankDeficiency | undefined =>
  isFault(error) && error.cause instanceof RankDeficiency ? error.cause : undefined;
