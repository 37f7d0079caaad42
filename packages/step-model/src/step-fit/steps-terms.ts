import { Fault } from '@stepclock/faults';
import { BASE_TERMS, CATALOGUE, knownTerms, type StretchColumns, type Term, termsNamed } from '@stepclock/step-cost';
import type { FitStepsOptions } from './steps-fit.js';

/** Terms to fit, and whether all of them stay. */
export interface StepsTerms {
  readonly terms: readonly Term[];
  readonly choice: 'all' | 'auto';
}

/** The terms that options ask for of a log. @throws Fault `step-model/no-context`, `step-cost/unknown-term` */
export const termsToFit = (
  { model = 'auto', terms = 'auto', catalogue = CATALOGUE }: FitStepsOptions,
  stretches: StretchColumns,
): StepsTerms => {
  const known = (asked: readonly Term[]): readonly Term[] => {
    const told = knownTerms(asked, stretches);
    const missing = asked.find((term) => !told.includes(term));
    if (missing === undefined) return asked;
    const rule = `must be told by the step log: it has no ${missing.needs.find((fact) => stretches[fact] === undefined)}`;
    throw new Fault('step-model/no-context', {
      what: missing.name,
      rule,
      value: terms === 'auto' ? model : terms.join(','),
    });
  };
  if (terms !== 'auto') return { terms: known(termsNamed(terms, catalogue)), choice: 'all' };
  if (model === 'kv') return { terms: known(BASE_TERMS), choice: 'all' };
  const linear = BASE_TERMS.filter(({ needs }) => !needs.includes('contextTokens'));
  if (model === 'linear') return { terms: linear, choice: 'all' };
  return { terms: knownTerms(catalogue, stretches).filter(({ role }) => role !== 'diagnostic'), choice: 'auto' };
};
