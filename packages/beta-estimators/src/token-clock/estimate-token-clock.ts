import { Fault } from '@stepclock/faults';
import { quantileOf } from '@stepclock/numerics';
import {
  BASE_TERMS,
  type Betas,
  betasOf,
  DIAGNOSTIC_TERMS,
  type Identifiability,
  type RowsFit,
  type RowTable,
  type StepWindow,
  type Term,
  termsNamed,
  windowsOn,
} from '@stepclock/step-cost';
import type { TokenTable } from '@stepclock/trace-io';
import type { EstimateWarning } from '../estimate.js';
import type { Compositions } from '../step-clock/verdict/compositions.js';
import type { StepClockIntervals } from '../step-clock/verdict/step-clock-intervals.js';
import { type ClockedSteps, clockedSteps, withPrompts } from './clocked-steps.js';
import { onlySums } from './report/only-sums.js';
import { isClear, offsetPrompts, promptOffset } from './report/prompt-offset.js';
import { type RebuiltStepLog, rebuiltStepLog } from './report/rebuilt-step-log.js';
import { refuseSeveralClocks } from './report/several-clocks.js';
import { type TokenClockFits, type TokenClockReport, tokenClockReport } from './report/token-clock-report.js';
import { tokenClockWarnings } from './report/token-clock-warnings.js';
import { withBatchFamilies } from './rows/batch-families.js';
import { policyByFit } from './rows/policy-by-fit.js';
import { refutesResumptions } from './rows/refutes-resumptions.js';
import { tableOfRows } from './rows/rows-of-steps.js';
import { fitWithoutStalls, holdsUnseenWork, trustedRows } from './rows/trusted-rows.js';
import type { SchedulerFacts } from './steps/prefill-policy.js';

export interface TokenClockOptions extends SchedulerFacts {
  /** Terms of the cost of a step, by name or label. Default: the four base terms, and of the batch what held-out blocks ask for. */
  readonly terms?: readonly string[];
  /** Level of the intervals. Default 0.95. */
  readonly level?: number;
}

/** Coefficients from token times, with the step log that they come from. */
export interface TokenClockEstimate {
  readonly algo: 'token-clock';
  /** Terms of the cost, without those that only tell something about the log. */
  readonly terms: readonly Term[];
  readonly betas: Betas;
  /** Null where too few rows are there to tell; of a coefficient null where only sums with others are determined. */
  readonly intervals: StepClockIntervals | null;
  readonly identifiability: Identifiability & { readonly compositions: Compositions };
  readonly steps: RebuiltStepLog;
  /** Rows that were fitted, stalls put aside, and their windows. */
  readonly rows: RowTable;
  readonly windows: readonly StepWindow[];
  readonly clock: TokenClockReport;
  readonly warnings: readonly EstimateWarning[];
}

const CLIENT_OVERHEAD = termsNamed(['client_overhead'], DIAGNOSTIC_TERMS);
const PREFILL_REQUESTS = termsNamed(['prefill_requests'], DIAGNOSTIC_TERMS);

/** Prompts are shifted so often at most until what they lack is found to a token: with other prompts the scheduler cuts them otherwise. */
const OFFSET_ROUNDS = 8;

/**
 * Estimates the cost of an engine's steps from the times at which a client saw its tokens: every step gives each running request one
 * chunk, so aligned sequences of chunks are the engine's step log. No start values, no rounds, any load.
 *
 * @param tokens when each chunk of each request arrived; start times may be missing
 * @throws Fault `beta-estimators/no-tokens`, `beta-estimators/tokens-do-not-line-up`, `beta-estimators/too-few-rows`
 */
