import { Fault } from '@stepclock/faults';
import { seededRandom } from '@stepclock/numerics';
import { formats, type ReadTraceOptions } from '@stepclock/trace-io';
import { formatFixtures } from '../test/format-fixtures.js';
import { flood, HARMLESS, MUTATIONS } from '../test/mutations.js';
import { contents, outcome } from '../test/outcome.js';
import { smallFixture } from '../test/small-fixture.js';

/** One input of a fuzz run, made from the seed and its number alone. */
export interface FuzzCase {
  readonly fixture: string;
  readonly mutations: readonly string[];
  readonly bytes: Uint8Array;
  readonly options: ReadTraceOptions;
  readonly chunkBytes: number;
}

const fixtures = formatFixtures().map((fixture) => ({ ...fixture, small: smallFixture(fixture) }));
const NAMES = Object.keys(MUTATIONS);
/** One in so many files is read whole, one under another format's name. */
const WHOLE_IN = 50;
const OTHER_FORMAT_IN = 40;
/** One in so many has a megabyte of one character in it. */
const FLOOD_IN = 50;

export const formatOfFixture: ReadonlyMap<string, string> = new Map(
  fixtures.map(({ name, expected }) => [name, String(expected.facts.format)]),
);

/** Case `number` of a run: a fixture, one to four mutations one after another, any size of chunks. */
export function fuzzCase(seed: number, number: number): FuzzCase {
  const random = seededRandom(seed, `fuzz/${number}`);
  const below = (n: number): number => Math.floor(random() * n);
  const fixture = fixtures[number % fixtures.length];
  const mutations = Array.from({ length: 1 + below(2) * below(4) }, () => NAMES[below(NAMES.length)]);
  let bytes = below(WHOLE_IN) === 0 ? fixture.bytes : fixture.small;
  for (const name of mutations) bytes = MUTATIONS[name]?.(bytes, random) ?? bytes;
  if (below(FLOOD_IN) === 0) {
    bytes = flood(bytes, random);
    mutations.push('flood');
  }
  const other = below(OTHER_FORMAT_IN) === 0 ? { format: formats[below(formats.length)]?.name ?? 'auto' } : {};
  const chunkBytes = below(3) === 0 ? 1 + below(64) : 1 + below(70_000);
  return { fixture: fixture.name, mutations, bytes, options: { ...fixture.options, ...other }, chunkBytes };
}

/** What came of a case: `sound table` or the code of the error. Throws for a fault. */
export async function resultOf({ fixture, mutations, bytes, options, chunkBytes }: FuzzCase): Promise<string> {
  const found = await outcome(bytes, options, 'fast', chunkBytes);
  const said = (result: typeof found): string => (result instanceof Fault ? result.message : contents(result));
  if (/csv$|tsv$|parquet$/.test(fixture) && options.format === undefined) {
    const strict = await outcome(bytes, options, 'strict', 4099);
    if (said(strict) !== said(found)) {
      throw new Error(`the paths differ: fast ${said(found).slice(0, 300)}; strict ${said(strict).slice(0, 300)}`);
    }
  }
  if (found instanceof Fault) return found.code;
  if (options.format === undefined && mutations.every((name) => HARMLESS.includes(name)) && bytes.length < 100_000) {
    const source = fixtures.find(({ name }) => name === fixture);
    const whole = source && (await outcome(source.small, options));
    const all = source && (await outcome(source.bytes, options));
    if (![whole, all].some((trace) => trace !== undefined && said(trace) === said(found))) {
      throw new Error('a harmless change gave another table');
    }
  }
  return 'sound table';
}
