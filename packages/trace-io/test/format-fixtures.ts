import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ReadTraceOptions } from '@stepclock/trace-io';

const folder = fileURLToPath(new URL('../../../fixtures/formats/', import.meta.url));

interface Expected {
  readonly kind: 'phases' | 'workload' | 'steps' | 'windows';
  readonly facts: Readonly<Record<string, unknown>>;
  readonly exclusions: Readonly<Record<string, number>>;
  readonly toleranceSec: number;
  readonly options: ReadTraceOptions;
}

export interface FormatFixture {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly options: ReadTraceOptions;
  readonly expected: Expected;
  /** Rows of the expected table, first its header. */
  readonly rows: readonly (readonly string[])[];
}

const SUFFIX = '.expected.json';

/** Every file of fixtures/formats that has its expectation beside it. */
export function formatFixtures(): readonly FormatFixture[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => {
      const name = file.slice(0, -SUFFIX.length);
      const expected: Expected = JSON.parse(readFileSync(folder + file, 'utf8'));
      const table = readFileSync(`${folder}${name}.expected.csv`, 'utf8');
      const meta = expected.options.metaJson;
      // `@name` stands for the text of a file beside.
      const metaJson = typeof meta === 'string' ? { metaJson: readFileSync(folder + meta.slice(1), 'utf8') } : {};
      return {
        name,
        bytes: new Uint8Array(readFileSync(folder + name)),
        options: { ...expected.options, ...metaJson, fileName: name },
        expected,
        rows: table
          .trimEnd()
          .split('\n')
          .map((line) => line.split(',')),
      };
    });
}
