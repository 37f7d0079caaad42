import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { logsOf } from '../src/engine/files/logs-of.js';
import { readLog } from '../src/engine/files/read-log.js';
import type { GivenFile } from '../src/messages.js';

const fixtures = join(import.meta.dirname, '../../../fixtures');
const server = readFileSync(join(fixtures, 'settings/vllm-server.log'));
const requests = readFileSync(join(fixtures, 'traces/shared-budget-300/requests.jsonl'));

const given = (name: string, content: Uint8Array | string): GivenFile => ({
  name,
  blob: new Blob([typeof content === 'string' ? content : Uint8Array.from(content)]),
});

/** Names of the logs, each with the name of its settings. */
const pairs = async (...files: readonly GivenFile[]): Promise<(readonly [string, string | undefined])[]> =>
  (await logsOf(files)).map(({ file, meta }) => [file.name, meta?.name] as const);

describe('settings of a log among dropped files', () => {
  it('are what its server printed, packed too, and reach the trace', async () => {
    const log = given('requests.jsonl', requests);
    for (const [name, content] of [
      ['server.log', server],
      ['node-3.log.gz', gzipSync(server)],
    ] as const) {
      const [paired, ...more] = await logsOf([given(name, content), log]);
      expect([paired.file.name, paired.meta?.name, more]).toEqual(['requests.jsonl', name, []]);
      const { trace } = await readLog(paired, () => undefined);
      expect(trace.facts.settings).toMatchObject({ maxNumBatchedTokens: 4096, maxNumSeqs: 128, dataParallelSize: 2 });
    }
  });

  it('are its own meta.json before a common one, and that before what a server printed', async () => {
    const [a, b, printed] = [given('a.jsonl', requests), given('b.jsonl', requests), given('server.log', server)];
    const [own, common] = [given('a.jsonl.meta.json', '{}'), given('meta.json', '{}')];
    expect(await pairs(a, b, own, printed)).toEqual([
      ['a.jsonl', 'a.jsonl.meta.json'],
      ['b.jsonl', 'server.log'],
    ]);
    expect(await pairs(a, printed, common)).toEqual([['a.jsonl', 'meta.json']]);
  });

  it('are the YAML header of BLIS rows of the same name', async () => {
    const [rows, header] = [given('run/x.csv', 'a,b\n'), given('run/x.yaml', 'trace_version: 2\n')];
    expect(await pairs(rows, header)).toEqual([['run/x.csv', 'run/x.yaml']]);
    expect(await pairs(rows, given('run/x.yaml', 'other: 2\n'))).toHaveLength(2);
  });

  it('are no log of something else, and nothing where the server alone speaks', async () => {
    expect(await pairs(given('a.jsonl', requests), given('server.log', 'INFO started\n'))).toHaveLength(2);
    expect(await pairs(given('server.log', server))).toEqual([['server.log', undefined]]);
    expect(await pairs(given('meta.json', '{}'))).toEqual([['meta.json', undefined]]);
  });
});
