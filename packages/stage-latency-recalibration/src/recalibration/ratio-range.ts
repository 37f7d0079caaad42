import { checkedTimes, totalsOf } from '../data/stage-table.js';
import type { StageWarning } from '../stage-fault.js';
import type { RatioRange, Recalibration, TransferFrame, TransferPrediction } from './recalibration.js';
import type { TransferInput, TransferSamples } from './samples.js';

/** A ratio beyond the samples' by more than this factor is none that they back: the processes' maps end at e^0.3 = 1.35. */
const BEYOND = 1.5;

/** A stage that is less of the total by source and target alike is not worth a word. */
const LEAST_SHARE = 0.01;

const rangeOf = (values: Float64Array): RatioRange => ({
  low: values.reduce((a, b) => Math.min(a, b)),
  high: values.reduce((a, b) => Math.max(a, b)),
});

/** What the samples measured: how their times are to the source model's, and where their knobs lie. */
export const sampledRanges = (
  samples: TransferSamples,
): Pick<TransferFrame, 'ratios' | 'stageRatios' | 'sampledKnobs'> => {
  if (samples.targetTotalMs.length === 0) return {};
  const { sourceMs, targetMs, knobs } = samples;
  const source = totalsOf(sourceMs, samples.stageNames, samples.decodeSteps, samples.total);
  return {
    ratios: rangeOf(samples.targetTotalMs.map((ms, i) => ms / source[i])),
    stageRatios: targetMs?.map((column, k) => rangeOf(column.map((ms, i) => ms / sourceMs[k][i]))),
    sampledKnobs: knobs.names.map((name, k) => ({ name, ...rangeOf(knobs.columns[k]) })),
  };
};

const isBeyond = (ratio: number, { low, high }: RatioRange): boolean => ratio < low / BEYOND || ratio > high * BEYOND;

/** 1 for each row whose predicted total, or a stage that counts in it, is to the source's as no sample was, by far. */
export const farFromSamples = (
  { frame, method }: Recalibration,
  input: TransferInput,
  { stagesMs, totalMs }: TransferPrediction,
): Uint8Array => {
  const { ratios, stageRatios, stageNames, total } = frame;
  const flags = new Uint8Array(totalMs.length);
  if (ratios === undefined || method === 'none') return flags;
  const source = checkedTimes('source total', totalsOf(input.sourceMs, stageNames, input.decodeSteps, total));
  for (let i = 0; i < flags.length; i++) if (isBeyond(totalMs[i] / source[i], ratios)) flags[i] = 1;
  for (const [k, range] of (stagesMs === null ? [] : (stageRatios ?? [])).entries()) {
    const [predicted, before] = [stagesMs?.[k] ?? totalMs, input.sourceMs[k]];
    const isPerStep = total.perStepStages.includes(stageNames[k]);
    for (let i = 0; i < flags.length; i++) {
      const times = isPerStep ? input.decodeSteps[i] : 1;
      const counts = Math.max((times * predicted[i]) / totalMs[i], (times * before[i]) / source[i]) >= LEAST_SHARE;
      if (counts && isBeyond(predicted[i] / before[i], range)) flags[i] = 1;
    }
  }
  return flags;
};

/** Rounding of a standardised knob. */
const ROUNDING = 1e-9;

/**
 * Knobs of rows that lie outside of what the samples measured, a warning a knob.
 *
 * @param knobOf a standardised value of a knob as its user wrote it; undefined for what the encoding derives
 */
export const sampledRangeWarnings = (
  { frame: { sampledKnobs }, method }: Recalibration,
  { knobs }: TransferInput,
  knobOf: (name: string, scaled: number) => number | undefined,
): StageWarning[] =>
  method === 'none'
    ? []
    : (sampledKnobs ?? []).flatMap(({ name, low, high }): StageWarning[] => {
        const column = knobs.columns[knobs.names.indexOf(name)];
        const outside = column?.reduce((n, x) => n + (x < low - ROUNDING || x > high + ROUNDING ? 1 : 0), 0) ?? 0;
        const [from, to] = [knobOf(name, low), knobOf(name, high)];
        if (outside === 0 || from === undefined || to === undefined) return [];
        const range = low === high ? `they all have ${from}` : `${from} to ${to}`;
        const known = Number.isFinite(from) && Number.isFinite(to) ? ` (${range})` : '';
        const message = `${name}: ${outside} of ${knobs.length} rows lie outside of what the samples on the target measured${known}`;
        return [{ code: 'outside-samples', message }];
      });

/** In words, for the rows that are flagged. */
export const ratioWarnings = (
  { frame: { ratios } }: Recalibration,
  flags: Uint8Array,
  numbers?: Uint32Array,
): StageWarning[] => {
  const rows = [...flags.keys()].filter((row) => flags[row] === 1);
  if (ratios === undefined || rows.length === 0) return [];
  const first = rows
    .slice(0, 6)
    .map((row) => (numbers?.[row] ?? row) + 1)
    .join(', ');
  return [
    {
      code: 'far-from-samples',
      message: `${rows.length} of ${flags.length} predictions are no sample's ratio to the source model, by far (${ratios.low.toPrecision(3)} to ${ratios.high.toPrecision(3)} times it were measured): do not trust row${rows.length > 1 ? 's' : ''} ${first}${rows.length > 6 ? ' and others' : ''}, measure`,
    },
  ];
};
