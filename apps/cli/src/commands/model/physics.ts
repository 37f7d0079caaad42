import { type PossibleCost, possibleCost } from '@stepclock/step-model';
import { readWhole } from '../../files/input.js';
import { given } from '../../options/given.js';
import type { hardwareOptions } from '../../options/hardware-options.js';
import type { ArgsOf } from '../../options/option.js';
import { usageFault } from '../../session/errors.js';
import type { Session } from '../../session/session.js';

/** What the hardware could do at best; undefined where no hardware was named. */
export const possibleOf = async (
  { hardware, modelConfig, tensorParallel }: Partial<ArgsOf<typeof hardwareOptions>>,
  session: Session,
): Promise<PossibleCost | undefined> => {
  if (hardware === undefined) {
    if (modelConfig !== undefined) throw usageFault('--model-config', 'needs --hardware');
    if (tensorParallel !== undefined) throw usageFault('--tensor-parallel', 'needs --hardware');
    return undefined;
  }
  if (modelConfig === undefined) throw usageFault('--hardware', "needs --model-config, the model's config.json");
  const { text, name } = await readWhole(modelConfig, session);
  return possibleCost(hardware, text, given({ tensorParallel, file: name }));
};
