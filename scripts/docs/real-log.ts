// Makes the picture of README.md from the bundled log of a real vLLM:
//   npm run docs:figures
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { estimateTokenClock } from '@stepclock/beta-estimators';
import { curveSpec, panelSpec, renderSvg, timelineSpec } from '@stepclock/charts';
import { readTrace } from '@stepclock/trace-io';

const root = join(import.meta.dirname, '../..');
const run = join(root, 'fixtures/traces/vllm-cpu/steady');
const traceOf = (name: string) =>
  readTrace(new Blob([gunzipSync(readFileSync(join(run, name)))]).stream(), { fileName: name });

/** Steps of one engine, on one clock. */
interface Steps {
  readonly startSec: Float64Array;
  readonly endSec: Float64Array;
  readonly prefillTokens: Float64Array;
  readonly decodeSeqs: Float64Array;
  readonly contextTokens: Float64Array;
}

const [bench, log] = await Promise.all([traceOf('bench.json.gz'), traceOf('steps.csv.gz')]);
if (bench.kind !== 'phases' || bench.tokens === undefined) throw new Error('bench.json.gz must have token times');
if (log.kind !== 'steps' || log.steps.startSec === undefined || log.steps.contextTokens === undefined)
  throw new Error('steps.csv.gz must have starts and contexts');
const { steps: rebuilt, betas } = estimateTokenClock(bench.tokens, { tokenBudget: 512 });
const { startSec, durationSec, decodeTokens, prefillTokens, contextTokens } = log.steps;
const own: Steps = {
  startSec,
  endSec: durationSec.map((sec, k) => startSec[k] + sec),
  prefillTokens,
  decodeSeqs: decodeTokens,
  contextTokens,
};
if (rebuilt.length !== own.endSec.length) throw new Error('every step must have been found');

const middle = (values: Float64Array): number => values.toSorted()[values.length >> 1];
/** A rest of the engine ends a period. */
const REST_SEC = 0.02;
const periodOf = ({ startSec, endSec }: Steps, k: number): number => {
  const before = k === 0 ? Number.NEGATIVE_INFINITY : endSec[k - 1];
  return endSec[k] - (startSec[k] - before > REST_SEC ? startSec[k] : before);
};

/** The client's clock and the engine's differ by what the ends of their steps differ in the middle. */
const shiftSec = middle(own.endSec.map((sec, k) => sec - rebuilt.endSec[k]));
const origin = own.endSec[0];
const FROM_SEC = 15.5;
const TO_SEC = 17.5;
const signal = (name: string, steps: Steps, shift: number) => {
  const shown = [...steps.endSec.keys()].filter((k) => {
    const at = steps.endSec[k] + shift - origin;
    return k > 0 && at >= FROM_SEC && at < TO_SEC;
  });
  const period = shown.map((k) => periodOf(steps, k));
  return {
    name,
    timeSec: shown.map((k, i) => steps.endSec[k] + shift - origin - period[i]),
    durationSec: period,
    value: period,
  };
};

const LEAST_STEPS = 20;
const batches = (steps: Steps) => {
  const byBatch = new Map<number, number[]>();
  for (const k of steps.endSec.keys()) {
    if (k > 0 && steps.prefillTokens[k] === 0)
      byBatch.set(steps.decodeSeqs[k], [...(byBatch.get(steps.decodeSeqs[k]) ?? []), k]);
  }
  return [...byBatch].filter(([, ks]) => ks.length >= LEAST_STEPS).sort(([a], [b]) => a - b);
};
const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
const curve = (name: string, steps: Steps) => ({
  name,
  x: batches(steps).map(([n]) => n),
  y: batches(steps).map(([, ks]) => mean(ks.map((k) => periodOf(steps, k)))),
});
const model = {
  name: 'fitted',
  x: batches(own).map(([n]) => n),
  y: batches(own).map(
    ([n, ks]) => betas.beta0 + betas.beta2 * n + (betas.beta3 ?? 0) * mean(ks.map((k) => own.contextTokens[k])),
  ),
};

const spec = panelSpec({
  title: 'A real vLLM, seen by its client',
  subtitle: `vllm bench serve --save-detailed: ${rebuilt.length} of ${own.endSec.length} steps found in the times of its tokens`,
  columns: 1,
  panels: [
    timelineSpec({
      title: 'Steps one by one, two seconds of the run',
      y: { label: 'Step time', unit: 's', scale: 'log' },
      signals: [signal("the engine's own step log", own, 0), signal('rebuilt from token times', rebuilt, shiftSec)],
      width: 760,
      height: 190,
    }),
    curveSpec({
      title: 'Steps without prefill: mean time over the batch',
      x: { label: 'Requests decoding in a step', unit: '' },
      y: { label: 'Mean step time', unit: 's' },
      curves: [curve("the engine's own step log", own), curve('rebuilt from token times', rebuilt), model],
      fromZero: false,
      width: 760,
      height: 190,
    }),
  ],
});
writeFileSync(join(root, 'docs/figures/real-log.svg'), await renderSvg(spec));
process.stdout.write('docs/figures/real-log.svg\n');
