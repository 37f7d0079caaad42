import { runScenario } from '@stepclock/engine-sim';
import { Fault } from '@stepclock/faults';
import { seededRandom } from '@stepclock/numerics';
import { EnginesFitter, type StepColumns } from '@stepclock/step-model';

/** What of a step's time an engine that plans ahead is left to wait for. */
const WAITS: Readonly<Record<string, (sec: number, random: () => number) => number>> = {
  'all but 3 ms': (sec) => Math.max(0, sec - 0.003),
  'all but 9 ms': (sec) => Math.max(0, sec - 0.009),
  'a fifth to seven tenths': (sec, random) => sec * (0.2 + 0.5 * random()),
  'nothing in every third': (sec, random) => (random() < 1 / 3 ? 0 : 0.6 * sec),
};
const ENGINES = ['kv', 'kv-light', 'budget-2048-bursty'] as const;
const TO_10_US = 1e5;

/** Async lines with stamps of a resolution, fitted: the coefficient that is farthest off, in %, of three engines; or why a log is refused. */
export interface AsyncFits {
  readonly wait: string;
  readonly of: readonly string[];
}

/** @param resolutions of stamps, s; 0: exact, null: no stamps */
export const asyncFits = (resolutions: readonly (number | null)[]): readonly AsyncFits[] => {
  const runs = ENGINES.map((engine) => ({ engine, ...runScenario(engine, { requests: 1500, seed: 4 }) }));
  return Object.entries(WAITS).map(([wait, left]) => ({
    wait,
    of: resolutions.map((resolution) => {
      const found = runs.map(({ engine, steps, coefficients }) => {
        const random = seededRandom(4, `${engine} ${wait}`);
        const rounded = (sec: number): number =>
          resolution === 0 || resolution === null ? sec : Math.floor(sec / resolution) * resolution;
        const log: StepColumns = {
          ...steps,
          startSec: undefined,
          // As vLLM prints them.
          durationSec: steps.durationSec.map((sec) => Math.round(TO_10_US * left(sec, random)) / TO_10_US),
          ...(resolution !== null && { stampSec: steps.durationSec.map((sec, i) => rounded(steps.startSec[i] + sec)) }),
        };
        return farthestOff(log, Object.entries(coefficients));
      });
      const off = found.filter((value) => value !== undefined);
      const refused = found.length - off.length;
      return [
        ...(off.length > 0 ? [`${(100 * Math.max(...off)).toFixed(2)} %`] : []),
        ...(refused > 0 ? [`refused ${refused} of ${found.length}`] : []),
      ].join(', ');
    }),
  }));
};

/** Undefined where the log is refused for its waiting. */
const farthestOff = (log: StepColumns, truth: readonly (readonly [string, number])[]): number | undefined => {
  const fitter = new EnginesFitter({ model: log.contextTokens && truth.length > 3 ? 'kv' : 'linear' });
  try {
    fitter.add(log);
  } catch (error) {
    if (error instanceof Fault && error.code === 'step-model/elapsed-is-waiting') return undefined;
    throw error;
  }
  const [engine] = fitter.fits();
  return Math.max(...truth.map(([label, value]) => Math.abs((engine?.fit.betas[label] ?? 0) / value - 1)));
};
