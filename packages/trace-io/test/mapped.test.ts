import { describe, expect, test } from 'vitest';
import { columnMapOf, readTrace } from '../src/index.js';
import { text } from './streams.js';

const read = (content: string, map: string, options = {}) =>
  readTrace(text(content), { map: columnMapOf(map), ...options });
const times = async (content: string, map: string, options = {}) => {
  const { requests, facts } = await read(content, map, options);
  const at = (column: Float64Array | undefined) => column && [...column];
  return {
    arrival: at(requests?.arrivalSec),
    scheduled: at(requests?.scheduledSec),
    first: at(requests?.firstTokenSec),
    last: at(requests?.lastTokenSec),
    queue: facts.queueInPrefill,
  };
};
const REQUEST = { arrival: [10, 20], scheduled: [10.5, 20.25], first: [11, 21], last: [13, 23] };

describe('a mapping', () => {
  test.each([
    [
      'moments',
      'a,s,f,l,p,o\n10,10.5,11,13,5,7\n20,20.25,21,23,5,7\n',
      'arrival=a,start=s,first=f,last=l,prompt=p,output=o',
      'unknown',
    ],
    [
      'durations',
      'a,q,pf,d,p,o\n10,0.5,0.5,2,5,7\n20,0.25,0.75,2,5,7\n',
      'arrival=a,queue=q,prefill=pf,decode=d,prompt=p,output=o',
      'no',
    ],
    [
      'ttft and latency beside the queue',
      'a,q,t,e,p,o\n10,0.5,1,3,5,7\n20,0.25,1,3,5,7\n',
      'arrival=a,queue=q,ttft=t,latency=e,prompt=p,output=o',
      'no',
    ],
    [
      'semicolons with decimal commas',
      'a;q;t;e;p;o\n10;0,5;1;3,0;5;7\n20;0,25;1;3;5;7\n',
      'arrival=a,queue=q,ttft=t,latency=e,prompt=p,output=o',
      'no',
    ],
  ])('of %s', async (_, content, map, queue) => {
    expect(await times(content, map)).toEqual({ ...REQUEST, queue });
  });

  test('of an end and a latency tells when requests came', async () => {
    const found = await times('l,e,t,p,o\n13,3,1,5,7\n23,3,1,5,7\n', 'last=l,latency=e,ttft=t,prompt=p,output=o');
    expect(found).toEqual({ ...REQUEST, scheduled: undefined, queue: 'yes' });
  });

  test('with a folded queue has no time of scheduling', async () => {
    const found = await times(
      's,t,e,p,o\n10,1,3,5,7\n20,1,3,5,7\n',
      'start=s,queue=folded,ttft=t,latency=e,prompt=p,output=o',
    );
    expect(found).toEqual({ ...REQUEST, scheduled: undefined, queue: 'yes' });
  });

  test('of dates with zones counts from the first second', async () => {
    const rows = [
      '2026-01-31T12:00:00.5+01:00,2026-01-31T11:00:01.25Z,2,5,7',
      '2026-01-31 11:00:01,2026-01-31 13:00:02.5 +02:00,2,5,7',
    ];
    const content = `a,f,d,p,o\n${rows.join('\n')}\n`;
    const map = 'arrival=a,first=f,decode=d,prompt=p,output=o';
    expect(await times(content, map)).toMatchObject({ arrival: [0.5, 1], first: [1.25, 2.5], last: [3.25, 4.5] });
    expect((await read(content, map)).facts.originSec).toBe(Date.UTC(2026, 0, 31, 11) / 1000);
  });

  const objects = [
    { t: { a: 10, s: 10.5 }, f: 11, l: 13, n: [5, 7] },
    { t: { a: 20, s: 20.25 }, f: 21, l: 23, n: [5, 7] },
  ].map(({ n: [p, o], ...rest }) => ({ ...rest, p, o }));
  const nested = 'arrival=t.a,start=t.s,first=f,last=l,prompt=p,output=o';
  const inside = nested.replace(/=/g, '=run.done[].');

  test.each([
    ['a list', JSON.stringify(objects), nested],
    ['a list over several lines', JSON.stringify(objects, null, 1), nested],
    ['a list inside a document', JSON.stringify({ x: 1, run: { done: objects } }), inside],
    [
      'an object of lists',
      JSON.stringify({ x: [1], t: { a: [10, 20], s: [10.5, 20.25] }, f: [11, 21], l: [13, 23], p: [5, 5], o: [7, 7] }),
      nested,
    ],
    ['lines', objects.map((object) => JSON.stringify(object)).join('\n'), nested],
  ])('of JSON: %s', async (_, content, map) => {
    expect(await times(content, map)).toEqual({ ...REQUEST, queue: 'unknown' });
  });

  test('of chunks by the gaps between them, in milliseconds', async () => {
    const line = JSON.stringify({ a: 1000, t: 500, g: [100, 200], p: 5, o: 3 });
    const { tokens, requests } = await read(`${line}\n`, 'arrival=a,ttft=t,gaps=g,prompt=p,output=o', {
      timeUnit: 'ms',
    });
    expect([...(tokens?.chunkSec ?? [])].map((sec) => Number(sec.toFixed(9)))).toEqual([1.5, 1.6, 1.8]);
    expect(requests?.lastTokenSec?.[0]).toBe(1.8);
  });

  test('of steps', async () => {
    const map = 'seconds=ms,prefill_tokens=new,decode_seqs=running,context_tokens=kv';
    const { steps } = await read('ms,new,running,kv\n8.5,100,3,900\n', map, { timeUnit: 'ms' });
    expect([steps?.durationSec[0], steps?.prefillTokens[0], steps?.contextTokens?.[0]]).toEqual([0.0085, 100, 900]);
  });

  test('refuses thousands with separators, says the keys, and wants what latencies need', async () => {
    const table = 'a,f,d,p,o\n2026-01-31T12:00:00Z,"1,234",2,5,7\n';
    await expect(read(table, 'arrival=a,first=f,decode=d,prompt=p,output=o')).rejects.toThrow(
      'must be a number, without separators of thousands',
    );
    expect(() => columnMapOf('arrival=a,fist=f')).toThrow(
      /must be pairs of one of id, arrival, .*gaps and a column \(of a table of steps: seconds/,
    );
    expect(() => columnMapOf('arrival=a,ttft=f,prompt=p,output=o')).toThrow('last (or latency, decode)');
    expect(columnMapOf('# mine\narrival=a\n\nprompt=p\noutput=o\n')).toEqual({
      arrival: 'a',
      prompt: 'p',
      output: 'o',
    });
  });
});

test('the unit of a phase table may be said, that of a format that fixes it not', async () => {
  const table = 'request_id,phase_type,t_start,t_end,prefill_tokens,decode_tokens\na,prefill,1000,2000,5,0\n';
  const { phases } = await readTrace(text(table), { timeUnit: 'ms' });
  expect([phases?.startSec[0], phases?.endSec[0]]).toEqual([1, 2]);
  const line = '{"timestamp": 1, "input_length": 5, "output_length": 7}\n';
  await expect(readTrace(text(line), { timeUnit: 'ms' })).rejects.toMatchObject({ code: 'trace-io/bad-time-unit' });
});
