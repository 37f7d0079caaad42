import { isFault, type Warning } from '@stepclock/faults';
import { quantileOf } from '@stepclock/numerics';
import { type Betas, CATALOGUE } from '@stepclock/step-cost';
import type { RequestTable } from '@stepclock/trace-io';
import { betasOfFile } from '../model-file/betas-file.js';
import type { BetasFile } from '../model-file/betas-schema.js';
import { drawnBetas } from '../replay/coefficient-draws.js';
import type { ComparedMetric } from '../replay/metric-comparison.js';
import { type Replay, type ReplayOptions, type ReplaySettings, replay } from '../replay/replay.js';
import type { Band } from '../replay/replay-bands.js';
import { replaySensitivity, sensitivityWarnings } from '../replay/replay-sensitivity.js';
import { replayWarnings } from '../replay/replay-warnings.js';
import { METRIC_NAMES, type MetricName } from '../replay/serving-metrics.js';
import { stepModelFault } from '../step-model-fault.js';
import { type Change, changedRequests } from './change.js';

export interface WhatIfOptions extends ReplayOptions {
  /** Replays of both with drawn coefficients, for the bands; default 20, 0 for none. */
  readonly draws?: number;
  /** The model of the changed engine, such as of another GPU; default the same. */
  readonly other?: BetasFile;
  readonly onProgress?: (done: number, of: number) => void;
}

/** A figure, s: measured, replayed as it was, and replayed with the change. Null where one is not defined. */
export interface ChangedFigure {
  readonly measured: number | null;
  readonly replayed: number | null;
  readonly changed: number | null;
  /** Changed over replayed, less one. */
  readonly difference: number | null;
  /** Where the difference may lie, by what the coefficients may be: both replays have the same in each draw. */
  readonly band: Band | null;
}

type Figures = Readonly<Record<keyof ComparedMetric, ChangedFigure>>;

/** What a run serves, and how full it is. */
export interface RunFigures {
  readonly steps: number;
  readonly preemptions: number;
  /** From the first arrival to the last token, s. */
  readonly spanSec: number;
  readonly outputTokensPerSec: number;
  /** Share of that time in which a step runs, over all engines. */
  readonly utilisation: number;
  /** Mean over the time of the steps, an engine. */
  readonly decodeSeqs: number;
}

/** A log served again as it was, and with a change. */
export interface WhatIf {
  readonly metrics: Readonly<Record<MetricName, Figures>>;
  readonly runs: { readonly replayed: RunFigures; readonly changed: RunFigures };
  /** Level and draws of the bands; null where there are none. */
  readonly bands: { readonly level: number; readonly draws: number } | null;
  readonly requests: number;
  /** Clients of a closed loop, before and after; null where arrivals are the log's. */
  readonly clients: readonly [number, number] | null;
  readonly replay: Replay;
  readonly changedReplay: Replay;
  readonly warnings: readonly Warning[];
}

const FIGURES = ['mean', 'p50', 'p90', 'p95', 'p99'] as const satisfies readonly (keyof ComparedMetric)[];
const USUAL_DRAWS = 20;

const runFigures = ({ simulation: { steps, requests } }: Replay): RunFigures => {
  let [first, last] = [Infinity, -Infinity];
  let tokens = 0;
  for (let i = 0; i < requests.length; i++) {
    first = Math.min(first, requests.arrivalSec[i]);
    last = Math.max(last, requests.lastTokenSec[i]);
    tokens += requests.outputTokens[i];
  }
  let [busySec, decodeSec, preemptions, engines] = [0, 0, 0, 1];
  for (let k = 0; k < steps.length; k++) {
    busySec += steps.durationSec[k];
    decodeSec += steps.durationSec[k] * steps.decodeTokens[k];
    preemptions += steps.preemptions[k];
    engines = Math.max(engines, (steps.instance?.[k] ?? 0) + 1);
  }
  const spanSec = last - first;
  return {
    steps: steps.length,
    preemptions,
    spanSec,
    outputTokensPerSec: tokens / spanSec,
    utilisation: Math.min(1, busySec / (engines * spanSec)),
    decodeSeqs: decodeSec / busySec,
  };
};

/** Coefficients at their bounds can only be drawn to one side: the fitted one belongs to its band. */
const bandAround = (drawn: readonly number[], fitted: number, level: number): Band => [
  Math.min(fitted, quantileOf(drawn, (1 - level) / 2)),
  Math.max(fitted, quantileOf(drawn, (1 + level) / 2)),
];

