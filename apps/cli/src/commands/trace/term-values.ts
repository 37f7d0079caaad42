import { isFault } from '@stepclock/faults';
import { type Betas, type Term, termOf } from '@stepclock/step-cost';
import { decimalNumber } from '@stepclock/trace-io';
import { usageFault } from '../../session/errors.js';

/** Seconds per unit of any term: more than any step takes. */
const LARGEST_SECONDS = 1e6;

const termNamed = (name: string): Term => {
  try {
    return termOf(name);
  } catch (error) {
    if (!isFault(error, 'step-cost')) throw error;
    throw usageFault('--terms', error.message);
  }
};

/** The coefficients of `--terms NAME=SECONDS,...`, by label: terms of the catalogue by name or label, each once. */
export const termValues = (pairs: readonly string[]): Betas => {
  const values: Record<string, number> = {};
  for (const pair of pairs) {
    const [name, text, ...more] = pair.split('=');
    if (text === undefined || more.length > 0) {
      throw usageFault('--terms', 'must be NAME=SECONDS, as prefill_step=0.004', pair);
    }
    const { label, sign } = termNamed(name.trim());
    if (label in values) throw usageFault('--terms', `may have ${label} once`, pairs.join(','));
    const value = decimalNumber(text.trim());
    const least = sign === 'free' ? -LARGEST_SECONDS : 0;
    if (!(value >= least && value <= LARGEST_SECONDS)) {
      throw usageFault('--terms', `${label} must be a number from ${least} to 1e6`, text);
    }
    values[label] = value;
  }
  return values;
};
