import '@stepclock/vitest-matchers';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from './capture.js';

let folder = '';
const at = (name: string): string => join(folder, name);

const good = {
  schema: 'stepclock/betas@2',
  algo: 'steps',
  betas: { beta0: 0.006, beta1: 0.00002, beta2: 0.00012 },
  terms: [
    { name: 'step', unit: 's/step', value: 0.006, interval: [0.0059, 0.0061] },
    { name: 'prefill_tokens', unit: 's/token', value: 0.00002, interval: null },
    { name: 'decode_seqs', unit: 's/token', value: 0.00012, interval: null },
    { name: 'prefill_context', unit: 's/token^2', value: 1e-9, interval: null },
  ],
  covariance: null,
  intervals: { level: 0.95 },
  identifiability: { compositions: { decode_seqs: [0, 2] } },
  warnings: [{ code: 'preemption', message: 'some were preempted' }],
};
const write = (name: string, model: object): string => {
  writeFileSync(at(name), JSON.stringify(model));
  return at(name);
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stepclock-model-'));
  const words = ['--requests', '80', '--policy', 'prefill-first', '--terms', 'prefill_context=1e-9'];
  await capture(['simulate', ...words, '--output', at('log.jsonl'), '--steps', at('steps.csv')]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a model with a further term', () => {
  it('is predicted with it; what was not told of the prefill is said', async () => {
    const words = ['predict', '--betas', write('good.json', good), '--prefill-tokens', '1000'];
    const one = await capture(words);
    expect(one).toMatchObject({ code: 0, stdout: expect.stringContaining('26.50 ms per step') });
    expect(one.stderr).toContain('--prefill-context, which is not given: taken as of one prompt');
    const told = await capture([...words, '--prefill-context', '0']);
    expect(told.stdout).toContain('26.00 ms per step');
    expect(told.stderr).not.toContain('one-prompt');
    expect(await capture([...words, '--context-tokens', '9'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('has no effect on a model without beta3 (estimate with --model kv)'),
    });
  });

  it('is replayed with it, under the policy of its file or of the flag, and its warnings are repeated', async () => {
    const errors = async (model: object, ...words: string[]) => {
      const args = ['--betas', write('replayed.json', model), '--requests', at('log.jsonl'), '--json'];
      const { code, stdout, stderr } = await capture(['replay', ...args, '--no-async-scheduling', ...words]);
      expect(code).toBe(0);
      const { metrics, warnings } = JSON.parse(stdout);
      return { tpot: metrics.tpot.mean.error, warnings, stderr };
    };
    const policy = { ...good, policy: 'prefill-first' };
    const { tpot, warnings, stderr } = await errors(policy);
    expect(tpot).toAgree(0, 0, 1e-9);
    expect(warnings.map(({ code }: { code: string }) => code)).toEqual(['preemption', 'extrapolation']);
    expect(stderr).toContain('of the model: some were preempted [preemption]');
    expect(stderr).toContain('of the replayed time are steps beyond the 2 decodes that the fit has seen at most');
    expect((await errors(good, '--policy', 'prefill-first')).tpot).toAgree(0, 0, 1e-9);
    expect(Math.abs((await errors(policy, '--policy', 'mixed')).tpot)).toBeGreaterThan(1e-3);
  });

  it('is exported where it can be, and refused by the name of the term where not', async () => {
    const path = write('good.json', good);
    expect((await capture(['export', '--betas', path, '--to', 'csv'])).stdout).toContain(
      'prefill_context,1e-9,s/token^2',
    );
    expect(await capture(['export', '--betas', path, '--to', 'blis-yaml'])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining(
        'term prefill_context: must be one that the output can carry; got 1e-9: BLIS carries',
      ),
    });
  });
});

describe.each(['predict', 'replay', 'export'])('%s of a broken model file', (verb) => {
  const rest: Readonly<Record<string, () => string[]>> = {
    predict: () => ['--decode-seqs', '8'],
    replay: () => ['--requests', at('log.jsonl')],
    export: () => ['--to', 'csv'],
  };

  it.each<[string, (text: string) => string]>([
    [
      'betas.beta0: must be a number from 0 to 1000000; got Infinity',
      (s) => s.replace('"beta0":0.006', '"beta0":1e999'),
    ],
    ['terms[3].value: must be a number from', (s) => s.replace('"value":1e-9', '"value":1e308')],
    ['terms[3].value: must be a number of seconds of at least 0', (s) => s.replace('"value":1e-9', '"value":-1e-9')],
    ['terms[3].name: must be a term of the catalogue', (s) => s.replace('prefill_context', 'warp')],
    ['terms[0].interval: must be a pair of numbers [low, high], low <= high', (s) => s.replace('[0.0059', '[0.7')],
    ['intervals.level: must be a number between 0 and 1; got "NaN"', (s) => s.replace('"level":0.95', '"level":"NaN"')],
    ['covariance: must be given', (s) => s.replace('"covariance":null,', '')],
    ['schema: must be "stepclock/betas@2"; got "stepclock/betas@9"', (s) => s.replace('betas@2', 'betas@9')],
    ['model file: must be a betas file', (s) => s.slice(0, 50)],
  ])('names the field: %s', async (message, damage) => {
    const path = at('broken.json');
    writeFileSync(path, damage(JSON.stringify(good)));
    const { code, stdout, stderr } = await capture([verb, '--betas', path, ...(rest[verb]?.() ?? [])]);
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringContaining(message)]);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(readFileSync(path, 'utf8')).toBe(damage(JSON.stringify(good)));
  });
});
