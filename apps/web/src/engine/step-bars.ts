import type { RebuiltStepLog, StepClockDetails } from '@stepclock/beta-estimators';
import { type Betas, type StretchColumns, stepCost, stretchReader } from '@stepclock/step-cost';
import type { StepColumns } from '@stepclock/step-model';
import type { RequestTable } from '@stepclock/trace-io';

/** Steps or stretches of them in the order of time, on the log's own clock: what every view is made from. */
export interface Bars {
  readonly length: number;
  readonly startSec: Float64Array;
  readonly endSec: Float64Array;
  readonly stretches: StretchColumns & {
    readonly decodeSeqs: Float64Array;
    readonly contextTokens: Float64Array;
    readonly prefillTokens: Float64Array;
    readonly prefillSteps: Float64Array;
    readonly prefillRequests: Float64Array;
  };
  /** What the model says of each. */
  readonly predictedSec: Float64Array;
}

type Columns = Omit<Bars, 'predictedSec'>;

const predicted = (columns: Columns, betas: Betas): Float64Array => {
  const { secondsOf } = stepCost(betas);
  const read = stretchReader(columns.stretches);
  return Float64Array.from({ length: columns.length }, (_, i) => secondsOf(read(i)));
};

const holdsPrefill = (tokens: Float64Array): Float64Array => tokens.map((n) => (n > 0 ? 1 : 0));

const rowsWhere = (length: number, holds: (i: number) => boolean): Uint32Array => {
  const rows = new Uint32Array(length);
  let found = 0;
  for (let i = 0; i < length; i++) if (holds(i)) rows[found++] = i;
  return rows.slice(0, found);
};

const taken = (rows: Uint32Array, column: Float64Array): Float64Array => Float64Array.from(rows, (i) => column[i]);

/** The steps of one engine that token times show; steps of prefill that showed nothing are part of the next. */
export const barsOfTokens = (log: RebuiltStepLog, betas: Betas): Bars => {
  const rows = rowsWhere(log.length, (i) => log.engine[i] === 0 && log.endSec[i] > log.startSec[i]);
  const of = (column: Float64Array): Float64Array => taken(rows, column);
  const prefillTokens = of(log.prefillTokens);
  const columns: Columns = {
    length: rows.length,
    startSec: of(log.startSec),
    endSec: of(log.endSec),
    stretches: {
      length: rows.length,
      steps: of(log.hiddenSteps).map((hidden) => 1 + hidden),
      decodeSeqs: of(log.decodeSeqs),
      contextTokens: of(log.contextTokens),
      prefillTokens,
      prefillSteps: holdsPrefill(prefillTokens),
      prefillRequests: of(log.prefillRequests),
      prefillContext: of(log.prefillContext),
    },
  };
  return { ...columns, predictedSec: predicted(columns, betas) };
};

/** An engine's own steps; where its log tells no times of day, one after the other. */
export const barsOfSteps = (log: StepColumns, betas: Betas): Bars => {
  const rows = rowsWhere(log.length, (i) => log.durationSec[i] > 0);
  const of = (column: Float64Array): Float64Array => taken(rows, column);
  const durationSec = of(log.durationSec);
  const { length } = rows;
  let at = 0;
  const startSec =
    log.startSec === undefined
      ? durationSec.map((sec) => {
          const begin = at;
          at += sec;
          return begin;
        })
      : of(log.startSec);
  const prefillTokens = of(log.prefillTokens);
  const columns: Columns = {
    length,
    startSec,
    endSec: startSec.map((sec, i) => sec + durationSec[i]),
    stretches: {
      length,
      steps: log.steps === undefined ? new Float64Array(length).fill(1) : of(log.steps),
      decodeSeqs: of(log.decodeTokens),
      contextTokens: log.contextTokens === undefined ? new Float64Array(length) : of(log.contextTokens),
      prefillTokens,
      prefillSteps: log.prefillSteps === undefined ? holdsPrefill(prefillTokens) : of(log.prefillSteps),
      prefillRequests: log.prefillRequests === undefined ? holdsPrefill(prefillTokens) : of(log.prefillRequests),
      prefillContext: log.prefillContext === undefined ? undefined : of(log.prefillContext),
    },
  };
  return { ...columns, predictedSec: predicted(columns, betas) };
};

/** Stretches between two boundaries of phases: what the times of requests tell of steps. */
export const barsOfPhases = ({ segments }: StepClockDetails): Bars => {
  const order = rowsWhere(segments.steps.length, (i) => segments.steps[i] > 0 && segments.durationSec[i] > 0).sort(
    (a, b) => segments.startSec[a] - segments.startSec[b],
  );
  const of = (column: Float64Array): Float64Array => taken(order, column);
  const startSec = of(segments.startSec);
  const durationSec = of(segments.durationSec);
  const prefillTokens = of(segments.prefillTokens);
  const steps = of(segments.steps);
  return {
    length: order.length,
    startSec,
    endSec: startSec.map((sec, i) => sec + durationSec[i]),
    stretches: {
      length: order.length,
      steps,
      decodeSeqs: of(segments.activeDecodes),
      contextTokens: of(segments.contextTokens),
      prefillTokens,
      prefillSteps: steps.map((k, i) => (prefillTokens[i] > 0 ? Math.min(1, k) : 0)),
      prefillRequests: of(segments.activePrefills),
    },
    predictedSec: of(segments.predictedSec),
  };
};

/** Requests that wait in the middle of each bar: sent, without a first token, and none of those in prefill. */
export const waitingOf = (
  { length, startSec, endSec, stretches }: Bars,
  requests: RequestTable | undefined,
): Float32Array => {
  const waiting = new Float32Array(length);
  const { arrivalSec, scheduledSec, firstTokenSec } = requests ?? {};
  if (arrivalSec === undefined || firstTokenSec === undefined) return waiting;
  const isApart = scheduledSec?.some((sec, i) => sec > arrivalSec[i]) === true;
  const arrivals = arrivalSec.filter((sec) => !Number.isNaN(sec)).sort();
  const begun = (isApart && scheduledSec !== undefined ? scheduledSec : firstTokenSec)
    .filter((sec, i) => !Number.isNaN(sec) && !Number.isNaN(arrivalSec[i]))
    .sort();
  let arrived = 0;
  let taken = 0;
  for (let i = 0; i < length; i++) {
    const middle = (startSec[i] + endSec[i]) / 2;
    while (arrived < arrivals.length && arrivals[arrived] <= middle) arrived++;
    while (taken < begun.length && begun[taken] <= middle) taken++;
    waiting[i] = Math.max(
      0,
      arrived - taken - (isApart ? 0 : Math.max(1, stretches.prefillRequests[i]) * stretches.prefillSteps[i]),
    );
  }
  return waiting;
};
