import { describe, expect, it } from 'vitest';
import { capture } from './capture.js';

describe('bad usage: exit 2, one line on stderr, nothing on stdout', () => {
  it.each([
    ['no verb', [], /a verb is missing/],
    ['an unknown verb', ['frobnicate'], /^stepclock: frobnicate: is no verb of stepclock; see stepclock --help$/m],
    [
      'a verb misspelt',
      ['estimte', 'x.csv'],
      /^stepclock: estimte: is no verb of stepclock; did you mean estimate\?$/m,
    ],
    ['a verb without its file', ['steps'], /^stepclock: steps: a file is missing; see stepclock steps --help$/m],
    ['a trace twice over', ['estimate', 'x.csv', '--csv', 'y.csv'], /--csv: is instead of a positional trace/],
    [
      'a unit for nothing',
      ['estimate', 'x.csv', '--time-unit', 'ms'],
      /--time-unit: is the unit of the times under --map/,
    ],
    ['an unknown option', ['estimate', 'x.csv', '--chunk', '3'], /chunk/],
    ['no trace', ['estimate'], /a trace is missing/],
    ['--json before the trace', ['estimate', '--json', 'x.csv'], /--json took 'x\.csv' as its path/],
    [
      'a number that is none',
      ['estimate', 'x.csv', '--chunk-size', 'abc'],
      /--chunk-size: must be a positive number; got 'abc'/,
    ],
    ['hexadecimal', ['estimate', 'x.csv', '--chunk-size', '0x10'], /got '0x10'/],
    [
      'an option twice',
      ['estimate', 'x.csv', '--chunk-size', '1', '--chunk-size', '2'],
      /--chunk-size: may be given once; got 2 values/,
    ],
    ['an option without its value', ['estimate', 'x.csv', '--tol'], /tol/],
    ['an unknown algorithm', ['estimate', 'x.csv', '--algo', 'magic'], /magic/],
    [
      'an option of another algorithm',
      ['estimate', 'x.csv', '--algo', 'baseline', '--tol', '1'],
      /--tol: does not apply to --algo baseline; it belongs to iterative/,
    ],
    [
      'beta_informed for the baseline',
      ['estimate', 'x.csv', '--algo', 'baseline', '--correction-mode', 'beta_informed'],
      /must be end, uniform or none/,
    ],
    ['an output over the input', ['estimate', 'x.csv', '--json', './x.csv'], /--json: must not be an input file/],
    [
      'a damping above one',
      ['estimate', 'x.csv', '--algo', 'iterative', '--damping-eta', '1.5'],
      /at most 1; got '1\.5'/,
    ],
  ])('%s', async (_what, argv, message) => {
    const { code, stdout, stderr } = await capture(argv);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});

describe('help and version', () => {
  it('takes the word help', async () => {
    expect(await capture(['help', 'estimate'])).toEqual(await capture(['estimate', '--help']));
  });

  it('prints help on stdout', async () => {
    const { code, stdout, stderr } = await capture(['estimate', '--help']);
    expect(stdout).toContain('--chunk-size');
    expect(stdout).toContain('stepclock estimate requests.jsonl');
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  it('prints the version of its package', async () => {
    for (const flag of ['--version', '-V']) expect((await capture([flag])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('prints a completion script', async () => {
    expect((await capture(['completion'])).stdout).toContain('stepclock');
  });
});
