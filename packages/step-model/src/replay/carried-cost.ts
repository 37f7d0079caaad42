import type { StepSeconds } from '@stepclock/engine-sim';
import { type Betas, emptyStretch, type StepCost, type StretchFact, stepCost, type Term } from '@stepclock/step-cost';
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

const carriedCost = (betas: Betas, catalogue: readonly Term[]): StepCost => {
  const cost = stepCost(betas, catalogue);
  for (const [t, term] of cost.terms.entries()) {
    if (cost.coefficients[t] === 0 || term.needs.every((fact) => TOLD.includes(fact))) continue;
    throw notCarried(term, cost.coefficients[t], `a replayed step tells only its ${TOLD.join(', ')}`);
  }
  return cost;
};

/** What the replayed engine's steps take. @throws Fault `step-model/term-not-carried` */
export const carriedStepSeconds = (betas: Betas, catalogue: readonly Term[]): StepSeconds => {
  const { secondsOf } = carriedCost(betas, catalogue);
  // One stretch for all steps, of which a replay has some hundred thousand.
  const stretch = { ...emptyStretch(), steps: 1 };
  return (step) => {
    stretch.decodeSeqs = step.decodeSeqs;
    stretch.contextTokens = step.contextTokens;
    stretch.prefillTokens = step.prefillTokens;
    stretch.prefillSteps = step.prefillTokens > 0 ? 1 : 0;
    stretch.prefillRequests = step.prefillRequests;
    stretch.prefillContext = step.prefillContext;
    return secondsOf(stretch);
  };
};
