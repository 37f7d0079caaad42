import type { EngineLimits } from '@stepclock/engine-sim';
import { CATALOGUE } from '@stepclock/step-cost';
import { betasOfFile } from '../model-file/betas-file.js';
import type { BetasFile } from '../model-file/betas-schema.js';
import { servingOfModel } from '../serving/model-serving.js';
import { engineUnderLoad, isBroken } from './engine-under-load.js';
import { headOf, type LoadShape } from './load-shape.js';
import type { OperatingFigures } from './operating-figures.js';
import { saturationRate } from './saturation.js';
import { type Slo, sloName } from './slo.js';

/** A capacity at a glance: what {@link capacity} would settle, from so few requests that it follows a slider. */
export interface QuickCurve {
  readonly curve: readonly OperatingFigures[];
  readonly atRate: OperatingFigures | null;
  readonly saturationPerSec: number;
  /** Where the first SLO breaks, between the rates of the curve; null where the lowest of them breaks one. */
  readonly holdsPerSec: number | null;
  /** The SLO that breaks there; null where the saturation ends the rate. */
  readonly binding: string | null;
  readonly requests: number;
}

/** Output tokens of the requests that serve the curve: what a few hundredths of a second simulate. */
const OUTPUT_TOKENS = 60_000;
const [FEWEST, MOST] = [200, 2000];
const SHARES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 0.9, 1];

const requestsFor = ({ outputTokens, length }: LoadShape): number => {
  const mean = outputTokens.reduce((sum, tokens) => sum + tokens, 0) / length;
  return Math.min(length, MOST, Math.max(FEWEST, Math.round(OUTPUT_TOKENS / Math.max(1, mean))));
};

/**
 * The figures of an engine over the rate from few requests. Rates between which an SLO breaks are interpolated: `capacity` settles them.
 *
 * @param ratePerSec one more rate that is looked at
 */
export const quickCurve = (
  model: BetasFile,
  shape: LoadShape,
  slos: readonly Slo[],
  limits: EngineLimits,
  ratePerSec: number | null = null,
): QuickCurve => {
  const { rules, ...corrections } = servingOfModel(model);
  const engine = engineUnderLoad(betasOfFile(model), {
    limits: { ...rules, ...limits },
    catalogue: CATALOGUE,
    seed: 0,
    corrections,
  });
  const head = headOf(shape, requestsFor(shape));
  const saturationPerSec = saturationRate(engine, head);
  const runs = SHARES.map((share) => engine(head, share * saturationPerSec, slos));
  let holdsPerSec: number | null = null;
  let binding: string | null = null;
  for (const [k, run] of runs.entries()) {
    const broken = slos.findIndex((slo, i) => isBroken(run.slos[i], slo));
    if (broken < 0) {
      holdsPerSec = run.figures.ratePerSec;
      continue;
    }
    binding = sloName(slos[broken]);
    if (k === 0) break;
    const [below, above] = [runs[k - 1].slos[broken] ?? 0, run.slos[broken] ?? 0];
    const from = runs[k - 1].figures.ratePerSec;
    const part = above > below ? (slos[broken].limitSec - below) / (above - below) : 0;
    holdsPerSec = from + Math.min(1, Math.max(0, part)) * (run.figures.ratePerSec - from);
    break;
  }
  return {
    curve: runs.map(({ figures }) => figures),
    atRate: ratePerSec === null ? null : engine(head, ratePerSec, slos).figures,
    ...{ saturationPerSec, holdsPerSec, binding },
    requests: head.length,
  };
};
