import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { stepclock } from './program.js';

const fixtures = join(import.meta.dirname, '../../../fixtures');
const trace = join(fixtures, 'traces/shared-budget-300/requests.jsonl');
const steps = join(fixtures, 'step-time/synthetic_one_outlier.csv');
const tokens = join(fixtures, 'token2metrics/synthetic.csv');
const stages = join(fixtures, 'stage/two-gpus.csv');

let folder = '';
const at = (name: string): string => join(folder, name);
const made = async (...argv: string[]): Promise<void> => {
  const { code, stderr } = await stepclock(argv);
  if (code !== 0) throw new Error(`${argv.join(' ')}: ${code}\n${stderr}`);
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stepclock-mutated-'));
  writeFileSync(at('short.csv'), 'request_id,phase_type,t_start,t_end,prefill_tokens,decode_tokens\n');
  mkdirSync(at('models'));
  await Promise.all([
    made('estimate', trace, '--json', at('betas.json')),
    made('simulate', '--requests', '12', '--output', at('few.jsonl')),
    made('step-time', 'fit', '--model-name', 'm', '--data-path', steps, '--no-figures', '--output', at('step-time')),
    made(
      'token2metrics',
      'train',
      '--data',
      tokens,
      '--model',
      '8B',
      '--trees',
      '3',
      '--regression',
      'all',
      '--no-figures',
      '--output',
      at('models'),
    ),
    made(
      'stage',
      'train',
      '--data',
      stages,
      '--filter',
      'gpu=GPU-L',
      '--families',
      'linear,gaussian-process',
      '--output',
      at('stage.json'),
    ),
  ]);
  await made(
    'stage',
    'recalibrate',
    '--model',
    at('stage.json'),
    '--data',
    stages,
    '--filter',
    'gpu=GPU-M',
    '--samples',
    '20',
    '--method',
    'affine',
    '--output',
    at('carried.json'),
  );
  writeFileSync(
    at('knobs.csv'),
    `${'vision_tokens,prompt_tokens,top_k,active_blocks,task,output_tokens'}\n256,64,2,24,captioning,33\n`,
  );
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Result {
  readonly faults: readonly object[];
  readonly done: number;
  readonly answered: number;
}

/** A case that says nothing for so long hangs, on a machine as busy as it may be. */
const HANG_MS = 60_000;

const mutated = (model: string, commands: readonly (readonly string[])[], share: number): Promise<Result> =>
  new Promise((resolve, reject) => {
    const argv = [inject('mutationRuns'), model, `${model}.spoiled.json`, JSON.stringify(commands), String(share)];
    const child = spawn(process.execPath, ['--max-old-space-size=512', ...argv], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const faults: object[] = [];
    let [rest, last] = ['', ''];
    let summary = { done: 0, answered: 0 };
    const hung = () => setTimeout(() => child.kill('SIGKILL'), HANG_MS);
    let watch = hung();
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      clearTimeout(watch);
      watch = hung();
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const said = JSON.parse(line);
        if ('done' in said) summary = said;
        else if ('fault' in said) faults.push(said);
        else last = said.of;
      }
    });
    child.on('close', (code) => {
      clearTimeout(watch);
      if (code === 0) resolve({ ...summary, faults });
      else reject(new Error(`ended or hung at ${last}`));
    });
  });

const modelOf = (name: string): string =>
  name === 'models' || name === 'step-time'
    ? join(at(name), readdirSync(at(name)).find((file) => file.endsWith('.json')) ?? '')
    : at(name);

describe('a model file with one field spoiled', { timeout: 600_000 }, () => {
  it.each([
    [
      'betas',
      'betas.json',
      () => [
        ['predict', '--betas', 'MODEL', '--prefill-tokens', '100', '--decode-seqs', '8', '--context-tokens', '4000'],
        ['predict', '--betas', 'MODEL', '--decode-seqs', '8', '--json', '-'],
        [
          'export',
          '--betas',
          'MODEL',
          '--to',
          'blis-yaml',
          '--decode-seqs',
          '8',
          '--context-tokens',
          '500',
          '--prompt-tokens',
          '300',
          '--output-tokens',
          '100',
        ],
        [
          'replay',
          '--betas',
          'MODEL',
          '--requests',
          at('few.jsonl'),
          '--max-num-batched-tokens',
          '512',
          '--draws',
          '2',
          '--json',
          '-',
        ],
      ],
    ],
    [
      'step-time',
      'step-time',
      () => [
        ['step-time', 'predict', '--model', 'MODEL', '--batch-size', '32', '--sequence-length', '1024'],
        ['step-time', 'predict', '--model', 'MODEL', '--batch-size', '32', '--sequence-length', '1024', '--json', '-'],
        ['step-time', 'evaluate', '--model', 'MODEL', '--data-path', steps],
      ],
    ],
    [
      'token2metrics',
      'models',
      () => [
        ['token2metrics', 'predict', '--model-path', 'MODEL', '--input-tokens', '100', '--output-tokens', '50'],
        [
          'token2metrics',
          'predict',
          '--model-path',
          'MODEL',
          '--input-tokens',
          '9000',
          '--output-tokens',
          '50',
          '--json',
          '-',
        ],
        ['token2metrics', 'evaluate', '--model-path', 'MODEL'],
      ],
    ],
    [
      'stage',
      'stage.json',
      () => [
        ['stage', 'predict', '--model', 'MODEL', '--data', at('knobs.csv')],
        [
          'stage',
          'filter',
          '--model',
          'MODEL',
          '--data',
          at('knobs.csv'),
          '--budget-ms',
          '300',
          '--rule',
          'margin',
          '--json',
          '-',
        ],
      ],
    ],
    [
      'stage, carried over',
      'carried.json',
      () => [
        ['stage', 'predict', '--model', 'MODEL', '--data', at('knobs.csv'), '--json', '-'],
        ['stage', 'filter', '--model', 'MODEL', '--data', at('knobs.csv'), '--budget-ms', '300'],
      ],
    ],
  ] as const)(
    '%s: a number or one line of error, never NaN, Infinity, exit 70 or a hang',
    async (_, name, commands) => {
      // All of them by STEPCLOCK_MUTATIONS=1; one in fifty takes the tests some seconds a kind.
      const share = Number(process.env.STEPCLOCK_MUTATIONS ?? 0.02);
      const { faults, done, answered } = await mutated(modelOf(name), commands(), share);
      expect(faults).toEqual([]);
      // Spoiled files are refused, and changes that mean nothing are not.
      expect(answered).toBeGreaterThan(0);
      expect(answered).toBeLessThan(done);
    },
  );
});
