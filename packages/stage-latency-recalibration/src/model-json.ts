import { isFault } from '@stepclock/faults';
import type { JsonReader } from '@stepclock/regression';
import { DECODE_CONVENTIONS, type TotalRule } from './data/decode-steps.js';
import { stageFault } from './stage-fault.js';

/**
 * Runs a reader of a model file. What it finds wrong, in its own fields or in those of a model of another package, is `stage/bad-model`.
 *
 * @throws Fault `stage/bad-model`, the path of the field in its message
 */
export const readingModel = <T>(read: () => T): T => {
  try {
    return read();
  } catch (error) {
    if (!isFault(error, 'regression')) throw error;
    const { what, rule, value } = error;
    throw stageFault('stage/bad-model', { what, rule, value });
  }
};

export const totalRuleJSON = (total: TotalRule): object => ({
  per_step_stages: total.perStepStages,
  convention: total.convention,
  fixed_steps: total.fixedSteps ?? null,
});

/** @throws Fault `regression/bad-model` */
export const totalRuleFrom = (json: JsonReader, stages: readonly string[]): TotalRule => {
  const perStepStages = json.strings('per_step_stages');
  if (perStepStages.some((name) => !stages.includes(name))) {
    throw json.fault('per_step_stages', `must be among ${stages.join(', ')}`);
  }
  const convention = DECODE_CONVENTIONS.find((known) => known === json.raw('convention'));
  if (convention === undefined) throw json.fault('convention', `must be one of ${DECODE_CONVENTIONS.join(', ')}`);
  if (!json.has('fixed_steps')) return { perStepStages, convention };
  const fixedSteps = json.number('fixed_steps');
  if (!(fixedSteps >= 0)) throw json.fault('fixed_steps', 'must be at least 0');
  return { perStepStages, convention, fixedSteps };
};
