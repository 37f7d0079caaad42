import { metricRows } from '../model/training-rows.js';
import type { Measurements } from '../table/measurements.js';
import { METRIC_FACTS, type Metric } from '../table/metric.js';
import type { Finding } from './finding.js';
import { robustResiduals } from './robust-residuals.js';

/** Rows at the start of a run that can be warm-up: what comes later is a stall. */
const WARM_UP_ROWS = 3;
/** Fewer rows do not show what is usual. */
const LEAST_ROWS = 12;

/** Durations far from what is usual for their token counts: warm-up at the start of a run, stalls elsewhere, and the odd fast one. */
export const slowRows = (table: Measurements, padding: number): Finding[] => {
  const parts = (['ttft', 'decode'] as const).filter((metric) => table.values[metric]);
  // A total that has its parts would name their rows twice.
  const metrics: readonly Metric[] = parts.length === 2 ? parts : [...parts, 'total'];
  return metrics.flatMap((metric) => {
    const rows = metricRows(table, metric);
    if (rows.target.length < LEAST_ROWS) return [];
    const { relative, limit } = robustResiduals(rows, padding);
    const sorted: Record<'warm-up' | 'stall' | 'outlier', number[]> = { 'warm-up': [], stall: [], outlier: [] };
    relative.forEach((deviation, k) => {
      if (!(Math.abs(deviation) > limit)) return;
      const row = rows.rows[k];
      sorted[deviation < 0 ? 'outlier' : placeInRun(table, row) < WARM_UP_ROWS ? 'warm-up' : 'stall'].push(k);
    });
    return Object.entries(sorted).flatMap(([kind, found]) => {
      if (found.length === 0) return [];
      const code = kind as keyof typeof sorted;
      const worst = found.reduce((a, b) => (Math.abs(relative[b]) > Math.abs(relative[a]) ? b : a));
      const row = rows.rows[worst];
      const value = rows.target[worst];
      const times = (1 + relative[worst]).toFixed(2);
      return [
        {
          code,
          metric,
          count: found.length,
          rows: Int32Array.from(found, (k) => rows.rows[k]),
          message:
            `${found.length} row(s) ${WORDS[code]}: ${METRIC_FACTS[metric].title} more than ${Math.round(100 * limit)} % off what is usual for such a request; ` +
            `the worst took ${value.toPrecision(3)} s, ${times} times the usual ` +
            `(${table.inputTokens ? `${table.inputTokens[row]} input tokens, ` : ''}line ${table.line[row]})`,
          droppable: true,
        },
      ];
    });
  });
};

const WORDS = {
  'warm-up': 'at the start of a run look like warm-up',
  stall: 'look like a stall of the device',
  outlier: 'are faster than the token counts allow',
} as const;

/** How many rows of the same run stand before this one, without a row of another between. */
const placeInRun = ({ group, position }: Measurements, row: number): number => {
  let place = 0;
  for (let at = row; at > 0 && place < WARM_UP_ROWS; at--) {
    const sameRun = group[at - 1] === group[row] && position[at] - position[at - 1] === 1;
    if (!sameRun) break;
    place++;
  }
  return place;
};
