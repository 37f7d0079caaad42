import type { StepColumns } from '../step-columns.js';
import { takenSteps } from '../step-columns.js';
import { lockstepRanks } from './lockstep-ranks.js';

/** The steps of one engine of a log. */
export interface EngineSteps {
  /** '' where the log names none. */
  readonly name: string;
  readonly steps: StepColumns;
  /** Ranks that wait for each other in each step, where these are their steps. */
  readonly ranks?: number;
}

/** A step log that may be of several engines. */
export type EnginesLog = StepColumns & {
  readonly instance?: Uint32Array | undefined;
  readonly instanceIds?: { readonly length: number; readonly at: (i: number) => string | undefined } | undefined;
};

/** The steps of each engine of a log, in the order in which it names them; ranks that wait for each other in each step are one engine. @param inLockstep whether they do, by an earlier part of the log */
export const engineSteps = (log: EnginesLog, inLockstep?: boolean): readonly EngineSteps[] => {
  const { instance, instanceIds } = log;
  if (instance === undefined || log.length === 0) return [{ name: '', steps: log }];
  const together = lockstepRanks(log, inLockstep);
  if (together !== undefined) return [{ name: `${together.ranks} ranks in lockstep`, ...together }];
  const rows = new Map<number, number[]>();
  for (let i = 0; i < log.length; i++) {
    const own = rows.get(instance[i]);
    if (own === undefined) rows.set(instance[i], [i]);
    else own.push(i);
  }
  return [...rows]
    .sort(([a], [b]) => a - b)
    .map(([engine, own]) => ({
      name: instanceIds?.at(engine) ?? String(engine),
      steps: takenSteps(log, Uint32Array.from(own)),
    }));
};
