import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { capture } from './capture.js';

const log = readFileSync(join(import.meta.dirname, '../../../fixtures/formats/steps.csv'), 'utf8');

it('steps --follow prints a fit of the last windows, a JSON line a window', async () => {
  const { code, stdout, stderr } = await capture(['steps', '-', '--follow', '--window', '400'], log);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const steps = log.trimEnd().split('\n').length - 1;
  expect(lines.length).toBe(Math.ceil(steps / 400));
  expect(lines[1]).toMatchObject({ schema: 'stepclock/rolling-fit@1', time: 'elapsed', steps: 800, stalls: 0 });
  expect(lines[0].change).toBeNull();
  expect(Math.abs(lines[1].betas.beta0 / 0.008 - 1)).toBeLessThan(1e-6);
});

it.each([
  [['--follow', '--json'], '--json'],
  [['--window', '5'], '--window'],
])('refuses %j', async (words, option) => {
  const { code, stderr } = await capture(['steps', '-', ...words], log);
  expect([code, stderr.includes(option)]).toEqual([2, true]);
});
