import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Fault } from '@stepclock/faults';
import { describe, expect, test } from 'vitest';
import { readTraceBy } from '../src/read-trace.js';
import { chunked } from './streams.js';

const folder = fileURLToPath(new URL('../../../fixtures/malformed/', import.meta.url));
const names = readdirSync(folder).filter((name) => !name.endsWith('.error.json') && name !== 'README.md');

test('at least forty inputs are tried', () => {
  expect(names.length).toBeGreaterThanOrEqual(40);
});

describe.each(names)('%s', (name) => {
  const bytes = readFileSync(`${folder}${name}`);
  const expected: { code: string; line?: number; column?: string } = JSON.parse(
    readFileSync(`${folder}${name}.error.json`, 'utf8'),
  );

  test.each(['fast', 'strict'] as const)('is refused with its place, %s path', async (path) => {
    for (const size of [bytes.length + 1, 7, 1]) {
      const error = await readTraceBy(path, chunked(bytes, size), { fileName: name }).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(Fault);
      const { code, line, column, file, message } = error as Fault;
      expect({ code, line, column }).toEqual({ column: undefined, ...expected });
      expect(file).toBe(name);
      expect(message).toMatch(/^[^\n]+: must [^\n]+ \([^\n]+\)(?:: [^\n]+)?$/);
      expect(message.length).toBeLessThan(400);
    }
  });
});
