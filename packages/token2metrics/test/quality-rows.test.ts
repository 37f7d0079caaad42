import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { metricRows } from '../src/model/training-rows.js';
import { decodeRows } from '../src/quality/decode-rows.js';
import type { Finding } from '../src/quality/finding.js';
import { powerRows } from '../src/quality/power-rows.js';
import { inspectPowerRuns } from '../src/quality/power-samples.js';
import { dropFlagged, qualityFindings } from '../src/quality/quality.js';
import { robustResiduals } from '../src/quality/robust-residuals.js';
import { slowRows } from '../src/quality/slow-rows.js';
import { tokensOf } from '../src/regressors/tokens.js';
import type { Measurements } from '../src/table/measurements.js';
import { tableOf } from './tables.js';

const count = (n: number) => Array.from({ length: n }, (_, k) => k);
const plain = (findings: readonly Finding[]) => findings.map((finding) => ({ ...finding, rows: [...finding.rows] }));
const prefills = (input: number[], target: number[]) => metricRows(tableOf({ input, ttft: target }), 'ttft');
const median = (values: number[]) => {
  const sorted = [...values].sort((a, b) => a - b);
  return ((sorted[Math.floor((sorted.length - 1) / 2)] ?? 0) + (sorted[Math.ceil((sorted.length - 1) / 2)] ?? 0)) / 2;
};

describe('robustResiduals', () => {
  it('compares a prefill with the median of its tile, and with its neighbours in size', () => {
    // One tile; from the eighth prompt on, three times as slow: the form is wrong there, not the measurement.
    const target = [1, 1, 1, 1, 1, 1, 1, 3, 3, 3, 3, 3, 3];
    const { relative, limit } = robustResiduals(
      prefills(
        count(13).map((k) => 100 + k),
        target,
      ),
      128,
    );
    // The first of the slow has 1, 1, 1 before and 3, 3, 3 behind: 3 over their median 2.
    expect(relative).toAgree([0, 0, 0, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0], 1e-15, 1e-15);
    expect(limit).toBe(0.2);
  });

  it('compares the smallest and the largest prompts with those on their one side', () => {
    const target = [3, 3, 3, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1];
    const { relative } = robustResiduals(
      prefills(
        count(13).map((k) => 100 + k),
        target,
      ),
      128,
    );
    // The last of the slow has 3, 3, 3 before and 1, 1, 1 behind.
    expect(relative).toAgree([0, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0, 0, 0], 1e-15, 1e-15);
  });

  it('looks at neighbours by size, wherever they stand, and at equal ones by place', () => {
    const order = [7, 2, 12, 0, 9, 4, 11, 1, 6, 10, 3, 8, 5];
    const target = [1, 1, 1, 1, 1, 1, 1, 3, 3, 3, 3, 3, 3];
    const mixed = robustResiduals(
      prefills(
        order.map((k) => 100 + k),
        order.map((k) => target[k] ?? 0),
      ),
      128,
    ).relative;
    expect(mixed).toAgree(
      order.map((k) => (k === 7 ? 0.5 : 0)),
      1e-15,
      1e-15,
    );
    const alike = robustResiduals(
      prefills(
        target.map(() => 100),
        target,
      ),
      128,
    ).relative;
    expect(alike[7]).toAgree(0.5, 1e-15);
    expect(alike[8]).toBe(0);
  });

  it('takes what is odd on both counts as the smaller of the two', () => {
    const target = count(13).map((k) => (k === 6 ? 2 : k === 12 ? 0.25 : 1));
    const { relative } = robustResiduals(
      prefills(
        count(13).map((k) => 100 + k),
        target,
      ),
      128,
    );
    expect(relative).toAgree(
      count(13).map((k) => (k === 6 ? 1 : k === 12 ? -0.75 : 0)),
      1e-15,
      1e-15,
    );
  });

  // A device whose tiles take 1 and 5 s by turns is no parabola.
  const zigzag = (rows: number, padding: number) => {
    const cells = count(6 * rows).map((k) => ({ tile: Math.floor(k / rows), within: k % rows }));
    return robustResiduals(
      prefills(
        cells.map(({ tile, within }) => padding * tile + 1 + within),
        cells.map(({ tile }) => (tile % 2 === 0 ? 1 : 5)),
      ),
      padding,
    ).relative;
  };
  it('knows the usual time of a tile from five prefills on', () => {
    expect(zigzag(5, 64)).toAgree(new Float64Array(30), 0, 1e-15);
    expect(Math.max(...zigzag(4, 64).map(Math.abs))).toBeGreaterThan(0.05);
  });

  const decodeTimes = (change: (k: number) => number) => {
    // Milliseconds, and six prompts a tile, whose answers differ.
    const input = count(40).map((k) => 100 + 20 * k);
    const output = count(40).map((k) => 20 + ((17 * k) % 97));
    const decode = output.map((o, k) => (2e-4 * o + 1e-8 * (o * (input[k] ?? 0) + (o * (o - 1)) / 2)) * change(k));
    return metricRows(tableOf({ input, output, decode }), 'decode');
  };
  it('fits the form without the outliers', () => {
    const slow = new Map([
      [4, 9],
      [33, 30],
    ]);
    const { relative, limit } = robustResiduals(
      decodeTimes((k) => slow.get(k) ?? 1),
      128,
    );
    expect(relative).toAgree(
      count(40).map((k) => (slow.get(k) ?? 1) - 1),
      1e-7,
      1e-9,
    );
    expect(limit).toBe(0.2);
  });

  it('calls normal what is within six standard deviations, told by the median deviation', () => {
    const { relative, limit } = robustResiduals(
      decodeTimes((k) => 1 + 0.3 * Math.sin(12.9898 * (k + 1) ** 2)),
      128,
    );
    expect(limit).toAgree(6 * 1.4826 * median([...relative].map(Math.abs)), 1e-12);
    expect(limit).toBeGreaterThan(0.2);
  });
});

