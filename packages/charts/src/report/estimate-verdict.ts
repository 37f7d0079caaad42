import { formatNumber, formatPercent } from '../number-text.js';
import { coefficientTitle, modelSentence, relativeHalfWidth } from './coefficient-words.js';
import type { DurationErrors } from './duration-errors.js';
import type { EstimateReportInput } from './estimate-input.js';
import { replaySentence } from './replay-sections.js';
import type { Tone, Verdict } from './report-data.js';

/** A median error above this is not a usable model; above the next, a model to use with care. */
const USELESS = 0.2;
const CAREFUL = 0.05;
/** An interval wider than this, in both directions, says that the trace hardly tells the coefficient. */
const WIDE = 0.25;

const errorSentence = (error: DurationErrors): string =>
  `${error.part === 'held out' ? 'Held-out ' : ''}${error.kind} phases: half are predicted within ${formatPercent(error.medianAbs, 2)}, 95 % within ${formatPercent(error.p95Abs, 2)}.`;

/**
 * The verdict by rule. Not usable: no convergence, or a median decode error above 20 %. With care: any warning, a median decode
 * error above 5 %, a coefficient at zero or with an interval wider than ±25 %. Good: everything else.
 */
export const estimateVerdict = (input: EstimateReportInput, errors: readonly DurationErrors[]): Verdict => {
  const points: string[] = [];
  const decode = errors.filter((error) => error.kind === 'decode');
  const judged = decode.find((error) => error.part === 'held out') ?? decode[0];
  const wide = input.coefficients.filter((coefficient) => (relativeHalfWidth(coefficient) ?? 0) > WIDE);
  const zero = input.coefficients.filter(({ value }) => value === 0);
  const warnings = input.warnings ?? [];
  if (!input.converged) points.push('The fit did not converge: these are its best values so far.');
  points.push(...errors.filter((error) => error.part !== 'fitted' || judged === error).map(errorSentence));
  if (input.replay !== undefined) points.push(replaySentence(input.replay.metrics));
  for (const { name } of zero) points.push(`${coefficientTitle(name)}, came out as zero: this trace does not tell it.`);
  for (const coefficient of wide.filter(({ value }) => value !== 0)) {
    points.push(
      `${coefficientTitle(coefficient.name)}, is known to ± ${formatNumber((relativeHalfWidth(coefficient) ?? 0) * 100, 2)} % only.`,
    );
  }
  if (warnings.length > 0)
    points.push(`${warnings.length === 1 ? 'One warning' : `${warnings.length} warnings`}, listed below.`);
  const median = judged?.medianAbs ?? 0;
  const careful = warnings.length > 0 || median > CAREFUL || wide.length > 0 || zero.length > 0;
  const tone: Tone = !input.converged || median > USELESS ? 'bad' : careful ? 'caution' : 'good';
  return { tone, headline: modelSentence(input.coefficients), points };
};