/**
 * What a change would do to a log: its requests are served again as they were and with the change, by the fitted model, under the rules that the
 * replay itself found. The difference of the two is the answer: what the replay is off by is the same in both.
 *
 * @throws Fault as {@link replay} does
 *
 * @example
 * whatIf(requests, model, { maxNumBatchedTokens: 2048 }, parseChange('rate=x2')).metrics.tpot.mean.difference // => 0.18
 */
export const whatIf = (
  requests: RequestTable,
  model: BetasFile,
  settings: ReplaySettings,
  change: Change,
  options: WhatIfOptions = {},
): WhatIf => {
  const { draws = USUAL_DRAWS, other = model, onProgress, ...served } = options;
  const { seed = 0, catalogue = CATALOGUE } = served;
  if (change.limits?.dataParallel !== undefined && requests.instance !== undefined) {
    const rule = 'cannot be of a log that tells its engines apart: nobody knows which of them a request would go to';
    throw stepModelFault('step-model/bad-change', { what: 'data-parallel', rule, value: change.limits.dataParallel });
  }
  const changed = changedRequests(requests, change);
  const serve = (betas: Betas, rules: ReplaySettings): Replay => replay(requests, betas, rules, served);
  const done = serve(betasOfFile(model, catalogue), settings);
  const clients = done.clients === null ? null : Math.max(1, Math.round(done.clients * (change.rate ?? 1)));
  const serveChanged = (betas: Betas): Replay =>
    replay(changed, betas, { ...done.settings, ...change.limits }, { ...served, concurrency: clients ?? 0 });
  const after = serveChanged(betasOfFile(other, catalogue));

  const ofModel = drawnBetas(model, draws, seed, catalogue);
  const ofOther = other === model ? ofModel : drawnBetas(other, draws, seed + 1, catalogue);
  const ratios: Readonly<Record<MetricName, readonly (readonly number[])[]>>[] = [];
  for (let d = 0; ofModel !== undefined && ofOther !== undefined && d < draws; d++) {
    onProgress?.(d, draws);
    try {
      const [before, then] = [serve(ofModel[d], done.settings).metrics, serveChanged(ofOther[d]).metrics];
      const of = (metric: MetricName) =>
        FIGURES.map((figure) => {
          const [from, to] = [before[metric][figure].replayed, then[metric][figure].replayed];
          return from === null || to === null || !(from > 0) ? [] : [to / from - 1];
        });
      ratios.push({ ttft: of('ttft'), tpot: of('tpot'), latency: of('latency') });
    } catch (error) {
      // Coefficients under which a step takes no time are no engine.
      if (!isFault(error) || error.code !== 'engine-sim/bad-step-time') throw error;
    }
  }
  const level = model.intervals?.level ?? null;
  const hasBands = level !== null && ratios.length >= Math.max(2, draws / 2);
  const figuresOf = (metric: MetricName): Figures => {
    const [mean, p50, p90, p95, p99] = FIGURES.map((figure, f): ChangedFigure => {
      const { measured, replayed } = done.metrics[metric][figure];
      const then = after.metrics[metric][figure].replayed;
      const drawn = ratios.flatMap((one) => one[metric][f]);
      const isDefined = replayed !== null && then !== null && replayed > 0;
      return {
        measured,
        replayed,
        changed: then,
        difference: isDefined ? then / replayed - 1 : null,
        band: hasBands && isDefined && drawn.length > 1 ? bandAround(drawn, then / replayed - 1, level) : null,
      };
    });
    return { mean, p50, p90, p95, p99 };
  };
  const [ttft, tpot, latency] = METRIC_NAMES.map(figuresOf);
  return {
    metrics: { ttft, tpot, latency },
    runs: { replayed: runFigures(done), changed: runFigures(after) },
    bands: hasBands ? { level, draws: ratios.length } : null,
    requests: requests.length,
    clients: done.clients === null || clients === null ? null : [done.clients, clients],
    replay: done,
    changedReplay: after,
    warnings: [
      ...replayWarnings(other, after, catalogue),
      ...sensitivityWarnings(
        replaySensitivity(changed, betasOfFile(other, catalogue), after, { ...served, concurrency: clients ?? 0 }),
      ),
    ],
  };
};
