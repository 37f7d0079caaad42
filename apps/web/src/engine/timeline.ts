import type { RequestTable, Trace } from '@stepclock/trace-io';
import type { RequestLanes, StepBars, Timeline } from '../messages.js';
import { type Bars, waitingOf } from './step-bars.js';

/** Cells of the coarsest level, and how many of the next lie in one. */
const COARSEST = 1024;
const FINER = 4;
/** More names would take longer to hand over than to look at. */
const MOST_NAMED = 50_000;

/** Bars by cells of equal time: means over the time of the steps in each; seconds and steps add up. Cells without a step are left out. */
const inCells = (bars: StepBars, cells: number): StepBars => {
  const wholeSec = bars.endSec[bars.length - 1];
  const cellSec = wholeSec / cells;
  const sums = Array.from({ length: 8 }, () => new Float64Array(cells));
  const [steps, decode, prefill, waiting, tokens, context, measured, predicted] = sums;
  for (let i = 0; i < bars.length; i++) {
    const [start, end] = [bars.startSec[i], bars.endSec[i]];
    const last = Math.min(cells - 1, Math.floor(end / cellSec));
    for (let c = Math.max(0, Math.floor(start / cellSec)); c <= last; c++) {
      const sec = Math.min(end, (c + 1) * cellSec) - Math.max(start, c * cellSec);
      if (!(sec > 0)) continue;
      const share = sec / (end - start);
      measured[c] += sec;
      predicted[c] += share * bars.predictedSec[i];
      steps[c] += share * bars.steps[i];
      tokens[c] += share * bars.prefillTokens[i];
      decode[c] += sec * bars.decodeSeqs[i];
      prefill[c] += sec * bars.prefillSeqs[i];
      waiting[c] += sec * bars.waiting[i];
      context[c] += sec * bars.contextTokens[i];
    }
  }
  const busy = Uint32Array.from({ length: cells }, (_, c) => c).filter((c) => measured[c] > 0);
  const sum = (of: Float64Array): Float32Array => Float32Array.from(busy, (c) => of[c]);
  const mean = (of: Float64Array): Float32Array => Float32Array.from(busy, (c) => of[c] / measured[c]);
  return {
    length: busy.length,
    startSec: Float64Array.from(busy, (c) => c * cellSec),
    endSec: Float64Array.from(busy, (c) => (c + 1) * cellSec),
    ...{ steps: sum(steps), prefillTokens: sum(tokens), measuredSec: sum(measured), predictedSec: sum(predicted) },
    ...{ decodeSeqs: mean(decode), prefillSeqs: mean(prefill), waiting: mean(waiting), contextTokens: mean(context) },
  };
};

/** Levels above the bars themselves, from the finest: each has a quarter of the cells of the one before. */
const levelsOf = (bars: StepBars): readonly StepBars[] => {
  const levels: StepBars[] = [];
  for (let cells = COARSEST; cells < bars.length; cells *= FINER) levels.unshift(inCells(bars, cells));
  return levels;
};

const lanesOf = (requests: RequestTable, originSec: number): RequestLanes | null => {
  const { arrivalSec, scheduledSec, firstTokenSec, lastTokenSec, promptTokens, outputTokens, requestIds } = requests;
  if (arrivalSec === undefined || lastTokenSec === undefined) return null;
  const rows = Uint32Array.from({ length: requests.length }, (_, i) => i)
    .filter((i) => lastTokenSec[i] >= arrivalSec[i])
    .sort((a, b) => arrivalSec[a] - arrivalSec[b] || a - b);
  const lane = new Uint32Array(rows.length);
  /** End of the last request on each lane. */
  const ends: number[] = [];
  for (const [k, i] of rows.entries()) {
    let free = 0;
    while (free < ends.length && ends[free] > arrivalSec[i]) free++;
    ends[free] = lastTokenSec[i];
    lane[k] = free;
  }
  const since = (column: Float64Array | undefined, otherwise?: Float64Array): Float64Array =>
    Float64Array.from(rows, (i) => {
      const sec = column?.[i] ?? Number.NaN;
      return (Number.isNaN(sec) ? (otherwise?.[i] ?? Number.NaN) : sec) - originSec;
    });
  return {
    length: rows.length,
    lanes: ends.length,
    lane,
    arrivalSec: since(arrivalSec),
    scheduledSec: since(scheduledSec),
    firstTokenSec: since(firstTokenSec, lastTokenSec),
    lastTokenSec: since(lastTokenSec),
    promptTokens: Float32Array.from(rows, (i) => promptTokens[i]),
    outputTokens: Float32Array.from(rows, (i) => outputTokens[i]),
    names: rows.length > MOST_NAMED ? [] : Array.from(rows, (i) => requestIds.at(i)),
  };
};

/** The steps with the requests below, from the first of both. */
export const timelineOf = (bars: Bars, { requests }: Trace, isOfSteps: boolean, note: string): Timeline => {
  const firstArrival =
    requests?.arrivalSec?.reduce((least, sec) => Math.min(least, Number.isNaN(sec) ? least : sec), Infinity) ??
    Infinity;
  const originSec = Math.min(firstArrival, bars.startSec[0]);
  const { stretches } = bars;
  const shown: StepBars = {
    length: bars.length,
    startSec: bars.startSec.map((sec) => sec - originSec),
    endSec: bars.endSec.map((sec) => sec - originSec),
    steps: Float32Array.from(stretches.steps),
    decodeSeqs: Float32Array.from(stretches.decodeSeqs),
    prefillSeqs: Float32Array.from(stretches.prefillRequests, (n, i) =>
      stretches.prefillTokens[i] > 0 ? Math.max(1, n) : 0,
    ),
    waiting: waitingOf(bars, requests),
    prefillTokens: Float32Array.from(stretches.prefillTokens),
    contextTokens: Float32Array.from(stretches.contextTokens),
    measuredSec: Float32Array.from(bars.endSec, (sec, i) => sec - bars.startSec[i]),
    predictedSec: Float32Array.from(bars.predictedSec),
  };
  return {
    bars: shown,
    levels: levelsOf(shown),
    requests: requests === undefined ? null : lanesOf(requests, originSec),
    ...{ originSec, isOfSteps, note },
  };
};

/** Memory that goes over to the page, and is not copied. */
export const buffersOf = ({ bars, levels, requests }: Timeline): ArrayBuffer[] =>
  [bars, ...levels, ...(requests === null ? [] : [requests])].flatMap((columns) =>
    Object.values(columns).flatMap((column) =>
      ArrayBuffer.isView(column) && column.buffer instanceof ArrayBuffer ? [column.buffer] : [],
    ),
  );
