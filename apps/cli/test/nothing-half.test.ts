import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, inject, it } from 'vitest';
import { capture } from './capture.js';
import { ownFolder } from './own-folder.js';
import { bytesAside, signalWhileWriting, stepclock } from './program.js';

const log = join(import.meta.dirname, '../../../fixtures/traces/shared-budget-300/requests.jsonl');

const { home, at, emptied } = ownFolder('half');
beforeEach(emptied);

const OLD = 'the old file\n';
const simulate = (): string[] => ['simulate', '--requests', '20000', '--output', at('log.jsonl')];

describe('a signal in the midst of a write', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s: exit %i, the old file, and nothing beside it', async (signal, exitCode) => {
    writeFileSync(at('log.jsonl'), OLD);
    const { code, stderr } = await stepclock(simulate(), (program) => signalWhileWriting(program, home, signal));
    expect([code, stderr]).toEqual([exitCode, expect.stringContaining('no output was written half')]);
    expect(readdirSync(home)).toEqual(['log.jsonl']);
    expect(readFileSync(at('log.jsonl'), 'utf8')).toBe(OLD);
  });

  it('SIGKILL leaves a side file, which the next run that writes there sweeps', async () => {
    await stepclock(simulate(), (program) => signalWhileWriting(program, home, 'SIGKILL'));
    expect(bytesAside(home)).toBeGreaterThan(0);
    // What is not ours stays, and what a run under way has.
    writeFileSync(at('.other.partial'), OLD);
    const [left = ''] = readdirSync(home).filter((name) => /-\d+-[0-9a-f]{12}\.partial$/.test(name));
    writeFileSync(at(left.replace(/-\d+-/, `-${process.pid}-`)), OLD);
    expect((await stepclock(['inspect', log, '--json', at('facts.json')])).code).toBe(0);
    expect(readdirSync(home).sort()).toEqual(
      ['.other.partial', 'facts.json', left.replace(/-\d+-/, `-${process.pid}-`)].sort(),
    );
  });
});

describe('an output that has no place', () => {
  it('of two files, where the second does not fit the disk, the first is not written either', () => {
    writeFileSync(at('facts.json'), OLD);
    const words = ['simulate', '--requests', '3000', '--steps', at('steps.csv'), '--output', at('log.jsonl')];
    // Files of more than 64 blocks of 512 bytes cannot be written, as on a full disk.
    const line = `ulimit -f 64; exec "$@"`;
    const { status, stderr } = spawnSync('sh', ['-c', line, 'sh', process.execPath, inject('program'), ...words], {
      encoding: 'utf8',
    });
    expect(stderr).toBe(`stepclock: ${at('log.jsonl')}: the file would be too large\n`);
    expect(status).toBe(1);
    expect(readdirSync(home)).toEqual(['facts.json']);
  });

  it
    .skipIf(!existsSync('/dev/full'))
    .each([
      [['inspect', log, '--json', '/dev/full']],
      [['estimate', log, '--algo', 'baseline', '--report', '/dev/full']],
      [['convert', log, '--to', 'phases.csv', '--output', '/dev/full']],
    ])('a full device: %j', async (argv) => {
    const { code, stdout, stderr } = await stepclock(argv);
    expect([code, stderr]).toEqual([1, 'stepclock: /dev/full: no space left on the device\n']);
    expect(stdout === '' || argv[0] === 'estimate').toBe(true);
  });

  it('a folder that nothing can be written into', async () => {
    // Root may write anywhere but into /proc.
    const { code, stderr } = await stepclock(['inspect', log, '--json', '/proc/stepclock.json']);
    expect([code, stderr.trim().split('\n').length]).toEqual([1, 1]);
    expect(stderr).toContain('--json: must be a path that can be written to');
  });
});

