// token2metrics: what it claims of settings and prompts that it has not seen, against those settings and prompts, on simulated repeats and on published sweeps.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom, shuffled } from '@stepclock/numerics';
import {
  calibrate,
  evaluateDevice,
  loadMeasurements,
  type Measurements,
  type Metric,
  predictDevice,
  trainDevice,
} from '@stepclock/token2metrics';
import { takeMeasurements } from '../../packages/token2metrics/src/table/measurements.js';
import { overDraws, type Verdict, worstOf } from './targets/over-draws.js';

const folder = join(process.argv[2] ?? '../shared/data', 'token2metrics');
const quick = process.argv.includes('--quick');
const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const check = (verdict: Verdict): Verdict => {
  if (verdict === 'NO') process.exitCode = 1;
  return verdict;
};
/** Of the logarithm of claimed over true. */
const FACTOR = { low: -Math.log(1.5), high: Math.log(1.5) };
const COVERAGE = { low: 85, high: 95 };
const middleOf = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Settings of a device whose every setting is off by its own few per cent, each repeated with little noise. */
const simulated = (settings: number, repeats: number, seed: number, stream: string): Measurements => {
  const random = seededRandom(seed, stream);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const rows = Array.from({ length: settings }, () => {
    const [input, output] = [Math.round(32 * 64 ** random()), Math.round(16 * 64 ** random())];
    const off = Math.exp(0.05 * normal());
    return Array.from({ length: repeats }, () => ({ input, output, factor: off * Math.exp(0.003 * normal()) }));
  }).flat();
  const of = (f: (row: (typeof rows)[number]) => number): Float64Array => Float64Array.from(rows, f);
  return {
    model: 'simulated',
    file: 'simulated',
    length: rows.length,
    inputTokens: of(({ input }) => input),
    outputTokens: of(({ output }) => output),
    values: {
      total: of(
        ({ input, output, factor }) =>
          (0.05 + 3e-4 * input + 0.03 * output + 2e-7 * output * (input + output / 2)) * factor,
      ),
    },
    position: Int32Array.from(rows.keys()),
    line: Int32Array.from(rows.keys(), (row) => row + 2),
    group: new Int32Array(rows.length),
    groupNames: [''],
    sources: {},
    findings: [],
  };
};

const repeats = (): void => {
  say(
    '### Repeats of a setting, simulated: claimed held-out error against the error on other settings within the same token counts; coverage of 90 % intervals\n',
  );
  say(
    '| settings x repeats | regressor | claimed, MAPE % | true | ratio, median (10 to 90 %) | coverage % | ratio within 1.5, coverage 85 to 95 % |',
  );
  say('|---|---|---|---|---|---|---|');
  const runs = quick ? 10 : 60;
  for (const [settings, count] of [
    [4, 5],
    [8, 5],
    [20, 5],
    [60, 5],
    [60, 1],
  ] as const) {
    for (const regression of ['physics', 'auto'] as const) {
      const found = Array.from({ length: runs }, (_, seed) => {
        const { model } = trainDevice(simulated(settings, count, seed, 'train'), {
          regression,
          directTotal: true,
          trees: 30,
        });
        const [input, output] = model.metrics.total?.range.features ?? [];
        const test = simulated(2000, 1, seed, 'test');
        const inside = (row: number): boolean =>
          [[input, test.inputTokens] as const, [output, test.outputTokens] as const].every(
            ([range, counts]) => range && counts && range.min <= counts[row] && counts[row] <= range.max,
          );
        const [held] = evaluateDevice(model, take(test, inside));
        const claimed = model.metrics.total?.validation?.mapePercent ?? Number.NaN;
        return { claimed, truth: held?.mapePercent ?? Number.NaN, share: held?.coverage?.share ?? Number.NaN };
      });
      const ratios = found.map(({ claimed, truth }) => claimed / truth).sort((a, b) => a - b);
      const ratio = middleOf(ratios);
      const coverage = 100 * meanOf(found.map(({ share }) => share));
      const at = (share: number): string => (ratios[Math.floor(share * (ratios.length - 1))] ?? Number.NaN).toFixed(2);
      const verdict = worstOf([
        overDraws(Math.log(ratio), ratios.map(Math.log), FACTOR, quick),
        overDraws(
          coverage,
          found.map(({ share }) => 100 * share),
          COVERAGE,
          quick,
        ),
      ]);
      say(
        `| ${settings} x ${count} | ${regression} | ${middleOf(found.map((f) => f.claimed)).toFixed(2)} | ${middleOf(found.map((f) => f.truth)).toFixed(2)} | ${ratio.toFixed(2)} (${at(0.1)} to ${at(0.9)}) | ${coverage.toFixed(1)} | ${check(verdict)} |`,
      );
    }
  }
};

