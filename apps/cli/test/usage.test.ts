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
    ['two mappings', ['estimate', 'x.csv', '--map', 'start=a', '--map-file', 'y'], /--map-file: cannot go with --map/],
    [
      'an unknown option',
      ['estimate', 'x.csv', '--chunk', '3'],
      /^stepclock: --chunk: is no option of this verb; did you mean --chunk-size\?$/m,
    ],
    [
      'an option of nothing',
      ['token2metrics', 'train', '--frobnicate'],
      /--frobnicate: is no option of this verb; see stepclock token2metrics train --help/,
    ],
    [
      'a misspelt option of every verb',
      ['estimate', 'x.csv', '--log-levle=warn'],
      /--log-levle: is no option of this verb; did you mean --log-level\?/,
    ],
    ['no trace', ['estimate'], /a trace is missing/],
    ['--json before the trace', ['estimate', '--json', 'x.csv'], /--json took 'x\.csv' as its path/],
    [
      'a number that is none',
      ['estimate', 'x.csv', '--chunk-size', 'abc'],
      /--chunk-size: must be a positive integer, at most 1e9; got "abc"/,
    ],
    [
      'a fraction of a token',
      ['estimate', 'x.csv', '--algo', 'baseline', '--chunk-size', '0.5'],
      /--chunk-size: must be a positive integer, at most 1e9; got "0\.5"/,
    ],
    ...(
      [
        ['estimate x.csv --algo baseline --chunk-size', '1e308', 'a positive integer, at most 1e9'],
        ['estimate x.csv --max-num-batched-tokens', '1e10', 'a positive integer, at most 1e9'],
        ['estimate x.csv --algo iterative --max-outer-iters', '1e300', 'a positive integer, at most 1e9'],
        ['estimate x.csv --algo baseline --min-duration-sec', '1e300', 'a number >= 0, at most 1e9'],
        ['predict --betas b.json --prefill-tokens', '1e300', 'a number >= 0, at most 1e9'],
        ['predict --betas b.json --decode-seqs', '1e300', 'a number >= 0, at most 1e9'],
        ['predict --betas b.json --decode-seqs 1 --context-tokens', '1e300', 'a number >= 0, at most 1e9'],
        ['export --betas b.json --to json --output-tokens', '1e300', 'a positive number, at most 1e9'],
        [
          'step-time predict --model m.json --sequence-length 1 --batch-size',
          '1e300',
          'a positive number, at most 1e9',
        ],
        ['simulate --requests', '1e12', 'a positive integer, at most 1e7'],
        ['simulate --prompt-mean', '1e8', 'a positive number, at most 1e7'],
        ['simulate --output-sigma', '6', 'a number >= 0, at most 5'],
        ['simulate --rate', '1e-300', 'a number from 1e-6 to 1e9'],
        ['simulate --beta0', '1e300', 'a number >= 0, at most 1e6'],
        ['stage synthetic --configurations', '1e12', 'a positive integer, at most 10000'],
        ['token2metrics train --all-models --trees', '1e9', 'a positive integer, at most 10000'],
      ] as const
    ).map(([words, value, rule]): [string, string[], RegExp] => [
      `a number beyond all measure: ${words} ${value}`,
      [...words.split(' '), value],
      new RegExp(`^stepclock: ${words.split(' ').at(-1)}: must be ${rule}; got "${value}"$`, 'm'),
    ]),
    [
      'more tokens than a simulation ends with',
      ['simulate', '--requests', '1e7', '--prompt-mean', '1e6'],
      /^stepclock: --requests: their prompts and outputs must have at most 1e10 tokens together; got 1\.00e\+13 \(10000000 requests of 1000000 \+ 150 on average\)$/m,
    ],
    ['hexadecimal', ['estimate', 'x.csv', '--chunk-size', '0x10'], /got "0x10"/],
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
      /at most 1; got "1\.5"/,
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
