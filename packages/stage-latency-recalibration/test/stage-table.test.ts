import { Fault } from '@stepclock/faults';
import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { decodeSteps, knobTableFrom, measuredTotals, perSampleTable, readMeasurements } from '../src/index.js';
import { streamOf, tableOf } from './made-tables.js';

const sample = { vision_tokens: 64, output_tokens: 5, T_LLM_prefill: 10, T_LLM_decode_per_token: 2 };

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
  return 'no error';
};

describe('stageTableFrom', () => {
  it('adds decode steps by the convention', () => {
    const other = { ...sample, vision_tokens: 128 };
    expect(measuredTotals(tableOf([sample, other]))).toAgree([18, 18], 1e-15);
    expect(measuredTotals(tableOf([sample, other], { convention: 'decode-emits-all' }))).toAgree([20, 20], 1e-15);
    expect(measuredTotals(tableOf([sample, other], { decodeSteps: 16 }))).toAgree([42, 42], 1e-15);
    expect(() => decodeSteps(0, 'prefill-emits-first')).toThrow('output tokens: must be at least 1; got 0');
  });

  it('merges repeats of a configuration into their median', () => {
    const table = tableOf([10, 12, 100].map((T_LLM_prefill) => ({ ...sample, T_LLM_prefill })));
    expect(table.length).toBe(1);
    expect([...table.repeats]).toEqual([3]);
    expect(table.stagesMs[0]).toAgree([12], 1e-15);
  });

  it('names zero and missing stages with their lines, and drops rows only when told to', () => {
    const rows = [
      sample,
      { ...sample, vision_tokens: 128, T_LLM_prefill: 0 },
      { ...sample, vision_tokens: 256, T_LLM_prefill: null },
    ];
    expect(() => tableOf(rows)).toThrow(
      /T_LLM_prefill: must be a time above 0 ms .* of 3 rows 1 zero \(line 2\), 1 missing \(line 3\)/,
    );
    expect(codeOf(() => tableOf(rows))).toBe('stage/missing-stage');
    const dropped = tableOf(rows, { incomplete: 'drop' });
    expect(dropped.length).toBe(1);
    expect(dropped.warnings.map(({ code }) => code)).toContain('missing-stage');
  });

  it('leaves out a stage that is 0 everywhere, with a warning', () => {
    const table = tableOf([{ ...sample, T_projector: 0 }]);
    expect(table.stageNames).toEqual(['T_LLM_prefill', 'T_LLM_decode_per_token']);
    expect(table.warnings.map(({ code }) => code)).toEqual(['zero-stage']);
  });

  it('warns when the file itself counts the other number of decode steps', () => {
    const rows = [4, 8, 16].map((output_tokens) => ({ ...sample, output_tokens, T_LLM_decode: 2 * output_tokens }));
    expect(tableOf(rows).warnings[0]?.message).toMatch(/off by one: .*decode-emits-all.* follow prefill-emits-first/);
    expect(tableOf(rows, { convention: 'decode-emits-all' }).warnings).toEqual([]);
    const totals = [4, 8, 16].map((output_tokens) => ({
      ...sample,
      output_tokens,
      T_total: 10 + 2 * (output_tokens - 1),
    }));
    expect(tableOf(totals).warnings).toEqual([]);
    expect(tableOf(totals, { convention: 'decode-emits-all' }).warnings[0]?.code).toBe('decode-convention');
  });

  it('takes the published names and leaves the projector in the vision total', () => {
    const table = tableOf([
      {
        actual_vision_tokens: 64,
        actual_text_tokens: 8,
        num_active_blocks: 16,
        output_tokens: 3,
        T_vision_total: 4,
        T_projector: 1,
        T_LLM_prefill: 10,
        T_decode_per_token: 2,
        nested: { a: 1 },
      },
    ]);
    expect(table.knobs.map(({ name }) => name)).toEqual(['vision_tokens', 'prompt_tokens', 'active_blocks']);
    expect(table.stageNames).toEqual(['T_vision_total', 'T_LLM_prefill', 'T_LLM_decode_per_token']);
    expect(measuredTotals(table)).toAgree([18], 1e-15);
  });

  it.each([
    ['stage/no-stages', () => tableOf([{ vision_tokens: 1 }])],
    ['stage/no-features', () => tableOf([{ T_LLM_prefill: 1 }])],
    ['stage/missing-column', () => tableOf([sample], { stages: ['T_other'] })],
    ['trace-io/bad-filter', () => tableOf([{ ...sample, gpu: 'A' }], { filter: ['gpu=B'] })],
    ['stage/bad-value', () => tableOf([sample, { ...sample, vision_tokens: 'many' }])],
    ['stage/bad-value', () => tableOf([{ ...sample, output_tokens: 0 }])],
    ['stage/bad-option', () => tableOf([sample], { perStepStages: ['other'] })],
    ['stage/bad-json', () => perSampleTable({ per_sample_results: [] })],
  ])('throws %s', (code, run) => {
    expect(codeOf(run)).toBe(code);
  });
});

describe('readMeasurements', () => {
  it('reads CSV, JSON lines and the published JSON alike', async () => {
    const csv = 'vision_tokens,output_tokens,T_LLM_prefill,T_LLM_decode_per_token\n64,5,10,2\n';
    const texts = [
      csv,
      `${JSON.stringify(sample)}\n`,
      JSON.stringify({ per_sample_results: [sample] }, null, 2),
      JSON.stringify({ per_sample_results: [sample] }),
    ];
    for (const text of texts) {
      const table = await readMeasurements(streamOf(text));
      expect(table.cell(0, table.names.indexOf('T_LLM_prefill'))).toBe('10');
    }
    await expect(readMeasurements(streamOf('{\n"a":'))).rejects.toThrow(
      'file: must be one JSON value with per_sample_results, or JSON lines',
    );
  });
});

describe('knobTableFrom', () => {
  it('reads knobs without stages', () => {
    const table = knobTableFrom(perSampleTable([{ vision_tokens: 3, output_tokens: 4 }]), ['vision_tokens'], {
      perStepStages: ['x'],
      convention: 'prefill-emits-first',
    });
    expect([...table.decodeSteps]).toEqual([3]);
  });
});
