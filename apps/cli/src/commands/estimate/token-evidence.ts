import { estimateTokenClock, type TokenClockEstimate } from '@stepclock/beta-estimators';
import { isFault } from '@stepclock/faults';
import type { TokenTable } from '@stepclock/trace-io';
import type { TraceInput } from '../../files/trace-input.js';
import { given } from '../../options/given.js';
import { termNames } from '../../options/term-names.js';
import { about, inputFault, usageFault } from '../../session/errors.js';
import { working } from '../../session/progress.js';
import type { Session } from '../../session/session.js';
import type { EstimateArgs } from './options.js';

/** Options that ask for something of the phases: with them the phases are read. */
const OF_PHASES = [
  'model',
  'promptOffset',
  'policy',
  'holdout',
  'window',
  'tol',
  'maxOuterIters',
  'plot',
  'report',
  'figures',
  'listWindows',
] as const;

/** Fewer chunks than this part of the tokens are no token times. */
const LEAST_CHUNKS = 0.2;

const chunksPerToken = ({ chunkSec, outputTokens }: TokenTable): number =>
  chunkSec.length / outputTokens.reduce((sum, tokens) => sum + tokens, 0);

const kebabOf = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/**
 * The estimate from token times, where the command line and the trace allow it: the best evidence that a log without engine access has.
 *
 * @returns undefined where the phases are to be read instead
 * @throws Fault where token times were asked for and cannot serve, or where there is nothing else
 */
export const tokenEstimate = (
  inputs: readonly TraceInput[],
  args: EstimateArgs,
  session: Pick<Session, 'log'> & Partial<Pick<Session, 'io'>>,
): TokenClockEstimate | undefined => {
  const [input] = inputs;
  const evidence = args.evidence ?? 'auto';
  if (input === undefined || evidence === 'phases') return undefined;
  const { trace, name } = input;
  const hindering = OF_PHASES.filter((option) => option in args && args[option as keyof EstimateArgs] !== undefined);
  if (evidence === 'tokens') {
    if (inputs.length > 1) throw usageFault('--evidence', 'must be phases for several traces', evidence);
    if (hindering.length > 0)
      throw usageFault(`--${kebabOf(hindering[0])}`, 'reads the phases; it cannot go with --evidence tokens');
  }
  const tokens = trace.kind === 'phases' || trace.kind === 'tokens' ? trace.tokens : undefined;
  if (tokens === undefined) {
    if (evidence === 'auto') return undefined;
    throw inputFault(
      name,
      `must tell when each token came (--evidence tokens); got a ${trace.facts.format} file without`,
    );
  }
  const hasNothingElse = trace.kind === 'tokens';
  const cannot = inputs.length > 1 || chunksPerToken(tokens) < LEAST_CHUNKS;
  if (evidence === 'auto' && (cannot || hindering.length > 0) && !hasNothingElse) {
    if (!cannot) {
      session.log.warn(
        `--${kebabOf(hindering[0])} reads first and last tokens only: the times of the tokens between them, which say more, are not used; without it they are, and --evidence phases asks for this [phases-read]`,
      );
    }
    return undefined;
  }
  const { settings } = trace.facts;
  const options = given({
    tokenBudget: args.maxNumBatchedTokens ?? settings.maxNumBatchedTokens,
    chunkSize: settings.chunkSize,
    terms: termNames(args.terms),
    level: args.ci,
  });
  try {
    return about(name, () =>
      working(session.io?.stderr, 'lining up token times', () => estimateTokenClock(tokens, options)),
    );
  } catch (error) {
    if (evidence === 'tokens' || hasNothingElse || !isFault(error, 'beta-estimators')) throw error;
    session.log.warn(`${error.message}; using first and last tokens only [tokens-do-not-line-up]`);
    return undefined;
  }
};
