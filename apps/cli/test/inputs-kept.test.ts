import {
  copyFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Option, Role } from '../src/options/option.js';
import { capture } from './capture.js';
import { everyVerb } from './every-verb.js';
import { ownFolder } from './own-folder.js';
import { stepclock } from './program.js';

const traces = join(import.meta.dirname, '../../../fixtures/traces/shared-budget-300');

const { home, at, emptied } = ownFolder('kept');
beforeEach(emptied);

const PRECIOUS = 'precious\n';

const READS: readonly (Role | undefined)[] = ['input', 'tables', 'trace', 'models'];
const WRITES: readonly (Role | undefined)[] = ['file', 'stream'];

/** A value that an option takes: a file that is there for what is read, a path with nothing at it for what is written. */
const valueFor = (name: string, { yargs, role }: Option<unknown>): string => {
  if (READS.includes(role)) {
    writeFileSync(at(`in-${name}`), PRECIOUS);
    return at(`in-${name}`);
  }
  if (role !== undefined) return at(`out-${name}`);
  const [first = '1'] = yargs.choices ?? [];
  return String(first);
};

interface Case {
  readonly words: string;
  readonly input: string;
  readonly output: string;
}

const cases: readonly Case[] = (
  await Promise.all(
    everyVerb.map(async ([words, { load }]) => {
      const { options, positionals } = (await load()).verb;
      const names = (set: object, roles: readonly (Role | undefined)[]): string[] =>
        Object.entries(set)
          .filter(([, option]) => roles.includes(option.role))
          .map(([name]) => name);
      const inputs = names({ ...positionals, ...options }, READS);
      return inputs.flatMap((input) =>
        [...names(options, WRITES), 'log-file'].map((output) => ({ words, input, output })),
      );
    }),
  )
).flat();

/** A command line of a verb with every option that it insists on, one input and one output. */
const commandLine = async ({ words, input, output }: Case, link: (file: string, as: string) => void) => {
  const { options, positionals } = (await everyVerb.find(([name]) => name === words)?.[1].load())?.verb ?? {};
  const argv = words.split(' ');
  for (const [name, option] of Object.entries(positionals ?? {})) {
    if (name === input || option.yargs.demandOption) argv.push(valueFor(name, option));
  }
  for (const [name, option] of Object.entries(options ?? {})) {
    if (name === output) continue;
    // The published path is a default that only a folder of the published scripts has.
    if (name === input || option.yargs.demandOption || name === 'data-path')
      argv.push(`--${name}`, valueFor(name, option));
  }
  link(at(`in-${input}`), at('link'));
  return [...argv, `--${output}`, at('link')];
};

describe('no verb writes over what it reads, whatever name leads there', () => {
  it('every verb that reads a file is here', () => {
    expect(new Set(cases.map(({ words }) => words)).size).toBeGreaterThanOrEqual(20);
  });

  it.each(cases)('$words: --$output through a link to --$input', async (one) => {
    for (const link of [symlinkSync, linkSync]) {
      emptied();
      const argv = await commandLine(one, (file, as) => link(file, as));
      const before = readdirSync(home).sort();
      const { code, stdout, stderr } = await capture(argv);
      expect(stderr).toBe(`stepclock: --${one.output}: must not be an input file; got "${at('link')}"\n`);
      expect([code, stdout]).toEqual([2, '']);
      expect(readFileSync(at(`in-${one.input}`), 'utf8')).toBe(PRECIOUS);
      expect(readdirSync(home).sort()).toEqual(before);
    }
  });
});

describe('the program keeps its inputs', () => {
  const trace = (): string => {
    for (const name of ['requests.jsonl', 'meta.json']) copyFileSync(join(traces, name), at(name));
    return at('requests.jsonl');
  };
  const bytes = (): readonly string[] =>
    readdirSync(home)
      .sort()
      .map((name) => `${name} ${readFileSync(at(name), 'utf8')}`);

  it.each(['--json', '--report', '--log-file'])('settings that it read by itself: %s meta.json', async (flag) => {
    const file = trace();
    const before = bytes();
    const { code, stderr } = await stepclock(['estimate', file, flag, at('meta.json')]);
    expect([code, stderr]).toEqual([2, `stepclock: ${flag}: must not be an input file; got "${at('meta.json')}"\n`]);
    expect(bytes()).toEqual(before);
  });

  it('settings of one trace alone, and the header of a BLIS trace', async () => {
    copyFileSync(trace(), at('own.jsonl'));
    writeFileSync(at('own.jsonl.meta.json'), '{"max_num_batched_tokens": 2048}');
    writeFileSync(at('x.csv'), 'a,b\n');
    writeFileSync(at('x.yaml'), 'trace_version: 2\n');
    for (const [file, settings] of [
      ['own.jsonl', 'own.jsonl.meta.json'],
      ['x.csv', 'x.yaml'],
    ] as const) {
      const { code, stderr } = await stepclock(['inspect', at(file), '--json', at(settings)]);
      expect([code, stderr]).toEqual([2, expect.stringContaining('must not be an input file')]);
    }
  });

  it('given by a link, with the output its target', async () => {
    const file = trace();
    symlinkSync(file, at('link.jsonl'));
    const before = readFileSync(file, 'utf8');
    expect((await stepclock(['estimate', at('link.jsonl'), '--json', file])).code).toBe(2);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('one of many, named by a pattern', async () => {
    const file = trace();
    const before = readFileSync(file, 'utf8');
    expect((await stepclock(['estimate', at('*.jsonl'), '--json', file])).code).toBe(2);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('that stands in a folder of figures: nothing is written at all', async () => {
    const file = trace();
    const figures = at('figures');
    expect((await stepclock(['estimate', file, '--algo', 'baseline', '--figures', figures])).code).toBe(0);
    const [first = ''] = readdirSync(figures);
    for (const name of readdirSync(figures)) rmSync(join(figures, name));
    linkSync(file, join(figures, first));
    const before = readFileSync(file, 'utf8');
    const { code, stderr } = await stepclock([
      ...['estimate', file, '--algo', 'baseline', '--figures', figures, '--json', at('out.json')],
    ]);
    expect(stderr).toBe(`stepclock: output: must not be an input file; got "${join(figures, first)}"\n`);
    expect(code).toBe(2);
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(readdirSync(figures)).toEqual([first]);
    expect(readdirSync(home).sort()).toEqual(['figures', 'meta.json', basename(file)]);
  });

  it('a model in the folder of models', async () => {
    mkdirSync(at('models'));
    writeFileSync(at('models', '8B.json'), PRECIOUS);
    const argv = ['token2metrics', 'evaluate', '--model-path', at('models'), '--json', at('models', '8B.json')];
    expect((await stepclock(argv)).code).toBe(2);
    expect(readFileSync(at('models', '8B.json'), 'utf8')).toBe(PRECIOUS);
  });
});
