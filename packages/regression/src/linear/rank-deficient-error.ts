import { RegressionError } from '../regression-error.js';

/** `term = sum of coefficient x other term`, on every row. */
export interface LinearDependency {
  readonly term: string;
  readonly on: readonly { readonly term: string; readonly coefficient: number }[];
}

const inWords = ({ term, on }: LinearDependency): string => {
  if (on.length === 0) return `${term} is 0 on every row`;
  const parts = on.map((part) => `${Number(part.coefficient.toPrecision(4))} ${part.term}`);
  return `${term} = ${parts.join(' + ').replaceAll('+ -', '- ')}`;
};

/** The design matrix has collinear columns, so infinitely many coefficients fit equally well. Carries which. */
export class RankDeficientError extends RegressionError {
  override readonly name = 'RankDeficientError';
  readonly rank: number;
  readonly dependencies: readonly LinearDependency[];
  /** Every term that takes part in a dependency. */
  readonly terms: readonly string[];

  constructor(rank: number, columns: number, dependencies: readonly LinearDependency[]) {
    const terms = [...new Set(dependencies.flatMap(({ term, on }) => [term, ...on.map((part) => part.term)]))];
    super(
      'regression/rank-deficient',
      `design matrix: columns must be linearly independent; got rank ${rank} of ${columns}: ` +
        `${dependencies.map(inWords).join('; ')}. Leave out one of ${terms.join(', ')}, or add data where they differ`,
      { value: rank, expected: `rank ${columns}` },
    );
    this.rank = rank;
    this.dependencies = dependencies;
    this.terms = terms;
  }
}
