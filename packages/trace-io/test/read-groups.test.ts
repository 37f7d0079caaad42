import { describe, expect, it } from 'vitest';
import { groupColumnsOf, type ReadGroupsOptions, type RequestGroup, readGroups } from '../src/index.js';

const read = async (text: string, options?: ReadGroupsOptions): Promise<RequestGroup[]> => {
  const groups: RequestGroup[] = [];
  for await (const group of readGroups(new Blob([text]).stream(), options)) groups.push(group);
  return groups;
};
const row = (...fields: readonly (string | number)[]): string => `${fields.join('\t')}\n`;
const a1 = row('a', 'r1', 0, 0, 0.5, 1.5, 100, 11);
const a2 = row('a', 'r2', 0.2, 0.3, 0.6, 0.6, 50, 1);
const b1 = row('b', 'r1', 0, 0.1, 0.5, 1.5, 100, 11);

describe('groups', () => {
  it('come one after another, each with its phases', async () => {
    const [a, b] = await read(a1 + a2 + b1);
    expect([a.name, a.rows, a.used, a.startSec, a.firstLine]).toEqual(['a', 2, 2, [0, 0.2], 1]);
    expect([b.name, b.rows, b.firstLine]).toEqual(['b', 1, 3]);
    expect(Array.from(a.trace?.phases.startSec ?? [])).toEqual([0, 0.5, 0.3]);
    expect(a.trace?.facts.queueInPrefill).toBe('no');
  });

  it('have nulls, cached tokens and a queue in the prefill', async () => {
    const nulls = row('a', '\\N', 1, '\\N', 2, 3, 100, 5, 40) + row('a', 'x', 2, '\\N', 3, '\\N', 100, 5, '\\N');
    const [{ trace, used, exclusions, rows }] = await read(nulls);
    expect([rows, used]).toEqual([2, 1]);
    expect(exclusions).toMatchObject([{ reason: 'no-decode-time', count: 1, lines: [2] }]);
    expect(trace?.facts.queueInPrefill).toBe('yes');
    expect(Array.from(trace?.phases.prefillTokens ?? [])).toEqual([60, 0]);
  });

  it('are none in an empty input', async () => {
    expect(await read('')).toEqual([]);
  });

  it('of any name are told apart, escapes read', async () => {
    const [one, two, three] = await read(
      row('a\\tb', 'r', 0, 0, 1, 2, 5, 3) +
        row('</script> \u202e', 'r', 0, 0, 1, 2, 5, 3) +
        row('', 'r', 0, 0, 1, 2, 5, 3),
    );
    expect([one.name, two.name, three.name]).toEqual(['a\tb', '</script> \u202e', '']);
  });

  it('come as JSON objects too', async () => {
    const json = {
      group: 'a',
      request: 7,
      scheduled: 0,
      first_token: 0.5,
      last_token: 1.5,
      prompt_tokens: 9,
      output_tokens: 3,
    };
    const [{ name, used, trace }] = await read(`${JSON.stringify(json)}\n`);
    expect([name, used, trace?.phases.length]).toEqual(['a', 1, 2]);
  });

  it('have the columns and the separator that they are told to have', async () => {
    const columns = groupColumnsOf([
      'label',
      'group',
      'scheduled',
      'first_token',
      'last_token',
      'prompt_tokens',
      'output_tokens',
    ]);
    const [{ label, name, used }] = await read('H100|e|0|1|2|5|3\n', { columns, separator: '|' });
    expect([label, name, used]).toEqual(['H100', 'e', 1]);
  });

  it('that cannot be read have a fault; the next one is read', async () => {
    const [bad, good] = await read(row('x', 'r1', 'soon', 0, 1, 2, 5, 3) + row('x', 'r2', 0, 0, 1, 2, 5, 3) + b1);
    expect(bad.fault?.message).toBe('queued: must be a finite number, or \\N for null; got "soon" (<stdin>:1:queued)');
    expect([bad.rows, bad.trace, good.used]).toEqual([2, undefined, 1]);
  });

  it('without a request that counts have a fault', async () => {
    const [{ fault, rows }] = await read(row('x', 'r', 0, 0, '\\N', '\\N', 5, 3));
    expect([rows, fault?.code]).toEqual([1, 'trace-io/no-requests']);
  });

  it.each([
    ['a\u00011\u00012\n', 'trace-io/group-separator', "ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t'"],
    ['a\t1\t2\n', 'trace-io/group-fields', 'got "3 fields"'],
    [
      a1 + row('a', 'r\tx', 0, 0, 0.5, 1.5, 100, 11),
      'trace-io/group-fields',
      'row: must have 8 fields; got 9 (<stdin>:2)',
    ],
    [a1 + b1 + a2, 'trace-io/group-twice', 'must have its rows one after another'],
    [
      row('a', 'r2', 5, 5, 6, 7, 50, 3) + a1,
      'trace-io/unsorted-group',
      'must be at or after the start of the row above, 5',
    ],
    [row('\\N', 'r', 0, 0, 1, 2, 5, 3), 'trace-io/group-name', 'group: must be given (<stdin>:1)'],
    ['{"group":\n', 'trace-io/bad-json', 'must be one JSON object'],
    ['{"group":{"a":1}}\n', 'trace-io/bad-group-field', 'group: must be a text, a number or null; got an object'],
    [`{"group":${'['.repeat(70_000)}\n`, 'trace-io/bad-json', 'must have at most 200 levels of nesting'],
  ])('%j end the stream', async (text, code, message) => {
    await expect(read(text)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });

  it('end the stream where they are no text', async () => {
    const bytes = Uint8Array.from([0x61, 0xff, 0x09]);
    await expect(readGroups(new Blob([bytes]).stream()).next()).rejects.toMatchObject({ code: 'trace-io/not-utf8' });
  });
});

it.each([
  ['group,when', 'columns: must be among group, request'],
  ['group,group', 'must each be named once; got "group"'],
  ['request', 'must have group; got "request"'],
  ['group,first_token,last_token,prompt_tokens,output_tokens', 'must have queued or scheduled'],
])('columns %s are refused', (names, message) => {
  expect(() => groupColumnsOf(names.split(','))).toThrow(message);
});
