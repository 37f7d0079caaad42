import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { estimateStepClock, estimateTokenClock } from '@stepclock/beta-estimators';
import { isFault } from '@stepclock/faults';
import type { Betas } from '@stepclock/step-cost';
import {
  type BetasFile,
  betasFileOf,
  METRIC_NAMES,
  type MeasuredServing,
  measuredServing,
  type Replay,
  refinedByReplay,
  refinedFit,
  replay,
} from '@stepclock/step-model';
import { type PhaseTrace, type ReadTraceOptions, type RequestTable, readTrace } from '@stepclock/trace-io';

/** A log of served requests, with its settings. */
export interface ServedLog {
  readonly trace: PhaseTrace;
  readonly requests: RequestTable;
  readonly limits: Readonly<Record<string, number | boolean>>;
  readonly engine: { readonly engine?: string };
}

export const servedLog = async (
  path: string,
  meta: string,
  map?: Readonly<Record<string, string>>,
): Promise<ServedLog> => {
  const bytes = readFileSync(path);
  const plain = path.endsWith('.gz') ? gunzipSync(bytes) : bytes;
  return servedLogOf([new Uint8Array(plain)], {
    fileName: path,
    ...(map && { map }),
    ...(existsSync(meta) && { metaJson: readFileSync(meta, 'utf8') }),
  });
};

/** A log from its bytes or pieces of its text. */
export const servedLogOf = async (pieces: BlobPart[], options: ReadTraceOptions): Promise<ServedLog> => {
  const trace = await readTrace(new Blob(pieces).stream(), options);
  if (trace.kind !== 'phases' || trace.requests === undefined) throw new Error('no served requests');
  const { maxNumBatchedTokens, maxNumSeqs, kvTokens, asyncScheduling, engine } = trace.facts.settings;
  const limits = Object.fromEntries(
    Object.entries({ maxNumBatchedTokens, maxNumSeqs, kvTokens, asyncScheduling }).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
  return { trace, requests: trace.requests, limits, engine: engine === undefined ? {} : { engine } };
};

export type Window = readonly [fromSec: number, toSec: number];

/** What a part of a log gives for a replay of any other. */
export interface FittedLog {
  /** As a file, with the covariance that bands are drawn from. */
  readonly model: BetasFile;
  readonly betas: Betas;
  readonly serving: MeasuredServing;
  readonly promptOffsetTokens: number;
}

/** Fitted as the program fits: token times where there are any and all of the log is read, phases otherwise. */
export const fitted = ({ trace, requests, limits, engine }: ServedLog, window?: Window): FittedLog => {
  const { settings, queueInPrefill } = trace.facts;
  const budget = settings.maxNumBatchedTokens;
  const ofPhases = () =>
    estimateStepClock(trace.phases, {
      queueInPrefill,
      ...(budget !== undefined && { maxNumBatchedTokens: budget }),
      ...(window && { window }),
    });
  const ofTokens = () => {
    if (trace.tokens === undefined || window !== undefined) return ofPhases();
    try {
      return estimateTokenClock(trace.tokens, { ...(budget !== undefined && { tokenBudget: budget }) });
    } catch (error) {
      if (isFault(error)) return ofPhases();
      throw error;
    }
  };
  const unrefined = ofTokens();
  const promptOffsetTokens =
    unrefined.algo === 'token-clock' ? unrefined.clock.shiftedTokens : (unrefined.promptOffsetTokens ?? 0);
  const corrections = { promptOffsetTokens, ...engine };
  const replays = { ...corrections, ...(window && { window }) };
  const covariance = unrefined.algo === 'step-clock' ? unrefined.intervals?.covariance : undefined;
  const isPreempted = unrefined.algo === 'step-clock' && unrefined.clock.stretchedDecodes > 0;
  const replayed =
    isPreempted && covariance !== undefined
      ? refinedByReplay(requests, { betas: unrefined.betas, covariance }, limits, replays)
      : undefined;
  const estimate = replayed?.kind === 'refined' ? refinedFit(unrefined, replayed) : unrefined;
  const serving = measuredServing(requests, estimate.betas, limits, replays);
  const { steps: _, rows: __, ...told } = { steps: undefined, rows: undefined, ...estimate };
  return { model: betasFileOf(told), betas: estimate.betas, serving, promptOffsetTokens };
};

/** The requests of a log that arrive in a window. */
export const within = (requests: RequestTable, [from, to]: Window): RequestTable => {
  const { arrivalSec } = requests;
  const rows = Uint32Array.from({ length: requests.length }, (_, i) => i).filter(
    (i) => arrivalSec !== undefined && arrivalSec[i] >= from && arrivalSec[i] < to,
  );
  const picked = (column: Float64Array | undefined) => column && Float64Array.from(rows, (i) => column[i]);
  const columns = ['arrivalSec', 'scheduledSec', 'firstTokenSec', 'lastTokenSec', 'cachedTokens'] as const;
  return {
    ...requests,
    length: rows.length,
    promptTokens: Float64Array.from(rows, (i) => requests.promptTokens[i]),
    outputTokens: Float64Array.from(rows, (i) => requests.outputTokens[i]),
    ...Object.fromEntries(columns.flatMap((name) => (requests[name] ? [[name, picked(requests[name])]] : []))),
  };
};

/** Serves a part of a log again, with the requests of some seconds before it so that the engine is not empty at first. */
export const replayed = (
  { requests, limits, engine }: ServedLog,
  { betas, serving, promptOffsetTokens }: FittedLog,
  window?: Window,
  warmUpSec = 20,
): Replay => {
  const { rules, overhead } = serving;
  const corrections = { promptOffsetTokens, ...engine, ...(overhead && { overhead }) };
  if (window === undefined) return replay(requests, betas, { ...limits, ...rules }, corrections);
  const part = within(requests, [window[0] - warmUpSec, window[1]]);
  return replay(part, betas, { ...limits, ...rules }, { ...corrections, countFromSec: window[0] });
};

/** Errors of the three metrics as cells: mean, then p99. */
export const errorCells = ({ metrics }: Replay): readonly string[] =>
  METRIC_NAMES.flatMap((metric) => [metrics[metric].mean.error, metrics[metric].p99.error].map(percent));

export const percent = (share: number | null): string => (share === null ? '-' : `${(100 * share).toFixed(1)} %`);

export const rulesCell = ({ rules, from }: MeasuredServing): string =>
  (['asyncScheduling', 'arrivalsReadAtSteps'] as const)
    .map((rule) => `${rule === 'asyncScheduling' ? 'async' : 'read'} ${rules[rule] ? 'on' : 'off'} (${from[rule]})`)
    .join(', ');

export const overheadCell = ({ overhead }: MeasuredServing): string =>
  overhead === undefined
    ? '-'
    : `${(1e3 * overhead.seconds).toFixed(1)} ms${overhead.secondsPerPromptToken > 0 ? ` + ${(1e6 * overhead.secondsPerPromptToken).toFixed(1)} us/token` : ''}`;
