import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { stageFile } from '../src/files/atomic-write.js';
import type { Role } from '../src/options/option.js';
import { capture } from './capture.js';
import { everyVerb } from './every-verb.js';
import { ownFolder } from './own-folder.js';

const log = join(import.meta.dirname, '../../../fixtures/traces/shared-budget-300/requests.jsonl');

const { home, at, emptied } = ownFolder('outputs');

beforeEach(() => {
  emptied();
  mkdirSync(at('folder'));
  writeFileSync(at('file'), 'kept\n');
});

/** What stands in the home folder besides what every test starts with. */
const left = (): string[] => readdirSync(home, { recursive: true }).map(String).sort();
const AS_IT_WAS = ['file', 'folder'];

// Inputs that are not there: a verb that reads before it looks at its outputs complains of them.
const TRAIN = ['--data', 'no-such.csv'];
const MODEL = ['--model', 'no-such.json', '--data', 'no-such.csv'];
const STEPS = ['--data-path', 'no-such.csv'];

/** Every verb that writes, as far as its outputs. */
const WRITERS: Readonly<Record<string, readonly string[]>> = {
  estimate: ['estimate', 'no-such.jsonl'],
  inspect: ['inspect', 'no-such.jsonl'],
  replay: ['replay', '--betas', 'no-such.json', '--requests', 'no-such.jsonl'],
  predict: ['predict', '--betas', 'no-such.json', '--decode-seqs', '1'],
  capacity: ['capacity', '--betas', 'no-such.json', '--workload', 'no-such.jsonl', '--slo', 'ttft:p95:200ms'],
  tune: ['tune', 'no-such.json', '--workload', 'no-such.jsonl', '--slo', 'ttft:p95:200ms'],
  'what-if': ['what-if', 'no-such.json', '--requests', 'no-such.jsonl', '--change', 'rate=2'],
  doctor: ['doctor', 'no-such.jsonl'],
  compare: ['compare', 'no-such.json', 'nor-such.json'],
  merge: ['merge', 'no-such.jsonl'],
  fleet: ['fleet', 'no-such.parquet', '--group-by', 'engine'],
  example: ['example'],
  simulate: ['simulate', '--workload', 'no-such.jsonl'],
  steps: ['steps', 'no-such.log'],
  convert: ['convert', 'no-such.jsonl', '--to', 'phases.csv'],
  export: ['export', '--betas', 'no-such.json', '--to', 'json'],
  'step-time fit': ['step-time', 'fit', '--model-name', 'x', ...STEPS],
  'step-time predict': [
    'step-time',
    'predict',
    '--model',
    'no-such.json',
    '--batch-size',
    '1',
    '--sequence-length',
    '1',
  ],
  'step-time evaluate': ['step-time', 'evaluate', '--model', 'no-such.json', ...STEPS],
  'token2metrics train': ['token2metrics', 'train', '--all-models', ...TRAIN],
  'token2metrics predict': ['token2metrics', 'predict', '--model-path', 'no-such', '--batch', 'no-such.csv'],
  'token2metrics evaluate': ['token2metrics', 'evaluate', '--model-path', 'no-such', ...TRAIN],
  'token2metrics calibrate': ['token2metrics', 'calibrate', '--model-path', 'no-such', ...TRAIN],
  'stage train': ['stage', 'train', ...TRAIN],
  'stage predict': ['stage', 'predict', ...MODEL],
  'stage recalibrate': ['stage', 'recalibrate', ...MODEL],
  'stage evaluate': ['stage', 'evaluate', ...MODEL],
  'stage filter': ['stage', 'filter', ...MODEL, '--budget-ms', '1'],
  'stage plan': ['stage', 'plan', '--data', 'no-such.csv', '--samples', '1'],
  'stage synthetic': ['stage', 'synthetic'],
  'stage experiment': ['stage', 'experiment', '--source', 'no-such.csv', '--target', 'no-such.csv'],
};

/** Options by verb that write what is asked for: a file (or a stream), or a folder. */
const written = async (roles: readonly (Role | undefined)[]): Promise<Readonly<Record<string, readonly string[]>>> => {
  const entries = await Promise.all(
    everyVerb.map(async ([words, { load }]) => {
      const options = Object.entries((await load()).verb.options);
      return [words, options.filter(([, { role }]) => roles.includes(role)).map(([name]) => name)] as const;
    }),
  );
  return Object.fromEntries(entries.filter(([, names]) => names.length > 0));
};
const FILES = await written(['file', 'stream']);
const FOLDERS = await written(['folder']);

/** Outputs that a verb insists on, where the one under test is another. */
const also = (verb: string, flag: string): string[] => {
  if (flag === 'output') return [];
  if (verb === 'stage train' || verb === 'stage recalibrate') return ['--output', at('model.json')];
  return FOLDERS[verb]?.includes('output') === true ? ['--output', at('results')] : [];
};

const each = (options: Readonly<Record<string, readonly string[]>>): [string, string][] =>
  Object.entries(options).flatMap(([verb, flags]) => flags.map((flag): [string, string] => [verb, flag]));

const to = (verb: string, flag: string, path: string) =>
  capture([...(WRITERS[verb] ?? []), ...also(verb, flag), `--${flag}`, path]);

