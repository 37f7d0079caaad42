import '@stepclock/vitest-matchers';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { syntheticCsv } from '../src/synthetic/synthetic-csv.js';
import { loadMeasurements } from '../src/table/load-measurements.js';
import { rowsWith } from '../src/table/measurements.js';
import { loadPowerSamples } from '../src/table/power-samples.js';
import { bytes, load, loadOne } from './bundled.js';

const fixtures = join(import.meta.dirname, '../../../fixtures/token2metrics');

describe('the bundled set', () => {
  it('is what its script writes', () => {
    expect(readFileSync(join(fixtures, 'synthetic.csv'), 'utf8')).toBe(syntheticCsv());
    expect(syntheticCsv(7)).not.toBe(syntheticCsv());
  });
});

describe('loadMeasurements', () => {
  it('reads the tidy form into SI units, one table a model, with lines and places', async () => {
    const tables = await load(
      'model,input_tokens,output_tokens,ttft_ms,decode_time_s,total_time_us,energy_kj,power_mw\n' +
        'a,10,20,50,1.5,1550000,0.03,20000\nb,11,21,60,1.6,1660000,0.04,21000\na,12,22,70,1.7,1770000,,\n',
    );
    expect(tables.map(({ model }) => model)).toEqual(['a', 'b']);
    const [a] = tables;
    expect(a?.values.ttft).toAgree([0.05, 0.07], 1e-12);
    expect(a?.values.decode).toAgree([1.5, 1.7], 1e-12);
    expect(a?.values.total).toAgree([1.55, 1.77], 1e-12);
    expect(a?.values.energy?.[0]).toAgree(30, 1e-12);
    expect(a?.values.power?.[0]).toAgree(20, 1e-12);
    expect([...(a?.line ?? [])]).toEqual([2, 4]);
    expect([...(a?.position ?? [])]).toEqual([0, 1]);
    expect(a && [...rowsWith(a, 'energy')]).toEqual([0]);
    expect(a?.sources.total).toEqual({ column: 'total_time_us', unit: 'us' });
  });

  it('reads the server workbook, one sheet a model, and says how it knew the units', async () => {
    const workbook = readFileSync(join(fixtures, 'server-sheet.xlsx'));
    const tables = await loadMeasurements(workbook, { file: 'sheet.xlsx' });
    const [csv] = await load(readFileSync(join(fixtures, 'synthetic.csv'), 'utf8'));
    expect(tables.map(({ model, length }) => [model, length])).toEqual([
      ['1.5B', 40],
      ['8B', 40],
    ]);
    const [sheet] = tables;
    expect(sheet?.values.ttft).toAgree(csv?.values.ttft?.slice(0, 40) ?? [], 1e-12);
    expect(sheet?.values.decode).toAgree(csv?.values.decode?.slice(0, 40) ?? [], 1e-12);
    expect(sheet?.findings.map(({ code, metric }) => `${code} ${metric}`)).toEqual([
      'unit-inferred ttft',
      'unit-inferred decode',
    ]);
    expect(sheet?.findings[0]?.message).toBe(
      'column ttft names no unit; taken as ms, which is what ttft + decode_time = total_time_ms says',
    );
    expect(sheet?.groupNames[0]).toBe('run-0');
  });

  it('reads the Jetson form in seconds, because its tokens per second say so', async () => {
    const table = await loadOne(
      'question_id,input_tokens,output_tokens,inference_time,prefill,decode,tokens_per_second\n' +
        '0,100,20,2.1,0.1,2.0,9.5238095\n1,200,40,4.2,0.2,4.0,9.5238095\n',
    );
    expect(table.values.total).toAgree([2.1, 4.2], 1e-12);
    expect(table.values.ttft).toAgree([0.1, 0.2], 1e-12);
    expect(table.findings.every(({ code }) => code === 'unit-inferred')).toBe(true);
    expect(table.findings).toHaveLength(3);
  });

  it('takes declared units and columns', async () => {
    const text = 'input_tokens,output_tokens,ttft,energy_a_j,energy_b_j\n100,20,250,3,4\n';
    const table = await loadOne(text, { units: { ttft: 'ms' }, columns: { energy: 'energy_b_j' } });
    expect(table.values.ttft).toAgree([0.25], 1e-12);
    expect(table.values.energy).toAgree([4], 1e-12);
    expect(table.findings).toEqual([]);
  });

  it('leaves batched rows out, and says so', async () => {
    const table = await loadOne('batch,input_tokens,output_tokens,latency_s\n1,10,20,3\n16,10,20,9\n');
    expect(table.length).toBe(1);
    expect(table.findings[0]?.code).toBe('batched-rows');
    await expect(load('batch,input_tokens,latency_s\n2,10,3\n')).rejects.toThrow(
      'model: must have at least one request measured alone (batch 1) (run.csv)',
    );
  });

  it.each([
    [
      'no prompt length',
      'output_tokens,ttft_ms\n1,2\n',
      'input_tokens: must be there: every request needs its prompt length, which cannot be made up; got "columns output_tokens, ttft_ms" (run.csv:1)',
    ],
    [
      'a column without unit',
      'input_tokens,ttft\n1,2\n',
      `ttft: must have a unit in its name or a declared one (units: ttft=ms); the numbers do not tell it either (run.csv:1)`,
    ],
    [
      'energy without unit',
      'input_tokens,energy\n1,2\n',
      'energy: must have a unit in its name or a declared one (units: energy=J)',
    ],
    [
      'two columns for one metric',
      'input_tokens,total_time_ms,latency_s\n1,2,3\n',
      'total: must stand in one column: say which with columns.total; got "total_time_ms, latency_s"',
    ],
    ['a text', 'input_tokens,ttft_ms\n1,fast\n', 'ttft_ms: must be a number of at least 0; got "fast" (run.csv:2)'],
    ['a negative time', 'input_tokens,ttft_ms\n1,-3\n', 'ttft_ms: must be a number of at least 0; got "-3"'],
    ['a hexadecimal', 'input_tokens,ttft_ms\n1,0x10\n', 'got "0x10"'],
    [
      'half a token',
      'input_tokens,ttft_ms\n1.5,3\n',
      'input_tokens: must be a whole number from 1 to 1e9; got "1.5" (run.csv:2)',
    ],
    ['no token count', 'input_tokens,ttft_ms\n,3\n', 'input_tokens: must be a whole number from 1 to 1e9; got ""'],
    [
      'seconds called milliseconds',
      'input_tokens,output_tokens,ttft_s,decode_time_s,total_time_ms\n9,9,1,2,3\n9,9,2,2,4\n',
      'total_time_ms: must be in a unit that agrees with ttft_s + decode_time_s; got "0.001 times as much"',
    ],
    [
      'a rate that denies the unit',
      'input_tokens,output_tokens,total_time_s,tokens_per_second\n9,100,5000,20\n',
      'total_time_s: must be in a unit that agrees with output_tokens / tokens_per_second; got "1000 times as much"',
    ],
  ])('refuses %s', async (_, text, message) => {
    await expect(load(text)).rejects.toThrow(message);
  });

  it('refuses a unit that it does not know, or a column that is not there', async () => {
    await expect(load('input_tokens,ttft\n1,2\n', { units: { ttft: 'parsec' } })).rejects.toThrow(
      'unit: must be one of s, ms, us, ns, min for a time; got "parsec" (run.csv:1:ttft)',
    );
    await expect(load('input_tokens,ttft\n1,2\n', { units: { tfft: 'ms' } })).rejects.toThrow(
      'units: must name a column of input_tokens, ttft; got "tfft"',
    );
    await expect(loadMeasurements(bytes('PK\u0003\u0004 not really'), { file: 'x.xlsx' })).rejects.toThrow(
      'workbook: must be an Excel .xlsx file; got "a zip archive that is cut short" (x.xlsx)',
    );
  });
});

describe('loadPowerSamples', () => {
  it('reads runs in their order', async () => {
    const text = 'run,elapsed_s,gpu_soc_power_mw,gpu_usage_pct\na,0,5000,0\na,1,30000,99\nb,0,5000,0\n';
    const runs = await loadPowerSamples(bytes(text));
    expect(runs.map(({ name, powerW }) => [name, [...powerW]])).toEqual([
      ['a', [5, 30]],
      ['b', [5]],
    ]);
    await expect(load(text)).rejects.toThrow('file: must have one request a row; got "samples of a power meter');
  });

  it('refuses samples without power', async () => {
    await expect(loadPowerSamples(bytes('run,elapsed_s\na,0\n'))).rejects.toThrow(
      'power: must stand in a column such as power_w',
    );
    await expect(loadPowerSamples(bytes('elapsed_s,power_w\n0,much\n'))).rejects.toThrow(
      'power_w: must be a number; got "much"',
    );
  });
});
