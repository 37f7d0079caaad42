import { betasFileOf, type EngineFit, type StepsFit, snakeCaseFields } from '@stepclock/step-model';
import type { TraceInput } from '../../files/trace-input.js';
import type { Session } from '../../session/session.js';
import { grouped } from '../../text/quantity.js';
import { physicsOf } from '../model/physical-words.js';

export type Possible = Parameters<typeof physicsOf>[1];

/** How an engine's log was read, as fields of a model's file. */
export const readingJson = ({ reading }: EngineFit): object => ({
  time: reading.time,
  clock: snakeCaseFields(reading.clock),
  row_shift: reading.shift,
});

/** A fit as a betas file's fields, with what the hardware could do, and its warnings. */
export const stepModelOf = (fit: StepsFit, warnings: EngineFit['warnings'], possible: Possible) => {
  const physics = physicsOf(fit, possible);
  const all = [...warnings, ...physics.warnings];
  const withWarnings = { ...fit, warnings: all };
  return { json: { ...betasFileOf(withWarnings), ...physics.json }, text: physics.text, warnings: all };
};

/** How far a log's own account of itself goes: what it lost, or left out. */
export const warnOfStepFacts = ({ trace, name }: TraceInput, log: Session['log']): void => {
  if (trace.kind !== 'steps') return;
  const { lostSteps, sampled } = trace.facts;
  if (lostSteps !== undefined)
    log.warn(`${name}: ${grouped(lostSteps)} steps are lost, by the log's own counting [lost-steps]`);
  if (sampled) log.warn(`${name}: the log is sampled: it has the last step of every interval only [sampled-steps]`);
};
