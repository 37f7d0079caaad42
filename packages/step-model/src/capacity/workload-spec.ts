import { drawWorkload, type Lengths } from '@stepclock/engine-sim';
import { decimalNumber } from '@stepclock/trace-io';
import { stepModelFault } from '../step-model-fault.js';
import { type ArrivalPattern, drawnRequestsOf, type LoadShape, loadShapeOf } from './load-shape.js';

const EXAMPLE =
  'such as "prompt=600:0.8,output=150:0.7" (mean, and standard deviation of the logarithm) or "prompt=1024,output=128"';

/** More than any engine takes in one request. */
const MOST_TOKENS = 1e6;
const WIDEST_SIGMA = 5;

const bad = (what: string, rule: string, value: string) =>
  stepModelFault('step-model/bad-workload-spec', { what: `workload, ${what}`, rule, value, hint: EXAMPLE });

const lengthsOf = (field: string, word: string): Lengths => {
  const [mean, sigma, ...more] = word.split(':');
  const tokens = decimalNumber(mean);
  if (more.length > 0 || !(tokens >= 1 && tokens <= MOST_TOKENS)) {
    throw bad(field, `must be MEAN or MEAN:SIGMA, a mean from 1 to ${MOST_TOKENS} tokens`, word);
  }
  if (sigma === undefined) return { kind: 'constant', tokens: Math.round(tokens) };
  const width = decimalNumber(sigma);
  if (!(width >= 0 && width <= WIDEST_SIGMA)) throw bad(field, `must have a sigma from 0 to ${WIDEST_SIGMA}`, word);
  return { kind: 'lognormal', mean: tokens, sigma: width, atMost: MOST_TOKENS };
};

/** Whether a text describes a workload, rather than names a file. */
export const isWorkloadSpec = (text: string): boolean => /^\s*(?:prompt|output)\s*=/.test(text);

/**
 * A load from its description, `prompt=MEAN[:SIGMA],output=MEAN[:SIGMA]`: lengths are constant, or lognormal with that standard deviation of the logarithm.
 *
 * @param pattern of the arrivals; default Poisson
 * @throws Fault `step-model/bad-workload-spec`
 */
export const loadShapeOfSpec = (
  text: string,
  pattern: Exclude<ArrivalPattern, { kind: 'log' }> = { kind: 'poisson' },
  seed = 0,
): LoadShape => {
  const fields = new Map<string, string>();
  for (const part of text.split(',')) {
    const [name, value, ...more] = part.split('=').map((word) => word.trim());
    if ((name !== 'prompt' && name !== 'output') || value === undefined || more.length > 0) {
      throw bad('field', 'must be prompt=... or output=...', part);
    }
    if (fields.has(name)) throw bad(name, 'must be given once', part);
    fields.set(name, value);
  }
  const of = (name: string): Lengths => {
    const word = fields.get(name);
    if (word === undefined) throw bad(name, 'must be given', text);
    return lengthsOf(name, word);
  };
  const drawn = drawWorkload({
    requests: drawnRequestsOf(pattern),
    arrivals: { kind: 'poisson', perSec: 1 },
    prompt: of('prompt'),
    output: of('output'),
    seed,
  });
  const { logPerSec: _, ...shape } = loadShapeOf(drawn, pattern, seed);
  return shape;
};
