import { knobTableFrom, perSampleTable, readStageModel, type StageModel } from '@stepclock/stage-latency-recalibration';
import { readWhole } from '../../files/input.js';
import { given } from '../../options/given.js';
import type { ArgsOf } from '../../options/option.js';
import { usageFault } from '../../session/errors.js';
import type { Session } from '../../session/session.js';
import { readTable } from './input.js';
import type { knobOptions } from './options.js';

/** Reads what `stage train`, `stage recalibrate` or `stage experiment` wrote. */
export const openStageModel = async (path: string, session: Session): Promise<StageModel> => {
  const { text, name } = await readWhole(path, session);
  return readStageModel(text, name);
};

interface KnobArgs extends ArgsOf<typeof knobOptions> {
  readonly set?: readonly string[];
}

/** Configurations of `--data` or `--set`. */
export const readKnobs = async (
  args: KnobArgs,
  model: StageModel,
  session: Session,
): Promise<ReturnType<typeof knobTableFrom>> => {
  const { data, set = [], filter } = args;
  if ((data.length === 0) === (set.length === 0)) {
    throw usageFault('--data, --set', 'one of them must name the configurations');
  }
  const table = data.length === 0 ? perSampleTable([settings(set)], '--set') : await readTable(data, session);
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
