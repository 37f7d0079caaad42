import { fittedColumn, rowsOf, stallsOf } from '@stepclock/step-cost';
import type { StepColumns } from '../step-columns.js';
import { joinedSteps, takenSteps } from '../step-columns.js';
import { type EnginesLog, engineSteps } from '../step-logs/engine-steps.js';
import { type ReadingOptions, readSteps } from '../step-logs/prepared-steps.js';
import { type EngineFit, EnginesFitter } from './engines-fit.js';
import type { FitStepsOptions, StepsFit } from './steps-fit.js';
import { stretchesOf, tellsAll, withKnownFacts, workingRows } from './working-steps.js';

/** The last steps of one engine, fitted. */
export interface RollingFit {
  readonly engine: EngineFit;
  /** By how much the mean step time lies above that of the fit before; null for the first. */
  readonly change: number | null;
  /** What the last window took over what the fit says of it, stalls apart: the engine as it is now takes `level` times the fit. Null where it did nothing, or tells too little. */
  readonly level: number | null;
}

const levelOf = (log: StepColumns, { terms, betas }: StepsFit): number | null => {
  const steps = withKnownFacts(log);
  if (!tellsAll(steps, terms)) return null;
  const { rows: at } = workingRows(steps);
  const stretches = stretchesOf(steps, at);
  const rows = rowsOf(
    stretches,
    Float64Array.from(at, (i) => steps.durationSec[i]),
    terms,
  );
  const coefficients = Float64Array.from(terms, ({ label }) => betas[label]);
  const stalls = stallsOf(rows, coefficients, (i) => ((stretches.prefillTokens?.[i] ?? 0) > 0 ? 1 : 0));
  const sum = (column: Float64Array): number => column.reduce((all, sec, i) => all + (stalls?.[i] === 1 ? 0 : sec), 0);
  const fitted = sum(fittedColumn(rows, coefficients));
  return fitted > 0 ? sum(rows.seconds) / fitted : null;
};

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
      fitter.add(joinedSteps(last.slice(-this.windows)));
      const [engine] = fitter.hasSteps ? fitter.fits() : [];
      if (engine === undefined) return [];
      const { meanDurationSeconds: mean } = engine.fit.diagnostics;
      const before = this.#before.get(name);
      this.#before.set(name, mean);
      const change = before === undefined ? null : mean / before - 1;
      return [{ engine: { ...engine, name }, change, level: levelOf(readSteps(steps, engine.reading), engine.fit) }];
    });
  }
}
