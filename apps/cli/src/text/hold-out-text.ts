import { type HoldOutError, METRIC_NAMES, type PartReplay } from '@stepclock/step-model';
import { grouped, percent } from './quantity.js';
import { tableText } from './table.js';

const partsOfTime = (fraction: number): readonly string[] => [
  `the first ${percent(fraction, 0)}`,
  `the last ${percent(1 - fraction, 0)}`,
];

/** Replays of both parts of a log with the fits of both: errors of the replayed figures. */
export const holdOutReplaysText = (fraction: number, replays: readonly PartReplay[]): string => {
  const names = partsOfTime(fraction);
  const parts = [...new Set(replays.map(({ served }) => served))];
  const nameOf = (window: PartReplay['served']): string => names[parts.indexOf(window)] ?? '';
  const shown = (error: number | null): string => (error === null ? '-' : percent(error));
  const rows = replays.map(({ fittedOn, served, isHeldOut, metrics, counted }) => [
    nameOf(fittedOn),
    nameOf(served),
    isHeldOut ? 'held out' : '',
    grouped(counted.latency),
    ...METRIC_NAMES.flatMap((metric) => [metrics[metric].mean.error, metrics[metric].p99.error].map(shown)),
  ]);
  const head = ['fitted on', 'replayed', '', 'requests', 'TTFT mean', 'p99', 'TPOT mean', 'p99', 'latency mean', 'p99'];
  return tableText([head, ...rows], [0, 1, 2]);
};

/** What the coefficients of the first part say of the decodes of the rest. */
export const holdOutText = (
  fraction: number,
  { count, meanAbsoluteError, medianAbsoluteError, bias }: HoldOutError,
): string =>
  meanAbsoluteError === null || medianAbsoluteError === null || bias === null
    ? `held out (after ${percent(fraction, 0)} of the time): no decode lies there as a whole`
    : `held out (after ${percent(fraction, 0)} of the time): ${grouped(count)} decodes predicted within ${percent(meanAbsoluteError)} on average (median ${percent(medianAbsoluteError)}, all together ${percent(bias)})`;
