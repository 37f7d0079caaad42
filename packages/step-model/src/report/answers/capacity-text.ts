import { durationText, percentText, significantText, textTable } from '@stepclock/charts';
import type { Capacity, RateBand } from '../../capacity/capacity.js';
import type { LatencyFigures, OperatingFigures } from '../../capacity/operating-figures.js';
import { replicasFor } from '../../capacity/replicas.js';
import { sloName } from '../../capacity/slo.js';
import { snakeCaseFields } from '../../model-file/snake-case.js';
import { overheadText, promptOffsetText } from './correction-words.js';
import { limitText, unreachableText } from './slo-text.js';

const DIGITS = 4;

const rateText = (perSec: number): string => `${significantText(perSec, DIGITS)} requests/s`;

/** What a band holds. */
const bandWords = ({ loadError, isOwnLoad }: RateBand): string => {
  if (isOwnLoad) return "of the coefficients, the log's arrivals as they are";
  return loadError === null ? 'of the coefficients alone' : 'of the coefficients and of the drawn load';
};

/** What ends the rate, one sentence. */
export const capacitySentence = ({ ratePerSec, band, slos, binding, unreachable }: Capacity): string => {
  if (ratePerSec === null) return unreachableText(slos, unreachable);
  const range =
    band === null
      ? ''
      : ` [${significantText(band.perSec[0], DIGITS)}, ${significantText(band.perSec[1], DIGITS)}: ${+(100 * band.level).toFixed(2)} % band ${bandWords(band)}]`;
  const end = binding === null ? "the engine's saturation ends it" : `${sloName(binding)} ends it`;
  return `${rateText(ratePerSec)}${range} keep ${slos.map(limitText).join(', ')}; ${end}.`;
};

/** Whether one engine takes the log as it is. */
const logLines = ({ logLoad, ratePerSec }: Capacity): readonly string[] => {
  if (logLoad === null || ratePerSec === null) return [];
  const load = `The log's own load, ${rateText(logLoad.ratePerSec)} in the mean,`;
  return logLoad.isFeasible
    ? [`${load} is within it.`]
    : [`${load} is infeasible for one engine: it needs ${replicasFor(logLoad.ratePerSec, ratePerSec)}.`];
};

const COLUMNS = [
  'requests/s',
  'TTFT p50',
  'p95',
  'p99',
  'TPOT mean',
  'p95',
  'p99',
  'E2E p50',
  'p99',
  'goodput',
  'utilisation',
  'decodes',
] as const;

const cellsOf = ({ ratePerSec, metrics, goodShare, utilisation, decodeSeqs }: OperatingFigures): readonly string[] => {
  const shown = (sec: number | null): string => (sec === null ? '-' : durationText(sec));
  const of = ({ ttft, tpot, latency }: Readonly<Record<'ttft' | 'tpot' | 'latency', LatencyFigures>>) =>
    [ttft.p50, ttft.p95, ttft.p99, tpot.mean, tpot.p95, tpot.p99, latency.p50, latency.p99].map(shown);
  return [
    significantText(ratePerSec, DIGITS),
    ...of(metrics),
    percentText(goodShare, 1),
    percentText(utilisation, 1),
    significantText(decodeSeqs, 3),
  ];
};

/** What of every figure is not the engine's. */
const betweenLines = ({ overhead, promptOffsetTokens }: Capacity): readonly string[] => [
  ...(overhead === null ? [] : [`TTFT and E2E include ${overheadText(overhead)} between client and engine.`]),
  ...(promptOffsetTokens === 0 ? [] : [`Prompts are taken ${promptOffsetText(promptOffsetTokens)}.`]),
];

/** A capacity for people: the sentence, the saturation, and the figures over the rate, the found rate among them. */
export const capacityText = (found: Capacity): string => {
  const rows = [...found.curve, ...(found.atRate === null ? [] : [found.atRate])].sort(
    (a, b) => a.ratePerSec - b.ratePerSec,
  );
  const mark = (figures: OperatingFigures): string => (figures === found.atRate ? '<- the rate' : '');
  return [
    capacitySentence(found),
    `The engine is full at ${rateText(found.saturationPerSec)}: beyond, its queue grows for as long as the load lasts.`,
    ...logLines(found),
    ...betweenLines(found),
    '',
    textTable([COLUMNS, ...rows.map((figures) => [...cellsOf(figures), mark(figures)])], [COLUMNS.length]),
  ].join('\n');
};

/** A capacity as the JSON object `stepclock/capacity@1`: seconds and requests/s, null where a figure is not defined. */
export const capacityJson = (found: Capacity) => ({
  schema: 'stepclock/capacity@1' as const,
  feasible: found.ratePerSec !== null,
  ...snakeCaseFields(found),
});

/** The curve as CSV, one rate a line: seconds, requests/s and shares; an empty cell where a figure is not defined. */
export const capacityCsv = ({ curve, atRate }: Capacity): string => {
  const rows = [...curve, ...(atRate === null ? [] : [atRate])].sort((a, b) => a.ratePerSec - b.ratePerSec);
  const flat = rows.map(({ metrics, ...others }) => ({
    ...others,
    ...Object.fromEntries(
      Object.entries(metrics).flatMap(([metric, figures]) =>
        Object.entries(figures).map(([figure, sec]) => [`${metric}_${figure}_sec`, sec ?? '']),
      ),
    ),
  }));
  const table = flat.map((row) => snakeCaseFields(row));
  return `${[Object.keys(table[0]), ...table.map((row) => Object.values(row))].map((cells) => cells.join(',')).join('\n')}\n`;
};
