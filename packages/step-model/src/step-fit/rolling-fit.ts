import type { StepColumns } from '../step-columns.js';
import { takenSteps } from '../step-columns.js';
import { type EnginesLog, engineSteps } from '../step-logs/engine-steps.js';
import type { ReadingOptions } from '../step-logs/prepared-steps.js';
import { type EngineFit, EnginesFitter } from './engines-fit.js';
import type { FitStepsOptions } from './steps-fit.js';

/** The last steps of one engine, fitted. */
export interface RollingFit {
  readonly engine: EngineFit;
  /** By how much the mean step time lies above that of the fit before; null for the first. */
  readonly change: number | null;
}

/** Fits the last windows of a log again with every new one. Memory is those windows. */
export class RollingFitter {
  readonly #last = new Map<string, StepColumns[]>();
  readonly #before = new Map<string, number>();
  #inLockstep: boolean | undefined;

  /** @param windows how many of the last are fitted */
  constructor(
    private readonly windows: number,
    private readonly options: FitStepsOptions & ReadingOptions = {},
  ) {}

  /** Takes the next window of steps. @throws Fault as `fitSteps`, `timedSteps` */
  add(log: EnginesLog): readonly RollingFit[] {
    const parts = engineSteps(log, this.#inLockstep);
    this.#inLockstep ??= parts[0]?.ranks !== undefined;
    return parts.flatMap(({ name, steps }) => {
      const last = this.#last.get(name) ?? [];
      // The log's columns are filled anew for its next window.
      last.push(
        takenSteps(
          steps,
          Uint32Array.from({ length: steps.length }, (_, i) => i),
        ),
      );
      this.#last.set(name, last.slice(-this.windows));
      const fitter = new EnginesFitter(this.options);
      for (const window of last.slice(-this.windows)) fitter.add(window);
      const [engine] = fitter.fits();
      if (engine === undefined) return [];
      const { meanDurationSeconds: mean } = engine.fit.diagnostics;
      const before = this.#before.get(name);
      this.#before.set(name, mean);
      return [{ engine: { ...engine, name }, change: before === undefined ? null : mean / before - 1 }];
    });
  }
}
