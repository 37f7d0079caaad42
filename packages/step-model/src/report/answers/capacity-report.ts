import {
  curveSpec,
  modelReport,
  type NamedFigure,
  type Provenance,
  type ReportData,
  significantText,
} from '@stepclock/charts';
import type { Capacity } from '../../capacity/capacity.js';
import type { OperatingFigures } from '../../capacity/operating-figures.js';
import type { MetricName } from '../../replay/serving-metrics.js';
import { METRIC_TITLES } from '../metric-titles.js';
import { capacitySentence } from './capacity-text.js';

const FIGURES = ['p50', 'p95', 'p99'] as const;

/** A metric over the rate, as far as the engine is not full: beyond, its figures grow with the length of the run. */
const figureOf = (metric: MetricName, found: Capacity): readonly NamedFigure[] => {
  const rows = found.curve.filter(({ ratePerSec }) => ratePerSec <= found.saturationPerSec);
  const curves = FIGURES.flatMap((figure) => {
    const defined = rows.flatMap(({ ratePerSec, metrics }) => {
      const sec = metrics[metric][figure];
      return sec === null ? [] : [{ ratePerSec, sec }];
    });
    if (defined.length === 0) return [];
    return [{ name: figure, x: defined.map(({ ratePerSec }) => ratePerSec), y: defined.map(({ sec }) => sec) }];
  });
  if (curves.length === 0) return [];
  const limit = found.slos.find((slo) => slo.metric === metric);
  const spec = curveSpec({
    title: `${METRIC_TITLES[metric].long} over the rate`,
    x: { label: 'Rate', unit: 'requests/s' },
    y: { label: METRIC_TITLES[metric].long, unit: 's', scale: 'log' },
    curves,
    tickEveryX: false,
    ...(limit && { reference: { value: limit.limitSec, label: 'limit' } }),
  });
  return [{ name: `capacity_${metric}`, spec }];
};

interface CapacityReportInput {
  readonly capacity: Capacity;
  readonly subtitle: string;
  readonly provenance: Provenance;
}

/** The report of `stepclock capacity`. */
export const capacityReport = ({ capacity: found, subtitle, provenance }: CapacityReportInput): ReportData => {
  const rate = (figures: OperatingFigures): string => significantText(figures.ratePerSec, 4);
  const { inputs, ...how } = provenance;
  return modelReport(
    {
      title: 'Capacity of one engine',
      subtitle,
      tone: found.ratePerSec === null ? 'bad' : found.warnings.length > 0 ? 'caution' : 'good',
      headline: capacitySentence(found),
      keyFigures: [
        { label: 'Full at', value: significantText(found.saturationPerSec, 4), unit: 'requests/s' },
        ...(found.atRate === null
          ? []
          : [
              { label: 'Holds', value: rate(found.atRate), unit: 'requests/s' },
              { label: 'Goodput', value: significantText(found.atRate.goodputPerSec, 4), unit: 'requests/s' },
            ]),
      ],
      warnings: found.warnings,
      sections: [
        {
          title: 'Over the rate',
          figures: (['ttft', 'tpot', 'latency'] as const).flatMap((metric) => figureOf(metric, found)),
        },
      ],
      inputs,
    },
    how,
  );
};
