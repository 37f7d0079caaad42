import '@stepclock/vitest-matchers';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from './capture.js';

const fixtures = join(import.meta.dirname, '../../../fixtures');
const log = join(fixtures, 'traces/shared-budget-300/requests.jsonl');
const FOUR_PHASES = `request_id,phase_type,t_start,t_end,prefill_tokens,decode_tokens
A,prefill,0,2,96,0
A,decode,2,6,0,4
B,prefill,1,3,64,0
B,decode,3,5,0,2
`;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stepclock-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const written = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe('a trace as the published scripts take it', () => {
  const STEPS = 'request_id,phase_type,t_start,t_end,N_steps';
  const betas = async (argv: readonly string[]) => {
    const { code, stdout, stderr } = await capture(['estimate', ...argv, '--json']);
    return code === 0 ? JSON.parse(stdout).betas : stderr;
  };

  it('a chunk size alone means baseline, in one line that names the step clock', async () => {
    const sample = join(fixtures, 'traces/sample.csv');
    const { code, stdout, stderr } = await capture(['estimate', sample, '--chunk-size', '64']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/4 phases, 6\.000 s\nbaseline\n/)]);
    expect(stderr).toMatch(/^warning: --chunk-size without --algo means --algo baseline, .*step-clock.*\n$/);
    expect(stderr.split('\n')).toHaveLength(2);
    expect(readFileSync(sample, 'utf8').replaceAll('.0', '')).toBe(FOUR_PHASES);
  });

  it('with a byte order mark, as Excel writes it', async () => {
    const argv = ['--algo', 'baseline', '--chunk-size', '64'];
    const plain = await betas([written('plain.csv', FOUR_PHASES), ...argv]);
    expect(plain.beta1).toBeGreaterThan(0);
    expect(await betas([written('marked.csv', `\uFEFF${FOUR_PHASES}`), ...argv])).toEqual(plain);
  });

  it('with N_steps and without tokens, where no correction asks for them', async () => {
    const rows = 'A,prefill,0,2,2\nA,decode,2,6,4\nB,prefill,1,3,1\nB,decode,3,5,2\n';
    const path = written('steps.csv', `${STEPS}\n${rows}`);
    const full = written('full.csv', FOUR_PHASES);
    const none = ['--algo', 'baseline', '--chunk-size', '64', '--correction-mode', 'none'];
    expect(await betas([path, ...none])).toEqual(await betas([full, ...none]));
    const iterative = ['--algo', 'iterative', '--chunk-size', '64', '--correction-mode', 'none'];
    const neither = [...iterative, '--init-correction-mode', 'none'];
    expect(await betas([path, ...neither])).toEqual(await betas([full, ...neither]));
    expect(await betas([path, ...iterative])).toMatch(/prefill tokens: must be known for a correction of last chunks/);
    expect(await betas([path])).toMatch(/prefill_tokens: must be given for every prefill/);
  });

  it('with decodes alone and no token columns, with prefill tokens alone, with blank decode tokens of prefills', async () => {
    const argv = ['--algo', 'baseline', '--chunk-size', '64'];
    const decodes = written('decodes.csv', `${STEPS}\nA,decode,0,2,4\nB,decode,1,4,5\nC,decode,2,7,6\n`);
    expect((await betas([decodes, ...argv])).beta2).toBeGreaterThanOrEqual(0);
    const [, ...rows] = FOUR_PHASES.trim().split('\n');
    const full = await betas([written('whole.csv', FOUR_PHASES), ...argv]);
    const blank = FOUR_PHASES.replaceAll(/,0$/gm, ',');
    expect(await betas([written('blank.csv', blank), ...argv])).toEqual(full);
    const withSteps = rows.map((row) => row.replace(/,(\d+),(\d+)$/, (_, p, d) => `,${p},${d === '0' ? '' : d}`));
    const prompts = `request_id,phase_type,t_start,t_end,prefill_tokens,N_steps\n${withSteps.join('\n')}\n`;
    expect(await betas([written('prompts.csv', prompts), ...argv])).toEqual(full);
  });
});

