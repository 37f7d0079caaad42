import { readTrace } from '@stepclock/trace-io';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IndexSet } from '../src/names/index-set.js';
import { LineOfRow } from '../src/tables/line-of-row.js';
import { text } from './streams.js';

test('gives back the line of every row', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 40 }), (gaps) => {
      const lines = new LineOfRow();
      let line = 1;
      const all = gaps.map((gap) => {
        line += gap;
        return line;
      });
      for (const [row, at] of all.entries()) lines.add(row, at);
      expect(all.map((_, row) => lines.at(row))).toEqual(all);
    }),
  );
});

test('an index set agrees with a Set', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(200_000), { maxLength: 50 }), fc.nat(200_000), (added, asked) => {
      const set = new IndexSet();
      for (const index of added) set.add(index);
      const plain = new Set(added);
      expect([...added, asked, asked + 32].map((i) => set.has(i))).toEqual(
        [...added, asked, asked + 32].map((i) => plain.has(i)),
      );
    }),
  );
});

test('a second prefill names the line of the first, past blank lines and cells of two lines, instance by instance', async () => {
  const header = 'request_id,phase_type,t_start,t_end,prefill_tokens,decode_tokens,instance_id';
  const rows = ['a,prefill,0,1,5,0,x', '', '"b\nb",prefill,0,1,5,0,x', 'a,prefill,0,1,5,0,y', 'a,prefill,0,1,5,0,y'];
  await expect(readTrace(text([header, ...rows].join('\n')))).rejects.toMatchObject({
    code: 'trace-io/second-prefill',
    line: 7,
    rule: 'must have at most one prefill row (the first is in line 6)',
  });
});
