import { emptyStretch, type Stretch } from './stretch.js';
import type { Term } from './term.js';

/** What every fact of prefill holds once, and no step. */
const ONLY_PREFILL: Readonly<Stretch> = {
  ...emptyStretch(),
  prefillTokens: 1,
  prefillSteps: 1,
  prefillRequests: 1,
  prefillContext: 1,
};

/** What is asked of a term again and again, and is always the same. */
const remembered = (ask: (term: Term) => boolean): ((term: Term) => boolean) => {
  const answers = new WeakMap<Term, boolean>();
  return (term) => {
    const answer = answers.get(term) ?? ask(term);
    answers.set(term, answer);
    return answer;
  };
};

/** Whether a term is a cost of prefill: it has something to say where nothing decodes and no step is counted. */
export const isOfPrefill = remembered((term) => term.sum(ONLY_PREFILL) !== 0);

/** A cost in two parts: what a step costs that only decodes, and what the prefill in a stretch adds, however many steps it has. */
export interface DividedCost {
  /** s/step, for n decodes that read c tokens of context. */
  readonly perStep: (decodeSeqs: number, contextTokens: number) => number;
  /** s, of all the prefill in the stretch; its steps are not looked at. */
  readonly ofPrefill: (stretch: Readonly<Stretch>) => number;
}

/** Batches whose cost is kept. */
const MOST_CACHED = 1024;
/** A context to take slopes over, tokens: a power of two, so that they come out exact. */
const FAR = 2 ** 16;

const isLineInContext = remembered(({ sum }) =>
  [1, 7, 64].every((decodeSeqs) => {
    const at = (contextTokens: number): number => sum({ ...emptyStretch(), steps: 1, decodeSeqs, contextTokens });
    return at(FAR) - at(0) === 4 * (at(FAR / 4) - at(0)) && at(FAR) - at(0) === 2 * (at(FAR / 2) - at(0));
  }),
);

/**
 * Divides the cost that coefficients make.
 *
 * @param coefficients by term, s
 */
export const dividedCost = (terms: readonly Term[], coefficients: ArrayLike<number>): DividedCost => {
  const part = (of: (term: Term) => boolean) => {
    const at = terms.flatMap((term, t) => (of(term) && coefficients[t] !== 0 ? [t] : []));
    return { terms: at.map((t) => terms[t]), values: Float64Array.from(at, (t) => coefficients[t]) };
  };
  const prefill = part(isOfPrefill);
  const steps = part((term) => !isOfPrefill(term));
  const one = { ...emptyStretch(), steps: 1 };
  const only = emptyStretch();
  const perStep = (decodeSeqs: number, contextTokens: number): number => {
    one.decodeSeqs = decodeSeqs;
    one.contextTokens = contextTokens;
    let seconds = 0;
    for (let t = 0; t < steps.values.length; t++) seconds += steps.values[t] * steps.terms[t].sum(one);
    return seconds;
  };
  // Batches come again and again, and hardly a term is not a straight line over the context.
  const isLine = steps.terms.every(isLineInContext);
  const constant = new Float64Array(isLine ? MOST_CACHED : 0).fill(Number.NaN);
  const slope = new Float64Array(constant.length);
  return {
    perStep: (decodeSeqs, contextTokens) => {
      if (!(decodeSeqs < constant.length && Number.isInteger(decodeSeqs))) return perStep(decodeSeqs, contextTokens);
      if (Number.isNaN(constant[decodeSeqs])) {
        constant[decodeSeqs] = perStep(decodeSeqs, 0);
        slope[decodeSeqs] = (perStep(decodeSeqs, FAR) - constant[decodeSeqs]) / FAR;
      }
      return constant[decodeSeqs] + slope[decodeSeqs] * contextTokens;
    },
    ofPrefill: (stretch) => {
      only.prefillTokens = stretch.prefillTokens;
      only.prefillSteps = stretch.prefillSteps;
      only.prefillRequests = stretch.prefillRequests;
      only.prefillContext = stretch.prefillContext;
      let seconds = 0;
      for (let t = 0; t < prefill.values.length; t++) seconds += prefill.values[t] * prefill.terms[t].sum(only);
      return seconds;
    },
  };
};
