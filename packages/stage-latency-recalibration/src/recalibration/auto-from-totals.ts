import type { LinearModel } from '@stepclock/regression';
import { autoBlend } from './auto-blend.js';
import { sampledRanges } from './ratio-range.js';
import { byMix, byTotal, type Recalibration, type TransferFrame } from './recalibration.js';
import { type TransferSamples, takeInput, takeSamples, wholeSamples } from './samples.js';

/**
 * `auto` where the target has totals alone: the total's blend, or the non-negative mix of the source's stages where its error out of fold is
 * less on the same folds.
 */
export const autoFromTotals = (
  samples: TransferSamples,
  seed: number,
  mix: (samples: TransferSamples) => LinearModel,
): Recalibration => {
  const frame: TransferFrame = {
    samples: samples.targetTotalMs.length,
    stageNames: samples.stageNames,
    total: samples.total,
    ...sampledRanges(samples),
  };
  const auto = autoBlend(wholeSamples(samples), seed);
  const parts = auto.splits.map(({ train, test }) => ({
    rows: test,
    frame: { ...frame, samples: train.length },
    train: takeSamples(samples, train),
  }));
  const blended = parts.map((part, s) => ({
    rows: part.rows,
    model: byTotal('auto', part.frame, auto.foldMaps[s][0]),
  }));
  const mixed = parts.map((part) => ({ rows: part.rows, model: byMix(part.frame, mix(part.train), 'auto') }));
  const [ofBlend, ofMix] = [blended, mixed].map((folds) => meanSquare(folds, samples));
  const isMix = ofMix < ofBlend;
  const [report] = auto.reports;
  return {
    ...(isMix ? byMix(frame, mix(samples), 'auto') : byTotal('auto', frame, auto.maps[0])),
    folds: isMix ? mixed : blended,
    blend: [
      {
        stage: report.stage,
        winner: isMix ? 'stage-mix' : report.winner,
        candidates: [
          ...report.candidates.map((one) => ({ ...one, weight: isMix ? 0 : one.weight })),
          { candidate: 'stage-mix', weight: isMix ? 1 : 0, crossValidatedPercent: 100 * Math.sqrt(ofMix) },
        ],
      },
    ],
  };
};

/** Of the logarithm of predicted over measured, out of fold. */
const meanSquare = (folds: NonNullable<Recalibration['folds']>, samples: TransferSamples): number => {
  let sum = 0;
  for (const { model, rows } of folds) {
    const { totalMs } = model.predict(takeInput(samples, rows));
    rows.forEach((row, i) => {
      sum += Math.log(totalMs[i] / samples.targetTotalMs[row]) ** 2;
    });
  }
  return sum / samples.targetTotalMs.length;
};
