import { BASE_TERMS, emptyStretch, type Stretch, type Term } from '@stepclock/step-cost';
import { stepModelFault } from '../step-model-fault.js';

/** Decode batches to try a term at: all that engines run, then doubling. */
const BATCHES = [...Array.from({ length: 1025 }, (_, n) => n), ...Array.from({ length: 10 }, (_, i) => 2 ** (11 + i))];

const ROUNDING = 1e-9;

const agree = (a: number, b: number): boolean => Math.abs(a - b) <= ROUNDING * Math.max(Math.abs(a), Math.abs(b));

const DECODES: Readonly<Stretch> = { ...emptyStretch(), steps: 3, contextTokens: 5000 };
const WITH_PREFILL: Readonly<Stretch> = {
  steps: 3,
  decodeSeqs: 0,
  contextTokens: 5000,
  prefillTokens: 700,
  prefillSteps: 2,
  prefillRequests: 4,
  prefillContext: 90_000,
  clientStarts: 1,
  firstTokens: 1,
};

/** Whether a term follows the decode batch in a straight line, whatever else a stretch holds: then the mean batch of a stretch tells all. */
export const isAffineInBatch = ({ sum }: Term): boolean =>
  [DECODES, WITH_PREFILL].every((stretch) => {
    const at = (decodeSeqs: number): number => sum({ ...stretch, decodeSeqs });
    const slope = at(1) - at(0);
    return BATCHES.every((n) => agree(at(n), at(0) + n * slope));
  });

/** Stretches that hold one of one base term each and nothing of what comes before it. */
const UNITS: readonly Readonly<Stretch>[] = [
  { ...emptyStretch(), steps: 1 },
  { ...emptyStretch(), prefillTokens: 1 },
  { ...emptyStretch(), steps: 1, decodeSeqs: 1 },
  { ...emptyStretch(), steps: 1, contextTokens: 1 },
];

/** A term as multiples of the base terms (a step, a prefill token, a decode token, a token of context); undefined where it is none. */
const multiplesOfBase = ({ sum }: Term): readonly number[] | undefined => {
  const [perStep, perPrefillToken, decoding, reading] = UNITS.map(sum);
  const multiples = [perStep, perPrefillToken, decoding - perStep, reading - perStep];
  const isSame = (stretch: Readonly<Stretch>): boolean =>
    agree(
      sum(stretch),
      BASE_TERMS.reduce((total, base, t) => total + multiples[t] * base.sum(stretch), 0),
    );
  const fits = BATCHES.every((decodeSeqs) =>
    [DECODES, WITH_PREFILL].every((stretch) => isSame({ ...stretch, decodeSeqs })),
  );
  return fits ? multiples : undefined;
};

/**
 * The cost of a model in the base terms, for consumers that know no other: the coefficients of a step, a prefill token, a decode token and a token
 * of context.
 *
 * @param consumer whose format it is, and what it can carry
 * @throws Fault `step-model/term-not-carried` where a term with a cost is no multiple of the base terms
 */
export const baseCost = (
  terms: readonly Term[],
  coefficients: readonly number[],
  consumer: string,
): readonly [number, number, number, number] => {
  const cost: [number, number, number, number] = [0, 0, 0, 0];
  for (const [t, term] of terms.entries()) {
    if (coefficients[t] === 0) continue;
    const multiples = multiplesOfBase(term);
    if (multiples === undefined) throw notCarried(term, coefficients[t], `${consumer} carries only ${listOfBase}`);
    for (const [b, multiple] of multiples.entries()) cost[b] += coefficients[t] * multiple;
  }
  return cost;
};

const listOfBase = BASE_TERMS.map(({ name }) => name).join(', ');

/** A term that a consumer cannot carry. */
export const notCarried = ({ name }: Term, value: number, why: string) =>
  stepModelFault('step-model/term-not-carried', {
    what: `term ${name}`,
    rule: 'must be one that the output can carry',
    value,
    hint: why,
  });