/** A few settings of another device, three times as slow, whose every setting is off by its own few per cent too. */
const fewSamples = (): void => {
  say(
    '\n### Calibrated with few settings of five repeats, simulated: claimed error against the error on new settings, most of them outside the samples; coverage of 90 % intervals\n',
  );
  say('| settings x repeats | claimed, MAPE % | true | outside the samples % | coverage % | coverage 85 to 95 % |');
  say('|---|---|---|---|---|---|');
  const source = trainDevice(simulated(80, 1, 0, 'source'), { regression: 'physics', directTotal: true }).model;
  const slower = (table: Measurements): Measurements => ({
    ...table,
    values: { total: (table.values.total ?? new Float64Array(0)).map((sec) => 3 * sec) },
  });
  for (const settings of [3, 4, 5, 8, 15]) {
    const found = Array.from({ length: quick ? 20 : 60 }, (_, seed) => {
      const { model } = calibrate(source, slower(simulated(settings, 5, seed, 'samples')));
      const [held] = evaluateDevice(model, slower(simulated(100, 1, seed, 'new settings')));
      return {
        claimed: model.metrics.total?.validation?.mapePercent ?? Number.NaN,
        truth: held?.mapePercent ?? Number.NaN,
        outside: (100 * (held?.outsideRows ?? 0)) / (held?.measured.length ?? 1),
        share: 100 * (held?.coverage?.share ?? Number.NaN),
      };
    });
    const shares = found.map(({ share }) => share);
    const verdict = overDraws(meanOf(shares), shares, COVERAGE, quick);
    say(
      `| ${settings} x 5 | ${middleOf(found.map((f) => f.claimed)).toFixed(2)} | ${middleOf(found.map((f) => f.truth)).toFixed(2)} | ${meanOf(found.map((f) => f.outside)).toFixed(0)} | ${meanOf(shares).toFixed(1)} | ${check(verdict)} |`,
    );
  }
};

const take = (table: Measurements, keep: (row: number) => boolean): Measurements =>
  takeMeasurements(table, Int32Array.from({ length: table.length }, (_, row) => row).filter(keep));
const read = async (name: string): Promise<Measurements[]> =>
  loadMeasurements(readFileSync(join(folder, name)), { file: name });

