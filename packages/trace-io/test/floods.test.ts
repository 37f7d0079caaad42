import { describe, expect, test } from 'vitest';
import { readTrace } from '../src/index.js';
import { formatFixtures } from './format-fixtures.js';
import { FLOODS } from './mutations.js';
import { smallFixture } from './small-fixture.js';
import { chunked } from './streams.js';

/** Quadratic time is some ten seconds here, linear time a thousandth of one. The fuzz has whole megabytes. */
const FLOOD_BYTES = 120_000;
const HANG_MS = 2000;

/** Where a run goes: the ends of the file, a line in its middle, behind the first digit, quote and separator. */
const placesIn = (bytes: Uint8Array): number[] => {
  const text = new TextDecoder('latin1').decode(bytes);
  const after = (mark: RegExp): number[] => {
    const found = mark.exec(text);
    return found === null ? [] : [found.index + found[0].length];
  };
  const middle = text.indexOf('\n', text.length / 2) + 1;
  return [...new Set([0, ...after(/\d/), ...after(/\w"/), ...after(/[,:(]\s?/), middle, text.length])];
};

describe.each(formatFixtures())('$name', (fixture) => {
  const small = smallFixture(fixture);
  const { options } = fixture;

  test('a long run of any character anywhere ends in time', { timeout: 300_000 }, async () => {
    const slow: string[] = [];
    for (const place of placesIn(small)) {
      for (const word of FLOODS) {
        const flood = Buffer.from(word.repeat(FLOOD_BYTES / word.length), 'latin1');
        const bytes = Buffer.concat([small.subarray(0, place), flood, small.subarray(place)]);
        const start = process.cpuUsage();
        await readTrace(chunked(bytes, 65_536), options).catch(() => {});
        const { user, system } = process.cpuUsage(start);
        if (user + system > HANG_MS * 1000)
          slow.push(`${JSON.stringify(word)} at ${place}: ${(user + system) / 1e6} s`);
      }
    }
    expect(slow).toEqual([]);
  });
});
