import '@stepclock/vitest-matchers';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stepSeconds } from '@stepclock/step-cost';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from './capture.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stepclock-terms-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('simulate --terms', () => {
  it('adds terms of the catalogue to the coefficients, and the step log has their cost', async () => {
    const output = join(folder, 'log.jsonl');
    const steps = join(folder, 'steps.csv');
    const terms = 'decode_seqs_over_16=-1e-5, prefill_step=0.004,beta3=1e-7';
    const words = ['--requests', '60', '--terms', terms, '--output', output, '--steps', steps, '--json'];
    const { code, stdout } = await capture(['simulate', ...words]);
    expect(code).toBe(0);
    const coefficients = {
      beta0: 0.006,
      beta1: 0.00002,
      beta2: 0.00012,
      beta3: 1e-7,
      prefill_step: 0.004,
      decode_seqs_over_16: -1e-5,
    };
    expect(JSON.parse(stdout).coefficients).toEqual(coefficients);
    expect(JSON.parse(readFileSync(`${output}.meta.json`, 'utf8')).coefficients).toEqual(coefficients);
    const [header = '', ...rows] = readFileSync(steps, 'utf8').trimEnd().split('\n');
    const names = header.split(',');
    expect(names).toEqual(expect.arrayContaining(['prefill_requests', 'prefill_context']));
    expect(rows.length).toBeGreaterThan(100);
    for (const row of rows) {
      const cells = row.split(',').map(Number);
      const at = (name: string): number => cells[names.indexOf(name)] ?? Number.NaN;
      const step = {
        prefillTokens: at('prefill_tokens'),
        decodeSeqs: at('decode_tokens'),
        contextTokens: at('context_tokens'),
      };
      expect(at('duration_sec')).toAgree(stepSeconds(coefficients, step), 1e-12);
    }
  });

  it.each([
    [['--terms', 'warp=1'], 2, '--terms: term: must be one of step, prefill_tokens'],
    [['--terms', 'prefill_step'], 2, '--terms: must be NAME=SECONDS, as prefill_step=0.004; got "prefill_step"'],
    [['--terms', 'prefill_step=1=2'], 2, '--terms: must be NAME=SECONDS'],
    [['--terms', 'prefill_step=NaN'], 2, '--terms: prefill_step must be a number from -1000000 to 1e6; got "NaN"'],
    [['--terms', 'prefill_context=-1'], 2, '--terms: prefill_context must be a number from 0 to 1e6; got "-1"'],
    [['--terms', 'beta3=1,context_tokens=2'], 2, '--terms: may have beta3 once'],
    [['--terms', 'beta1=1', '--beta1', '1'], 2, '--terms: cannot go with --beta1: both give beta1'],
    [
      ['--terms', 'prefill_step=-1'],
      1,
      'prefill tokens and 0 decodes with 0 tokens of context: must be a finite number',
    ],
  ])('%j is refused', async (words, exit, message) => {
    const { code, stderr, stdout } = await capture(['simulate', '--requests', '20', ...words]);
    expect([code, stdout, stderr]).toEqual([exit, '', expect.stringContaining(message)]);
  });
});