/** Each fifth of the settings by a model of the others, which claims an error of its own. */
const settingsLeftOut = async (): Promise<void> => {
  say(
    '\n### Settings left out of published sweeps, by fifths: claimed error against theirs; coverage of 90 % intervals\n',
  );
  say(
    '| data | metric | settings | claimed, MAPE % | theirs | ratio | coverage % | ratio within 1.5, coverage 85 to 95 % |',
  );
  say('|---|---|---|---|---|---|---|---|');
  for (const [name, metrics] of [
    ['orin_mmlu_questions.csv', ['ttft', 'decode', 'energy']],
    ['orin_prefill_sweep.csv', ['ttft']],
    ['orin_decode_sweep.csv', ['decode', 'energy']],
    ['server_a100_llama3_8b_grid.csv', ['total']],
  ] as const) {
    for (const whole of await read(name)) {
      const table = take(
        whole,
        (row) => !(name.includes('prefill') && whole.model === 'llama-8b' && whole.inputTokens?.[row] === 2561),
      );
      for (const metric of metrics) {
        const keyOf = (row: number): string =>
          `${table.inputTokens?.[row]} ${metric === 'ttft' ? '' : table.outputTokens?.[row]}`;
        const keys = [...new Set(Array.from({ length: table.length }, (_, row) => keyOf(row)))].sort();
        const foldOf = new Map(
          [...shuffled(keys.length, seededRandom(1, 'left out'))].map((at, k) => [keys[at], k % 5]),
        );
        const results = [0, 1, 2, 3, 4].flatMap((fold) => {
          const train = take(table, (row) => foldOf.get(keyOf(row)) !== fold);
          const { model } = trainDevice(only(train, metric), { regression: 'physics', directTotal: true });
          const held = evaluateDevice(
            model,
            take(table, (row) => foldOf.get(keyOf(row)) === fold),
          ).find((e) => e.metric === metric);
          const claimed = model.metrics[metric]?.validation?.mapePercent;
          return held && claimed !== undefined
            ? [{ claimed, theirs: held.mapePercent, rows: held.measured.length, share: held.coverage?.share ?? 0 }]
            : [];
        });
        const rows = results.reduce((sum, r) => sum + r.rows, 0);
        const weighted = (of: (r: (typeof results)[number]) => number): number =>
          results.reduce((sum, r) => sum + of(r) * r.rows, 0) / rows;
        const [claimed, theirs, coverage] = [
          weighted((r) => r.claimed),
          weighted((r) => r.theirs),
          100 * weighted((r) => r.share),
        ];
        const met = claimed / theirs > 1 / 1.5 && claimed / theirs < 1.5 && coverage >= 85 && coverage <= 95;
        say(
          `| ${name}, ${table.model} | ${metric} | ${keys.length} | ${claimed.toFixed(3)} | ${theirs.toFixed(3)} | ${(claimed / theirs).toFixed(2)} | ${coverage.toFixed(1)} | ${check(met ? 'yes' : 'NO')} |`,
        );
      }
    }
  }
};

/**
 * Half of the levels of one count, or of the runs, by a model of the other half. Rows shorter than the meter's sampling period are left out: what it read there is
 * the device before the run.
 */
const levelsLeftOut = async (): Promise<void> => {
  say(
    '\n### Whole levels of a grid, and whole subjects, left out by halves: claimed error against theirs, median; coverage of 90 % intervals, mean\n',
  );
  say(
    '| data | left out | metric | regressor | draws | claimed, MAPE % | theirs | ratio | coverage % | ratio within 1.5, coverage 85 to 95 % |',
  );
  say('|---|---|---|---|---|---|---|---|---|---|');
  for (const [name, what, regression, metrics] of [
    ['orin_decode_sweep.csv', 'output_tokens', 'physics', ['decode', 'energy', 'power']],
    ['orin_decode_sweep.csv', 'output_tokens', 'auto', ['energy', 'power']],
    ['orin_mmlu_questions.csv', 'subjects', 'physics', ['ttft', 'decode', 'energy']],
  ] as const) {
    for (const whole of await read(name)) {
      const metered = take(whole, (row) => what === 'subjects' || !((whole.values.decode?.[row] ?? 1) < 1));
      const levelOf = (row: number): number =>
        what === 'subjects' ? metered.group[row] : (metered.outputTokens?.[row] ?? 0);
      const levels = [...new Set(Array.from({ length: metered.length }, (_, row) => levelOf(row)))].sort(
        (a, b) => a - b,
      );
      const results = new Map<Metric, { claimed: number; theirs: number; share: number }[]>();
      const draws = quick ? 4 : 40;
      for (let seed = 0; seed < draws; seed++) {
        const order = shuffled(levels.length, seededRandom(seed, 'levels left out'));
        const kept = new Set([...order.slice(0, levels.length >> 1)].map((at) => levels[at]));
        const { model } = trainDevice(
          take(metered, (row) => kept.has(levelOf(row))),
          { regression, trees: 30 },
        );
        for (const held of evaluateDevice(
          model,
          take(metered, (row) => !kept.has(levelOf(row))),
        )) {
          const claimed = model.metrics[held.metric]?.validation?.mapePercent;
          if (claimed === undefined || !metrics.some((metric) => metric === held.metric)) continue;
          const found = { claimed, theirs: held.mapePercent, share: held.coverage?.share ?? 0 };
          results.set(held.metric, [...(results.get(held.metric) ?? []), found]);
        }
      }
      for (const [metric, found] of results) {
        const ratios = found.map((r) => Math.log(r.claimed / r.theirs));
        const shares = found.map(({ share }) => 100 * share);
        const [ratio, coverage] = [middleOf(ratios), meanOf(shares)];
        const verdict = worstOf([
          overDraws(ratio, ratios, FACTOR, quick),
          overDraws(coverage, shares, COVERAGE, quick),
        ]);
        say(
          `| ${name}, ${metered.model} | ${what} | ${metric} | ${regression} | ${found.length} | ${middleOf(found.map((r) => r.claimed)).toFixed(3)} | ${middleOf(found.map((r) => r.theirs)).toFixed(3)} | ${Math.exp(ratio).toFixed(2)} | ${coverage.toFixed(1)} | ${check(verdict)} |`,
        );
      }
    }
  }
};

