import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stepclock } from './program.js';

const fixtures = join(import.meta.dirname, '../../../fixtures');
const folder = mkdtempSync(join(tmpdir(), 'stepclock-settings-'));
const log = join(folder, 'requests.jsonl');
const server = readFileSync(join(fixtures, 'settings/vllm-server.log'));
beforeAll(() => copyFileSync(join(fixtures, 'traces/shared-budget-300/requests.jsonl'), log));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const settingsOf = async (...words: readonly string[]) => {
  const { stdout, stderr } = await stepclock(['estimate', log, '--json', '-', ...words]);
  return { settings: JSON.parse(stdout).input.settings, stderr };
};

describe('settings that a server printed', () => {
  it('are found in the server.log beside a trace, and what they do to the result is said', async () => {
    const path = join(folder, 'server.log');
    writeFileSync(path, server);
    const { settings, stderr } = await settingsOf();
    rmSync(path);
    expect(settings).toMatchObject({ max_num_batched_tokens: 4096, max_num_seqs: 128, kv_tokens: 262_144 });
    expect(stderr).toMatch(/2 data-parallel ranks served these requests.*\[engine-settings\]/);
    expect(stderr).toMatch(/a step may yield several tokens of a request.*\[engine-settings\]/);
  });

  it('are not looked for in a server.log of something else, or in one that cannot be read', async () => {
    for (const [name, content] of [
      ['server.log', 'INFO started\n'],
      ['server.log.gz', Buffer.concat([gzipSync(server).subarray(0, 12), Buffer.alloc(40, 7)])],
    ] as const) {
      const path = join(folder, name);
      writeFileSync(path, content);
      const { settings, stderr } = await settingsOf();
      rmSync(path);
      expect([settings, stderr.includes('engine-settings')], name).toEqual([{}, false]);
    }
  });

  it('of a log that goes on for ever are its first', async () => {
    const path = join(folder, 'server.log');
    writeFileSync(path, server);
    truncateSync(path, 2 ** 30);
    const { settings } = await settingsOf();
    rmSync(path);
    expect(settings).toMatchObject({ max_num_seqs: 128 });
  });

  it('are read from the log that --meta names, packed too', async () => {
    const path = join(folder, 'node-3.log.gz');
    writeFileSync(path, gzipSync(server));
    expect((await settingsOf('--meta', path)).settings).toMatchObject({ data_parallel_size: 2, engine: 'vLLM 0.32.0' });
  });

  it('must be there', async () => {
    const path = join(folder, 'other.log');
    writeFileSync(path, 'INFO started\n');
    const { code, stderr } = await stepclock(['estimate', log, '--meta', path]);
    expect([code, stderr]).toEqual([
      1,
      `stepclock: file: must be one JSON object, or a log in which vLLM or SGLang print their arguments; got "INFO started\\n" (${path}:1)\n`,
    ]);
    writeFileSync(path, "INFO non-default args: {'host': 'a'}\n");
    const none = await stepclock(['estimate', log, '--meta', path]);
    expect([none.code, none.stderr]).toEqual([
      1,
      expect.stringContaining('must hold a setting of the engine, such as max_num_batched_tokens; got none'),
    ]);
  });
});
