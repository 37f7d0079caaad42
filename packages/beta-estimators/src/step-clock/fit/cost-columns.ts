import { Fault } from '@stepclock/faults';
import { CATALOGUE, DIAGNOSTIC_TERMS, emptyStretch, type Term, termsNamed } from '@stepclock/step-cost';
import type { ClockProblem } from '../clock/clock-problem.js';
import { readsContext } from '../rows/decode-context.js';
import type { ResolvedStepClockOptions } from './step-clock-options.js';

/** Columns of the regressions of a trace. */
export interface CostColumns {
  /** Of a window that is fitted by itself. */
  readonly own: readonly Term[];
  /** Of all windows together; the own ones are among them. */
  readonly pooled: readonly Term[];
}

/** What lies between a client and the engine: fitted beside the cost of a step where only a client's clock tells the start of a prefill. */
export const [OVERHEAD] = termsNamed(['client_overhead'], DIAGNOSTIC_TERMS);
export const [FIRST_DELAY] = termsNamed(['first_token_delay'], DIAGNOSTIC_TERMS);
/** Tells tokens of prompts that the log does not know; stands among the columns, never in a model. */
export const [PROMPTS] = termsNamed(['prefill_requests'], DIAGNOSTIC_TERMS);
/** What a client's clock adds to rows, which is no cost of a step. */
export const OF_CLIENTS = termsNamed(['client_overhead', 'first_token_delay'], DIAGNOSTIC_TERMS);

/**
 * The columns that a trace can tell: the base terms, and where no terms were asked for those with a prior, as far as batches went.
 *
 * @param known whether the trace tells the context of every decode
 * @throws Fault `beta-estimators/no-context` for terms that were asked for and that nothing tells
 */
export const costColumns = (
  problems: readonly ClockProblem[],
  known: boolean,
  { terms, isAsked, queueInPrefill }: ResolvedStepClockOptions,
): CostColumns => {
  if (!known && isAsked && readsContext(terms)) {
    throw new Fault('beta-estimators/no-context', {
      what: 'terms',
      rule: 'must not read the context (kv needs a prefill row for every decode) where a decode has no prefill row',
      value: terms.map(({ label }) => label).join(','),
    });
  }
  const most = problems.reduce((max, { frame }) => frame.decodes.reduce((a, b) => Math.max(a, b), max), 0);
  const told = terms.filter((term) => known || !readsContext([term]));
  const overhead = queueInPrefill === 'yes' ? OF_CLIENTS : [];
  const priors = isAsked
    ? []
    : CATALOGUE.filter((term) => (term.role === 'open' && isHeld(term, most)) || term === PROMPTS);
  return { own: [...told, ...overhead], pooled: [...told, ...priors, ...overhead] };
};

/** Coefficients of the own columns on the pooled ones. */
export const onPooled = ({ own, pooled }: CostColumns, coefficients: Float64Array): Float64Array =>
  Float64Array.from(pooled, (term) => coefficients[own.indexOf(term)] ?? 0);

/** Whether a step of some batch up to the largest holds anything of a term. */
const isHeld = ({ sum, batches }: Term, most: number): boolean => {
  const first = batches === undefined ? 0 : batches[0] + 1;
  const plain = { ...emptyStretch(), steps: 1 };
  const filled = { ...plain, prefillTokens: 1, prefillSteps: 1, prefillRequests: 1, prefillContext: 1 };
  return [plain, filled].some((stretch) => {
    for (let decodeSeqs = first; decodeSeqs <= most; decodeSeqs++) if (sum({ ...stretch, decodeSeqs }) > 0) return true;
    return false;
  });
};
