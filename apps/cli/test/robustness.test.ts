import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { bytesAside, signalWhileWriting, stepclock } from './program.js';

const log = join(import.meta.dirname, '../../../fixtures/traces/shared-budget-300/requests.jsonl');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stepclock-robust-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const written = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const HEADER = 'request_id,phase_type,t_start,t_end,prefill_tokens,decode_tokens\n';

describe('writing', { timeout: 120_000 }, () => {
  it('killed in the midst of a write leaves the old file', async () => {
    const home = mkdtempSync(join(folder, 'killed-'));
    const path = join(home, 'kept.jsonl');
    writeFileSync(path, 'the old file\n');
    const { signal } = await stepclock(['simulate', '--requests', '20000', '--output', path], (program) =>
      signalWhileWriting(program, home, 'SIGKILL'),
    );
    expect(signal).toBe('SIGKILL');
    expect(bytesAside(home)).toBeGreaterThan(0);
    expect(readFileSync(path, 'utf8')).toBe('the old file\n');
  });

  it('left alone puts the whole new file in place of the old one', async () => {
    const home = mkdtempSync(join(folder, 'whole-'));
    const path = join(home, 'kept.jsonl');
    writeFileSync(path, 'the old file\n');
    const { code } = await stepclock(['simulate', '--requests', '20000', '--output', path]);
    expect(code).toBe(0);
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(20_000);
    expect(readdirSync(home).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });

  it.skipIf(!existsSync('/dev/full')).each([
    ['text', ['estimate', log, '--algo', 'baseline']],
    ['JSON', ['estimate', log, '--algo', 'baseline', '--json=-']],
    ['a trace of many blocks', ['simulate', '--requests', '20000']],
    ['a converted trace', ['convert', log, '--to', 'phases.csv']],
    ['help', ['--help']],
  ])('%s to a standard output without room is an error in one line', (_, argv) => {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(process.execPath, [inject('program'), ...argv], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(full);
    expect([status, stderr]).toEqual([1, 'stepclock: <stdout>: no space left on the device\n']);
  });

  it.skipIf(!existsSync('/proc/self/fd'))('to the path of a pipe goes into the pipe', () => {
    // A pipe's path under /dev leads nowhere by its name, as with a shell's --json >(cat). (The pipes of `spawn` are sockets.)
    const argv = ['estimate', log, '--algo', 'baseline', '--json', '/dev/stdout'];
    const { stdout, stderr } = spawnSync(
      'sh',
      ['-c', '"$0" "$@" | cat', process.execPath, inject('program'), ...argv],
      {
        encoding: 'utf8',
      },
    );
    expect(stderr).toBe('');
    expect(stdout).toContain('"schema": "stepclock/betas@2"');
  });

  it('to a full disk is an error in one line', async () => {
    const { code, stderr } = await stepclock(['estimate', log, '--algo', 'baseline', '--json', '/dev/full']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^stepclock: .*\/dev\/full.*(no space|ENOSPC)/i);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('interrupted in the midst of a write leaves the old file and nothing beside it', async () => {
    const home = mkdtempSync(join(folder, 'interrupted-'));
    const path = join(home, 'kept.jsonl');
    writeFileSync(path, 'the old file\n');
    const { code, stderr } = await stepclock(['simulate', '--requests', '20000', '--output', path], (program) =>
      signalWhileWriting(program, home, 'SIGINT'),
    );
    expect([code, stderr]).toEqual([130, expect.stringContaining('interrupted')]);
    expect(readdirSync(home)).toEqual(['kept.jsonl']);
    expect(readFileSync(path, 'utf8')).toBe('the old file\n');
  });
});

describe('reading', { timeout: 120_000 }, () => {
  it('a folder is an error in one line', async () => {
    const { code, stdout, stderr } = await stepclock(['estimate', folder]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(folder);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it.skipIf(!existsSync('/proc/self/mem'))('a file that cannot be read is named', async () => {
    const { code, stderr } = await stepclock(['inspect', '/proc/self/mem']);
    expect([code, stderr]).toEqual([1, 'stepclock: /proc/self/mem: input/output error\n']);
  });

  it('a reader that goes away ends the program quietly', async () => {
    const { code, stderr } = await stepclock(['estimate', log, '--json', '-'], (child) => child.stdout?.destroy());
    expect([code, stderr]).toEqual([0, '']);
  });

  it('engines that a file tells apart are kept apart, and it says so', async () => {
    const spans = join(import.meta.dirname, '../../../fixtures/formats/otlp.jsonl');
    const own = '{"key":"service.instance.id","value":{"stringValue":"gpu-7"}},';
    // One batch names its engine, the others are of one that their service's name tells.
    const path = written('one-named.jsonl', readFileSync(spans, 'utf8').replace('"attributes":[', `$&${own}`));
    expect((await stepclock(['estimate', path])).stdout.split('\n')[0]).toMatch(/, 2 instances \(gpu-7, vllm\)$/);
    expect((await stepclock(['inspect', path])).stdout).toContain(
      'apart            2 instances (gpu-7, vllm), each on a clock of its own; the figures below are of all together\n',
    );
  });

  it('takes 10^5 requests in one instant', async () => {
    const rows: string[] = [];
    for (let i = 0; i < 100_000; i++)
      rows.push(`r${i},prefill,0,1,1,0\nr${i},decode,1,${1 + (1 + (i % 50)) / 10},0,${1 + (i % 50)}\n`);
    const path = written('instant.csv', HEADER + rows.join(''));
    const { code, stdout, stderr } = await stepclock([
      'estimate',
      path,
      '--algo',
      'baseline',
      '--chunk-size',
      '64',
      '--json',
      '-',
    ]);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    const { betas } = JSON.parse(stdout);
    for (const beta of Object.values(betas)) expect(Number.isFinite(beta) && Number(beta) >= 0).toBe(true);
  });

  it.each([
    ['time that goes backwards', 'a,prefill,2,1,5,0\n', 't_end'],
    ['a time without end', 'a,prefill,0,1e309,5,0\n', 't_end'],
    [
      'a time that no clock shows',
      'a,prefill,0,1e307,5,0\na,decode,1e307,1e308,0,4\n',
      't_end: must be seconds, at most 100000000000 from',
    ],
    ['a time before any clock', 'a,prefill,-1.7e18,1,5,0\n', 't_start: must be seconds, at most 100000000000 from'],
    [
      'a phase shorter than any clock tells',
      'a,prefill,0,5e-324,5,0\n',
      'at least 1e-12 s after t_start; got "0 to 5e-324"',
    ],
    ['tokens beyond the whole numbers', 'a,prefill,0,1,9007199254740993,0\n', 'prefill_tokens'],
  ])('%s is an error with its place', async (_, row, column) => {
    const path = written('bad.csv', HEADER + row);
    const { code, stdout, stderr } = await stepclock(['estimate', path]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`${path}:2`);
    expect(stderr).toContain(column);
  });
});