/** Only what the metric needs: its own values, and the durations of metered runs. */
const only = (table: Measurements, metric: Metric): Measurements =>
  metric === 'energy'
    ? table
    : { ...table, values: Object.fromEntries(Object.entries(table.values).filter(([name]) => name === metric)) };

/** Prompts of two to four times the longest one trained on. */
const beyond = async (): Promise<void> => {
  say(
    '\n### Prompts of two to four times the longest one trained on (without the stall row, which is 2,561 tokens on the 8B)\n',
  );
  say(
    '| sweep | trained up to | rows | asked | largest error % | there the 90 % interval +- % | within 12 %, or covered |',
  );
  say('|---|---|---|---|---|---|---|');
  for (const [name, metric] of [
    ['orin_prefill_sweep.csv', 'ttft'],
    ['server_a100_llama3_8b_grid.csv', 'total'],
  ] as const) {
    for (const whole of await read(name)) {
      let [fineRows, askedRows] = [0, 0];
      const table = take(
        only(whole, metric),
        (row) => !(metric === 'ttft' && whole.model === 'llama-8b' && whole.inputTokens?.[row] === 2561),
      );
      for (const cut of [520, 650, 770, 900, 1030, 1160, 1290, 1410, 1540]) {
        const inputs = table.inputTokens ?? new Float64Array(0);
        const [train, asked] = [
          take(table, (row) => inputs[row] <= cut),
          take(table, (row) => inputs[row] > 2 * cut && inputs[row] <= 4.02 * cut),
        ];
        const measured = asked.values[metric];
        if (train.length < 5 || asked.length === 0 || !measured) continue;
        const { model } = trainDevice(train, { regression: 'auto' });
        const found = predictDevice(model, asked.inputTokens, metric === 'total' ? asked.outputTokens : undefined)[
          metric
        ];
        if (!found?.interval) continue;
        const { value, interval } = found;
        const off = value.map((v, i) => measured[i] / v - 1);
        const fine = [...off].filter(
          (e, i) => Math.abs(e) <= 0.12 || (interval.low[i] <= measured[i] && measured[i] <= interval.high[i]),
        ).length;
        fineRows += fine;
        askedRows += asked.length;
        const worst = off.reduce((at, e, i) => (Math.abs(e) > Math.abs(off[at]) ? i : at), 0);
        say(
          `| ${table.model} | ${cut} | ${train.length} | ${asked.length} | ${(100 * off[worst]).toFixed(1)} | ${(100 * (interval.high[worst] / value[worst] - 1)).toFixed(1)} | ${fine} of ${asked.length} |`,
        );
      }
      const share = fineRows / askedRows;
      say(
        `| ${table.model} | all | | ${askedRows} | | | ${fineRows} of ${askedRows}, ${(100 * share).toFixed(1)} %, at least the 90 that the intervals claim: ${check(share >= 0.9 ? 'yes' : 'NO')} |`,
      );
    }
  }
};

repeats();
fewSamples();
if (existsSync(folder)) {
  await settingsLeftOut();
  await levelsLeftOut();
  await beyond();
} else say(`skipped: no token2metrics data at ${folder}`);
