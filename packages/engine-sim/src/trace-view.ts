import type { NameColumn, RequestTable } from '@stepclock/trace-io';
import type { Workload } from './workload.js';

/** Times of every request, in the rows' order of the workload. */
export interface ServedTimes {
  readonly arrivalSec: Float64Array;
  readonly scheduledSec: Float64Array;
  readonly firstTokenSec: Float64Array;
  readonly lastTokenSec: Float64Array;
}

const numberedNames = (prefix: string, length: number): NameColumn => ({
  length,
  at: (index) => `${prefix}${index}`,
});

const rounded = (column: Float64Array, toSec: number | undefined): Float64Array =>
  toSec === undefined ? column : column.map((sec) => Math.round(sec / toSec) * toSec);

/** A request table with every time known. */
export type ServedRequests = RequestTable & ServedTimes;

/** The requests as an engine's log shows them: of a preempted one, too, only when it was scheduled for the first time. */
export const requestsOf = (
  workload: Workload,
  times: ServedTimes,
  view: { readonly queueInPrefill: boolean; readonly roundToSec: number | undefined },
): ServedRequests => {
  const arrivalSec = rounded(times.arrivalSec, view.roundToSec);
  const { instance } = workload;
  return {
    length: workload.length,
    requestIds: numberedNames('r', workload.length),
    arrivalSec,
    scheduledSec: view.queueInPrefill ? arrivalSec : rounded(times.scheduledSec, view.roundToSec),
    firstTokenSec: rounded(times.firstTokenSec, view.roundToSec),
    lastTokenSec: rounded(times.lastTokenSec, view.roundToSec),
    promptTokens: workload.promptTokens,
    outputTokens: workload.outputTokens,
    ...(workload.cachedTokens && { cachedTokens: workload.cachedTokens }),
    ...(instance && {
      instance,
      instanceIds: numberedNames(
        'engine-',
        instance.reduce((most, i) => Math.max(most, i + 1), 1),
      ),
    }),
  };
};
