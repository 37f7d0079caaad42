import { quantileOf } from '@stepclock/numerics';
import { betasFileOf, capacity, loadShapeOf, parseSlos } from '@stepclock/step-model';
import { type FittedLog, type ServedLog, type Window, within } from './served-log.js';

/** An SLO of a part of a log, by what was measured there and by what a model of another part foretells. */
export interface ForetoldSlo {
  readonly slo: string;
  readonly isKept: boolean;
  readonly isForetold: boolean;
}

/** What one engine takes of a part of a log, by a model of another part. */
export interface ForetoldPart {
  readonly loadPerSec: number;
  readonly saturationPerSec: number;
  readonly slos: readonly ForetoldSlo[];
}

/** What replays are asked to hit: so much below and above what was measured lies a limit that is broken, and one that is kept. */
const ASKED = { tpot: 0.05, ttft: 0.1 } as const;

const ms = (sec: number): string => `${+(1e3 * sec).toPrecision(4)}ms`;

/** Whether `capacity` tells of a part of a log which limits it keeps: just below and above the measured means and p95s, or those given. */
export const foretoldPart = (
  log: ServedLog,
  model: FittedLog,
  window: Window | undefined,
  given: readonly string[] = [],
): ForetoldPart => {
  const requests = window === undefined ? log.requests : within(log.requests, window);
  const { arrivalSec: arrival, firstTokenSec: first, lastTokenSec: last, outputTokens } = requests;
  if (arrival === undefined || first === undefined || last === undefined) throw new Error('no times of its requests');
  const seen = {
    ttft: first.map((sec, i) => sec - arrival[i]),
    tpot: last.map((sec, i) => (sec - first[i]) / (outputTokens[i] - 1)).filter((sec) => Number.isFinite(sec)),
  };
  const measured = (metric: keyof typeof seen, statistic: string): number =>
    statistic === 'mean'
      ? seen[metric].reduce((a, b) => a + b, 0) / seen[metric].length
      : quantileOf(seen[metric], Number(statistic.slice(1)) / 100);
  const near = (['tpot', 'ttft'] as const).flatMap((metric) =>
    ['mean', 'p50', 'p95'].flatMap((statistic) =>
      [1 - ASKED[metric], 1 + ASKED[metric]].map(
        (share) => `${metric}:${statistic}:${ms(share * measured(metric, statistic))}`,
      ),
    ),
  );
  const { overhead, rules } = model.serving;
  const corrections = { promptOffsetTokens: model.promptOffsetTokens, ...(overhead && { overhead }) };
  const file = betasFileOf({ algo: 'steps', betas: model.betas });
  const shape = loadShapeOf(requests);
  const answers = (given.length > 0 ? given : near).map((slo) => {
    const slos = parseSlos(slo);
    const found = capacity(file, shape, slos, { ...log.limits, ...rules }, { draws: 0, corrections });
    const isKept = slo.split(' ').every((clause, i) => {
      const [metric, statistic] = clause.split(':');
      return measured(metric === 'ttft' ? 'ttft' : 'tpot', statistic) <= slos[i].limitSec;
    });
    return { found, told: { slo, isKept, isForetold: found.logLoad?.isFeasible === true } };
  });
  return {
    loadPerSec: shape.logPerSec ?? Number.NaN,
    saturationPerSec: answers[0].found.saturationPerSec,
    slos: answers.map(({ told }) => told),
  };
};
