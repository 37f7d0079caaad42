import { type Betas, CATALOGUE, stepSeconds, type Term } from '@stepclock/step-cost';

/**
 * How the step time may bend beyond the batches that a fit has seen: its slope there is that at the edge times a factor, whose logarithm has this
 * standard deviation. On H100 logs slopes change by factors of 0.2 to 2 from one stage's batches to the other's.
 */
const BEND = 0.7;
/** A step without decodes keeps this share of the smallest batch that was seen: a slope cannot go on below that. */
const LEAST_SHARE = 0.1;

/** Batches that a fit has seen, sequences, and the context of one of them, tokens. */
export interface SeenBatches {
  readonly least: number;
  readonly most: number;
  readonly contextPerSeq: number;
}

const BELOW = 'batches_below_seen';
const ABOVE = 'batches_above_seen';

const bend = (name: string, sentence: string, beyond: (decodeSeqs: number) => number): Term => ({
  name,
  label: name,
  unit: 's/token',
  phrase: 'per decode token not seen',
  smallUnit: 'us',
  sentence,
  sum: ({ steps, decodeSeqs }) => steps * Math.max(beyond(decodeSeqs), 0),
  needs: ['decodeSeqs'],
  sign: 'free',
  priorShare: null,
  role: 'diagnostic',
});

/** The catalogue with two terms that bend the step time outside of the batches that were seen. */
export const withBends = ({ least, most }: SeenBatches, catalogue: readonly Term[] = CATALOGUE): readonly Term[] => [
  ...catalogue,
  bend(BELOW, 'per sequence fewer than any batch that was seen', (n) => least - n),
  bend(ABOVE, 'per sequence more than any batch that was seen', (n) => n - most),
];

/**
 * Coefficients with those of the two bends.
 *
 * @param normal two draws of the standard normal distribution: below and above
 * @throws Fault `step-cost/unknown-term`, `step-cost/bad-coefficient`
 */
export const bent = (
  betas: Betas,
  { least, most, contextPerSeq }: SeenBatches,
  [below, above]: readonly [number, number],
  catalogue: readonly Term[] = CATALOGUE,
): Betas => {
  const at = (decodeSeqs: number): number =>
    stepSeconds(betas, { prefillTokens: 0, decodeSeqs, contextTokens: decodeSeqs * contextPerSeq }, catalogue);
  const slopeAt = (n: number): number => (at(n) - at(n / 2)) / (n / 2);
  const slopeBelow = slopeAt(least);
  const steepest = ((1 - LEAST_SHARE) * at(least)) / least;
  return {
    ...betas,
    [BELOW]: slopeBelow - Math.min(slopeBelow * Math.exp(BEND * below), steepest),
    [ABOVE]: slopeAt(most) * (Math.exp(BEND * above) - 1),
  };
};