/** Twenty prefills of one tile that take a second, but for some. */
const run = (slow: Readonly<Record<number, number>>, changes: Partial<Measurements> = {}, n = 20) =>
  slowRows(tableOf({ input: count(n).map((k) => 100 + k), ttft: count(n).map((k) => slow[k] ?? 1) }, changes), 128);

describe('slowRows', () => {
  it('tells warm-up, stalls and what is too fast apart', () => {
    expect(plain(run({ 1: 3, 9: 2, 12: 4.5, 15: 0.5 }))).toEqual([
      {
        code: 'warm-up',
        metric: 'ttft',
        count: 1,
        rows: [1],
        message:
          '1 row(s) at the start of a run look like warm-up: time to first token more than 20 % off what is usual for such a request; the worst took 3.00 s, 3.00 times the usual (101 input tokens, line 3)',
        droppable: true,
      },
      {
        code: 'stall',
        metric: 'ttft',
        count: 2,
        rows: [9, 12],
        message:
          '2 row(s) look like a stall of the device: time to first token more than 20 % off what is usual for such a request; the worst took 4.50 s, 4.50 times the usual (112 input tokens, line 14)',
        droppable: true,
      },
      {
        code: 'outlier',
        metric: 'ttft',
        count: 1,
        rows: [15],
        message:
          '1 row(s) are faster than the token counts allow: time to first token more than 20 % off what is usual for such a request; the worst took 0.500 s, 0.50 times the usual (115 input tokens, line 17)',
        droppable: true,
      },
    ]);
    expect(run({ 9: 4.5, 12: 2 })[0]?.message).toContain('the worst took 4.50 s');
    expect(run({})).toEqual([]);
  });

  it('takes the first three rows of a run for its start', () => {
    const codeAt = (row: number, changes: Partial<Measurements> = {}) =>
      run({ [row]: 5 }, changes).map(({ code }) => code);
    expect([0, 2, 3].map((row) => codeAt(row))).toEqual([['warm-up'], ['warm-up'], ['stall']]);
    const second = { group: Int32Array.from(count(20), (k) => (k < 10 ? 0 : 1)) };
    expect([9, 10, 12, 13].map((row) => codeAt(row, second))).toEqual([['stall'], ['warm-up'], ['warm-up'], ['stall']]);
    // A row that was left out ends a run; a run that comes back starts anew.
    const gap = { position: Int32Array.from(count(20), (k) => (k < 10 ? k : k + 1)) };
    expect([10, 12, 13].map((row) => codeAt(row, gap))).toEqual([['warm-up'], ['warm-up'], ['stall']]);
  });

  it('needs twelve rows', () => {
    expect(run({ 6: 5 }, {}, 12)).toHaveLength(1);
    expect(run({ 6: 5 }, {}, 11)).toHaveLength(0);
  });

  it('names a row once: by its parts, where both were measured, else by the total too', () => {
    const input = count(20).map((k) => 100 + k);
    const output = input.map(() => 10);
    const slow = (row: number) => input.map((_, k) => (k === row ? 5 : 1));
    const metrics = (columns: object) =>
      slowRows(tableOf({ input, output, ...columns }), 128).map(({ metric, rows }) => [metric, ...rows]);
    expect(metrics({ ttft: slow(5), decode: slow(6), total: slow(7) })).toEqual([
      ['ttft', 5],
      ['decode', 6],
    ]);
    expect(metrics({ ttft: slow(5), total: slow(7) })).toEqual([
      ['ttft', 5],
      ['total', 7],
    ]);
    expect(metrics({ total: slow(7), power: slow(8) })).toEqual([['total', 7]]);
  });

  it('numbers rows of the table, not of those that have the metric', () => {
    const input = count(20).map((k) => 100 + k);
    const ttft = input.map((_, k) => (k === 2 ? Number.NaN : k === 9 ? 5 : 1));
    const [stall] = slowRows(tableOf({ input, ttft }), 128);
    expect([...(stall?.rows ?? [])]).toEqual([9]);
    expect(stall?.message).toContain('(109 input tokens, line 11)');
  });
});

