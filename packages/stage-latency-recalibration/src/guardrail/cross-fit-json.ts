import { JsonReader } from '@stepclock/regression';
import { readingModel } from '../model-json.js';
import { recalibrationFromJSON } from '../recalibration/recalibrate.js';
import { stageFault } from '../stage-fault.js';
import type { CrossFit } from './cross-fit.js';

/** A cross-fit as a plain object, so that bounds can be drawn later without the samples' knobs. */
export const crossFitJSON = (cross: CrossFit): object => ({
  folds: cross.folds.map(({ model, rows }) => ({ rows: [...rows], model: model.toJSON() })),
  ratios: [...cross.ratios],
  predicted_ms: [...cross.predictedMs],
});

/** @throws Fault `stage/bad-model` */
export const crossFitFromJSON = (value: unknown): CrossFit => {
  const json = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
  const { folds, ratios, predicted_ms: predicted } = json;
  if (!Array.isArray(folds) || !Array.isArray(ratios) || !Array.isArray(predicted)) {
    throw stageFault('stage/bad-model', {
      what: 'guardrail',
      rule: 'must have folds, ratios and predicted_ms',
      value: 'others',
    });
  }
  return readingModel(() => {
    const reader = JsonReader.of(value, 'guardrail');
    const n = ratios.length;
    const seen = new Uint8Array(n);
    const read = reader.objects('folds').map((fold) => {
      const rows = [...fold.numbers('rows')];
      for (const row of rows) {
        if (seen[row] !== 0) throw fault(reader);
        seen[row] = 1;
      }
      return { rows, model: recalibrationFromJSON(fold.raw('model')) };
    });
    if (seen.includes(0)) throw fault(reader);
    return { folds: read, ratios: reader.numbers('ratios'), predictedMs: reader.numbers('predicted_ms', n) };
  });
};

const fault = (reader: JsonReader) => reader.fault('folds', 'must hold every sample in one of their rows');