describe('a path that cannot be written to ends a verb before it reads or writes', () => {
  it('every verb that writes is here', () => {
    expect(Object.keys(WRITERS).sort()).toEqual([...new Set([...Object.keys(FILES), ...Object.keys(FOLDERS)])].sort());
  });

  it.each(each(FILES))('%s --%s: a folder', async (verb, flag) => {
    const { code, stdout, stderr } = await to(verb, flag, at('folder'));
    expect(stderr).toBe(
      `stepclock: --${flag}: must be a path that can be written to; got "${at('folder')}": it is a folder, not a file\n`,
    );
    expect([code, stdout, left()]).toEqual([1, '', AS_IT_WAS]);
  });

  it.each(each(FILES))('%s --%s: below a file', async (verb, flag) => {
    const { code, stdout, stderr } = await to(verb, flag, at('file', 'a', 'b'));
    expect(stderr).toContain(`--${flag}: `);
    expect(stderr).toContain(`${at('file')} is a file, not a folder\n`);
    expect([code, stdout, left()]).toEqual([1, '', AS_IT_WAS]);
  });

  it.each(each(FOLDERS))('%s --%s: a file', async (verb, flag) => {
    const { code, stdout, stderr } = await to(verb, flag, at('file'));
    expect(stderr).toBe(
      `stepclock: --${flag}: must be a path that can be written to; got "${at('file')}": ${at('file')} is a file, not a folder\n`,
    );
    expect([code, stdout, left()]).toEqual([1, '', AS_IT_WAS]);
  });

  it.each(each(FOLDERS))('%s --%s -: folders do not go to standard output', async (verb, flag) => {
    const { code, stdout, stderr } = await to(verb, flag, '-');
    expect(stderr).toBe(`stepclock: --${flag}: must be the path of a folder; it cannot go to standard output\n`);
    expect([code, stdout, left()]).toEqual([2, '', AS_IT_WAS]);
  });

  it.each(each(FILES).filter(([, flag]) => flag === 'report' || flag === 'steps'))(
    '%s --%s -: nor does such a file',
    async (verb, flag) => {
      const { code, stdout, stderr } = await to(verb, flag, '-');
      expect(stderr).toBe(`stepclock: --${flag}: must be the path of a file; it cannot go to standard output\n`);
      expect([code, stdout, left()]).toEqual([2, '', AS_IT_WAS]);
    },
  );

  it('a good path beside a bad one stays unwritten', async () => {
    const { code, stdout } = await capture(['estimate', log, '--json', at('ok.json'), '--report', at('folder')]);
    expect([code, stdout, left()]).toEqual([1, '', AS_IT_WAS]);
  });

  it('one file for two options', async () => {
    const { code, stderr } = await capture(['estimate', log, '--json', at('x'), '--report', `${at('folder')}/../x`]);
    expect([code, stderr]).toEqual([
      2,
      `stepclock: --report: must not be the file of --json; got "${at('folder')}/../x"\n`,
    ]);
    expect(left()).toEqual(AS_IT_WAS);
  });

  it('no path at all, and a path longer than any', async () => {
    const none = await capture(['estimate', log, '--report', '']);
    expect([none.code, none.stderr]).toEqual([2, 'stepclock: --report: must be a path; got none\n']);
    const long = await capture(['estimate', log, '--json', at('x'.repeat(1000))]);
    expect([long.code, long.stderr]).toEqual([1, expect.stringMatching(/: the path is too long\n$/)]);
  });

  it('a log that cannot be written', async () => {
    const folder = await capture(['estimate', log, '--log-file', at('folder')]);
    expect([folder.code, folder.stdout]).toEqual([1, '']);
    expect(folder.stderr).toBe(
      `stepclock: --log-file: must be a path that can be written to; got "${at('folder')}": it is a folder, not a file\n`,
    );
    const dash = await capture(['estimate', log, '--log-file', '-']);
    expect([dash.code, dash.stderr]).toEqual([
      2,
      'stepclock: --log-file: must be the path of a file; it cannot go to standard output\n',
    ]);
  });
});

describe.skipIf(!existsSync('/proc/self'))('a file system that makes no folders', () => {
  it.each([
    ['estimate', 'json', '/proc/x/y.json'],
    ['simulate', 'output', '/proc/x/y/z'],
    ['estimate', 'figures', '/proc/x'],
  ])('%s --%s %s says so and ends', async (verb, flag, path) => {
    const { code, stderr } = await to(verb, flag, path);
    expect(code).toBe(1);
    expect(stderr).toContain(`stepclock: --${flag}: must be a path that can be written to; got "${path}": `);
    // Who is not root is told so.
    expect(stderr).toMatch(/nothing can be made in \/proc( \(permission denied\))?\n$/);
  });

  it('ends a write too, should it come to that', async () => {
    await expect(stageFile('/proc/x/y/z.json', '{}')).rejects.toThrow('/proc/x/y: nothing can be made in /proc');
  });
});

describe('a path that can be written to', () => {
  const estimate = ['estimate', log, '--algo', 'baseline', '--json'];

  it('may lie in folders that are not there yet', async () => {
    expect(await capture([...estimate, at('a', 'b', 'c.json')])).toMatchObject({ code: 0, stderr: '' });
    expect(left()).toEqual(['a', join('a', 'b'), join('a', 'b', 'c.json'), 'file', 'folder']);
  });

  it('may be a link to a file, which stays one', async () => {
    symlinkSync(at('file'), at('link'));
    expect((await capture([...estimate, at('link')])).code).toBe(0);
    expect(JSON.parse(readFileSync(at('file'), 'utf8'))).toHaveProperty('schema', 'stepclock/betas@2');
  });

  it.skipIf(!existsSync('/dev/null'))('may be a device, and one device for two options', async () => {
    const { code, stderr } = await capture([
      'simulate',
      '--requests',
      '3',
      '--output',
      '/dev/null',
      '--json',
      '/dev/null',
    ]);
    expect([code, stderr]).toEqual([0, '']);
  });
});
