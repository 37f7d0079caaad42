import { describe, expect, it } from 'vitest';
import { MOST_LEVELS, nestsTooDeep } from '../src/index.js';

const nested = (levels: number, open = '[', close = ']'): string => open.repeat(levels) + close.repeat(levels);

describe('nestsTooDeep', () => {
  it.each([
    ['as many levels as there may be', nested(MOST_LEVELS), false],
    ['one more', nested(MOST_LEVELS + 1), true],
    ['objects as well', nested(MOST_LEVELS + 1, '{"a":', '}'), true],
    ['lists one after another', `[${'[],'.repeat(500)}[]]`, false],
    ['brackets in a text', `["${'['.repeat(500)}"]`, false],
    ['a text with a quote in it', `["\\"${'['.repeat(500)}"]`, false],
    ['what follows a text', `["a",${nested(MOST_LEVELS)}]`, true],
    ['no JSON at all', '}}]]'.repeat(100), false],
    ['one that is not closed', '['.repeat(MOST_LEVELS + 1), true],
    ['nothing', '', false],
  ])('%s', (_, json, tooDeep) => {
    expect(nestsTooDeep(json)).toBe(tooDeep);
    expect(nestsTooDeep(new TextEncoder().encode(json))).toBe(tooDeep);
  });
});