describe('decodeRows', () => {
  const input = count(12).map((k) => 50 + 31 * k);
  const output = count(12).map((k) => 5 + ((7 * k) % 40));
  const timed = (missing: number, n = 12) =>
    tableOf({
      input: input.slice(0, n),
      output: output.slice(0, n),
      decode: output.slice(0, n).map((o, k) => 0.1 * (o - missing) + 1e-5 * (o * (input[k] ?? 0) + (o * (o - 1)) / 2)),
    });

  it('says how many steps a decode counts less than tokens', () => {
    expect(plain(decodeRows(timed(1)))).toEqual([
      {
        code: 'off-by-one-decode',
        metric: 'decode',
        count: 12,
        rows: [],
        message:
          'decode times count one step less than output tokens (1.00 less): the first token comes with the prefill. Decode time per token is decode time / (output tokens - 1); the models account for it',
        droppable: false,
      },
    ]);
    expect([0, 0.69, 0.71, 1.29, 1.31, 2].map((missing) => decodeRows(timed(missing)).length)).toEqual([
      0, 0, 1, 1, 0, 0,
    ]);
    expect(decodeRows(timed(0.8))[0]?.message).toContain('(0.80 less)');
  });

  it('needs twelve rows, and answers of more than one length', () => {
    expect(decodeRows(timed(1, 11))).toEqual([]);
    expect(decodeRows(tableOf({ input, output: input.map(() => 9), decode: input.map(() => 3) }))).toEqual([]);
    expect(decodeRows(tableOf({ input, decode: input.map(() => 3) }))).toEqual([]);
    expect(decodeRows(tableOf({ input, output }))).toEqual([]);
  });

  it('counts answers of one token without a decode', () => {
    expect(plain(decodeRows(tableOf({ input: [1, 2, 3, 4], output: [1, 0, 1, 5], decode: [0, 0, 0.5, 0] })))).toEqual([
      {
        code: 'no-decode-steps',
        metric: 'decode',
        count: 2,
        rows: [0, 1],
        message:
          '2 row(s) of one output token have a decode time of 0: the first token comes with the prefill; they say nothing about decoding and are left out of it, and without another duration of energy and power too',
        droppable: false,
      },
    ]);
  });

  it('names totals that are more than 1 % away from their parts', () => {
    const parts = { input: [1, 2, 3, 4, 5], ttft: [1, 1, 1, 1, Number.NaN], decode: [9, 9, 9, 9, 9] };
    expect(plain(decodeRows(tableOf({ ...parts, total: [10, 10.09, 9.8, 10.2, 30] })))).toEqual([
      {
        code: 'parts-do-not-add-up',
        metric: 'total',
        count: 2,
        rows: [2, 3],
        message:
          '2 row(s) have a total that is not prefill + decode within 1 % (line 4 is the first): something else was timed too',
        droppable: false,
      },
    ]);
    const { ttft, decode, input: prompts } = parts;
    for (const some of [
      { ttft, total: decode },
      { decode, total: ttft },
      { ttft, decode },
    ]) {
      expect(decodeRows(tableOf({ input: prompts, ...some }))).toEqual([]);
    }
  });
});

