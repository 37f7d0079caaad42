import { formatNumber, formatPercent, type Tone, type Verdict } from '@stepclock/charts';
import { coefficientTitle, modelSentence, relativeHalfWidth } from './coefficient-words.js';
import type { DurationErrors } from './duration-errors.js';
import type { EstimateReportInput } from './estimate-input.js';
import { replaySentence, worstMean } from './replay-report.js';

/** A median error above this is not a usable model; above the next, a model to use with care. */
const USELESS = 0.2;
const CAREFUL = 0.05;
/** Prefill phases are short and wait in queues: they may be missed by more. */
const USELESS_PREFILL = 0.5;
const CAREFUL_PREFILL = 0.2;
/** An interval wider than this, in both directions, says that the trace hardly tells the coefficient. */
const WIDE = 0.25;

const errorSentence = (error: DurationErrors): string => {
  const name = `${error.part === 'held out' ? 'held-out ' : ''}${error.kind} phases`;
  const within = (share: number): string => formatPercent(share, 2).replace('< ', '');
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}: half are predicted within ${within(error.medianAbs)}, 95 % within ${within(error.p95Abs)}.`;
};

/**
 * The verdict by rule. Not usable: a median error above 20 % of decodes or 50 % of prefills, a replayed mean more than 20 % off, or
 * no convergence without a replay that comes within 5 %. With care: no convergence, any warning, a median error above 5 % of decodes
 * or 20 % of prefills, a replayed mean more than 5 % off, a coefficient at zero or with an interval wider than ±25 %. Good: everything
 * else.
 */
export const estimateVerdict = (input: EstimateReportInput, errors: readonly DurationErrors[]): Verdict => {
  const points: string[] = [];
  const decode = errors.filter((error) => error.kind === 'decode');
  const judged = decode.find((error) => error.part === 'held out') ?? decode[0];
  const wide = input.coefficients.filter((coefficient) => (relativeHalfWidth(coefficient) ?? 0) > WIDE);
  const zero = input.coefficients.filter(({ value, interval }) => value === 0 && interval === undefined);
  const warnings = input.warnings ?? [];
  if (!input.converged) points.push('The fit did not converge: these are its best values so far.');
  const told = errors.filter((error) => error.part !== 'fitted' || judged === error);
  points.push(...told.toSorted((a, b) => (a.kind === b.kind ? 0 : a.kind === 'decode' ? -1 : 1)).map(errorSentence));
  if (input.replay !== undefined) points.push(replaySentence(input.replay.metrics));
  for (const one of zero) points.push(`${coefficientTitle(one)}, came out as zero: this trace does not tell it.`);
  for (const coefficient of wide.filter(({ value }) => value !== 0)) {
    points.push(
      `${coefficientTitle(coefficient)}, is known to ± ${formatNumber((relativeHalfWidth(coefficient) ?? 0) * 100, 2)} % only.`,
    );
  }
  if (warnings.length > 0)
    points.push(`${warnings.length === 1 ? 'One warning' : `${warnings.length} warnings`}, listed below.`);
  const median = judged?.medianAbs ?? 0;
  const replayed = input.replay === undefined ? undefined : worstMean(input.replay.metrics);
  const proven = input.converged || (replayed !== undefined && replayed <= CAREFUL);
  const prefill = Math.max(0, ...errors.filter(({ kind }) => kind === 'prefill').map(({ medianAbs }) => medianAbs));
  const useless = median > USELESS || prefill > USELESS_PREFILL || (replayed ?? 0) > USELESS || !proven;
  const careful =
    !input.converged ||
    warnings.length > 0 ||
    median > CAREFUL ||
    prefill > CAREFUL_PREFILL ||
    (replayed ?? 0) > CAREFUL ||
    wide.length > 0 ||
    zero.length > 0;
  const tone: Tone = useless ? 'bad' : careful ? 'caution' : 'good';
  return { tone, headline: modelSentence(input.coefficients), points };
};
