import { checkedTimes, totalsOf } from '../data/stage-table.js';
import type { StageWarning } from '../stage-fault.js';
import type { RatioRange, Recalibration, TransferPrediction } from './recalibration.js';
import type { TransferInput, TransferSamples } from './samples.js';

/** A ratio beyond the samples' by more than this factor is none that they back: the processes' maps end at e^0.3 = 1.35. */
const BEYOND = 1.5;

export const ratioRangeOf = (samples: TransferSamples): RatioRange | undefined => {
  if (samples.targetTotalMs.length === 0) return undefined;
  const source = totalsOf(samples.sourceMs, samples.stageNames, samples.decodeSteps, samples.total);
  const ratios = samples.targetTotalMs.map((ms, i) => ms / source[i]);
  return { low: ratios.reduce((a, b) => Math.min(a, b)), high: ratios.reduce((a, b) => Math.max(a, b)) };
};

/** 1 for each row whose predicted total is to the source's as no sample was, by far. */
export const farFromSamples = (
  { frame, method }: Recalibration,
  input: TransferInput,
  { totalMs }: TransferPrediction,
): Uint8Array => {
  const { ratios, stageNames, total } = frame;
  const flags = new Uint8Array(totalMs.length);
  if (ratios === undefined || method === 'none') return flags;
  const source = checkedTimes('source total', totalsOf(input.sourceMs, stageNames, input.decodeSteps, total));
  for (let i = 0; i < flags.length; i++) {
    const ratio = totalMs[i] / source[i];
    if (ratio < ratios.low / BEYOND || ratio > ratios.high * BEYOND) flags[i] = 1;
  }
  return flags;
};

/** In words, for the rows that are flagged. */
export const ratioWarnings = ({ frame: { ratios } }: Recalibration, flags: Uint8Array): StageWarning[] => {
  const rows = [...flags.keys()].filter((row) => flags[row] === 1);
  if (ratios === undefined || rows.length === 0) return [];
  const first = rows
    .slice(0, 6)
    .map((row) => row + 1)
    .join(', ');
  return [
    {
      code: 'far-from-samples',
      message: `${rows.length} of ${flags.length} predictions are no sample's ratio to the source model, by far (${ratios.low.toPrecision(3)} to ${ratios.high.toPrecision(3)} times it were measured): do not trust row${rows.length > 1 ? 's' : ''} ${first}${rows.length > 6 ? ' and others' : ''}, measure`,
    },
  ];
};
