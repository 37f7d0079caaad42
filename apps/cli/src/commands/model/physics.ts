import type { Warning } from '@stepclock/faults';
import {
  type PhysicalEstimate,
  type PossibleCost,
  physicalChecks,
  physicsJson,
  physicsText,
  physicsWarnings,
  possibleCost,
} from '@stepclock/step-model';
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

/** Nothing where no hardware was named; else the estimate's costs beside what is possible, for warnings, JSON and people. */
export const physicsOf = (
  estimate: PhysicalEstimate,
  possible: PossibleCost | undefined,
): { readonly warnings: readonly Warning[]; readonly json: object; readonly text: readonly string[] } => {
  if (possible === undefined) return { warnings: [], json: {}, text: [] };
  const checks = physicalChecks(estimate, possible);
  return {
    warnings: physicsWarnings(checks),
    json: { physics: physicsJson(possible, checks) },
    text: ['', physicsText(possible, checks)],
  };
};