describe('powerRows', () => {
  it('names rows without power or energy, unless the column is full or empty', () => {
    const gaps = {
      input: [1, 2, 3, 4, 5],
      power: [5, 0, Number.NaN, Number.NaN, Number.NaN],
      energy: [1, 2, 3, 4, Number.NaN],
    };
    expect(plain(powerRows(tableOf(gaps), 1))).toEqual([
      {
        code: 'rows-without-power',
        metric: 'power',
        count: 4,
        rows: [1, 2, 3, 4],
        message: '4 of 5 rows have no power: the power model is trained on the others (lines 3, 4, 5, ...)',
        droppable: false,
      },
      {
        code: 'rows-without-energy',
        metric: 'energy',
        count: 1,
        rows: [4],
        message: '1 of 5 rows have no energy: the energy model is trained on the others (line 6)',
        droppable: false,
      },
    ]);
    const none = [Number.NaN, Number.NaN];
    expect(powerRows(tableOf({ input: [1, 2], power: none, energy: [3, 4] }), 1)).toEqual([]);
  });

  it('names one power that a whole run of five rows or more has', () => {
    const power = [7, 7, 7, 7, Number.NaN, 7, 8, 8, 8, 8, 9, 9, 9, 9, 9.5];
    const group = Int32Array.from([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
    const changes = { group, groupNames: ['a', 'b', 'c'] };
    const shared = plain(powerRows(tableOf({ input: count(15).map((k) => k + 1), power }, changes), 1)).filter(
      ({ code }) => code === 'shared-power',
    );
    expect(shared).toEqual([
      {
        code: 'shared-power',
        metric: 'power',
        count: 5,
        rows: [0, 1, 2, 3, 5],
        message:
          '5 rows carry the mean power of their run, not their own: how power depends on the tokens of a request cannot be learnt from them, and an energy computed from it is that mean times the time',
        droppable: false,
      },
    ]);
    // Runs that take turns: rows in the order of the table.
    const turns = tableOf(
      { input: count(10).map((k) => k + 1), power: count(10).map((k) => 5 + (k % 2)) },
      { group: Int32Array.from(count(10), (k) => k % 2), groupNames: ['a', 'b'] },
    );
    expect([...(powerRows(turns, 1)[0]?.rows ?? [])]).toEqual(count(10));
  });

  it('names metered runs shorter than the time between samples', () => {
    const times = { input: [1, 2, 3, 4], ttft: [0.5, 2, 0.4, 0], energy: [1, 2, Number.NaN, 4] };
    const short = (columns: typeof times & { power?: number[] }, period: number) =>
      plain(powerRows(tableOf(columns), period)).filter(({ code }) => code === 'short-power-window');
    expect(short(times, 1)).toEqual([
      {
        code: 'short-power-window',
        metric: 'energy',
        count: 1,
        rows: [0],
        message:
          '1 row(s) ran shorter than the 1 s between power samples: what the meter read is mostly the idle device before them, so their power and energy are too low (line 2)',
        droppable: true,
      },
    ]);
    expect(short(times, 0.5)).toEqual([]);
    expect(short({ ...times, power: [3, 4, 5, 6] }, 2.5)).toMatchObject([
      { metric: 'power', rows: [0, 1, 2], message: expect.stringContaining('(lines 2, 3, 4)') },
    ]);
    const unmetered = { input: times.input, ttft: times.ttft };
    expect(powerRows(tableOf(unmetered), 1)).toEqual([]);
    expect(powerRows(tableOf({ input: times.input, energy: [1, 2, 3, 4] }), 1)).toEqual([]);
  });

  it('leaves the mean of a run to that finding', () => {
    const five = { input: [1, 2, 3, 4, 5], ttft: [0.1, 0.1, 0.1, 0.1, 0.1], power: [7, 7, 7, 7, 7] };
    expect(powerRows(tableOf(five), 1).map(({ code }) => code)).toEqual(['shared-power']);
  });
});

describe('qualityFindings', () => {
  const early: Finding = { code: 'unit-inferred', count: 0, rows: new Int32Array(0), message: 'ms', droppable: false };

  it('has everything, what was noticed on reading first', () => {
    const input = count(20).map((k) => 100 + k);
    const ttft = input.map((_, k) => (k === 9 ? 5 : 1));
    const decode = input.map(() => 0.2);
    const power = input.map((_, k) => (k === 3 ? Number.NaN : 20 + k));
    const output = input.map(() => 9);
    const table = tableOf({ input, output, ttft, decode, power, total: ttft }, { findings: [early] });
    const codes = (options = {}) => qualityFindings(table, options).map(({ code, rows }) => `${code} ${rows.length}`);
    expect(codes()).toEqual(['unit-inferred 0', 'stall 1', 'parts-do-not-add-up 20', 'rows-without-power 1']);
    expect(codes({ powerSamplePeriodSec: 3 }).at(-1)).toBe('short-power-window 18');
  });

  it('pads prompts to 128 tokens unless told otherwise', () => {
    // Tiles of 64 tokens that take 1 and 5 s by turns.
    const cells = count(30).map((k) => ({ tile: Math.floor(k / 5), within: k % 5 }));
    const table = tableOf({
      input: cells.map(({ tile, within }) => 64 * tile + 1 + within),
      ttft: cells.map(({ tile }) => (tile % 2 === 0 ? 1 : 5)),
    });
    expect(qualityFindings(table, { padding: 64 })).toEqual([]);
    expect(qualityFindings(table)).not.toEqual([]);
    expect(qualityFindings(table)).toEqual(qualityFindings(table, { padding: 128 }));
  });

  it('takes a meter for one of a sample a second', () => {
    const table = tableOf({ input: [1, 2, 3], ttft: [0.99, 1, 1.01], energy: [1, 2, 3] });
    expect(qualityFindings(table).map(({ rows }) => [...rows])).toEqual([[0]]);
  });
});

describe('dropFlagged', () => {
  const columns = { input: [1, 2, 3, 4], ttft: [5, 6, 7, 8], energy: [1, 2, 3, 4], power: [9, 8, 7, 6] };
  const finding = (code: Finding['code'], rows: number[], droppable = true): Finding => ({
    code,
    count: rows.length,
    rows: Int32Array.from(rows),
    message: '',
    droppable,
  });

  it('drops rows, or their power and energy alone, of what may be dropped', () => {
    const left = dropFlagged(tableOf(columns), [
      finding('stall', [1]),
      finding('short-power-window', [2]),
      finding('rows-without-power', [0, 3], false),
    ]);
    expect(left.length).toBe(3);
    expect([...(left.inputTokens ?? [])]).toEqual([1, 3, 4]);
    expect([...(left.values.ttft ?? [])]).toEqual([5, 7, 8]);
    expect([...(left.values.energy ?? [])]).toEqual([1, Number.NaN, 4]);
    expect([...(left.values.power ?? [])]).toEqual([9, Number.NaN, 6]);
    expect([...left.position]).toEqual([0, 2, 3]);
    expect([...left.line]).toEqual([2, 4, 5]);
  });

  it('makes no columns that were not there', () => {
    const { energy: _, ...powered } = columns;
    expect(Object.keys(dropFlagged(tableOf(powered), [finding('short-power-window', [0])]).values)).toEqual([
      'ttft',
      'power',
    ]);
    const { power: __, ...metered } = columns;
    expect(Object.keys(dropFlagged(tableOf(metered), [finding('short-power-window', [0])]).values)).toEqual([
      'ttft',
      'energy',
    ]);
  });
});

describe('inspectPowerRuns', () => {
  const sampled = (name: string, powerW: number[], usage?: number[]) => ({
    model: 'm',
    name,
    elapsedSec: Float64Array.from(powerW, (_, i) => i),
    powerW: Float64Array.from(powerW),
    ...(usage ? { usagePercent: Float64Array.from(usage) } : {}),
  });

  it('tells idle from work by the share of the highest, where the device was seen at work at all', () => {
    const { runs, findings } = inspectPowerRuns([
      // 0.3 of 40 W is 12 W: idle is what is not above.
      sampled('a', [5, 12, 12.1, 40, 4]),
      sampled('b', [4, 5, 5.9]),
      // The lowest of all is 4 W: 6 W never rose by half of it.
      sampled('c', [6, 5, 6]),
      sampled('d', [6.1, 5]),
      sampled('e', [2 * 4, 3 * 4]),
    ]);
    expect(runs.map(({ run: name, samples, idleLeadIn }) => [name, samples, idleLeadIn])).toEqual([
      ['a', 5, 2],
      ['b', 3, 3],
      ['c', 3, 3],
      ['d', 2, 0],
      ['e', 2, 0],
    ]);
    expect(runs[0]).toEqual({
      model: 'm',
      run: 'a',
      samples: 5,
      idleLeadIn: 2,
      meanW: expect.closeTo(14.62, 12),
      busyMeanW: expect.closeTo(26.05, 12),
    });
    expect(runs[1]?.busyMeanW).toBeUndefined();
    expect(plain(findings)).toEqual([
      {
        code: 'idle-lead-in',
        metric: 'power',
        count: 8,
        rows: [],
        message:
          '8 samples were taken before the device was at work: the first 0 or 2 or 3 of every run are idle. Averaged over, they make the power of 1 run(s) up to 1.8 times too low',
        droppable: true,
      },
      {
        code: 'short-power-window',
        metric: 'power',
        count: 2,
        rows: [],
        message:
          // 26.05 W over the median of 14.9 / 3 and 17 / 3.
          '2 of 5 runs ended before a sample caught the device at work: all that was read is the idle power (about 5 times too low), and their energy is unknown',
        droppable: true,
      },
    ]);
  });

  it('believes the utilisation where it was sampled', () => {
    const { runs, findings } = inspectPowerRuns([
      sampled('a', [30, 30, 50], [0, 1, 90]),
      sampled('b', [30, 40], [0, 7]),
    ]);
    expect(runs.map(({ idleLeadIn, busyMeanW }) => [idleLeadIn, busyMeanW])).toEqual([
      [1, 40],
      [1, 40],
    ]);
    expect(findings.map(({ message }) => message)).toEqual([
      '2 samples were taken before the device was at work: the first 1 of every run are idle. Averaged over, they make the power of 2 run(s) up to 1.1 times too low',
    ]);
  });

  it('cannot say how much too low where no run was seen at work', () => {
    const { findings } = inspectPowerRuns([sampled('a', [5, 6]), sampled('b', [5])]);
    expect(findings.map(({ message }) => message)).toEqual([
      '3 samples were taken before the device was at work: the first 1 or 2 of every run are idle.',
      '2 of 2 runs ended before a sample caught the device at work: all that was read is the idle power, and their energy is unknown',
    ]);
    expect(inspectPowerRuns([]).findings).toEqual([]);
  });
});

describe('tokens of the rows', () => {
  it('are what the residuals go by', () => {
    expect(prefills([3, 4], [1, 1]).tokens).toEqual(tokensOf([3, 4]));
  });
});
