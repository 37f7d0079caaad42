import { type NameColumn, readTrace, type Trace } from '@stepclock/trace-io';
import { describe, expect, test } from 'vitest';
import { formatFixtures } from './format-fixtures.js';

/** A source as a program writes it that reads a file through one block of memory. */
async function* throughOneBlock(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const block = new Uint8Array(size);
  for (let from = 0; from < bytes.length; from += size) {
    const part = bytes.subarray(from, from + size);
    block.fill(0x2a);
    block.set(part);
    yield block.subarray(0, part.length);
  }
}

const isNames = (value: unknown): value is NameColumn =>
  typeof value === 'object' && value !== null && 'at' in value && 'length' in value && !ArrayBuffer.isView(value);

/** A table's columns, names as texts, and the lines of its rows. */
const columnsOf = (table: { readonly length: number; readonly lineOf?: (row: number) => number } | undefined) =>
  Object.entries(table ?? {}).map(([name, column]) => {
    if (name === 'lineOf') return [name, Array.from({ length: table?.length ?? 0 }, (_, i) => table?.lineOf?.(i))];
    return [name, isNames(column) ? Array.from({ length: column.length }, (_, i) => column.at(i)) : column];
  });

const plain = ({ facts, phases, requests, steps, exclusions }: Trace) => ({
  facts,
  exclusions,
  tables: [phases, requests, steps].map(columnsOf),
});

describe('a source may put every chunk into the same memory', () => {
  test.each(formatFixtures().map((fixture) => [fixture.name, fixture] as const))(
    '%s',
    async (_, { bytes, options }) => {
      for (const size of [1009, 100_000]) {
        const reused = await readTrace(throughOneBlock(bytes, size), options);
        const apart = await readTrace(new Blob([new Uint8Array(bytes)]).stream(), options);
        expect(plain(reused)).toEqual(plain(apart));
      }
    },
  );
});
