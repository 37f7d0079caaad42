import { type Betas, type StepCost, type StretchFact, stepCost, type Term } from '@stepclock/step-cost';
import { notCarried } from '../prediction/term-forms.js';

/** What a simulated step tells of itself: terms that read anything else cannot be replayed. */
const TOLD: readonly StretchFact[] = [
  'prefillTokens',
  'prefillSteps',
  'prefillRequests',
  'prefillContext',
  'decodeSeqs',
  'contextTokens',
];

/** The cost of the replayed engine's steps. @throws Fault `step-model/term-not-carried` */
export const carriedCost = (betas: Betas, catalogue: readonly Term[]): StepCost => {
  const cost = stepCost(betas, catalogue);
  for (const [t, term] of cost.terms.entries()) {
    if (cost.coefficients[t] === 0 || term.needs.every((fact) => TOLD.includes(fact))) continue;
    throw notCarried(term, cost.coefficients[t], `a replayed step tells only its ${TOLD.join(', ')}`);
  }
  return cost;
};