export function estimateTokenClock(tokens: TokenTable, options: TokenClockOptions = {}): TokenClockEstimate {
  const { terms: names, level = 0.95, ...facts } = options;
  let terms = names === undefined ? BASE_TERMS : termsNamed(names);
  let columns = [...terms, ...CLIENT_OVERHEAD];
  const prompts = columns.findIndex(({ name }) => name === 'prefill_tokens');
  let clocked = policyByFit(clockedSteps(tokens, facts), facts, columns);
  let fits = fitsOf(clocked, columns, level);
  if (refutesResumptions(clocked, fits.trusted.fittedSec, fits.fit.coefficients[prompts])) {
    clocked = policyByFit(withPrompts({ ...clocked, noneSatOut: true }, clocked.table, facts), facts, columns);
    fits = fitsOf(clocked, columns, level);
  }
  if (names === undefined) {
    const chosen = withBatchFamilies(clocked, fits.trusted.rows, columns);
    if (chosen.length > columns.length) {
      terms = chosen.filter((term) => !CLIENT_OVERHEAD.includes(term));
      columns = [...terms, ...CLIENT_OVERHEAD];
      fits = fitsOf(clocked, columns, level);
    }
  }
  let offset = 0;
  // Work that no token shows passes for tokens of the prompts.
  for (let round = 0; round < OFFSET_ROUNDS && !holdsUnseenWork(clocked); round++) {
    const more = offset !== 0 || isClear(fits.offset, clocked.table) ? Math.round(fits.offset.tokens) : 0;
    if (!(Math.abs(more) > 0)) break;
    offset += more;
    clocked = policyByFit(withPrompts(clocked, offsetPrompts(tokens, offset, clocked.table), facts), facts, columns);
    fits = fitsOf(clocked, columns, level);
  }
  const clock = tokenClockReport(clocked, fits, offset);
  if (tokens.instance === undefined) refuseSeveralClocks(clock);
  const { fit } = fits;
  return {
    algo: 'token-clock',
    terms,
    betas: betasOf(terms, fit.coefficients),
    intervals: intervalsOf(fit, terms, fits.onlySums),
    identifiability: { ...fit.identifiability, compositions: compositionsOf(clocked) },
    steps: rebuiltStepLog(clocked, fits.trusted),
    rows: fit.rows,
    windows: windowsOn(
      fit.windows,
      terms.map((_, t) => t),
      fit.coefficients,
    ),
    clock,
    warnings: tokenClockWarnings(clock),
  };
}

function fitsOf(clocked: ClockedSteps, columns: readonly Term[], level: number): TokenClockFits {
  const trusted = trustedRows(clocked, columns);
  refuseTooFew(clocked, trusted.rows.length, columns.length);
  const table = tableOfRows(clocked, trusted.rows, columns);
  const unseenWork = holdsUnseenWork(clocked);
  const fit = fitWithoutStalls(table, unseenWork, { level });
  const offset = promptOffset(tableOfRows(clocked, trusted.rows, [...columns, ...PREFILL_REQUESTS]), unseenWork, level);
  return { trusted, table, fit, offset, onlySums: onlySums(fit.rows) };
}

/** Intervals of coefficients that the rows determine one by one; of the others only sums have any. */
function intervalsOf({ intervals }: RowsFit, terms: readonly Term[], only: Uint8Array): StepClockIntervals | null {
  if (intervals === null) return null;
  const { level, byTerm, covariance, windows } = intervals;
  const p = byTerm.length;
  return {
    level,
    byLabel: Object.fromEntries(terms.map(({ label }, t) => [label, only[t] === 1 ? null : byTerm[t]])),
    covariance: terms.map((_, i) => terms.map((__, j) => covariance[i * p + j])),
    blocks: windows,
  };
}

/** Ranges of what steps held, the rarest half per cent at either end apart. */
function compositionsOf({ steps, prompts }: ClockedSteps): Compositions {
  const range = (column: Float64Array): readonly [number, number] => [
    quantileOf(column, 0.005),
    quantileOf(column, 0.995),
  ];
  return {
    prefillTokens: range(prompts.prefillTokens),
    decodeSeqs: range(steps.decodeSeqs),
    contextTokens: range(steps.contextTokens),
  };
}

function refuseTooFew({ steps }: ClockedSteps, rows: number, columns: number): void {
  if (rows > columns) return;
  throw new Fault('beta-estimators/too-few-rows', {
    what: 'token times',
    rule: `must give more than ${columns} rows of steps with known ends`,
    value: `${rows} rows of ${steps.length} steps`,
  });
}
