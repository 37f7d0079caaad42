import '@stepclock/vitest-matchers';
import initSqlJs from 'sql.js';
import { describe, expect, it } from 'vitest';
import { readTrace } from '../src/index.js';

interface Row {
  readonly sent: number;
  readonly first: number | null;
  readonly gaps: string;
  readonly success?: number;
}

/** A database as evalscope leaves it, with the columns of its table that hold texts. */
const database = async (rows: readonly Row[], table = 'result'): Promise<Blob> => {
  const { Database } = await initSqlJs();
  const db = new Database();
  db.run(
    `CREATE TABLE ${table}(request TEXT, start_time REAL, inter_token_latencies TEXT, success INTEGER, response_messages TEXT,
     first_chunk_latency REAL, prompt_tokens INTEGER, completion_tokens INTEGER)`,
  );
  for (const { sent, first, gaps, success = 1 } of rows)
    db.run(`INSERT INTO ${table} VALUES ('{}', ?, ?, ?, 'long text', ?, 100, 3)`, [sent, gaps, success, first]);
  const bytes = db.export();
  db.close();
  return new Blob([new Uint8Array(bytes)]);
};

const read = (blob: Blob) => readTrace(blob.stream(), { fileName: 'file' });

describe("evalscope's database", () => {
  it('gives requests and chunk times', async () => {
    const trace = await read(
      await database([
        { sent: 10, first: 0.5, gaps: '[0.01, 0.02]' },
        { sent: 10.1, first: 0.25, gaps: '[0.5, 0.25]' },
      ]),
    );
    expect(trace.facts).toMatchObject({ format: 'evalscope', queueInPrefill: 'yes' });
    expect(trace.requests?.length).toBe(2);
    expect(trace.tokens?.chunkSec).toAgree([10.5, 10.51, 10.53, 10.35, 10.85, 11.1], 1e-12);
    expect([...(trace.tokens?.promptTokens ?? [])]).toEqual([100, 100]);
  });

  it('a request that failed is load as far as it got; one without a chunk may never have run', async () => {
    const { requests, tokens, exclusions } = await read(
      await database([
        { sent: 1, first: 0.5, gaps: '[0.01, 0.02]' },
        { sent: 2, first: 0.5, gaps: '[0.01, 0.02]', success: 0 },
        { sent: 3, first: null, gaps: '[]', success: 0 },
      ]),
    );
    expect([requests?.length, tokens?.requestCount]).toEqual([2, 2]);
    expect(exclusions.map(({ reason, count }) => [reason, count])).toEqual([['rejected', 1]]);
  });

  it('another database, gaps that are none, and a broken file are refused', async () => {
    await expect(read(await database([], 'other'))).rejects.toThrow('must hold the table result of an evalscope run');
    await expect(read(await database([{ sent: 1, first: 0.5, gaps: 'soon' }]))).rejects.toThrow(
      'inter_token_latencies: must be a JSON list of finite seconds; got "soon"',
    );
    const broken = new Blob(['SQLite format 3\0', new Uint8Array(2000)]);
    await expect(read(broken)).rejects.toThrow('SQLite file: must be readable');
  });
});

const START = 1_760_000_000_000_000_000;
const event = (value: unknown): { response: string } => ({ response: `data: ${JSON.stringify(value)}\n\n` });
const delta = (value: unknown) => event({ choices: [{ delta: value }] });

const request = (usage: object | undefined) => ({
  timestamp: START + 5e8,
  response_timestamps: [6e8, 7e8, 7.1e8, 7.2e8, 7.3e8].map((ns) => START + ns),
  response_outputs: [
    delta({ role: 'assistant', content: '' }),
    delta({ content: 'a' }),
    delta({ content: 'b' }),
    event({ choices: [], ...(usage && { usage }) }),
    { response: 'data: [DONE]\n\n' },
  ],
});

const profile = (...requests: readonly unknown[]): Blob =>
  new Blob([
    JSON.stringify({ experiments: [{ experiment: { mode: 'concurrency', value: 1 }, requests }], version: '' }),
  ]);

describe("genai-perf's profile", () => {
  it('gives requests and chunk times: a role alone, the usage and [DONE] are no chunks', async () => {
    const trace = await read(profile(request({ prompt_tokens: 12, completion_tokens: 2 })));
    expect(trace.facts.format).toBe('genai-perf');
    // JSON rounds 19 digits to 256 ns.
    expect(trace.tokens?.chunkSec).toAgree([0.7, 0.71], 0, 1e-6);
    expect(trace.tokens?.sentSec).toAgree([0.5], 0, 1e-6);
    expect([trace.tokens?.promptTokens[0], trace.tokens?.outputTokens[0]]).toEqual([12, 2]);
  });

  it('without prompt tokens says what to run', async () => {
    await expect(read(profile(request(undefined)))).rejects.toThrow(/texts in place of token counts.*include_usage/);
  });

  it('times that are none are refused', async () => {
    const bad = { ...request({ prompt_tokens: 1 }), response_timestamps: 'soon' };
    await expect(read(profile(bad))).rejects.toThrow('response_timestamps: must be a list of nanoseconds');
  });
});
