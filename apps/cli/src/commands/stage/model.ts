import {
  type CrossFit,
  crossFitFromJSON,
  type KnobTable,
  knobTableFrom,
  perSampleTable,
  type RecalibrateOptions,
  type Recalibration,
  recalibrationFromJSON,
  StageEstimator,
  type StageWarning,
  type TransferPrediction,
  transferInput,
  transferNetworksFromJSON,
} from '@stepclock/stage-latency-recalibration';
import { given } from '../../options/given.js';
import type { ArgsOf } from '../../options/option.js';
import { usageFault } from '../../session/errors.js';
import type { Session } from '../../session/session.js';
import { readModelJson, readTable } from './input.js';
import type { knobOptions } from './options.js';

export const TRANSFER_SCHEMA = 'stepclock/stage-transfer@1';

/** A model of one GPU, or one carried to another. */
export interface StageModelFile {
  readonly source: StageEstimator;
  readonly recalibration: Recalibration | undefined;
  readonly guardrail: { readonly cross: CrossFit; readonly sampleTotalsMs: Float64Array } | undefined;
  readonly networks: RecalibrateOptions['networks'] | undefined;
}

/** Reads what `stage train` or `stage recalibrate` wrote. */
export const readStageModel = async (path: string, session: Session): Promise<StageModelFile> => {
  const json = (await readModelJson(path, session)) as Readonly<Record<string, unknown>> | null;
  const transferred = json?.schema === TRANSFER_SCHEMA;
  const source = StageEstimator.fromJSON(transferred ? json.source : json);
  if (!transferred) {
    return {
      source,
      recalibration: undefined,
      guardrail: undefined,
      networks: json?.networks === undefined ? undefined : transferNetworksFromJSON(json.networks),
    };
  }
  const cross = crossFitFromJSON(json.guardrail);
  return {
    source,
    recalibration: recalibrationFromJSON(json.recalibration),
    guardrail: {
      cross,
      sampleTotalsMs: cross.ratios.map((ratio, i) => ratio * cross.predictedMs[i]),
    },
    networks: undefined,
  };
};

/** Times of configurations on the model's GPU: the target's where the model was carried over. */
export const predictStages = (
  model: StageModelFile,
  knobs: KnobTable,
): TransferPrediction & { readonly warnings: readonly StageWarning[] } => {
  const { stagesMs, totalMs, warnings } = model.source.predict(knobs);
  if (model.recalibration === undefined) return { stagesMs, totalMs, warnings };
  return { ...model.recalibration.predict(transferInput(model.source, knobs)), warnings };
};

interface KnobArgs extends ArgsOf<typeof knobOptions> {
  readonly set?: readonly string[];
}

/** Configurations of `--data` or `--set`. */
export const readKnobs = async (args: KnobArgs, model: StageModelFile, session: Session): Promise<KnobTable> => {
  const { data, set = [], filter } = args;
  if ((data === undefined) === (set.length === 0)) {
    throw usageFault('--data, --set', 'one of them must name the configurations');
  }
  const table = data === undefined ? perSampleTable([settings(set)], '--set') : await readTable(data, session);
  return knobTableFrom(table, model.source.knobNames, model.source.parts.total, {
    ...given({ outputTokens: args.outputTokens, decodeSteps: args.decodeSteps }),
    ...(filter.length > 0 ? { filter } : {}),
  });
};

const settings = (pairs: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw usageFault('--set', 'must be name=value', pair);
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    }),
  );
