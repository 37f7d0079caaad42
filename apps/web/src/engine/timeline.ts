import type { RequestTable, Trace } from '@stepclock/trace-io';
import type { RequestLanes, StepBars, Timeline } from '../messages.js';
import { type Bars, waitingOf } from './step-bars.js';

/** Bars of a level that become one bar of the next. */
const JOINED = 8;
/** So few bars are drawn one by one. */
const FEW = 512;
/** More names would take longer to hand over than to look at. */
const MOST_NAMED = 50_000;

/** Means over the time of the bars; seconds and steps add up. */
const joined = (bars: StepBars): StepBars => {
  const length = Math.ceil(bars.length / JOINED);
  const column = (): Float32Array => new Float32Array(length);
  const out = {
    length,
    startSec: new Float64Array(length),
    endSec: new Float64Array(length),
    steps: column(),
    decodeSeqs: column(),
    prefillSeqs: column(),
    waiting: column(),
    prefillTokens: column(),
    contextTokens: column(),
    measuredSec: column(),
    predictedSec: column(),
  };
  for (let j = 0; j < length; j++) {
    const from = j * JOINED;
    const to = Math.min(bars.length, from + JOINED);
    let busySec = 0;
    for (let i = from; i < to; i++) {
      const sec = bars.measuredSec[i];
      busySec += sec;
      out.steps[j] += bars.steps[i];
      out.prefillTokens[j] += bars.prefillTokens[i];
      out.predictedSec[j] += bars.predictedSec[i];
      out.decodeSeqs[j] += sec * bars.decodeSeqs[i];
      out.prefillSeqs[j] += sec * bars.prefillSeqs[i];
      out.waiting[j] += sec * bars.waiting[i];
      out.contextTokens[j] += sec * bars.contextTokens[i];
    }
    out.measuredSec[j] = busySec;
    out.startSec[j] = bars.startSec[from];
    // The time that a joined bar spans holds idle stretches: it ends as late as its last step.
    out.endSec[j] = bars.endSec[to - 1];
    for (const means of [out.decodeSeqs, out.prefillSeqs, out.waiting, out.contextTokens]) means[j] /= busySec;
  }
  return out;
};

/** All levels above the bars themselves, each an eighth of the one before. */
const levelsOf = (bars: StepBars): readonly StepBars[] => {
  const levels: StepBars[] = [];
  for (let level = bars; level.length > FEW; ) {
    level = joined(level);
    levels.push(level);
  }
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
  const since = (column: Float64Array | undefined, otherwise: Float64Array): Float64Array =>
    Float64Array.from(rows, (i) => {
      const sec = column === undefined || Number.isNaN(column[i]) ? otherwise[i] : column[i];
      return sec - originSec;
    });
  return {
    length: rows.length,
    lanes: ends.length,
    lane,
    arrivalSec: since(arrivalSec, arrivalSec),
    scheduledSec: since(scheduledSec, arrivalSec),
    firstTokenSec: since(firstTokenSec, lastTokenSec),
    lastTokenSec: since(lastTokenSec, lastTokenSec),
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
