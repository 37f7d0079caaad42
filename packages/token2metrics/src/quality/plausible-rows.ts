import { listed } from '@stepclock/faults';
import { median } from 'd3-array';
import { type Measurements, runDurations } from '../table/measurements.js';
import { METRIC_FACTS } from '../table/metric.js';
import { SI_UNIT } from '../table/units.js';
import type { Finding } from './finding.js';

/** Energy may differ from power x time by so much: rails and sampling differ. */
const AGREEMENT = 0.2;
/** The slowest that is believed, s a token: a thousand times less is what accelerators take, ten times less what small boards take. */
const SLOWEST = { ttft: 0.3, decode: 5, total: 5 } as const;

/** What cannot be: energy that is not power x time, and times that only a wrong unit explains. */
export const plausibleRows = (table: Measurements): Finding[] => [
  ...energyRows(table),
  ...powerUnits(table),
  ...slowUnits(table),
];

/** Mean watts that a device takes: a small board asleep, and twice a node of eight accelerators. */
const WATTS = { least: 0.05, most: 20_000 } as const;

const powerUnits = (table: Measurements): Finding[] => {
  const { energy, power } = table.values;
  const duration = runDurations(table);
  const watts = power ?? (energy && duration && energy.map((joules, row) => joules / duration[row]));
  const typical = watts && median(Array.from(watts).filter((value) => value > 0 && value < Infinity));
  if (typical === undefined || (typical >= WATTS.least && typical <= WATTS.most)) return [];
  const metric = power ? 'power' : 'energy';
  return [
    {
      code: 'implausible-power',
      metric,
      count: table.length,
      rows: new Int32Array(0),
      message: `${power ? 'power' : 'energy over time'} is ${typical.toPrecision(3)} W by the median, which no device takes: the ${metric} is probably not in ${table.sources[metric]?.unit ?? SI_UNIT[metric]}`,
      droppable: false,
    },
  ];
};

const energyRows = (table: Measurements): Finding[] => {
  const { energy, power } = table.values;
  const duration = runDurations(table);
  if (!energy || !power || !duration) return [];
  const ratio = energy.map((joules, row) => joules / (power[row] * duration[row]));
  const told = Int32Array.from(ratio.keys()).filter((row) => ratio[row] > 0 && ratio[row] < Infinity);
  const apart = told.filter((row) => Math.abs(ratio[row] - 1) > AGREEMENT);
  if (apart.length === 0) return [];
  const typical = median(apart, (row) => ratio[row]) ?? 1;
  const factor = [1e3, 1e-3, 1e6, 1e-6, 60, 1 / 60, 3600, 1 / 3600].find((f) => Math.abs(typical / f - 1) < AGREEMENT);
  const guess =
    factor === undefined
      ? ''
      : `; a factor of ${Number(factor.toPrecision(3))} is a unit: one of the three columns is not in the unit that it names`;
  return [
    {
      code: 'energy-not-power-times-time',
      metric: 'energy',
      count: apart.length,
      rows: apart,
      message:
        `${apart.length} of ${told.length} rows have an energy that is not power x time within ${100 * AGREEMENT} % ` +
        `(line ${listed(
          [...apart].map((row) => table.line[row]),
          3,
        )}; ${typical.toPrecision(3)} times as much by the median)${guess}`,
      droppable: false,
    },
  ];
};

/** The unit that times would be in if they were a thousand times too large. */
const smallerThan = (unit = 's'): string => {
  const smaller = { s: 'ms', ms: 'us', us: 'ns' }[unit];
  return smaller === undefined ? '' : `, in ${smaller} where ${unit} is read`;
};

const slowUnits = (table: Measurements): Finding[] =>
  (['ttft', 'decode', 'total'] as const).flatMap((metric) => {
    const tokens = metric === 'ttft' ? table.inputTokens : table.outputTokens;
    const values = table.values[metric];
    if (!tokens || !values) return [];
    const typical = median(Array.from(values, (sec, row) => (tokens[row] > 0 ? sec / tokens[row] : Number.NaN)));
    // A prompt of a few tokens takes as long as the launch: only whole times tell there.
    if (typical === undefined || typical < SLOWEST[metric] || (median(values) ?? 0) < 10) return [];
    return [
      {
        code: 'implausible-times',
        metric,
        count: table.length,
        rows: new Int32Array(0),
        message: `${METRIC_FACTS[metric].title} is ${typical.toPrecision(3)} s a token by the median: times are probably a thousand times too large${smallerThan(table.sources[metric]?.unit)}`,
        droppable: false,
      },
    ];
  });
