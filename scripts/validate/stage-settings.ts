// What a stage model claims of configurations that it has not seen, against such configurations: npm run validate -- DATA --only stage-settings
// Sets a1, a2, a3 are described in docs/accuracy.md. 20 draws each; --quick: 4, judged by
// what four draws tell.
import { meanOf, medianOf, seededRandom, shuffled } from '@stepclock/numerics';
import {
  crossFit,
  errorFigures,
  measuredTotals,
  predictStages,
  recalibrate,
  type StageModel,
  type StageTable,
  takeConfigurations,
  totalInterval,
  trainEstimator,
  transferSamples,
} from '@stepclock/stage-latency-recalibration';
import {
  A1,
  A2,
  A3,
  hasMeasurements,
  type MeasuredSet,
  quick,
  say,
  sourceAndTarget,
} from './stage-sets/measured-sets.js';
import { overDraws, worstOf } from './targets/over-draws.js';

const DRAWS = quick ? 4 : 20;

/** A configuration measured wrongly, by its knobs. On the H100: a prefill of 361 ms, where a quarter of the batch takes 1,192 ms. */
const WRONG: Readonly<Record<string, readonly (string | number)[]>> = { a1: ['llama2-70b', 2, 512, 64, 128] };

/** What a model says of configurations that it has not seen, held against them. */
interface Held {
  readonly claimed: number;
  readonly theirs: number;
  /** Inside the 90 % interval; undefined where the model has none. */
  readonly inside: number | undefined;
  readonly rows: number;
}

const heldAgainst = (model: StageModel, claimed: number, test: StageTable): Held => {
  const measured = measuredTotals(test);
  const { totalMs } = predictStages(model, test);
  const interval = totalInterval(model, test, totalMs);
  return {
    claimed,
    theirs: errorFigures(measured, totalMs).mapePercent,
    inside: interval
      ? measured.filter((ms, i) => interval.lowMs[i] <= ms && ms <= interval.highMs[i]).length
      : undefined,
    rows: test.length,
  };
};

/** Of the logarithm of claimed over true. */
const FACTOR = { low: -Math.log(1.5), high: Math.log(1.5) };
const COVERAGE = { low: 85, high: 95 };

const line = (name: string, what: string, held: readonly Held[]): void => {
  const [claimed, theirs] = [meanOf(held.map((h) => h.claimed)), meanOf(held.map((h) => h.theirs))];
  const ratio = medianOf(held.map((h) => h.claimed / h.theirs));
  const bounded = held.filter(({ inside }) => inside !== undefined);
  const coverage =
    (100 * bounded.reduce((sum, { inside = 0 }) => sum + inside, 0)) / bounded.reduce((sum, { rows }) => sum + rows, 0);
  const verdict = worstOf([
    overDraws(
      Math.log(ratio),
      held.map((h) => Math.log(h.claimed / h.theirs)),
      FACTOR,
      quick,
    ),
    ...(bounded.length === 0
      ? []
      : [
          overDraws(
            coverage,
            bounded.map(({ inside = 0, rows }) => (100 * inside) / rows),
            COVERAGE,
            quick,
          ),
        ]),
  ]);
  if (verdict === 'NO') process.exitCode = 1;
  say(
    `| ${name} | ${what} | ${claimed.toFixed(2)} | ${theirs.toFixed(2)} | ${ratio.toFixed(2)} | ${bounded.length === 0 ? 'none claimed' : coverage.toFixed(1)} | ${verdict} |`,
  );
};

const measure = async (set: MeasuredSet): Promise<void> => {
  const wrong = WRONG[set.name];
  const [source, target] = (await sourceAndTarget(set)).map((all) => {
    const isWrong = (row: number): boolean =>
      all.knobs.every(({ values, ...knob }, k) =>
        'levels' in knob ? knob.levels[values[row]] === wrong?.[k] : values[row] === wrong?.[k],
      );
    return takeConfigurations(
      all,
      Array.from({ length: all.length }, (_, row) => row).filter((row) => !isWrong(row)),
    );
  }) as [StageTable, StageTable];
  const draws = Array.from({ length: DRAWS }, (_, draw) =>
    shuffled(source.length, seededRandom(draw, 'settings left out')),
  );
  const small = source.length < 200;
  const held = small ? 16 : 100;
  const trained = draws.map((order, seed) => {
    const rows = order.slice(held, held + 150);
    const { estimator } = trainEstimator(takeConfigurations(source, rows), {
      families: ['log-polynomial', 'physics', 'gaussian-process'],
      seed,
    });
    return { estimator, test: order.slice(0, held), rest: order.slice(held) };
  });
  line(
    set.name,
    `trained on ${Math.min(150, source.length - held)} configurations`,
    trained.map(({ estimator, test }) =>
      heldAgainst(
        { source: estimator },
        estimator.parts.totalHeldOut?.mapePercent ?? Number.NaN,
        takeConfigurations(source, test),
      ),
    ),
  );
  const pools = trained.map(({ rest }, draw) =>
    Array.from(shuffled(rest.length, seededRandom(draw, 'samples')), (i) => rest[i]),
  );
  for (const samples of [10, 25, 50, ...(small ? [] : [100])]) {
    line(
      set.name,
      `carried over by ${samples} samples`,
      trained.map(({ estimator, test }, draw) => {
        const known = transferSamples(estimator, takeConfigurations(target, pools[draw].slice(0, samples)));
        const recalibration = recalibrate('auto', known, { seed: draw });
        const cross = crossFit(recalibration, known, { seed: draw });
        const claimed = errorFigures(known.targetTotalMs, cross.predictedMs).mapePercent;
        return heldAgainst(
          { source: estimator, transfer: { recalibration, cross } },
          claimed,
          takeConfigurations(target, test),
        );
      }),
    );
  }
};

if (hasMeasurements()) {
  say(
    `### Claimed error of the total and coverage of its 90 % interval, against configurations left out: means of ${DRAWS} draws, median of the ratio\n`,
  );
  say('| data | model | claimed, MAPE % | theirs | ratio | coverage % | ratio within 1.5, coverage 85 to 95 % |');
  say('|---|---|---|---|---|---|---|');
  for (const set of [A1, A2, A3]) await measure(set);
}
