import { renderReport } from '@stepclock/charts';
import { describe, expect, it } from 'vitest';
import { type EstimateReportInput, estimateReport, replayReport } from '../src/index.js';
import { sampleEstimate } from './sample-estimate.js';

describe('the page of an estimate', () => {
  it('is the same to the byte each time, and needs nothing from outside', async () => {
    const data = estimateReport(sampleEstimate({ phases: 80 }));
    const page = await renderReport(data);
    expect((await renderReport(data)) === page).toBe(true);
    const bare = page.replace(/<script>.*?<\/script>/gs, '');
    expect(bare.match(/(?:src|href)="(?!#|data:,)[^"]*"/g)).toBeNull();
    expect(bare.match(/@import|NaN|undefined<|Infinity</g)).toBeNull();
  });

  it('holds hostile texts as text, wherever they come from', async () => {
    const hostile = '</script><script>alert("x")</script><img src=x onerror=alert(1)>\'"&';
    const poisoned = (value: unknown): unknown => {
      if (typeof value === 'string') return `${value}${hostile}`;
      if (Array.isArray(value)) return value.map(poisoned);
      if (typeof value === 'function') return () => hostile;
      if (ArrayBuffer.isView(value) || typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, poisoned(child)]));
    };
    const clean = sampleEstimate({ phases: 60 });
    const input: EstimateReportInput = {
      ...(poisoned(clean) as EstimateReportInput),
      coefficients: clean.coefficients,
      ...(clean.model === undefined ? {} : { model: clean.model }),
    };
    const page = await renderReport(estimateReport(input));
    const bare = page.replace(/<script>.*?<\/script>/gs, '');
    expect(bare.match(/<script/g)).toHaveLength(1);
    expect(bare.match(/<\/script/g)).toHaveLength(1);
    expect(bare.includes('<img')).toBe(false);
    expect(bare.includes('&lt;img src=x')).toBe(true);
  });

  it('stays small when there are many phases, and keeps the largest miss', async () => {
    const input = sampleEstimate({ phases: 20_000 });
    const page = await renderReport(estimateReport(input));
    expect(Buffer.byteLength(page)).toBeLessThan(3e6);
    expect(page.includes('"request-9999"')).toBe(true);
  });
});

describe('the report of an estimate', () => {
  it('says what a step costs, with all coefficients', () => {
    const { verdict } = estimateReport(sampleEstimate({ phases: 200 }));
    expect(verdict.headline).toBe(
      'A step takes 12.2 ms, plus 41 us per prefill token, 120 us per decode token and 92 ns per context token.',
    );
    expect(verdict.tone).toBe('caution');
  });

  it('is good without warnings, bad without convergence or proof, careful with a coefficient at zero', () => {
    const { warnings: _warnings, ...clean } = sampleEstimate({ phases: 200 });
    expect(estimateReport(clean).verdict.tone).toBe('good');
    expect(estimateReport({ ...clean, converged: false }).verdict.tone).toBe('caution');
    const { replay: _replay, ...unproven } = clean;
    expect(estimateReport({ ...unproven, converged: false }).verdict.tone).toBe('bad');
    const off = (error: number) => ({ metrics: { ttft: { mean: { measured: 1, replayed: 1 + error, error } } } });
    expect(estimateReport({ ...unproven, replay: off(-0.06) }).verdict.tone).toBe('caution');
    expect(estimateReport({ ...unproven, replay: off(0.21) }).verdict.tone).toBe('bad');
    const zero = estimateReport({
      ...clean,
      coefficients: [
        { name: 'beta0', phrase: 'per step', unit: 's/step', value: 0.01 },
        { name: 'beta1', phrase: 'per prefill token', unit: 's/token', value: 0 },
      ],
    });
    expect(zero.verdict.tone).toBe('caution');
    expect(zero.verdict.points?.join(' ')).toContain('β₁, per prefill token, came out as zero');
  });

  it('draws step times by batch, and the coefficients by window, beside those of all only where their terms are alike', () => {
    const { clock, ...input } = sampleEstimate({ phases: 60 });
    const columns = (values: readonly number[]) => Float64Array.from(values);
    const windows = { middleSec: columns([10, 30, 50]), byName: { beta0: columns([0.012, 0.013, 0.012]) } };
    const batches = {
      decodeSeqs: columns([1, 2, 3]),
      meanSec: columns([0.01, 0.011, 0.011]),
      predictedSec: columns([0.01, 0.0105, 0.011]),
    };
    const titled = (coefficients: EstimateReportInput['coefficients']): string =>
      JSON.stringify(estimateReport({ ...input, coefficients, clock: { facts: [], batches, windows } }).sections);
    const all = titled(input.coefficients);
    expect(all).toContain('Step time by batch');
    expect(all).toContain('Coefficients by window');
    expect(all).not.toContain('all together');
    expect(titled(input.coefficients.slice(0, 1))).toContain('all together');
    const { sections } = estimateReport({
      ...input,
      clock: { facts: [], windows: { middleSec: columns([10]), byName: { beta0: columns([0.012]) } } },
    });
    expect(JSON.stringify(sections)).not.toContain('Coefficients by window');
  });

  it('leaves out the sections whose parts are absent', () => {
    const { title, algo, coefficients, converged, provenance } = sampleEstimate({ phases: 10 });
    const report = estimateReport({
      ...(title === undefined ? {} : { title }),
      algo,
      coefficients,
      converged,
      provenance,
    });
    expect(report.sections.map((section) => section.title)).toEqual(['Coefficients']);
  });

  it('copes with a trace of one kind', () => {
    const { phases, ...rest } = sampleEstimate({ phases: 40 });
    if (phases === undefined) throw new Error('no phases');
    const report = estimateReport({ ...rest, phases: { ...phases, kind: new Uint8Array(40).fill(1) } });
    const figures = report.sections.find((section) => section.title === 'How well it predicts')?.blocks[0];
    expect(figures?.kind === 'figures' && figures.figures).toHaveLength(1);
  });

  it('refuses columns that do not fit together', () => {
    const { phases, ...rest } = sampleEstimate({ phases: 40 });
    if (phases === undefined) throw new Error('no phases');
    expect(() => estimateReport({ ...rest, phases: { ...phases, observedSec: [1] } })).toThrow(
      'phases.observedSec: must have as many rows as phases.kind (40); got 1',
    );
  });
});

describe('the report of a replay', () => {
  it('has the errors of the means in its first line', () => {
    const { replay, provenance } = sampleEstimate({ phases: 10 });
    if (replay === undefined) throw new Error('no replay');
    const report = replayReport({ replay, provenance });
    expect(report.verdict).toMatchObject({
      tone: 'good',
      headline: 'Replayed with these coefficients, mean TTFT is off by 0.3 %, TPOT by 0.3 % and latency by 0.3 %.',
    });
  });
});