describe('estimate', () => {
  it('gives the published figures of the four-phase example as JSON', async () => {
    const trace = written('four.csv', FOUR_PHASES);
    const { code, stdout, stderr } = await capture([
      'estimate',
      trace,
      '--algo',
      'baseline',
      '--chunk-size',
      '64',
      '--correction-mode',
      'uniform',
      '--json',
    ]);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    const json = JSON.parse(stdout);
    expect(json.schema).toBe('stepclock/betas@2');
    expect(json.algo).toBe('baseline');
    expect(json.betas.beta0).toBe(0);
    expect(json.betas.beta1).toAgree(0.014338, 5e-5);
    expect(json.betas.beta2).toAgree(0.515229, 1e-6);
    expect(json.diagnostics.r2).toAgree(0.8517629407351839, 1e-9);
    expect(Object.keys(json)).toEqual(
      expect.arrayContaining(['options', 'converged', 'iterations', 'diagnostics', 'history', 'warnings', 'input']),
    );
    expect(json.warnings).toEqual([]);
  });

  it('shows the rounds of every coefficient of the model', async () => {
    const linear = await capture([
      'estimate',
      written('four.csv', FOUR_PHASES),
      '--algo',
      'iterative',
      '--chunk-size',
      '64',
    ]);
    expect(linear.stdout).toMatch(/round +beta0 +beta1 +beta2 +\|delta beta\| +r2 +rmse s\n/);
    const log = join(folder, 'kv.jsonl');
    await capture(['simulate', '--scenario', 'kv', '--requests', '60', '--seed', '1', '--output', log]);
    const kv = await capture(['estimate', log, '--model', 'kv']);
    expect(kv.stdout).toMatch(/round +beta0 +beta1 +beta2 +beta3 +\|delta beta\| +r2 +rmse s\n/);
    expect(kv.stdout).toMatch(/\n +\d+ +0\.00\d{7} +0\.0000\d{5} +0\.000\d{6} +0\.000000\d{7} +/);
  });

  it('iterative converges after 7 rounds, with a history in JSON', async () => {
    const trace = written('four.csv', FOUR_PHASES);
    const { stdout } = await capture([
      'estimate',
      '--csv',
      trace,
      '--algo',
      'iterative',
      '--chunk-size',
      '64',
      '--json',
      '-',
    ]);
    const json = JSON.parse(stdout);
    expect([json.converged, json.iterations]).toEqual([true, 7]);
    expect(json.betas.beta1).toAgree(0.016305, 5e-5);
    expect(json.betas.beta2).toAgree(0.56623, 1e-6);
    expect(json.history.delta_beta_l2).toHaveLength(7);
    expect(json.history.rmse_seconds).toHaveLength(7);
  });

  it('prints coefficients with units for people, and nothing on stderr', async () => {
    const trace = written('four.csv', FOUR_PHASES);
    const { stdout, stderr } = await capture(['estimate', trace, '--algo', 'iterative', '--chunk-size', '64']);
    expect(stdout).toMatch(/beta1 {2}per prefill token .* s\/token .* us\/token/);
    expect(stdout).toContain('converged after 7 rounds');
    expect(stdout).not.toContain('\u001b[');
    expect(stderr).toBe('');
  });

  it('colours on a terminal unless NO_COLOR says otherwise', async () => {
    const trace = written('four.csv', FOUR_PHASES);
    const run = async (env: Record<string, string>) => {
      let text = '';
      const stdout = {
        isTTY: true,
        columns: 100,
        write: (t: string) => {
          text += t;
        },
      };
      await capture(['estimate', trace, '--algo', 'iterative', '--chunk-size', '64'], '', { stdout, env });
      return text;
    };
    expect(await run({})).toContain('\u001b[');
    expect(await run({ NO_COLOR: '1' })).not.toContain('\u001b[');
  });

  it('reads standard input, plain and gzip alike', async () => {
    const options = ['--algo', 'baseline', '--chunk-size', '64', '--json'];
    const plain = await capture(['estimate', '-', ...options], FOUR_PHASES);
    const zipped = await capture(['estimate', written('four.csv.gz', gzipSync(FOUR_PHASES)), ...options]);
    expect(JSON.parse(zipped.stdout).betas).toEqual(JSON.parse(plain.stdout).betas);
    expect(JSON.parse(plain.stdout).input.files[0].sha256).toBe(createHash('sha256').update(FOUR_PHASES).digest('hex'));
    expect(JSON.parse(zipped.stdout).input.files[0].sha256).toBe(
      createHash('sha256').update(gzipSync(FOUR_PHASES)).digest('hex'),
    );
  });

  it('takes the chunk size from meta.json beside an engine log', async () => {
    const { stdout } = await capture(['estimate', log, '--algo', 'baseline', '--json']);
    expect(JSON.parse(stdout).options).toMatchObject({ chunk_size: 2048, correction_mode: 'end' });
  });

  it('writes JSON to a file, whole, and the text to stdout', async () => {
    const path = join(folder, 'deep/er/betas.json');
    const { code, stdout } = await capture([
      'estimate',
      written('four.csv', FOUR_PHASES),
      '--algo',
      'baseline',
      '--chunk-size',
      '64',
      '--json',
      path,
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain('per step');
    expect(JSON.parse(readFileSync(path, 'utf8')).schema).toBe('stepclock/betas@2');
    expect(readdirSync(join(folder, 'deep/er'))).toEqual(['betas.json']);
  });

  it('exits with 3 under --strict when it did not converge', async () => {
    const argv = [
      'estimate',
      written('four.csv', FOUR_PHASES),
      '--algo',
      'iterative',
      '--chunk-size',
      '64',
      '--max-outer-iters',
      '2',
    ];
    expect((await capture(argv)).code).toBe(0);
    const strict = await capture([...argv, '--strict']);
    expect(strict.code).toBe(3);
    expect(strict.stderr).toContain('did not converge');
  });

  it('asks for the chunk size where nothing tells it', async () => {
    const { code, stderr } = await capture(['estimate', written('four.csv', FOUR_PHASES), '--algo', 'iterative']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--chunk-size: is needed')]);
  });

  it('logs as JSON lines when asked', async () => {
    const argv = [
      'estimate',
      written('four.csv', FOUR_PHASES),
      '--algo',
      'iterative',
      '--chunk-size',
      '64',
      '--max-outer-iters',
      '2',
      '--log-format',
      'json',
    ];
    const { stderr } = await capture(argv);
    expect(JSON.parse(stderr.trim().split('\n')[0] ?? '')).toMatchObject({
      level: 'warn',
      message: expect.stringContaining('not-converged'),
    });
  });
});

describe('bad input: exit 1, one line with the place, no output file', () => {
  const malformed = join(fixtures, 'malformed');
  const cases = readdirSync(malformed).filter((f) => !f.endsWith('.error.json') && !f.endsWith('.md'));

  it.each(cases)('%s', async (name) => {
    const out = join(folder, `${name}.out.json`);
    const { code, stdout, stderr } = await capture([
      'estimate',
      join(malformed, name),
      '--algo',
      'baseline',
      '--chunk-size',
      '64',
      '--json',
      out,
    ]);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain(name);
    expect([code, stdout]).toEqual([1, '']);
    expect(readdirSync(folder)).not.toContain(`${name}.out.json`);
  });

  it.each([
    ['a missing file', ['no-such.csv'], 'no-such.csv: no such file'],
    ['a folder of folders', [fixtures], 'must be one run; give one of its folders'],
    ['an empty standard input', ['-'], '<stdin>'],
  ])('%s', async (_what, trace, message) => {
    const { code, stderr } = await capture(['estimate', ...trace, '--algo', 'baseline', '--chunk-size', '64']);
    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
  });

  it('a gzip file that breaks off', async () => {
    const path = written('cut.csv.gz', gzipSync(FOUR_PHASES).subarray(0, 40));
    const { code, stderr } = await capture(['estimate', path, '--algo', 'baseline', '--chunk-size', '64']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('must be a whole gzip file')]);
  });
});