describe('an input without end', () => {
  const trace = (): Buffer => readFileSync(log);

  it('--max-bytes bounds what is read, packed or not', async () => {
    writeFileSync(at('log.jsonl.gz'), gzipSync(trace()));
    for (const file of [log, at('log.jsonl.gz')]) {
      const { code, stdout, stderr } = await stepclock(['estimate', file, '--max-bytes', '10000']);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toBe(`stepclock: file: must unpack to at most 10000 bytes (${file}): --max-bytes allows more\n`);
    }
    expect((await stepclock(['inspect', at('log.jsonl.gz'), '--max-bytes', '1000000'])).code).toBe(0);
  });

  it.each([
    ['a trace', (file: string) => ['inspect', file]],
    ['a table', (file: string) => ['step-time', 'fit', '--model-name', 'x', '--data-path', file]],
    ['measurements by stage', (file: string) => ['stage', 'train', '--data', file, '--output', at('m.json')]],
    ['a model', (file: string) => ['predict', '--betas', file, '--decode-seqs', '1']],
    ['a model of stages', (file: string) => ['stage', 'predict', '--model', file, '--set', 'a=1']],
  ])('a bomb for %s is refused', async (_, argv) => {
    // 300 MB of blanks and line ends in 300 kB.
    writeFileSync(at('bomb.gz'), gzipSync(Buffer.alloc(300e6, ' \n')));
    const { code, stdout, stderr } = await stepclock(argv(at('bomb.gz')));
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(readdirSync(home)).toEqual(['bomb.gz']);
  });
});

describe('no escape reaches the terminal', () => {
  const NASTY = `a\u001b]0;title\u0007\u001b[2Jb\u009bc\u202ed`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not come through
  const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/;
  const HEADER = 'request_id,phase_type,t_start,t_end,prefill_tokens,decode_tokens\n';

  const shown = async (argv: readonly string[]): Promise<string> => {
    const { stdout, stderr } = await stepclock(argv);
    expect(stdout + stderr).not.toMatch(RAW);
    return stdout + stderr;
  };

  it('of ids in a bad row, of names of columns, of formats', async () => {
    writeFileSync(at('bad.csv'), `${HEADER}${NASTY},prefill,2,1,10,0\n`);
    expect(await shown(['estimate', at('bad.csv')])).toContain('bad.csv');
    writeFileSync(at('columns.csv'), `${NASTY},b\n1,2\n`);
    await shown(['estimate', at('columns.csv')]);
    await shown(['estimate', log, '--format', NASTY]);
    await shown(['estimate', log, `--${NASTY}`]);
    await shown([NASTY]);
  });

  it('of file names, in messages, in the log and in the answer', async () => {
    const file = at(`${NASTY}.jsonl`);
    writeFileSync(file, readFileSync(log));
    for (const format of ['text', 'json']) {
      expect(await shown(['inspect', file, '--log-level', 'debug', '--log-format', format])).toContain('\\u001b');
    }
    await shown(['estimate', `${file}.none`]);
    await shown(['inspect', file, '--json', at(NASTY), '--log-level', 'info']);
    await shown(['estimate', file, '--json', at(NASTY, 'a\nb', 'c')]);
  });

  it('of settings, models and labels in tables', async () => {
    writeFileSync(at('log.jsonl'), readFileSync(log));
    writeFileSync(at('meta.json'), JSON.stringify({ engine: NASTY, model: NASTY, max_num_seqs: 8 }));
    await shown(['inspect', at('log.jsonl')]);
    writeFileSync(at('betas.json'), JSON.stringify({ schema: NASTY }));
    await shown(['predict', '--betas', at('betas.json'), '--decode-seqs', '1']);
    const rows = Array.from({ length: 40 }, (_, i) => `${1 + (i % 8)},${10 + i},${1 + (i % 8)}`);
    writeFileSync(at('stages.csv'), `knob,T_${NASTY}_ms,output_tokens\n${rows.join('\n')}\n`);
    const stages = ['--stages', `T_${NASTY}_ms`, '--features', 'knob', '--families', 'linear'];
    await shown(['stage', 'train', '--data', at('stages.csv'), ...stages, '--output', at('m.json')]);
  });

  it('of data, where it goes to a terminal; a pipe gets it as it is', async () => {
    writeFileSync(at('log.csv'), `${HEADER}"${NASTY}",prefill,0,1,10,0\n"${NASTY}",decode,1,2,0,5\n`);
    const argv = ['convert', at('log.csv'), '--to', 'phases.csv'];
    let terminal = '';
    const write = (text: string): void => {
      terminal += text;
    };
    await capture(argv, '', { stdout: { isTTY: true, columns: 80, write } });
    expect(terminal).not.toMatch(RAW);
    expect(terminal).toContain('\\u001b[2J');
    expect((await capture(argv)).stdout).toContain(NASTY);
  });
});
