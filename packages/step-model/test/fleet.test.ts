import { describe, expect, it } from 'vitest';
import {
  type EngineLine,
  engineLineOf,
  fleetFigures,
  fleetJson,
  fleetText,
  mapStatement,
  mergeFleet,
  parseBetasFile,
  parseEngineLine,
  parseExpectedCounts,
  poolModel,
  refuseLostRows,
  sparkJob,
} from '../src/index.js';
import { madeLine, TRUE } from './fleet-lines.js';

const engines = (count: number, from = 1, steps = 2000): EngineLine[] =>
  Array.from({ length: count }, (_, e) => madeLine(`e${e}`, { seed: from + e, steps }));
const slower = (share: number): number[] => TRUE.map((beta) => beta * (1 + share));
const named = (lines: readonly EngineLine[]) =>
  mergeFleet(lines).kinds.flatMap(({ standingOut }) => standingOut.map(({ engine, kind }) => `${engine} ${kind}`));

describe('a fleet', () => {
  it('is the same whatever the order of its lines', () => {
    const lines = [...engines(9), madeLine('other', { seed: 99, label: 'H100' })];
    const whole = JSON.stringify(fleetJson(mergeFleet(lines)));
    expect(JSON.stringify(fleetJson(mergeFleet([...lines].reverse())))).toBe(whole);
  });

  it('pools coefficients whose intervals hold the truth as often as they say', () => {
    const fleets = 100;
    const held = new Map<string, number>();
    for (let f = 0; f < fleets; f++) {
      const [{ pooled }] = mergeFleet(engines(10, 1000 * f, 600)).kinds;
      for (const [t, { term, interval }] of pooled.coefficients.entries()) {
        const holds = interval !== null && interval[0] <= TRUE[t] && TRUE[t] <= interval[1];
        held.set(term.label, (held.get(term.label) ?? 0) + (holds ? 1 : 0));
      }
    }
    // Of 100 at 95 %, fewer than 88 or all have a chance of 1 in 300 each; engines that were left out by chance narrow a little.
    for (const count of held.values()) expect(count).toBeGreaterThanOrEqual(88);
    expect([...held.values()].reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(395);
  });

  it('keeps kinds apart, and says how engines of one differ', () => {
    const fast = Array.from({ length: 12 }, (_, e) =>
      madeLine(`h${e}`, { seed: 50 + e, label: 'H100', betas: slower(-0.5) }),
    );
    const uneven = Array.from({ length: 12 }, (_, e) =>
      madeLine(`a${e}`, { seed: 80 + e, label: 'A40', betas: slower(0.2 * (e / 11 - 0.5)) }),
    );
    const [a40, h100] = mergeFleet([...fast, ...uneven]).kinds;
    expect([a40.label, h100.label]).toEqual(['A40', 'H100']);
    expect(h100.pooled.coefficients[0].value).toBeCloseTo(0.003, 4);
    const [spread, none] = [a40, h100].map(({ pooled }) => pooled.coefficients[0]);
    // Even steps over 20 %: a standard deviation of 6.3 %.
    expect(spread.betweenEngines / TRUE[0]).toBeCloseTo(0.063, 2);
    expect(spread.heterogeneity).toBeGreaterThan(0.9);
    expect(none.betweenEngines / TRUE[0]).toBeLessThan(0.01);
  });

  it('names the engines that are slow, fast or drifting, and leaves them out of the pool', () => {
    const lines = [
      ...engines(40),
      madeLine('slow', { seed: 500, betas: slower(0.05) }),
      madeLine('fast', { seed: 501, betas: slower(-0.05) }),
      madeLine('drifts', { seed: 502, drift: 0.08 }),
    ];
    expect(named(lines)).toEqual(['fast fast', 'slow slow', 'drifts drifting']);
    const [{ pooled, standingOut }] = mergeFleet(lines).kinds;
    expect(pooled.coefficients[0].engines).toBe(40);
    expect(standingOut[1].share).toBeCloseTo(0.05, 1);
    expect(standingOut[2].share).toBeCloseTo(0.08, 1);
  });

  it('names no engine of sound fleets', () => {
    const fleets = 40;
    const alarms = Array.from({ length: fleets }, (_, f) => named(engines(25, 10_000 + 100 * f, 600)).length);
    expect(alarms.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(2);
  });

  it('names an engine that was told other settings than most', () => {
    const odd = engines(1, 7)[0];
    const lines = engines(9, 20).map((line, e) => ({ ...line, engine: `n${e}` }));
    expect(named([...lines, { ...odd, engine: 'odd', stepclock_version: '9.9.9' }])).toEqual(['odd settings']);
  });

  it('does not take what was found in a log, nor the number of its lines, for settings', () => {
    const lines = engines(9, 20).map((line, e) => ({ ...line, engine: `n${e}` }));
    const withOffset = (line: EngineLine, tokens: number): EngineLine => ({
      ...line,
      model: line.model && { ...line.model, options: { max_num_batched_tokens: 2048, prompt_offset: tokens } },
    });
    const alike = lines.map((line, e) => withOffset(line, e === 0 ? -144 : 0));
    const secondDay = withOffset(madeLine('n1', { seed: 77, startSec: [200, 300] }), 0);
    expect(named([...alike, secondDay])).toEqual([]);
  });

  it('sums the windows of one engine over its lines', () => {
    const days = [
      madeLine('e', { seed: 1, startSec: [0, 10] }),
      madeLine('e', { seed: 2, startSec: [11, 20] }),
      madeLine('e', { seed: 3, startSec: [21, 30] }),
    ];
    const [
      {
        engines: [engine],
      },
    ] = mergeFleet(days).kinds;
    expect(engine).toMatchObject({ rows: 360, used: 300, steps: 6000, startSec: [0, 30] });
    const single = mergeFleet(days.slice(0, 1)).kinds[0].engines[0];
    expect(engine.covariance[1][1]).toBeLessThan(single.covariance[1][1]);
    for (const [t, beta] of TRUE.entries()) {
      expect(Math.abs(engine.coefficients[t] - beta)).toBeLessThan(4 * Math.sqrt(engine.covariance[t][t]));
    }
  });

  it('refuses two lines of one engine and time', () => {
    const line = madeLine('e', { seed: 1 });
    expect(() => mergeFleet([line, line])).toThrow(
      'lines of engine e: must be of different times; one ends at 100 s; got "another from 0 s": a line stands twice',
    );
  });

  it('lists engines without a model or too short to be pooled', () => {
    const known = { engine: 'bad', label: null, rows: 7, used: 0, excluded: [], startSec: null };
    const bad = engineLineOf(known, { error: { code: 'x/y', message: 'no rows' } }, '0.0.0');
    const short = madeLine('short', { seed: 5, windows: 5 });
    const fleet = mergeFleet([...engines(2), bad, short]);
    expect(fleet.failed.map(({ engine, code }) => [engine, code])).toEqual([
      ['bad', 'x/y'],
      ['short', 'no-intervals'],
    ]);
    expect(fleetText(fleet)).toContain('bad (7 rows): no rows');
  });

  it('of one engine is that engine', () => {
    const line = madeLine('e', { seed: 1 });
    const [{ pooled }] = mergeFleet([line]).kinds;
    expect(pooled.coefficients.map(({ value }) => value)).toEqual(line.model?.terms.map(({ value }) => value));
    expect(pooled.coefficients.map(({ interval }) => interval)).toEqual([null, null, null, null]);
  });
});

it('the pool is a model that predict reads', () => {
  const { kinds, level } = mergeFleet(engines(10));
  const model = parseBetasFile(JSON.stringify(poolModel(kinds[0], level)), 'pool.json');
  expect(model.betas.beta0).toBe(kinds[0].pooled.coefficients[0].value);
  expect(model.covariance?.[0][0]).toBeGreaterThan(0);
});

it('a fleet has a figure a kind, of at most fifty engines', () => {
  const lines = [...engines(60), madeLine('slow', { seed: 500, betas: slower(0.2) })];
  const [{ spec }] = fleetFigures(mergeFleet(lines));
  expect(JSON.stringify(spec)).toContain('50 of 61 engines');
  expect(JSON.stringify(spec)).toContain('"slow"');
});

describe('a line', () => {
  const line = madeLine('e', { seed: 1 });
  it('is read as it was written', () => {
    expect(parseEngineLine(JSON.stringify(line), 'f:1')).toEqual(line);
  });
  it.each([
    [{ used: 121 }, 'must have no more requests used than rows'],
    [{ ok: false }, 'must have a model where ok is true, an error where it is false'],
    [{ rows: -1 }, 'rows: must be a whole number of at least 0; got -1'],
    [{ schema: 'stepclock/engine@2' }, 'stepclock/engine'],
    [{ start_seconds: [2, 1] }, 'start_seconds'],
  ])('with %o is refused', (change, message) => {
    expect(() => parseEngineLine(JSON.stringify({ ...line, ...change }), 'f:1')).toThrow(message);
  });
});

describe('expected counts', () => {
  const lines = [madeLine('a', { seed: 1 }), madeLine('b\tc', { seed: 2 })];
  it('that are met are silent', () => {
    refuseLostRows(lines, parseExpectedCounts('a\t120\r\nb\tc\t120\n', 'counts'));
  });
  it.each([
    ['a\t120\n', 'rows of engine b\\u0009c: must be 0, as their source counts them; got 120'],
    ['a\t121\nb\tc\t120\nd\t5\n', 'rows of engine a: must be 121, as their source counts them; got 120: and 1 more'],
    ['a 120\n', 'must have an engine and its rows, apart by a tabulator; got "a 120" (counts:1)'],
    ['a\t1.5\n', 'must be a whole number of rows; got "1.5" (counts:1)'],
    ['a\t1\na\t1\n', 'must name each engine once; got "a" (counts:2)'],
  ])('%j are refused', (text, message) => {
    expect(() => refuseLostRows(lines, parseExpectedCounts(text, 'counts'))).toThrow(message);
  });
});

describe('statements', () => {
  const names = { table: 'logs.requests', columns: new Map([['group', 'engine']]), partitions: 40 };
  it('of Spark send rows apart by tabulators, by engine and start', () => {
    const statement = mapStatement('spark', names);
    expect(statement).toContain(
      "ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t' NULL DEFINED AS '\\\\N'\n  USING 'stepclock map'",
    );
    expect(statement).toContain('/*+ REPARTITION(40, engine) */ * FROM logs.requests');
    expect(statement).toContain('DISTRIBUTE BY engine SORT BY engine, coalesce(queued, scheduled), request');
    expect(statement).not.toContain('cached_tokens');
  });
  it('write any text as map reads it', () => {
    const escaped = String.raw`replace(replace(replace(replace(engine, '\\', '\\\\'), '\t', '\\t'), '\n', '\\n'), '\r', '\\r')`;
    expect(mapStatement('spark', names)).toContain(`SELECT TRANSFORM (\n    ${escaped},\n`);
    expect(mapStatement('spark', names)).toContain(`SELECT concat(${escaped}, '\\t', count(*))`);
    expect(mapStatement('clickhouse', names)).toContain(
      escaped.replaceAll('replace', 'replaceAll').replace('engine', 'toString(engine)'),
    );
    const counts = parseExpectedCounts(`${String.raw`a\tb\nc\\N`}\t5\n`, 'counts.tsv');
    expect([...counts]).toEqual([['a\tb\nc\\N', 5]]);
  });
  it('are a job that counts its rows', () => {
    const job = sparkJob(names);
    expect(job).toContain('SELECT engine, count(*) FROM logs.requests GROUP BY engine');
    expect(job).toContain("  USING 'stepclock map'");
  });
  it('of ClickHouse fail with their process', () => {
    const columns = new Map([['cached_tokens', 'hits']]);
    expect(mapStatement('clickhouse', { ...names, columns })).toMatch(
      /output_tokens, hits\n +FROM[\s\S]*check_exit_code = 1/,
    );
  });
  it.each([
    [{ table: 'a; drop table b' }, 'table: must be a name of letters, digits and underscores'],
    [{ columns: new Map([['group', 'a b']]) }, 'column of group: must be a name'],
    [{ columns: new Map([['engine', 'e']]) }, 'field: must be among group, request'],
  ])('%o are refused', (change, message) => {
    expect(() => mapStatement('spark', { ...names, ...change })).toThrow(message);
  });
});
